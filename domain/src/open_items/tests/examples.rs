//! One story each: what a second day makes of the first.

use super::cases::CaseNow;
use super::desk::{Desk, found, only};
use super::*;
use crate::case::Resolution;
use crate::discrepancy::Kind;
use crate::open_items::Records;
use crate::policy::Cardinality;
use crate::policy::{MatchRule, Scope};
use crate::record::{ReferenceKind, Status};

fn usual() -> Desk {
    Desk::new([Records::New, Records::Cumulative])
}

#[test]
fn what_arrives_late_clears_the_case_with_its_evidence() {
    let mut desk = usual();
    let first = desk.run("r0", day(0), vec![partner("A", 990, day(0))], vec![]);
    let missing = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
    let second = desk.run("r1", day(1), vec![], vec![ledger("A", 990, day(0))]);
    assert!(second.comparison.discrepancies.is_empty());
    let [gone] = &second.cleared[..] else {
        panic!("{:?}", second.cleared);
    };
    assert_eq!(gone.discrepancy, missing);
    assert_eq!(
        gone.evidence,
        "settled by A of 9.90 EUR (day.csv line 1), matched by rule \"reference\" in r1"
    );
    assert!(desk.open.is_empty());
    // Its ledger shows it again: that is no news.
    let third = desk.run("r2", day(2), vec![], vec![ledger("A", 990, day(0))]);
    assert_eq!(
        (third.known, found(&third.comparison.discrepancies).len()),
        (1, 0)
    );
}

#[test]
fn what_is_in_transit_becomes_missing() {
    let mut desk = usual();
    let view = || vec![ledger("A", 500, day(0))];
    for past in 0..3 {
        let report = desk.run("r", day(past), vec![], view());
        assert_eq!(report.comparison.in_transit.len(), 1, "day {past}");
    }
    let report = desk.run("r3", day(3), vec![], vec![]);
    assert_eq!(
        found(&report.comparison.discrepancies),
        ["missing_at_partner A"]
    );
    assert_eq!(
        report.comparison.discrepancies[0]
            .ledger
            .as_ref()
            .unwrap()
            .carried_from(),
        Some("r")
    );
}

#[test]
fn the_same_difference_stays_the_same_case() {
    let mut desk = usual();
    let view = || vec![ledger("A", 900, day(0))];
    let first = desk.run("r0", day(0), vec![partner("A", 990, day(0))], view());
    let id = only(&first.comparison.discrepancies, Kind::AmountMismatch).id;
    for later in 1..4 {
        let report = desk.run("r", day(later), vec![], view());
        assert_eq!(
            only(&report.comparison.discrepancies, Kind::AmountMismatch).id,
            id
        );
        assert_eq!((report.seen_again, report.cleared.len()), (1, 0));
    }
}

#[test]
fn a_payment_that_comes_again_is_a_duplicate_for_as_long_as_it_is_open() {
    let mut desk = usual();
    let view = || vec![ledger("A", 990, day(0))];
    desk.run("r0", day(0), vec![partner("A", 990, day(0))], view());
    let second = desk.run("r1", day(1), vec![partner("A", 990, day(0))], view());
    let again = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    assert_eq!(
        again.reason,
        "partner reports 9.90 EUR for A again: r0 had it already"
    );
    let id = again.id;
    let third = desk.run("r2", day(2), vec![], view());
    assert_eq!(
        only(&third.comparison.discrepancies, Kind::DuplicateAtPartner).id,
        id
    );
    // It was paid twice after all: the second booking arrives.
    let twice = vec![ledger("A", 990, day(0)), ledger("A", 990, day(0))];
    let last = desk.run("r3", day(3), vec![], twice);
    assert_eq!((last.cleared.len(), last.known), (1, 1));
    assert!(desk.open.is_empty());
}

#[test]
fn a_payment_of_another_day_that_a_run_matched_is_a_duplicate() {
    let mut desk = usual();
    let view = || vec![ledger("A", 990, day(0))];
    desk.run("r0", day(0), vec![partner("A", 990, day(0))], view());
    let second = desk.run("r1", day(2), vec![partner("A", 990, day(2))], view());
    let again = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    assert_eq!(
        again.reason,
        "partner reports 9.90 EUR for A again: r0 had it already"
    );
    let id = again.id;
    let third = desk.run("r2", day(3), vec![], view());
    let still = only(&third.comparison.discrepancies, Kind::DuplicateAtPartner);
    assert_eq!(still.id, id, "for as long as it is open");
    let booked = vec![ledger("A", 990, day(0)), ledger("A", 990, day(2))];
    let last = desk.run("r3", day(4), vec![], booked);
    assert_eq!(last.cleared.len(), 1, "it was owed twice");
}

#[test]
fn one_booked_again_on_another_day_is_a_duplicate_once_the_partner_had_its_time() {
    let mut desk = usual();
    desk.policy.settlement_window_days = 2;
    let (first, again) = (ledger("A", 990, day(0)), ledger("A", 990, day(1)));
    desk.run(
        "r0",
        day(0),
        vec![partner("A", 990, day(0))],
        vec![first.clone()],
    );
    let second = desk.run("r1", day(1), vec![], vec![first.clone(), again.clone()]);
    assert_eq!(second.comparison.in_transit.len(), 1);
    let later = desk.run("r2", day(7), vec![], vec![first, again]);
    only(&later.comparison.discrepancies, Kind::DuplicateInLedger);
}

#[test]
fn what_comes_again_and_again_is_missing_when_the_other_side_lacks_it() {
    let mut desk = usual();
    for month in 0..2 {
        let paid = |side: fn(&str, i64, Date) -> Record| vec![side("RENT", 990, day(month * 7))];
        desk.run(
            &format!("r{month}"),
            day(month * 7),
            paid(partner),
            paid(ledger),
        );
    }
    let third = desk.run("r3", day(14), vec![partner("RENT", 990, day(14))], vec![]);
    only(&third.comparison.discrepancies, Kind::MissingInLedger);
}

#[test]
fn what_is_there_once_more_after_people_settled_it_is_another_case() {
    for how in [
        Resolution::DuplicateConfirmed,
        Resolution::Void,
        Resolution::NotAnError,
    ] {
        let mut desk = usual();
        let paid = |on: i64| vec![partner("A", 990, day(on))];
        let view = || vec![ledger("A", 990, day(0))];
        desk.run("r0", day(0), paid(0), view());
        let second = desk.run("r1", day(1), paid(0), view());
        let settled = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner).id;
        desk.resolve(&settled, how.clone());
        let third = desk.run("r2", day(2), paid(0), view());
        let again = only(&third.comparison.discrepancies, Kind::DuplicateAtPartner).id;
        assert_ne!(again, settled, "{how:?}: another payment");
        let last = desk.run("r3", day(3), vec![], view());
        let open = &last.comparison.discrepancies;
        assert_eq!(only(open, Kind::DuplicateAtPartner).id, again, "{how:?}");
        assert_eq!(desk.open.len(), 1, "what was settled stays so");
    }
}

#[test]
fn a_payment_again_takes_no_record_of_another_one() {
    let mut desk = usual();
    let by_invoice = MatchRule::exact("invoice", &[ReferenceKind::Invoice]);
    desk.policy.rules.push(by_invoice);
    let of = |mut record: Record| {
        record
            .references
            .push((ReferenceKind::Invoice, "I-1".into()));
        vec![record]
    };
    let paid = |reference: &str, on: i64| of(partner(reference, 990, day(on)));
    let booked = |reference: &str, on: i64| of(ledger(reference, 990, day(on)));
    desk.run("r0", day(0), paid("A", 0), booked("A", 0));
    let second = desk.run("r1", day(1), paid("A", 1), booked("B", 1));
    assert!(
        second.comparison.matched.is_empty(),
        "B is another part of the invoice"
    );
    only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
    let third = desk.run("r2", day(2), paid("B", 1), vec![]);
    assert_eq!(third.comparison.matched.len(), 1);
}

#[test]
fn what_was_paid_back_may_be_paid_anew() {
    let mut desk = usual();
    let both = |minor: i64, on: i64| {
        let day = day(on);
        (
            vec![partner("A", minor, day)],
            vec![ledger("A", minor, day)],
        )
    };
    for (run, minor, on) in [("r0", 990, 0), ("r1", -990, 1)] {
        let (paid, booked) = both(minor, on);
        desk.run(run, day(on), paid, booked);
    }
    let (paid, _) = both(990, 2);
    let third = desk.run("r2", day(2), paid, vec![]);
    only(&third.comparison.discrepancies, Kind::MissingInLedger);
}

#[test]
fn what_is_booked_anew_after_it_was_taken_back_is_no_duplicate() {
    for back_on in [4, 5] {
        let mut desk = usual();
        let booked = |minor: i64, on: i64| ledger("A", minor, day(on));
        let paid = vec![partner("A", 990, day(0))];
        desk.run("r0", day(0), paid, vec![booked(990, 0)]);
        if back_on == 4 {
            desk.run("r4", day(4), vec![], vec![booked(-990, 4)]);
        }
        let view = vec![booked(-990, 4), booked(990, 5)];
        let last = desk.run("r9", day(9), vec![], view);
        assert_eq!(
            found(&last.comparison.discrepancies),
            ["missing_at_partner A"; 2]
        );
    }
}

/// A payment of the partner with this status.
fn told(status: Status, on: i64) -> Vec<Record> {
    let mut record = partner("A", 990, day(on));
    record.status = Some(status);
    vec![record]
}

#[test]
fn an_announced_payment_that_was_matched_is_the_same_when_it_is_settled() {
    for settled_on in [0, 3] {
        let mut desk = usual();
        let view = vec![ledger("A", 990, day(0))];
        desk.run("r0", day(0), told(Status::Pending, 0), view);
        // It is announced again until it is settled.
        let second = desk.run("r1", day(1), told(Status::Pending, 0), vec![]);
        assert!(second.comparison.discrepancies.is_empty());
        let third = desk.run("r2", day(2), told(Status::Settled, settled_on), vec![]);
        assert!(third.comparison.discrepancies.is_empty());
        let [superseded] = &third.comparison.superseded[..] else {
            panic!("{:?}", third.comparison);
        };
        assert_eq!(superseded.by, "r0 matched it when it was announced");
        assert!(third.conservation.holds());
        // Once.
        let fourth = desk.run("r3", day(3), told(Status::Settled, 4), vec![]);
        only(&fourth.comparison.discrepancies, Kind::DuplicateAtPartner);
    }
}

#[test]
fn of_two_ends_of_one_announcement_the_first_is_that_payment() {
    for order in [[3, 5], [5, 3]] {
        let mut desk = usual();
        let view = vec![ledger("A", 990, day(0))];
        desk.run("r0", day(0), told(Status::Pending, 0), view);
        let ends = order.iter().flat_map(|on| told(Status::Settled, *on));
        let second = desk.run("r1", day(6), ends.collect(), vec![]);
        let found = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
        let shown = found.partner.as_ref().map(|record| record.value_date);
        assert_eq!(shown, Some(day(5)));
    }
}

#[test]
fn an_announced_payment_that_we_lack_is_the_same_case_when_it_is_settled() {
    let mut desk = usual();
    let first = desk.run("r0", day(0), told(Status::Pending, 0), vec![]);
    let id = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
    for (run, on, status, settled_on) in
        [("r1", 1, Status::Pending, 0), ("r2", 2, Status::Settled, 2)]
    {
        let next = desk.run(run, day(on), told(status, settled_on), vec![]);
        let found = only(&next.comparison.discrepancies, Kind::MissingInLedger);
        assert_eq!(found.id, id, "{run}");
        assert_eq!(next.comparison.superseded.len(), 1);
        assert!(next.conservation.holds());
    }
    let last = desk.run("r3", day(3), vec![], vec![ledger("A", 990, day(3))]);
    assert!(last.comparison.discrepancies.is_empty());
    assert!(desk.open.is_empty());
}

#[test]
fn an_announced_payment_that_was_matched_and_fails_differs_in_status() {
    let mut desk = usual();
    let view = vec![ledger("A", 990, day(0))];
    desk.run("r0", day(0), told(Status::Pending, 0), view);
    let second = desk.run("r1", day(1), told(Status::Failed, 1), vec![]);
    let found = only(&second.comparison.discrepancies, Kind::StatusMismatch);
    assert_eq!(
        found.reason,
        "partner reports 9.90 EUR for A as failed: r0 matched it before, so our record of it counts money \
         that never moved"
    );
    let third = desk.run("r2", day(2), vec![], vec![]);
    let again = only(&third.comparison.discrepancies, Kind::StatusMismatch);
    assert_eq!(again.id, found.id);
}

#[test]
fn an_amended_report_without_the_end_leaves_the_announcement() {
    let mut desk = usual();
    let first = desk.run("r0", day(0), told(Status::Pending, 0), vec![]);
    let id = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
    desk.run("r1", day(1), told(Status::Settled, 1), vec![]);
    let amended = desk.run("g2", day(1), vec![], vec![]);
    let found = only(&amended.comparison.discrepancies, Kind::MissingInLedger);
    assert_eq!(found.id, id);
    let shown = found.partner.as_ref().and_then(|record| record.status);
    assert_eq!(shown, Some(Status::Pending));
}

#[test]
fn another_amount_or_money_back_is_no_payment_again() {
    let mut desk = usual();
    let view = || vec![ledger("A", 990, day(0))];
    desk.run("r0", day(0), vec![partner("A", 990, day(0))], view());
    let other = vec![partner("A", 991, day(2)), partner("A", -990, day(2))];
    let second = desk.run("r1", day(2), other, view());
    let kinds: Vec<Kind> = second
        .comparison
        .discrepancies
        .iter()
        .map(|it| it.kind)
        .collect();
    assert_eq!(kinds, [Kind::MissingInLedger; 2]);
}

#[test]
fn a_payment_whose_match_is_taken_apart_repeats_nothing() {
    let mut desk = usual();
    desk.records = [Records::New, Records::New];
    desk.run("r0", day(0), vec![], vec![ledger("A", 990, day(0))]);
    desk.run("r1", day(1), vec![partner("A", 990, day(1))], vec![]);
    assert!(desk.open.is_empty());
    // The ledger's day is amended, and has no such booking.
    let amended = desk.run("g2", day(0), vec![], vec![]);
    only(&amended.comparison.discrepancies, Kind::MissingInLedger);
    let again = desk.run("r2", day(2), vec![partner("A", 990, day(2))], vec![]);
    let found = &again.comparison.discrepancies;
    assert!(
        found.iter().all(|it| !it.reason.contains("r1")),
        "{found:?}"
    );
}

#[test]
fn a_duplicate_within_a_report_stays_one() {
    let mut desk = usual();
    let report = vec![partner("A", 990, day(0)), partner("A", 990, day(0))];
    let first = desk.run("r0", day(0), report, vec![ledger("A", 990, day(0))]);
    let id = only(&first.comparison.discrepancies, Kind::DuplicateAtPartner).id;
    let second = desk.run("r1", day(1), vec![], vec![]);
    assert_eq!(
        only(&second.comparison.discrepancies, Kind::DuplicateAtPartner).id,
        id
    );
}

#[test]
fn an_amended_report_replaces_the_first() {
    let mut desk = usual();
    let view = || vec![ledger("A", 900, day(0)), ledger("B", 100, day(0))];
    let report = vec![
        partner("A", 990, day(0)),
        partner("B", 100, day(0)),
        partner("C", 5, day(0)),
    ];
    desk.run("g1", day(0), report, view());
    let amended = vec![partner("A", 900, day(0)), partner("B", 100, day(0))];
    let second = desk.run("g2", day(0), amended, view());
    assert_eq!(second.comparison.matched.len(), 2);
    assert!(desk.open.is_empty(), "{:?}", desk.open);
    let evidence: Vec<&str> = second
        .cleared
        .iter()
        .map(|gone| gone.evidence.as_str())
        .collect();
    assert_eq!(evidence.len(), 2);
    assert!(evidence.contains(&"the amended report the file no longer has it"));
    let line = *second.conservation.lines().next().unwrap().2;
    assert_eq!(
        (line.opening.count(), line.received.count()),
        (0, 2),
        "as if it were the first"
    );
}

#[test]
fn what_an_amended_report_withdraws_gives_its_counterpart_back() {
    let mut desk = usual();
    desk.run(
        "g1",
        day(0),
        vec![partner("A", 990, day(0)), partner("B", 1, day(0))],
        vec![],
    );
    // Two days later the ledger has both, and all is well.
    let view = || vec![ledger("A", 990, day(0)), ledger("B", 1, day(0))];
    let later = desk.run("r2", day(2), vec![], view());
    assert_eq!((later.cleared.len(), desk.open.len()), (2, 0));
    // Then the partner says that A never was.
    let amended = desk.run("g2", day(0), vec![partner("B", 1, day(0))], vec![]);
    assert_eq!((amended.known, amended.reopened), (1, 1));
    assert_eq!(desk.open.len(), 1);
    assert_eq!(desk.open[0].side, Side::Ledger);
    // Its booking is shown again, and is the same one.
    let next = desk.run("r3", day(3), vec![], view());
    assert_eq!(
        found(&next.comparison.discrepancies),
        ["missing_at_partner A"]
    );
    assert_eq!(desk.open.len(), 1);
}

#[test]
fn a_complete_view_that_lacks_an_item_took_it_back() {
    let mut desk = Desk::new([Records::New, Records::Snapshot]);
    for past in 0..4 {
        desk.run("r", day(past), vec![], vec![ledger("A", 500, day(0))]);
    }
    let gone = desk.run("r4", day(4), vec![], vec![]);
    assert_eq!(
        (gone.voided, gone.cleared.len(), desk.open.len()),
        (1, 1, 0)
    );
    assert_eq!(
        gone.cleared[0].evidence,
        "the file no longer has it: it was taken back"
    );
}

#[test]
fn what_is_resolved_leaves_and_comes_back_when_reopened() {
    let mut desk = usual();
    let first = desk.run("r0", day(0), vec![partner("A", 990, day(0))], vec![]);
    let id = first.comparison.discrepancies[0].id;
    desk.resolve(&id, Resolution::Void);
    let second = desk.run("r1", day(1), vec![], vec![]);
    assert!(second.comparison.discrepancies.is_empty() && desk.open.is_empty());
    let before = *second.before.lines().next().unwrap().2;
    assert_eq!(
        (before.voided.count(), before.carried_forward.count()),
        (1, 0),
        "the first run's"
    );
    // Reported again it would be a duplicate; the ledger's booking finds it used up.
    desk.reopen(&id);
    let third = desk.run("r2", day(2), vec![], vec![]);
    assert_eq!((third.reopened, desk.open.len()), (1, 1));
    assert_eq!(third.comparison.discrepancies[0].id, id);
    assert_eq!(desk.cases[&id], CaseNow::Open);
}

#[test]
fn what_was_settled_is_known_when_it_is_shown_again() {
    for (is_closed, records) in [
        (false, Records::Cumulative),
        (true, Records::Cumulative),
        (true, Records::Snapshot),
    ] {
        let mut desk = Desk::new([Records::New, records]);
        let view = || vec![ledger("A", 900, day(0))];
        let first = desk.run("r0", day(0), vec![partner("A", 990, day(0))], view());
        if is_closed {
            desk.close();
        }
        let id = &first.comparison.discrepancies[0].id;
        desk.resolve(id, Resolution::Accept);
        for later in 1..4 {
            let report = desk.run("r", day(later), vec![], view());
            assert_eq!(found(&report.comparison.discrepancies), [""; 0], "{later}");
            let mut lines = report.conservation.lines();
            let is_received = lines.any(|(_, _, line)| line.received.count() > 0);
            assert_eq!((report.known, is_received), (1, false), "{later}");
        }
    }
}

#[test]
fn a_difference_that_people_accepted_is_paid() {
    for later in [1, 5] {
        let mut desk = usual();
        let view = || vec![ledger("A", 900, day(0))];
        let first = desk.run("r0", day(0), vec![partner("A", 990, day(0))], view());
        desk.resolve(&first.comparison.discrepancies[0].id, Resolution::Accept);
        for between in 1..later {
            desk.run("r", day(between), vec![], view());
        }
        let again = vec![partner("A", 990, day(later))];
        let second = desk.run("again", day(later), again, view());
        let found = only(&second.comparison.discrepancies, Kind::DuplicateAtPartner);
        assert!(
            found.reason.ends_with("again: r0 had it already"),
            "{}",
            found.reason
        );
    }
}

#[test]
fn what_was_settled_is_open_again_when_the_report_is_amended() {
    for is_closed in [false, true] {
        let mut desk = usual();
        let view = || vec![ledger("A", 900, day(0))];
        let first = desk.run("r0", day(0), vec![partner("A", 990, day(0))], view());
        if is_closed {
            desk.close();
        }
        desk.resolve(&first.comparison.discrepancies[0].id, Resolution::Accept);
        let amended = desk.run("r0b", day(0), vec![partner("A", 900, day(0))], view());
        assert_eq!(amended.comparison.matched.len(), 1, "{is_closed}");
        assert!(amended.comparison.discrepancies.is_empty() && desk.open.is_empty());
        assert!(amended.conservation.holds());
    }
}

#[test]
fn what_is_resolved_after_the_run_was_closed_belongs_to_the_next() {
    let mut desk = usual();
    let first = desk.run("r0", day(0), vec![partner("A", 990, day(0))], vec![]);
    desk.close();
    desk.resolve(&first.comparison.discrepancies[0].id, Resolution::Void);
    let second = desk.run("r1", day(1), vec![], vec![]);
    let line = *second.conservation.lines().next().unwrap().2;
    assert_eq!((line.opening.count(), line.voided.count()), (1, 1));
    assert_eq!((second.settled_now, desk.open.len()), (1, 0));
}

#[test]
fn a_part_of_the_source_looks_and_leaves_everything() {
    let mut desk = usual();
    let report = || vec![partner("A", 990, day(0)), partner("B", 10, day(0))];
    let view = || vec![ledger("A", 990, day(0))];
    let whole = desk.run("r0", day(0), report(), view());
    let open = desk.open.clone();
    let scope = Scope::Invoice("none".to_owned());
    let mut of_b = ledger("B", 10, day(0));
    of_b.client = Some("C".into());
    let look = desk.look(day(0), Scope::Client("C".to_owned()), report(), vec![of_b]);
    assert_eq!(
        (
            look.comparison.matched.len(),
            look.comparison.discrepancies.len()
        ),
        (1, 0)
    );
    let nothing = desk.look(day(0), scope, report(), view());
    assert!(nothing.comparison.discrepancies.len() <= whole.comparison.discrepancies.len());
    assert_eq!(desk.open, open);
}

#[test]
fn what_clears_a_difference_is_what_came_not_what_was_in_it() {
    let mut desk = Desk::new([Records::New, Records::New]);
    desk.policy.rules[0].cardinality = Cardinality::ManyToOne;
    let booked = vec![ledger("A", 1000, day(0))];
    desk.run("r0", day(0), vec![partner("A", 600, day(0))], booked);
    let second = desk.run("r1", day(1), vec![partner("A", 400, day(1))], vec![]);
    let [gone] = &second.cleared[..] else {
        panic!("{:?}", second.cleared);
    };
    assert_eq!(
        gone.evidence,
        "settled by A of 4.00 EUR (day.csv line 1), matched by rule \"reference\" in r1"
    );
}
