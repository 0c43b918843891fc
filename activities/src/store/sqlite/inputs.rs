//! Sealed inputs and their rejects.

use domain::audit::AuditEntry;
use domain::record::{Reject, Side};
use rusqlite::{Row, Transaction, params};

use super::{audit, runs, value};
use crate::store::{
    InputRow, REJECTS_PER_INPUT_MAX, RejectRow, RowCounts, SEEN_MAX, SeenInput, StoreError,
    content, run_rules, text,
};

pub(in crate::store) fn seal(
    transaction: &Transaction<'_>,
    run_id: &str,
    input: &InputRow,
    rejects: &[Reject],
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    let attempt = runs::attempt(transaction, run_id)?;
    let known = of_attempt(transaction, run_id, attempt)?;
    let known = known
        .iter()
        .find(|known| (known.side, &known.name) == (input.side, &input.name));
    match known {
        None => {
            insert(transaction, run_id, attempt, input)?;
            insert_rejects(transaction, run_id, attempt, input, rejects)?;
        }
        Some(known) if known == input => {}
        Some(known) => return Err(run_rules::sealed_otherwise(run_id, known, input)),
    }
    audit::append(transaction, entries)
}

/// Completed runs of `source`, other than `run_id`, that read these bytes; the earliest first.
pub(in crate::store) fn seen(
    transaction: &Transaction<'_>,
    source: &str,
    sha256: &str,
    run_id: &str,
) -> Result<Vec<SeenInput>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT r.run_id, r.business_date, r.scope, r.scope_id, r.generation, i.name
         FROM inputs i JOIN runs r ON r.run_id = i.run_id AND r.attempt = i.attempt
         WHERE i.sha256 = ?1 AND r.source = ?2 AND r.run_id <> ?3 AND r.state = 'completed'
         ORDER BY r.opened_at, r.run_id, i.side, i.name LIMIT ?4",
    )?;
    let mut rows = statement.query(params![sha256, source, run_id, SEEN_MAX])?;
    let mut seen = Vec::new();
    while let Some(row) = rows.next()? {
        let scope_id = value::get(row, "scope_id")?;
        seen.push(SeenInput {
            run_id: value::get(row, "run_id")?,
            business_date: value::parse(row, "business_date", |text| text.parse().ok())?,
            scope: value::parse(row, "scope", |name| text::scope(name, scope_id))?,
            generation: value::number(row, "generation")?,
            name: value::get(row, "name")?,
        });
    }
    Ok(seen)
}

/// Inputs of the run's last attempt.
pub(in crate::store) fn of_run(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<Vec<InputRow>, StoreError> {
    let attempt = runs::attempt(transaction, run_id)?;
    of_attempt(transaction, run_id, attempt)
}

/// Rejects of the run's last attempt.
pub(in crate::store) fn rejects(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<Vec<RejectRow>, StoreError> {
    let attempt = runs::attempt(transaction, run_id)?;
    let mut statement = transaction.prepare_cached(
        "SELECT name, content FROM rejects WHERE run_id = ?1 AND attempt = ?2
         ORDER BY side DESC, name, position",
    )?;
    let mut rows = statement.query(params![run_id, attempt])?;
    let mut rejects = Vec::new();
    while let Some(row) = rows.next()? {
        let content: String = value::get(row, "content")?;
        rejects.push(RejectRow {
            input: value::get(row, "name")?,
            reject: content::reject(&content)?,
        });
    }
    Ok(rejects)
}

fn of_attempt(
    transaction: &Transaction<'_>,
    run_id: &str,
    attempt: u32,
) -> Result<Vec<InputRow>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM inputs WHERE run_id = ?1 AND attempt = ?2 ORDER BY side DESC, name",
    )?;
    value::all(statement.query(params![run_id, attempt])?, from_row)
}

fn from_row(row: &Row<'_>) -> Result<InputRow, StoreError> {
    Ok(InputRow {
        side: value::parse(row, "side", Side::parse)?,
        name: value::get(row, "name")?,
        sha256: value::get(row, "sha256")?,
        bytes: value::number(row, "bytes")?,
        rows: RowCounts {
            read: value::number(row, "rows_read")?,
            accepted: value::number(row, "rows_accepted")?,
            rejected: value::number(row, "rows_rejected")?,
            skipped: value::number(row, "rows_skipped")?,
        },
        totals: value::parse(row, "totals", text::totals)?,
        declared_id: value::get(row, "declared_id")?,
    })
}

fn insert(
    transaction: &Transaction<'_>,
    run_id: &str,
    attempt: u32,
    input: &InputRow,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO inputs (run_id, attempt, side, name, sha256, bytes, rows_read, rows_accepted,
                             rows_rejected, rows_skipped, totals, declared_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            run_id,
            attempt,
            input.side.name(),
            input.name,
            input.sha256,
            value::integer(input.bytes)?,
            value::integer(input.rows.read)?,
            value::integer(input.rows.accepted)?,
            value::integer(input.rows.rejected)?,
            value::integer(input.rows.skipped)?,
            text::totals_text(&input.totals)?,
            input.declared_id,
        ],
    )?;
    Ok(())
}

fn insert_rejects(
    transaction: &Transaction<'_>,
    run_id: &str,
    attempt: u32,
    input: &InputRow,
    rejects: &[Reject],
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO rejects (run_id, attempt, side, name, position, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, reject) in (0u32..).zip(rejects.iter().take(REJECTS_PER_INPUT_MAX)) {
        let content = content::reject_text(reject)?;
        let side = input.side.name();
        statement.execute(params![
            run_id, attempt, side, input.name, position, content
        ])?;
    }
    Ok(())
}
