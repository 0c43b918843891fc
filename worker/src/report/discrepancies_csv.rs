//! `discrepancies.csv`: one line per discrepancy, in the columns of the blueprint (section 7).

use std::borrow::Borrow;
use std::io::{self, Write};

use domain::discrepancy::Discrepancy;
use domain::money::{Money, amount_text};
use domain::record::Record;

use super::spreadsheet::safe_text;

/// The columns, in order. Other programs read them by name: a contract.
const COLUMNS: [&str; 14] = [
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

/// Writes the header and one line per discrepancy, in the order given. Amounts are plain decimals;
/// `difference` is partner minus ledger.
///
/// # Errors
/// What `out` fails with.
pub fn write_discrepancies_csv<D: Borrow<Discrepancy>>(
    out: impl Write,
    discrepancies: impl IntoIterator<Item = D>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    for discrepancy in discrepancies {
        let discrepancy = discrepancy.borrow();
        let (partner, ledger) = (&discrepancy.partner, &discrepancy.ledger);
        let difference = discrepancy.difference;
        csv.write_record([
            discrepancy.id.as_str(),
            discrepancy.kind.name(),
            discrepancy.severity.name(),
            &safe_text(&discrepancy.reference),
            discrepancy.currency.code(),
            &amount(partner),
            &amount(ledger),
            &difference.map_or(String::new(), |d| amount_text(d, discrepancy.currency)),
            &value_date(partner),
            &value_date(ledger),
            &line(partner),
            &line(ledger),
            &safe_text(&discrepancy.rule),
            &safe_text(&discrepancy.reason),
        ])?;
    }
    csv.flush()
}

fn amount(record: &Option<Record>) -> String {
    let money: Option<&Money> = record.as_ref().map(|record| &record.money);
    money.map_or(String::new(), Money::amount_text)
}

fn value_date(record: &Option<Record>) -> String {
    let date = record.as_ref().map(|record| record.value_date);
    date.map_or(String::new(), |date| date.to_string())
}

fn line(record: &Option<Record>) -> String {
    let line = record.as_ref().map(|record| record.origin.line);
    line.map_or(String::new(), |line| line.to_string())
}
