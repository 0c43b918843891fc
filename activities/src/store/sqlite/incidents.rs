//! Incidents: told once, with a case from the beginning, of runs that may never have been opened.

use domain::alert::IncidentKind;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Transaction, params};

use super::audit;
use super::{cases, findings, value};
use crate::store::note::Note;
use crate::store::{CaseRow, Incident, StoreError, text};

/// Puts an incident on record with its case and its alerts, once.
pub(in crate::store) fn raise(
    transaction: &Transaction<'_>,
    incident: &Incident,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(id) = incident.id() else {
        return Ok(());
    };
    let mut known = transaction.prepare_cached("SELECT 1 FROM incidents WHERE incident_id = ?1")?;
    if known.exists([id])? {
        return Ok(());
    }
    for alert in &incident.alerts {
        findings::insert_alert(transaction, alert, at)?;
    }
    cases::begin(transaction, &cases::get(transaction, id)?, at)?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO incidents (incident_id, source, business_date, kind, run_id, raised_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.execute(params![
        id,
        incident.source,
        incident.business_date.to_string(),
        incident.kind.name(),
        incident.run_id,
        text::time_text(at),
    ])?;
    for alert in &incident.alerts {
        audit::note(transaction, Note::intended(alert, at))?;
    }
    Ok(())
}

/// Incidents of a source's day whose cases are open.
pub(in crate::store) fn open_of_day(
    transaction: &Transaction<'_>,
    source: &str,
    business_date: Date,
) -> Result<Vec<(IncidentKind, String)>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT i.kind, i.incident_id FROM incidents i
         JOIN cases c ON c.discrepancy_id = i.incident_id
         WHERE i.source = ?1 AND i.business_date = ?2 AND c.state IN ('open', 'proposed')
         ORDER BY i.incident_id",
    )?;
    let rows = statement.query(params![source, business_date.to_string()])?;
    value::all(rows, |row| {
        let kind = value::parse(row, "kind", IncidentKind::parse)?;
        Ok((kind, value::get(row, "incident_id")?))
    })
}

/// The cases of all open incidents, the latest day first.
pub(in crate::store) fn open(
    transaction: &Transaction<'_>,
    source: Option<&str>,
) -> Result<Vec<CaseRow>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT i.incident_id FROM incidents i
         JOIN cases c ON c.discrepancy_id = i.incident_id
         WHERE (?1 IS NULL OR i.source = ?1) AND c.state IN ('open', 'proposed')
         ORDER BY i.business_date DESC, i.incident_id",
    )?;
    let ids: Vec<String> = value::all(statement.query([source])?, |row| {
        value::get(row, "incident_id")
    })?;
    let cases = ids.iter().map(|id| cases::get(transaction, id));
    cases.collect()
}
