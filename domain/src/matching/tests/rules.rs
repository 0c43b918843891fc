//! What is known of rules before any record is compared: which of them a record has texts for, and
//! which rule never gets its turn.

use super::*;
use crate::policy::{Field, Key, Term, TextStep};

fn on(steps: &[TextStep]) -> MatchRule {
    let key = Key::same(Term {
        field: Field::Reference(ReferenceKind::Reference),
        steps: steps.to_vec(),
    });
    MatchRule {
        on: vec![key],
        ..rule("by reference", &[])
    }
}

#[test]
fn a_record_can_match_by_a_rule_whose_texts_it_has_all() {
    let both = [ReferenceKind::Invoice, ReferenceKind::Order];
    let policy = SourcePolicy {
        rules: vec![
            rule("by reference", &[ReferenceKind::Reference]),
            rule("by both", &both),
        ],
        ..policy()
    };
    let can = |text: &str| can_match(&policy, &record(text, 1));
    assert!(can("P A 1 EUR 5"));
    assert!(can("L - 1 EUR 5 invoice=I order=O"));
    assert!(!can("L - 1 EUR 5 invoice=I"));
    assert!(!can("P - 1 EUR 5"));
}

#[test]
fn a_rule_leaves_nothing_to_a_later_one_that_wants_the_same_or_more() {
    let exact = rule("exact", &[ReferenceKind::Reference]);
    let more = rule("more", &[ReferenceKind::Invoice, ReferenceKind::Reference]);
    let other = rule("other", &[ReferenceKind::Invoice]);
    assert!(exact.shadows(&exact));
    assert!(exact.shadows(&more));
    assert!(!more.shadows(&exact), "it has those that lack the invoice");
    assert!(!exact.shadows(&other));
    assert!(
        !rule("nothing", &[]).shadows(&exact),
        "it brings nothing together"
    );
}

#[test]
fn a_rule_leaves_nothing_to_a_later_one_that_makes_less_of_its_texts_equal() {
    let (digits, case) = (TextStep::Digits, TextStep::IgnoreCase);
    let [plain, only_digits, both] =
        [vec![], vec![digits.clone()], vec![digits, case.clone()]].map(|steps| on(&steps));
    assert!(only_digits.shadows(&plain) && both.shadows(&only_digits));
    assert!(!plain.shadows(&only_digits) && !only_digits.shadows(&both));
    assert!(!on(&[case]).shadows(&only_digits), "another step first");
    // On each side by itself.
    let half = MatchRule {
        on: vec![Key {
            partner: plain.on[0].partner.clone(),
            ledger: only_digits.on[0].ledger.clone(),
        }],
        ..plain.clone()
    };
    assert!(half.shadows(&plain) && !half.shadows(&only_digits));
}

#[test]
fn only_a_rule_of_equal_pairs_leaves_nothing_and_only_to_such_a_rule() {
    let pairs = on(&[]);
    let parts = MatchRule {
        cardinality: Cardinality::ManyToOne,
        ..pairs.clone()
    };
    let alike = MatchRule {
        is_alike: true,
        ..pairs.clone()
    };
    for other in [parts, alike] {
        assert!(!pairs.shadows(&other), "{other:?}");
        assert!(!other.shadows(&pairs), "{other:?}");
    }
}

#[test]
fn a_pool_is_empty_when_neither_side_has_a_record() {
    assert!(Pool::default().is_empty());
    assert!(!pool(&["P A 1 EUR 5"]).is_empty());
    assert!(!pool(&["L A 1 EUR 5"]).is_empty());
}
