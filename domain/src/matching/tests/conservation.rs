//! The count that proves that nothing was lost.

use proptest::prelude::*;

use super::generate::pools;
use super::*;
use crate::conservation::{Conservation, CountAndSum};

#[test]
fn a_lost_record_shows() {
    let mut conservation = Conservation::default();
    let pool = pool(&["P A 10 EUR 5", "P A 2.5 EUR 5", "L A 10 EUR 5"]);
    conservation.receive(pool.records()).unwrap();
    let mut comparison = compare(&policy(), &whole(), pool);
    comparison.discrepancies.clear();
    conservation.conclude(&comparison).unwrap();
    assert!(!conservation.holds());
    let shown: Vec<String> = conservation
        .imbalances()
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = "partner EUR does not balance: 1 record, 2.50 EUR more came in than can be \
                    accounted for";
    assert_eq!(shown, [expected]);
}

#[test]
fn a_record_used_twice_shows() {
    let mut conservation = Conservation::default();
    let pool = pool(&["P A 10 EUR 5", "L A 10 EUR 5"]);
    conservation.receive(pool.records()).unwrap();
    let comparison = compare(&policy(), &whole(), pool);
    conservation.conclude(&comparison).unwrap();
    assert!(conservation.holds());
    conservation.conclude(&comparison).unwrap();
    assert_eq!(conservation.imbalances().len(), 2);
    assert_eq!(conservation.imbalances()[0].count, -1);
}

#[test]
fn equal_counts_of_other_sums_do_not_balance() {
    let mut conservation = Conservation::default();
    let line = conservation.line_mut(Side::Partner, euro());
    line.received = CountAndSum::new(1, amount("10")).unwrap();
    line.written_off = CountAndSum::new(1, amount("9.99999999")).unwrap();
    assert!(!conservation.holds());
    assert_eq!(conservation.imbalances()[0].sum, Some(amount("0.00000001")));
}

#[test]
fn sums_beyond_an_amount_are_still_compared() {
    let largest = amount("999999999999999999.99999999");
    let mut sum = CountAndSum::default();
    for _ in 0..1000 {
        sum.merge(CountAndSum::new(1, largest).unwrap()).unwrap();
    }
    assert_eq!(sum.count(), 1000);
    assert!(sum.sum().is_err(), "too large to be shown as an amount");
    let mut conservation = Conservation::default();
    let line = conservation.line_mut(Side::Ledger, euro());
    (line.opening, line.voided) = (sum, sum);
    assert!(conservation.holds());
}

proptest! {
    #[test]
    fn counting_apart_and_merging_is_counting_at_once(
        parts in prop::collection::vec(pools(), 3),
    ) {
        let counted = |pools: &[Pool]| {
            let mut conservation = Conservation::default();
            for pool in pools {
                conservation.receive(pool.records()).unwrap();
                conservation.conclude(&compare(&policy(), &whole(), pool.clone())).unwrap();
            }
            conservation
        };
        let merged = |one: &Conservation, other: &Conservation| {
            let mut merged = one.clone();
            merged.merge(other).unwrap();
            merged
        };
        let [a, b, c] = [0, 1, 2].map(|part| counted(&parts[part..=part]));
        let at_once = counted(&parts);
        prop_assert_eq!(&merged(&merged(&a, &b), &c), &at_once);
        prop_assert_eq!(&merged(&a, &merged(&b, &c)), &at_once);
        prop_assert_eq!(&merged(&c, &merged(&b, &a)), &at_once);
    }

    #[test]
    fn buckets_and_the_rest_conserve_together(pool in pools()) {
        let mut conservation = Conservation::default();
        conservation.receive(pool.records()).unwrap();
        let findings = match_buckets(&policy(), &whole(), pool);
        conservation.decide(&findings).unwrap();
        conservation.conclude(&conclude(&policy(), &whole(), findings.left)).unwrap();
        prop_assert!(conservation.holds(), "{:?}", conservation.imbalances());
    }
}
