//! The figures of a report as rows of a table, for the first sheet of a workbook.

use domain::money::{Amount, Currency, amount_text};

use super::balance::Rate;
use super::figures::Stake;
use super::model::RunReport;
use super::text::{self, counted, sum_text, time, words};
use super::wording;
use crate::report::spreadsheet::Cell;

/// The columns, with their widths.
pub(super) const COLUMNS: [(&str, u16); 4] = [
    ("subject", 44),
    ("currency", 10),
    ("value", 30),
    ("remark", 100),
];

/// How amounts are written in a workbook.
const AMOUNTS: &str = "numbers up to 15 digits, text with every digit beyond: never rounded";

/// All rows, the answers that people look for first at the top.
pub(super) fn rows(report: &RunReport) -> Vec<Vec<Cell<'_>>> {
    let mut rows = Rows(Vec::new());
    about(&mut rows, report);
    for rate in &report.rates {
        match_rate(&mut rows, rate);
    }
    found(&mut rows, report);
    write_offs(&mut rows, report);
    rows.text("Amounts in this workbook", AMOUNTS, "");
    rows.0
}

fn about(rows: &mut Rows<'_>, report: &RunReport) {
    let run = &report.run;
    rows.text("Source", &report.title, &run.source);
    rows.text("Run", &run.run_id, &text::scope(&run.scope));
    rows.text("Business date", &run.business_date.to_string(), "");
    rows.text("Made at", &time(report.made_at), wording::CASES_AS_OF);
    if let Some(problem) = &report.ending.problem {
        rows.text("Ended without a result", problem, "");
    }
    for answer in wording::answers(report) {
        rows.text(answer.question, &answer.answer, &answer.details.join("; "));
    }
}

fn match_rate<'a>(rows: &mut Rows<'a>, rate: &Rate) {
    let subject = |what: &str| format!("Matched, {} {what}", rate.side);
    let percent = |share: Option<super::Share>| {
        share.map_or_else(|| "none".to_owned(), |share| share.to_string())
    };
    let currency = rate.currency;
    let of = format!(
        "{} of {}",
        rate.matched,
        counted(rate.records, "record", "records")
    );
    rows.line(
        subject("by count"),
        Some(currency),
        Cell::Text(percent(rate.by_count).into()),
        format!("{of}; {}", wording::RATE_BY_COUNT),
    );
    let of = format!(
        "{} of {}",
        amount_text(rate.matched_sum, currency),
        amount_text(rate.sum, currency)
    );
    rows.line(
        subject("by value"),
        Some(currency),
        Cell::Text(percent(rate.by_value).into()),
        format!("{of}; {}", wording::RATE_BY_VALUE),
    );
}

fn found(rows: &mut Rows<'_>, report: &RunReport) {
    let figures = &report.figures;
    for ((kind, severity), tally) in &figures.by_kind {
        let subject = format!("{}, {severity}", words(kind.name()));
        let remark = format!("of these open: {}", tally.open);
        rows.line(subject, None, Cell::number(Some(tally.found)), remark);
    }
    for (currency, figures) in &figures.by_currency {
        rows.stake("Found: at stake", *currency, &figures.found);
        rows.stake("Open: value at risk", *currency, &figures.open);
        rows.stake("Open and critical: at stake", *currency, &figures.critical);
    }
    for ((bucket, currency), stake) in &figures.ageing_stakes {
        let subject = format!("Open for {bucket} business days: at stake");
        rows.stake(&subject, *currency, stake);
    }
}

fn write_offs(rows: &mut Rows<'_>, report: &RunReport) {
    for (key, stake) in &report.resolutions.write_offs {
        let subject = format!("Written off: {} to {}", key.reason_code, key.account);
        rows.stake(&subject, key.currency, stake);
    }
}

struct Rows<'a>(Vec<Vec<Cell<'a>>>);

impl<'a> Rows<'a> {
    fn line(
        &mut self,
        subject: String,
        currency: Option<Currency>,
        value: Cell<'a>,
        remark: String,
    ) {
        self.0.push(vec![
            Cell::Text(subject.into()),
            Cell::word(currency),
            value,
            Cell::Text(remark.into()),
        ]);
    }

    fn text(&mut self, subject: &str, value: &str, remark: &str) {
        let value = Cell::Text(value.to_owned().into());
        self.line(subject.to_owned(), None, value, remark.to_owned());
    }

    fn stake(&mut self, subject: &str, currency: Currency, stake: &Stake) {
        let value = match stake.at_stake {
            Some(sum) => sum_cell(sum, currency),
            None => Cell::Text(sum_text(None, currency).into()),
        };
        let remark = counted(stake.count, "discrepancy", "discrepancies");
        self.line(subject.to_owned(), Some(currency), value, remark);
    }
}

fn sum_cell<'a>(sum: Amount, currency: Currency) -> Cell<'a> {
    Cell::number(Some(amount_text(sum, currency)))
}
