//! The files byte for byte: other programs read them.

use domain::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use domain::money::{Amount, Currency, Money};
use domain::record::{Origin, Record, RecordFields, ReferenceKind, Reject, Side};
use domain::severity::Severity;
use jiff::civil::date;

use super::{
    OutputFolder, write_discrepancies_csv, write_discrepancies_ndjson, write_discrepancy_files,
    write_rejects_csv,
};
use crate::config::load;
use crate::config::tests::examples::root;

fn record(side: Side, reference: &str, amount: &str) -> Record {
    Record::from(RecordFields {
        side,
        origin: Origin {
            file: "a.csv".into(),
            line: 7,
            raw: "x,\"y\"".into(),
        },
        references: [(ReferenceKind::Invoice, reference.into())].into(),
        money: Money {
            amount: amount_of(amount),
            currency: euro(),
        },
        value_date: date(2026, 11, 20),
        booking_date: None,
        status: None,
        fees: None,
        client: None,
        counterparty: Some("Müller & Co".into()),
        description: None,
        past: None,
        has_namesake: false,
        takes_back: false,
    })
}

fn discrepancy() -> Discrepancy {
    Discrepancy {
        id: DiscrepancyId::fingerprint("acme", Kind::AmountMismatch, &["=1+1"]),
        kind: Kind::AmountMismatch,
        severity: Severity::High,
        reference: "=1+1".into(),
        currency: euro(),
        at_stake: amount_of("2.5"),
        difference: Some(amount_of("-2.5")),
        partner: Some(record(Side::Partner, "=1+1", "-10")),
        ledger: Some(record(Side::Ledger, "=1+1", "-7.5")),
        related: Vec::new(),
        rule: "+rule".into(),
        reason: "a \"reason\", in one sentence".to_owned(),
        nearest: None,
    }
}

fn amount_of(text: &str) -> Amount {
    Amount::parse(text).expect(text)
}

fn euro() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

#[test]
fn formulas_are_text_and_numbers_stay_numbers() {
    let mut out = Vec::new();
    write_discrepancies_csv(&mut out, [discrepancy()]).expect("written");
    let text = String::from_utf8(out).expect("UTF-8");
    let (header, row) = text.split_once('\n').expect("a header and a row");
    assert_eq!(
        header,
        "discrepancy_id,kind,severity,reference,currency,partner_amount,ledger_amount,difference,\
         partner_value_date,ledger_value_date,partner_line,ledger_line,rule,reason"
    );
    assert_eq!(
        row.get(32..),
        Some(
            ",amount_mismatch,high,'=1+1,EUR,-10.00,-7.50,-2.50,2026-11-20,2026-11-20,7,7,'+rule,\
             \"a \"\"reason\"\", in one sentence\"\n"
        )
    );
}

#[test]
fn one_side_only_leaves_the_other_empty() {
    let alone = Discrepancy {
        ledger: None,
        difference: None,
        ..discrepancy()
    };
    let mut out = Vec::new();
    write_discrepancies_csv(&mut out, [alone]).expect("written");
    let text = String::from_utf8(out).expect("UTF-8");
    assert!(text.contains(",EUR,-10.00,,,2026-11-20,,7,,"), "{text}");
}

#[test]
fn ndjson_has_the_text_as_received() {
    let mut out = Vec::new();
    write_discrepancies_ndjson(&mut out, [discrepancy(), discrepancy()], None).expect("written");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!(text.lines().count(), 2);
    let first = text.lines().next().expect("a line");
    let json: serde_json::Value = serde_json::from_str(first).expect("JSON");
    assert_eq!(json["reference"], "=1+1");
    assert_eq!(json["difference"], "-2.50");
    assert_eq!(json["partner"]["raw"], "x,\"y\"");
    assert_eq!(json["partner"]["references"]["invoice"], "=1+1");
    assert_eq!(json["ledger"]["counterparty"], "Müller & Co");
}

#[test]
fn rejects_have_their_place_and_text() {
    let reject = Reject {
        side: Side::Ledger,
        origin: Origin {
            file: "b.csv".into(),
            line: 3,
            raw: "@x,1".into(),
        },
        column: "amount".into(),
        value: "1,2,3".into(),
        reason: "not an amount".into(),
    };
    let mut out = Vec::new();
    write_rejects_csv(&mut out, [reject]).expect("written");
    assert_eq!(
        String::from_utf8(out).expect("UTF-8"),
        "side,file,line,column,value,reason,raw\n\
         ledger,b.csv,3,amount,\"1,2,3\",not an amount,\"'@x,1\"\n"
    );
}

/// Also where a chunk ends, and where explanations do.
#[test]
fn all_processors_write_what_one_would() {
    let (configuration, _) = load(&root().join("examples/bench")).expect("has no problems");
    let rules = &configuration.source("bench").expect("there").policy;
    for count in [0, 1, 1_000, 1_001, 10_001] {
        let numbered = |number: i32| Discrepancy {
            reference: number.to_string().into(),
            ..discrepancy()
        };
        let all: Vec<Discrepancy> = (0..count).map(numbered).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let out = OutputFolder::open(folder.path()).expect("made");
        write_discrepancy_files(&out, &all.iter().collect::<Vec<_>>(), rules).expect("written");
        let (mut csv, mut ndjson) = (Vec::new(), Vec::new());
        write_discrepancies_csv(&mut csv, &all).expect("written");
        write_discrepancies_ndjson(&mut ndjson, &all, Some(rules)).expect("written");
        let file = |name: &str| std::fs::read(folder.path().join(name)).expect("there");
        assert!(file("discrepancies.csv") == csv, "{count}");
        assert!(file("discrepancies.ndjson") == ndjson, "{count}");
    }
}
