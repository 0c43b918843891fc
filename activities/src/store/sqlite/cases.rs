//! Cases: what is known of one, and its workflow's beginning.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::AuditHead;
use domain::case::{Case, CaseState, InForce, Subject};
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use domain::severity::Severity;
use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::audit;
use super::{alerts, attention, causes, value};
use crate::store::case_rules::Stands;
use crate::store::note::Note;
use crate::store::{CaseRow, StoreError, case_rules, text};

/// Begins a case's workflow, and its audit stream if that has not begun.
pub(in crate::store) fn open(
    transaction: &Transaction<'_>,
    id: &str,
    at: Timestamp,
) -> Result<CaseRow, StoreError> {
    let row = get(transaction, id)?;
    begin(transaction, &row, at)?;
    let mut statement = transaction
        .prepare_cached("UPDATE cases SET has_workflow = 1 WHERE discrepancy_id = ?1")?;
    statement.execute([id])?;
    Ok(CaseRow {
        attention: attention::begin(transaction, &row, at)?,
        has_workflow: true,
        ..row
    })
}

/// The case of this id.
pub(in crate::store) fn get(
    transaction: &Transaction<'_>,
    id: &str,
) -> Result<CaseRow, StoreError> {
    find(transaction, id)?.ok_or_else(|| case_rules::no_discrepancy(id))
}

pub(in crate::store) fn find(
    transaction: &Transaction<'_>,
    id: &str,
) -> Result<Option<CaseRow>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT c.*, d.kind, d.severity, d.reference, d.currency, d.at_stake,
                d.partner_amount IS NOT NULL AND d.ledger_amount IS NOT NULL AS has_both_sides
         FROM cases c JOIN discrepancies d
           ON d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt
              AND d.discrepancy_id = c.discrepancy_id
         WHERE c.discrepancy_id = ?1",
    )?;
    let mut rows = statement.query([id])?;
    match rows.next()? {
        Some(row) => from_row(row).map(Some),
        None => match causes::find(transaction, id)? {
            Some(cause) => Ok(Some(cause)),
            None => find_summary(transaction, id),
        },
    }
}

/// Those of `ids` that a person or a workflow ever dealt with.
pub(in crate::store) fn dealt_with(
    transaction: &Transaction<'_>,
    ids: &[String],
) -> Result<Vec<CaseRow>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM cases WHERE discrepancy_id = ?1 AND (has_workflow = 1 OR version > 0)",
    )?;
    let mut found = Vec::new();
    for id in ids {
        if statement.exists([id])? {
            found.push(get(transaction, id)?);
        }
    }
    Ok(found)
}

/// The resolutions in force, of those that have one.
pub(in crate::store) fn resolutions(
    transaction: &Transaction<'_>,
    ids: &[String],
) -> Result<BTreeMap<String, InForce>, StoreError> {
    // Without the discrepancies, which are large.
    let mut statement = transaction.prepare_cached(
        "SELECT c.decision, d.at_stake FROM cases c JOIN discrepancies d
           ON d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt
              AND d.discrepancy_id = c.discrepancy_id
         WHERE c.discrepancy_id = ?1 AND c.state = 'resolved' AND c.decision IS NOT NULL",
    )?;
    let mut found = BTreeMap::new();
    for id in ids {
        let mut rows = statement.query([id])?;
        if let Some(row) = rows.next()? {
            let decided: String = value::get(row, "decision")?;
            let in_force = InForce {
                resolution: text::decision(&decided)?.resolution,
                at_stake: at_stake(row)?,
            };
            found.insert(id.clone(), in_force);
        }
    }
    Ok(found)
}

/// Puts the case of a summary on record, and `case_opened` on the stream of any case, once.
pub(super) fn begin(
    transaction: &Transaction<'_>,
    row: &CaseRow,
    at: Timestamp,
) -> Result<(), StoreError> {
    if row.is_summary {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO cases (discrepancy_id, source, state, first_seen_run, last_seen_run,
                                last_seen_attempt)
             VALUES (?1, ?2, 'open', ?3, ?3, 0) ON CONFLICT (discrepancy_id) DO NOTHING",
        )?;
        statement.execute(params![row.id, row.subject.source, row.last_seen_run])?;
    }
    let stream = format!("case/{}", row.id);
    if audit::head(transaction, &stream)? != AuditHead::EMPTY {
        return Ok(());
    }
    let mut statement =
        transaction.prepare_cached("SELECT first_seen_run FROM cases WHERE discrepancy_id = ?1")?;
    let first_seen_run: String = statement.query_row([&row.id], |row| row.get(0))?;
    let alerts = alerts::of_case(transaction, &stream)?.len();
    let note = Note::case_opened(&row.id, at, alerts, first_seen_run);
    audit::note(transaction, note)
}

/// Writes how a case stands.
pub(super) fn save(
    transaction: &Transaction<'_>,
    row: &CaseRow,
    case: &Case,
) -> Result<(), StoreError> {
    let decision = case.decision.as_ref();
    let decision = decision.map(|decided| text::decision_text(decided, row.subject.currency));
    let mut statement = transaction.prepare_cached(
        "UPDATE cases SET state = ?2, assigned_to = ?3, acknowledged_by = ?4, decision = ?5,
                          seen_again_run = ?6, version = ?7
         WHERE discrepancy_id = ?1",
    )?;
    statement.execute(params![
        row.id,
        case.state.name(),
        case.assigned_to,
        case.acknowledged_by,
        decision.transpose()?,
        case.last_seen_run,
        value::integer(case.version)?,
    ])?;
    Ok(())
}

/// How a case stands, by its columns.
pub(super) fn case(row: &Row<'_>) -> Result<Case, StoreError> {
    let decided: Option<String> = value::get(row, "decision")?;
    let decision = decided.map(|decided| text::decision(&decided));
    Ok(Case {
        state: value::parse(row, "state", CaseState::parse)?,
        assigned_to: value::get(row, "assigned_to")?,
        acknowledged_by: value::get(row, "acknowledged_by")?,
        decision: decision.transpose()?,
        last_seen_run: value::get(row, "seen_again_run")?,
        version: value::number(row, "version")?,
    })
}

/// Whether a discrepancy of one of these severities that a run found has an open case.
pub(in crate::store) fn is_anything_open(
    transaction: &Transaction<'_>,
    run_id: &str,
    severities: &BTreeSet<Severity>,
) -> Result<bool, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM runs r
         JOIN discrepancies d ON d.run_id = r.run_id AND d.attempt = r.attempt
         JOIN cases c USING (discrepancy_id)
         WHERE r.run_id = ?1 AND d.severity = ?2 AND c.state IN ('open', 'proposed') LIMIT 1",
    )?;
    for severity in severities {
        if statement.exists(params![run_id, severity.name()])? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn from_row(row: &Row<'_>) -> Result<CaseRow, StoreError> {
    let subject = Subject {
        source: value::get(row, "source")?,
        kind: value::parse(row, "kind", Kind::parse)?,
        severity: value::parse(row, "severity", Severity::parse)?,
        currency: value::parse(row, "currency", |code| Currency::parse(code).ok())?,
        at_stake: at_stake(row)?,
        has_both_sides: value::get(row, "has_both_sides")?,
    };
    Ok(CaseRow {
        id: value::get(row, "discrepancy_id")?,
        is_summary: false,
        reference: value::get(row, "reference")?,
        subject,
        case: case(row)?,
        has_workflow: value::get(row, "has_workflow")?,
        first_seen_run: value::get(row, "first_seen_run")?,
        last_seen_run: value::get(row, "last_seen_run")?,
        cause: None,
        attention: attention::attention(row)?,
    })
}

fn at_stake(row: &Row<'_>) -> Result<Amount, StoreError> {
    value::parse(row, "at_stake", |text| Amount::parse_computed(text).ok())
}

/// A summary and an incident have alerts of their own, and no discrepancy.
fn find_summary(transaction: &Transaction<'_>, id: &str) -> Result<Option<CaseRow>, StoreError> {
    let alerts = alerts::of_case(transaction, &format!("case/{id}"))?;
    let Some(alert) = alerts.into_iter().next() else {
        return Ok(None);
    };
    let mut statement =
        transaction.prepare_cached("SELECT * FROM cases WHERE discrepancy_id = ?1")?;
    let mut rows = statement.query([id])?;
    let stands = match rows.next()? {
        Some(row) => Stands {
            case: case(row)?,
            has_workflow: value::get(row, "has_workflow")?,
            attention: attention::attention(row)?,
        },
        None => Stands::default(),
    };
    case_rules::summary(id, alert, stands).map(Some)
}
