//! References that may be misspelled: what goes together, and what is too near to others.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::examples::{Example, check};
use super::generate::numbered;
use super::*;
use crate::record::Past;

fn alike() -> MatchRule {
    MatchRule {
        is_alike: true,
        ..rule("misspelled", &[ReferenceKind::Reference])
    }
}

/// By reference, then by one that is alike.
fn misspelled() -> SourcePolicy {
    SourcePolicy {
        rules: vec![rule("by reference", &[ReferenceKind::Reference]), alike()],
        ..policy()
    }
}

#[test]
fn a_misspelled_reference_matches_only_with_its_amount_and_day() {
    let examples = [
        Example {
            what: "two digits changed places",
            records: &["P INV-1042 100 EUR 5", "L INV-1024 100 EUR 6"],
            gives: &["matched INV-1024"],
        },
        Example {
            what: "the next invoice over the same amount",
            records: &["P INV-1042 100 EUR 5", "L INV-1043 100 EUR 5"],
            gives: &["missing_at_partner INV-1043", "missing_in_ledger INV-1042"],
        },
        Example {
            what: "another amount",
            records: &["P INV-1042 100 EUR 5", "L INV-1024 101 EUR 5"],
            gives: &["missing_at_partner INV-1024", "missing_in_ledger INV-1042"],
        },
        Example {
            what: "a third one of the same series: there is a choice, so none is made",
            records: &[
                "P INV-1042 100 EUR 5",
                "L INV-1024 100 EUR 5",
                "L INV-1077 100 EUR 5",
            ],
            gives: &[
                "missing_at_partner INV-1024",
                "missing_at_partner INV-1077",
                "missing_in_ledger INV-1042",
            ],
        },
        Example {
            what: "a third one that is far away in time is no choice",
            records: &[
                "P INV-1042 100 EUR 5",
                "L INV-1024 100 EUR 5",
                "L INV-7777 100 EUR 20",
            ],
            gives: &["matched INV-1024", "missing_at_partner INV-7777"],
        },
    ];
    check(&misspelled(), &whole(), &examples);
}

#[test]
fn a_reference_that_may_be_several_says_so() {
    let pool = pool(&[
        "P INV-1042 100 EUR 5",
        "P INV-1031 100 EUR 5",
        "L INV-1024 100 EUR 5",
        "P PAY-3691 70 EUR 5",
        "L PAY-3691-01 70 EUR 5",
        "L - 70 EUR 5",
    ]);
    let comparison = compare(&misspelled(), &whole(), pool);
    let mut reasons: Vec<&str> = comparison
        .discrepancies
        .iter()
        .filter_map(|found| found.reason.split_once(" goes with it by reference ("))
        .map(|(_, note)| note.split_once(')').unwrap().0)
        .collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "it may go with 2 ledger records of this amount, so none was chosen",
            "it may go with 2 partner records of this amount, so none was chosen",
            "it may go with a ledger record of this amount, but so may 1 other partner record, so it was left",
            "it may go with a partner record of this amount, but so may 1 other ledger record, so it was left",
        ]
    );
    assert!(comparison.matched.is_empty());
}

#[test]
fn nothing_is_taken_for_misspelled_among_more_than_twenty_of_one_amount() {
    for (of, to) in [("P", "L"), ("L", "P")] {
        for (others, matched) in [(19, 1), (20, 0)] {
            let mut lines = vec![
                format!("{of} INV-1042 100 EUR 5"),
                format!("{to} INV-1024 100 EUR 5"),
            ];
            lines.extend((0..others).map(|other| format!("{to} PAY-77{other:02} 100 EUR 5")));
            // Of another day, amount or currency there may be more.
            for others in ["100 EUR 20", "101 EUR 5", "100 USD 5"] {
                lines.extend((0..30).map(|other| format!("{to} PAY-55{other:02} {others}")));
            }
            let comparison = compare(&misspelled(), &whole(), numbered(lines));
            assert_eq!(comparison.matched.len(), matched, "{of} {others}");
            let of_many = |found: &&Discrepancy| found.reason.contains("more than 20");
            let told = comparison.discrepancies.iter().filter(of_many).count();
            assert_eq!(told, 2 * (1 - matched), "{of} {others}");
        }
    }
}

/// Of long texts, others are no series in which a slip may name another.
#[test]
fn a_long_text_is_known_again_among_many() {
    for (others, matched) in [(199, 1), (200, 0)] {
        let mut lines = vec![
            "P 550e8400-e29b-41d4-a716 100 EUR 5".to_owned(),
            "L 550e8400-e29b-41d4-a761 100 EUR 5".to_owned(),
        ];
        lines.extend(
            (0..others).map(|other| format!("L 7731-{other:03}-77c0-9d31-{other:03} 100 EUR 5")),
        );
        let comparison = compare(&misspelled(), &whole(), numbered(lines));
        assert_eq!(comparison.matched.len(), matched, "{others}");
    }
}

/// A query has the same name every day, and a line like yesterday's.
#[test]
fn what_is_said_of_a_record_is_not_said_of_an_open_one_of_that_line() {
    let mut pool = numbered(
        [
            "P INV-1042 100 EUR 5",
            "L INV-1024 100 EUR 5",
            "L INV-10422 100 EUR 5",
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    let mut open = record("P PAY-777 70 EUR 5", pool.partner[0].origin.line);
    open.past = Some(Box::new(Past {
        received_by: Some("yesterday".into()),
        since: open.value_date,
        found_in: None,
        repeats: None,
    }));
    pool.push(open);
    let found = compare(&misspelled(), &whole(), pool).discrepancies;
    let may_go = |it: &Discrepancy| it.reason.contains("it may go with");
    let of = |reference: &str| found.iter().find(|it| *it.reference == *reference).unwrap();
    assert!(
        may_go(of("INV-1042")) && !may_go(of("PAY-777")),
        "{found:?}"
    );
}

/// The same said once more: of all pairs, which are to go together.
fn pairs(pool: &Pool) -> Vec<(u32, u32)> {
    let text = |record: &Record| {
        record
            .reference(ReferenceKind::Reference)
            .map(str::to_owned)
    };
    let is_near = |partner: &Record, ledger: &Record| {
        let days = ledger
            .value_date
            .until(partner.value_date)
            .unwrap()
            .get_days();
        partner.money == ledger.money && (-2..=2).contains(&days)
    };
    let are_alike = |one: &str, other: &str| {
        let replaced = || {
            one.chars()
                .zip(other.chars())
                .filter(|(a, b)| a != b)
                .count()
        };
        let is_slip =
            strsim::osa_distance(one, other) == 1 && (one.len() != other.len() || replaced() == 2);
        // None of these has five digits of a number left where it ends within one.
        let is_beginning = |part: &str, text: &str| {
            let rest = text.strip_prefix(part);
            rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
        };
        one == other || is_slip || is_beginning(one, other) || is_beginning(other, one)
    };
    let are_far = |one: &str, other: &str| {
        let short = one.len().min(other.len());
        strsim::osa_distance(one, other) > 2
            && strsim::osa_distance(&one[..short], &other[..short]) > 2
    };
    let holds = |partner: &Record, ledger: &Record, of: &dyn Fn(&str, &str) -> bool| {
        let texts = text(partner).zip(text(ledger));
        texts.is_some_and(|(one, other)| of(&one, &other))
    };
    let is_free = |partner: &Record, ledger: &Record| {
        !is_near(partner, ledger) || holds(partner, ledger, &are_far)
    };
    let mut pairs = Vec::new();
    for partner in &pool.partner {
        for ledger in &pool.ledger {
            let line = |record: &Record| record.origin.line;
            let mut partners = pool.partner.iter().filter(|it| line(it) != line(partner));
            let mut ledgers = pool.ledger.iter().filter(|it| line(it) != line(ledger));
            if is_near(partner, ledger)
                && holds(partner, ledger, &are_alike)
                && partners.all(|other| is_free(other, ledger))
                && ledgers.all(|other| is_free(partner, other))
            {
                pairs.push((line(partner), line(ledger)));
            }
        }
    }
    pairs
}

fn lines() -> impl Strategy<Value = String> {
    let side = select(vec!["P", "L"]);
    let reference = select(vec![
        "INV-1042",
        "INV-1024",
        "INV-10422",
        "INV-1038",
        "INV-104",
        "INV-7777",
        "INV-7787",
        "INV-77787",
        "PAY-3691-01",
        "PAY-3691",
        "PAY-3619-01",
        "-",
    ]);
    let amount = select(vec!["100", "100", "100", "70"]);
    (side, reference, amount, 5u32..=9)
        .prop_map(|(side, reference, amount, day)| format!("{side} {reference} {amount} EUR {day}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_alike_goes_together_where_all_others_are_far(lines in vec(lines(), 0..9)) {
        let policy = SourcePolicy { rules: vec![alike()], ..policy() };
        let pool = numbered(lines);
        let expected = pairs(&pool);
        let comparison = compare(&policy, &whole(), pool);
        let found = comparison.matched.iter();
        let found = found.map(|it| (it.partner.origin.line, it.ledger.origin.line));
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
