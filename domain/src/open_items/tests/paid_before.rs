//! Invoices that are paid again on another day, by another charge: the first rule goes by the charge, a later one by
//! the invoice.

use super::desk::{Desk, found, only};
use super::*;
use crate::case::Resolution;
use crate::discrepancy::Kind;
use crate::open_items::Records;
use crate::policy::MatchRule;
use crate::record::Status;

use ReferenceKind::{Invoice, Reference};

fn desk(records: [Records; 2]) -> Desk {
    let mut desk = Desk::new(records);
    desk.policy
        .rules
        .push(MatchRule::exact("invoice", &[Invoice]));
    desk.policy.settlement_window_days = 0;
    desk
}

/// 9.90 for I-1 by this charge.
fn paid(side: Side, charge: &str, on: i64) -> Record {
    let mut record = record(side, charge, 990, day(on));
    record.references = [(Reference, charge.into()), (Invoice, "I-1".into())]
        .into_iter()
        .collect();
    record.references.sort();
    record.client = Some("C-1".into());
    record.counterparty = Some("Beta Ltd".into());
    record
}

fn reported(charge: &str, on: i64) -> Record {
    paid(Side::Partner, charge, on)
}

fn booked(charge: &str, on: i64) -> Record {
    paid(Side::Ledger, charge, on)
}

/// A day on which both have ch_1.
fn usual(records: [Records; 2]) -> Desk {
    let mut desk = desk(records);
    let first = desk.run(
        "r3",
        day(3),
        vec![reported("ch_1", 3)],
        vec![booked("ch_1", 3)],
    );
    assert_eq!(found(&first.comparison.discrepancies), [""; 0]);
    desk
}

/// What a run of day 4 with these finds.
fn next(desk: &mut Desk, partner: Vec<Record>, ledger: Vec<Record>) -> Vec<String> {
    let report = desk.run("r4", day(4), partner, ledger);
    assert!(report.conservation.holds());
    found(&report.comparison.discrepancies)
}

#[test]
fn an_invoice_that_is_paid_again_by_another_charge_is_a_duplicate() {
    for side in Side::BOTH {
        let again = paid(side, "ch_2", 4);
        let [partner, ledger] = match side {
            Side::Partner => [vec![again], vec![]],
            Side::Ledger => [vec![], vec![again]],
        };
        let mut desk = usual([Records::New; 2]);
        let second = desk.run("r4", day(4), partner, ledger);
        let kind = match side {
            Side::Partner => Kind::DuplicateAtPartner,
            Side::Ledger => Kind::DuplicateInLedger,
        };
        let again = only(&second.comparison.discrepancies, kind);
        let [original] = &again.related[..] else {
            panic!("{:?}", again.related);
        };
        assert_eq!((original.side, original.value_date), (side, day(3)));
        assert_eq!(original.carried_from(), Some("r3"));
        assert_eq!(&*again.rule, "invoice");
        let twice =
            "9.90 EUR for I-1 (as ch_1 and as ch_2) twice (value dates 2026-03-05 and 2026-03-06)";
        let reason = match side {
            Side::Partner => {
                format!("partner reports {twice}, the ledger has it once; r3 matched the other")
            }
            Side::Ledger => {
                format!("ledger has {twice}, the partner reports it once; r3 matched the other")
            }
        };
        assert_eq!(again.reason, reason);
        assert!(second.conservation.holds());
        // For as long as it is open; then the other side has it after all.
        let third = desk.run("r5", day(5), vec![], vec![]);
        let still = only(&third.comparison.discrepancies, kind);
        assert_eq!((still.id, third.seen_again), (again.id, 1));
        let other = vec![paid(side.other(), "ch_2", 6)];
        let [partner, ledger] = match side {
            Side::Partner => [vec![], other],
            Side::Ledger => [other, vec![]],
        };
        let last = desk.run("r6", day(6), partner, ledger);
        assert_eq!(found(&last.comparison.discrepancies), [""; 0]);
        assert_eq!(last.cleared.len(), 1);
    }
}

#[test]
fn what_each_side_had_once_may_be_under_different_charges() {
    let mut desk = desk([Records::New; 2]);
    let first = desk.run(
        "r3",
        day(3),
        vec![reported("ch_1", 3)],
        vec![booked("b_1", 3)],
    );
    assert_eq!(found(&first.comparison.discrepancies), [""; 0]);
    let second = next(&mut desk, vec![reported("ch_2", 4)], vec![]);
    assert_eq!(second, ["duplicate_at_partner I-1"]);
}

#[test]
fn another_invoice_amount_client_or_payer_is_another_payment() {
    let mut others = [(); 4].map(|()| reported("ch_2", 4));
    others[0].references[1].1 = "I-2".into();
    others[1].money = partner("-", 991, day(4)).money;
    others[2].client = Some("C-2".into());
    others[3].counterparty = Some("Gamma GmbH".into());
    for other in others {
        let second = next(&mut usual([Records::New; 2]), vec![other], vec![]);
        assert_eq!(second, ["missing_in_ledger ch_2"]);
    }
}

#[test]
fn what_comes_again_and_again_or_was_paid_back_repeats_nothing() {
    let missing = ["missing_in_ledger ch_3"];
    let both = |charge: &str, on: i64| (vec![reported(charge, on)], vec![booked(charge, on)]);
    // An instalment.
    let mut desk = usual([Records::New; 2]);
    let (partner, ledger) = both("ch_2", 4);
    assert_eq!(next(&mut desk, partner, ledger), [""; 0]);
    let third = desk.run("r5", day(5), vec![reported("ch_3", 5)], vec![]);
    assert_eq!(found(&third.comparison.discrepancies), missing);
    // Refunded before, and on the same day.
    let back = |mut record: Record| {
        record.money = record.money.opposite();
        record
    };
    let refund = || {
        (
            vec![back(reported("re_1", 4))],
            vec![back(booked("re_1", 4))],
        )
    };
    let mut desk = usual([Records::New; 2]);
    let (partner, ledger) = refund();
    assert_eq!(next(&mut desk, partner, ledger), [""; 0]);
    let third = desk.run("r5", day(5), vec![reported("ch_3", 5)], vec![]);
    assert_eq!(found(&third.comparison.discrepancies), missing);
    let mut desk = usual([Records::New; 2]);
    let (mut partner, ledger) = refund();
    partner.push(reported("ch_3", 4));
    assert_eq!(next(&mut desk, partner, ledger), missing);
    let mut desk = usual([Records::New; 2]);
    let partner = vec![back(reported("re_1", 4)), reported("ch_3", 4)];
    assert_eq!(
        next(&mut desk, partner, vec![]),
        ["missing_in_ledger ch_3", "missing_in_ledger re_1"]
    );
}

#[test]
fn an_attempt_that_failed_was_no_payment() {
    let mut desk = desk([Records::New; 2]);
    let failed = |mut record: Record| {
        record.status = Some(Status::Failed);
        record
    };
    let report = vec![failed(reported("ch_1", 3))];
    let first = desk.run("r3", day(3), report, vec![failed(booked("ch_1", 3))]);
    assert_eq!(found(&first.comparison.discrepancies), [""; 0]);
    assert_eq!(
        next(&mut desk, vec![reported("ch_2", 4)], vec![]),
        ["missing_in_ledger ch_2"]
    );
}

#[test]
fn a_charge_that_was_corrected_repeats_nothing() {
    // The report of day 4 goes back to day 3: with both, there are two; with one, it has another charge now.
    let before = || reported("ch_0", 2);
    let cumulative = || {
        let mut desk = desk([Records::Cumulative, Records::New]);
        let report = vec![before(), reported("ch_1", 3)];
        let mut of_before = before();
        of_before.references.truncate(1);
        let mut ours = booked("ch_0", 2);
        ours.references.clone_from(&of_before.references);
        let report = [vec![of_before], report[1..].to_vec()].concat();
        desk.run("r3", day(3), report.clone(), vec![ours, booked("ch_1", 3)]);
        (desk, report)
    };
    let (mut desk, mut report) = cumulative();
    report.push(reported("ch_2", 4));
    assert_eq!(
        next(&mut desk, report, vec![]),
        ["duplicate_at_partner I-1"]
    );
    let (mut desk, report) = cumulative();
    let report = vec![report[0].clone(), reported("ch_2", 3)];
    assert_eq!(next(&mut desk, report, vec![]), ["missing_in_ledger ch_2"]);
}

#[test]
fn a_difference_that_people_accepted_is_paid() {
    let mut desk = desk([Records::New; 2]);
    let mut ours = booked("ch_1", 3);
    ours.money = ledger("-", 800, day(3)).money;
    let first = desk.run("r3", day(3), vec![reported("ch_1", 3)], vec![ours]);
    let differs = only(&first.comparison.discrepancies, Kind::AmountMismatch).id;
    desk.resolve(&differs, Resolution::Accept);
    let second = next(&mut desk, vec![reported("ch_2", 4)], vec![]);
    assert_eq!(second, ["duplicate_at_partner I-1"]);
}

#[test]
fn what_an_amended_report_takes_back_is_not_repeated() {
    let mut desk = desk([Records::New; 2]);
    desk.run("r3", day(3), vec![reported("ch_1", 3)], vec![]);
    assert_eq!(next(&mut desk, vec![], vec![booked("ch_1", 4)]), [""; 0]);
    // The amended report of day 3 no longer has it.
    let amended = desk.run("r3 again", day(3), vec![], vec![]);
    assert_eq!(
        found(&amended.comparison.discrepancies),
        ["missing_at_partner ch_1"]
    );
    let again = desk.run("r5", day(5), vec![reported("ch_2", 5)], vec![]);
    let of_two = ["missing_at_partner ch_1", "missing_in_ledger ch_2"];
    assert_ne!(
        found(&again.comparison.discrepancies),
        of_two,
        "the invoice matches them"
    );
    // A day that is done again repeats nothing of itself.
    let mut desk = usual([Records::New; 2]);
    let again = desk.run("r3 again", day(3), vec![reported("ch_2", 3)], vec![]);
    assert_eq!(
        found(&again.comparison.discrepancies),
        ["missing_in_ledger ch_2"]
    );
}
