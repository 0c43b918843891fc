//! Audit streams: entries are added behind the head or found to be there already, never changed.

use domain::audit::{AuditEntry, AuditEvent, AuditHead, Hash};
use rusqlite::{Row, Transaction, params};

use super::value;
use crate::store::note::Note;
use crate::store::{AuditStream, StoreError, text};

/// Appends entries that their writer numbered. Those that are there already must be the same.
pub(in crate::store) fn append(
    transaction: &Transaction<'_>,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    for entry in entries {
        let fork = || StoreError::Fork {
            stream: entry.stream.clone(),
            sequence: entry.sequence,
        };
        let head = head(transaction, &entry.stream)?;
        if entry.sequence < head.length {
            let stored = stored_entry(transaction, &entry.stream, entry.sequence)?;
            if stored.as_ref() != Some(entry) {
                return Err(fork());
            }
        } else if entry.sequence == head.length && entry.previous == head.hash {
            insert(transaction, entry)?;
        } else {
            return Err(fork());
        }
    }
    Ok(())
}

/// Appends an entry behind whatever the stream ends with.
pub(super) fn note(transaction: &Transaction<'_>, note: Note) -> Result<(), StoreError> {
    let head = head(transaction, &note.stream)?;
    insert(transaction, &note.behind(head))
}

/// Where a stream ends; empty when there is none.
pub(in crate::store) fn head(
    transaction: &Transaction<'_>,
    stream: &str,
) -> Result<AuditHead, StoreError> {
    let mut statement =
        transaction.prepare_cached("SELECT length, hash FROM audit_heads WHERE stream = ?1")?;
    let mut rows = statement.query([stream])?;
    rows.next()?.map_or(Ok(AuditHead::EMPTY), |row| {
        Ok(AuditHead {
            length: value::number(row, "length")?,
            hash: value::parse(row, "hash", Hash::parse)?,
        })
    })
}

/// All of a stream, to be verified.
pub(in crate::store) fn stream(
    transaction: &Transaction<'_>,
    stream: &str,
) -> Result<AuditStream, StoreError> {
    let mut statement = transaction
        .prepare_cached("SELECT * FROM audit_entries WHERE stream = ?1 ORDER BY sequence")?;
    let entries = value::all(statement.query([stream])?, entry)?;
    let head = head(transaction, stream)?;
    if entries.is_empty() && head == AuditHead::EMPTY {
        return Err(StoreError::NotFound(format!(
            "no audit stream is called {stream}; `trueup audit show` lists them"
        )));
    }
    Ok(AuditStream { entries, head })
}

fn stored_entry(
    transaction: &Transaction<'_>,
    stream: &str,
    sequence: u64,
) -> Result<Option<AuditEntry>, StoreError> {
    let mut statement = transaction
        .prepare_cached("SELECT * FROM audit_entries WHERE stream = ?1 AND sequence = ?2")?;
    let mut rows = statement.query(params![stream, value::integer(sequence)?])?;
    rows.next()?.map(entry).transpose()
}

pub(super) fn entry(row: &Row<'_>) -> Result<AuditEntry, StoreError> {
    let (stream, sequence) = (
        value::get::<String>(row, "stream")?,
        value::number(row, "sequence")?,
    );
    let read = || {
        Ok(AuditEntry {
            previous: value::parse(row, "previous", Hash::parse)?,
            at: value::parse(row, "at", |text| text.parse().ok())?,
            actor: value::get(row, "actor")?,
            event: value::parse(row, "event", AuditEvent::parse)?,
            fields: value::parse(row, "fields", |text| serde_json::from_str(text).ok())?,
            stream: stream.clone(),
            sequence,
        })
    };
    read().map_err(|error| match error {
        StoreError::Corrupt(why) => {
            StoreError::corrupt(format_args!("entry {sequence} of {stream}"), why)
        }
        other => other,
    })
}

fn insert(transaction: &Transaction<'_>, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO audit_entries (stream, sequence, previous, at, actor, event, fields)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    statement.execute(params![
        entry.stream,
        value::integer(entry.sequence)?,
        entry.previous.to_string(),
        text::time_text(entry.at),
        entry.actor,
        entry.event.name(),
        text::json(&entry.fields)?,
    ])?;
    let head = entry.head();
    let mut statement = transaction.prepare_cached(
        "INSERT INTO audit_heads (stream, length, hash) VALUES (?1, ?2, ?3)
         ON CONFLICT (stream) DO UPDATE SET length = excluded.length, hash = excluded.hash",
    )?;
    statement.execute(params![
        entry.stream,
        value::integer(head.length)?,
        head.hash.to_string()
    ])?;
    Ok(())
}
