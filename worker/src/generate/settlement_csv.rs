//! A payment processor's settlement report, with what makes such files hard to read: lines above
//! the header, decimal commas, an old encoding, payouts between the payments, totals.

use domain::record::Status;
use jiff::civil::Date;

use super::currencies::CurrencyFacts;
use super::partner_report::{Balance, Draft, Layout, PartnerReport};
use super::rows::PartnerRow;

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
/// Further columns of labelled data.
const HEADER_LABELLED: [&str; 2] = ["Description", "Batch"];

/// The report in windows-1252. One section for each currency, closed by its total.
pub(super) fn report(
    rows: &[PartnerRow],
    currencies: &[&'static CurrencyFacts],
    business_date: Date,
    balance: Balance,
    layout: Layout,
) -> PartnerReport {
    let date = german(business_date);
    let mut draft = Draft::new(rows.len());
    draft.push(&format!(
        "Acme Pay (generated data);Settlement report\nPeriod;{date} - {date}\n\n"
    ));
    draft.push(&line(HEADER, HEADER_LABELLED, layout));
    let mut balance = balance;
    let mut first_total = None;
    for currency in currencies {
        let own: Vec<&PartnerRow> = rows
            .iter()
            .filter(|row| row.currency == *currency)
            .collect();
        if own.is_empty() {
            continue;
        }
        for row in &own {
            draft.begin(row.number);
            draft.push(&payment(row, layout));
        }
        draft.push(&payout(currency, &own, &date, layout));
        first_total.get_or_insert(draft.line());
        draft.push(&total(currency, &own, balance, layout));
        balance = Balance::Holds;
    }
    let (text, lines) = draft.finish();
    PartnerReport {
        bytes: windows_1252(&text),
        subject: first_total
            .map(|line| format!("totals row in line {line}"))
            .unwrap_or_default(),
        lines,
    }
}

fn payment(row: &PartnerRow, layout: Layout) -> String {
    let kind = if row.gross < 0 { "Refund" } else { "Payment" };
    let status = match row.status {
        Status::Pending => "Pending",
        Status::Settled => "Settled",
        Status::Reversed => "Charged back",
        Status::Failed => "Failed",
    };
    line(
        [
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
        ],
        [&row.description, &row.batch],
        layout,
    )
}

fn payout(currency: &CurrencyFacts, rows: &[&PartnerRow], date: &str, layout: Layout) -> String {
    let net: i64 = rows.iter().map(|row| row.net).sum();
    let id = format!("PO-{}", currency.code);
    let net = currency.european(-net);
    let none = currency.european(0);
    line(
        [
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
        ],
        ["", ""],
        layout,
    )
}

fn total(
    currency: &CurrencyFacts,
    rows: &[&PartnerRow],
    balance: Balance,
    layout: Layout,
) -> String {
    let sum = |part: fn(&PartnerRow) -> i64| rows.iter().map(|row| part(row)).sum::<i64>();
    let gross = sum(|row| row.gross) + i64::from(balance == Balance::Broken);
    let label = format!("Total {}", currency.code);
    line(
        [
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
        ],
        ["", ""],
        layout,
    )
}

/// No field of ours holds a semicolon, a quote or a line end.
fn line(
    fields: [&str; HEADER.len()],
    labelled: [&str; HEADER_LABELLED.len()],
    layout: Layout,
) -> String {
    match layout {
        Layout::Plain => format!("{}\n", fields.join(";")),
        Layout::Labelled => format!("{};{}\n", fields.join(";"), labelled.join(";")),
    }
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
