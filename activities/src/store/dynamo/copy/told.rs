//! Alerts, and what they told of.

use jiff::Timestamp;
use rusqlite::{Row, Transaction};

use super::rows::{every, item, parse, text, with_numbers};
use super::{Rows, keys};
use crate::store::dynamo::alerts;
use crate::store::dynamo::item::Item;
use crate::store::{StoreError, content};

/// Each telling with its alert, and with what the last attempt at the run that told had found.
const TELLINGS: &str = "
    SELECT v.*, a.case_id, a.channel, a.intended_at, a.content,
           d.severity, d.at_stake, d.currency
    FROM alert_coverage v
    JOIN alerts a USING (alert_id)
    JOIN discrepancies d ON d.run_id = v.run_id AND d.discrepancy_id = v.discrepancy_id
    WHERE d.attempt = (SELECT max(attempt) FROM discrepancies l
                       WHERE l.run_id = v.run_id AND l.discrepancy_id = v.discrepancy_id)";

/// When the last digest of each source was made.
const DIGESTS: &str = "
    SELECT source, max(intended_at) AS at FROM alerts
    WHERE case_id LIKE 'case/digest/%' GROUP BY source";

pub(super) fn read(transaction: &Transaction<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    every(transaction, "SELECT * FROM alerts", |row| alert(row, add))?;
    every(transaction, TELLINGS, |row| telling(row, add))?;
    every(transaction, DIGESTS, |row| {
        add(
            keys::last_digest(&text(row, "source")?),
            item(row, &["at"])?,
        )
    })
}

fn alert(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let (id, case_id) = (text(row, "alert_id")?, text(row, "case_id")?);
    let columns = [
        "case_id",
        "run_id",
        "source",
        "severity",
        "channel",
        "content",
        "state",
        "intended_at",
        "last_error",
        "sent_at",
        "provider_reference",
        "redriven_at",
    ];
    let intended_at: Timestamp = parse(row, "intended_at", |text| text.parse().ok())?;
    let order = format!("{}#{id}", keys::newest_first(intended_at));
    let alert = with_numbers(row, item(row, &columns)?, &["attempts"])?;
    add(
        keys::alert(&case_id, &id),
        alert.listed(alerts::LISTED, order),
    )?;
    add(
        keys::case_of_alert(&id),
        Item::default().with("case_id", case_id),
    )
}

fn telling(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let (id, alert_id) = (text(row, "discrepancy_id")?, text(row, "alert_id")?);
    let told = content::alert(&text(row, "content")?)?;
    let columns = [
        "run_id",
        "alert_id",
        "channel",
        "intended_at",
        "severity",
        "at_stake",
        "currency",
    ];
    let telling = item(row, &columns)?.with_maybe("occasion", told.occasion.as_deref());
    add(keys::told(&id, &alert_id), telling)?;
    let covered = Item::default().with("discrepancy", &id);
    add(keys::coverage(&text(row, "case_id")?, &id), covered)
}
