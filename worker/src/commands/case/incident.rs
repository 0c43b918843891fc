//! Incidents in the list of cases: what should have happened and did not.

use activities::store::CaseRow;
use serde_json::{Value, json};
use workflows::identity;

use crate::output::say;
use crate::table::{self, Column};

/// A table of open incidents.
pub(super) fn print(incidents: &[CaseRow]) {
    let columns = [
        Column::Left("severity"),
        Column::Left("incident"),
        Column::Left("source"),
        Column::Left("owner"),
        Column::Left("seen by"),
        Column::Left("id"),
    ];
    table::print(&columns, incidents.iter().map(row).collect(), "");
    let some = match incidents.len() {
        1 => "incident",
        _ => "incidents",
    };
    say!(
        "\n{} {some}, over when the day is reconciled: trueup case show ID\n",
        incidents.len()
    );
}

fn row(row: &CaseRow) -> Vec<String> {
    let named = |name: &Option<String>| name.clone().unwrap_or("-".to_owned());
    vec![
        row.subject.severity.to_string(),
        row.reference.clone(),
        row.subject.source.clone(),
        named(&row.case.assigned_to),
        named(&row.case.acknowledged_by),
        row.id.clone(),
    ]
}

/// An incident as scripts see it.
pub(super) fn to_json(row: &CaseRow) -> Value {
    json!({
        "incident_id": row.id,
        "case_id": identity::case_id(&row.id),
        "severity": row.subject.severity.name(),
        "headline": row.reference,
        "source": row.subject.source,
        "run_id": row.last_seen_run,
        "case": row.case.state.name(),
        "assigned_to": row.case.assigned_to,
        "acknowledged_by": row.case.acknowledged_by,
        "case_version": row.case.version,
    })
}
