//! What is compared and neither matched nor a discrepancy: `in_transit.csv`, the ledger's records that the
//! partner may still report, and `superseded.csv`, announcements that count no longer.

use std::io::{self, Write};

use domain::matching::Superseded;
use domain::record::Record;

use super::spreadsheet::safe_text;

pub(super) const OF_RECORD: [&str; 6] = [
    "file",
    "line",
    "reference",
    "currency",
    "amount",
    "value_date",
];

/// Writes the header and one line per record, in the order given.
///
/// # Errors
/// What `out` fails with.
pub fn write_in_transit_csv<'r>(
    out: impl Write,
    records: impl IntoIterator<Item = &'r Record>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(OF_RECORD)?;
    for record in records {
        csv.write_record(cells(record))?;
    }
    csv.flush()
}

/// Writes the header and one line per record, with its side and what counts instead of it.
///
/// # Errors
/// What `out` fails with.
pub fn write_superseded_csv<'r>(
    out: impl Write,
    superseded: impl IntoIterator<Item = &'r Superseded>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(
        ["side"]
            .into_iter()
            .chain(OF_RECORD)
            .chain(["superseded_by"]),
    )?;
    for Superseded { record, by } in superseded {
        let mut cells = cells(record).to_vec();
        cells.insert(0, record.side.name().to_owned());
        cells.push(safe_text(by).into_owned());
        csv.write_record(cells)?;
    }
    csv.flush()
}

pub(super) fn cells(record: &Record) -> [String; OF_RECORD.len()] {
    [
        safe_text(&record.origin.file).into_owned(),
        record.origin.line.to_string(),
        safe_text(record.display_reference().unwrap_or_default()).into_owned(),
        record.money.currency.code().to_owned(),
        record.money.amount_text(),
        record.value_date.to_string(),
    ]
}
