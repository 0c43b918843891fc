//! The sample sources tell their story, and a report that breaks its own sums is not matched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use domain::policy::{RunContext, Scope};
use domain::record::Side;
use jiff::civil::date;

use super::{Matches, SideInput, SideRead, Summary, compare, read_sides};
use crate::config::tests::examples::root;
use crate::config::{Configuration, load};

fn demo() -> PathBuf {
    root().join("examples/demo")
}

fn configuration() -> Configuration {
    let (configuration, _) = load(&demo()).expect("the demo has no problems");
    configuration
}

/// Compares these two files by the rules of `source`.
fn compared(source: &str, partner: &Path, ledger: &Path, scope: Scope) -> Summary {
    let configuration = configuration();
    let source = configuration.source(source).expect("is configured");
    let inputs = SideInput::of_both(source, partner, ledger);
    let sides = read_sides(inputs, &source.policy, &configuration.limits).expect("readable");
    let context = RunContext {
        business_date: date(2026, 11, 20),
        scope,
    };
    let mut summary = Summary::of_sides(source, &context, &sides);
    assert!(
        sides
            .iter()
            .map(SideRead::records)
            .all(|records| records.count() > 0)
    );
    let outcome = compare(&source.policy, &context, sides, Matches::Counted).expect("sums fit");
    summary.add_outcome(&outcome).expect("sums fit");
    for line in &summary.totals.conservation {
        assert!(line.holds, "{line:?}");
    }
    summary
}

fn files(source: &str, extension: &str) -> (PathBuf, PathBuf) {
    let file = |folder: &str, extension: &str| {
        demo()
            .join(folder)
            .join(format!("{source}-2026-11-20.{extension}"))
    };
    (file("partner", extension), file("ledger", "csv"))
}

fn kinds(summary: &Summary) -> Vec<(&str, u64)> {
    summary
        .totals
        .by_kind
        .iter()
        .map(|(kind, count)| (kind.as_str(), *count))
        .collect()
}

#[test]
fn acme_pay_shows_every_kind_that_payments_can_show() {
    let (partner, ledger) = files("acme-pay", "csv");
    let summary = compared("acme-pay", &partner, &ledger, Scope::Whole);
    let expected = [
        ("ambiguous", 1),
        ("amount_mismatch", 1),
        ("currency_mismatch", 1),
        ("date_mismatch", 1),
        ("duplicate_at_partner", 1),
        ("fee_mismatch", 1),
        ("missing_at_partner", 2),
        ("missing_in_ledger", 2),
        ("rounding", 1),
        ("status_mismatch", 1),
    ];
    assert_eq!(kinds(&summary), expected);
    let severities = [("critical", 5), ("high", 4), ("low", 3)];
    let severities = severities.map(|(severity, count)| (severity.to_owned(), count));
    assert_eq!(summary.totals.by_severity, BTreeMap::from(severities));
    assert_eq!((summary.totals.matched, summary.totals.in_transit), (28, 2));
    assert_eq!(summary.totals.partner.expect("was read").rejected, 2);
}

#[test]
fn north_bank_shows_what_statements_show() {
    let (partner, ledger) = files("north-bank", "xml");
    let summary = compared("north-bank", &partner, &ledger, Scope::Whole);
    let expected = [
        ("amount_mismatch", 1),
        ("date_mismatch", 1),
        ("duplicate_in_ledger", 1),
        ("missing_at_partner", 1),
        ("missing_in_ledger", 3),
        ("rounding", 1),
    ];
    assert_eq!(kinds(&summary), expected);
    assert_eq!((summary.totals.matched, summary.totals.in_transit), (24, 2));
}

#[test]
fn one_invoice_can_be_compared_alone() {
    let (partner, ledger) = files("acme-pay", "csv");
    let scope = Scope::Invoice("ABC123".to_owned());
    let summary = compared("acme-pay", &partner, &ledger, scope);
    assert_eq!(kinds(&summary), [("amount_mismatch", 1)]);
    assert_eq!(summary.totals.matched, 0);
    assert_eq!(
        summary.scope.and_then(|scope| scope.invoice).as_deref(),
        Some("ABC123")
    );
}

#[test]
fn a_report_that_breaks_its_own_sums_is_not_matched() {
    let (partner, ledger) = files("acme-pay", "csv");
    let folder = tempfile::tempdir().expect("a folder");
    let tampered = folder.path().join("acme-pay.csv");
    let report = fs::read(&partner).expect("the report");
    let report = String::from_utf8_lossy(&report).replace("1.249,00;", "1.294,00;");
    fs::write(&tampered, report).expect("written");
    let summary = compared("acme-pay", &tampered, &ledger, Scope::Whole);
    assert_eq!(kinds(&summary), [("statement_out_of_balance", 1)]);
    assert_eq!(
        summary.out_of_balance.len(),
        1,
        "{:?}",
        summary.out_of_balance
    );
    assert_eq!(summary.totals.matched, 0);
    let carried = summary.totals.conservation.iter().map(|line| {
        (
            line.received.as_ref().map(|part| part.count),
            line.carried_forward.as_ref(),
        )
    });
    for (received, carried) in carried {
        assert_eq!(received, carried.map(|part| part.count));
    }
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let mut configuration = configuration();
    configuration.limits.input_bytes_max = 100;
    let source = configuration.source("acme-pay").expect("is configured");
    let (partner, ledger) = files("acme-pay", "csv");
    let inputs = Side::BOTH.map(|side| SideInput {
        side,
        path: if side == Side::Partner {
            &partner
        } else {
            &ledger
        },
        format: &source.side(side).format,
    });
    let error = read_sides(inputs, &source.policy, &configuration.limits).expect_err("too large");
    let error = format!("{error:#}");
    assert!(error.contains("input_bytes_max = 100"), "{error}");
    assert!(error.contains("acme-pay-2026-11-20.csv"), "{error}");
}
