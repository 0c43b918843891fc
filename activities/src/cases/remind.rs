//! Reminding people of a case that nobody has acknowledged, and telling others.
//!
//! The source's escalation says when and whom; what is reminded of is what stands in the store.

use domain::alert::{self, AlertBody, AlertIntent, AlertRun};
use domain::case::CaseState;
use domain::escalation::Reminder;
use jiff::Timestamp;

use crate::Trueup;
use crate::failures::Failure;
use crate::source::Source;
use crate::store::{AlertRow, CaseRow, Reminding};

/// When people are reminded of a case next; none when they are not. `alerts` are its own.
pub(super) async fn next_at(
    trueup: &Trueup,
    row: &CaseRow,
    alerts: &[AlertRow],
) -> Result<Option<Timestamp>, Failure> {
    let Some((source, since)) = watched(trueup, row, alerts) else {
        return Ok(None);
    };
    let (severity, level) = (row.subject.severity, row.attention.level);
    let next = source
        .escalation
        .next(severity, since, level, source.clock());
    let Some(next) = next else { return Ok(None) };
    Ok(concerns_anybody(trueup, row, alerts)
        .await?
        .then_some(next.at))
}

/// Writes the reminder that is due by now; none when there is none.
pub(super) async fn remind(
    trueup: &Trueup,
    row: &CaseRow,
    at: Timestamp,
) -> Result<Option<CaseRow>, Failure> {
    let case_id = workflows::identity::case_id(&row.id);
    let alerts = trueup.store.alerts_of_case(&case_id).await?;
    let Some((source, since)) = watched(trueup, row, &alerts) else {
        return Ok(None);
    };
    let (severity, level) = (row.subject.severity, row.attention.level);
    let due = source
        .escalation
        .due(severity, since, level, at, source.clock());
    let Some(due) = due else { return Ok(None) };
    if !concerns_anybody(trueup, row, &alerts).await? {
        return Ok(None);
    }
    let is_proposed = row.case.state == CaseState::Proposed;
    let occasion = due.occasion(at.duration_since(since), is_proposed);
    let reminding = Reminding {
        id: row.id.clone(),
        after: row.attention,
        level: due.level,
        alerts: told(trueup, source, row, &alerts, &due, &occasion).await?,
    };
    Ok(Some(trueup.store.remind(reminding, at).await?))
}

/// The source of a case that is reminded of, and since when: it is open, nobody has acknowledged
/// it, and it is no digest, which comes again by itself.
fn watched<'t>(
    trueup: &'t Trueup,
    row: &CaseRow,
    alerts: &[AlertRow],
) -> Option<(&'t Source, Timestamp)> {
    let is_unseen = row.case.state.is_open() && row.case.acknowledged_by.is_none();
    let is_digest = |alert: &AlertRow| matches!(alert.intent.content.body, AlertBody::Digest(_));
    if !is_unseen || alerts.iter().any(is_digest) {
        return None;
    }
    let source = trueup.sources.get(&row.subject.source)?;
    Some((source, row.attention.since?))
}

/// A case that tells of many is reminded of as long as one of them is open.
async fn concerns_anybody(
    trueup: &Trueup,
    row: &CaseRow,
    alerts: &[AlertRow],
) -> Result<bool, Failure> {
    match alerts.first().filter(|_| row.is_summary) {
        Some(alert) => {
            let case_id = &alert.intent.case_id;
            Ok(trueup.store.concerns_anybody(case_id).await?)
        }
        None => Ok(true),
    }
}

/// What is told to whom: the discrepancy as it was found last, or what the alerts told before.
async fn told(
    trueup: &Trueup,
    source: &Source,
    row: &CaseRow,
    alerts: &[AlertRow],
    due: &Reminder,
    occasion: &str,
) -> Result<Vec<AlertIntent>, Failure> {
    let number = row.attention.reminders.saturating_add(1);
    if let Some(alert) = alerts.first().filter(|_| row.is_summary) {
        return Ok(alert::reminder_of_alert(
            &alert.intent,
            number,
            occasion,
            &due.channels,
        ));
    }
    let found = trueup.store.discrepancy(&row.id).await?;
    let run = trueup.store.run(&found.run_id).await?;
    let run = AlertRun {
        run_id: found.run_id,
        source: found.source,
        business_date: run.business_date,
    };
    Ok(alert::reminder(
        &found.discrepancy,
        number,
        occasion,
        &due.channels,
        &source.alerts,
        &run,
    ))
}
