//! Incidents that are over: their cases are cleared with the evidence, and their workflows told.

use domain::case::{Act, SYSTEM};
use serde_json::json;
use workflows::identity;

use super::act::request;
use super::deciding::Deciding;
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::{ActOutcome, Acting, CaseRow};

/// What the act is called, as a signal and on record.
const ACTION: &str = "auto_clear";

/// Clears the cases of these incidents, on the evidence of a run. May be repeated.
pub(crate) async fn clear(
    trueup: &Trueup,
    run_id: &str,
    ids: &[String],
    evidence: &str,
    at: &str,
) -> Result<(), Failure> {
    let input = json!({ "run_id": run_id, "evidence": evidence });
    let act = Act::AutoClear {
        run_id: run_id.to_owned(),
        evidence: evidence.to_owned(),
        undoes: false,
    };
    let acting = |id: &String| Acting {
        id: id.clone(),
        // As the case's own workflow calls it when it is told: done once, by whichever way.
        act_id: format!("{run_id}/{ACTION}"),
        request: request(ACTION, &input),
    };
    let at = timestamp(at)?;
    let deciding = Deciding::new(trueup, SYSTEM, at);
    let decide = move |row: &CaseRow| deciding.apply(row, &act);
    let acts = ids.iter().map(acting).collect();
    let acted = trueup.store.act_on_cases(acts, SYSTEM, at, decide).await?;
    for acted in acted.into_iter().flatten() {
        if acted.outcome == ActOutcome::Done && acted.case.has_workflow {
            let case_id = identity::case_id(&acted.case.id);
            trueup.workflows.signal(&case_id, ACTION, &input).await?;
        }
    }
    Ok(())
}
