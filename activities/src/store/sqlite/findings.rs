//! What a run found: discrepancies, their cases, the alerts about them and the audit entries that
//! say so, together or not at all.

use domain::alert::AlertIntent;
use domain::discrepancy::{Discrepancy, DiscrepancyId};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{audit, causes, runs};
use crate::store::{Finding, Findings, RunRow, StoreError, content, run_rules, text};

pub(in crate::store) fn record(
    transaction: &Transaction<'_>,
    run_id: &str,
    chunk: &Findings,
) -> Result<(), StoreError> {
    let run = runs::get(transaction, run_id)?;
    for alert in &chunk.alerts {
        insert_alert(transaction, alert, chunk.at)?;
    }
    for cause in &chunk.causes {
        causes::record(transaction, &run, cause)?;
    }
    for Finding {
        discrepancy,
        alert_ids,
        cause,
    } in &chunk.findings
    {
        upsert_case(transaction, &run, &discrepancy.id)?;
        insert_discrepancy(transaction, &run, discrepancy)?;
        match cause {
            Some(cause) => causes::record_member(transaction, cause, &discrepancy.id)?,
            None => causes::seen(transaction, &run, &discrepancy.id)?,
        }
        for alert_id in alert_ids {
            insert_coverage(transaction, run_id, &discrepancy.id, alert_id)?;
        }
    }
    audit::append(transaction, &chunk.audit)
}

/// Those of `ids` that another run than `run_id` found first.
pub(in crate::store) fn seen_before(
    transaction: &Transaction<'_>,
    ids: Vec<String>,
    run_id: &str,
) -> Result<Vec<String>, StoreError> {
    let mut statement = transaction
        .prepare_cached("SELECT 1 FROM cases WHERE discrepancy_id = ?1 AND first_seen_run <> ?2")?;
    let mut seen = Vec::new();
    for id in ids {
        if statement.exists(params![id, run_id])? {
            seen.push(id);
        }
    }
    Ok(seen)
}

/// An alert that is on record stays as it is: it may have been sent, and is sent once.
pub(super) fn insert_alert(
    transaction: &Transaction<'_>,
    alert: &AlertIntent,
    intended_at: Timestamp,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO alerts (alert_id, case_id, run_id, source, severity, channel, content, state,
                             intended_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', ?8)
         ON CONFLICT (alert_id) DO NOTHING",
    )?;
    statement.execute(params![
        alert.id,
        alert.case_id,
        alert.run_id,
        alert.source,
        alert.severity.name(),
        alert.channel,
        content::alert_text(&alert.content)?,
        text::time_text(intended_at),
    ])?;
    Ok(())
}

fn upsert_case(
    transaction: &Transaction<'_>,
    run: &RunRow,
    id: &DiscrepancyId,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO cases (discrepancy_id, source, state, first_seen_run, last_seen_run,
                            last_seen_attempt)
         VALUES (?1, ?2, 'open', ?3, ?3, ?4)
         ON CONFLICT (discrepancy_id) DO UPDATE
         SET last_seen_run = excluded.last_seen_run,
             last_seen_attempt = excluded.last_seen_attempt",
    )?;
    statement.execute(params![id.as_str(), run.source, run.run_id, run.attempt])?;
    Ok(())
}

fn insert_discrepancy(
    transaction: &Transaction<'_>,
    run: &RunRow,
    discrepancy: &Discrepancy,
) -> Result<(), StoreError> {
    let id = discrepancy.id.as_str();
    let content = content::discrepancy_text(discrepancy)?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO discrepancies (run_id, attempt, discrepancy_id, kind, severity, reference,
                                    content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (run_id, attempt, discrepancy_id) DO NOTHING",
    )?;
    let inserted = insert.execute(params![
        run.run_id,
        run.attempt,
        id,
        discrepancy.kind.name(),
        discrepancy.severity.name(),
        discrepancy.reference.as_str(),
        content,
    ])?;
    if inserted == 1 {
        return Ok(());
    }
    let mut select = transaction.prepare_cached(
        "SELECT content FROM discrepancies
         WHERE run_id = ?1 AND attempt = ?2 AND discrepancy_id = ?3",
    )?;
    let stored: Option<String> = select
        .query_row(params![run.run_id, run.attempt, id], |row| row.get(0))
        .optional()?;
    if stored.as_ref() == Some(&content) {
        return Ok(());
    }
    Err(run_rules::found_otherwise(&run.run_id, discrepancy))
}

pub(super) fn insert_coverage(
    transaction: &Transaction<'_>,
    run_id: &str,
    id: &DiscrepancyId,
    alert_id: &str,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO alert_coverage (discrepancy_id, alert_id, run_id) VALUES (?1, ?2, ?3)
         ON CONFLICT (discrepancy_id, alert_id) DO NOTHING",
    )?;
    statement.execute(params![id.as_str(), alert_id, run_id])?;
    Ok(())
}
