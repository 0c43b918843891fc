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

/// As much the other way.
fn back(mut record: Record) -> Record {
    record.money = record.money.opposite();
    record
}

fn failed(mut record: Record) -> Record {
    record.status = Some(Status::Failed);
    record
}

fn written_off(reason_code: &str) -> Resolution {
    Resolution::WriteOff {
        reason_code: reason_code.to_owned(),
        amount: partner("-", 990, day(4)).money.amount,
        account: "4711".to_owned(),
    }
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
    let report = vec![failed(reported("ch_1", 3))];
    let first = desk.run("r3", day(3), report, vec![failed(booked("ch_1", 3))]);
    assert_eq!(found(&first.comparison.discrepancies), [""; 0]);
    assert_eq!(
        next(&mut desk, vec![reported("ch_2", 4)], vec![]),
        ["missing_in_ledger ch_2"]
    );
}

#[test]
fn a_charge_that_was_corrected_is_the_same_payment() {
    // The report of day 4 goes back to day 2: with both, there are two; with one, it has another charge now.
    let cumulative = || {
        let mut desk = desk([Records::Cumulative, Records::New]);
        let before = |side| record(side, "ch_0", 100, day(2));
        let report = vec![before(Side::Partner), reported("ch_1", 3)];
        let ledger = vec![before(Side::Ledger), booked("ch_1", 3)];
        desk.run("r3", day(3), report.clone(), ledger);
        (desk, report)
    };
    let (mut desk, mut report) = cumulative();
    report.push(reported("ch_2", 4));
    let again = ["duplicate_at_partner I-1"];
    assert_eq!(next(&mut desk, report, vec![]), again);
    let (mut desk, report) = cumulative();
    let report = vec![report[0].clone(), reported("ch_2", 3)];
    let corrected = desk.run("r4", day(4), report.clone(), vec![]);
    assert_eq!(found(&corrected.comparison.discrepancies), [""; 0]);
    let [superseded] = &corrected.comparison.superseded[..] else {
        panic!("{:?}", corrected.comparison.superseded);
    };
    assert_eq!(superseded.by, "r3 matched it before it was corrected");
    assert!(corrected.conservation.holds());
    // It is known from then on; and one beside it is one too many.
    let beside = [report, vec![reported("ch_3", 5)]].concat();
    let third = desk.run("r5", day(5), beside, vec![]);
    assert_eq!(found(&third.comparison.discrepancies), again);
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
fn what_people_matched_by_hand_is_paid() {
    let mut desk = desk([Records::New; 2]);
    let mut ours = booked("b_1", 3);
    ours.references.truncate(1);
    let first = desk.run("r3", day(3), vec![reported("ch_1", 3)], vec![ours]);
    assert_eq!(first.comparison.discrepancies.len(), 2);
    for found in &first.comparison.discrepancies {
        let with = "the other".to_owned();
        desk.resolve(&found.id, Resolution::Match { with });
    }
    let second = next(&mut desk, vec![reported("ch_2", 4)], vec![]);
    assert_eq!(second, ["duplicate_at_partner I-1"]);
}

#[test]
fn what_takes_money_back_does_though_people_wrote_it_off() {
    let mut desk = usual([Records::New; 2]);
    let second = desk.run("r4", day(4), vec![back(reported("re_1", 4))], vec![]);
    let id = only(&second.comparison.discrepancies, Kind::MissingInLedger).id;
    desk.resolve(&id, written_off("chargeback"));
    let third = desk.run("r5", day(5), vec![reported("ch_2", 5)], vec![]);
    assert_eq!(
        found(&third.comparison.discrepancies),
        ["missing_in_ledger ch_2"]
    );
}

#[test]
fn what_arrives_after_its_other_side_was_written_off_says_so() {
    let mut desk = usual([Records::New; 2]);
    let second = desk.run("r4", day(4), vec![reported("ch_2", 4)], vec![]);
    let id = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner).id;
    desk.resolve(&id, written_off("error"));
    let third = desk.run("r5", day(5), vec![], vec![booked("ch_2", 5)]);
    let arrived = only(&third.comparison.discrepancies, Kind::MissingAtPartner);
    assert!(
        arrived.reason.contains("was written off in case/"),
        "{}",
        arrived.reason
    );
}

#[test]
fn what_the_other_side_books_later_is_no_duplicate() {
    // Each side has ids of its own: only the invoice ties them. An instalment, booked a day later.
    for side in Side::BOTH {
        let sides = |of_side: Vec<Record>, other: Vec<Record>| match side {
            Side::Partner => [of_side, other],
            Side::Ledger => [other, of_side],
        };
        let mut desk = desk([Records::New; 2]);
        let [partner, ledger] = sides(
            vec![paid(side, "a_1", 3)],
            vec![paid(side.other(), "b_1", 3)],
        );
        let first = desk.run("r3", day(3), partner, ledger);
        assert_eq!(found(&first.comparison.discrepancies), [""; 0]);
        let [partner, ledger] = sides(vec![paid(side, "a_2", 4)], vec![]);
        let second = desk.run("r4", day(4), partner, ledger);
        assert_eq!(second.comparison.discrepancies.len(), 1);
        let [partner, ledger] = sides(vec![], vec![paid(side.other(), "b_2", 5)]);
        let third = desk.run("r5", day(5), partner, ledger);
        assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        assert_eq!((third.cleared.len(), desk.open.len()), (1, 0));
        // What comes then comes again and again.
        let [partner, ledger] = sides(vec![paid(side, "a_3", 6)], vec![]);
        let last = desk.run("r6", day(6), partner, ledger);
        assert_eq!(last.comparison.discrepancies[0].rule, "reference");
    }
}

#[test]
fn what_is_taken_back_later_leaves_the_other_one_as_the_payment() {
    let missing = ["missing_in_ledger ch_2"];
    let mut desk = usual([Records::New; 2]);
    let second = next(&mut desk, vec![reported("ch_2", 4)], vec![]);
    assert_eq!(second, ["duplicate_at_partner I-1"]);
    let refunds = (
        vec![back(reported("re_1", 5))],
        vec![back(booked("re_1", 5))],
    );
    let third = desk.run("r5", day(5), refunds.0, refunds.1);
    assert_eq!(found(&third.comparison.discrepancies), missing);
    // An attempt that bounced.
    let mut desk = usual([Records::New; 2]);
    desk.run("r4", day(4), vec![failed(reported("ch_1", 3))], vec![]);
    let third = desk.run("r5", day(5), vec![reported("ch_2", 5)], vec![]);
    let of_two = found(&third.comparison.discrepancies);
    assert!(of_two.contains(&missing[0].to_owned()), "{of_two:?}");
}

#[test]
fn what_was_taken_back_before_it_takes_nothing_back() {
    let again = ["duplicate_at_partner I-1"];
    // Paid, refunded, and paid anew: that one is paid again.
    let mut desk = usual([Records::New; 2]);
    desk.run(
        "r4",
        day(4),
        vec![back(reported("re_1", 4))],
        vec![back(booked("re_1", 4))],
    );
    desk.run(
        "r5",
        day(5),
        vec![reported("ch_2", 5)],
        vec![booked("ch_2", 5)],
    );
    let last = desk.run("r6", day(6), vec![reported("ch_3", 6)], vec![]);
    assert_eq!(found(&last.comparison.discrepancies), again);
    // A refund made twice is one, whatever was paid before it.
    let mut desk = usual([Records::New; 2]);
    desk.run(
        "r4",
        day(4),
        vec![back(reported("re_1", 4))],
        vec![back(booked("re_1", 4))],
    );
    let last = desk.run("r5", day(5), vec![back(reported("re_2", 5))], vec![]);
    assert_eq!(found(&last.comparison.discrepancies), again);
    // An attempt that failed before the payment was none; nor is one whose case is open still, or money that came
    // back before it.
    for before in [failed(reported("ch_0", 2)), back(reported("re_0", 2))] {
        let mut desk = super::paid_before::desk([Records::New; 2]);
        desk.run("r2", day(2), vec![before], vec![]);
        desk.run(
            "r3",
            day(3),
            vec![reported("ch_1", 3)],
            vec![booked("ch_1", 3)],
        );
        let last = desk.run("r4", day(4), vec![reported("ch_2", 4)], vec![]);
        let told = only(&last.comparison.discrepancies, Kind::DuplicateAtPartner);
        assert_eq!(told.reference, "I-1");
    }
    let mut desk = super::paid_before::desk([Records::New; 2]);
    desk.run(
        "r2",
        day(2),
        vec![failed(reported("ch_0", 2))],
        vec![failed(booked("ch_0", 2))],
    );
    desk.run(
        "r3",
        day(3),
        vec![reported("ch_1", 3)],
        vec![booked("ch_1", 3)],
    );
    let last = desk.run("r4", day(4), vec![reported("ch_2", 4)], vec![]);
    assert_eq!(found(&last.comparison.discrepancies), again);
}

#[test]
fn an_invoice_number_of_another_client_is_another_invoice() {
    let of = |client: &str, mut record: Record| {
        record.client = Some(client.into());
        record
    };
    let mut desk = desk([Records::New; 2]);
    let both = |side: Side| {
        vec![
            of("C-1", paid(side, "ch_1", 3)),
            of("C-2", paid(side, "ch_2", 3)),
        ]
    };
    let first = desk.run("r3", day(3), both(Side::Partner), both(Side::Ledger));
    assert_eq!(found(&first.comparison.discrepancies), [""; 0]);
    let second = next(&mut desk, vec![of("C-1", reported("ch_3", 4))], vec![]);
    assert_eq!(second, ["duplicate_at_partner I-1"]);
}

#[test]
fn one_that_is_there_again_stays_the_same_case_with_what_shows_it() {
    let mut desk = usual([Records::New; 2]);
    let second = desk.run("r4", day(4), vec![reported("ch_2", 4)], vec![]);
    let told = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    let report = vec![reported("ch_2", 4), partner("ch_9", 100, day(4))];
    let amended = desk.run(
        "r4 again",
        day(4),
        report,
        vec![ledger("ch_9", 100, day(4))],
    );
    for later in [amended, desk.run("r5", day(5), vec![], vec![])] {
        let still = only(&later.comparison.discrepancies, Kind::DuplicateAtPartner);
        assert_eq!(
            (still.id, &still.reason, &still.rule),
            (told.id, &told.reason, &told.rule)
        );
        let places = |it: &crate::discrepancy::Discrepancy| it.related[0].origin.clone();
        assert_eq!(places(still), places(told));
        assert_eq!((later.seen_again, later.cleared.len()), (1, 0));
    }
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

#[test]
fn under_its_own_reference_it_stays_that_case_when_the_report_is_amended() {
    let mut desk = usual([Records::New; 2]);
    let again = || reported("ch_1", 4);
    let second = desk.run("r4", day(4), vec![again()], vec![]);
    let told = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    let more = vec![again(), partner("ch_9", 100, day(4))];
    let amended = desk.run("r4 again", day(4), more, vec![]);
    let still = only(&amended.comparison.discrepancies, Kind::DuplicateAtPartner);
    assert_eq!((still.id, &still.reason), (told.id, &told.reason));
    assert_eq!(amended.cleared.len(), 0);
}
