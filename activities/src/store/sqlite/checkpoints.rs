//! Checkpoints: added behind the last, together with what they sign.

use domain::audit::{Hash, SignedCheckpoint, StreamHead};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::value;
use crate::audit::document;
use crate::store::{CHECKPOINTS_PER_CALL_MAX, StoreError};

pub(in crate::store) fn unsealed(
    transaction: &Transaction<'_>,
    after: &str,
    limit: u32,
) -> Result<Vec<StreamHead>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT stream, length, hash FROM audit_heads
         WHERE length > covered AND stream > ?1 ORDER BY stream LIMIT ?2",
    )?;
    value::all(statement.query(params![after, limit])?, head)
}

pub(in crate::store) fn record(
    transaction: &Transaction<'_>,
    signed: &SignedCheckpoint,
) -> Result<(), StoreError> {
    let number = signed.checkpoint.number;
    let conflict = |why: &str| Err(StoreError::Conflict(format!("checkpoint {number} {why}")));
    if let Some(known) = get(transaction, number)? {
        return match known == *signed {
            true => Ok(()),
            false => conflict("is on record with other content"),
        };
    }
    let last = last(transaction)?.map(|last| last.checkpoint);
    let follows = last.as_ref().map_or(0, |last| last.number + 1);
    if number != follows || signed.checkpoint.previous != last.map_or(Hash::NONE, |it| it.hash()) {
        return conflict("does not follow the last one");
    }
    let mut statement =
        transaction.prepare_cached("INSERT INTO checkpoints (number, document) VALUES (?1, ?2)")?;
    statement.execute(params![value::integer(number)?, document::text(signed)])?;
    let mut cover = transaction
        .prepare_cached("UPDATE audit_heads SET covered = ?2 WHERE stream = ?1 AND covered < ?2")?;
    for head in &signed.heads {
        cover.execute(params![head.stream, value::integer(head.length)?])?;
    }
    Ok(())
}

pub(in crate::store) fn list(
    transaction: &Transaction<'_>,
    from: u64,
) -> Result<Vec<SignedCheckpoint>, StoreError> {
    let mut statement = transaction
        .prepare_cached("SELECT * FROM checkpoints WHERE number >= ?1 ORDER BY number LIMIT ?2")?;
    let rows = statement.query(params![value::integer(from)?, CHECKPOINTS_PER_CALL_MAX])?;
    value::all(rows, checkpoint)
}

pub(in crate::store) fn last(
    transaction: &Transaction<'_>,
) -> Result<Option<SignedCheckpoint>, StoreError> {
    let mut statement =
        transaction.prepare_cached("SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    rows.next()?.map(checkpoint).transpose()
}

pub(in crate::store) fn first_unwitnessed(
    transaction: &Transaction<'_>,
) -> Result<Option<u64>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT number FROM checkpoints WHERE witnessed = 0 ORDER BY number LIMIT 1",
    )?;
    let number = statement
        .query_row([], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(number.and_then(|number| u64::try_from(number).ok()))
}

pub(in crate::store) fn witnessed(
    transaction: &Transaction<'_>,
    number: u64,
) -> Result<(), StoreError> {
    let mut statement =
        transaction.prepare_cached("UPDATE checkpoints SET witnessed = 1 WHERE number = ?1")?;
    statement.execute([value::integer(number)?])?;
    Ok(())
}

fn get(transaction: &Transaction<'_>, number: u64) -> Result<Option<SignedCheckpoint>, StoreError> {
    let mut statement =
        transaction.prepare_cached("SELECT * FROM checkpoints WHERE number = ?1")?;
    let mut rows = statement.query([value::integer(number)?])?;
    rows.next()?.map(checkpoint).transpose()
}

fn checkpoint(row: &Row<'_>) -> Result<SignedCheckpoint, StoreError> {
    let number: u64 = value::number(row, "number")?;
    let text: String = value::get(row, "document")?;
    let corrupt = |why: String| StoreError::corrupt(format_args!("checkpoint {number}"), why);
    let signed = document::read(text.as_bytes()).map_err(corrupt)?;
    match signed.checkpoint.number == number {
        true => Ok(signed),
        false => Err(corrupt(format!(
            "it says that it is {}",
            signed.checkpoint.number
        ))),
    }
}

pub(super) fn head(row: &Row<'_>) -> Result<StreamHead, StoreError> {
    Ok(StreamHead {
        stream: value::get(row, "stream")?,
        length: value::number(row, "length")?,
        hash: value::parse(row, "hash", Hash::parse)?,
    })
}
