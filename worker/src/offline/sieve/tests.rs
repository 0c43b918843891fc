//! With the sieve and without it, the same files come out, whatever the inputs look like.

use std::fmt::Write;
use std::fs;

use activities::formats::ReadLimits;
use activities::source::Source;
use domain::policy::{Key, RunContext, Scope, Term, TextStep};
use domain::record::{Reject, Side};

use super::sift_sides;
use crate::config::tests::examples::root;
use crate::config::{Configuration, load};
use crate::offline::{Matches, SideInput, SideRead, Summary, compare, read_sides};
use crate::report::{write_discrepancies_csv, write_discrepancies_ndjson, write_rejects_csv};

/// More than any of these files need.
const MUCH: u64 = 1 << 30;
/// So little that everything is spilled at once.
const NONE: u64 = 0;

/// All that `trueup compare` writes, but for what it took.
#[derive(PartialEq, Debug)]
struct Files {
    csv: String,
    ndjson: String,
    rejects: String,
    summary: String,
}

fn files(source: &Source, mut sides: [SideRead; 2]) -> Files {
    let context = RunContext {
        business_date: sides
            .iter()
            .filter_map(SideRead::latest)
            .max()
            .unwrap_or_default(),
        scope: Scope::Whole,
    };
    let rejects = sides
        .iter_mut()
        .flat_map(|side| std::mem::take(&mut side.rejects));
    let rejects: Vec<Reject> = rejects.collect();
    let mut summary = Summary::of_sides(source, &context, &sides);
    let outcome = compare(&source.policy, &context, sides, Matches::Counted);
    let outcome = outcome.expect("sums fit");
    summary.add_outcome(&outcome).expect("sums fit");
    assert!(outcome.conservation.holds());
    let text = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).expect("text")
    };
    let found = outcome.in_order();
    Files {
        csv: text(&|out| write_discrepancies_csv(out, found.clone()).expect("written")),
        ndjson: text(&|out| {
            write_discrepancies_ndjson(out, found.clone(), Some(&source.policy)).expect("written")
        }),
        rejects: text(&|out| write_rejects_csv(out, &rejects).expect("written")),
        summary: serde_json::to_string_pretty(&summary).expect("text keys"),
    }
}

fn bench() -> Configuration {
    let folder = root().join("examples/bench");
    let (configuration, _) = load(&folder).expect("has no problems");
    configuration
}

/// Compares two texts with the sieve and without.
/// The same, with a rule that knows references in any case.
fn in_any_case() -> Configuration {
    let mut configuration = bench();
    for source in configuration.sources.values_mut() {
        let mut rule = source.policy.rules[0].clone();
        rule.name = "in any case".to_owned();
        for key in &mut rule.on {
            *key = Key::same(Term {
                steps: vec![TextStep::IgnoreCase],
                ..key.partner.clone()
            });
        }
        source.policy.rules.push(rule);
    }
    configuration
}

/// The same, with a rule that goes by what stands in the column of descriptions, as an invoice.
fn by_invoice() -> Configuration {
    let folder = tempfile::tempdir().expect("a folder");
    let original = root().join("examples/bench");
    fs::create_dir(folder.path().join("sources")).expect("made");
    for name in ["trueup.toml", "sources/bench.toml"] {
        let text = fs::read_to_string(original.join(name)).expect("there");
        let rules = "[[rules]]\nname = \"invoice\"\non = [\"invoice\"]\n\n[tolerances]";
        let text = text.replace("description = \"", "invoice = \"");
        fs::write(
            folder.path().join(name),
            text.replace("[tolerances]", rules),
        )
        .expect("written");
    }
    let (configuration, _) = load(folder.path()).expect("has no problems");
    configuration
}

#[track_caller]
fn check(partner: &str, ledger: &str) {
    for configuration in [bench(), in_any_case(), by_invoice()] {
        let source = configuration.source("bench").expect("is configured");
        check_source(source, partner, ledger);
    }
}

#[track_caller]
fn check_source(source: &Source, partner: &str, ledger: &str) -> Files {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["partner.csv", "ledger.csv"].map(|name| folder.path().join(name));
    fs::write(&paths[0], partner).expect("written");
    fs::write(&paths[1], ledger).expect("written");
    let inputs = || SideInput::of_both(source, &paths[0], &paths[1]);
    let limits = ReadLimits::default();
    let (policy, whole) = (&source.policy, Scope::Whole);
    let as_always = files(
        source,
        read_sides(inputs(), policy, &limits).expect("readable"),
    );
    for memory in [MUCH, NONE] {
        let sifted = sift_sides(inputs(), policy, &whole, &limits, memory, folder.path());
        let sides = sifted.expect("readable").expect("plain");
        assert!(sides.iter().all(|side| side.sieved.is_some()));
        assert_eq!(files(source, sides), as_always);
    }
    let names = fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(names, 2, "nothing is left behind");
    as_always
}

const HEAD: &str = "reference,amount,currency,value_date,counterparty,description,status\n";

/// Rows of one side: most agree with the other side's, some don't, some are odd.
fn rows(side: Side, count: u64, end: &str) -> String {
    let mut text = HEAD.replace('\n', end);
    let step = if side == Side::Partner { 7 } else { 11 };
    for row in 0..count {
        let payment = row * step % count;
        let is_partner = side == Side::Partner;
        let cents = payment * 37 % 100_000
            + u64::from(is_partner && payment.is_multiple_of(41)) * (payment % 3);
        let currency = if is_partner && payment.is_multiple_of(97) {
            "USD"
        } else {
            "EUR"
        };
        let day =
            5 + payment % 20 + u64::from(is_partner && payment.is_multiple_of(53)) * (payment % 5);
        let reference = match payment % 61 {
            0 if is_partner => continue,
            1 if !is_partner => continue,
            2 => format!("\"PAY,{payment}\""),
            3 => format!("\"PAY \"\"{payment}\"\"\""),
            4 => String::new(),
            5 => format!("PAY-{}", payment / 200),
            6 => format!("PAY-{}", "9".repeat(300)),
            7 if is_partner => format!("pay-{}", payment + 1),
            _ => format!("PAY-{payment}"),
        };
        let amount = match payment % 73 {
            0 => "none".to_owned(),
            1 => format!("{cents}.12345"),
            2 => format!("-{cents}"),
            _ => format!("{}.{:02}", cents / 100, cents % 100),
        };
        let about = match payment % 29 {
            0 => "\"two\nlines, quoted\"",
            1 => "\"an \"\"escape\"\"\"",
            2 => "Zahlung für Müller",
            _ => "plain",
        };
        let status = if payment.is_multiple_of(89) {
            "???"
        } else {
            "SETTLED"
        };
        let more = if payment.is_multiple_of(101) {
            ",too,many"
        } else {
            ""
        };
        write!(
            text,
            "{reference},{amount},{currency},2026-01-{day:02},Somebody,{about},{status}{more}{end}"
        )
        .expect("memory");
    }
    text
}

#[test]
fn odd_rows_change_nothing() {
    check(
        &rows(Side::Partner, 9_001, "\n"),
        &rows(Side::Ledger, 9_001, "\n"),
    );
}

#[test]
fn line_ends_change_nothing() {
    let (partner, ledger) = (
        rows(Side::Partner, 2_003, "\r\n"),
        rows(Side::Ledger, 2_003, "\n"),
    );
    check(&partner, &ledger);
    check(partner.trim_end(), ledger.trim_end());
}

#[test]
fn small_files_go_the_same_way() {
    check(HEAD, HEAD);
    check(&format!("{HEAD}A,1.00,EUR,2026-01-05,,,\n"), HEAD);
    check(
        &format!("{HEAD}A,1.00,EUR,2026-01-05,,,\nA,1.00,EUR,2026-01-05,,,\n"),
        &format!("\u{feff}{HEAD}\n\nA,1.00,EUR,2026-01-06,,,SETTLED"),
    );
}

#[test]
fn references_in_another_case_change_nothing() {
    let rows = |references: &[&str]| {
        let rows = references.iter();
        let rows = rows.map(|it| format!("{it},1.00,EUR,2026-01-05,,,\n"));
        format!("{HEAD}{}", rows.collect::<String>())
    };
    check(
        &rows(&["PAY-1", "PAY-2", "pay-1"]),
        &rows(&["PAY-2", "PAY-1"]),
    );
    check(
        &rows(&["PAY-1", "PAY-2"]),
        &rows(&["PAY-2", "Pay-2", "PAY-1"]),
    );
}

#[test]
fn what_is_paid_again_under_another_reference_changes_nothing() {
    let rows = |rows: &[&str]| {
        let rows = rows.iter().map(|row| format!("{row}\n"));
        format!("{HEAD}{}", rows.collect::<String>())
    };
    let partner = [
        "A,1.00,EUR,2026-01-05,,INV-1,",
        "B,1.00,EUR,2026-01-05,,INV-1,",
        "\"C\",2.00,EUR,2026-01-05,,\"INV \"\"2\"\"\",",
        "D,2.000,EUR,2026-01-06,,\"INV \"\"2\"\"\",",
        "E,2.00,USD,2026-01-06,,\"INV \"\"2\"\"\",",
    ];
    let ledger = [
        "A,1.00,EUR,2026-01-05,,INV-1,",
        "C,2.00,EUR,2026-01-05,,,",
        "F,1.00,EUR,2026-01-05,,INV-1,",
    ];
    check(&rows(&partner), &rows(&ledger));
    let configuration = by_invoice();
    let source = configuration.source("bench").expect("is configured");
    let found = check_source(source, &rows(&partner), &rows(&ledger));
    assert_eq!(found.csv.matches("duplicate_at_partner").count(), 1);
    let told = "for INV \"2\" (as C and as D) twice";
    assert!(
        found.ndjson.contains(&told.replace('"', "\\\"")),
        "{}",
        found.ndjson
    );
}

#[test]
fn files_that_are_not_plain_are_left_to_others() {
    let configuration = bench();
    let source = configuration.source("bench").expect("is configured");
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["partner.csv", "ledger.csv"].map(|name| folder.path().join(name));
    fs::write(&paths[0], HEAD).expect("written");
    let limits = ReadLimits::default();
    let sift = |scope: &Scope| {
        let inputs = SideInput::of_both(source, &paths[0], &paths[1]);
        sift_sides(inputs, &source.policy, scope, &limits, MUCH, folder.path()).expect("no error")
    };
    assert!(sift(&Scope::Whole).is_none(), "a file is missing");
    fs::write(&paths[1], format!("{HEAD}A,1.00,EUR,2026-01-05,,,\rB")).expect("written");
    assert!(sift(&Scope::Whole).is_none(), "a lone carriage return");
    fs::write(&paths[1], HEAD).expect("written");
    assert!(
        sift(&Scope::Client("x".to_owned())).is_none(),
        "a part of the source"
    );
    assert!(sift(&Scope::Whole).is_some());
}
