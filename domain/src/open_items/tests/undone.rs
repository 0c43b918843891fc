//! What was matched, and is shown again as failed or reversed by a report that shows records again.

use super::desk::{Desk, found, only};
use super::*;
use crate::case::Resolution;
use crate::discrepancy::Kind;
use crate::open_items::Records;
use crate::record::Status;

/// Both sides show records again; both have P-1 of 9.90, settled, which the first run matched.
fn matched(of_partner: Records) -> Desk {
    let mut desk = Desk::new([of_partner, Records::Cumulative]);
    let first = desk.run("r0", day(0), vec![says(Status::Settled)], vec![booked(990)]);
    assert!(first.comparison.discrepancies.is_empty());
    desk
}

fn says(status: Status) -> Record {
    let mut record = partner("P-1", 990, day(0));
    record.status = Some(status);
    record
}

fn booked(cents: i64) -> Record {
    ledger("P-1", cents, day(0))
}

#[test]
fn a_matched_payment_that_failed_meanwhile_differs_in_status_once() {
    for records in [Records::Cumulative, Records::Snapshot] {
        let mut desk = matched(records);
        let second = desk.run("r1", day(1), vec![says(Status::Failed)], vec![booked(990)]);
        let found = only(&second.comparison.discrepancies, Kind::StatusMismatch);
        assert_eq!(
            found.reason,
            "partner reports 9.90 EUR for P-1 as failed: r0 matched it before, so our record of it \
             counts money that never moved"
        );
        assert_eq!(found.at_stake.to_string(), "9.9");
        assert!(second.conservation.holds());
        let third = desk.run("r2", day(2), vec![says(Status::Failed)], vec![booked(990)]);
        let again = only(&third.comparison.discrepancies, Kind::StatusMismatch);
        assert_eq!(again.id, found.id);
        assert!(third.conservation.holds());
        // Whoever settles it is not told again.
        desk.resolve(&again.id, Resolution::Accept);
        let fourth = desk.run("r3", day(3), vec![says(Status::Failed)], vec![booked(990)]);
        assert_eq!(self::found(&fourth.comparison.discrepancies), [""; 0]);
    }
}

#[test]
fn a_matched_payment_that_was_reversed_meanwhile_is_told() {
    let mut desk = matched(Records::Cumulative);
    let second = desk.run("r1", day(1), vec![says(Status::Reversed)], vec![]);
    let found = only(&second.comparison.discrepancies, Kind::MissingInLedger);
    assert_eq!(
        found.reason,
        "partner reports 9.90 EUR for P-1 with value date 2026-03-02 as reversed: r0 had the same \
         record before, and no ledger record goes with it by reference"
    );
    // The ledger says so, too: both are.
    let mut reversed = booked(990);
    reversed.status = Some(Status::Reversed);
    let view = vec![reversed];
    let third = desk.run("r2", day(2), vec![says(Status::Reversed)], view.clone());
    assert_eq!(self::found(&third.comparison.discrepancies), [""; 0]);
    assert!(third.conservation.holds());
    let fourth = desk.run("r3", day(3), vec![says(Status::Reversed)], view);
    assert_eq!(self::found(&fourth.comparison.discrepancies), [""; 0]);
    assert!(fourth.comparison.matched.is_empty() && desk.open.is_empty());
}

#[test]
fn what_is_reversed_by_a_record_of_its_own_is_not_told_twice() {
    let back = || {
        let mut record = partner("P-1", -990, day(1));
        record.status = Some(Status::Reversed);
        record
    };
    let report = || vec![says(Status::Reversed), back()];
    // We have booked it, or have not, or had booked it the day before.
    for (before, view) in [
        (false, vec![ledger("P-1", -990, day(1))]),
        (false, vec![]),
        (true, vec![]),
    ] {
        let mut desk = matched(Records::Cumulative);
        if before {
            let view = vec![ledger("P-1", -990, day(1))];
            desk.run("r1", day(1), vec![says(Status::Settled), back()], view);
        }
        let lacks_it = !before && view.is_empty();
        let second = desk.run("r2", day(2), report(), view);
        let expected: &[&str] = if lacks_it {
            &["missing_in_ledger P-1"]
        } else {
            &[]
        };
        assert_eq!(found(&second.comparison.discrepancies), expected);
        let [superseded] = &second.comparison.superseded[..] else {
            panic!("{:?}", second.comparison);
        };
        assert_eq!(superseded.by, "what takes it back is a record of its own");
        assert!(second.conservation.holds());
        let third = desk.run("r3", day(3), report(), vec![]);
        assert_eq!(found(&third.comparison.discrepancies), expected);
        assert!(third.comparison.superseded.is_empty());
    }
}

#[test]
fn a_failed_attempt_beside_the_payment_stays_one_in_any_order() {
    let both = [says(Status::Failed), says(Status::Settled)];
    for order in [[0, 1], [1, 0]] {
        let mut desk = Desk::new([Records::Cumulative; 2]);
        let report = || order.map(|at| both[at].clone()).to_vec();
        for number in 0..3 {
            let name = format!("r{number}");
            let run = desk.run(&name, day(number), report(), vec![booked(990)]);
            let found = only(&run.comparison.discrepancies, Kind::MissingInLedger);
            assert!(found.at_stake.is_zero(), "{name}: {}", found.reason);
        }
        // A first attempt that is told of later is none of the payment either.
        let mut desk = matched(Records::Cumulative);
        let run = desk.run("r1", day(1), report(), vec![booked(990)]);
        let found = only(&run.comparison.discrepancies, Kind::MissingInLedger);
        assert!(found.at_stake.is_zero(), "{}", found.reason);
    }
}

#[test]
fn what_was_matched_as_failed_is_no_news_and_paid_nothing() {
    let mut desk = Desk::new([Records::Cumulative; 2]);
    let mut booking = booked(990);
    booking.status = Some(Status::Failed);
    let view = vec![booking];
    desk.run("r0", day(0), vec![says(Status::Failed)], view.clone());
    let second = desk.run("r1", day(1), vec![says(Status::Failed)], view.clone());
    assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
    let mut retry = partner("P-1", 990, day(2));
    retry.status = Some(Status::Settled);
    let third = desk.run("r2", day(2), vec![says(Status::Failed), retry], view);
    assert_eq!(
        found(&third.comparison.discrepancies),
        ["missing_in_ledger P-1"]
    );
}

#[test]
fn an_amended_report_that_says_failed_says_so_in_its_own_day() {
    let mut desk = matched(Records::Cumulative);
    desk.run("r1", day(1), vec![says(Status::Failed)], vec![]);
    let amended = desk.run("g2", day(1), vec![says(Status::Failed)], vec![]);
    only(&amended.comparison.discrepancies, Kind::StatusMismatch);
    assert!(amended.conservation.holds());
    let amended = desk.run("g3", day(1), vec![says(Status::Settled)], vec![]);
    assert_eq!(found(&amended.comparison.discrepancies), [""; 0]);
    assert!(amended.conservation.holds() && desk.open.is_empty());
}

#[test]
fn what_is_shown_as_before_is_over() {
    let mut desk = matched(Records::Cumulative);
    let second = desk.run("r1", day(1), vec![says(Status::Failed)], vec![]);
    let told = only(&second.comparison.discrepancies, Kind::StatusMismatch).id;
    let third = desk.run("r2", day(2), vec![says(Status::Settled)], vec![]);
    assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
    let [gone] = &third.cleared[..] else {
        panic!("{:?}", third.cleared);
    };
    assert_eq!(gone.discrepancy, told);
    assert!(third.conservation.holds() && desk.open.is_empty());
}

#[test]
fn what_we_book_back_goes_with_what_is_shown_as_reversed() {
    let back = || vec![booked(990), ledger("P-1", -990, day(1))];
    for status in [Status::Reversed, Status::Failed] {
        let mut desk = matched(Records::Cumulative);
        let second = desk.run("r1", day(1), vec![says(status)], back());
        assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
        let by = second.comparison.superseded.iter().map(|it| &it.by[..]);
        let told = format!("day.csv line 1 says {status}");
        assert!(by.eq(["day.csv line 1 takes it back, too", &told]));
        assert!(second.conservation.holds() && desk.open.is_empty());
        // Whoever was told is told that it is over.
        let mut desk = matched(Records::Cumulative);
        desk.run("r1", day(1), vec![says(status)], vec![booked(990)]);
        let third = desk.run("r2", day(2), vec![says(status)], back());
        assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        assert_eq!(third.cleared.len(), 1);
        assert!(third.conservation.holds() && desk.open.is_empty());
        let fourth = desk.run("r3", day(3), vec![says(status)], back());
        assert_eq!(found(&fourth.comparison.discrepancies), [""; 0]);
    }
}
