//! Cases, what was done to them, what runs found, causes and incidents.

use domain::case::CaseState;
use domain::severity::Severity;
use jiff::civil::Date;
use rusqlite::{Row, Transaction};

use super::rows::{every, item, number, parse, small, text, with_numbers};
use super::{Key, Rows, keys, source};
use crate::store::StoreError;
use crate::store::content;
use crate::store::dynamo::item::Item;
use crate::store::dynamo::{cases, causes, incidents};

/// Cases with what the last run that saw them found; none for summaries, causes and incidents.
const CASES: &str = "
    SELECT c.*, d.content, r.opened_at AS first_seen_at, m.cause_id,
           (SELECT json_group_array(alert_id)
            FROM (SELECT alert_id FROM alert_coverage a
                  WHERE a.discrepancy_id = c.discrepancy_id ORDER BY alert_id)) AS alert_ids
    FROM cases c
    LEFT JOIN discrepancies d
      ON d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt
         AND d.discrepancy_id = c.discrepancy_id
    LEFT JOIN runs r ON r.run_id = c.first_seen_run
    LEFT JOIN cause_members m ON m.discrepancy_id = c.discrepancy_id";

/// Which run found something of which cause.
const CAUSES_OF_RUNS: &str = "
    SELECT DISTINCT d.run_id, m.cause_id FROM discrepancies d
    JOIN cause_members m USING (discrepancy_id)";

pub(super) fn read(transaction: &Transaction<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    every(transaction, CASES, |row| case(row, add))?;
    every(transaction, "SELECT * FROM case_acts", |row| {
        let key = keys::act(&text(row, "discrepancy_id")?, &text(row, "act_id")?);
        add(key, item(row, &["request_sha256", "outcome", "reason"])?)
    })?;
    every(transaction, "SELECT * FROM discrepancies", |row| {
        let severity = parse(row, "severity", Severity::parse)?;
        let (run_id, id) = (text(row, "run_id")?, text(row, "discrepancy_id")?);
        let key = keys::finding(&run_id, small(row, "attempt")?, severity, &id);
        add(key, item(row, &["content"])?)
    })?;
    every(transaction, "SELECT * FROM causes", |row| cause(row, add))?;
    every(transaction, "SELECT * FROM cause_members", |row| {
        let cause = text(row, "cause_id")?;
        let key = keys::member(&cause, &text(row, "discrepancy_id")?);
        add(key, Item::default().with("cause", cause))
    })?;
    every(transaction, CAUSES_OF_RUNS, |row| {
        let cause = text(row, "cause_id")?;
        let key = keys::cause_of_run(&text(row, "run_id")?, &cause);
        add(key, Item::default().with("cause", cause))
    })?;
    every(transaction, "SELECT * FROM incidents", |row| {
        incident(row, add)
    })
}

fn case(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let id = text(row, "discrepancy_id")?;
    let columns = [
        "source",
        "state",
        "first_seen_run",
        "last_seen_run",
        "assigned_to",
        "acknowledged_by",
        "decision",
        "seen_again_run",
        "since",
    ];
    let case = item(row, &columns)?;
    let mut case = with_numbers(row, case, &["last_seen_attempt", "version", "reminders"])?
        .with_number("level", number(row, "escalation_level")?);
    if number(row, "has_workflow")? > 0 {
        case.set("has_workflow", "yes");
    }
    let found: Option<String> = row.get("content")?;
    let Some(found) = found else {
        return add(keys::case(&id), case);
    };
    let found = content::discrepancy(&found)?;
    let (cause, first_seen_at): (Option<String>, Option<String>) =
        (row.get("cause_id")?, row.get("first_seen_at")?);
    case.set_maybe("cause", cause.as_deref());
    case.set_maybe("first_seen_at", first_seen_at.as_deref());
    let alert_ids = text(row, "alert_ids")?;
    if alert_ids != "[]" {
        case.set("alert_ids", alert_ids);
    }
    let of = text(row, "source")?;
    if parse(row, "state", CaseState::parse)? == CaseState::Proposed {
        let proposal = Item::default().with("case", &id);
        add(Key::new(keys::proposals(&of), &id), proposal)?;
    }
    let (key, known) = source(&of);
    add(key, known)?;
    add(keys::case(&id), cases::about(case, &found)?)
}

fn cause(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let id = text(row, "cause_id")?;
    let date: Date = parse(row, "business_date", |text| text.parse().ok())?;
    let columns = [
        "cause_id",
        "run_id",
        "source",
        "business_date",
        "kind",
        "severity",
        "explanation",
        "first_seen_run",
        "last_seen_run",
        "acting",
    ];
    let order = format!("{}#{id}", keys::latest_first(date));
    add(
        keys::cause(&id),
        item(row, &columns)?.listed(causes::LISTED, order),
    )
}

fn incident(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let id = text(row, "incident_id")?;
    let date: Date = parse(row, "business_date", |text| text.parse().ok())?;
    let columns = ["source", "business_date", "kind", "run_id", "raised_at"];
    let order = format!("{}#{id}", keys::latest_first(date));
    let incident = item(row, &columns)?.listed(incidents::LISTED, order);
    let partition = keys::incidents(&text(row, "source")?, date);
    add(Key::new(partition, id), incident)
}
