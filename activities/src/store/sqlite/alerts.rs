//! Alerts on their way: pending, sending, then sent or dead; dead ones again on request.
//!
//! Each end is on the audit stream of the alert's case, in the transaction that changes the alert.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::audit::AuditEvent;
use domain::severity::Severity;
use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::audit;
use super::{findings, value};
use crate::store::note::Note;
use crate::store::{
    AlertFilter, AlertRow, AlertState, Delivery, LISTED_MAX, Redrive, StoreError, TRUEUP,
    case_rules, content, text,
};

pub(in crate::store) fn get(
    transaction: &Transaction<'_>,
    alert_id: &str,
) -> Result<AlertRow, StoreError> {
    let mut statement = transaction.prepare_cached("SELECT * FROM alerts WHERE alert_id = ?1")?;
    let mut rows = statement.query([alert_id])?;
    rows.next()?
        .map(from_row)
        .transpose()?
        .ok_or_else(|| case_rules::no_alert(alert_id))
}

pub(in crate::store) fn list(
    transaction: &Transaction<'_>,
    filter: &AlertFilter,
) -> Result<Vec<AlertRow>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM alerts
         WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR run_id = ?2)
           AND (?3 IS NULL OR state = ?3)
         ORDER BY intended_at DESC, alert_id LIMIT ?4 OFFSET ?5",
    )?;
    value::all(
        statement.query(params![
            filter.source,
            filter.run_id,
            filter.state.map(AlertState::name),
            filter.page.limit.min(LISTED_MAX),
            filter.page.offset,
        ])?,
        from_row,
    )
}

/// The alerts of a case, by id.
pub(in crate::store) fn of_case(
    transaction: &Transaction<'_>,
    case_id: &str,
) -> Result<Vec<AlertRow>, StoreError> {
    let mut statement =
        transaction.prepare_cached("SELECT * FROM alerts WHERE case_id = ?1 ORDER BY alert_id")?;
    value::all(statement.query([case_id])?, from_row)
}

/// A delivery is about to begin, unless it is over.
pub(in crate::store) fn begin(
    transaction: &Transaction<'_>,
    alert_id: &str,
) -> Result<Delivery, StoreError> {
    let alert = get(transaction, alert_id)?;
    if case_rules::is_over(alert.state) {
        return Ok(Delivery::Over(Box::new(alert)));
    }
    transaction.execute(
        "UPDATE alerts SET state = 'sending', attempts = attempts + 1 WHERE alert_id = ?1",
        [alert_id],
    )?;
    get(transaction, alert_id).map(|alert| Delivery::Due(Box::new(alert)))
}

/// A delivery failed and will be tried again.
pub(in crate::store) fn failed(
    transaction: &Transaction<'_>,
    alert_id: &str,
    error: &str,
) -> Result<(), StoreError> {
    let alert = get(transaction, alert_id)?;
    if matches!(alert.state, AlertState::Pending | AlertState::Sending) {
        transaction.execute(
            "UPDATE alerts SET last_error = ?2 WHERE alert_id = ?1",
            params![alert_id, case_rules::shortened(error)],
        )?;
    }
    Ok(())
}

/// The channel took it.
pub(in crate::store) fn sent(
    transaction: &Transaction<'_>,
    alert_id: &str,
    at: Timestamp,
    provider_reference: Option<&str>,
) -> Result<(), StoreError> {
    let alert = get(transaction, alert_id)?;
    if alert.state == AlertState::Sent {
        return Ok(());
    }
    transaction.execute(
        "UPDATE alerts SET state = 'sent', sent_at = ?2, provider_reference = ?3
         WHERE alert_id = ?1",
        params![alert_id, text::time_text(at), provider_reference],
    )?;
    let reference = provider_reference.unwrap_or_default().to_owned();
    let detail = ("provider_reference", reference);
    let note = Note::of_alert(
        &alert.intent,
        AuditEvent::AlertSent,
        at,
        TRUEUP,
        Some(detail),
    );
    audit::note(transaction, note)
}

/// The channel refused it for good. An alert that was sent stays sent.
pub(in crate::store) fn dead(
    transaction: &Transaction<'_>,
    alert_id: &str,
    at: Timestamp,
    error: &str,
    instead: Option<&AlertIntent>,
) -> Result<(), StoreError> {
    let alert = get(transaction, alert_id)?;
    if case_rules::is_over(alert.state) {
        return Ok(());
    }
    if let Some(instead) = instead {
        findings::insert_alert(transaction, instead, at)?;
    }
    let error = case_rules::shortened(error);
    transaction.execute(
        "UPDATE alerts SET state = 'dead', last_error = ?2 WHERE alert_id = ?1",
        params![alert_id, error],
    )?;
    let detail = ("error", error);
    let note = Note::of_alert(
        &alert.intent,
        AuditEvent::AlertDead,
        at,
        TRUEUP,
        Some(detail),
    );
    audit::note(transaction, note)
}

/// The channel did not take it in time: another one is told, unless it is over.
pub(in crate::store) fn divert(
    transaction: &Transaction<'_>,
    alert_id: &str,
    at: Timestamp,
    instead: &AlertIntent,
) -> Result<(), StoreError> {
    let alert = get(transaction, alert_id)?;
    if case_rules::is_over(alert.state) {
        return Ok(());
    }
    findings::insert_alert(transaction, instead, at)?;
    transaction.execute(
        "UPDATE alerts SET state = 'diverted' WHERE alert_id = ?1",
        [alert_id],
    )?;
    let detail = ("told_by", instead.channel.clone());
    let note = Note::of_alert(
        &alert.intent,
        AuditEvent::AlertDiverted,
        at,
        TRUEUP,
        Some(detail),
    );
    audit::note(transaction, note)
}

/// Makes dead alerts pending again. Gives the cases to wake: also of alerts that were redriven
/// before and have not moved since, so that it can be repeated when waking them failed.
pub(in crate::store) fn redrive(
    transaction: &Transaction<'_>,
    selection: &Redrive,
    actor: &str,
    at: Timestamp,
) -> Result<BTreeSet<String>, StoreError> {
    let selected = match selection {
        Redrive::All => redrivable(transaction)?,
        Redrive::Ids(ids) => {
            let alerts = ids.iter().map(|id| get(transaction, id));
            alerts.collect::<Result<Vec<_>, _>>()?
        }
    };
    let mut cases = BTreeSet::new();
    for alert in selected {
        match alert.state {
            AlertState::Sent | AlertState::Diverted => continue,
            AlertState::Pending | AlertState::Sending => {}
            AlertState::Dead => {
                transaction.execute(
                    "UPDATE alerts SET state = 'pending', redriven_at = ?2 WHERE alert_id = ?1",
                    params![alert.intent.id, text::time_text(at)],
                )?;
                let note =
                    Note::of_alert(&alert.intent, AuditEvent::AlertRedriven, at, actor, None);
                audit::note(transaction, note)?;
            }
        }
        cases.insert(alert.intent.case_id);
    }
    Ok(cases)
}

fn redrivable(transaction: &Transaction<'_>) -> Result<Vec<AlertRow>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM alerts
         WHERE state = 'dead' OR (state = 'pending' AND redriven_at IS NOT NULL)
         ORDER BY alert_id",
    )?;
    value::all(statement.query([])?, from_row)
}

fn from_row(row: &Row<'_>) -> Result<AlertRow, StoreError> {
    let content: String = value::get(row, "content")?;
    Ok(AlertRow {
        intent: AlertIntent {
            id: value::get(row, "alert_id")?,
            case_id: value::get(row, "case_id")?,
            run_id: value::get(row, "run_id")?,
            source: value::get(row, "source")?,
            severity: value::parse(row, "severity", Severity::parse)?,
            channel: value::get(row, "channel")?,
            content: content::alert(&content)?,
        },
        state: value::parse(row, "state", AlertState::parse)?,
        intended_at: value::parse(row, "intended_at", |text| text.parse().ok())?,
        attempts: value::number(row, "attempts")?,
        last_error: value::get(row, "last_error")?,
        sent_at: value::time(row, "sent_at")?,
        provider_reference: value::get(row, "provider_reference")?,
    })
}
