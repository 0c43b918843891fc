//! What is paid back: made again, or not at all.

use super::desk::{Desk, only};
use super::*;
use crate::discrepancy::Kind;
use crate::open_items::Records;
use crate::record::Status;

/// Matches these amounts under one reference, one a day.
fn matched_one_a_day(desk: &mut Desk, amounts: &[i64]) {
    for (number, minor) in (0..).zip(amounts) {
        let date = day(number);
        let paid = vec![partner("A", *minor, date)];
        let run = desk.run(
            &format!("r{number}"),
            date,
            paid,
            vec![ledger("A", *minor, date)],
        );
        assert_eq!(run.comparison.matched.len(), 1);
    }
}

#[test]
fn a_refund_that_is_made_again_is_a_duplicate() {
    for (amounts, kind) in [
        (&[990, -990][..], Kind::DuplicateAtPartner),
        // Of the second payment.
        (&[990, -990, 990], Kind::MissingInLedger),
        (
            &[990, -990, 990, -990, 990, -990, -990],
            Kind::MissingInLedger,
        ),
    ] {
        let mut desk = Desk::new([Records::New, Records::Cumulative]);
        matched_one_a_day(&mut desk, amounts);
        let again = desk.run("again", day(9), vec![partner("A", -990, day(9))], vec![]);
        only(&again.comparison.discrepancies, kind);
    }
}

#[test]
fn a_refund_that_did_not_stay_is_told() {
    let mut desk = Desk::new([Records::Cumulative; 2]);
    matched_one_a_day(&mut desk, &[990, -990]);
    let mut reversed = partner("A", -990, day(1));
    reversed.status = Some(Status::Reversed);
    let report = vec![partner("A", 990, day(0)), reversed];
    let third = desk.run("r2", day(2), report, vec![]);
    only(&third.comparison.discrepancies, Kind::MissingInLedger);
    assert!(third.comparison.superseded.is_empty());
}
