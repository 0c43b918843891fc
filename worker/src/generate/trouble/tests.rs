//! Every trouble is there, says of which rows it is, and these rows are as it says. The files are
//! read as a comparison reads them.

use std::collections::BTreeMap;
use std::path::Path;

use domain::calendar::BusinessCalendar;
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use domain::record::{Record, ReferenceKind, Side};
use jiff::ToSpan;

use super::super::testing::Generated;
use super::super::{GenerateArguments, SourceKind, files};
use super::*;

const ROWS: usize = 1_500;
const PER_KIND: usize = 3;

fn arguments(seed: u64, mix: &str) -> GenerateArguments {
    GenerateArguments {
        out: Path::new("unused").to_owned(),
        source_kind: SourceKind::Both,
        rows: ROWS,
        per_kind: PER_KIND,
        trouble: Mix::parse(mix).unwrap(),
        business_date: "2026-11-20".parse().unwrap(),
        seed,
        out_of_balance: false,
    }
}

/// One row of a truth, with the records that it names.
struct Story {
    trouble: String,
    /// None for what belongs together and agrees.
    kind: Option<Kind>,
    reference: String,
    currency: Currency,
    amount: Amount,
    partner: Vec<Record>,
    ledger: Vec<Record>,
}

/// All of a truth. Each record is in one row of it at most; the number of those that are in none.
fn stories(made: &Generated, source: &str) -> (Vec<Story>, usize) {
    let (_, sides) = made.read(source);
    let mut by_line: [BTreeMap<u32, Record>; 2] = sides.map(|side| {
        let records = side.records().cloned();
        let by_line: BTreeMap<u32, Record> = records.map(|r| (r.origin.line, r)).collect();
        assert_eq!(by_line.len(), side.records().count(), "one record a line");
        by_line
    });
    let mut stories = Vec::new();
    for (file, labels_at) in [(source.to_owned(), 3), (format!("{source}-matches"), 0)] {
        for row in made.rows_of_truth(&file) {
            let mut taken = |side: Side, cell: usize| -> Vec<Record> {
                let lines = row[labels_at + cell].split_whitespace();
                let lines = lines.map(|line| line.parse::<u32>().unwrap());
                let records = &mut by_line[side as usize];
                lines
                    .map(|line| records.remove(&line).expect("in one row only"))
                    .collect()
            };
            stories.push(Story {
                partner: taken(Side::Partner, 3),
                ledger: taken(Side::Ledger, 4),
                trouble: row[labels_at].to_owned(),
                kind: (labels_at > 0).then(|| Kind::parse(&row[1]).unwrap()),
                reference: row[0].to_owned(),
                currency: Currency::parse(&row[labels_at + 1]).unwrap(),
                amount: Amount::parse(&row[labels_at + 2]).unwrap(),
            });
        }
    }
    (stories, by_line.iter().map(BTreeMap::len).sum())
}

fn sum(records: &[Record]) -> Amount {
    records.iter().fold(Amount::ZERO, |sum, record| {
        sum.checked_add(record.money.amount).unwrap()
    })
}

fn reference(record: &Record) -> &str {
    record.reference(ReferenceKind::Reference).unwrap_or("")
}

fn of(stories: &[Story], trouble: Trouble) -> Vec<&Story> {
    let named = |story: &&Story| story.trouble == trouble.name();
    stories.iter().filter(named).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first = files(&arguments(7, "default")).unwrap();
    assert_eq!(first, files(&arguments(7, "default")).unwrap());
    assert_ne!(first, files(&arguments(8, "default")).unwrap());
    assert!(first.contains_key("truth/acme-bank-matches.csv"));
}

#[test]
fn every_record_is_in_the_truth_and_what_agrees_adds_up() {
    for source in ["acme-pay", "acme-bank"] {
        let made = Generated::write(arguments(1, "default"));
        let (stories, untold) = stories(&made, source);
        assert_eq!(
            untold, PER_KIND,
            "{source}: only what is in transit is untold"
        );
        for trouble in Trouble::ALL {
            assert!(!of(&stories, *trouble).is_empty(), "{source}: {trouble}");
        }
        for story in &stories {
            let (partner, ledger) = (&story.partner, &story.ledger);
            let records = || partner.iter().chain(ledger);
            let about = format!("{source}: {} {}", story.trouble, story.reference);
            let first = records().next().expect("is about something");
            assert_eq!(first.money.currency, story.currency, "{about}");
            match story.kind {
                None => {
                    assert!(!partner.is_empty() && !ledger.is_empty(), "{about}");
                    assert!(
                        records().all(|r| r.money.currency == story.currency),
                        "{about}"
                    );
                    assert_eq!(sum(partner), story.amount, "{about}");
                    assert_eq!(sum(ledger), story.amount, "{about}");
                }
                Some(Kind::CurrencyMismatch) => {
                    assert_ne!(ledger[0].money.currency, story.currency, "{about}");
                    assert_eq!(sum(partner).abs(), story.amount, "{about}");
                }
                Some(Kind::AmountMismatch | Kind::Rounding) => {
                    let gap = sum(partner).checked_sub(sum(ledger)).unwrap().abs();
                    assert_eq!(gap, story.amount, "{about}");
                }
                Some(Kind::MissingInLedger | Kind::DuplicateAtPartner) => {
                    assert_eq!((partner.len(), ledger.len()), (1, 0), "{about}");
                    assert_eq!(reference(&partner[0]), story.reference, "{about}");
                    assert_eq!(sum(partner).abs(), story.amount, "{about}");
                }
                Some(Kind::MissingAtPartner | Kind::DuplicateInLedger) => {
                    assert_eq!((partner.len(), ledger.len()), (0, 1), "{about}");
                    assert_eq!(reference(&ledger[0]), story.reference, "{about}");
                    assert_eq!(sum(ledger).abs(), story.amount, "{about}");
                }
                Some(_) => {
                    let named = |record: &Record| reference(record) == story.reference;
                    assert!(records().all(named), "{about}");
                }
            }
        }
    }
}

#[test]
fn references_are_in_the_trouble_that_is_told() {
    for source in ["acme-pay", "acme-bank"] {
        let made = Generated::write(arguments(2, "default"));
        let (stories, _) = stories(&made, source);
        let pair = |story: &Story| (story.partner[0].clone(), story.ledger[0].clone());
        for (one, other) in of(&stories, Trouble::Typo).into_iter().map(pair) {
            let apart = strsim::damerau_levenshtein(reference(&one), reference(&other));
            assert_eq!(apart, 1, "{one:?}");
        }
        for (one, other) in of(&stories, Trouble::Truncated).into_iter().map(pair) {
            let is_part = reference(&other).starts_with(reference(&one));
            assert!(is_part && reference(&one).len() < reference(&other).len());
        }
        for (one, other) in of(&stories, Trouble::Spelled).into_iter().map(pair) {
            let digits = reference(&other)[4..].trim_start_matches('0');
            assert!(reference(&one).ends_with(digits), "{one:?}");
            assert_ne!(reference(&one), reference(&other));
        }
        for (one, other) in of(&stories, Trouble::Embedded).into_iter().map(pair) {
            let text = one.description.as_deref().unwrap();
            assert!(text.contains(reference(&other)), "{text}");
            assert_eq!(reference(&one), "");
        }
        for story in of(&stories, Trouble::Merged) {
            let one = &story.partner[0];
            let text = format!(
                "{} {}",
                reference(one),
                one.description.as_deref().unwrap_or("")
            );
            assert_eq!((story.partner.len(), story.ledger.len()), (1, 2));
            assert!(
                story
                    .ledger
                    .iter()
                    .all(|record| text.contains(reference(record)))
            );
        }
    }
}

#[test]
fn groups_and_look_alikes_are_as_told() {
    for source in ["acme-pay", "acme-bank"] {
        let made = Generated::write(arguments(3, "default"));
        let (stories, _) = stories(&made, source);
        for story in of(&stories, Trouble::Split) {
            assert!((2..=3).contains(&story.partner.len()));
            let ours = reference(&story.ledger[0]);
            assert!(story.partner.iter().all(|part| reference(part) == ours));
            assert!(
                story
                    .partner
                    .iter()
                    .all(|part| !part.money.amount.is_negative())
            );
        }
        for story in of(&stories, Trouble::Batched) {
            assert!((2..=13).contains(&story.ledger.len()));
            let batch = story.partner[0].reference(ReferenceKind::Batch);
            assert!(batch.is_some_and(|batch| batch.starts_with("BATCH-")));
            let together = |record: &Record| record.reference(ReferenceKind::Batch) == batch;
            assert!(story.ledger.iter().all(together));
        }
        let look_alikes = of(&stories, Trouble::LookAlike);
        let lone = |kind| {
            look_alikes
                .iter()
                .filter(move |story| story.kind == Some(kind))
        };
        let missing_in_ledger: Vec<&&Story> = lone(Kind::MissingInLedger).collect();
        assert_eq!(missing_in_ledger.len() * 2, look_alikes.len());
        for one in missing_in_ledger {
            let is_like = |other: &&&Story| {
                let apart = strsim::hamming(&one.reference, &other.reference);
                apart == Ok(1) && one.amount == other.amount && one.currency == other.currency
            };
            let other = lone(Kind::MissingAtPartner)
                .find(is_like)
                .expect("its like");
            let (one, other) = (&one.partner[0], &other.ledger[0]);
            assert_eq!(one.value_date, other.value_date);
            assert_ne!(one.counterparty, other.counterparty);
        }
        for story in of(&stories, Trouble::MonthEnd) {
            let (reported, booked) = (story.partner[0].value_date, story.ledger[0].value_date);
            let next = booked.saturating_add(1.day());
            assert_eq!(next.day(), 1, "{booked} is the last of its month");
            let first = BusinessCalendar::default().business_day_from(next);
            assert_eq!(Some(reported), first);
        }
    }
}

/// Where present rules suffice, what they find is the truth: so the truth is not made of wishes.
#[test]
fn trouble_that_exact_references_solve_is_found_exactly() {
    let mix = "fx=2%,reversal=2%,chargeback=2%,repeat=4%,look-alike=2%,off-by-one=4%,\
               month-end=2%,duplicate=2%,failed=2%";
    for (seed, date) in [(1, "2026-11-20"), (2, "2026-11-22"), (3, "2027-01-01")] {
        let made = Generated::write(GenerateArguments {
            business_date: date.parse().unwrap(),
            ..arguments(seed, mix)
        });
        for source in ["acme-pay", "acme-bank"] {
            let first_three = |row: String| row.split(',').take(3).collect::<Vec<_>>().join(",");
            let truth: Vec<String> = made.truth(source).into_iter().map(first_three).collect();
            let found = made.compare(source);
            assert_eq!(found.rows, truth, "{source}, {date}");
            let matches = made.rows_of_truth(&format!("{source}-matches"));
            assert_eq!(found.matched, matches.len() as u64, "{source}, {date}");
        }
    }
}

#[test]
fn too_few_rows_for_the_trouble_are_refused() {
    let few = GenerateArguments {
        rows: 48,
        ..arguments(1, "typo=50%")
    };
    let error = files(&few).unwrap_err().to_string();
    assert!(error.contains("24 payments with trouble"), "{error}");
}
