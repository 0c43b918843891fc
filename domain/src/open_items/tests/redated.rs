//! What was matched, and is shown again with another value date by a report that shows records again.

use super::desk::{Desk, found, only};
use super::*;
use crate::discrepancy::Kind;
use crate::open_items::Records;

/// Both have P-1 of 9.90, which the first run matched.
fn matched(of_partner: Records) -> Desk {
    let mut desk = Desk::new([of_partner, Records::Cumulative]);
    let booked = vec![ledger("P-1", 990, day(3))];
    desk.run("r3", day(3), vec![of_day(3)], booked);
    desk
}

fn of_day(number: i64) -> Record {
    partner("P-1", 990, day(number))
}

#[test]
fn a_corrected_value_date_makes_no_other_payment() {
    for records in [Records::Cumulative, Records::Snapshot] {
        for corrected in [2, 4] {
            let mut desk = matched(records);
            let second = desk.run("r4", day(4), vec![of_day(corrected)], vec![]);
            assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
            let [superseded] = &second.comparison.superseded[..] else {
                panic!("{:?}", second.comparison);
            };
            assert_eq!(superseded.by, "r3 matched it on 2026-03-05");
            assert!(second.conservation.holds() && desk.open.is_empty());
            let third = desk.run("r5", day(5), vec![of_day(corrected)], vec![]);
            assert!(third.comparison.superseded.is_empty());
            assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        }
    }
}

#[test]
fn beside_the_first_it_is_there_again() {
    for records in [Records::Cumulative, Records::Snapshot] {
        let mut desk = matched(records);
        let second = desk.run("r4", day(4), vec![of_day(3), of_day(4)], vec![]);
        only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    }
    // Of two others, one is the first with another date.
    let mut desk = matched(Records::Cumulative);
    let second = desk.run("r5", day(5), vec![of_day(4), of_day(5)], vec![]);
    only(&second.comparison.discrepancies, Kind::MissingInLedger);
    assert_eq!(second.comparison.superseded.len(), 1);
}

#[test]
fn days_far_from_it_or_reports_of_new_records_say_nothing_of_it() {
    let mut desk = matched(Records::Cumulative);
    let second = desk.run("r40", day(40), vec![of_day(40)], vec![]);
    only(&second.comparison.discrepancies, Kind::MissingInLedger);
    let mut desk = matched(Records::New);
    let second = desk.run("r4", day(4), vec![of_day(4)], vec![]);
    only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
}
