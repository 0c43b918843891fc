//! `matches.csv`: one line per group of records that belong together and agree.

use std::io::{self, Write};

use domain::money::amount_text;
use domain::policy::SourcePolicy;

use super::spreadsheet::Cell;
use crate::offline::Match;

/// The columns, in order. Other programs read them by name: a contract.
const COLUMNS: [&str; 5] = [
    "rule",
    "currency",
    "amount",
    "partner_lines",
    "ledger_lines",
];

/// Writes the header and one line per match, in the order given. Lines are ascending, with spaces
/// between; `amount` is what the partner reports, summed up.
///
/// # Errors
/// What `out` fails with.
pub(crate) fn write_matches_csv(
    out: impl Write,
    policy: &SourcePolicy,
    matches: &[Match],
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    for found in matches {
        let cells = [
            Cell::text(found.rule_name(policy)),
            Cell::word(Some(found.currency)),
            Cell::number(Some(amount_text(found.amount, found.currency))),
            Cell::word(Some(listed_lines(&found.partner_lines))),
            Cell::word(Some(listed_lines(&found.ledger_lines))),
        ];
        for cell in &cells {
            csv.write_field(cell.csv().as_bytes())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

/// Lines in the order given, with spaces between.
pub(crate) fn listed_lines(lines: &[u32]) -> String {
    let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
    lines.join(" ")
}
