//! The case of a cause follows its discrepancies: opened with the first, closed with the last.

use std::collections::BTreeSet;

use domain::case::SYSTEM;
use jiff::Timestamp;
use serde_json::{Value, json};
use workflows::identity;

use super::deciding::Deciding;
use crate::Trueup;
use crate::failures::Failure;
use crate::store::CaseRow;
use crate::temporal::Heard;

/// Has the causes of these discrepancies follow, and their workflows hear of it. May be repeated.
pub(super) async fn after<'i>(
    trueup: &Trueup,
    ids: impl IntoIterator<Item = &'i str>,
    at: Timestamp,
) -> Result<(), Failure> {
    let ids = ids.into_iter().map(str::to_owned).collect();
    let causes = trueup.store.causes_of(ids).await?;
    if causes.is_empty() {
        return Ok(());
    }
    follow(trueup, causes.clone(), at).await?;
    for cause in &causes {
        // Also where nothing changed now: an attempt before this one may have failed in between.
        hear(trueup, cause).await?;
    }
    Ok(())
}

/// Has the workflow of this case, if one runs, read it anew.
pub(super) async fn hear(trueup: &Trueup, id: &str) -> Result<Heard, Failure> {
    let case_id = identity::case_id(id);
    let workflows = &trueup.workflows;
    workflows.signal(&case_id, LOOK_AGAIN, &look_again()).await
}

/// Has these causes follow.
pub(super) async fn follow(
    trueup: &Trueup,
    causes: BTreeSet<String>,
    at: Timestamp,
) -> Result<Vec<CaseRow>, Failure> {
    let deciding = Deciding::new(trueup, SYSTEM, at);
    let decide = move |row: &CaseRow, act: &_| deciding.apply(row, act);
    Ok(trueup.store.follow(causes, SYSTEM, at, decide).await?)
}

/// The signal that has a case's workflow read its case anew.
pub(super) const LOOK_AGAIN: &str = "redeliver";

/// Its message.
pub(super) fn look_again() -> Value {
    json!({ "reason": "its discrepancies changed" })
}
