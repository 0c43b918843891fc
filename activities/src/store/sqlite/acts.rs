//! What is done to a case, once: the case, its audit trail and the name of the act together.

use domain::alert::AlertIntent;
use domain::case::Applied;
use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::audit;
use super::{attention, cases, told, value};
use crate::store::case_rules::Decided;
use crate::store::note::Note;
use crate::store::{
    ActOutcome, Acted, Acting, BeforeAct, CaseRow, Denied, Reopening, StoreError, case_rules,
};

/// Does one act, unless it was done before; none when there is no such case.
pub(in crate::store) fn act(
    transaction: &Transaction<'_>,
    acting: &Acting,
    by: &str,
    at: Timestamp,
    decide: &impl Fn(&CaseRow) -> Result<Applied, Denied>,
    tell: &impl Fn(&Reopening) -> Result<Vec<AlertIntent>, StoreError>,
) -> Result<Option<Acted>, StoreError> {
    let Some(row) = cases::find(transaction, &acting.id)? else {
        return Ok(None);
    };
    if let Some((outcome, reason)) = known(transaction, acting)? {
        return Ok(Some(Acted {
            outcome,
            reason,
            case: row,
        }));
    }
    cases::begin(transaction, &row, at)?;
    let decided = Decided::by(decide(&row));
    if let Some(case) = &decided.case {
        cases::save(transaction, &row, case)?;
    }
    let mut attention = row.attention;
    if let Some(note) = decided.reopened() {
        attention = attention::restart(transaction, &row, at)?;
        told::reopened(transaction, &row, note, at, tell)?;
    }
    let Decided {
        outcome,
        reason,
        case,
        entry,
    } = decided;
    if let Some(entry) = entry {
        let note = Note::of_case(&row.id, at, by, entry);
        audit::note(transaction, note)?;
    }
    let mut statement = transaction.prepare_cached(
        "INSERT INTO case_acts (discrepancy_id, act_id, request_sha256, outcome, reason)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![
        acting.id,
        acting.act_id,
        case_rules::request_digest(&acting.request),
        outcome.name(),
        reason,
    ])?;
    Ok(Some(Acted {
        outcome,
        reason,
        case: CaseRow {
            case: case.unwrap_or_else(|| row.case.clone()),
            attention,
            ..row
        },
    }))
}

/// The case of an act, and what became of the act if it was done before.
pub(in crate::store) fn before(
    transaction: &Transaction<'_>,
    acting: &Acting,
) -> Result<Option<BeforeAct>, StoreError> {
    let Some(case) = cases::find(transaction, &acting.id)? else {
        return Ok(None);
    };
    let outcome = known(transaction, acting)?;
    Ok(Some(BeforeAct { case, outcome }))
}

/// What became of an act that was done before; another request under its name is refused.
fn known(
    transaction: &Transaction<'_>,
    acting: &Acting,
) -> Result<Option<(ActOutcome, String)>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT request_sha256, outcome, reason FROM case_acts
         WHERE discrepancy_id = ?1 AND act_id = ?2",
    )?;
    let mut rows = statement.query([&acting.id, &acting.act_id])?;
    let Some(found) = rows.next()? else {
        return Ok(None);
    };
    let request: String = value::get(found, "request_sha256")?;
    if request != case_rules::request_digest(&acting.request) {
        return Ok(Some(case_rules::asked_otherwise()));
    }
    let outcome = value::parse(found, "outcome", ActOutcome::parse)?;
    Ok(Some((outcome, value::get(found, "reason")?)))
}
