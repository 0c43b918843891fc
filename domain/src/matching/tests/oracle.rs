//! A slow and obvious matcher for the simple case, to hold the fast one against: one rule, one
//! currency, no tolerance, no dates.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::generate::numbered;
use super::*;

fn simple_policy() -> SourcePolicy {
    SourcePolicy {
        rules: vec![rule("by reference", &[ReferenceKind::Reference])],
        tolerances: Tolerances::default(),
        ..policy()
    }
}

fn simple_pools() -> impl Strategy<Value = Pool> {
    let side = select(vec!["P", "L"]);
    let reference = select(vec!["A", "B", "C", "E", "F", "G"]);
    let amount = select(vec!["10", "10", "20"]);
    let line = (side, reference, amount)
        .prop_map(|(side, reference, amount)| format!("{side} {reference} {amount} EUR 5"));
    vec(line, 0..20).prop_map(numbered)
}

/// Every partner record takes the first unused ledger record with its reference and amount.
fn obvious_matches(pool: &Pool) -> Vec<(String, String)> {
    let mut used = vec![false; pool.ledger.len()];
    let mut matches = Vec::new();
    for partner in &pool.partner {
        let same = |ledger: &Record| {
            ledger.references == partner.references && ledger.money == partner.money
        };
        let found = (0..pool.ledger.len()).find(|at| !used[*at] && same(&pool.ledger[*at]));
        if let Some(at) = found {
            used[at] = true;
            let reference = partner.display_reference().unwrap().to_owned();
            matches.push((reference, partner.money.to_string()));
        }
    }
    matches.sort();
    matches
}

/// The discrepancies under references that each side has at most twice.
fn obvious_discrepancies(pool: &Pool) -> Vec<String> {
    let mut found = Vec::new();
    for reference in ["A", "B", "C", "E", "F", "G"] {
        let of = |records: &[Record]| {
            let same = |r: &&Record| r.display_reference() == Some(reference);
            let mut of: Vec<String> = records
                .iter()
                .filter(same)
                .map(|r| r.money.to_string())
                .collect();
            of.sort();
            of
        };
        let (partner, ledger) = (of(&pool.partner), of(&pool.ledger));
        let kinds: &[Kind] = match (&partner[..], &ledger[..]) {
            ([p], [l]) if p != l => &[Kind::AmountMismatch],
            ([_], []) => &[Kind::MissingInLedger],
            ([], [_]) => &[Kind::MissingAtPartner],
            ([a, b], []) if a == b => &[Kind::MissingInLedger, Kind::DuplicateAtPartner],
            ([], [a, b]) if a == b => &[Kind::MissingAtPartner, Kind::DuplicateInLedger],
            ([_, _], []) => &[Kind::MissingInLedger, Kind::MissingInLedger],
            ([], [_, _]) => &[Kind::MissingAtPartner, Kind::MissingAtPartner],
            ([a, b], [l]) if a == b && a == l => &[Kind::DuplicateAtPartner],
            ([p], [a, b]) if a == b && a == p => &[Kind::DuplicateInLedger],
            ([a, b], [_]) if a == b => &[Kind::DuplicateAtPartner, Kind::AmountMismatch],
            ([_], [a, b]) if a == b => &[Kind::DuplicateInLedger, Kind::AmountMismatch],
            ([_, _], [_]) => &[Kind::MissingInLedger],
            ([_], [_, _]) => &[Kind::MissingAtPartner],
            ([a, b], [c, d]) if a == b && c == d && a != c => {
                &[Kind::AmountMismatch, Kind::AmountMismatch]
            }
            ([_, _], [_, _]) if partner != ledger => &[Kind::AmountMismatch],
            _ => &[],
        };
        found.extend(kinds.iter().map(|kind| format!("{kind} {reference}")));
    }
    found.sort();
    found
}

fn is_at_most_twice(pool: &Pool) -> bool {
    let mut counts: BTreeMap<(Side, Option<&str>), usize> = BTreeMap::new();
    for record in pool.records() {
        *counts
            .entry((record.side, record.display_reference()))
            .or_default() += 1;
    }
    counts.values().all(|count| *count <= 2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn matches_what_the_obvious_matcher_does(pool in simple_pools()) {
        let expected = obvious_matches(&pool);
        let comparison = compare(&simple_policy(), &whole(), pool);
        let mut matched: Vec<_> = comparison.matched.iter().map(|pair| {
            let reference = pair.ledger.display_reference().unwrap().to_owned();
            (reference, pair.ledger.money.to_string())
        }).collect();
        matched.sort();
        prop_assert_eq!(matched, expected);
    }

    #[test]
    fn finds_what_the_obvious_matcher_finds(
        pool in simple_pools().prop_filter("at most two under a reference", is_at_most_twice),
    ) {
        let expected = obvious_discrepancies(&pool);
        let comparison = compare(&simple_policy(), &whole(), pool);
        let mut found: Vec<String> = comparison
            .discrepancies
            .iter()
            .map(|found| format!("{} {}", found.kind, found.reference))
            .collect();
        found.sort();
        prop_assert_eq!(found, expected);
    }
}
