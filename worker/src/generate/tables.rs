//! The files that are ours: the ledger, and the truth about both sides.

use std::ops::Range;

use super::partner_report::Layout;
use super::rows::LedgerRow;
use super::told::{Group, Rows, Sum, Truth};
use super::trouble::{PLAIN, Trouble};
use crate::report::listed_lines;

/// Where the rows of both files stand, by their numbers.
pub(super) struct Lines {
    pub(super) partner: Vec<u32>,
    pub(super) ledger: Vec<u32>,
}

const LEDGER: [&str; 9] = [
    "entry_id",
    "payment_reference",
    "invoice",
    "client_id",
    "client_name",
    "amount",
    "currency",
    "value_date",
    "status",
];
const TRUTH: [&str; 3] = ["reference", "kind", "severity"];
const LABELS: [&str; 5] = [
    "trouble",
    "currency",
    "amount",
    "partner_lines",
    "ledger_lines",
];

/// The ledger as CSV, and the line of each row by the row's number.
pub(super) fn ledger(
    rows: &[LedgerRow],
    layout: Layout,
) -> Result<(Vec<u8>, Vec<u32>), csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let is_labelled = layout == Layout::Labelled;
    let more = is_labelled.then_some("batch");
    writer.write_record(LEDGER.into_iter().chain(more))?;
    let mut lines = vec![0; rows.len()];
    // The header is line 1, and no field of ours holds a line end.
    for ((index, row), line) in rows.iter().enumerate().zip(2..) {
        lines[row.number as usize] = line;
        let fields: [&str; LEDGER.len()] = [
            &(90_001 + index).to_string(),
            &row.reference,
            &row.invoice,
            &row.client,
            row.customer,
            &row.currency.plain(row.amount),
            row.currency.code,
            &row.value_date.to_string(),
            row.status.name(),
        ];
        let more = is_labelled.then_some(&*row.batch);
        writer.write_record(fields.into_iter().chain(more))?;
    }
    Ok((finished(writer)?, lines))
}

/// Every discrepancy that must be found: `reference,kind,severity`, and what it is about where data
/// is labelled.
pub(super) fn truth(truth: &[Truth], lines: &Lines, layout: Layout) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let labels: &[&str] = match layout {
        Layout::Plain => &[],
        Layout::Labelled => &LABELS,
    };
    writer.write_record(TRUTH.iter().chain(labels))?;
    for truth in truth {
        let fields: [&str; TRUTH.len()] =
            [&truth.reference, truth.kind.name(), truth.severity.name()];
        let more = match layout {
            Layout::Plain => Vec::new(),
            Layout::Labelled => {
                labels_of(truth.trouble, truth.at_stake, &truth.rows, lines).to_vec()
            }
        };
        let more = more.iter().map(String::as_str);
        writer.write_record(fields.into_iter().chain(more))?;
    }
    finished(writer)
}

/// Every group that belongs together and agrees.
pub(super) fn matches(matches: &[Group], lines: &Lines) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(LABELS)?;
    for group in matches {
        writer.write_record(labels_of(
            group.trouble,
            Some(group.sum),
            &group.rows,
            lines,
        ))?;
    }
    finished(writer)
}

fn labels_of(
    trouble: Option<Trouble>,
    sum: Option<Sum>,
    rows: &Rows,
    lines: &Lines,
) -> [String; LABELS.len()] {
    [
        trouble.map_or(PLAIN, Trouble::name).to_owned(),
        sum.map_or("", |sum| sum.currency.code).to_owned(),
        sum.map_or(String::new(), |sum| sum.currency.plain(sum.amount)),
        listed(&rows.partner, &lines.partner),
        listed(&rows.ledger, &lines.ledger),
    ]
}

/// Lines in ascending order, with spaces between.
fn listed(rows: &Range<u32>, lines: &[u32]) -> String {
    let mut lines = lines[rows.start as usize..rows.end as usize].to_vec();
    lines.sort_unstable();
    listed_lines(&lines)
}

fn finished(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}
