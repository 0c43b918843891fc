//! What closing a case means for the review of the run that found it: once nothing material is
//! open, the run has a look.

use std::collections::{BTreeMap, BTreeSet};

use domain::alert;
use domain::severity::Severity;

use crate::Trueup;
use crate::failures::Failure;
use crate::store::CaseRow;

/// Has those runs look at their reviews whose last material discrepancy was among the cases that
/// were just closed. May be repeated.
pub(super) async fn look(
    trueup: &Trueup,
    acted: impl IntoIterator<Item = &CaseRow>,
) -> Result<(), Failure> {
    let mut runs: BTreeMap<&str, &str> = BTreeMap::new();
    for row in acted {
        let source = &row.subject.source;
        let counts = !row.is_summary && !row.case.state.is_open();
        if counts && material(trueup, source).contains(&row.subject.severity) {
            runs.insert(&row.last_seen_run, source);
        }
    }
    for (run_id, source) in runs {
        let severities = material(trueup, source);
        if !trueup.store.is_anything_open(run_id, severities).await? {
            let reason = serde_json::json!({ "reason": "nothing material is open" });
            trueup.workflows.signal(run_id, "look", &reason).await?;
        }
    }
    Ok(())
}

/// The severities that hold a review open: critical, and whatever people are alerted about.
pub(crate) fn material(trueup: &Trueup, source: &str) -> BTreeSet<Severity> {
    let source = trueup.sources.get(source);
    let all = Severity::ALL.iter().copied();
    all.filter(|severity| {
        let is_alerted = source.is_some_and(|source| alert::is_alerted(*severity, &source.alerts));
        *severity == Severity::Critical || is_alerted
    })
    .collect()
}
