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
        (
            &["P - 10 EUR 5", "L INV-104 10 EUR 5"],
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
