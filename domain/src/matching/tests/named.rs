//! One text that names several records, and several that a later rule takes as one.

use super::*;
use crate::policy::{Field, Key, Pattern, Term, TextStep};

fn listing(cardinality: Cardinality) -> SourcePolicy {
    let plain = |field| Term {
        field,
        steps: Vec::new(),
    };
    let list = Term {
        field: Field::Description,
        steps: vec![TextStep::Each(Pattern::parse("I[0-9]").unwrap())],
    };
    let reference = plain(Field::Reference(ReferenceKind::Reference));
    let (partner, ledger) = match cardinality {
        Cardinality::ManyToOne => (reference, list),
        _ => (list, reference),
    };
    let several = MatchRule {
        on: vec![Key { partner, ledger }],
        cardinality,
        ..MatchRule::exact("several", &[])
    };
    let mut policy = policy();
    policy.rules = vec![rule("by reference", &[ReferenceKind::Reference]), several];
    policy
}

/// How many records each match has, in order; the same whatever the order of the records.
fn matched(policy: &SourcePolicy, records: &[&str]) -> Vec<usize> {
    let sizes = |records: &[&str]| {
        let found = compare(policy, &whole(), pool(records)).matched;
        let mut sizes: Vec<usize> = found.iter().map(|it| it.records().count()).collect();
        sizes.sort_unstable();
        sizes
    };
    let mut backwards = records.to_vec();
    backwards.reverse();
    let found = sizes(records);
    assert_eq!(found, sizes(&backwards), "{records:?}");
    found
}

#[test]
fn one_payment_goes_with_all_that_its_text_names() {
    let policy = listing(Cardinality::OneToMany);
    let two = [
        "P X 30 EUR 5 description=I1,I2",
        "L I1 10 EUR 5",
        "L I2 20 EUR 5",
    ];
    assert_eq!(matched(&policy, &two), [3]);
    let named_twice = [
        "P X 30 EUR 5 description=I1,I2,I1",
        "L I1 10 EUR 5",
        "L I2 20 EUR 5",
    ];
    assert_eq!(matched(&policy, &named_twice), [3]);
    let other_way = [
        "L X 30 EUR 5 description=I1,I2",
        "P I1 10 EUR 5",
        "P I2 20 EUR 5",
    ];
    assert_eq!(matched(&listing(Cardinality::ManyToOne), &other_way), [3]);
    let only_one = ["P X 10 EUR 5 description=I1", "L I1 10 EUR 5"];
    assert_eq!(matched(&policy, &only_one), [2]);
}

#[test]
fn a_list_that_is_paid_again_is_a_duplicate() {
    let policy = listing(Cardinality::OneToMany);
    let invoices = ["L I1 10 EUR 5", "L I2 20 EUR 5"];
    let twice = [
        "P X 30 EUR 5 description=I1,I2",
        "P Y 30 EUR 6 description=I2,I1",
        invoices[0],
        invoices[1],
    ];
    assert_eq!(matched(&policy, &twice), [3]);
    let again = only_discrepancy(&policy, &twice);
    assert_eq!(again.kind, Kind::DuplicateAtPartner);
    assert_eq!(&*again.partner.unwrap().origin.raw, twice[1]);
    // What failed is no payment of it; of another amount, it is the one that adds up.
    for other in [
        "P Y 30 EUR 6 status=failed description=I1,I2",
        "P Y 29 EUR 6 description=I1,I2",
        "P Y 25 EUR 6 description=I2",
    ] {
        let records = [twice[0], other, invoices[0], invoices[1]];
        assert_eq!(matched(&policy, &records), [3], "{other}");
    }
    // Where two do, which of them is meant is not guessed.
    let records = [
        twice[0],
        "P Y 20 EUR 6 description=I2",
        invoices[0],
        invoices[1],
    ];
    assert_eq!(matched(&policy, &records), [0; 0]);
    let choice = only_discrepancy(&policy, &records);
    assert_eq!(choice.kind, Kind::Ambiguous);
    assert_eq!(
        choice.reason,
        "2 partner records (20.00 EUR, 30.00 EUR) and 2 ledger records (10.00 EUR, 20.00 EUR): several name I2, \
         and each of them adds up with all that it names, so nothing was chosen"
    );
}

/// What kept all of it from being taken is said of the list, and of each that it names.
#[test]
fn both_sides_say_what_a_list_lacks() {
    let policy = listing(Cardinality::OneToMany);
    let payment = "P X 45 EUR 5 description=I1,I2,I9";
    let examples: &[(&[&str], &str)] = &[
        (
            &[payment, "L I1 10 EUR 5", "L I2 20 EUR 5"],
            "no ledger record of I9 is left",
        ),
        (
            &[payment, "L I1 10 EUR 5", "L I9 2 EUR 5", "L I9 3 EUR 5"],
            "no ledger record of I2 is left",
        ),
        (
            &[
                payment,
                "L I1 10 EUR 5",
                "L I2 20 EUR 5",
                "L I9 2 EUR 5",
                "L I9 3 EUR 5",
            ],
            "2 ledger records have I9",
        ),
        (
            &[
                payment,
                "P Y 99 EUR 5 description=I2",
                "L I1 10 EUR 5",
                "L I2 20 EUR 5",
                "L I9 5 EUR 5",
            ],
            "I2 is named by 1 other partner record, too",
        ),
    ];
    for (records, fault) in examples {
        let found = compare(&policy, &whole(), pool(records)).discrepancies;
        let said = |start: &str| {
            let of_record = |it: &&Discrepancy| {
                let mut own = own_records(it);
                own.any(|record| record.origin.raw.starts_with(start))
            };
            let said = found.iter().find(of_record).expect(start);
            said.reason.clone()
        };
        let of_list =
            format!("(its text names 3 ledger records, but {fault}, so none of them was taken)");
        assert!(said("P X").ends_with(&of_list), "{}", said("P X"));
        let of_named = format!(
            "(the partner's 45.00 EUR of 2026-01-05 names it with others, but {fault}, so none of \
             them was taken)"
        );
        assert!(said("L I1").ends_with(&of_named), "{}", said("L I1"));
    }
}

/// A payment that names one of the invoices and has another amount ties it up, as far as a rule of pairs can tell.
#[test]
fn a_sum_that_is_named_goes_before_a_pair_that_differs() {
    let mut policy = listing(Cardinality::OneToMany);
    let mut by_text = policy.rules[1].clone();
    by_text.name = "named alone".to_owned();
    by_text.cardinality = Cardinality::OneToOne;
    by_text.on[0].partner.steps = vec![TextStep::Capture(Pattern::parse("I[0-9]").unwrap())];
    policy.rules[0] = by_text;
    let records = [
        "P X 42 EUR 5 description=I2",
        "P Y 30 EUR 5 description=I1,I2",
        "L I1 10 EUR 5",
        "L I2 20 EUR 5",
    ];
    assert_eq!(matched(&policy, &records), [3]);
    let left = only_discrepancy(&policy, &records);
    assert_eq!(left.kind, Kind::MissingInLedger);
    assert_eq!(&*left.partner.unwrap().origin.raw, records[0]);
}

/// All that is named is there: the payment and they are one difference, not three records of which
/// nothing is known.
#[test]
fn what_is_named_and_does_not_agree_is_one_difference() {
    let policy = listing(Cardinality::OneToMany);
    let payment = "P X 30 EUR 5 description=I1,I2";
    let found = only_discrepancy(&policy, &[payment, "L I1 10 EUR 5", "L I2 21 EUR 5"]);
    assert_eq!(found.kind, Kind::AmountMismatch);
    assert_eq!(found.difference, Some(amount("-1")));
    assert_eq!(
        found.reason,
        "partner reports 30.00 EUR for I1 in 1 record, the ledger has 31.00 EUR in 2 records: \
         partner is 1.00 EUR lower, tolerance is 0.05"
    );
    let late = only_discrepancy(&policy, &[payment, "L I1 10 EUR 5", "L I2 20 EUR 15"]);
    assert_eq!(late.kind, Kind::DateMismatch);
    assert_eq!(
        late.reason,
        "partner reports 30.00 EUR for I1 in 1 record, the ledger has 30.00 EUR in 2 records: the \
         partner's value dates are up to 10 days early, 2 accepted"
    );
    let payment = "P X 30 EUR 9 description=I1,I2";
    let both = only_discrepancy(&policy, &[payment, "L I1 10 EUR 2", "L I2 20 EUR 15"]);
    let ways = "up to 7 days late, 2 accepted, and up to 6 days early, 2 accepted";
    assert!(both.reason.ends_with(ways), "{}", both.reason);
}

#[test]
fn nothing_is_guessed_of_what_a_text_names() {
    let policy = listing(Cardinality::OneToMany);
    let payment = "P X 30 EUR 5 description=I1,I2";
    let examples: &[(&str, &[&str])] = &[
        ("one of them is not there", &[payment, "L I1 30 EUR 5"]),
        (
            "they don't add up",
            &[payment, "L I1 10 EUR 5", "L I2 21 EUR 5"],
        ),
        ("another day", &[payment, "L I1 10 EUR 5", "L I2 20 EUR 15"]),
        (
            "another currency",
            &[payment, "L I1 10 EUR 5", "L I2 20 USD 5"],
        ),
        (
            "two of that name",
            &[payment, "L I1 10 EUR 5", "L I2 20 EUR 5", "L I2 20 EUR 5"],
        ),
        (
            "named by another payment, too, which adds up as well",
            &[
                payment,
                "P Y 20 EUR 5 description=I2",
                "L I1 10 EUR 5",
                "L I2 20 EUR 5",
            ],
        ),
    ];
    for (why, records) in examples {
        assert_eq!(matched(&policy, records), [0; 0], "{why}");
    }
}

#[test]
fn what_pairs_took_before_is_not_there_any_more() {
    let policy = listing(Cardinality::OneToMany);
    let records = [
        "P I1 10 EUR 5",
        "P X 30 EUR 5 description=I1,I2",
        "L I1 10 EUR 5",
        "L I2 20 EUR 5",
    ];
    assert_eq!(matched(&policy, &records), [2]);
}

/// A payment that came less its fee, which is booked under the same reference: neither the exact rule
/// nor one that reads it more freely makes a pair of it that differs.
#[test]
fn pairs_wait_where_a_later_rule_takes_all_of_them_as_one() {
    let mut policy = policy();
    let freely = |steps: &[TextStep]| {
        Key::same(Term {
            field: Field::Reference(ReferenceKind::Reference),
            steps: steps.to_vec(),
        })
    };
    let exact = rule("by reference", &[ReferenceKind::Reference]);
    let free = MatchRule {
        on: vec![freely(&[TextStep::IgnoreCase])],
        ..rule("freely", &[])
    };
    let less_its_fee = MatchRule {
        cardinality: Cardinality::OneToMany,
        ..rule("less its fee", &[ReferenceKind::Reference])
    };
    policy.rules = vec![exact, free, less_its_fee];
    let booked = ["P A 9 EUR 5", "L A 10 EUR 5", "L A -1 EUR 5"];
    assert_eq!(matched(&policy, &booked), [3]);
    // Written differently they are not one group of the later rule: a pair differs.
    let otherwise = ["P A 9 EUR 5", "L A 10 EUR 5", "L a -1 EUR 5"];
    assert_eq!(matched(&policy, &otherwise), [0; 0]);
}
