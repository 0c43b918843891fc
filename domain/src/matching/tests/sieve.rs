//! The law of the sieve: with it and without it, the same is found.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::{pools, pools_of_kin};
use super::laws::{compare_beside, content, respelled};
use super::*;
use crate::matching::sieve::{
    Agreement, Day, Facts, Join, Partition, Place, PlainAmount, Sifted, key_of,
};
use crate::policy::{Field, Key, Term, TextStep};

/// Bytes that stand for a line in the places of these tests.
const LINE_BYTES: u64 = 1000;

/// What a scan would say of a record; nothing where it should be looked at.
fn facts(record: &Record, is_known: bool) -> Option<Facts> {
    (is_known && record.fees.is_none()).then(|| Facts {
        amount: PlainAmount::of(record.money.amount).expect("small"),
        currency: record.money.currency,
        day: Day::of(record.value_date).expect("of this century"),
        status: record.status,
    })
}

/// Rows of one side in partitions, and those without the key.
fn partitions(
    records: &[Record],
    policy: &SourcePolicy,
    bits: u32,
    known: &[bool],
) -> (Vec<Partition>, Vec<Place>) {
    let kin = Kin::of(policy);
    let mut partitions = vec![Partition::default(); 1 << bits];
    let mut left = Vec::new();
    for record in records {
        let line = record.origin.line;
        let place = Place {
            offset: u64::from(line) * LINE_BYTES,
            line,
        };
        let Some(key) = kin.written(record) else {
            left.push(place);
            continue;
        };
        let has_key = record.reference(ReferenceKind::Reference).is_some();
        let index = kin
            .hash(key.as_bytes())
            .checked_shr(u64::BITS - bits)
            .unwrap_or(0);
        let facts = facts(record, has_key && known[line as usize % known.len()]);
        partitions[index as usize].push(place, key.as_bytes(), facts.as_ref());
    }
    (partitions, left)
}

/// The records at these places, and the others.
fn split(records: Vec<Record>, left: &[Place]) -> (Vec<Record>, Vec<Record>) {
    let is_left = |record: &Record| left.iter().any(|place| place.line == record.origin.line);
    records.into_iter().partition(is_left)
}

/// The sieve, then the rules on what it left.
fn sieve_and_compare(policy: &SourcePolicy, pool: Pool, bits: u32, known: &[bool]) -> Comparison {
    let kind = key_of(policy, &Scope::Whole).expect("applies");
    let agreement = Agreement::of(policy);
    let (mut partner, mut partner_left) = partitions(&pool.partner, policy, bits, known);
    let (mut ledger, mut ledger_left) = partitions(&pool.ledger, policy, bits, known);
    let (mut join, mut sifted) = (Join::of(policy), Sifted::default());
    for (partner, ledger) in partner.iter_mut().zip(&mut ledger) {
        join.partner.take(partner, 0);
        join.ledger.take(ledger, 0);
        join.join(&agreement, &mut sifted);
    }
    partner_left.extend(&sifted.partner_left);
    ledger_left.extend(&sifted.ledger_left);
    let (partner_left, partner) = split(pool.partner, &partner_left);
    let (ledger_left, ledger) = split(pool.ledger, &ledger_left);
    assert_eq!(sifted.partner.count(), partner.len() as u64);
    assert_eq!(sifted.ledger.count(), ledger.len() as u64);
    let left = Pool {
        partner: partner_left,
        ledger: ledger_left,
    };
    let settled: Vec<Record> = partner.iter().chain(&ledger).cloned().collect();
    let mut comparison = compare_beside(policy, &whole(), left, &settled);
    let mut by_key: BTreeMap<String, Record> = BTreeMap::new();
    for record in ledger {
        let key = record.reference(kind).expect("has one").to_owned();
        assert!(by_key.insert(key, record).is_none(), "settled twice");
    }
    for partner in partner {
        let key = partner.reference(kind).expect("has one");
        let ledger = by_key.remove(key).expect("settled on both sides");
        comparison.matched.push(Matched {
            partner,
            ledger,
            more: Vec::new(),
            rule: 0,
        });
    }
    assert!(by_key.is_empty(), "settled on both sides");
    comparison
}

fn policies() -> impl Strategy<Value = SourcePolicy> {
    let accepted = prop_oneof![Just("0"), Just("0.01"), Just("0.04"), Just("200")];
    let day = prop_oneof![Just(DayUnit::Calendar), Just(DayUnit::Business)];
    let numbers = (0u32..4, 0u32..4, 0u32..30);
    (accepted, day, numbers, any::<bool>()).prop_map(|(accepted, unit, numbers, is_more)| {
        let (early, late, settle) = numbers;
        let mut rules = policy().rules;
        if is_more {
            rules.push(MatchRule {
                cardinality: Cardinality::ManyToOne,
                ..rule("in parts", &[ReferenceKind::Reference])
            });
            rules.push(MatchRule {
                is_alike: true,
                ..rule("misspelled", &[ReferenceKind::Reference])
            });
        }
        let tolerance = Tolerance {
            accepted: amount(accepted),
            rounding: amount("0.05"),
            ..Tolerance::default()
        };
        SourcePolicy {
            rules,
            tolerances: Tolerances([(euro(), tolerance)].into()),
            date_window: DateWindow {
                early_days: early,
                late_days: late,
                unit,
            },
            settlement_window_days: settle,
            agreed_fee: Some(agreed_fee()),
            ..policy()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_sieve_changes_nothing(
        pool in pools(), policy in policies(), bits in 0u32..5, known in vec(any::<bool>(), 1..8),
    ) {
        let at_once = compare(&policy, &whole(), pool.clone());
        let with_sieve = sieve_and_compare(&policy, pool, bits, &known);
        prop_assert_eq!(content(&with_sieve), content(&at_once));
    }

    #[test]
    fn nor_what_is_there_again_in_other_words(
        pool in pools_of_kin(), policy in respelled(), bits in 0u32..5,
        known in vec(any::<bool>(), 1..8),
    ) {
        let at_once = compare(&policy, &whole(), pool.clone());
        let with_sieve = sieve_and_compare(&policy, pool, bits, &known);
        prop_assert_eq!(content(&with_sieve), content(&at_once));
    }

    #[test]
    fn what_is_plain_and_agrees_is_settled(pool in pools(), policy in policies()) {
        let mut groups: BTreeMap<&str, (Vec<&Record>, Vec<&Record>)> = BTreeMap::new();
        for record in pool.records() {
            if let Some(key) = record.reference(ReferenceKind::Reference) {
                let group = groups.entry(key).or_default();
                match record.side {
                    Side::Partner => group.0.push(record),
                    Side::Ledger => group.1.push(record),
                }
            }
        }
        let is_plain = |record: &Record| record.fees.is_none();
        let agrees = |(partner, ledger): &&(Vec<&Record>, Vec<&Record>)| match (&partner[..], &ledger[..]) {
            ([partner], [ledger]) => is_plain(partner) && is_plain(ledger)
                && pair::difference(policy.accepts(&policy.rules[0]), partner, ledger, Default::default)
                    .is_none()
                // That a record is the reversal of another is for the rules.
                && !(partner.status != ledger.status && [partner, ledger].iter().any(|record| {
                    record.status == Some(Status::Reversed)
                        && record.reference(ReferenceKind::OriginalReference).is_some()
                })),
            _ => false,
        };
        let expected = groups.values().filter(agrees).count();
        let (mut partner, _) = partitions(&pool.partner, &policy, 0, &[true]);
        let (mut ledger, _) = partitions(&pool.ledger, &policy, 0, &[true]);
        let mut sifted = Sifted::default();
        let mut join = Join::of(&policy);
        join.partner.take(&mut partner[0], 0);
        join.ledger.take(&mut ledger[0], 0);
        join.join(&Agreement::of(&policy), &mut sifted);
        prop_assert_eq!(sifted.partner.count() as usize, expected);
    }
}

#[test]
fn it_applies_to_whole_sources_with_one_reference() {
    let reference = Ok(ReferenceKind::Reference);
    assert_eq!(key_of(&policy(), &Scope::Whole), reference);
    assert!(key_of(&policy(), &Scope::Client("x".to_owned())).is_err());
    let both = [ReferenceKind::Reference, ReferenceKind::Invoice];
    let with_first = |first: MatchRule| SourcePolicy {
        rules: vec![first],
        ..policy()
    };
    let exact = || rule("reference", &[ReferenceKind::Reference]);
    let digits = Term {
        field: Field::Reference(ReferenceKind::Reference),
        steps: vec![TextStep::Digits],
    };
    for first in [
        rule("both", &both),
        MatchRule {
            on: vec![Key::same(digits)],
            ..exact()
        },
        MatchRule {
            cardinality: Cardinality::OneToMany,
            ..exact()
        },
        MatchRule {
            is_alike: true,
            ..exact()
        },
    ] {
        assert!(
            key_of(&with_first(first.clone()), &Scope::Whole).is_err(),
            "{first:?}"
        );
    }
}
