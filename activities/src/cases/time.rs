//! What time does to a case: what was decided until a day is opened again when that day is over.

use domain::case::{Applied, SYSTEM};
use workflows::ports::{CaseActed, TimePassing};

use super::act::known;
use super::deciding::Deciding;
use super::standing;
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::{ActOutcome, Acting, CaseRow};

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
        return standing::acted(trueup, &row, ActOutcome::Unchanged, String::new()).await;
    }
    let decide = move |row: &CaseRow| match deciding.due(row) {
        Some(act) => deciding.apply(row, &act),
        None => Ok(unchanged(row)),
    };
    let acted = trueup
        .store
        .act_on_cases(vec![acting], SYSTEM, at, decide)
        .await?;
    let row = acted
        .into_iter()
        .flatten()
        .next()
        .map_or(row, |acted| acted.case);
    standing::acted(trueup, &row, ActOutcome::Done, String::new()).await
}

/// Nothing is to be done.
pub(super) fn unchanged(row: &CaseRow) -> Applied {
    Applied {
        case: row.case.clone(),
        event: None,
        fields: Vec::new(),
    }
}
