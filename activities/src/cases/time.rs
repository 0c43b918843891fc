//! What time does to a case: what was decided until a day is opened again when that day is over, and
//! people are reminded of what nobody has acknowledged.

use domain::case::{Applied, SYSTEM};
use serde_json::Value;
use workflows::ports::{CaseAct, CaseActed, TimePassing};

use super::act::{known, on_cause};
use super::behind::{DUE, unfinished};
use super::deciding::Deciding;
use super::{follow, remind, standing};
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::{ActOutcome, Acting, CaseRow, Reopening};

pub(crate) async fn pass(trueup: &Trueup, input: TimePassing) -> Result<CaseActed, Failure> {
    let at = timestamp(&input.at)?;
    let row = known(trueup, &input.discrepancy_id).await?;
    let source = &row.subject.source;
    if !trueup.sources.contains_key(source) {
        return Err(Failure::retry(format!(
            "source {source} is not configured, so nobody knows what day it is there; put its \
             file back"
        )));
    }
    let deciding = Deciding::new(trueup, SYSTEM, at);
    let acting = Acting {
        id: row.id.clone(),
        // Named after the decision that may run out: it runs out once.
        act_id: format!("due/{}", row.case.version),
        request: String::new(),
    };
    if deciding.due(&row).is_none() {
        let (row, outcome) = match remind::remind(trueup, &row, at).await? {
            Some(reminded) => (reminded, ActOutcome::Done),
            None => (row, ActOutcome::Unchanged),
        };
        let told = standing::acted(trueup, &row, at, outcome, String::new()).await?;
        // An attempt before this one may have come through, and only its answer was lost.
        let behind = unfinished(&row)?.map(Box::new);
        return Ok(CaseActed { behind, ..told });
    }
    let telling = deciding.clone();
    let tell = move |reopening: &Reopening| telling.tell(reopening);
    let decide = move |row: &CaseRow| match deciding.due(row) {
        Some(act) => deciding.apply(row, &act),
        None => Ok(unchanged(row)),
    };
    if row.cause.is_some() {
        let due = CaseAct {
            discrepancy_id: row.id.clone(),
            act_id: acting.act_id.clone(),
            action: DUE.to_owned(),
            input: Value::Null,
            at: input.at,
        };
        return on_cause(trueup, row, acting, SYSTEM, &due, decide).await;
    }
    let acted = trueup
        .store
        .act_on_cases_and_tell(vec![acting], SYSTEM, at, decide, tell)
        .await?;
    let row = acted
        .into_iter()
        .flatten()
        .next()
        .map_or(row, |acted| acted.case);
    follow::after(trueup, [row.id.as_str()], at).await?;
    standing::acted(trueup, &row, at, ActOutcome::Done, String::new()).await
}

/// Nothing is to be done.
pub(super) fn unchanged(row: &CaseRow) -> Applied {
    Applied {
        case: row.case.clone(),
        event: None,
        fields: Vec::new(),
    }
}
