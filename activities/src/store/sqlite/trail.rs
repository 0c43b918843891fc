//! All entries and heads, in pages.

use domain::audit::StreamHead;
use rusqlite::{Row, Transaction, params};

use super::{audit, checkpoints, value};
use crate::store::{StoreError, TrailEntry};

pub(in crate::store) fn entries(
    transaction: &Transaction<'_>,
    after: Option<(String, u64)>,
    limit: u32,
) -> Result<Vec<TrailEntry>, StoreError> {
    let (stream, sequence) = match after {
        Some((stream, sequence)) => (stream, value::integer(sequence)?),
        None => (String::new(), -1),
    };
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM audit_entries WHERE (stream, sequence) > (?1, ?2)
         ORDER BY stream, sequence LIMIT ?3",
    )?;
    value::all(statement.query(params![stream, sequence, limit])?, entry)
}

pub(in crate::store) fn heads(
    transaction: &Transaction<'_>,
    after: &str,
    limit: u32,
) -> Result<Vec<StreamHead>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT stream, length, hash FROM audit_heads WHERE stream > ?1 ORDER BY stream LIMIT ?2",
    )?;
    value::all(statement.query(params![after, limit])?, checkpoints::head)
}

fn entry(row: &Row<'_>) -> Result<TrailEntry, StoreError> {
    Ok(TrailEntry {
        stream: value::get(row, "stream")?,
        sequence: value::number(row, "sequence")?,
        entry: audit::entry(row).map_err(|error| match error {
            StoreError::Corrupt(why) => why,
            other => other.to_string(),
        }),
    })
}
