//! What was matched, and is shown again with another value date by a report that shows records again.

use super::desk::{Desk, found, only};
use super::*;
use crate::discrepancy::Kind;
use crate::open_items::Records;
use crate::record::Status;

/// Both have P-0 of an earlier day and P-1 of 9.90, which the first run matched.
fn matched(of_partner: Records) -> Desk {
    let mut desk = Desk::new([of_partner, Records::Cumulative]);
    let booked = vec![ledger("P-0", 100, day(1)), ledger("P-1", 990, day(3))];
    desk.run("r3", day(3), since_before(&[3]), booked);
    desk
}

fn of_day(number: i64) -> Record {
    partner("P-1", 990, day(number))
}

fn of_days(days: &[i64]) -> Vec<Record> {
    days.iter().map(|day| of_day(*day)).collect()
}

/// A report that goes back to days before the first one.
fn since_before(days: &[i64]) -> Vec<Record> {
    let before = partner("P-0", 100, day(1));
    [before].into_iter().chain(of_days(days)).collect()
}

#[test]
fn a_corrected_value_date_makes_no_other_payment() {
    for records in [Records::Cumulative, Records::Snapshot] {
        for corrected in [2, 4] {
            let mut desk = matched(records);
            let second = desk.run("r4", day(4), since_before(&[corrected]), vec![]);
            assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
            let [superseded] = &second.comparison.superseded[..] else {
                panic!("{:?}", second.comparison);
            };
            assert_eq!(superseded.by, "r3 matched it on 2026-03-05");
            assert!(second.conservation.holds() && desk.open.is_empty());
            let third = desk.run("r5", day(5), since_before(&[corrected]), vec![]);
            assert!(third.comparison.superseded.is_empty());
            assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        }
    }
    // What is complete need not show that it goes back so far.
    let mut desk = matched(Records::Snapshot);
    let second = desk.run("r4", day(4), of_days(&[4]), vec![]);
    assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
}

#[test]
fn beside_the_first_it_is_there_again() {
    for records in [Records::Cumulative, Records::Snapshot] {
        let mut desk = matched(records);
        let second = desk.run("r4", day(4), since_before(&[3, 4]), vec![]);
        only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    }
    // Of two others, one is the first with another date.
    let mut desk = matched(Records::Cumulative);
    let second = desk.run("r5", day(5), since_before(&[4, 5]), vec![]);
    only(&second.comparison.discrepancies, Kind::MissingInLedger);
    assert_eq!(second.comparison.superseded.len(), 1);
}

#[test]
fn a_report_that_begins_anew_corrects_nothing_of_the_days_before() {
    let mut desk = matched(Records::Cumulative);
    let report = |days: &[i64]| [of_days(days), vec![partner("P-2", 70, day(4))]].concat();
    let booked = || vec![ledger("P-2", 70, day(4))];
    let second = desk.run("r4", day(4), report(&[4]), booked());
    let again = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    assert_eq!(
        again.reason,
        "partner reports 9.90 EUR for P-1 again: r3 had it already"
    );
    assert!(second.comparison.superseded.is_empty() && second.conservation.holds());
    // It stays there for as long as it is open, whatever the report shows by then.
    for number in 5..8 {
        let later = desk.run("later", day(number), report(&[4]), booked());
        let still = only(&later.comparison.discrepancies, Kind::DuplicateAtPartner);
        assert_eq!(still.id, again.id);
    }
    // Others of an earlier day that it shows for the first time don't say how far back it goes.
    let mut desk = matched(Records::Cumulative);
    let late = vec![partner("P-3", 70, day(1)), of_day(4)];
    let second = desk.run("r4", day(4), late, vec![ledger("P-3", 70, day(1))]);
    only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
}

#[test]
fn a_ledger_of_one_file_a_day_corrects_nothing_of_the_days_before() {
    let mut desk = Desk::new([Records::New, Records::Cumulative]);
    let booked = |number: i64| ledger("P-1", 990, day(number));
    desk.run("r0", day(0), vec![of_day(0)], vec![booked(0)]);
    let view = vec![booked(1), ledger("P-2", 70, day(1))];
    let second = desk.run("r1", day(1), vec![partner("P-2", 70, day(1))], view);
    assert_eq!(second.comparison.in_transit.len(), 1);
    // The partner had its time.
    let later = desk.run("r7", day(7), vec![], vec![ledger("P-3", 70, day(7))]);
    only(&later.comparison.discrepancies, Kind::DuplicateInLedger);
}

#[test]
fn days_far_from_it_or_reports_of_new_records_say_nothing_of_it() {
    let mut desk = matched(Records::Cumulative);
    let second = desk.run("r40", day(40), of_days(&[40]), vec![]);
    only(&second.comparison.discrepancies, Kind::MissingInLedger);
    let mut desk = matched(Records::New);
    let second = desk.run("r4", day(4), of_days(&[4]), vec![]);
    only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
}

#[test]
fn what_failed_with_another_value_date_differs_in_status() {
    let failed = |number: i64| {
        let mut record = of_day(number);
        record.status = Some(Status::Failed);
        record
    };
    let before = || partner("P-0", 100, day(1));
    for records in [Records::Cumulative, Records::Snapshot] {
        // Whether the report goes back to the first one or not.
        for report in [vec![failed(4)], vec![before(), failed(4)]] {
            let mut desk = matched(records);
            let second = desk.run("r4", day(4), report.clone(), vec![]);
            let told = only(&second.comparison.discrepancies, Kind::StatusMismatch);
            assert_eq!(
                told.reason,
                "partner reports 9.90 EUR for P-1 as failed: r3 matched it before, so our record \
                 of it counts money that never moved"
            );
            assert!(second.comparison.superseded.is_empty() && second.conservation.holds());
            let third = desk.run("r5", day(5), report, vec![]);
            let still = only(&third.comparison.discrepancies, Kind::StatusMismatch);
            assert_eq!(still.id, told.id);
        }
        // It did not fail after all.
        let mut desk = matched(records);
        desk.run("r4", day(4), vec![before(), failed(4)], vec![]);
        let third = desk.run("r5", day(5), since_before(&[4]), vec![]);
        assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        assert_eq!(third.cleared.len(), 1);
        assert!(third.conservation.holds() && desk.open.is_empty());
    }
    // Beside the payment it is an attempt of its own.
    let mut desk = matched(Records::Cumulative);
    let beside = [since_before(&[3]), vec![failed(4)]].concat();
    let second = desk.run("r4", day(4), beside, vec![]);
    let attempt = only(&second.comparison.discrepancies, Kind::MissingInLedger);
    assert!(attempt.at_stake.is_zero(), "{}", attempt.reason);
}

/// The one of day 3, with its invoice.
fn with_invoice(invoice: &str) -> Record {
    let mut record = of_day(3);
    let reference = record.references.first().cloned().expect("it has one");
    record.references = [reference, (ReferenceKind::Invoice, invoice.into())]
        .into_iter()
        .collect();
    record
}

fn since_before_with(records: &[Record]) -> Vec<Record> {
    [since_before(&[]), records.to_vec()].concat()
}

#[test]
fn what_was_matched_and_is_corrected_in_other_texts_is_the_same_payment() {
    for records in [Records::Cumulative, Records::Snapshot] {
        let mut desk = matched(records);
        let corrected = || since_before_with(&[with_invoice("I-1")]);
        let second = desk.run("r4", day(4), corrected(), vec![]);
        assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
        let [superseded] = &second.comparison.superseded[..] else {
            panic!("{:?}", second.comparison);
        };
        assert_eq!(superseded.by, "r3 matched it before it was corrected");
        assert!(second.conservation.holds() && desk.open.is_empty());
        let third = desk.run("r5", day(5), corrected(), vec![]);
        assert!(third.comparison.superseded.is_empty());
        assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        // Corrected once more, it still is.
        let again = since_before_with(&[with_invoice("I-2")]);
        let fourth = desk.run("r6", day(6), again, vec![]);
        assert_eq!(found(&fourth.comparison.discrepancies), [""; 0]);
        assert_eq!(fourth.comparison.superseded.len(), 1);
    }
}

#[test]
fn beside_the_one_that_was_matched_another_one_is_there_again() {
    for records in [Records::Cumulative, Records::Snapshot] {
        let mut desk = matched(records);
        let both = since_before_with(&[of_day(3), with_invoice("I-1")]);
        let second = desk.run("r4", day(4), both, vec![]);
        only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    }
    // Of a day that the run which matched the first could not have known.
    let mut desk = matched(Records::Cumulative);
    let mut later = with_invoice("I-1");
    later.value_date = day(9);
    let second = desk.run("r9", day(9), since_before_with(&[later]), vec![]);
    only(&second.comparison.discrepancies, Kind::MissingInLedger);
}

#[test]
fn what_failed_with_other_texts_differs_in_status() {
    let mut failed = with_invoice("I-1");
    failed.status = Some(Status::Failed);
    let mut desk = matched(Records::Cumulative);
    let second = desk.run("r4", day(4), since_before_with(&[failed]), vec![]);
    only(&second.comparison.discrepancies, Kind::StatusMismatch);
}
