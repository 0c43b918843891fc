//! `in_transit.csv`: the ledger's records that the partner may still report, which are no discrepancies.

use std::io::{self, Write};

use domain::record::Record;

use super::spreadsheet::safe_text;

const COLUMNS: [&str; 6] = [
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
    csv.write_record(COLUMNS)?;
    for record in records {
        csv.write_record([
            &safe_text(&record.origin.file),
            &*record.origin.line.to_string(),
            &safe_text(record.display_reference().unwrap_or_default()),
            record.money.currency.code(),
            &record.money.amount_text(),
            &record.value_date.to_string(),
        ])?;
    }
    csv.flush()
}
