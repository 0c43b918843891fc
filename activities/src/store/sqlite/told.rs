//! What people were told of discrepancies: of which run, how often, and again when a case is opened
//! again.

use std::collections::BTreeMap;

use domain::alert::{AlertIntent, AlertRun, Told};
use domain::money::{Amount, Currency, Money};
use domain::severity::Severity;
use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{findings, listing, runs, value};
use crate::store::{CaseRow, Reopening, StoreError, ToldBefore, case_rules, content};

pub(in crate::store) fn before(
    transaction: &Transaction<'_>,
    ids: Vec<String>,
    run_id: &str,
) -> Result<BTreeMap<String, ToldBefore>, StoreError> {
    let mut found = BTreeMap::new();
    for id in ids {
        if let Some(last) = last(transaction, &id, run_id)? {
            let again = by_run(transaction, &id, run_id, last.times)?;
            found.insert(id, ToldBefore { last, again });
        }
    }
    Ok(found)
}

/// What they were told last because of another run, as that run found it.
fn last(transaction: &Transaction<'_>, id: &str, run_id: &str) -> Result<Option<Told>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT d.severity, d.at_stake, d.currency
         FROM alert_coverage v
         JOIN alerts a ON a.alert_id = v.alert_id
         JOIN discrepancies d ON d.run_id = v.run_id AND d.discrepancy_id = v.discrepancy_id
         WHERE v.discrepancy_id = ?1 AND v.run_id <> ?2
         ORDER BY a.intended_at DESC, d.attempt DESC LIMIT 1",
    )?;
    let mut rows = statement.query([id, run_id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let amount: Amount = value::parse(row, "at_stake", |text| Amount::parse_computed(text).ok())?;
    Ok(Some(Told {
        severity: value::parse(row, "severity", Severity::parse)?,
        at_stake: Money {
            amount: amount.abs(),
            currency: value::parse(row, "currency", |code| Currency::parse(code).ok())?,
        },
        times: times(transaction, id, Some(run_id))?,
    }))
}

/// How often they were told on any one channel, because of another run than that one.
fn times(
    transaction: &Transaction<'_>,
    id: &str,
    other_than: Option<&str>,
) -> Result<u32, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT count(*) AS times FROM alert_coverage v JOIN alerts a ON a.alert_id = v.alert_id
         WHERE v.discrepancy_id = ?1 AND (?2 IS NULL OR v.run_id <> ?2)
         GROUP BY a.channel ORDER BY times DESC LIMIT 1",
    )?;
    let mut rows = statement.query(params![id, other_than])?;
    match rows.next()? {
        Some(row) => value::number(row, "times"),
        None => Ok(0),
    }
}

/// Why this run told them again after so many times: what the alert says that it wrote.
fn by_run(
    transaction: &Transaction<'_>,
    id: &str,
    run_id: &str,
    times: u32,
) -> Result<Option<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT a.alert_id, a.content
         FROM alert_coverage v JOIN alerts a ON a.alert_id = v.alert_id
         WHERE v.discrepancy_id = ?1 AND v.run_id = ?2",
    )?;
    let mut rows = statement.query([id, run_id])?;
    while let Some(row) = rows.next()? {
        let alert_id: String = value::get(row, "alert_id")?;
        if case_rules::is_of_people(&alert_id, id, times) {
            continue;
        }
        let content: String = value::get(row, "content")?;
        let content = content::alert(&content)?;
        return Ok(Some(content.occasion.unwrap_or_default()));
    }
    Ok(None)
}

/// Writes what `tell` has to say of a discrepancy whose case was opened again.
pub(super) fn reopened(
    transaction: &Transaction<'_>,
    row: &CaseRow,
    note: String,
    at: Timestamp,
    tell: &impl Fn(&Reopening) -> Result<Vec<AlertIntent>, StoreError>,
) -> Result<(), StoreError> {
    if row.is_summary {
        return Ok(());
    }
    let found = listing::discrepancy(transaction, &row.id)?;
    let run = runs::get(transaction, &found.run_id)?;
    let reopening = Reopening {
        run: AlertRun {
            run_id: found.run_id,
            source: found.source,
            business_date: run.business_date,
        },
        times: times(transaction, &row.id, None)?,
        discrepancy: found.discrepancy,
        note,
    };
    for alert in tell(&reopening)? {
        findings::insert_alert(transaction, &alert, at)?;
        let (run_id, id) = (&reopening.run.run_id, &reopening.discrepancy.id);
        findings::insert_coverage(transaction, run_id, id, &alert.id)?;
    }
    Ok(())
}
