//! What an id depends on, and what it does not.

use std::collections::BTreeSet;

use super::*;
use crate::discrepancy::DiscrepancyId;

fn id(lines: &[&str]) -> DiscrepancyId {
    only_discrepancy(&policy(), lines).id
}

#[test]
fn a_changed_amount_or_line_is_the_same_case() {
    let first = id(&["P A 1000 EUR 5", "L A 800 EUR 5"]);
    assert_eq!(
        first,
        id(&["L A 700 EUR 6", "P A 1001 EUR 6"]),
        "other amounts, dates, lines"
    );
    assert_ne!(
        first,
        id(&["P B 1000 EUR 5", "L B 800 EUR 5"]),
        "another reference"
    );
    assert_ne!(
        first,
        id(&["P A 1000 EUR 5", "L A 1000 USD 5"]),
        "another kind"
    );
    let elsewhere = SourcePolicy {
        source: "other".to_owned(),
        ..policy()
    };
    let there = only_discrepancy(&elsewhere, &["P A 1000 EUR 5", "L A 800 EUR 5"]);
    assert_ne!(first, there.id, "another source");
}

#[test]
fn ids_are_fixed_for_ever() {
    // A changed id makes every open case of every user a new one. Never change these.
    let pair = id(&["P INV-104 1000 EUR 5", "L INV-104 800 EUR 5"]);
    assert_eq!(pair.as_str(), "21b2e923a0454b021c9624ccf1665ab6");
    let lone = id(&["P INV-104 1000 EUR 5 invoice=I"]);
    assert_eq!(lone.as_str(), "7caa22f90b1d4bd1d54f146f46a155d1");
    let nameless = id(&["P - 1000 EUR 5 description=transfer"]);
    assert_eq!(nameless.as_str(), "92f07486d00146ed85b8c8f44b47ecc4");
    let again = id(&["P A 1 EUR 5", "P A 1 EUR 5", "L A 1 EUR 5"]);
    assert_eq!(again.as_str(), "b3ec0bbcaa89039b456a6f44ec29419f");
}

#[test]
fn what_a_later_rule_or_look_finds_has_an_id_that_is_fixed_as_well() {
    let by_invoice = id(&["P - 1000 EUR 5 invoice=I", "L - 800 EUR 5 invoice=I"]);
    assert_eq!(by_invoice.as_str(), "a100566efe31a4a0cb41f99fd3aafa81");
    // Between more than one of a side nothing is said before all rules had their turn.
    let ambiguous = id(&["P A 1000 EUR 5", "L A 800 EUR 5", "L A 700 EUR 5"]);
    assert_eq!(ambiguous.as_str(), "513782bdd485714d0384921bd8b374b6");
}

#[test]
fn a_copy_is_the_same_case_before_and_after_its_original_is_booked() {
    let comparison = compare(&policy(), &whole(), pool(&["P A 1 EUR 5", "P A 1 EUR 5"]));
    let mut found = comparison.discrepancies.iter();
    let copy = found
        .find(|found| found.kind == Kind::DuplicateAtPartner)
        .unwrap();
    assert_eq!(copy.id, id(&["P A 1 EUR 5", "P A 1 EUR 5", "L A 1 EUR 5"]));
}

#[test]
fn equal_keys_are_numbered() {
    let lines = [
        "P A 1000 EUR 5",
        "P A 1000 EUR 5",
        "L A 800 EUR 5",
        "L A 800 EUR 5",
    ];
    let comparison = compare(&policy(), &whole(), pool(&lines));
    let ids: Vec<_> = comparison
        .discrepancies
        .iter()
        .map(|found| &found.id)
        .collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert!(
        ids.contains(&&id(&lines[1..3])),
        "the first is as if it were alone"
    );
}

#[test]
fn buckets_are_fixed_for_ever() {
    // Staged files depend on it.
    let policy = policy();
    let buckets = Buckets::of(&policy);
    let bucket = |text| buckets.of_record(&record(text, 1));
    let found = [
        "P A 1 EUR 5",
        "P INV-104 1 EUR 5",
        "P INV-0000000001 1 EUR 5",
    ]
    .map(bucket);
    assert_eq!(found, [14, 0, 3]);
    assert_eq!(bucket("P A 1 EUR 5"), bucket("L A 900 USD 25 invoice=I"));
    let keys = ["A", "INV-104", "INV-0000000001"].map(|key| buckets.of_key(key.as_bytes()));
    assert_eq!(keys, found);
}

#[test]
fn buckets_are_of_like_size() {
    let policy = policy();
    let mut sizes = [0; BUCKETS as usize];
    for number in 0..16_000 {
        let text = format!("P INV-{number:010} 1 EUR 5");
        sizes[Buckets::of(&policy).of_record(&record(&text, 1)) as usize] += 1;
    }
    assert!(
        sizes.iter().all(|size| (850..1150).contains(size)),
        "{sizes:?}"
    );
}

#[test]
fn people_see_them_in_order_of_reference_kind_and_id() {
    let lines: Vec<String> = (0..60u64)
        .map(|row| format!("P R{} {} EUR 5", row * 7 % 20, 100 + row))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let found = compare(&policy(), &whole(), pool(&lines)).discrepancies;
    assert_eq!(found.len(), 60);
    let mut in_order = found.clone();
    in_order.sort_by(|a, b| (&a.reference, a.kind, &a.id).cmp(&(&b.reference, b.kind, &b.id)));
    for step in [1, 7, 11, 13, 59] {
        let mut mixed: Vec<Discrepancy> = (0..60).map(|at| found[at * step % 60].clone()).collect();
        sort_for_people(&mut mixed);
        assert_eq!(mixed, in_order);
    }
}

#[test]
fn a_payment_and_its_reversal_that_are_both_there_again_are_two() {
    let pool = pool(&[
        "P A 100 EUR 5",
        "L A 90 EUR 5",
        "L A 90 EUR 5",
        "L A 90 EUR 5 status=reversed",
        "L A 90 EUR 5 status=reversed",
    ]);
    let found = compare(&policy(), &whole(), pool).discrepancies;
    let again = found.iter().filter(|it| it.kind == Kind::DuplicateInLedger);
    assert_eq!(again.map(|it| it.id).collect::<BTreeSet<_>>().len(), 2);
}
