//! What is open of a source, read row by row; and the digests that told of it.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::severity::Severity;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::audit;
use super::{findings, value};
use crate::store::note::Note;
use crate::store::{OpenDiscrepancy, StoreError, content, text};

/// Hands over what is open, one after the other.
pub(in crate::store) fn fold_open<T>(
    transaction: &Transaction<'_>,
    source: &str,
    severities: &BTreeSet<Severity>,
    fold: impl FnOnce(&mut dyn Iterator<Item = OpenDiscrepancy>) -> T,
) -> Result<T, StoreError> {
    let severities: Vec<&str> = severities.iter().map(|severity| severity.name()).collect();
    let mut statement = transaction.prepare_cached(
        "SELECT d.content, r.opened_at > ?3 AS is_new FROM cases c
         JOIN discrepancies d
           ON d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt
              AND d.discrepancy_id = c.discrepancy_id
         JOIN runs r ON r.run_id = c.first_seen_run
         WHERE c.source = ?1 AND c.state IN ('open', 'proposed')
           AND d.severity IN (SELECT value FROM json_each(?2))",
    )?;
    let since = last_digest(transaction, source)?.unwrap_or_default();
    let mut rows = statement.query(params![source, text::json(&severities)?, since])?;
    // The first row that can't be read ends the list, and is the answer.
    let mut damaged = None;
    let mut next = || match rows.next() {
        Ok(row) => row.map(open).transpose(),
        Err(error) => Err(error.into()),
    };
    let folded = fold(&mut std::iter::from_fn(|| match next() {
        Ok(open) => open,
        Err(error) => {
            damaged = Some(error);
            None
        }
    }));
    match damaged {
        Some(error) => Err(error),
        None => Ok(folded),
    }
}

/// Puts an alert of a case without discrepancies on record, once.
pub(in crate::store) fn intend(
    transaction: &Transaction<'_>,
    alert: &AlertIntent,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut known = transaction.prepare_cached("SELECT 1 FROM alerts WHERE alert_id = ?1")?;
    if known.exists([&alert.id])? {
        return Ok(());
    }
    findings::insert_alert(transaction, alert, at)?;
    audit::note(transaction, Note::intended(alert, at))
}

/// When the source's last digest was made, as the store writes times.
fn last_digest(transaction: &Transaction<'_>, source: &str) -> Result<Option<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT max(intended_at) FROM alerts WHERE case_id >= ?1 AND case_id < ?2",
    )?;
    // From the first to the last that begins so: `0` comes after `/`.
    let range = params![
        format!("case/digest/{source}/"),
        format!("case/digest/{source}0")
    ];
    let last = statement.query_row(range, |row| row.get(0)).optional()?;
    Ok(last.flatten())
}

fn open(row: &Row<'_>) -> Result<OpenDiscrepancy, StoreError> {
    let content: String = value::get(row, "content")?;
    Ok(OpenDiscrepancy {
        discrepancy: content::discrepancy(&content)?,
        is_new: value::get(row, "is_new")?,
    })
}
