//! Reminders of a case. Each belongs to how the case stood when it was decided: a repeated attempt
//! finds that it moved on, and writes nothing.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::audit;
use super::{cases, findings, value};
use crate::store::note::Note;
use crate::store::{Attention, CaseRow, Reminding, StoreError, text};

pub(in crate::store) fn remind(
    transaction: &Transaction<'_>,
    reminding: &Reminding,
    at: Timestamp,
) -> Result<CaseRow, StoreError> {
    let row = cases::get(transaction, &reminding.id)?;
    if !reminding.is_wanted(&row) {
        return Ok(row);
    }
    let mut channels = Vec::new();
    for alert in &reminding.alerts {
        if !has_untold(transaction, &alert.case_id, &alert.channel)? {
            findings::insert_alert(transaction, alert, at)?;
            channels.push(alert.channel.as_str());
        }
    }
    let attention = row.attention.reminded(reminding.level);
    save(transaction, &row.id, attention)?;
    let note = Note::escalated(&row.id, at, reminding.level, &channels);
    audit::note(transaction, note)?;
    Ok(CaseRow { attention, ..row })
}

/// A case's workflow begins: the first time counts.
pub(super) fn begin(
    transaction: &Transaction<'_>,
    row: &CaseRow,
    at: Timestamp,
) -> Result<Attention, StoreError> {
    let attention = row.attention.begun(at);
    save(transaction, &row.id, attention)?;
    Ok(attention)
}

/// A case is opened again: reminders begin anew, under new numbers.
pub(super) fn restart(
    transaction: &Transaction<'_>,
    row: &CaseRow,
    at: Timestamp,
) -> Result<Attention, StoreError> {
    let attention = row.attention.restarted(at);
    save(transaction, &row.id, attention)?;
    Ok(attention)
}

/// What a row of `cases` says.
pub(super) fn attention(row: &Row<'_>) -> Result<Attention, StoreError> {
    Ok(Attention {
        since: value::time(row, "since")?,
        level: value::number(row, "escalation_level")?,
        reminders: value::number(row, "reminders")?,
    })
}

pub(in crate::store) fn concerns_anybody(
    transaction: &Transaction<'_>,
    case_id: &str,
) -> Result<bool, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT count(*) = 0 OR sum(c.state IN ('open', 'proposed')) > 0
         FROM alerts a
         JOIN alert_coverage v USING (alert_id)
         JOIN cases c ON c.discrepancy_id = v.discrepancy_id
         WHERE a.case_id = ?1",
    )?;
    Ok(statement.query_row([case_id], |row| row.get(0))?)
}

fn save(transaction: &Transaction<'_>, id: &str, attention: Attention) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE cases SET since = ?2, escalation_level = ?3, reminders = ?4
         WHERE discrepancy_id = ?1",
    )?;
    statement.execute(params![
        id,
        attention.since.map(text::time_text),
        attention.level,
        attention.reminders,
    ])?;
    Ok(())
}

/// Whether people are still to be told something of this case on this channel.
fn has_untold(
    transaction: &Transaction<'_>,
    case_id: &str,
    channel: &str,
) -> Result<bool, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM alerts
         WHERE case_id = ?1 AND channel = ?2 AND state IN ('pending', 'sending') LIMIT 1",
    )?;
    Ok(statement.exists([case_id, channel])?)
}
