//! One act on one case, by a person or a run.

use domain::case::{Act, Applied, Case};
use proto::case::Asked;
use serde_json::Value;
use workflows::failure;
use workflows::ports::{CaseAct, CaseActed};

use super::deciding::Deciding;
use super::{behind, cleared, counterpart, follow, review, standing};
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::{ActOutcome, Acted, Acting, CaseRow, Denied, Reopening, StoreError};

pub(crate) async fn act(trueup: &Trueup, input: CaseAct) -> Result<CaseActed, Failure> {
    let at = timestamp(&input.at)?;
    let id = &input.discrepancy_id;
    let (by, asked) = match proto::case::act(&input.action, &input.input) {
        Ok(read) => read,
        Err(error) => {
            let row = known(trueup, id).await?;
            return standing::acted(trueup, &row, at, ActOutcome::Refused, error.to_string()).await;
        }
    };
    let acting = Acting {
        id: id.clone(),
        act_id: act_id(&input.act_id, &asked, &input.action),
        request: request(&input.action, &input.input),
    };
    let deciding = Deciding::new(trueup, &by, at);
    let telling = deciding.clone();
    let row = known(trueup, id).await?;
    // First: what was decided is gone from a case that is opened again.
    let of_counterpart = match row.cause.is_none() && deciding.decide(&row, &asked).is_ok() {
        true => counterpart::act(trueup, &row, &asked, &acting, (&by, at)).await?,
        false => None,
    };
    let of_act = asked.clone();
    let decide = move |row: &CaseRow| deciding.decide(row, &of_act);
    if row.cause.is_some() {
        return on_cause(trueup, row, acting, &by, &input, decide).await;
    }
    let tell = move |reopening: &Reopening| telling.tell(reopening);
    let acted = trueup
        .store
        .act_on_cases_and_tell(vec![acting], &by, at, decide, tell)
        .await?;
    let Some(Acted {
        outcome,
        reason,
        case,
    }) = acted.into_iter().flatten().next()
    else {
        return Err(unknown(format!("no discrepancy is called {id}")));
    };
    let of_counterpart = of_counterpart.filter(|_| outcome == ActOutcome::Done);
    let reason = match outcome {
        ActOutcome::Refused => cleared::told(trueup, &case, &asked, reason).await?,
        _ => of_counterpart.unwrap_or(reason),
    };
    if outcome == ActOutcome::Done {
        review::look(trueup, [&case]).await?;
        follow::after(trueup, [id.as_str()], at).await?;
    }
    standing::acted(trueup, &case, at, outcome, reason).await
}

/// An act on the case of a cause; what is left to do to its discrepancies goes with the answer.
pub(super) async fn on_cause(
    trueup: &Trueup,
    row: CaseRow,
    acting: Acting,
    by: &str,
    input: &CaseAct,
    decide: impl Fn(&CaseRow) -> Result<Applied, Denied> + Send + Sync + 'static,
) -> Result<CaseActed, Failure> {
    let at = timestamp(&input.at)?;
    let then = {
        let (act, row) = (input.clone(), row.clone());
        move |before: &Case, after: &Case| behind::then(&act, &row, before, after)
    };
    let store = &trueup.store;
    let acted = store.act_on_cause(acting, by, at, decide, then).await?;
    let Some(acted) = acted else {
        return Err(unknown(format!("no cause is called {}", row.id)));
    };
    let is_done = acted.outcome == ActOutcome::Done;
    let told = standing::acted(trueup, &acted.case, at, acted.outcome, acted.reason).await?;
    Ok(CaseActed {
        behind: (is_done && behind::concerns(&input.action)).then(|| Box::new(input.clone())),
        ..told
    })
}

/// The case of this id.
pub(super) async fn known(trueup: &Trueup, id: &str) -> Result<CaseRow, Failure> {
    match trueup.store.case(id).await {
        Err(StoreError::NotFound(problem)) => Err(unknown(problem)),
        found => Ok(found?),
    }
}

fn unknown(problem: String) -> Failure {
    Failure::last(failure::UNKNOWN_DISCREPANCY, problem)
}

/// The name under which an act is on record. What a run says of a case it says once, by whichever
/// way it comes; what people call theirs can't be mistaken for that.
pub(super) fn act_id(given: &str, asked: &Asked, action: &str) -> String {
    match asked {
        Asked::Act(Act::SeenAgain { run_id } | Act::AutoClear { run_id, .. }) => {
            format!("{run_id}/{action}")
        }
        _ => format!("asked/{given}"),
    }
}

/// What is asked for, in full. Fields of JSON objects are in order of their names.
pub(super) fn request(action: &str, input: &Value) -> String {
    format!("{action} {input}")
}
