//! A payment processor's settlement report, with what makes such files hard to read: lines above
//! the header, decimal commas, an old encoding, payouts between the payments, totals.

use domain::record::Status;
use jiff::civil::Date;

use super::currencies::CurrencyFacts;
use super::scenario::PartnerRow;

/// A report, and what its first total is called when it is found wrong.
pub(super) struct Report {
    pub(super) bytes: Vec<u8>,
    pub(super) first_total: String,
}

/// Whether a report's own arithmetic holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Balance {
    Holds,
    /// The first total, or closing balance, is one minor unit too high.
    Broken,
}

const HEADER: [&str; 12] = [
    "Transaction ID",
    "Merchant reference",
    "Invoice",
    "Type",
    "Status",
    "Value date",
    "Currency",
    "Gross",
    "Fee",
    "Net",
    "Customer",
    "Payments",
];

/// The report in windows-1252. One section for each currency, closed by its total.
pub(super) fn report(
    rows: &[PartnerRow],
    currencies: &[&'static CurrencyFacts],
    business_date: Date,
    balance: Balance,
) -> Report {
    let date = german(business_date);
    let mut text = format!(
        "Acme Pay (generated data);Settlement report\nPeriod;{date} - {date}\n\n{}\n",
        HEADER.join(";")
    );
    let mut balance = balance;
    let mut total_lines = Vec::new();
    for currency in currencies {
        let own: Vec<&PartnerRow> = rows
            .iter()
            .filter(|row| row.currency == *currency)
            .collect();
        if own.is_empty() {
            continue;
        }
        own.iter().for_each(|row| text.push_str(&payment(row)));
        text.push_str(&payout(currency, &own, &date));
        text.push_str(&total(currency, &own, balance));
        balance = Balance::Holds;
        total_lines.push(text.lines().count());
    }
    Report {
        bytes: windows_1252(&text),
        first_total: total_lines
            .first()
            .map(|line| format!("totals row in line {line}"))
            .unwrap_or_default(),
    }
}

fn payment(row: &PartnerRow) -> String {
    let kind = if row.gross < 0 { "Refund" } else { "Payment" };
    let status = match row.status {
        Status::Pending => "Pending",
        Status::Settled => "Settled",
        Status::Reversed => "Charged back",
        Status::Failed => "Failed",
    };
    line([
        &row.transaction_id,
        &row.reference,
        &row.invoice,
        kind,
        status,
        &german(row.value_date),
        row.currency.code,
        &row.currency.european(row.gross),
        &row.currency.european(row.fee),
        &row.currency.european(row.net),
        row.customer,
        "",
    ])
}

fn payout(currency: &CurrencyFacts, rows: &[&PartnerRow], date: &str) -> String {
    let net: i64 = rows.iter().map(|row| row.net).sum();
    let id = format!("PO-{}", currency.code);
    let net = currency.european(-net);
    let none = currency.european(0);
    line([
        &id,
        "",
        "",
        "Payout",
        "Paid",
        date,
        currency.code,
        &net,
        &none,
        &net,
        "",
        "",
    ])
}

fn total(currency: &CurrencyFacts, rows: &[&PartnerRow], balance: Balance) -> String {
    let sum = |part: fn(&PartnerRow) -> i64| rows.iter().map(|row| part(row)).sum::<i64>();
    let gross = sum(|row| row.gross) + i64::from(balance == Balance::Broken);
    let label = format!("Total {}", currency.code);
    line([
        &label,
        "",
        "",
        "",
        "",
        "",
        currency.code,
        &currency.european(gross),
        &currency.european(sum(|row| row.fee)),
        &currency.european(sum(|row| row.net)),
        "",
        &rows.len().to_string(),
    ])
}

/// No field of ours holds a semicolon, a quote or a line end.
fn line(fields: [&str; HEADER.len()]) -> String {
    format!("{}\n", fields.join(";"))
}

fn german(date: Date) -> String {
    format!("{:02}.{:02}.{}", date.day(), date.month(), date.year())
}

/// windows-1252 agrees with Unicode in all letters that we use.
fn windows_1252(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| u8::try_from(u32::from(letter)).expect("generated text is Latin-1"))
        .collect()
}
