//! What somebody is told who would open a case again that a run cleared: by which run, and on what evidence.

use domain::audit::AuditEvent;
use domain::case::{Act, CaseState};
use proto::case::Asked;
use workflows::identity;

use crate::Trueup;
use crate::failures::Failure;
use crate::store::CaseRow;

/// The reason of a refusal with what cleared the case, where that is why.
pub(super) async fn told(
    trueup: &Trueup,
    row: &CaseRow,
    asked: &Asked,
    reason: String,
) -> Result<String, Failure> {
    let is_reopening = matches!(asked, Asked::Act(Act::Reopen { .. }));
    if !is_reopening || row.case.state != CaseState::Cleared {
        return Ok(reason);
    }
    let stream = trueup.store.audit(&identity::case_id(&row.id)).await?;
    let mut entries = stream.entries.iter().rev();
    let cleared = entries.find(|entry| entry.event == AuditEvent::CaseCleared);
    let field = |name: &str| {
        let mut fields = cleared.iter().flat_map(|entry| &entry.fields);
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    Ok(match (field("run"), field("evidence")) {
        (Some(run), Some(evidence)) => format!("{reason} (cleared by {run}: {evidence})"),
        _ => reason,
    })
}
