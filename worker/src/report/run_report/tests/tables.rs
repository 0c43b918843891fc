//! CSV, workbook and JSON, read back and held against each other.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use domain::case::CaseState;
use domain::discrepancy::Kind;
use domain::money::Amount;
use serde_json::Value;

use super::super::{Format, Material, write};
use super::fixtures::{Facts, decided, material, report, write_off};
use crate::report::spreadsheet::FORMULA_TRIGGERS;

fn written(material: Material, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&report(material), format, &mut bytes).expect("written");
    bytes
}

fn csv_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes);
    let rows = reader.records().map(|record| record.expect("a row"));
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

fn workbook(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).expect("a workbook")
}

/// Names, amounts and people that a spreadsheet could take for something else.
fn tricky() -> Vec<Facts> {
    let names = [
        "INV-1",
        "=1+1",
        "0012",
        "1e5",
        "TRUE",
        "a\"b,c\nd",
        "'x",
        "Ωmega",
        "2026-11-20",
    ];
    let amounts = [
        "0.01",
        "-12.50",
        "9999999999999.99",
        "12345678901234567.89",
        "100000",
    ];
    names
        .iter()
        .zip(amounts.iter().cycle())
        .map(|(name, amount)| Facts {
            name: (*name).to_owned(),
            amount: (*amount).to_owned(),
            case: decided(CaseState::Resolved, name, write_off("0.40")),
            ..Facts::default()
        })
        .collect()
}

#[test]
fn the_workbook_says_what_the_csv_says() {
    let facts = tricky();
    let csv = csv_rows(&written(material(&facts), Format::Csv));
    let mut workbook = workbook(written(material(&facts), Format::Xlsx));
    assert_eq!(
        workbook.sheet_names(),
        [
            "Summary",
            "Discrepancies",
            "Conservation",
            "Resolutions",
            "Inputs",
            "Rejects"
        ]
    );
    let sheet = workbook.worksheet_range("Discrepancies").expect("a sheet");
    let (mut numbers, mut long) = (0, 0);
    assert_eq!(sheet.height(), csv.len());
    for (cells, texts) in sheet.rows().zip(&csv) {
        assert_eq!(cells.len(), texts.len());
        for (cell, text) in cells.iter().zip(texts) {
            match cell {
                Data::Empty => assert_eq!(text, ""),
                Data::Float(number) => {
                    numbers += 1;
                    let exact = Amount::parse(&number.to_string());
                    assert_eq!(exact, Amount::parse(text), "{text}");
                }
                Data::String(cell) => {
                    long += usize::from(cell == "12345678901234567.89");
                    let escaped = cell.starts_with(FORMULA_TRIGGERS);
                    let is_number = Amount::parse(cell).is_ok();
                    let shown = if escaped && !is_number {
                        format!("'{cell}")
                    } else {
                        cell.clone()
                    };
                    assert_eq!(shown, *text);
                }
                other => panic!("{other:?} for {text}"),
            }
        }
    }
    assert!(numbers > 20, "amounts, lines and ages are numbers");
    assert_eq!(long, 4, "amount and stake of both: text with every digit");
    for name in workbook.sheet_names() {
        let formulas = workbook.worksheet_formula(&name).expect("a sheet");
        assert_eq!(formulas.used_cells().count(), 0, "{name}");
    }
}

#[test]
fn no_text_column_of_the_csv_begins_a_formula() {
    for trigger in FORMULA_TRIGGERS {
        let name = format!("{trigger}HYPERLINK(\"x\")");
        let mut case = decided(CaseState::Resolved, &name, write_off("1"));
        case.assigned_to = Some(name.clone());
        case.decision.as_mut().expect("decided").approved_by = Some(name.clone());
        let facts = Facts {
            name: name.clone(),
            amount: "-3.00".to_owned(),
            case,
            ..Facts::default()
        };
        let mut hostile = material(&[facts]);
        hostile.discrepancies[0].first_seen_run.clone_from(&name);
        let rows = csv_rows(&written(hostile, Format::Csv));
        let (header, row) = (&rows[0], &rows[1]);
        let mut escaped = Vec::new();
        for (column, text) in header.iter().zip(row) {
            let is_number = Amount::parse(text).is_ok();
            assert!(
                is_number || !text.starts_with(FORMULA_TRIGGERS),
                "{column}: {text:?}"
            );
            if *text == format!("'{name}") {
                escaped.push(column.as_str());
            }
        }
        assert_eq!(
            escaped,
            [
                "reference",
                "rule",
                "reason",
                "assigned_to",
                "resolved_by",
                "approved_by",
                "first_seen_run"
            ]
        );
    }
}

#[test]
fn a_workbook_survives_what_it_may_not_hold() {
    let name = format!("a\0b\u{1b}\u{ffff}{}", "ü".repeat(40_000));
    let facts = [Facts {
        name,
        ..Facts::default()
    }];
    let mut workbook = workbook(written(material(&facts), Format::Xlsx));
    let sheet = workbook.worksheet_range("Discrepancies").expect("a sheet");
    let reference = sheet.get((1, 3)).expect("a cell").to_string();
    assert!(reference.starts_with("a␀b␛\u{fffd}ü"), "{:.20}", reference);
    assert!(reference.ends_with("… (cut)"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in Format::ALL {
        let once = || written(material(&tricky()), *format);
        assert!(once() == once(), "{format}");
    }
}

#[test]
fn the_json_has_every_figure() {
    let facts = tricky();
    let json: Value =
        serde_json::from_slice(&written(material(&facts), Format::Json)).expect("JSON");
    assert_eq!(json["run"]["business_date"], "2026-11-20");
    assert_eq!(json["ending"]["state"], "completed");
    assert_eq!(json["ending"]["signed_off"], Value::Null);
    assert_eq!(json["ending"]["audit"]["whole"], true);
    assert_eq!(json["balance"]["holds"], true);
    assert_eq!(
        json["balance"]["conservation"][0]["received"]["amount"],
        "800.00"
    );
    assert_eq!(json["match_rates"][0]["percent_by_count"], "75.00");
    assert_eq!(json["figures"]["found"], facts.len());
    assert_eq!(json["figures"]["open"], 0);
    assert_eq!(json["resolutions"]["write_offs"][0]["amount"], "3.60");
    assert_eq!(json["rejected"], 1);
    let items = json["discrepancies"].as_array().expect("a list");
    assert_eq!(items.len(), facts.len());
    assert_eq!(items[0]["partner"]["amount"], "12345678901234567.89");
    assert_eq!(items[0]["decision"]["resolution"], "write_off");
    assert_eq!(items[0]["decision"]["amount"], "0.40");
    assert_eq!(items[0]["kind"], Kind::MissingInLedger.name());
}
