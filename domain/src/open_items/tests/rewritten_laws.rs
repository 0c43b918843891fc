//! Laws over sequences of reports that show everything again, in which references are filled in and amounts corrected.

use super::desk::{Desk, Report, found};
use super::laws::{Bag, Dice, bag};
use super::*;
use crate::open_items::{Gone, Records};

use ReferenceKind::{Invoice, Reference, TransactionId};

const SEQUENCES: u64 = 400;
const DAYS: i64 = 6;

/// A payment as one side shows it by and by. A side that fills in its reference has the right amount all the time.
struct Shown {
    /// Its reference, what is there before that, and from which day on it is.
    reference: String,
    before: (ReferenceKind, String),
    filled_from: i64,
    /// The right amount, the wrong one, and from which day on it is right.
    cents: i64,
    wrong: i64,
    right_from: i64,
    shown_from: i64,
}

impl Shown {
    fn on(&self, number: i64, side: Side) -> Option<Record> {
        let cents = match number >= self.right_from {
            true => self.cents,
            false => self.wrong,
        };
        let mut record = record(side, "-", cents, day(self.shown_from));
        let (kind, text) = &self.before;
        record.references = [(*kind, text.as_str().into())].into();
        if number >= self.filled_from {
            record
                .references
                .push((Reference, self.reference.as_str().into()));
            record.references.sort();
        }
        (number >= self.shown_from).then_some(record)
    }
}

/// What both sides will show, a day after the other: both go back to day 0.
struct World(Vec<[Shown; 2]>);

impl World {
    fn new(dice: &mut Dice) -> Self {
        let mut shown = |number: u64, of_ledger: bool| {
            let cents = 100 + 10 * (number as i64 % 3);
            let (kind, wrong) = match of_ledger {
                true => (Invoice, cents - 1),
                false => (TransactionId, cents + 1),
            };
            let mut from = |odds: u64| match dice.roll(odds) {
                0 => dice.day_of(DAYS + 2),
                _ => 0,
            };
            let (filled_from, shown_from) = (from(2), from(1));
            let right_from = if filled_from == 0 { from(2) } else { 0 };
            Shown {
                reference: format!("B-{number}"),
                before: (kind, format!("{}-{number}", kind.name())),
                filled_from,
                cents,
                wrong,
                right_from,
                shown_from,
            }
        };
        let payments = 0..3 + 6;
        World(
            payments
                .map(|it| [shown(it, false), shown(it, true)])
                .collect(),
        )
    }

    fn view(&self, number: i64, side: Side) -> Vec<Record> {
        let at = usize::from(side == Side::Ledger);
        let shown = self.0.iter().filter_map(|it| it[at].on(number, side));
        [record(side, "P-0", 1, day(0))]
            .into_iter()
            .chain(shown)
            .collect()
    }

    fn run(&self, desk: &mut Desk, number: i64, is_back: bool) -> Report {
        let [partner, ledger] = Side::BOTH.map(|side| {
            let mut view = self.view(number, side);
            if is_back {
                view.reverse();
            }
            view
        });
        desk.run(&format!("r{number}"), day(number), partner, ledger)
    }
}

impl Dice {
    fn day_of(&mut self, days: i64) -> i64 {
        i64::try_from(self.roll(days as u64)).unwrap()
    }
}

#[test]
fn in_the_end_it_is_as_if_all_had_been_there_at_once() {
    let (mut voided, mut cleared) = (0, 0);
    for records in [Records::Cumulative, Records::Snapshot] {
        for seed in 0..SEQUENCES {
            let world = World::new(&mut Dice(seed));
            let mut desk = Desk::new([records; 2]);
            for number in 0..DAYS {
                let report = world.run(&mut desk, number, false);
                assert!(report.conservation.holds());
                voided += report.voided;
                cleared += report.cleared.len();
            }
            let last = world.run(&mut desk, DAYS, false);
            let mut fresh = Desk::new([records; 2]);
            let at_once = world.run(&mut fresh, DAYS, false);
            let found_last = found(&last.comparison.discrepancies);
            let found_at_once = found(&at_once.comparison.discrepancies);
            assert_eq!(found_last, found_at_once, "{records:?} {seed}");
            assert_eq!(bag(&desk.open), bag(&fresh.open), "{records:?} {seed}");
        }
    }
    assert!(voided > 500 && cleared > 500, "{voided} {cleared}");
}

/// What a run came to, for what the order of rows must not change.
fn said(report: &Report, desk: &Desk) -> (Vec<String>, Vec<Gone>, Bag, u64, usize) {
    let found = found(&report.comparison.discrepancies);
    let open = bag(&desk.open);
    (
        found,
        report.cleared.clone(),
        open,
        report.known,
        report.voided,
    )
}

#[test]
fn the_order_of_rows_does_not_matter_whatever_is_rewritten() {
    let mut rewritten = 0;
    for seed in 0..SEQUENCES {
        let mut dice = Dice(seed);
        let mut desks = [0, 1].map(|_| Desk::new([Records::Cumulative; 2]));
        for number in 0..DAYS {
            let [partner, ledger] = Side::BOTH.map(|side| {
                let rows = 0..dice.roll(6);
                let rows = rows.map(|_| anything(&mut dice, side, number));
                let first = [record(side, "P-0", 1, day(0))];
                first.into_iter().chain(rows).collect::<Vec<Record>>()
            });
            let [one, other] = [false, true].map(|is_back| {
                let desk = &mut desks[usize::from(is_back)];
                let (mut partner, mut ledger) = (partner.clone(), ledger.clone());
                if is_back {
                    partner.reverse();
                    ledger.reverse();
                }
                let report = desk.run(&format!("r{number}"), day(number), partner, ledger);
                assert!(report.conservation.holds());
                rewritten += report.voided + report.known as usize;
                said(&report, desk)
            });
            assert_eq!(one, other, "{seed}");
        }
    }
    assert!(rewritten > 1_000, "{rewritten}");
}

/// One of few records that are easily taken for each other.
fn anything(dice: &mut Dice, side: Side, number: i64) -> Record {
    let cents = 100 + dice.day_of(2);
    let mut record = record(side, "-", cents, day(dice.day_of(number.min(1) + 1)));
    record.references.clear();
    for (kind, text) in [(Reference, "B"), (Invoice, "I"), (TransactionId, "T")] {
        if dice.roll(2) == 0 {
            let text = format!("{text}-{}", dice.roll(2));
            record.references.push((kind, text.into()));
        }
    }
    record.client = (dice.roll(2) == 0).then(|| "C-1".into());
    record
}
