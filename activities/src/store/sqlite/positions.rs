//! Positions of sources, and whose turn it is to make the next one.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use workflows::ports::Stored;

use super::{runs, value};
use crate::store::{Committed, NewPosition, StoreError, Turn, run_rules, text};

/// The source's last position.
pub(in crate::store) fn head(
    transaction: &Transaction<'_>,
    source: &str,
) -> Result<Option<Stored>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM positions WHERE source = ?1 ORDER BY sequence DESC LIMIT 1",
    )?;
    let mut rows = statement.query([source])?;
    rows.next()?.map(manifest).transpose()
}

/// The position that a run's last attempt made.
pub(in crate::store) fn of_run(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<Option<Stored>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT p.* FROM positions p JOIN runs r USING (run_id, attempt) WHERE p.run_id = ?1
         ORDER BY p.sequence DESC LIMIT 1",
    )?;
    let mut rows = statement.query([run_id])?;
    rows.next()?.map(manifest).transpose()
}

/// Appends a position if the one that it follows is still the last; gives the turn back.
pub(in crate::store) fn commit(
    transaction: &Transaction<'_>,
    new: &NewPosition,
) -> Result<Committed, StoreError> {
    let run = runs::get(transaction, &new.run_id)?;
    if of_run(transaction, &new.run_id)?.as_ref() == Some(&new.manifest) {
        return Ok(Committed::Done);
    }
    if head(transaction, &run.source)? != new.follows {
        return Ok(Committed::Overtaken);
    }
    let mut statement = transaction.prepare_cached(
        "INSERT INTO positions (source, sequence, run_id, attempt, business_date, manifest_key,
                                manifest_bytes, manifest_sha256)
         SELECT ?1, coalesce(max(sequence), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7
         FROM positions WHERE source = ?1",
    )?;
    statement.execute(params![
        run.source,
        run.run_id,
        run.attempt,
        run.business_date.to_string(),
        new.manifest.key,
        value::integer(new.manifest.bytes)?,
        new.manifest.sha256,
    ])?;
    give_back(transaction, &new.run_id)?;
    Ok(Committed::Done)
}

/// Takes the turn, or keeps it: when nobody has it, when the same run does, or when whoever has it
/// gave no sign for too long. Otherwise the run that has it.
pub(in crate::store) fn take(
    transaction: &Transaction<'_>,
    turn: &Turn,
) -> Result<Option<String>, StoreError> {
    let mut select =
        transaction.prepare_cached("SELECT run_id, renewed_at FROM turns WHERE source = ?1")?;
    let holder = select.query_row([&turn.source], |row| Ok((row.get(0)?, row.get(1)?)));
    let holder: Option<(String, String)> = holder.optional()?;
    if let Some((run_id, renewed_at)) = holder {
        let renewed_at: Timestamp = renewed_at
            .parse()
            .map_err(|error| StoreError::corrupt("column renewed_at", error))?;
        if run_rules::has_turn(&run_id, renewed_at, turn) {
            return Ok(Some(run_id));
        }
    }
    let mut statement = transaction.prepare_cached(
        "INSERT INTO turns (source, run_id, workflow_run_id, renewed_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (source) DO UPDATE
         SET run_id = excluded.run_id, workflow_run_id = excluded.workflow_run_id,
             renewed_at = excluded.renewed_at",
    )?;
    statement.execute(params![
        turn.source,
        turn.run_id,
        turn.workflow_run_id,
        text::time_text(turn.at),
    ])?;
    Ok(None)
}

/// A sign of life. Does nothing for an execution that has the turn no longer.
pub(in crate::store) fn renew(
    transaction: &Transaction<'_>,
    turn: &Turn,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE turns SET renewed_at = ?4
         WHERE source = ?1 AND run_id = ?2 AND workflow_run_id = ?3",
    )?;
    statement.execute(params![
        turn.source,
        turn.run_id,
        turn.workflow_run_id,
        text::time_text(turn.at),
    ])?;
    Ok(())
}

/// Lets the next run have its turn.
pub(in crate::store) fn give_back(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached("DELETE FROM turns WHERE run_id = ?1")?;
    statement.execute([run_id])?;
    Ok(())
}

fn manifest(row: &Row<'_>) -> Result<Stored, StoreError> {
    Ok(Stored {
        key: value::get(row, "manifest_key")?,
        bytes: value::number(row, "manifest_bytes")?,
        sha256: value::get(row, "manifest_sha256")?,
    })
}
