//! Changing personal texts in place.

use domain::audit::AuditEvent;
use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::audit;
use super::value;
use crate::store::StoreError;
use crate::store::note::Note;
use crate::store::personal::{Change, Passed, PersonalRows, ROWS_PER_CALL, changed_content};

pub(in crate::store) fn change(
    transaction: &Transaction<'_>,
    rows: PersonalRows,
    source: Option<&str>,
    after: &str,
    change: &mut Change,
) -> Result<Passed, StoreError> {
    let found = some(transaction, rows, source, after)?;
    let mut changed = 0;
    for (at, content) in &found {
        if let Some(new) = changed_content(rows, content, change)? {
            keep(transaction, rows, at, &new)?;
            changed += 1;
        }
    }
    let is_full = found.len() == ROWS_PER_CALL as usize;
    let next = found.into_iter().last().map(|(at, _)| at);
    Ok(Passed {
        next: next.filter(|_| is_full),
        changed,
    })
}

pub(in crate::store) fn note(
    transaction: &Transaction<'_>,
    stream: &str,
    at: Timestamp,
    actor: &str,
    event: AuditEvent,
    fields: Vec<(&'static str, String)>,
) -> Result<(), StoreError> {
    let note = Note {
        stream: stream.to_owned(),
        at,
        actor: actor.to_owned(),
        event,
        fields,
    };
    audit::note(transaction, note)
}

/// Where each row is, and its content.
fn some(
    transaction: &Transaction<'_>,
    rows: PersonalRows,
    source: Option<&str>,
    after: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let sql = match rows {
        PersonalRows::Discrepancies => {
            "SELECT CAST(d.rowid AS TEXT) AS place, d.content FROM discrepancies d
             JOIN runs r ON r.run_id = d.run_id
             WHERE d.rowid > CAST(?1 AS INTEGER) AND (?2 IS NULL OR r.source = ?2)
             ORDER BY d.rowid LIMIT ?3"
        }
        PersonalRows::Rejects => {
            "SELECT CAST(d.rowid AS TEXT) AS place, d.content FROM rejects d
             JOIN runs r ON r.run_id = d.run_id
             WHERE d.rowid > CAST(?1 AS INTEGER) AND (?2 IS NULL OR r.source = ?2)
             ORDER BY d.rowid LIMIT ?3"
        }
        PersonalRows::Alerts => {
            "SELECT alert_id AS place, content FROM alerts
             WHERE alert_id > ?1 AND (?2 IS NULL OR source = ?2) ORDER BY alert_id LIMIT ?3"
        }
    };
    let mut statement = transaction.prepare_cached(sql)?;
    value::all(
        statement.query(params![after, source, ROWS_PER_CALL])?,
        |row| Ok((value::get(row, "place")?, value::get(row, "content")?)),
    )
}

fn keep(
    transaction: &Transaction<'_>,
    rows: PersonalRows,
    at: &str,
    (content, reference): &(String, Option<String>),
) -> Result<(), StoreError> {
    let sql = match rows {
        PersonalRows::Discrepancies => {
            "UPDATE discrepancies SET content = ?2, reference = ?3
             WHERE rowid = CAST(?1 AS INTEGER)"
        }
        PersonalRows::Rejects => {
            "UPDATE rejects SET content = coalesce(?2, ?3) WHERE rowid = CAST(?1 AS INTEGER)"
        }
        PersonalRows::Alerts => "UPDATE alerts SET content = coalesce(?2, ?3) WHERE alert_id = ?1",
    };
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![at, content, reference])?;
    Ok(())
}
