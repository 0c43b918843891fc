//! What people settled of one side, and of which the other side arrives on a later day.

use super::desk::{Desk, Report, found, only};
use super::*;
use crate::case::{Resolution, Settles};
use crate::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use crate::matching::explanation::Explanation;
use crate::open_items::Records;

fn usual() -> Desk {
    Desk::new([Records::New, Records::Cumulative])
}

fn write_off() -> Resolution {
    Resolution::WriteOff {
        reason_code: "lost".to_owned(),
        amount: Amount::from_scaled(200, 2).unwrap(),
        account: "6855".to_owned(),
    }
}

/// A report of 2.00 for P-1, settled like this before the booking arrives, which is told.
fn booked_after(desk: &mut Desk, how: Resolution) -> (DiscrepancyId, Report) {
    let first = desk.run("r0", day(0), vec![partner("P-1", 200, day(0))], vec![]);
    let id = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
    desk.resolve(&id, how);
    desk.run("r1", day(1), vec![], vec![]);
    let booking = || vec![ledger("P-1", 200, day(2))];
    let waiting = desk.run("r2", day(2), vec![], booking());
    assert_eq!(waiting.comparison.in_transit.len(), 1);
    (id, desk.run("r3", day(7), vec![], booking()))
}

#[test]
fn what_people_settled_is_told_when_the_other_side_has_it() {
    for (how, settles, words) in [
        (write_off(), Settles::WrittenOff, "was written off"),
        (Resolution::NotAnError, Settles::Voided, "was voided"),
        (Resolution::Void, Settles::Voided, "was voided"),
        (
            Resolution::Match {
                with: "L-9".to_owned(),
            },
            Settles::Matched,
            "was matched by hand",
        ),
    ] {
        let mut desk = usual();
        let (id, run) = booked_after(&mut desk, how);
        let missing = only(&run.comparison.discrepancies, Kind::MissingAtPartner);
        assert_eq!(
            missing.reason,
            format!(
                "ledger has 2.00 EUR for P-1 with value date 2026-03-04, no partner record goes with it by \
                 reference, 3 business days after its value date (2 allowed); the partner's 2.00 EUR of \
                 2026-03-02 {words} in case/{id}: reopen that case if the two belong together"
            )
        );
        let nearest = missing.nearest.as_deref().unwrap();
        assert_eq!(nearest.settled, Some(settles));
        assert_eq!(nearest.record.side, Side::Partner);
        assert_eq!(nearest.kept_apart_by, format!("it {words} in case/{id}"));
        assert!(run.conservation.holds());
        // No rule stands in between.
        let explained = Explanation::of(&desk.policy, missing);
        assert_eq!(
            (&*explained.score(), explained.would_match),
            ("3 of 3", None)
        );
        // It is found again, and told so, as long as nobody does anything.
        let next = desk.run("r4", day(8), vec![], vec![ledger("P-1", 200, day(2))]);
        let again = only(&next.comparison.discrepancies, Kind::MissingAtPartner);
        assert_eq!((again.id, &again.nearest), (missing.id, &missing.nearest));
        // Whoever undoes what was decided has both matched.
        desk.reopen(&id);
        let last = desk.run("r5", day(9), vec![], vec![ledger("P-1", 200, day(2))]);
        assert_eq!(found(&last.comparison.discrepancies), [""; 0]);
        assert_eq!(last.comparison.matched.len(), 1);
        let cleared: Vec<DiscrepancyId> = last.cleared.iter().map(|it| it.discrepancy).collect();
        assert!(cleared.contains(&id) && cleared.contains(&missing.id));
        assert!(desk.open.is_empty() && last.conservation.holds());
    }
}

#[test]
fn what_the_partner_reports_after_all_is_told_at_once() {
    let mut desk = usual();
    let view = || vec![ledger("P-1", 200, day(0))];
    desk.run("r0", day(0), vec![], view());
    let late = desk.run("r1", day(4), vec![], view());
    let id = only(&late.comparison.discrepancies, Kind::MissingAtPartner).id;
    desk.resolve(&id, write_off());
    // In the run that begins with the decision, too.
    let run = desk.run("r2", day(5), vec![partner("P-1", 200, day(5))], view());
    let missing = only(&run.comparison.discrepancies, Kind::MissingInLedger);
    assert!(missing.reason.ends_with(&format!(
        "; the ledger's 2.00 EUR of 2026-03-02 was written off in case/{id}: reopen that case if the two \
         belong together"
    )));
}

/// The customer did pay twice, and the second booking comes later: it is not the first one again.
#[test]
fn the_booking_of_a_payment_that_was_no_error_is_not_booked_again() {
    let mut desk = usual();
    let first = || ledger("P-1", 200, day(0));
    desk.run(
        "r0",
        day(0),
        vec![partner("P-1", 200, day(0))],
        vec![first()],
    );
    let run = desk.run(
        "r1",
        day(1),
        vec![partner("P-1", 200, day(1))],
        vec![first()],
    );
    let id = only(&run.comparison.discrepancies, Kind::DuplicateAtPartner).id;
    desk.resolve(&id, Resolution::NotAnError);
    desk.run("r2", day(2), vec![], vec![first()]);
    let view = || vec![first(), ledger("P-1", 200, day(3))];
    let run = desk.run("r3", day(8), vec![], view());
    let missing = only(&run.comparison.discrepancies, Kind::MissingAtPartner);
    assert!(missing.reason.contains(&format!("was voided in case/{id}")));
    // Of one more nothing was settled: it is there again.
    let mut more = view();
    more.push(ledger("P-1", 200, day(4)));
    let run = desk.run("r4", day(14), vec![], more);
    assert_eq!(
        settled(&run.comparison.discrepancies),
        [Some(Settles::Voided), None]
    );
}

#[test]
fn each_that_was_settled_goes_with_one() {
    let mut desk = usual();
    let first = desk.run("r0", day(0), vec![partner("P-1", 200, day(0))], vec![]);
    let id = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
    desk.resolve(&id, Resolution::Void);
    let view = || vec![ledger("P-1", 200, day(1)), ledger("P-1", 200, day(2))];
    desk.run("r1", day(2), vec![], view());
    let run = desk.run("r2", day(9), vec![], view());
    assert_eq!(
        settled(&run.comparison.discrepancies),
        [Some(Settles::Voided), None]
    );
}

#[test]
fn another_amount_or_direction_was_not_settled() {
    for cents in [199, -200] {
        let mut desk = usual();
        let first = desk.run("r0", day(0), vec![partner("P-1", 200, day(0))], vec![]);
        let id = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
        desk.resolve(&id, Resolution::Void);
        desk.run("r1", day(1), vec![], vec![ledger("P-1", cents, day(1))]);
        let run = desk.run("r2", day(7), vec![], vec![ledger("P-1", cents, day(1))]);
        let missing = only(&run.comparison.discrepancies, Kind::MissingAtPartner);
        assert_eq!(missing.nearest, None, "{cents}");
    }
}

#[test]
fn what_an_amended_report_took_back_was_not_settled() {
    let mut desk = usual();
    let first = desk.run("r0", day(0), vec![partner("P-1", 200, day(0))], vec![]);
    let id = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
    desk.resolve(&id, write_off());
    let booking = || vec![ledger("P-1", 200, day(0))];
    desk.run("r1", day(7), vec![], booking());
    let amended = desk.run("r0/g2", day(0), vec![], booking());
    let missing = only(&amended.comparison.discrepancies, Kind::MissingAtPartner);
    assert_eq!(missing.nearest, None);
    let next = desk.run("r2", day(8), vec![], booking());
    let missing = only(&next.comparison.discrepancies, Kind::MissingAtPartner);
    assert_eq!(missing.nearest, None);
}

/// What was settled of the other side of each, in the order of their days.
fn settled(found: &[Discrepancy]) -> Vec<Option<Settles>> {
    let mut found: Vec<&Discrepancy> = found.iter().collect();
    found.sort_by_key(|it| it.value_date());
    let nearest = found.into_iter().map(|it| it.nearest.as_deref());
    nearest.map(|it| it.and_then(|it| it.settled)).collect()
}
