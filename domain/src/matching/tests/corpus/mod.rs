//! Awkward cases, told in text files: what an accountant wants to become of these records.
//!
//! Every file is a theme: what it is about, the rules that hold for its cases, then the cases.
//!
//! ```text
//! rule      reference
//! dates     1 early 1 late
//!
//! case: the partner is two cents lower
//!   columns  reference  amount     date
//!   partner  INV-1      99.98 EUR  2026-01-05  -> amount_mismatch of -0.02
//!   ledger   INV-1     100.00 EUR  2026-01-05  -> amount_mismatch of -0.02
//! ```
//!
//! Behind the arrow stands what becomes of the record. Records with the same words there are in one
//! match or discrepancy; where a case has several of the same words, a number tells them apart:
//! `matched by reference (2)`. What has one record always (missing, duplicate, in transit, out of
//! scope) needs none. `500 partner` are 500 such records, with their number for every `#`.
//! Cells stand two spaces apart; one that holds nothing is `-`. A case may repeat a setting of its
//! file to have another one. What settings there are is said in `settings.rs`.
//!
//! Every case has to give the same in reverse, shuffled, and spread over buckets, and to use each
//! record once.

mod reading;
mod settings;

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::laws::{compare_in_buckets, places};
use super::*;
use reading::{Case, cases};

/// Shuffles that a case is tried in, beside its own order and the reverse.
const SHUFFLES: usize = 3;

/// What became of records: the verdict, and the texts of all records in it.
type Outcome = (String, Vec<String>);

macro_rules! themes {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            check(&cases(include_str!(concat!(stringify!($name), ".txt"))));
        }
    )*};
}

themes! {
    exact_pairs
    look_alikes
    duplicates_and_repeats
    in_other_words
    under_other_references
    ambiguous
    normalisation
    tolerances
    dates
    currencies
    signs
    fees
    payouts_and_parts
    combinations
    lists
    alike
    statuses
    scope
    in_transit
    many
}

/// Tells of all cases at once that are not as they should be.
fn check(cases: &[Case]) {
    let wrong: Vec<String> = cases.iter().filter_map(what_is_wrong).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn what_is_wrong(case: &Case) -> Option<String> {
    let mut orders = vec![case.records.clone()];
    orders.push(case.records.iter().rev().cloned().collect());
    let mut runner = TestRunner::deterministic();
    let shuffled = Just(case.records.clone()).prop_shuffle();
    orders.extend((0..SHUFFLES).map(|_| shuffled.new_tree(&mut runner).expect("a tree").current()));
    for (order, records) in orders.into_iter().enumerate() {
        let mut pool = Pool::default();
        for (line, mut record) in (1..).zip(records) {
            record.origin.line = line;
            pool.push(record);
        }
        let mut came: Vec<(Side, u32)> = pool.records().map(|r| (r.side, r.origin.line)).collect();
        came.sort_unstable();
        let at_once = compare(&case.policy, &case.context, pool.clone());
        let in_buckets = compare_in_buckets(&case.policy, &case.context, pool);
        for (how, comparison) in [("at once", at_once), ("in buckets", in_buckets)] {
            let found = outcomes(&comparison);
            if found != case.expected {
                let title = format!("{}, in order {order}, {how}", case.title);
                return Some(told(&title, &case.expected, &found));
            }
            if places(&comparison) != came {
                return Some(format!("{}: not every record is used once", case.title));
            }
        }
    }
    None
}

/// What a comparison found, in the words of the files.
fn outcomes(comparison: &Comparison) -> Vec<Outcome> {
    let outcome = |verdict: String, records: Vec<&Record>| {
        let mut texts: Vec<String> = records.iter().map(|it| it.origin.raw.to_string()).collect();
        texts.sort();
        (verdict, texts)
    };
    let mut found: Vec<Outcome> = Vec::new();
    for discrepancy in &comparison.discrepancies {
        let difference = discrepancy.difference;
        let verdict = match (discrepancy.kind, difference) {
            (kind @ (Kind::AmountMismatch | Kind::Rounding), Some(gap)) => {
                format!("{kind} of {gap}")
            }
            (kind, _) => kind.to_string(),
        };
        found.push(outcome(verdict, own_records(discrepancy).collect()));
    }
    for matched in &comparison.matched {
        let verdict = format!("matched by rule {}", matched.rule + 1);
        found.push(outcome(verdict, matched.records().collect()));
    }
    let lone = |verdict: &str, record| outcome(verdict.to_owned(), vec![record]);
    found.extend(
        comparison
            .in_transit
            .iter()
            .map(|it| lone("in transit", it)),
    );
    found.extend(
        comparison
            .out_of_scope
            .records()
            .map(|it| lone("out of scope", it)),
    );
    let superseded = comparison.superseded.iter();
    found.extend(superseded.map(|it| lone("superseded", &it.record)));
    found.sort();
    found
}

/// Only what differs.
fn told(title: &str, expected: &[Outcome], found: &[Outcome]) -> String {
    let lines = |these: &[Outcome], others: &[Outcome]| {
        let differs = these.iter().filter(|it| !others.contains(it)).take(5);
        let lines = differs.map(|(verdict, records)| {
            format!("    {verdict}:\n      {}\n", records.join("\n      "))
        });
        lines.collect::<String>()
    };
    let (expected, found) = (lines(expected, found), lines(found, expected));
    format!("{title}\n  expected\n{expected}  found\n{found}")
}
