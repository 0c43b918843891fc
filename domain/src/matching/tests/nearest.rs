//! The candidate that is shown beside a lone record.

use super::*;

/// What is said of the candidate nearest to the partner's record; the first line.
fn nearest(lines: &[&str]) -> Option<String> {
    let comparison = compare(&policy(), &whole(), pool(lines));
    let mut found = comparison.discrepancies.into_iter();
    let lone = found
        .find(|found| found.kind == Kind::MissingInLedger)
        .unwrap();
    lone.nearest.map(|nearest| nearest.kept_apart_by)
}

#[test]
fn says_what_kept_it_apart() {
    let examples: &[(&[&str], Option<&str>)] = &[
        (
            &["P INV-104 10 EUR 5", "L INV-140 10 EUR 5"],
            Some("its reference has two characters swapped (INV-104 / INV-140)"),
        ),
        (
            &["P INV-104 10 EUR 5", "L INV-1177 10 EUR 8"],
            Some("its reference is another (INV-104 / INV-1177), its value date is 2026-01-08"),
        ),
        // A date within the window keeps nothing apart.
        (
            &["P INV-104 10 EUR 5", "L INV-1177 10 EUR 7"],
            Some("its reference is another (INV-104 / INV-1177)"),
        ),
        (
            &["P INV-104 10 EUR 5", "L inv0104 12 EUR 5"],
            Some(
                "its reference is spelled differently (INV-104 / inv0104), its amount is 12.00 EUR",
            ),
        ),
        (
            &["P INV-104 10 EUR 5", "L - 10 EUR 5 order=INV-104"],
            Some("it has INV-104 as its order, not as its reference"),
        ),
        // What is the same does not hide what the rules compare.
        (
            &[
                "P INV-104 10 EUR 5 order=O-9",
                "L INV-1177 10 EUR 5 order=O-9",
            ],
            Some(
                "its reference is another (INV-104 / INV-1177), though its order is the same (O-9)",
            ),
        ),
        (
            &["P - 10 EUR 5", "L INV-104 10 EUR 5"],
            Some("one of the two carries no reference"),
        ),
        (
            &[
                "P - 10 EUR 5 counterparty=Frey_Metall_GmbH",
                "L INV-104 10 EUR 5 counterparty=FREY_METALL",
            ],
            Some("one of the two carries no reference"),
        ),
        (
            &[
                "P - 10 EUR 5 counterparty=Frey_Metall_GmbH client=c-1",
                "L - 11 EUR 5 counterparty=Frey_Metall_GmbH client=C-1",
            ],
            None,
        ),
        // Names are not told: they stand in the records.
        (
            &[
                "P - 10 EUR 5 counterparty=Frey_Metall_GmbH client=c-1",
                "L INV-104 10 EUR 8 counterparty=Beck_Garten_GmbH client=C-1",
            ],
            Some(
                "one of the two carries no reference, its counterparty is another, its value date is \
                 2026-01-08",
            ),
        ),
        (
            &[
                "P INV-104 10 EUR 5 client=c-1",
                "L inv104 10 EUR 5 client=c-2",
            ],
            Some(
                "its reference is spelled differently (INV-104 / inv104), its client is another (c-1 / \
                 c-2)",
            ),
        ),
        (
            &[
                "P - 10 EUR 5 description=for_your_invoice_(INV-104),_thanks",
                "L INV-104 10 EUR 5",
            ],
            Some("one of the two carries no reference, though a text names INV-104"),
        ),
        (
            &["P INV-104 10 EUR 5", "L B-7 10 EUR 5 description=inv104"],
            Some("its reference is another (INV-104 / B-7), though a text names INV-104"),
        ),
        (
            &[
                "P INV-104 10 EUR 5",
                "L inv104 10 EUR 5 description=INV-104",
            ],
            Some("its reference is spelled differently (INV-104 / inv104)"),
        ),
        // Too short to be told from other numbers.
        (
            &["P - 10 EUR 5 description=17_chairs", "L 17 10 EUR 5"],
            Some("one of the two carries no reference"),
        ),
        (&["P INV-104 10 EUR 5", "L INV-105 11 EUR 5"], None),
        (&["P INV-104 10 EUR 5", "L INV-777 10 EUR 30"], None),
        (&["P INV-104 10 EUR 5"], None),
    ];
    for (lines, expected) in examples {
        assert_eq!(nearest(lines).as_deref(), *expected, "{lines:?}");
    }
}

#[test]
fn takes_the_one_with_most_in_common() {
    let lines = [
        "P INV-104 10 EUR 5",
        "L INV-777 10 EUR 5",
        "L INV-140 10 EUR 8",
        "L INV-1044 10 EUR 9",
    ];
    let expected = "its reference has two characters swapped (INV-104 / INV-140), its value date is \
                    2026-01-08";
    assert_eq!(nearest(&lines).as_deref(), Some(expected));
}

/// Which of the ledger's records, by their references, is nearest to the partner's, in whatever order they come.
fn nearest_of(lines: &[String]) -> String {
    let found = |lines: Vec<&str>| {
        let comparison = compare(&policy(), &whole(), pool(&lines));
        let mut found = comparison.discrepancies.into_iter();
        let lone = found.find(|found| found.kind == Kind::MissingInLedger);
        let nearest = lone.unwrap().nearest.unwrap();
        nearest.record.display_reference().unwrap().to_owned()
    };
    let forwards = found(lines.iter().map(String::as_str).collect());
    let backwards = found(lines.iter().rev().map(String::as_str).collect());
    assert_eq!(forwards, backwards);
    forwards
}

/// What the partner's record says beside its amount, what a first record of the ledger says, and what the second
/// one says, which is nearer.
const TELLING: [[&str; 3]; 8] = [
    [
        "counterparty=Frey_Metall_GmbH",
        "counterparty=Beck_Garten_GmbH",
        "counterparty=Frey_Metall_GmbH",
    ],
    [
        "counterparty=Frey_Metall_GmbH",
        "counterparty=Beck_Garten_GmbH",
        "",
    ],
    [
        "counterparty=Frey_Metall_GmbH",
        "",
        "counterparty=METALL,_FREY",
    ],
    ["client=c-1", "client=c-2", "client=C-1"],
    ["client=c-1", "client=c-2", ""],
    ["description=invoice_INV-2", "", ""],
    ["description=Ref:inv2;", "counterparty=Beck", ""],
    [
        "description=INV-2 counterparty=Frey",
        "counterparty=Frey",
        "counterparty=Beck",
    ],
];

#[test]
fn who_is_named_is_nearer() {
    for [partner, first, second] in TELLING {
        let lines = [
            format!("P - 199.90 EUR 5 {partner}"),
            format!("L INV-1 199.90 EUR 5 {first}"),
            format!("L INV-2 199.90 EUR 5 {second}"),
        ];
        assert_eq!(nearest_of(&lines), "INV-2", "{lines:?}");
        // A name says more than a day.
        let lines = lines.map(|line| line.replace("INV-2 199.90 EUR 5", "INV-2 199.90 EUR 8"));
        assert_eq!(nearest_of(&lines), "INV-2", "{lines:?}");
        // Not more than the reference.
        let lines = lines.map(|line| line.replace("P -", "P INV-11"));
        assert_eq!(nearest_of(&lines), "INV-1", "{lines:?}");
    }
}

#[test]
fn finds_who_is_named_among_many() {
    for [partner, _, second] in TELLING {
        let is_told = second.contains("Frey") || second.contains("FREY") || second.contains("C-1");
        if !is_told && !partner.contains("description") {
            continue;
        }
        let mut lines = vec![
            format!("P - 199.90 EUR 5 {partner}"),
            format!("L INV-2 199.90 EUR 9 {second}"),
        ];
        lines.extend((10..510).map(|number| {
            let day = 1 + number % 12;
            format!(
                "L K-{number} 199.90 EUR {day} counterparty=Beck_{number}_GmbH client=d-{number}"
            )
        }));
        assert_eq!(nearest_of(&lines), "INV-2", "{:?}", &lines[..2]);
    }
}

#[test]
fn finds_a_misspelling_among_many() {
    let mut lines = vec![
        "P INV-000104 10 EUR 5".to_owned(),
        "L INV-000140 10 EUR 5".to_owned(),
    ];
    lines.extend((0..500).map(|number| format!("L INV-0001{number:03} {} EUR 5", 11 + number)));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let expected = "its reference has two characters swapped (INV-000104 / INV-000140)";
    assert_eq!(nearest(&lines).as_deref(), Some(expected));
}
