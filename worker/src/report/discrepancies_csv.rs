//! `discrepancies.csv`: one line per discrepancy, in these columns.

use std::borrow::Borrow;
use std::io::{self, Write};

use domain::discrepancy::Discrepancy;
use domain::matching::own_sum;
use domain::money::amount_text;
use domain::record::{Record, Side};

use super::spreadsheet::Cell;

/// The columns, in order. Other programs read them by name: a contract.
pub(crate) const COLUMNS: [&str; 14] = [
    "discrepancy_id",
    "kind",
    "severity",
    "reference",
    "currency",
    "partner_amount",
    "ledger_amount",
    "difference",
    "partner_value_date",
    "ledger_value_date",
    "partner_line",
    "ledger_line",
    "rule",
    "reason",
];

/// Bytes collected before they are handed on.
const BUFFER_BYTES: usize = 16 << 10;

/// Writes the header and one line per discrepancy, in the order given. Amounts are plain decimals;
/// `difference` is partner minus ledger.
///
/// # Errors
/// What `out` fails with.
pub fn write_discrepancies_csv<D: Borrow<Discrepancy>>(
    mut out: impl Write,
    discrepancies: impl IntoIterator<Item = D>,
) -> io::Result<()> {
    csv::Writer::from_writer(&mut out).write_record(COLUMNS)?;
    write_lines(out, discrepancies)
}

/// Writes one line per discrepancy, without a header.
///
/// # Errors
/// What `out` fails with.
pub(super) fn write_lines<D: Borrow<Discrepancy>>(
    out: impl Write,
    discrepancies: impl IntoIterator<Item = D>,
) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new()
        .buffer_capacity(BUFFER_BYTES)
        .from_writer(out);
    for discrepancy in discrepancies {
        let cells = cells(discrepancy.borrow());
        for cell in &cells {
            csv.write_field(cell.csv().as_bytes())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

/// The cells of one discrepancy, in the order of [`COLUMNS`]. Of several records of a side the first line
/// and date, and what they come to.
pub(crate) fn cells(discrepancy: &Discrepancy) -> [Cell<'_>; 14] {
    let (partner, ledger) = (&discrepancy.partner, &discrepancy.ledger);
    let currency = discrepancy.currency;
    [
        Cell::name(discrepancy.id.as_str()),
        Cell::name(discrepancy.kind.name()),
        Cell::name(discrepancy.severity.name()),
        Cell::text(&*discrepancy.reference),
        Cell::word(Some(currency)),
        amount(discrepancy, Side::Partner),
        amount(discrepancy, Side::Ledger),
        Cell::number(discrepancy.difference.map(|sum| amount_text(sum, currency))),
        value_date(partner),
        value_date(ledger),
        line(partner),
        line(ledger),
        Cell::text(&*discrepancy.rule),
        Cell::text(&*discrepancy.reason),
    ]
}

fn amount(discrepancy: &Discrepancy, side: Side) -> Cell<'_> {
    Cell::number(own_sum(discrepancy, side).map(|money| money.amount_text()))
}

fn value_date(record: &Option<Record>) -> Cell<'_> {
    Cell::word(record.as_ref().map(|record| record.value_date))
}

fn line(record: &Option<Record>) -> Cell<'_> {
    Cell::number(record.as_ref().map(|record| record.origin.line))
}
