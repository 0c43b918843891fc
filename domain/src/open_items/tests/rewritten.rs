//! What is open, and is shown again in other words by an input that shows records again: with a reference that was
//! empty, or with another amount.

use super::desk::{Desk, found, only};
use super::*;
use crate::discrepancy::{DiscrepancyId, Kind};
use crate::open_items::{Gone, Records};
use crate::record::Status;

use ReferenceKind::{Batch, Invoice, Reference, TransactionId};

/// 9.90 of day 3 by this client, under these references.
fn payment(side: Side, references: &[(ReferenceKind, &str)]) -> Record {
    let mut record = record(side, "-", 990, day(3));
    let references = references.iter();
    let references = references.map(|(kind, text)| (*kind, (*text).into()));
    record.references = references.collect();
    record.references.sort();
    record.client = Some("C-1".into());
    record
}

fn told(references: &[(ReferenceKind, &str)]) -> Record {
    payment(Side::Partner, references)
}

fn over(cents: i64, mut record: Record) -> Record {
    record.money = partner("-", cents, day(3)).money;
    record
}

fn booked() -> Vec<Record> {
    vec![payment(Side::Ledger, &[(Reference, "B-5")])]
}

/// This and P-0 of day 1, which both have: a report that goes back to it.
fn since_before(records: &[Record]) -> Vec<Record> {
    [vec![partner("P-0", 100, day(1))], records.to_vec()].concat()
}

/// The partner's report of day 3 had these; we lack them.
fn lacking(of_partner: Records, records: &[Record]) -> Desk {
    let mut desk = Desk::new([of_partner, Records::Cumulative]);
    let ledger = vec![ledger("P-0", 100, day(1))];
    let first = desk.run("r3", day(3), since_before(records), ledger);
    assert_eq!(first.comparison.discrepancies.len(), records.len());
    desk
}

fn case_of(desk: &Desk) -> DiscrepancyId {
    let [item] = &desk.open[..] else {
        panic!("{:?}", desk.open);
    };
    item.found_in().expect("it is in a discrepancy").0
}

const TX: (ReferenceKind, &str) = (TransactionId, "TX-77");
const B5: (ReferenceKind, &str) = (Reference, "B-5");
const I5: (ReferenceKind, &str) = (Invoice, "I-5");

/// The only case that is cleared is this one, because a run matched its record.
fn assert_settled_in(run: &str, cleared: &[Gone], id: DiscrepancyId) {
    let [gone] = cleared else {
        panic!("{cleared:?}");
    };
    let matched = "settled by B-5 of 9.90 EUR (day.csv line 1), matched by rule \"reference\" in";
    let evidence = format!("{matched} {run}");
    assert_eq!((gone.discrepancy, &*gone.evidence), (id, &*evidence));
}

#[test]
fn a_reference_that_is_filled_in_leaves_the_item_what_it_was() {
    for records in [Records::Cumulative, Records::Snapshot] {
        // A reference of its own is enough, however far the report goes back.
        for report in [vec![told(&[B5, TX])], since_before(&[told(&[B5, TX])])] {
            let mut desk = lacking(records, &[told(&[TX])]);
            let id = case_of(&desk);
            let second = desk.run("r4", day(4), report.clone(), booked());
            assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
            assert_settled_in("r4", &second.cleared, id);
            assert_eq!((second.voided, second.known), (0, report.len() as u64));
            assert!(second.conservation.holds() && desk.open.is_empty());
            let third = desk.run("r5", day(5), report, booked());
            assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
            assert_eq!((third.cleared.len(), desk.open.len()), (0, 0));
        }
    }
}

#[test]
fn what_we_still_lack_is_the_same_case_under_its_reference() {
    let mut desk = lacking(Records::Cumulative, &[told(&[TX])]);
    let id = case_of(&desk);
    let second = desk.run("r4", day(4), since_before(&[told(&[B5, TX])]), vec![]);
    let still = only(&second.comparison.discrepancies, Kind::MissingInLedger);
    assert_eq!((still.id, &*still.reference), (id, "B-5"));
    assert_eq!((second.cleared.len(), second.seen_again), (0, 1));
    // The invoice, too, and then it is booked.
    let report = since_before(&[told(&[B5, I5, TX])]);
    let third = desk.run("r5", day(5), report, booked());
    assert_eq!(third.cleared.first().map(|gone| gone.discrepancy), Some(id));
    assert!(third.conservation.holds() && desk.open.is_empty());
}

#[test]
fn what_turns_out_to_be_paid_before_is_a_duplicate() {
    let other = || told(&[B5, (TransactionId, "TX-70")]);
    let mut desk = Desk::new([Records::Cumulative; 2]);
    let ledger = [booked(), vec![ledger("P-0", 100, day(1))]].concat();
    desk.run("r3", day(3), since_before(&[other()]), ledger);
    let second = desk.run("r4", day(4), since_before(&[other(), told(&[TX])]), vec![]);
    let id = only(&second.comparison.discrepancies, Kind::MissingInLedger).id;
    let report = || since_before(&[other(), told(&[B5, TX])]);
    let third = desk.run("r5", day(5), report(), vec![]);
    let again = only(&third.comparison.discrepancies, Kind::DuplicateAtPartner);
    assert_eq!(
        again.reason,
        "partner reports 9.90 EUR for B-5 again: r3 had it already"
    );
    let [gone] = &third.cleared[..] else {
        panic!("{:?}", third.cleared);
    };
    let evidence = format!("now part of duplicate_at_partner {}", again.id);
    assert_eq!((gone.discrepancy, &gone.evidence), (id, &evidence));
    assert!(third.conservation.holds());
    let fourth = desk.run("r6", day(6), report(), vec![]);
    let still = only(&fourth.comparison.discrepancies, Kind::DuplicateAtPartner);
    assert_eq!((still.id, fourth.cleared.len()), (again.id, 0));
}

#[test]
fn an_item_without_a_reference_of_its_own_is_known_by_what_it_says() {
    let by_name = |references: &[(ReferenceKind, &str)]| {
        let mut record = told(references);
        (record.client, record.counterparty) = (None, Some("Isar Kajak".into()));
        record
    };
    for (before, now) in [
        (told(&[]), told(&[B5])),
        (told(&[I5]), told(&[B5, I5])),
        (by_name(&[]), by_name(&[B5])),
        (by_name(&[(Batch, "D-1")]), by_name(&[B5, (Batch, "D-1")])),
    ] {
        let report = since_before(std::slice::from_ref(&now));
        let mut desk = lacking(Records::Cumulative, std::slice::from_ref(&before));
        let second = desk.run("r4", day(4), report, booked());
        assert_eq!(found(&second.comparison.discrepancies), [""; 0], "{now:?}");
        assert_eq!((second.cleared.len(), second.voided), (1, 0));
        // A report that does not go back so far has not lost it.
        let mut desk = lacking(Records::Cumulative, &[before]);
        let second = desk.run("r4", day(4), vec![now], booked());
        only(&second.comparison.discrepancies, Kind::MissingInLedger);
        assert_eq!(
            (second.cleared.len(), second.comparison.matched.len()),
            (0, 1)
        );
    }
    // Of nobody and for nothing, it is any payment of that day.
    let mut nothing = told(&[]);
    nothing.client = None;
    let mut desk = lacking(Records::Cumulative, &[nothing]);
    let second = desk.run("r4", day(4), since_before(&[told(&[B5])]), booked());
    only(&second.comparison.discrepancies, Kind::MissingInLedger);
    assert_eq!(second.cleared.len(), 0);
}

#[test]
fn of_several_none_is_it() {
    let other = (TransactionId, "TX-78");
    let (open, new) = (told(&[TX]), told(&[B5, TX]));
    for (before, now) in [
        // It is shown itself.
        (vec![open.clone()], vec![open.clone(), new.clone()]),
        // Two rows may be it.
        (vec![open.clone()], vec![new.clone(), told(&[I5, TX])]),
        (vec![open.clone()], vec![new.clone(), new.clone()]),
        (
            vec![open.clone()],
            vec![new.clone(), over(980, open.clone())],
        ),
        // It may be two.
        (vec![told(&[]), told(&[I5])], vec![told(&[B5, I5])]),
        (vec![told(&[I5]), told(&[I5])], vec![told(&[B5, I5])]),
        (vec![open.clone(), told(&[other])], vec![told(&[B5])]),
    ] {
        for is_back in [false, true] {
            let mut desk = lacking(Records::Cumulative, &before);
            let mut report = since_before(&now);
            if is_back {
                report.reverse();
            }
            let second = desk.run("r4", day(4), report, vec![]);
            let is_open = second.comparison.discrepancies.len();
            let shown = now.iter().filter(|it| before.contains(it)).count();
            assert_eq!(is_open, before.len() + now.len() - shown, "{now:?}");
            assert!(second.cleared.is_empty() && second.voided == 0);
        }
    }
}

#[test]
fn what_says_otherwise_is_another_record() {
    let by = |client: &str, mut record: Record| {
        record.client = Some(client.into());
        record
    };
    let on = |number: i64, mut record: Record| {
        record.value_date = day(number);
        record
    };
    let failed = |mut record: Record| {
        record.status = Some(Status::Failed);
        record
    };
    let before = told(&[I5, TX]);
    let filled = told(&[B5, I5, TX]);
    for now in [
        by("C-2", filled.clone()),
        on(2, filled.clone()),
        failed(filled.clone()),
        over(991, filled.clone()),
        over(-990, before.clone()),
        told(&[B5, TX]),
        told(&[B5, I5]),
        told(&[B5, (Invoice, "I-6"), TX]),
        told(&[B5, I5, (TransactionId, "TX-78")]),
    ] {
        let mut desk = lacking(Records::Cumulative, std::slice::from_ref(&before));
        let second = desk.run(
            "r4",
            day(4),
            since_before(std::slice::from_ref(&now)),
            vec![],
        );
        assert_eq!(second.comparison.discrepancies.len(), 2, "{now:?}");
        assert!(second.cleared.is_empty() && second.voided == 0);
    }
    // What shows nothing again says nothing of what it had.
    let mut desk = lacking(Records::New, &[before]);
    let second = desk.run("r4", day(4), vec![filled], vec![]);
    assert_eq!(second.comparison.discrepancies.len(), 2);
}

#[test]
fn a_run_that_replaces_the_one_which_recognised_it_does_so_again() {
    for is_booked in [false, true] {
        let ledger = || if is_booked { booked() } else { vec![] };
        let mut desk = lacking(Records::Cumulative, &[told(&[TX])]);
        let report = || since_before(&[told(&[B5, TX])]);
        let runs = ["r4", "g2", "g3"].map(|run| {
            let report = desk.run(run, day(4), report(), ledger());
            assert!(report.conservation.holds());
            (found(&report.comparison.discrepancies), desk.open.len())
        });
        assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
        assert_eq!(runs[0].1, usize::from(!is_booked));
    }
}

#[test]
fn a_booking_of_which_the_amount_is_corrected_is_the_same_booking() {
    let booking = |cents: i64| over(cents, booked().remove(0));
    let view = |cents: i64| vec![ledger("P-0", 100, day(1)), booking(cents)];
    for records in [Records::Cumulative, Records::Snapshot] {
        let mut desk = Desk::new([Records::New, records]);
        let report = since_before(&[told(&[B5])]);
        let first = desk.run("r3", day(3), report, view(900));
        let id = only(&first.comparison.discrepancies, Kind::AmountMismatch).id;
        // To another one that is wrong, then to the right one.
        let second = desk.run("r4", day(4), vec![], view(980));
        let still = only(&second.comparison.discrepancies, Kind::AmountMismatch);
        assert_eq!((still.id, second.voided, second.cleared.len()), (id, 1, 0));
        assert_eq!(found(&second.comparison.discrepancies).len(), 1);
        let third = desk.run("r5", day(5), vec![], view(990));
        assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        assert_settled_in("r5", &third.cleared, id);
        assert!(third.conservation.holds() && desk.open.is_empty());
    }
}

#[test]
fn what_we_lack_with_another_amount_is_the_same_case() {
    for records in [Records::Cumulative, Records::Snapshot] {
        for references in [&[TX][..], &[B5], &[B5, TX]] {
            let amended = || since_before(&[over(880, told(references))]);
            let mut desk = lacking(records, &[told(references)]);
            let id = case_of(&desk);
            let second = desk.run("r4", day(4), amended(), vec![]);
            let still = only(&second.comparison.discrepancies, Kind::MissingInLedger);
            assert_eq!(
                (still.id, still.at_stake.to_string()),
                (id, "8.8".to_owned())
            );
            assert_eq!(
                (second.cleared.len(), second.voided, desk.open.len()),
                (0, 1, 1)
            );
            assert!(second.conservation.holds());
        }
        // Corrected and booked at once.
        let mut desk = lacking(records, &[told(&[B5])]);
        let id = case_of(&desk);
        let amended = since_before(&[over(880, told(&[B5]))]);
        let booked = vec![over(880, booked().remove(0))];
        let second = desk.run("r4", day(4), amended, booked);
        let [gone] = &second.cleared[..] else {
            panic!("{:?}", second.cleared);
        };
        let evidence = "the file has it with 8.80 EUR";
        assert_eq!((gone.discrepancy, &*gone.evidence), (id, evidence));
        assert!(second.conservation.holds() && desk.open.is_empty());
    }
}

#[test]
fn another_amount_is_another_record_where_it_may_be_a_part() {
    let part = |cents: i64| over(cents, told(&[B5]));
    for (before, now, is_open) in [
        // Two of which one is gone; one of which two are left; one beside it.
        (vec![part(990), part(400)], vec![part(990), part(500)], 3),
        (vec![part(990)], vec![part(490), part(500)], 3),
        (vec![part(990)], vec![part(990), part(500)], 2),
        (vec![part(990), part(400)], vec![part(500)], 3),
        // What says only in what it is.
        (vec![told(&[I5])], vec![over(880, told(&[I5]))], 2),
    ] {
        let mut desk = Desk::new([Records::Cumulative, Records::Cumulative]);
        let ledger = vec![ledger("P-0", 100, day(1))];
        desk.run("r3", day(3), since_before(&before), ledger);
        let second = desk.run("r4", day(4), since_before(&now), vec![]);
        assert_eq!(desk.open.len(), is_open, "{now:?}");
        assert_eq!(second.voided, 0);
    }
    // Where one of that reference was matched, and is there.
    let mut desk = Desk::new([Records::Cumulative; 2]);
    let report = since_before(&[part(990), part(400)]);
    desk.run("r3", day(3), report, booked());
    let second = desk.run("r4", day(4), since_before(&[part(990), part(500)]), vec![]);
    assert_eq!(second.voided, 0);
    // And where the report does not go back so far.
    let mut desk = lacking(Records::Cumulative, &[part(990)]);
    let second = desk.run("r4", day(4), vec![part(880)], vec![]);
    assert_eq!((second.voided, desk.open.len()), (0, 2));
}

#[test]
fn a_ledger_that_is_corrected_between_two_runs_of_a_day_has_one_booking() {
    for (before, now) in [
        (over(900, booked().remove(0)), booked().remove(0)),
        (
            payment(Side::Ledger, &[TX]),
            payment(Side::Ledger, &[B5, TX]),
        ),
    ] {
        let mut desk = Desk::new([Records::New, Records::Cumulative]);
        desk.run("r3", day(3), vec![told(&[B5])], vec![before]);
        let second = desk.run("g2", day(3), vec![told(&[B5])], vec![now]);
        assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
        assert_eq!(
            (second.comparison.in_transit.len(), desk.open.len()),
            (0, 0)
        );
        assert!(second.conservation.holds());
    }
}
