//! A scan says what reading says: the same rows, the same rejects, the same sums, on the same lines.

use std::io::{self, Write};
use std::sync::Arc;

use domain::matching::sieve::{Day, Facts, Place, PlainAmount};
use domain::money::Currency;
use domain::record::{Record, ReferenceKind, References, Reject, Side};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::formats::testing::{format, read_within};
use crate::formats::{
    Format, Line, NoScan, ReadLimits, Scan, Sieve, SimpleRow, read_again, read_rows, scan,
    scan_obstacle,
};

/// Keeps what it is given.
#[derive(Default)]
struct Rows {
    rows: Vec<(Place, Option<Vec<u8>>, Option<Facts>)>,
    /// Texts of simple rows.
    texts: Vec<(u32, Vec<u8>)>,
    /// References of simple rows, by their line.
    references: Vec<(u32, References)>,
    rejects: Vec<Reject>,
    /// It wants the records of all rows with these lines.
    wanted: Vec<u32>,
}

impl Sieve for Rows {
    fn row(&mut self, row: &SimpleRow<'_>) -> io::Result<bool> {
        if self.wanted.contains(&row.place.line) {
            return Ok(false);
        }
        let line = row.place.line;
        let references = row.references().map(|(kind, text)| (kind, text.into()));
        self.references.push((line, references.collect()));
        self.texts.push((line, row.text.to_vec()));
        let key = Some(row.key.to_vec());
        self.rows.push((row.place, key, Some(*row.facts)));
        Ok(true)
    }

    fn record(&mut self, place: Place, record: Record) -> io::Result<()> {
        let key = record.reference(KEY).filter(|key| key.len() <= 255);
        let key = key.map(|key| key.as_bytes().to_vec());
        self.rows.push((place, key, None));
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.rejects.push(reject);
        Ok(())
    }
}

const KEY: ReferenceKind = ReferenceKind::Reference;

const FIVE_COLUMNS: &str = r#"
        reference = "reference"
        invoice = "invoice"
        amount = "amount"
        currency = "currency"
        value_date = "value date"
"#;

fn seven_columns() -> Format {
    format(&format!(
        r#"
        [csv]
        dates = ["%Y-%m-%d", "%d.%m.%Y"]
        [csv.fields]
        {FIVE_COLUMNS}
        status = "status"
        description = "text"
        [csv.status_values]
        settled = ["SETTLED", "paid"]
        reversed = ["REFUND"]
        "#,
    ))
}

/// With fields that are not used, so that a plain row may be a header in disguise.
fn few_columns() -> Format {
    format(
        r#"
        [csv]
        decimal_separator = ","
        delimiter = ";"
        [csv.fields]
        reference = ["reference", "ref"]
        amount = { column = "amount", sign = "inverted" }
        currency = { constant = "EUR" }
        value_date = "value date"
        "#,
    )
}

/// With texts that say that there is no reference.
fn some_say_nothing() -> Format {
    format(&format!(
        r#"
        [csv]
        no_reference = ["b-2", " REF ", "4.8E+15", "12", "4814769000000000"]
        [csv.fields]
        {FIVE_COLUMNS}
        "#,
    ))
}

fn by_position() -> Format {
    format(
        r#"
        [csv]
        [csv.fields]
        reference = { position = 1 }
        amount = { position = 3 }
        currency = { position = 4 }
        value_date = { position = 5 }
        "#,
    )
}

fn scanned(format: &Format, bytes: &[u8], limits: &ReadLimits) -> (Rows, Result<Scan, NoScan>) {
    scanned_but(format, bytes, limits, Vec::new())
}

fn scanned_but(
    format: &Format,
    bytes: &[u8],
    limits: &ReadLimits,
    wanted: Vec<u32>,
) -> (Rows, Result<Scan, NoScan>) {
    let mut rows = Rows {
        wanted,
        ..Rows::default()
    };
    let file = Arc::from("file");
    let found = scan(format, Side::Partner, &file, bytes, limits, KEY, &mut rows);
    (rows, found)
}

/// Whether there was a scan; what it says is what reading says.
#[track_caller]
fn check(format: &Format, bytes: &[u8], limits: &ReadLimits) -> bool {
    assert_eq!(scan_obstacle(format, KEY), None);
    let (lines, summary) = read_within(format, bytes, limits);
    let (rows, found) = scanned(format, bytes, limits);
    let Ok(found) = found else {
        return false;
    };
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(summary.as_ref(), Ok(&found.summary), "{text}");
    let is_reject = |line: &Line| matches!(line, Line::Reject(_));
    let (rejects, records): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(is_reject);
    let found_rejects: Vec<Line> = rows.rejects.iter().cloned().map(Line::Reject).collect();
    assert_eq!(found_rejects, rejects, "{text}");
    let records: Vec<Record> = records
        .into_iter()
        .filter_map(|line| match line {
            Line::Record(record) => Some(record),
            Line::Reject(_) => None,
        })
        .collect();
    assert_eq!(rows.rows.len(), records.len(), "{text}");
    for ((place, key, facts), record) in rows.rows.iter().zip(&records) {
        assert_eq!(place.line, record.origin.line, "{text}");
        let wanted = record.reference(KEY).filter(|key| key.len() <= 255);
        assert_eq!(key.as_deref(), wanted.map(str::as_bytes), "{text}");
        if let Some(facts) = facts {
            let of_record = Facts {
                amount: facts.amount,
                currency: record.money.currency,
                day: Day::of(record.value_date).unwrap(),
                status: record.status,
            };
            assert_eq!(*facts, of_record, "{text}");
            let mut one = domain::matching::sieve::Tally::default();
            one.add(facts);
            let (currency, sum) = one.lines().next().unwrap().unwrap();
            assert_eq!(
                (currency, sum.sum()),
                (currency, Ok(record.money.amount)),
                "{text}"
            );
        }
    }
    assert_eq!(found.received.count(), records.len() as u64);
    assert_eq!(found.bytes, bytes.len() as u64);
    let again = read_all_again(format, bytes, limits, &rows);
    assert_eq!(again, records, "{text}");
    check_simple(format, limits, &rows, &found, &records);
    // That it is given the record of a row instead changes nothing else.
    let lines = rows.rows.iter().map(|(place, ..)| place.line).step_by(2);
    let (others, found) = scanned_but(format, bytes, limits, lines.collect());
    assert_eq!(summary.as_ref(), Ok(&found.unwrap().summary), "{text}");
    let keys = |rows: &Rows| -> Vec<_> {
        let rows = rows.rows.iter();
        rows.map(|(place, key, _)| (*place, key.clone())).collect()
    };
    assert_eq!(keys(&others), keys(&rows), "{text}");
    true
}

/// Of simple rows, the references and the records by their texts are those of the reading.
fn check_simple(
    format: &Format,
    limits: &ReadLimits,
    rows: &Rows,
    found: &Scan,
    records: &[Record],
) {
    let of_line = |line: u32| records.iter().find(|record| record.origin.line == line);
    for (line, references) in &rows.references {
        assert_eq!(Some(references), of_line(*line).map(|r| &r.references));
    }
    let texts = rows.texts.iter().map(|(line, text)| (*line, &text[..]));
    let (mut read, file) = (Vec::new(), Arc::from("file"));
    let take = |record: Result<Record, NoScan>| {
        read.push(record?);
        Ok(())
    };
    let side = Side::Partner;
    read_rows(format, side, &file, &found.head, limits, texts, take).unwrap();
    assert_eq!(read.len(), rows.texts.len());
    for record in &read {
        assert_eq!(Some(record), of_line(record.origin.line));
    }
}

fn read_all_again(format: &Format, bytes: &[u8], limits: &ReadLimits, rows: &Rows) -> Vec<Record> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let places: Vec<Place> = rows.rows.iter().map(|(place, ..)| *place).collect();
    let mut records = Vec::new();
    let name = Arc::from("file");
    let take = |record| records.push(record);
    read_again(format, Side::Partner, &name, &file, limits, &places, take).unwrap();
    records
}

fn fields() -> impl Strategy<Value = String> {
    let texts = [
        "A1",
        "B-2",
        "",
        " A1 ",
        "4.8E+15",
        "4814769000000000",
        "Müller",
        "\"a,b\"",
        "\"a;b\"",
        "\"say \"\"so\"\"\"",
        "\"two\nlines\"",
        "\"two\r\nlines\"",
        "\"broken\"x",
        "x\"y",
        "tab\there",
        "\u{a0}A1",
        "reference",
        "ref",
        "amount",
        "value date",
        "text",
        "=\"12\"",
        "'12",
    ];
    select(texts.to_vec()).prop_map(str::to_owned)
}

fn rows(delimiter: &'static str) -> impl Strategy<Value = String> {
    let amounts = [
        "1",
        "12.30",
        "-0.5",
        "1000000.00",
        "0.12345678",
        "12,30",
        "",
        " 3 ",
        "1e5",
        "5.",
        ".5",
        "99999999999999999",
        "-",
        "\"7.10\"",
        "amount",
        "12345.678",
    ];
    let currencies = select(vec!["EUR", "EUR", "USD", "usd", " CHF", "E", "\"EUR\"", ""]);
    let dates = select(vec![
        "2026-01-05",
        "2026-01-05",
        "06.01.2026",
        "\"2026-02-01\"",
        "x",
        "",
    ]);
    let statuses = select(vec!["SETTLED", "paid", "Paid", "REFUND", "", "nothing"]);
    let end = select(vec!["\n", "\n", "\n", "\r\n", "\n\n", "\r\n\n"]);
    let more = select(vec!["", "", "", "", "", ",", ",x", ";", ";;x", "\0"]);
    let plain = (0u32..50, 0u32..100_000).prop_map(move |(key, cents)| {
        let (whole, rest) = (cents / 100, cents % 100);
        [
            format!("K{key}"),
            format!("INV-{key}"),
            format!("{whole}.{rest:02}"),
            "EUR".to_owned(),
            "2026-01-05".to_owned(),
            "SETTLED".to_owned(),
            "a text".to_owned(),
        ]
        .join(delimiter)
    });
    let odd = (
        fields(),
        fields(),
        select(amounts.to_vec()),
        currencies,
        dates,
        statuses,
        fields(),
    );
    let odd = odd.prop_map(
        move |(key, invoice, amount, currency, date, status, text)| {
            [&key[..], &invoice, amount, currency, date, status, &text].join(delimiter)
        },
    );
    let row = prop_oneof![3 => plain, 2 => odd];
    (row, more, end).prop_map(|(row, more, end)| format!("{row}{more}{end}"))
}

fn texts(delimiter: &'static str) -> impl Strategy<Value = String> {
    let head = [
        "reference",
        "invoice",
        "amount",
        "currency",
        "value date",
        "status",
        "text",
    ];
    let head = head.join(delimiter);
    let above = select(vec!["", "", "Report of today\n", "\u{feff}", "sep=,\n"]);
    let end = select(vec![
        "",
        "",
        "A9,I,1,EUR,2026-01-05,paid,x",
        "A9;I;1;EUR;2026-01-05;paid;x",
        "\"a",
    ]);
    (above, vec(rows(delimiter), 0..12), end)
        .prop_map(move |(above, rows, end)| format!("{above}{head}\n{}{end}", rows.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_scan_is_a_reading(text in texts(",")) {
        check(&seven_columns(), text.as_bytes(), &ReadLimits::default());
    }

    #[test]
    fn also_where_a_row_may_be_a_header(text in texts(";")) {
        check(&few_columns(), text.as_bytes(), &ReadLimits::default());
    }

    #[test]
    fn also_where_a_text_says_that_there_is_no_reference(text in texts(",")) {
        check(&some_say_nothing(), text.as_bytes(), &ReadLimits::default());
    }

    #[test]
    fn also_without_a_header(rows in vec(rows(","), 0..12)) {
        check(&by_position(), rows.concat().as_bytes(), &ReadLimits::default());
    }

    #[test]
    fn any_bytes_are_scanned_or_not(bytes in vec(any::<u8>(), 0..200)) {
        check(&by_position(), &bytes, &ReadLimits::default());
    }
}

const HEAD: &str = "reference,invoice,amount,currency,value date,status,text\n";

#[test]
fn large_files_are_scanned_over_many_blocks() {
    let mut text = HEAD.to_owned();
    for row in 0..40_001 {
        let about = match row % 7 {
            0 => "\"with, a delimiter\"".to_owned(),
            1 => "\"over\nlines\"".to_owned(),
            2 => "ä".repeat(row % 50),
            _ => "plain".to_owned(),
        };
        let end = if row % 5 == 0 { "\r\n" } else { "\n" };
        let status = if row % 11 == 0 { "unknown" } else { "paid" };
        text += &format!("K{row},I{row},{row}.25,EUR,2026-01-05,{status},{about}{end}");
    }
    for cut in [0, 1] {
        let text = &text[..text.len() - cut];
        assert!(check(
            &seven_columns(),
            text.as_bytes(),
            &ReadLimits::default()
        ));
    }
}

#[test]
fn files_that_are_not_plain_are_read_as_always() {
    let row = "A,I,1.00,EUR,2026-01-05,paid,x\n";
    let limits = ReadLimits::default();
    let few_rows = ReadLimits {
        rows_max: 1,
        ..limits
    };
    let not_scanned: [(Vec<u8>, &ReadLimits); 7] = [
        (format!("{HEAD}{row}{HEAD}{row}").into(), &limits),
        (format!("{HEAD}{row}{row}").into(), &few_rows),
        (
            format!("{HEAD}{row}A,I,1.00,EUR,2026-01-05,paid,\"x").into(),
            &limits,
        ),
        (format!("{HEAD}{row}\rA").into(), &limits),
        (
            [HEAD.as_bytes(), row.as_bytes(), b"\xff\n"].concat(),
            &limits,
        ),
        (b"nothing".to_vec(), &limits),
        (Vec::new(), &limits),
    ];
    for (bytes, limits) in &not_scanned {
        let text = String::from_utf8_lossy(bytes);
        assert!(!check(&seven_columns(), bytes, limits), "{text}");
    }
    let long = format!(
        "{HEAD}A,I,1.00,EUR,2026-01-05,paid,{}\n{row}",
        "x".repeat(100_000)
    );
    assert!(!check(&seven_columns(), long.as_bytes(), &limits));
}

#[test]
fn a_row_is_plain_without_its_other_references() {
    let text = "reference,invoice,amount,currency,value date\nA,B-2,1,EUR,2026-01-05\n\
                B-2,I,1,EUR,2026-01-05\nA,4814769000000000,1,EUR,2026-01-05\n";
    let text = text.to_owned() + &"A,4814769000000000,1,EUR,2026-01-05\n".repeat(10);
    let format = some_say_nothing();
    assert!(check(&format, text.as_bytes(), &ReadLimits::default()));
    let (rows, _) = scanned(&format, text.as_bytes(), &ReadLimits::default());
    let are_simple: Vec<bool> = rows.rows.iter().map(|row| row.2.is_some()).collect();
    assert_eq!(are_simple[..3], [true, false, true]);
    let references = rows.references.iter().map(|(_, references)| references);
    assert!(
        references
            .into_iter()
            .all(|references| references.len() == 1)
    );
}

#[test]
fn rows_are_plain_as_long_as_they_are_simple() {
    let text = format!(
        "{HEAD}A,I,1.00,EUR,2026-01-05,paid,x\nB,,-2,USD,05.01.2026,,\"x, y\"\n\
         C,I,3.00,EUR,2026-01-05,REFUND,\"say \"\"so\"\"\"\n"
    );
    let (rows, found) = scanned(&seven_columns(), text.as_bytes(), &ReadLimits::default());
    assert!(found.is_ok());
    let facts: Vec<_> = rows
        .rows
        .iter()
        .map(|(_, _, facts)| facts.is_some())
        .collect();
    assert_eq!(facts, [true, true, true]);
    let (_, _, second) = &rows.rows[1];
    let second = second.unwrap();
    assert_eq!(Some(second.amount), PlainAmount::from_scaled(-2, 0));
    assert_eq!(second.currency, Currency::parse("USD").unwrap());
}
