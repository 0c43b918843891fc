//! What is open, and is shown again with another value date by a report that shows records again.

use super::desk::{Desk, found, only};
use super::*;
use crate::discrepancy::{DiscrepancyId, Kind};
use crate::open_items::Records;

fn before() -> Record {
    partner("P-0", 100, day(1))
}

fn of_day(number: i64) -> Record {
    partner("P-1", 990, day(number))
}

/// We lack P-1 of 9.90; both have P-0 of an earlier day.
fn lacking() -> (Desk, DiscrepancyId) {
    let mut desk = Desk::new([Records::Cumulative; 2]);
    let report = vec![before(), of_day(3)];
    let first = desk.run("r3", day(3), report, vec![ledger("P-0", 100, day(1))]);
    let id = only(&first.comparison.discrepancies, Kind::MissingInLedger).id;
    (desk, id)
}

#[test]
fn what_is_open_is_the_same_with_another_value_date() {
    for corrected in [2, 4] {
        let report = || vec![before(), of_day(corrected)];
        let (mut desk, id) = lacking();
        let second = desk.run("r4", day(4), report(), vec![]);
        let still = only(&second.comparison.discrepancies, Kind::MissingInLedger);
        assert_eq!(still.id, id);
        let shown = still.partner.as_ref().map(|record| record.value_date);
        assert_eq!(shown, Some(day(corrected)));
        assert_eq!((second.voided, second.cleared.len()), (1, 0));
        assert!(second.conservation.holds());
        let booked = vec![ledger("P-1", 990, day(corrected))];
        let third = desk.run("r5", day(5), report(), booked.clone());
        assert_eq!(found(&third.comparison.discrepancies), [""; 0]);
        assert_eq!((third.cleared.len(), desk.open.len()), (1, 0));
        // Corrected and booked at once.
        let (mut desk, id) = lacking();
        let second = desk.run("r4", day(4), report(), booked);
        assert_eq!(found(&second.comparison.discrepancies), [""; 0]);
        let [gone] = &second.cleared[..] else {
            panic!("{:?}", second.cleared);
        };
        let to = day(corrected);
        let evidence = format!("the file has it with value date {to}");
        assert_eq!((gone.discrepancy, &gone.evidence), (id, &evidence));
        assert!(second.conservation.holds() && desk.open.is_empty());
    }
}

#[test]
fn beside_it_or_after_a_new_beginning_it_is_another_one() {
    let reports = [
        vec![before(), of_day(3), of_day(4)],
        vec![of_day(4)],
        vec![before(), of_day(4), of_day(5)],
    ];
    for report in reports {
        let (mut desk, _) = lacking();
        let second = desk.run("r5", day(5), report, vec![]);
        assert_eq!(second.comparison.discrepancies.len(), 2);
        assert_eq!(desk.open.len(), 2);
        assert!(second.conservation.holds());
    }
}
