//! The other way round the same is found: what the partner has as what we have, what we have as what it has, and
//! early as late.
//!
//! Not of what only one side has: fees are the partner's, in transit are our records. Nor where either side may be
//! later: of a day before and a day after, which are as near, the partner's later one is meant.

use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::{lines, numbered};
use super::laws::verdicts;
use super::*;
use crate::policy::{Field, Key, Term};

const RECORDS_MAX: usize = 14;

/// Records without fees, of money that moved: of announcements and what failed, the partner is asked first.
fn plain_lines() -> impl Strategy<Value = Vec<String>> {
    let plain = |line: String| {
        let words = line.split(' ');
        let words = words.filter(|it| !it.starts_with("fee=") && !it.starts_with("status="));
        words.collect::<Vec<_>>().join(" ")
    };
    vec(lines().prop_map(plain), 0..=RECORDS_MAX)
}

fn turned(line: &str) -> String {
    match line.split_at(1) {
        ("P", rest) => format!("L{rest}"),
        (_, rest) => format!("P{rest}"),
    }
}

fn turned_kind(kind: &str) -> &str {
    match kind {
        "missing_in_ledger" => "missing_at_partner",
        "missing_at_partner" => "missing_in_ledger",
        "duplicate_at_partner" => "duplicate_in_ledger",
        "duplicate_in_ledger" => "duplicate_at_partner",
        kind => kind,
    }
}

/// By reference, by client, or both.
fn rules() -> impl Strategy<Value = Vec<MatchRule>> {
    let by_client = MatchRule {
        on: vec![Key::same(Term {
            field: Field::Client,
            steps: Vec::new(),
        })],
        ..rule("by client", &[])
    };
    let by_reference = rule("by reference", &[ReferenceKind::Reference]);
    prop::sample::select(vec![
        vec![by_reference.clone()],
        vec![by_client.clone()],
        vec![by_reference, by_client],
    ])
}

type Verdict = (Side, u32, String);

/// What becomes of these records where the partner may be that many days later, and of those the other way round,
/// told the same way.
fn both_ways(lines: Vec<String>, rules: Vec<MatchRule>, days: u32) -> [Vec<Verdict>; 2] {
    let by_window = |early_days, late_days| SourcePolicy {
        rules: rules.clone(),
        date_window: DateWindow {
            early_days,
            late_days,
            unit: DayUnit::Calendar,
        },
        ..policy()
    };
    let other: Vec<String> = lines.iter().map(|line| turned(line)).collect();
    let one = compare(&by_window(0, days), &whole(), numbered(lines));
    let other = compare(&by_window(days, 0), &whole(), numbered(other));
    let turned = |(side, line, kind): Verdict| (side.other(), line, turned_kind(&kind).to_owned());
    let mut other: Vec<Verdict> = verdicts(&other).into_iter().map(turned).collect();
    other.sort();
    [verdicts(&one), other]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_other_way_round_the_same_is_found(
        lines in plain_lines(), rules in rules(), days in 0u32..5,
    ) {
        let [one, other] = both_ways(lines, rules, days);
        prop_assert_eq!(one, other);
    }
}
