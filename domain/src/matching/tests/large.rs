//! Groups and sides that are far too large: bounded work, bounded discrepancies, nothing lost.

use super::*;

/// A quadratic step would take minutes at this size.
const MANY: u32 = 50_000;

/// `partner` and `ledger` give the text of their record with a number.
fn pool_of_many(partner: impl Fn(u32) -> String, ledger: impl Fn(u32) -> String) -> Pool {
    let mut pool = Pool::default();
    for number in 0..MANY {
        pool.push(record(&partner(number), number + 1));
        pool.push(record(&ledger(number), number + 1));
    }
    pool
}

#[test]
fn equal_amounts_under_one_reference() {
    let pool = pool_of_many(
        |_| "P A 10 EUR 5".to_owned(),
        |number| format!("L A {} EUR 5", if number % 2 == 0 { 10 } else { 7 }),
    );
    let comparison = compare(&policy(), &whole(), pool);
    let half = MANY as usize / 2;
    assert_eq!(comparison.matched.len(), half);
    let mismatches = comparison.discrepancies.iter();
    assert_eq!(
        mismatches
            .filter(|found| found.kind == Kind::AmountMismatch)
            .count(),
        half
    );
}

#[test]
fn other_amounts_under_one_reference() {
    let pool = pool_of_many(
        |number| format!("P A {number}.1 EUR 5"),
        |number| format!("L A {number}.5 EUR 5"),
    );
    let comparison = compare(&policy(), &whole(), pool);
    assert!(comparison.matched.is_empty());
    assert_eq!(
        comparison.discrepancies.len(),
        2 * MANY as usize / AMBIGUOUS_RECORDS_MAX
    );
    for found in &comparison.discrepancies {
        assert_eq!(found.kind, Kind::Ambiguous);
        assert!(own_records(found).count() <= AMBIGUOUS_RECORDS_MAX);
        assert!(found.reason.len() < 500, "{}", found.reason);
    }
}

#[test]
fn two_files_that_have_nothing_to_do_with_each_other() {
    let pool = pool_of_many(
        |number| format!("P P-{number} 10 EUR 5"),
        |number| format!("L L-{number} 10 EUR 5"),
    );
    let comparison = compare(&policy(), &whole(), pool);
    assert_eq!(comparison.discrepancies.len(), 2 * MANY as usize);
    let explained = comparison.discrepancies.iter();
    let explained = explained.filter(|found| found.nearest.is_some()).count();
    assert_eq!(explained, 2 * SEARCHES_MAX, "further ones get no search");
}

#[test]
fn many_copies_of_one_record() {
    let pool = pool_of_many(
        |_| "P A 10 EUR 5".to_owned(),
        |number| format!("L B {number} EUR 5"),
    );
    let mut pool = pool;
    pool.push(record("L A 10 EUR 5", MANY + 1));
    let comparison = compare(&policy(), &whole(), pool);
    assert_eq!(comparison.matched.len(), 1);
    let copies = comparison.discrepancies.iter();
    let copies = copies.filter(|found| found.kind == Kind::DuplicateAtPartner);
    assert_eq!(copies.count(), MANY as usize - 1);
}
