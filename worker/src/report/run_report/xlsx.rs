//! A report as a workbook.
//!
//! A spreadsheet's number is a float of 15 safe digits. An amount of at most that many is written as
//! a number, so that people can add up and sort; a longer one is written as text, with every digit,
//! rather than as a number that is not it. All other cells are text: none is ever a formula.

use std::io::{self, Write};

use domain::money::{Amount, amount_text};
use jiff::tz::TimeZone;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::csv;
use super::json::line_parts;
use super::model::RunReport;
use super::resolutions::write_off;
use super::summary;
use super::text::visible;
use crate::report::spreadsheet::Cell;

/// Most significant digits that every spreadsheet keeps.
const NUMBER_DIGITS_MAX: usize = 15;
/// Most characters that a cell holds, with room for the mark that it was cut.
const CELL_CHARACTERS_MAX: usize = 32_000;
/// Most rows of a sheet, its header among them.
const ROWS_MAX: usize = 1_048_576;

pub(super) fn write(report: &RunReport, out: &mut dyn Write) -> io::Result<()> {
    if report.items.len() >= ROWS_MAX {
        let message = format!(
            "{} discrepancies are more than a sheet holds; use --format csv",
            report.items.len()
        );
        return Err(io::Error::other(message));
    }
    let bytes = workbook(report).and_then(|mut workbook| workbook.save_to_buffer());
    out.write_all(&bytes.map_err(io::Error::other)?)
}

fn workbook(report: &RunReport) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    // The time it was made is the report's: the same report gives the same bytes.
    let made_at = report.made_at.to_zoned(TimeZone::UTC).datetime();
    let made_at =
        ExcelDateTime::parse_from_str(&made_at.strftime("%Y-%m-%dT%H:%M:%S").to_string())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
    let sheets = [
        ("Summary", summary_sheet(report)),
        ("Discrepancies", discrepancies(report)),
        ("Conservation", conservation(report)),
        ("Resolutions", resolutions(report)),
        ("Inputs", inputs(report)),
        ("Rejects", rejects(report)),
    ];
    for (name, table) in sheets {
        table.write(workbook.add_worksheet().set_name(name)?)?;
    }
    Ok(workbook)
}

/// A header and rows below it.
struct Table<'a> {
    columns: Vec<(&'static str, u16)>,
    rows: Box<dyn Iterator<Item = Vec<Cell<'a>>> + 'a>,
}

impl Table<'_> {
    fn write(self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let bold = Format::new().set_bold();
        let right = Format::new().set_align(FormatAlign::Right);
        for (column, (title, width)) in (0u16..).zip(&self.columns) {
            sheet.write_string_with_format(0, column, *title, &bold)?;
            sheet.set_column_width(column, *width)?;
        }
        let mut last_row = 0;
        for (row, cells) in (1u32..).zip(self.rows) {
            last_row = row;
            for (column, cell) in (0u16..).zip(cells) {
                write_cell(sheet, row, column, &cell, &right)?;
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        let last_column = self.columns.len().saturating_sub(1);
        sheet.autofilter(0, 0, last_row, u16::try_from(last_column).unwrap_or(0))?;
        Ok(())
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell<'_>,
    right: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(text) | Cell::Word(text) if text.is_empty() => {}
        Cell::Number(text) if text.is_empty() => {}
        Cell::Text(text) | Cell::Word(text) => {
            sheet.write_string(row, column, cut(&visible(text)))?;
        }
        Cell::Number(text) => match exact_number(text) {
            Some((number, format)) => {
                let format = Format::new().set_num_format(format);
                sheet.write_number_with_format(row, column, number, &format)?;
            }
            None => {
                sheet.write_string_with_format(row, column, text, right)?;
            }
        },
    }
    Ok(())
}

/// A plain decimal as a spreadsheet's number, and the format that shows its decimals; `None` when
/// the number would not be it.
fn exact_number(text: &str) -> Option<(f64, String)> {
    let digits = text.trim_start_matches(['-', '0', '.']);
    let significant = digits.bytes().filter(u8::is_ascii_digit).count();
    let amount = Amount::parse(text).ok()?;
    let number: f64 = text.parse().ok()?;
    let is_exact = Amount::parse(&number.to_string()) == Ok(amount);
    if significant > NUMBER_DIGITS_MAX || !is_exact {
        return None;
    }
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let format = match decimals {
        0 => "0".to_owned(),
        decimals => format!("0.{}", "0".repeat(decimals)),
    };
    Some((number, format))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CELL_CHARACTERS_MAX) {
        Some((at, _)) => format!("{} … (cut)", &text[..at]),
        None => text.to_owned(),
    }
}

fn summary_sheet(report: &RunReport) -> Table<'_> {
    Table {
        columns: summary::COLUMNS.to_vec(),
        rows: Box::new(summary::rows(report).into_iter()),
    }
}

fn discrepancies(report: &RunReport) -> Table<'_> {
    let columns = csv::columns().map(|name| match name {
        "reason" => (name, 80),
        "discrepancy_id" | "first_seen_run" => (name, 34),
        "reference" | "kind" | "rule" => (name, 22),
        _ => (name, 16),
    });
    Table {
        columns: columns.collect(),
        rows: Box::new(report.items.iter().map(|item| csv::cells(item).collect())),
    }
}

fn conservation(report: &RunReport) -> Table<'_> {
    let lines = report.balance.conservation.lines();
    let rows = lines.flat_map(|(side, currency, line)| {
        line_parts(line).map(move |(part, sums)| {
            let sum = sums.sum().map(|sum| amount_text(sum, currency));
            vec![
                Cell::name(side.name()),
                Cell::word(Some(currency)),
                Cell::name(part),
                Cell::number(Some(sums.count())),
                sum.map_or_else(
                    |error| Cell::Text(error.to_string().into()),
                    |sum| Cell::number(Some(sum)),
                ),
                Cell::name(if line.holds() { "yes" } else { "no" }),
            ]
        })
    });
    Table {
        columns: vec![
            ("side", 12),
            ("currency", 10),
            ("part", 18),
            ("records", 12),
            ("amount", 22),
            ("line_balances", 14),
        ],
        rows: Box::new(rows),
    }
}

fn resolutions(report: &RunReport) -> Table<'_> {
    let decided = report.items.iter().filter_map(|item| {
        let decision = item.decision()?;
        let (reason_code, account, amount) = write_off(&decision.resolution)
            .map_or((None, None, None), |(reason, account, amount)| {
                (Some(reason), Some(account), Some(amount))
            });
        let currency = item.discrepancy.currency;
        Some(vec![
            Cell::name(item.discrepancy.id.as_str()),
            Cell::text(&*item.discrepancy.reference),
            Cell::name(item.case.state.name()),
            Cell::name(decision.resolution.kind().name()),
            Cell::word(Some(currency)),
            Cell::number(Some(amount_text(item.discrepancy.at_stake, currency))),
            Cell::text(decision.by.as_str()),
            Cell::word(Some(decision.at)),
            Cell::text(decision.approved_by.as_deref()),
            Cell::text(decision.note.as_str()),
            Cell::number(amount.map(|amount| amount_text(amount, currency))),
            Cell::text(reason_code),
            Cell::text(account),
        ])
    });
    Table {
        columns: vec![
            ("discrepancy_id", 34),
            ("reference", 22),
            ("state", 12),
            ("resolution", 20),
            ("currency", 10),
            ("at_stake", 16),
            ("by", 18),
            ("at", 24),
            ("approved_by", 18),
            ("note", 60),
            ("written_off", 16),
            ("reason_code", 18),
            ("account", 18),
        ],
        rows: Box::new(decided),
    }
}

fn inputs(report: &RunReport) -> Table<'_> {
    let rows = report.inputs.iter().map(|input| {
        vec![
            Cell::name(input.side.name()),
            Cell::text(input.name.as_str()),
            Cell::text(input.declared_id.as_deref()),
            Cell::number(Some(input.bytes)),
            Cell::number(Some(input.rows.read)),
            Cell::number(Some(input.rows.accepted)),
            Cell::number(Some(input.rows.rejected)),
            Cell::number(Some(input.rows.skipped)),
            Cell::name(input.sha256.as_str()),
        ]
    });
    Table {
        columns: vec![
            ("side", 12),
            ("name", 40),
            ("declared_id", 24),
            ("bytes", 14),
            ("rows_read", 12),
            ("rows_accepted", 14),
            ("rows_rejected", 14),
            ("rows_skipped", 14),
            ("sha256", 68),
        ],
        rows: Box::new(rows),
    }
}

fn rejects(report: &RunReport) -> Table<'_> {
    let rows = report.rejects.iter().map(|row| {
        let reject = &row.reject;
        vec![
            Cell::name(reject.side.name()),
            Cell::text(&*reject.origin.file),
            Cell::number(Some(reject.origin.line)),
            Cell::text(&*reject.column),
            Cell::text(&*reject.value),
            Cell::text(&*reject.reason),
            Cell::text(&*reject.origin.raw),
        ]
    });
    Table {
        columns: vec![
            ("side", 12),
            ("file", 40),
            ("line", 10),
            ("column", 18),
            ("value", 24),
            ("reason", 60),
            ("raw", 80),
        ],
        rows: Box::new(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_one_only_where_it_stays_itself() {
        let number = |text| exact_number(text).map(|(number, format)| format!("{number} {format}"));
        assert_eq!(number("90.00").as_deref(), Some("90 0.00"));
        assert_eq!(number("-0.10").as_deref(), Some("-0.1 0.00"));
        assert_eq!(number("7").as_deref(), Some("7 0"));
        assert_eq!(
            number("9999999999999.99").as_deref(),
            Some("9999999999999.99 0.00")
        );
        assert_eq!(
            number("0.00000001").as_deref(),
            Some("0.00000001 0.00000000")
        );
        for text in [
            "10000000000000.01",
            "12345678901234567",
            "",
            "x",
            "1e3",
            "-",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
