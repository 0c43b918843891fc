//! The discrepancies of a run as CSV: the columns of `discrepancies.csv`, then how each case stands, and
//! what came closest to a record that is alone.

use std::io::{self, Write};

use domain::money::amount_text;

use super::model::{Item, RunReport};
use crate::report::discrepancies_csv;
use crate::report::spreadsheet::Cell;

/// The columns behind those of `discrepancies.csv`. Other programs read them by name: a contract.
const CASE_COLUMNS: [&str; 9] = [
    "state",
    "assigned_to",
    "resolution",
    "resolved_by",
    "approved_by",
    "at_stake",
    "age_business_days",
    "first_seen_run",
    "closest",
];

/// All columns, in order.
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    discrepancies_csv::COLUMNS.into_iter().chain(CASE_COLUMNS)
}

/// The cells of one discrepancy, in the order of [`columns`]. A proposed resolution is there with
/// who proposed it; `state` says that it is not in force.
pub(super) fn cells(item: &Item) -> impl Iterator<Item = Cell<'_>> {
    let discrepancy = &item.discrepancy;
    let decision = item.decision();
    let of_case = [
        Cell::name(item.case.state.name()),
        Cell::text(item.case.assigned_to.as_deref()),
        Cell::name(decision.map(|decision| decision.resolution.kind().name())),
        Cell::text(decision.map(|decision| decision.by.as_str())),
        Cell::text(decision.and_then(|decision| decision.approved_by.as_deref())),
        Cell::number(Some(amount_text(
            discrepancy.at_stake,
            discrepancy.currency,
        ))),
        Cell::number(Some(item.age_business_days)),
        // The id of a run ends in a client's or invoice's name from outside.
        Cell::text(item.first_seen_run.as_str()),
        Cell::told(discrepancy.nearest.as_ref()),
    ];
    discrepancies_csv::cells(discrepancy)
        .into_iter()
        .chain(of_case)
}

pub(super) fn write(report: &RunReport, out: impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns())?;
    for item in &report.items {
        for cell in cells(item) {
            csv.write_field(cell.csv().as_bytes())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}
