//! Where the alerts of a case stand, as its workflow and people are told: with when each may be sent,
//! and when another channel is told instead.

use domain::calendar::BusinessCalendar;
use jiff::Timestamp;
use proto::wire::AlertStatus;

use crate::Trueup;
use crate::store::{AlertRow, AlertState};

/// All alerts of a case, as things stand `at` that time.
pub(super) fn statuses(trueup: &Trueup, alerts: &[AlertRow], at: Timestamp) -> Vec<AlertStatus> {
    let status = |alert: &AlertRow| {
        let mut told = status(alert, alerts);
        if told.state == "pending" {
            let (deliver_after, fall_back_at) = times(trueup, alert, &told, at);
            told.deliver_after = text(deliver_after);
            told.fall_back_at = text(fall_back_at);
        }
        told
    };
    alerts.iter().map(status).collect()
}

/// One of the alerts of a case. A delivery that began and has no outcome yet is still to be made.
pub(crate) fn status(alert: &AlertRow, of_case: &[AlertRow]) -> AlertStatus {
    let state = match alert.state {
        AlertState::Pending | AlertState::Sending => "pending",
        AlertState::Sent => "sent",
        AlertState::Dead => "dead",
        AlertState::Diverted => "diverted",
    };
    let instead = of_case.iter().find(|it| is_instead_of(it, alert));
    AlertStatus {
        alert_id: alert.intent.id.clone(),
        channel: alert.intent.channel.clone(),
        state: state.to_owned(),
        problem: alert.last_error.clone().unwrap_or_default(),
        told_by: instead.map_or(String::new(), |it| it.intent.channel.clone()),
        ..AlertStatus::default()
    }
}

/// When an alert may be sent, if not at once; when another channel is told, if none was before.
fn times(
    trueup: &Trueup,
    alert: &AlertRow,
    told: &AlertStatus,
    at: Timestamp,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let intent = &alert.intent;
    let rules = trueup.channels.rules(&intent.channel);
    let source = trueup.sources.get(&intent.source);
    let unknown = BusinessCalendar::default();
    let calendar = source.map_or(&unknown, |source| &source.policy.calendar);
    let deliver_after = rules.held_until(intent.severity, at, calendar);
    // From when it is sent: one that was late, or is sent again, has its time, too.
    let begins = deliver_after.unwrap_or(at);
    let fallback = rules.fallback.as_ref().filter(|_| told.told_by.is_empty());
    let fall_back_at = fallback.and_then(|fallback| begins.checked_add(fallback.after).ok());
    (deliver_after, fall_back_at)
}

/// Whether an alert tells what another one's channel did not take.
fn is_instead_of(alert: &AlertRow, other: &AlertRow) -> bool {
    let via = alert.intent.id.strip_prefix(&other.intent.id);
    let via = via.and_then(|rest| rest.strip_prefix("/via/"));
    via == Some(&alert.intent.channel)
}

fn text(at: Option<Timestamp>) -> String {
    at.map_or(String::new(), |at| at.to_string())
}
