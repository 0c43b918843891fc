//! What was matched, and what both sides gave up since: what is paid then is another payment.

use super::desk::{Desk, found, only};
use super::*;
use crate::discrepancy::Kind;
use crate::open_items::Records;
use crate::record::Status;

fn says(status: Status, number: i64) -> Record {
    let mut record = partner("P-1", 990, day(number));
    record.status = Some(status);
    record
}

fn back() -> Vec<Record> {
    vec![ledger("P-1", -990, day(2))]
}

/// An announcement was matched and failed, and we booked it back.
fn failed(back: &[Record]) -> Desk {
    let mut desk = Desk::new([Records::New, Records::New]);
    let announced = vec![says(Status::Pending, 0)];
    desk.run("r0", day(0), announced, vec![ledger("P-1", 990, day(0))]);
    let second = desk.run("r1", day(1), vec![says(Status::Failed, 1)], vec![]);
    only(&second.comparison.discrepancies, Kind::StatusMismatch);
    let third = desk.run("r2", day(2), vec![], back.to_vec());
    assert_eq!(third.cleared.len(), back.len());
    desk
}

#[test]
fn what_is_paid_after_an_announcement_was_given_up_is_no_end_of_it() {
    let mut desk = failed(&back());
    assert!(desk.open.is_empty());
    let fourth = desk.run("r3", day(3), vec![says(Status::Settled, 3)], vec![]);
    let told = only(&fourth.comparison.discrepancies, Kind::MissingInLedger);
    assert_eq!(told.at_stake.to_string(), "9.9");
    assert!(fourth.conservation.holds());
    let fifth = desk.run("r4", day(4), vec![], vec![ledger("P-1", 990, day(4))]);
    assert_eq!(found(&fifth.comparison.discrepancies), [""; 0]);
    // It is paid once now.
    let sixth = desk.run("r5", day(5), vec![says(Status::Settled, 5)], vec![]);
    only(&sixth.comparison.discrepancies, Kind::DuplicateAtPartner);
}

#[test]
fn one_that_is_announced_anew_has_its_own_end() {
    let mut desk = failed(&back());
    let booked = vec![ledger("P-1", 990, day(3))];
    let fourth = desk.run("r3", day(3), vec![says(Status::Pending, 3)], booked);
    assert_eq!(fourth.comparison.matched.len(), 1);
    let fifth = desk.run("r4", day(4), vec![says(Status::Settled, 4)], vec![]);
    assert_eq!(found(&fifth.comparison.discrepancies), [""; 0]);
    assert_eq!(fifth.comparison.superseded.len(), 1);
    let sixth = desk.run("r5", day(5), vec![says(Status::Settled, 5)], vec![]);
    assert_eq!(found(&sixth.comparison.discrepancies).len(), 1);
}

#[test]
fn an_amended_ledger_without_the_booking_back_leaves_what_failed() {
    let mut desk = failed(&back());
    let amended = desk.run("g2", day(2), vec![], vec![]);
    only(&amended.comparison.discrepancies, Kind::StatusMismatch);
    assert!(amended.conservation.holds());
}

#[test]
fn what_is_shown_as_before_after_it_was_given_up_is_paid() {
    for records in [Records::Cumulative, Records::Snapshot] {
        for status in [Status::Failed, Status::Reversed] {
            for at_once in [false, true] {
                let mut desk = Desk::new([records, Records::New]);
                let booked = vec![ledger("P-1", 990, day(0))];
                desk.run("r0", day(0), vec![says(Status::Settled, 0)], booked);
                let view = if at_once { back() } else { vec![] };
                desk.run("r1", day(1), vec![says(status, 0)], view);
                let view = if at_once { vec![] } else { back() };
                let third = desk.run("r2", day(2), vec![says(status, 0)], view);
                assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
                assert!(desk.open.is_empty());
                // The partner takes it back: it was paid after all, and we have it no more.
                let mut ids = Vec::new();
                for number in 3..5 {
                    let shown = vec![says(Status::Settled, 0)];
                    let later = desk.run("later", day(number), shown, vec![]);
                    let told = only(&later.comparison.discrepancies, Kind::MissingInLedger);
                    assert_eq!(told.at_stake.to_string(), "9.9");
                    assert!(later.conservation.holds());
                    ids.push(told.id);
                }
                assert_eq!(ids[0], ids[1]);
                let booked = vec![ledger("P-1", 990, day(5))];
                let shown = || vec![says(Status::Settled, 0)];
                let last = desk.run("r5", day(5), shown(), booked);
                assert_eq!(last.cleared.len(), 1);
                let again = desk.run("r6", day(6), shown(), vec![]);
                assert_eq!(found(&again.comparison.discrepancies), [""; 0]);
                assert!(desk.open.is_empty());
            }
        }
    }
}

#[test]
fn what_both_show_as_failed_is_given_up() {
    let mut desk = Desk::new([Records::Cumulative; 2]);
    let ours = |status: Status| {
        let mut record = ledger("P-1", 990, day(0));
        record.status = Some(status);
        vec![record]
    };
    let settled = ours(Status::Settled);
    desk.run("r0", day(0), vec![says(Status::Settled, 0)], settled);
    let failed = ours(Status::Failed);
    let second = desk.run("r1", day(1), vec![says(Status::Failed, 0)], failed.clone());
    assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
    // One side alone shows it as before.
    let third = desk.run("r2", day(2), vec![says(Status::Settled, 0)], failed);
    only(&third.comparison.discrepancies, Kind::MissingInLedger);
    let settled = ours(Status::Settled);
    let fourth = desk.run("r3", day(3), vec![says(Status::Settled, 0)], settled);
    assert_eq!(found(&fourth.comparison.discrepancies), [""; 0]);
    assert!(desk.open.is_empty());
}

/// An attempt that failed, told on two days, and one that went through: the booking is right after all.
#[test]
fn what_failed_and_was_paid_after_all_is_no_difference_any_more() {
    let mut desk = failed(&[]);
    let again = desk.run("r2b", day(3), vec![says(Status::Failed, 2)], vec![]);
    assert_eq!(found(&again.comparison.discrepancies).len(), 2);
    let paid = desk.run("r3", day(4), vec![says(Status::Settled, 4)], vec![]);
    assert_eq!(found(&paid.comparison.discrepancies), [""; 0]);
    assert_eq!(paid.cleared.len(), 2);
    let evidence = &paid.cleared[0].evidence;
    assert!(evidence.ends_with("says settled"), "{evidence}");
    assert!(paid.conservation.holds());
    assert!(desk.open.is_empty());
    let after = desk.run("r4", day(5), vec![says(Status::Settled, 5)], vec![]);
    assert_eq!(
        found(&after.comparison.discrepancies).len(),
        1,
        "paid twice"
    );
}
