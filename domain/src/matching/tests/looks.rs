//! What a rule by which several are one decides at the first look, while later rules are still to
//! come, and what it leaves for the last.

use super::group::{Decision, Look, Note, Why};
use super::twins::Member;
use super::*;

/// The decisions of a rule `1:N 100` by batch, in words: records by their lines, from 1.
fn decided(rule: &str, look: Look, lines: &[&str]) -> Vec<String> {
    let (cardinality, limit) = rule.split_once(' ').unwrap_or((rule, ""));
    let rule = MatchRule {
        cardinality: Cardinality::parse(cardinality).unwrap(),
        combinations_max: limit.parse().ok(),
        ..super::rule("by batch", &[ReferenceKind::Batch])
    };
    let policy = policy();
    let mut pool = pool(lines);
    pool.partner.sort_by(identity::canonical_order);
    pool.ledger.sort_by(identity::canonical_order);
    let partner: Vec<Member> = pool.partner.iter().map(in_line).collect();
    let ledger: Vec<Member> = pool.ledger.iter().map(in_line).collect();
    let words = |decision: Decision| match decision {
        Decision::Together { partner, ledger } => format!("{partner:?} = {ledger:?}"),
        Decision::Apart { partner, ledger } => format!("{partner:?} differ from {ledger:?}"),
        Decision::Ambiguous { partner, ledger } => format!("{partner:?} or {ledger:?}"),
        Decision::Note(Note {
            slot,
            why: Why::Combined { candidates, .. },
            ..
        }) => format!("nothing for {slot} among {candidates}"),
        other => panic!("{other:?}"),
    };
    let decisions =
        crate::matching::together::decide(policy.accepts(&rule), &partner, &ledger, look);
    decisions.into_iter().map(words).collect()
}

/// Waiting in the slot of its line.
fn in_line(record: &Record) -> Member<'_> {
    Member {
        slot: record.origin.line as usize,
        record,
    }
}

#[test]
fn what_adds_up_is_decided_at_once_and_what_does_not_may_be_for_a_later_rule() {
    let adds_up = [
        "P - 9 EUR 5 batch=B",
        "L A 4 EUR 5 batch=B",
        "L B 5 EUR 5 batch=B",
    ];
    let differs = [
        "P - 8 EUR 5 batch=B",
        "L A 4 EUR 5 batch=B",
        "L B 5 EUR 5 batch=B",
    ];
    let two = [
        "P - 8 EUR 5 batch=B",
        "P - 2 EUR 5 batch=B",
        "L A 4 EUR 5 batch=B",
    ];
    assert_eq!(decided("1:N", Look::First, &adds_up), ["[1] = [2, 3]"]);
    assert!(decided("1:N", Look::First, &differs).is_empty());
    assert_eq!(
        decided("1:N", Look::Last, &differs),
        ["[1] differ from [2, 3]"]
    );
    assert!(decided("1:N", Look::First, &two).is_empty());
    assert_eq!(decided("1:N", Look::Last, &two), ["[2, 1] or [3]"]);
}

#[test]
fn a_look_goes_on_as_long_as_something_is_taken() {
    // Only without the first one's parts is there one way for the second.
    let payouts = [
        "P - 50 EUR 5 batch=B",
        "P - 110 EUR 5 batch=B",
        "L A 30 EUR 5 batch=B",
        "L B 20 EUR 5 batch=B",
        "L C 110 EUR 5 batch=B",
        "L D 60 EUR 5 batch=B",
    ];
    assert_eq!(
        decided("1:N 100", Look::First, &payouts),
        ["[1] = [4, 3]", "[2] = [5]"]
    );
    let turned: Vec<String> = payouts
        .iter()
        .map(|line| match line.split_at(1) {
            ("P", rest) => format!("L{rest}"),
            (_, rest) => format!("P{rest}"),
        })
        .collect();
    let turned: Vec<&str> = turned.iter().map(String::as_str).collect();
    assert_eq!(
        decided("N:1 100", Look::First, &turned),
        ["[4, 3] = [1]", "[5] = [2]"]
    );
}

#[test]
fn that_nothing_was_found_is_said_at_the_last_look_of_what_is_left_then() {
    let payouts = [
        "P - 50 EUR 5 batch=B",
        "P - 111 EUR 5 batch=B",
        "L A 30 EUR 5 batch=B",
        "L B 20 EUR 5 batch=B",
        "L C 110 EUR 5 batch=B",
    ];
    assert_eq!(decided("1:N 100", Look::First, &payouts), ["[1] = [4, 3]"]);
    assert_eq!(
        decided("1:N 100", Look::Last, &payouts),
        ["[1] = [4, 3]", "nothing for 2 among 1"]
    );
}
