//! What holds for any records: order, buckets and names change nothing, nothing is lost or used twice,
//! money is conserved, and a scope only leaves things out.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::generate::{
    pools, pools_by_other_names, pools_in_two_orders, pools_of_kin, pools_of_kin_in_two_orders,
};
use super::*;
use crate::conservation::Conservation;
use crate::policy::{Field, Key, Term, TextStep};

/// Cases in which every kind must turn up; many more than it takes.
const COVERAGE_CASES: usize = 3000;

/// A policy in which everything that can be wrong is looked at.
fn strict_policy() -> SourcePolicy {
    SourcePolicy {
        settlement_window_days: 30,
        agreed_fee: Some(AgreedFee {
            percent: Amount::ZERO,
            fixed: BTreeMap::from([(euro(), amount("3"))]),
            tolerance: Amount::ZERO,
        }),
        ..policy()
    }
}

/// All that a comparison says, without the lines of files that the records stand on.
pub(super) fn content(comparison: &Comparison) -> Vec<String> {
    let text = |record: &Record| record.origin.raw.to_string();
    let matched = comparison.matched.iter().map(|pair| {
        let side = |side| pair.of(side).map(text).collect::<Vec<_>>().join(" + ");
        let (partner, ledger) = (side(Side::Partner), side(Side::Ledger));
        format!("{partner} = {ledger} by rule {}", pair.rule)
    });
    let discrepancies = comparison.discrepancies.iter().map(|found| {
        let own: Vec<String> = own_records(found).map(text).collect();
        let related: Vec<String> = found.related.iter().map(text).collect();
        let nearest = found.nearest.as_ref();
        let nearest = nearest.map(|near| (text(&near.record), near.kept_apart_by.clone()));
        format!(
            "{} {} {} {} {own:?} {related:?} {} {nearest:?}",
            found.id, found.kind, found.severity, found.at_stake, found.reason
        )
    });
    let in_transit = comparison
        .in_transit
        .iter()
        .map(|r| format!("in transit {}", text(r)));
    let out_of_scope = comparison.out_of_scope.records();
    let out_of_scope = out_of_scope.map(|r| format!("out of scope {}", text(r)));
    let superseded = comparison.superseded.iter();
    let superseded = superseded.map(|it| format!("superseded {}", text(&it.record)));
    let discrepancies = discrepancies
        .chain(in_transit)
        .chain(out_of_scope)
        .chain(superseded);
    let mut content: Vec<String> = matched.chain(discrepancies).collect();
    content.sort();
    content
}

/// Where every record went: its side and line, once for each place.
pub(super) fn places(comparison: &Comparison) -> Vec<(Side, u32)> {
    let matched = comparison.matched.iter();
    let mut places: Vec<(Side, u32)> = matched
        .flat_map(Matched::records)
        .chain(comparison.discrepancies.iter().flat_map(own_records))
        .chain(&comparison.in_transit)
        .chain(comparison.out_of_scope.records())
        .chain(comparison.superseded.iter().map(|it| &it.record))
        .map(|record| (record.side, record.origin.line))
        .collect();
    places.sort_unstable();
    places
}

/// What becomes of each record, by its side and line.
pub(super) fn verdicts(comparison: &Comparison) -> Vec<(Side, u32, String)> {
    let matched = comparison.matched.iter().flat_map(Matched::records);
    let found = comparison.discrepancies.iter();
    let found =
        found.flat_map(|found| own_records(found).map(|record| (record, found.kind.to_string())));
    let in_transit = comparison.in_transit.iter();
    let superseded = comparison.superseded.iter().map(|it| &it.record);
    let mut verdicts: Vec<(Side, u32, String)> = matched
        .map(|record| (record, "matched".to_owned()))
        .chain(found)
        .chain(in_transit.map(|record| (record, "in transit".to_owned())))
        .chain(superseded.map(|record| (record, "superseded".to_owned())))
        .map(|(record, verdict)| (record.side, record.origin.line, verdict))
        .collect();
    verdicts.sort();
    verdicts
}

/// As the workflow does it: each bucket by itself, then the rest.
pub(super) fn compare_in_buckets(
    policy: &SourcePolicy,
    context: &RunContext,
    pool: Pool,
) -> Comparison {
    compare_beside(policy, context, pool, &[])
}

/// The same beside records that are settled already.
pub(super) fn compare_beside(
    policy: &SourcePolicy,
    context: &RunContext,
    pool: Pool,
    settled: &[Record],
) -> Comparison {
    let mut buckets: Vec<Pool> = (0..BUCKETS).map(|_| Pool::default()).collect();
    let bucket_of = Buckets::of(policy);
    for record in pool.partner.into_iter().chain(pool.ledger) {
        buckets[bucket_of.of_record(&record) as usize].push(record);
    }
    let (mut decided, mut left) = (Comparison::default(), Pool::default());
    for bucket in buckets.into_iter().rev() {
        let findings = match_buckets(policy, context, bucket);
        decided.matched.extend(findings.matched);
        decided.discrepancies.extend(findings.discrepancies);
        decided.superseded.extend(findings.superseded);
        decided.out_of_scope.append(findings.out_of_scope);
        left.append(findings.left);
    }
    let mut rest = conclude_in_parts(policy, context, left);
    let look = LookAgain::of(policy, &rest);
    if let Some(mut look) = look {
        let records = rest.iter().rev().flat_map(Comparison::records);
        records
            .chain(decided.records())
            .chain(settled)
            .for_each(|it| look.see(it));
        look.settle(policy, context, &mut rest);
    }
    rest.into_iter().for_each(|rest| decided.append(rest));
    decided
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Whole),
        Just(Scope::Client("x".to_owned())),
        Just(Scope::Invoice("I1".to_owned())),
    ]
}

/// Rules by which several records are one, before or behind one that pairs.
fn several() -> impl Strategy<Value = SourcePolicy> {
    let cardinality = prop::sample::select(Cardinality::ALL);
    let combinations_max = prop::sample::select(vec![None, Some(3), Some(1_000)]);
    let on = prop::sample::select(vec![ReferenceKind::Reference, ReferenceKind::Invoice]);
    (cardinality, combinations_max, on, any::<(bool, bool)>()).prop_map(
        |(cardinality, combinations_max, on, (is_first, is_alike))| {
            let several = MatchRule {
                cardinality,
                combinations_max,
                ..rule("several", &[on])
            };
            let mut policy = policy();
            policy.rules.insert(if is_first { 0 } else { 1 }, several);
            policy.rules.extend(is_alike.then(|| MatchRule {
                is_alike,
                ..rule("alike", &[ReferenceKind::Reference])
            }));
            policy
        },
    )
}

/// Rules that know a reference in another spelling, or in the place of another.
pub(super) fn respelled() -> impl Strategy<Value = SourcePolicy> {
    any::<[bool; 4]>().prop_map(|[is_spelled, is_named, is_alike, is_named_first]| {
        let of_partner = |kind, steps| Term {
            field: Field::Reference(kind),
            steps,
        };
        let reference = || of_partner(ReferenceKind::Reference, Vec::new());
        let any_case = of_partner(ReferenceKind::Reference, vec![TextStep::IgnoreCase]);
        let named = Key {
            partner: of_partner(ReferenceKind::Invoice, Vec::new()),
            ledger: reference(),
        };
        let with = |name: &str, key: Key| MatchRule {
            on: vec![key],
            ..rule(name, &[])
        };
        let alike = with("alike", Key::same(reference()));
        let mut policy = policy();
        policy.rules.truncate(1);
        let mut by_kin = [
            is_spelled.then(|| with("any case", Key::same(any_case))),
            is_named.then(|| with("named", named)),
        ];
        if is_named_first {
            by_kin.reverse();
        }
        let [first, second] = by_kin;
        let more = [
            first,
            second,
            is_alike.then(|| MatchRule { is_alike, ..alike }),
        ];
        policy.rules.extend(more.into_iter().flatten());
        policy
    })
}

fn windows() -> impl Strategy<Value = SourcePolicy> {
    prop_oneof![
        2 => Just(policy()),
        2 => Just(strict_policy()),
        3 => several(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_order_of_rows_gives_the_same(
        (one, other) in pools_in_two_orders(), policy in windows(), scope in scopes(),
    ) {
        let context = context(scope);
        let one = compare(&policy, &context, one);
        let other = compare(&policy, &context, other);
        prop_assert_eq!(content(&one), content(&other));
        let shown = |found: &Discrepancy| (found.id, found.reason.clone());
        let in_order = one.discrepancies.iter().map(shown);
        prop_assert!(in_order.eq(other.discrepancies.iter().map(shown)), "shown in another order");
    }

    #[test]
    fn other_names_of_clients_and_invoices_change_nothing(
        (one, other) in pools_by_other_names(),
        policy in prop_oneof![Just(policy()), Just(strict_policy())],
    ) {
        let verdicts = |pool: Pool| verdicts(&compare(&policy, &whole(), pool));
        prop_assert_eq!(verdicts(one), verdicts(other));
    }

    #[test]
    fn any_order_of_kin_gives_the_same(
        (one, other) in pools_of_kin_in_two_orders(), policy in respelled(), scope in scopes(),
    ) {
        let context = context(scope);
        let (one, other) = (compare(&policy, &context, one), compare(&policy, &context, other));
        prop_assert_eq!(content(&one), content(&other));
    }

    #[test]
    fn every_record_ends_in_one_place(
        pool in prop_oneof![pools(), pools_of_kin()],
        policy in prop_oneof![windows(), respelled()],
        scope in scopes(),
    ) {
        let mut came: Vec<_> = pool.records().map(|r| (r.side, r.origin.line)).collect();
        came.sort_unstable();
        let comparison = compare(&policy, &context(scope), pool);
        prop_assert_eq!(places(&comparison), came);
    }

    #[test]
    fn money_is_conserved(pool in pools(), policy in windows(), scope in scopes()) {
        let mut conservation = Conservation::default();
        conservation.receive(pool.records()).unwrap();
        conservation.conclude(&compare(&policy, &context(scope), pool)).unwrap();
        prop_assert!(conservation.holds(), "{:?}", conservation.imbalances());
    }

    #[test]
    fn buckets_change_nothing(pool in pools(), policy in windows(), scope in scopes()) {
        let context = context(scope);
        let at_once = compare(&policy, &context, pool.clone());
        let in_buckets = compare_in_buckets(&policy, &context, pool);
        prop_assert_eq!(content(&at_once), content(&in_buckets));
    }

    #[test]
    fn buckets_change_nothing_for_kin(
        pool in pools_of_kin(), policy in respelled(), scope in scopes(),
    ) {
        let context = context(scope);
        let at_once = compare(&policy, &context, pool.clone());
        let in_buckets = compare_in_buckets(&policy, &context, pool);
        prop_assert_eq!(content(&in_buckets), content(&at_once));
    }

    #[test]
    fn ids_are_unique(pool in prop_oneof![pools(), pools_of_kin()], policy in prop_oneof![windows(), respelled()]) {
        let comparison = compare(&policy, &whole(), pool);
        let ids: BTreeSet<_> = comparison.discrepancies.iter().map(|found| &found.id).collect();
        prop_assert_eq!(ids.len(), comparison.discrepancies.len());
    }

    #[test]
    fn matched_pairs_agree_and_share_their_references(pool in pools(), policy in windows()) {
        for matched in compare(&policy, &whole(), pool).matched {
            let rule = &policy.rules[matched.rule as usize];
            for key in &rule.on {
                let text = key.partner.text(&matched.partner);
                prop_assert!(text.is_some());
                for record in matched.records().filter(|_| !rule.is_alike) {
                    prop_assert_eq!(&key.of(record.side).text(record), &text);
                }
            }
            let sum = |side| {
                let mut records = matched.of(side).map(|record| record.money);
                let first = records.next().unwrap();
                records.fold(first, |sum, money| sum.checked_add(money).unwrap())
            };
            let (reported, booked) = (sum(Side::Partner), sum(Side::Ledger));
            prop_assert_eq!(reported, booked, "nothing is tolerated here");
            let count = |side| matched.of(side).count();
            let fits = match rule.cardinality {
                Cardinality::OneToOne => count(Side::Partner) == 1 && count(Side::Ledger) == 1,
                Cardinality::OneToMany => count(Side::Partner) == 1,
                Cardinality::ManyToOne => count(Side::Ledger) == 1,
                Cardinality::ManyToMany => true,
            };
            prop_assert!(fits);
        }
    }

    #[test]
    fn a_scope_only_leaves_out(pool in pools(), scope in scopes(), policy in windows()) {
        let whole = compare(&policy, &whole(), pool.clone());
        let scoped = compare(&policy, &context(scope.clone()), pool);
        for found in &scoped.discrepancies {
            prop_assert!(whole.discrepancies.contains(found), "{found:?} is not in the whole run");
        }
        let is_inside = |record: &Record| {
            scope::is_inside(&scope, record)
        };
        for found in &whole.discrepancies {
            let concerns = own_records(found).any(is_inside);
            prop_assert!(!concerns || scoped.discrepancies.contains(found), "{found:?} is lost");
        }
    }

    #[test]
    fn a_rerun_gives_the_same(pool in pools(), policy in windows()) {
        let first = compare(&policy, &whole(), pool.clone());
        prop_assert_eq!(first, compare(&policy, &whole(), pool));
    }
}

#[test]
fn the_generated_records_show_every_kind() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<Kind, usize> = BTreeMap::new();
    let (mut in_transit, mut matched_later) = (0, 0);
    for _ in 0..COVERAGE_CASES {
        let pool = pools().new_tree(&mut runner).unwrap().current();
        let policy = if in_transit == 0 {
            strict_policy()
        } else {
            policy()
        };
        let context = RunContext {
            business_date: date(2026, 1, 20),
            scope: Scope::Whole,
        };
        let comparison = compare(&policy, &context, pool);
        in_transit += comparison.in_transit.len();
        matched_later += comparison
            .matched
            .iter()
            .filter(|pair| pair.rule == 1)
            .count();
        for found in &comparison.discrepancies {
            *seen.entry(found.kind).or_default() += 1;
        }
    }
    println!("{seen:?}, in transit {in_transit}, by the second rule {matched_later}");
    assert!(in_transit > 0 && matched_later > 0);
    for kind in Kind::ALL {
        // Formats find that one, before anything is matched.
        let is_of_matching = *kind != Kind::StatementOutOfBalance;
        assert_eq!(seen.contains_key(kind), is_of_matching, "{kind}: {seen:?}");
    }
}
