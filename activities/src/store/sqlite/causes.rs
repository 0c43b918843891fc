//! Causes, their discrepancies and their cases.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::case::{Act, Applied, Case, CaseState};
use domain::cause::{Cause, CauseKind};
use domain::discrepancy::DiscrepancyId;
use domain::money::{Amount, Currency, Money};
use domain::severity::Severity;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, ToSql, Transaction, params};

use super::{acts, attention, cases, value};
use crate::store::case_rules::{CauseRow, Standing, Stands};
use crate::store::{
    ActOutcome, Acted, Acting, CaseRow, CauseFilter, Denied, Reopening, RunRow, StoreError,
    case_rules,
};

/// A cause with its case.
const CAUSES: &str = "
    SELECT c.*, k.kind, k.severity, k.explanation, k.business_date, k.acting,
           k.first_seen_run AS found_first_by, k.last_seen_run AS found_last_by
    FROM causes k JOIN cases c ON c.discrepancy_id = k.cause_id";

/// Puts a cause and its case on record. What it is stays; what is said of it is the latest.
pub(super) fn record(
    transaction: &Transaction<'_>,
    run: &RunRow,
    cause: &Cause,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO cases (discrepancy_id, source, state, first_seen_run, last_seen_run,
                            last_seen_attempt)
         VALUES (?1, ?2, 'open', ?3, ?3, 0)
         ON CONFLICT (discrepancy_id) DO UPDATE SET last_seen_run = excluded.last_seen_run",
    )?;
    statement.execute(params![cause.id, run.source, run.run_id])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO causes (cause_id, run_id, source, business_date, kind, severity, explanation,
                             first_seen_run, last_seen_run)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?2, ?2)
         ON CONFLICT (cause_id) DO UPDATE
         SET run_id = excluded.run_id, severity = excluded.severity,
             explanation = excluded.explanation, last_seen_run = excluded.last_seen_run",
    )?;
    statement.execute(params![
        cause.id,
        run.run_id,
        run.source,
        run.business_date.to_string(),
        cause.kind.name(),
        cause.severity.name(),
        cause.explanation,
    ])?;
    Ok(())
}

/// Says what a discrepancy's cause is, unless that is known.
pub(super) fn record_member(
    transaction: &Transaction<'_>,
    cause: &str,
    discrepancy: &DiscrepancyId,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO cause_members (cause_id, discrepancy_id) VALUES (?1, ?2)
         ON CONFLICT (discrepancy_id) DO NOTHING",
    )?;
    statement.execute(params![cause, discrepancy.as_str()])?;
    Ok(())
}

/// The cause that a discrepancy has was seen by this run, too.
pub(super) fn seen(
    transaction: &Transaction<'_>,
    run: &RunRow,
    discrepancy: &DiscrepancyId,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE causes SET last_seen_run = ?1
         WHERE cause_id = (SELECT cause_id FROM cause_members WHERE discrepancy_id = ?2)
           AND last_seen_run <> ?1",
    )?;
    statement.execute(params![run.run_id, discrepancy.as_str()])?;
    Ok(())
}

pub(in crate::store) fn list(
    transaction: &Transaction<'_>,
    filter: &CauseFilter,
) -> Result<Vec<CaseRow>, StoreError> {
    let mut statement = transaction.prepare_cached(&format!(
        "{CAUSES}
         WHERE (?1 IS NULL OR k.source = ?1) AND (NOT ?2 OR c.state IN ('open', 'proposed'))
           AND (?3 IS NULL OR EXISTS (
                 SELECT 1 FROM cause_members m JOIN discrepancies d USING (discrepancy_id)
                 WHERE m.cause_id = k.cause_id AND d.run_id = ?3))
         ORDER BY k.business_date DESC, k.cause_id"
    ))?;
    let rows = statement.query(params![filter.source, filter.open, filter.run_id])?;
    value::all(rows, |row| from_row(transaction, row))
}

/// The case of a cause.
pub(super) fn find(transaction: &Transaction<'_>, id: &str) -> Result<Option<CaseRow>, StoreError> {
    let mut statement = transaction.prepare_cached(&format!("{CAUSES} WHERE k.cause_id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?
        .map(|row| from_row(transaction, row))
        .transpose()
}

fn from_row(transaction: &Transaction<'_>, row: &Row<'_>) -> Result<CaseRow, StoreError> {
    let id: String = value::get(row, "discrepancy_id")?;
    let standing = standing(transaction, &id)?;
    let stands = Stands {
        case: cases::case(row)?,
        has_workflow: value::get(row, "has_workflow")?,
        attention: attention::attention(row)?,
    };
    let cause = CauseRow {
        id,
        source: value::get(row, "source")?,
        business_date: value::parse(row, "business_date", |text| text.parse::<Date>().ok())?,
        kind: value::parse(row, "kind", CauseKind::parse)?,
        severity: value::parse(row, "severity", Severity::parse)?,
        explanation: value::get(row, "explanation")?,
        first_seen_run: value::get(row, "found_first_by")?,
        last_seen_run: value::get(row, "found_last_by")?,
        acting: value::get(row, "acting")?,
    };
    case_rules::cause(cause, standing, stands)
}

fn standing(transaction: &Transaction<'_>, cause: &str) -> Result<Standing, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT c.state, d.currency, d.at_stake,
                d.partner_amount IS NOT NULL AND d.ledger_amount IS NOT NULL AS has_both_sides
         FROM cause_members m JOIN cases c USING (discrepancy_id)
         JOIN discrepancies d
           ON d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt
              AND d.discrepancy_id = c.discrepancy_id
         WHERE m.cause_id = ?1",
    )?;
    let mut rows = statement.query([cause])?;
    let mut standing = Standing::default();
    while let Some(row) = rows.next()? {
        let amount = |text: &str| Amount::parse_computed(text).ok();
        let at_stake = Money {
            amount: value::parse(row, "at_stake", amount)?,
            currency: value::parse(row, "currency", |code| Currency::parse(code).ok())?,
        };
        let state = value::parse(row, "state", CaseState::parse)?;
        standing.add(state, at_stake, value::get(row, "has_both_sides")?)?;
    }
    Ok(standing)
}

pub(in crate::store) fn members(
    transaction: &Transaction<'_>,
    cause: &str,
) -> Result<Vec<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT discrepancy_id FROM cause_members WHERE cause_id = ?1 ORDER BY discrepancy_id",
    )?;
    value::all(statement.query([cause])?, |row| {
        value::get(row, "discrepancy_id")
    })
}

pub(in crate::store) fn of(
    transaction: &Transaction<'_>,
    ids: &[String],
) -> Result<BTreeSet<String>, StoreError> {
    let query = "SELECT cause_id FROM cause_members WHERE discrepancy_id = ?1";
    let mut statement = transaction.prepare_cached(query)?;
    let mut found = BTreeSet::new();
    for id in ids {
        let mut rows = statement.query([id])?;
        if let Some(row) = rows.next()? {
            found.insert(value::get(row, "cause_id")?);
        }
    }
    Ok(found)
}

pub(in crate::store) fn of_other_days(
    transaction: &Transaction<'_>,
    ids: Vec<String>,
    business_date: Date,
) -> Result<BTreeSet<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM cause_members JOIN causes USING (cause_id)
         WHERE discrepancy_id = ?1 AND business_date <> ?2",
    )?;
    let date = business_date.to_string();
    let mut found = BTreeSet::new();
    for id in ids {
        if statement.exists([&id as &dyn ToSql, &date])? {
            found.insert(id);
        }
    }
    Ok(found)
}

/// Nobody is told that the case of a cause is opened again: it follows its members.
fn nobody(_: &Reopening) -> Result<Vec<AlertIntent>, StoreError> {
    Ok(Vec::new())
}

/// Acts on the case of a cause, and keeps what is to be done to its members, once.
pub(in crate::store) fn act(
    transaction: &Transaction<'_>,
    acting: &Acting,
    by: &str,
    at: Timestamp,
    decide: &impl Fn(&CaseRow) -> Result<Applied, Denied>,
    then: &impl Fn(&Case, &Case) -> Option<String>,
) -> Result<Option<Acted>, StoreError> {
    let before = acts::before(transaction, acting)?;
    let acted = acts::act(transaction, acting, by, at, decide, &nobody)?;
    let (Some(before), Some(acted)) = (before, acted) else {
        return Ok(None);
    };
    if let Some(then) = case_rules::left_to_do(&before, &acted, then) {
        let mut statement =
            transaction.prepare_cached("UPDATE causes SET acting = ?2 WHERE cause_id = ?1")?;
        statement.execute([&acting.id, &then])?;
    }
    Ok(Some(acted))
}

pub(in crate::store) fn done(
    transaction: &Transaction<'_>,
    cause: &str,
    acting: &str,
) -> Result<(), StoreError> {
    let mut statement = transaction
        .prepare_cached("UPDATE causes SET acting = NULL WHERE cause_id = ?1 AND acting = ?2")?;
    statement.execute([cause, acting])?;
    Ok(())
}

/// Has the case of a cause stand as its members do; the case if that changed it.
pub(in crate::store) fn follow(
    transaction: &Transaction<'_>,
    id: &str,
    by: &str,
    at: Timestamp,
    decide: &impl Fn(&CaseRow, &Act) -> Result<Applied, Denied>,
) -> Result<Option<CaseRow>, StoreError> {
    let Some(row) = find(transaction, id)? else {
        return Ok(None);
    };
    let Some((act, acting)) = case_rules::following(&row) else {
        return Ok(None);
    };
    let acted = acts::act(
        transaction,
        &acting,
        by,
        at,
        &|row| decide(row, &act),
        &nobody,
    )?;
    let changed = acted.filter(|acted| acted.outcome == ActOutcome::Done);
    Ok(changed.map(|acted| acted.case))
}
