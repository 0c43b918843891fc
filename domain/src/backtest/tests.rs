//! What is same, new, lost and changed, and what people would say to it.

use super::*;
use crate::matching::compare;
use crate::matching::tests::{amount, policy, pool, whole};
use crate::policy::{Cardinality, MatchRule};
use crate::record::ReferenceKind;

fn outcome(policy: &SourcePolicy, records: &[&str]) -> Outcome {
    let found = compare(policy, &whole(), pool(records));
    Outcome::of(policy, found).expect("small amounts")
}

fn without_resolutions(old: &SourcePolicy, new: &SourcePolicy, records: &[&str]) -> Backtest {
    let (old, new) = (outcome(old, records), outcome(new, records));
    backtest(&old, new, &BTreeMap::new()).expect("small amounts")
}

fn references(matches: &[Match]) -> Vec<&str> {
    matches.iter().map(|it| &*it.reference).collect()
}

const RECORDS: [&str; 7] = [
    "P A 10 EUR 5",
    "L A 10 EUR 5",
    "P B 10 EUR 5",
    "L B 10 EUR 9",
    "P C 5 EUR 5",
    "P C 6 EUR 5",
    "L C 5 EUR 5",
];

#[test]
fn the_same_rules_change_nothing() {
    let found = without_resolutions(&policy(), &policy(), &RECORDS);
    let expected = Backtest {
        same: found.same.clone(),
        ..Backtest::default()
    };
    assert_eq!(found, expected);
    assert_eq!(found.same.count, 2);
    assert_eq!(
        found.same.value.values().collect::<Vec<_>>(),
        [&amount("15")]
    );
}

#[test]
fn wider_dates_give_new_matches_and_narrower_ones_lose_them() {
    let mut wider = policy();
    wider.date_window.early_days = 4;
    let found = without_resolutions(&policy(), &wider, &RECORDS);
    assert_eq!(references(&found.new), ["B"]);
    assert_eq!((found.lost.len(), found.changed.len()), (0, 0));
    assert_eq!((found.gone.len(), found.appeared.len()), (1, 0));
    assert_eq!(Tally::of(&found.new).unwrap().count, 1);

    let back = without_resolutions(&wider, &policy(), &RECORDS);
    assert_eq!(references(&back.lost), ["B"]);
    assert_eq!((back.gone.len(), back.appeared.len()), (0, 1));
}

#[test]
fn a_match_with_another_record_is_changed() {
    let records = ["P C 5 EUR 5", "P C 6 EUR 5", "L C 11 EUR 5", "L C 5 EUR 6"];
    let mut together = policy();
    together.rules = vec![MatchRule {
        cardinality: Cardinality::ManyToMany,
        ..MatchRule::exact("together", &[ReferenceKind::Reference])
    }];
    together.date_window.early_days = 9;
    let old = outcome(&policy(), &records);
    let of_old = old.matches.len();
    let mut wide = together.clone();
    let tolerance = wide.tolerances.0.values_mut().next().expect("euros");
    tolerance.accepted = amount("5");
    let found = backtest(&old, outcome(&wide, &records), &BTreeMap::new()).unwrap();
    assert_eq!(of_old, 1, "5.00 with 5.00");
    assert_eq!(references(&found.changed), ["C"]);
    let changed = Tally::of(&found.changed).unwrap();
    assert_eq!(changed.value.values().next(), Some(&amount("11")));
    assert!(found.lost.is_empty(), "what is changed is not lost, too");
}

#[test]
fn new_rules_are_held_against_what_people_decided() {
    let mut wider = policy();
    wider.date_window.early_days = 4;
    let old = outcome(&policy(), &RECORDS);
    let id = |reference: &str| {
        let mut found = old.discrepancies.iter();
        let found = found.find(|it| it.reference == reference).expect(reference);
        found.id.to_string()
    };
    let agreement = |new: &SourcePolicy, reference: &str, resolution: Resolution| {
        let resolutions = BTreeMap::from([(id(reference), resolution)]);
        let found = backtest(&old, outcome(new, &RECORDS), &resolutions).unwrap();
        found.decided[0].agreement
    };
    use Agreement::{Agrees, AsksAgain, Contradicts};
    let (accept, correct) = (Resolution::Accept, Resolution::PartnerToCorrect);
    assert_eq!(agreement(&wider, "B", accept.clone()), Agrees);
    assert_eq!(agreement(&policy(), "B", accept), AsksAgain);
    assert_eq!(agreement(&wider, "B", correct.clone()), Contradicts);
    assert_eq!(agreement(&policy(), "B", correct), Agrees);
}

#[test]
fn a_match_that_somebody_made_is_made_or_another() {
    let records = ["P A-1 10 EUR 5", "L A1 10 EUR 5", "P Q 7 EUR 5"];
    let mut spelled = policy();
    let on = &mut spelled.rules[0].on[0];
    on.partner.steps = vec![crate::policy::TextStep::IgnoreSeparators];
    let old = outcome(&policy(), &records);
    let id = |reference: &str| {
        let mut found = old.discrepancies.iter();
        found
            .find(|it| it.reference == reference)
            .map(|it| it.id.to_string())
    };
    let agreement = |new: &SourcePolicy, with: &str| {
        let resolution = Resolution::Match { with: with.into() };
        let resolutions = BTreeMap::from([(id("A-1").expect("found"), resolution)]);
        let found = backtest(&old, outcome(new, &records), &resolutions).unwrap();
        found.decided[0].agreement
    };
    assert_eq!(agreement(&spelled, "A1"), Agreement::Agrees);
    assert_eq!(agreement(&policy(), "A1"), Agreement::AsksAgain);
    assert_eq!(agreement(&spelled, "Z9"), Agreement::Contradicts);
}
