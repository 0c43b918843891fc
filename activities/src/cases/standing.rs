//! How a case stands, as its workflow and people are told: with its alerts, whether there is
//! something to wait for, and until when.

use domain::case::{CaseState, Resolution};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proto::case::About;
use proto::wire::{CaseReply, CaseStatus};
use workflows::identity;
use workflows::ports::CaseActed;

use super::{alerts, remind};
use crate::Trueup;
use crate::failures::Failure;
use crate::store::{ActOutcome, CaseRow};

/// How a case stands at that time, and whether its workflow goes on.
pub(super) async fn standing(
    trueup: &Trueup,
    row: &CaseRow,
    at: Timestamp,
) -> Result<(CaseStatus, bool), Failure> {
    let case_id = identity::case_id(&row.id);
    let alerts = trueup.store.alerts_of_case(&case_id).await?;
    let reminder = remind::next_at(trueup, row, &alerts).await?;
    let alerts = alerts::statuses(trueup, &alerts, at);
    // For whatever reason comes first.
    let due_at = [arrival(trueup, row), reminder].into_iter().flatten().min();
    let about = About {
        case_id,
        subject: &row.subject,
        kind: (!row.is_summary).then_some(row.subject.kind),
        cause: row.cause.as_ref().map(|cause| (cause.kind, &cause.behind)),
        reference: &row.reference,
        due_at: due_at.map_or(String::new(), |due| due.to_string()),
    };
    let mut told = proto::case::status(about, &row.case, alerts);
    told.escalation_level = row.attention.level;
    let has_end = !row.is_summary || row.cause.is_some();
    let stays_open = due_at.is_some() || (has_end && row.case.state.is_open());
    Ok((told, stays_open))
}

/// What somebody who acted is told.
pub(super) async fn acted(
    trueup: &Trueup,
    row: &CaseRow,
    at: Timestamp,
    outcome: ActOutcome,
    reason: String,
) -> Result<CaseActed, Failure> {
    let (case, stays_open) = standing(trueup, row, at).await?;
    Ok(CaseActed {
        reply: CaseReply {
            outcome: outcome.name().to_owned(),
            reason,
            case: Some(case),
        },
        stays_open,
        behind: None,
    })
}

/// What is in transit is waited for until the end of its last day, where the source is.
pub(super) fn arrival(trueup: &Trueup, row: &CaseRow) -> Option<Timestamp> {
    let decision = row.case.decision.as_ref()?;
    let Resolution::InTransit { until } = decision.resolution else {
        return None;
    };
    if row.case.state != CaseState::Resolved {
        return None;
    }
    let source = trueup.sources.get(&row.subject.source);
    let zone = source.map_or(TimeZone::UTC, |source| {
        source.business_day.time_zone.clone()
    });
    let over = until.tomorrow().ok()?.to_zoned(zone).ok()?;
    Some(over.timestamp())
}
