//! Reviews of runs, what was signed off, and what was restated.

use std::collections::BTreeSet;

use domain::audit::AuditEntry;
use domain::severity::Severity;
use rusqlite::{Row, Transaction, params};

use super::{audit, runs, value};
use crate::store::{
    BeginningReview, Restatement, ReviewRow, RunState, SignOff, StoreError, run_rules, text,
};

pub(in crate::store) fn begin(
    transaction: &Transaction<'_>,
    run_id: &str,
    beginning: &BeginningReview,
) -> Result<(), StoreError> {
    let run = runs::get(transaction, run_id)?;
    if run_rules::begins_review(&run)? {
        transaction.execute(
            "UPDATE runs SET state = ?2, totals = ?3 WHERE run_id = ?1",
            params![
                run_id,
                RunState::InReview.name(),
                text::json(&beginning.totals)?
            ],
        )?;
    }
    transaction.execute(
        "INSERT INTO reviews (run_id, began_at, ends_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (run_id) DO NOTHING",
        params![
            run_id,
            text::time_text(beginning.began_at),
            text::time_text(beginning.ends_at)
        ],
    )?;
    if let Some(restatement) = &beginning.restatement {
        restate(transaction, restatement)?;
    }
    audit::append(transaction, &beginning.audit)
}

/// Notes how a review ended, and who ended it. The first that is told stays.
pub(in crate::store) fn end(
    transaction: &Transaction<'_>,
    run_id: &str,
    how: &str,
    who: Option<(&str, &str)>,
) -> Result<(), StoreError> {
    let (by, note) = who.unzip();
    transaction.execute(
        "UPDATE reviews SET ended = ?2, ended_by = ?3, note = ?4
         WHERE run_id = ?1 AND ended IS NULL",
        params![run_id, how, by, note],
    )?;
    Ok(())
}

pub(in crate::store) fn find(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<Option<ReviewRow>, StoreError> {
    let mut statement = transaction.prepare_cached("SELECT * FROM reviews WHERE run_id = ?1")?;
    let mut rows = statement.query([run_id])?;
    let row = rows.next()?;
    row.map(from_row).transpose()
}

fn from_row(row: &Row<'_>) -> Result<ReviewRow, StoreError> {
    Ok(ReviewRow {
        run_id: value::get(row, "run_id")?,
        began_at: value::parse(row, "began_at", |text| text.parse().ok())?,
        ends_at: value::parse(row, "ends_at", |text| text.parse().ok())?,
        ended: value::get(row, "ended")?,
        ended_by: value::get(row, "ended_by")?,
        note: value::get(row, "note")?,
    })
}

pub(in crate::store) fn count_open(
    transaction: &Transaction<'_>,
    run_id: &str,
    severities: &BTreeSet<Severity>,
) -> Result<u32, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT count(*) AS count FROM runs r
         JOIN discrepancies d ON d.run_id = r.run_id AND d.attempt = r.attempt
         JOIN cases c USING (discrepancy_id)
         WHERE r.run_id = ?1 AND d.severity = ?2 AND c.state IN ('open', 'proposed')",
    )?;
    let mut count = 0;
    for severity in severities {
        let mut rows = statement.query(params![run_id, severity.name()])?;
        if let Some(row) = rows.next()? {
            count += value::number::<u32>(row, "count")?;
        }
    }
    Ok(count)
}

fn count_proposed(transaction: &Transaction<'_>, run_id: &str) -> Result<u32, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT count(*) AS count FROM runs r
         JOIN discrepancies d ON d.run_id = r.run_id AND d.attempt = r.attempt
         JOIN cases c USING (discrepancy_id)
         WHERE r.run_id = ?1 AND c.state = 'proposed'",
    )?;
    let mut rows = statement.query([run_id])?;
    rows.next()?
        .map_or(Ok(0), |row| value::number(row, "count"))
}

pub(in crate::store) fn sign_off(
    transaction: &Transaction<'_>,
    sign_off: &SignOff,
    entry: &AuditEntry,
) -> Result<u32, StoreError> {
    let run_id = &sign_off.run_id;
    match signed_off(transaction, run_id)? {
        Some(known) if known == *sign_off => return Ok(0),
        Some(known) => return Err(run_rules::signed_off_otherwise(&known)),
        None => {}
    }
    let proposed = count_proposed(transaction, run_id)?;
    if proposed > 0 {
        return Ok(proposed);
    }
    transaction.execute(
        "INSERT INTO sign_offs (run_id, signed_by, signed_at, content) VALUES (?1, ?2, ?3, ?4)",
        params![
            run_id,
            sign_off.by,
            text::time_text(sign_off.at),
            text::json(&sign_off.content)?
        ],
    )?;
    let note = sign_off.content["note"].as_str().unwrap_or_default();
    end(
        transaction,
        run_id,
        "signed_off",
        Some((&sign_off.by, note)),
    )?;
    audit::append(transaction, std::slice::from_ref(entry))?;
    Ok(0)
}

pub(in crate::store) fn signed_off(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<Option<SignOff>, StoreError> {
    let mut statement = transaction.prepare_cached("SELECT * FROM sign_offs WHERE run_id = ?1")?;
    let mut rows = statement.query([run_id])?;
    rows.next()?.map(sign_off_from_row).transpose()
}

pub(in crate::store) fn signed_off_before(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<Option<SignOff>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT s.* FROM runs later
         JOIN runs r ON r.source = later.source AND r.business_date = later.business_date
           AND r.scope = later.scope AND r.scope_id = later.scope_id
           AND r.generation < later.generation
         JOIN sign_offs s ON s.run_id = r.run_id
         WHERE later.run_id = ?1 ORDER BY r.generation DESC LIMIT 1",
    )?;
    let mut rows = statement.query([run_id])?;
    rows.next()?.map(sign_off_from_row).transpose()
}

fn sign_off_from_row(row: &Row<'_>) -> Result<SignOff, StoreError> {
    let content: String = value::get(row, "content")?;
    Ok(SignOff {
        run_id: value::get(row, "run_id")?,
        by: value::get(row, "signed_by")?,
        at: value::parse(row, "signed_at", |text| text.parse().ok())?,
        content: text::from_json("content", &content)?,
    })
}

/// Puts on record what a run changed of one that was signed off. Part of beginning its review, or of
/// closing a run that has none.
pub(super) fn restate(
    transaction: &Transaction<'_>,
    restatement: &Restatement,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO restatements (run_id, of_run, content) VALUES (?1, ?2, ?3)
         ON CONFLICT (run_id) DO NOTHING",
        params![
            restatement.run_id,
            restatement.of_run,
            text::json(&restatement.content)?
        ],
    )?;
    Ok(())
}

pub(in crate::store) fn restatement(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<Option<Restatement>, StoreError> {
    let mut statement =
        transaction.prepare_cached("SELECT * FROM restatements WHERE run_id = ?1")?;
    let mut rows = statement.query([run_id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let content: String = value::get(row, "content")?;
    Ok(Some(Restatement {
        run_id: value::get(row, "run_id")?,
        of_run: value::get(row, "of_run")?,
        content: text::from_json("content", &content)?,
    }))
}
