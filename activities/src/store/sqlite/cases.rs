//! Cases as their workflows begin them.

use domain::audit::{AuditEvent, AuditHead};
use jiff::Timestamp;
use rusqlite::Transaction;

use super::audit::{self, Note};
use super::{alerts, listing};
use crate::store::{CaseRow, StoreError, TRUEUP};

/// Begins the audit stream of a case, if it has not begun, and gives what is known of it.
pub(in crate::store) fn open(
    transaction: &Transaction<'_>,
    subject_id: &str,
    at: Timestamp,
) -> Result<CaseRow, StoreError> {
    let stream = format!("case/{subject_id}");
    let discrepancy = listing::find_discrepancy(transaction, subject_id)?;
    let alerts = alerts::of_case(transaction, &stream)?;
    let Some(run_id) = discrepancy
        .as_ref()
        .map(|row| &row.first_seen_run)
        .or_else(|| alerts.first().map(|alert| &alert.intent.run_id))
    else {
        return Err(listing::no_discrepancy(subject_id));
    };
    if audit::head(transaction, &stream)? == AuditHead::EMPTY {
        audit::note(
            transaction,
            Note {
                stream: &stream,
                at,
                actor: TRUEUP,
                event: AuditEvent::CaseOpened,
                fields: vec![
                    ("alerts", alerts.len().to_string()),
                    ("first_seen_run", run_id.clone()),
                ],
            },
        )?;
    }
    Ok(CaseRow {
        discrepancy,
        alerts,
    })
}
