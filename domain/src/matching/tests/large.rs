//! Groups and sides that are far too large: bounded work, bounded discrepancies, nothing lost.

use super::*;
use crate::discrepancy::NearestCandidate;

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
fn two_files_of_people_who_have_nothing_to_do_with_each_other() {
    let told = |number: u32| {
        format!(
            "counterparty=Beck_{number}_GmbH client=c{number} description=1{number}_2{number}_3{number}"
        )
    };
    let pool = pool_of_many(
        |number| format!("P P-{number} 10 EUR 5 {}", told(number)),
        |number| format!("L of-the-ledger-{number} 10 EUR 5 {}", told(MANY - number)),
    );
    let comparison = compare(&policy(), &whole(), pool);
    let found = comparison.discrepancies.iter();
    let nearest = found.filter_map(|found| Some((found, found.nearest.as_deref()?)));
    let is_known = |(found, nearest): (&Discrepancy, &NearestCandidate)| {
        let alone = found.partner.as_ref().or(found.ledger.as_ref());
        alone.unwrap().client == nearest.record.client
    };
    let known: Vec<bool> = nearest.map(is_known).collect();
    assert_eq!(known.len(), 2 * SEARCHES_MAX);
    // Two have nobody of their client.
    let unknown = known.iter().filter(|it| !**it).count();
    assert!(unknown <= 2, "{unknown}");
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

#[test]
fn equal_amounts_of_as_many_clients() {
    let of = |number: u32| format!("client=c{number} counterparty=Beck_{number}");
    let pool = pool_of_many(
        |number| format!("P A 10 EUR 5 transaction_id=t{number} {}", of(number)),
        |number| format!("L A 10 EUR 5 invoice=i{number} {}", of(MANY - number)),
    );
    let comparison = compare(&policy(), &whole(), pool);
    assert_eq!(comparison.matched.len(), MANY as usize);
    let own = comparison.matched.iter();
    let own = own.filter(|it| it.partner.client == it.ledger.client);
    // Of each side one has nobody of its client.
    assert_eq!(own.count(), MANY as usize - 1);
}

#[test]
fn equal_amounts_of_clients_that_the_other_side_does_not_have() {
    let mut pool = pool_of_many(
        |number| format!("P A 10 EUR 5 client=c{number} counterparty=Beck_{number}"),
        |number| format!("L A 10 EUR 5 client=d{number} counterparty=Kohl_{number}"),
    );
    pool.push(record("L A 10 EUR 5 client=d counterparty=Kohl", MANY + 1));
    let comparison = compare(&policy(), &whole(), pool);
    assert!(comparison.matched.is_empty());
    let mut found = comparison.discrepancies.iter();
    assert!(found.all(|found| found.kind == Kind::Ambiguous));
}
