//! Laws over generated sequences of days: late, missing, repeated and amended reports, a ledger that
//! shows things again, and people who resolve and reopen in between. Each law counts what it saw,
//! so that it can't hold for want of events.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::{CENTS_AT_STAKE, CaseNow};
use super::desk::{Desk, Report};
use super::*;
use crate::case::Resolution;
use crate::conservation::{Conservation, CountAndSum};
use crate::discrepancy::{DiscrepancyId, Kind};
use crate::open_items::{Fingerprint, Records, fingerprint};
use crate::record::Status;

/// Sequences per law.
const SEQUENCES: u64 = 1_500;
const DAYS: i64 = 7;

/// The same sequence for the same seed, everywhere (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) % sides
    }

    fn day(&mut self) -> i64 {
        i64::try_from(self.roll(DAYS as u64)).unwrap()
    }
}

/// What both parties will say in the end, each payment under a reference of its own.
struct World {
    /// Reports by day.
    reports: BTreeMap<i64, Vec<Record>>,
    /// Bookings by the day from which the ledger shows them.
    bookings: Vec<(i64, Record)>,
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let mut world = World {
            reports: (0..DAYS).map(|day| (day, Vec::new())).collect(),
            bookings: Vec::new(),
        };
        for number in 0..4 + dice.roll(8) {
            let reference = format!("P{number}");
            let (cents, value_day) = (100 + i64::try_from(number).unwrap(), dice.day());
            let value_date = day(value_day);
            if dice.roll(5) > 0 {
                let reported = dice.day();
                let record = || partner(&reference, cents, value_date);
                world.report(reported, record());
                if dice.roll(6) == 0 {
                    world.report(dice.day(), record());
                }
            }
            if dice.roll(5) > 0 {
                let off = if dice.roll(8) == 0 { 50 } else { 0 };
                let booking = ledger(&reference, cents - off, value_date);
                world.bookings.push((dice.day(), booking));
            }
        }
        world
    }

    fn report(&mut self, day: i64, record: Record) {
        self.reports.entry(day).or_default().push(record);
    }

    /// What the ledger shows to a run of this day: all that it has, or what is not too old.
    fn view(&self, day_of_run: i64, all: bool) -> Vec<Record> {
        let is_shown = |(since, record): &&(i64, Record)| {
            *since <= day_of_run && (all || record.value_date >= day(day_of_run - 2))
        };
        let shown = self.bookings.iter().filter(is_shown);
        shown.map(|(_, record)| record.clone()).collect()
    }

    /// Payments fail, are reversed, or are not any more; some are taken back by records of their own.
    fn change_statuses(&mut self, dice: &mut Dice) {
        let statuses = [None, Some(Status::Failed), Some(Status::Reversed)];
        let reported = self.reports.values_mut().flatten();
        let booked = self.bookings.iter_mut().map(|(_, booking)| booking);
        for record in reported.chain(booked) {
            if dice.roll(8) == 0 {
                record.status = statuses[usize::try_from(dice.roll(3)).unwrap()];
            }
        }
        let back = self.bookings.iter().find(|_| dice.roll(8) == 0);
        if let Some((_, booking)) = back {
            let reference = booking.display_reference().unwrap().to_owned();
            let cents = 100 + reference[1..].parse::<i64>().unwrap();
            let on = dice.day();
            match dice.roll(2) {
                0 => self.report(on, partner(&reference, -cents, day(on))),
                _ => self
                    .bookings
                    .push((on, ledger(&reference, -cents, day(on)))),
            }
        }
    }

    /// Changes a day's report as a partner amends one.
    fn amend(&mut self, dice: &mut Dice, day_of_report: i64) -> bool {
        let report = self.reports.entry(day_of_report).or_default();
        match dice.roll(3) {
            0 if !report.is_empty() => {
                let at = usize::try_from(dice.roll(report.len() as u64)).unwrap();
                report.remove(at);
            }
            1 if !report.is_empty() => {
                let at = usize::try_from(dice.roll(report.len() as u64)).unwrap();
                let cents = 100 + i64::try_from(dice.roll(40)).unwrap();
                let reference = report[at].display_reference().unwrap().to_owned();
                report[at] = partner(&reference, cents, report[at].value_date);
            }
            2 => {
                let reference = format!("N{}", dice.roll(4));
                report.push(partner(&reference, 7, day(day_of_report)));
            }
            _ => return false,
        }
        true
    }
}

pub(super) type Bag = BTreeMap<Fingerprint, usize>;

pub(super) fn bag<'r>(records: impl IntoIterator<Item = &'r Record>) -> Bag {
    let mut bag = Bag::new();
    for record in records {
        *bag.entry(fingerprint(record)).or_default() += 1;
    }
    bag
}

/// Runs the days in this order; a day that comes again is an amended report.
fn run_all(desk: &mut Desk, world: &World, order: &[i64]) {
    for (at, number) in order.iter().enumerate() {
        let name = format!("run {at} of day {number}");
        let view = world.view(*number, false);
        desk.run(&name, day(*number), world.reports[number].clone(), view);
    }
    // Whatever the windows cut off, the last view shows.
    let view = world.view(DAYS, true);
    desk.run("the end", day(DAYS), Vec::new(), view);
}

/// Per reference: as many pairs as both sides have; the rest is open.
fn obvious_open(world: &World) -> BTreeMap<String, (usize, usize)> {
    let mut sides: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut amounts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let reported = world.reports.values().flatten();
    for record in reported.chain(world.bookings.iter().map(|(_, booking)| booking)) {
        let reference = record.display_reference().unwrap().to_owned();
        let (of_partner, of_ledger) = sides.entry(reference.clone()).or_default();
        match record.side {
            Side::Partner => *of_partner += 1,
            Side::Ledger => *of_ledger += 1,
        }
        let amount = record.money.amount.to_string();
        amounts.entry(reference).or_default().insert(amount);
    }
    for (reference, (of_partner, of_ledger)) in &mut sides {
        if amounts[reference].len() == 1 {
            let pairs = (*of_partner).min(*of_ledger);
            *of_partner -= pairs;
            *of_ledger -= pairs;
        }
    }
    sides.retain(|_, counts| *counts != (0, 0));
    sides
}

fn open_by_reference(desk: &Desk) -> BTreeMap<String, (usize, usize)> {
    let mut open: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for item in &desk.open {
        let reference = item.display_reference().unwrap().to_owned();
        let (of_partner, of_ledger) = open.entry(reference).or_default();
        match item.side {
            Side::Partner => *of_partner += 1,
            Side::Ledger => *of_ledger += 1,
        }
    }
    open
}

/// Whether a reference has copies of different amounts on one side: what belongs together then
/// depends on what is there at the time.
fn is_ambiguous(world: &World) -> bool {
    let mut of_partner: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for record in world.reports.values().flatten() {
        let reference = record.display_reference().unwrap();
        let amount = record.money.amount.to_string();
        of_partner.entry(reference).or_default().insert(amount);
    }
    let has_copies = |reference: &str| {
        let reported = world.reports.values().flatten();
        reported
            .filter(|r| r.display_reference() == Some(reference))
            .count()
            > 1
    };
    let differs = |(_, booking): &(i64, Record)| {
        let reference = booking.display_reference().unwrap();
        let amounts = of_partner.get(reference);
        let amount = booking.money.amount.to_string();
        has_copies(reference) && amounts.is_some_and(|amounts| !amounts.contains(&amount))
    };
    of_partner.values().any(|amounts| amounts.len() > 1) || world.bookings.iter().any(differs)
}

/// No record is used more often than there is one of it.
fn used_once(desk: &Desk, world: &World) {
    let there = bag(world
        .reports
        .values()
        .flatten()
        .chain(world.bookings.iter().map(|(_, b)| b)));
    let open = bag(&desk.open);
    for (print, used) in desk.used() {
        let open = open.get(&print).copied().unwrap_or_default();
        let there = there.get(&print).copied().unwrap_or_default();
        assert!(
            used + open <= there,
            "used {used} times, open {open}, there are {there}"
        );
    }
}

#[test]
fn the_order_in_which_days_are_run_does_not_matter() {
    let (mut compared, mut open) = (0, 0);
    for seed in 0..SEQUENCES {
        let mut dice = Dice(seed);
        let world = World::new(&mut dice);
        if is_ambiguous(&world) {
            continue;
        }
        let in_order: Vec<i64> = (0..DAYS).collect();
        let mut shuffled = in_order.clone();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, usize::try_from(dice.roll(at as u64 + 1)).unwrap());
        }
        let records = [Records::New, Records::Cumulative];
        let (mut one, mut other) = (Desk::new(records), Desk::new(records));
        run_all(&mut one, &world, &in_order);
        run_all(&mut other, &world, &shuffled);
        assert_eq!(
            bag(&one.open),
            bag(&other.open),
            "seed {seed}: {shuffled:?}"
        );
        assert_eq!(open_by_reference(&one), obvious_open(&world), "seed {seed}");
        used_once(&one, &world);
        used_once(&other, &world);
        compared += 1;
        open += one.open.len();
    }
    assert!(
        compared > 800 && open > 2_000,
        "{compared} worlds, {open} open"
    );
}

#[test]
fn amended_reports_leave_what_the_amended_world_leaves() {
    let (mut amended, mut compared, mut undone) = (0, 0, 0);
    for seed in 0..SEQUENCES {
        let mut dice = Dice(seed ^ 0xa5a5_0000);
        let mut world = World::new(&mut dice);
        let mut desk = Desk::new([Records::New, Records::Cumulative]);
        for number in 0..DAYS {
            let view = world.view(number, false);
            let report = world.reports[&number].clone();
            desk.run(&format!("day {number}"), day(number), report, view);
            if dice.roll(2) == 0 {
                let earlier = i64::try_from(dice.roll(number.unsigned_abs() + 1)).unwrap();
                if world.amend(&mut dice, earlier) {
                    let name = format!("day {earlier} amended on {number}");
                    let view = world.view(earlier, false);
                    let report = world.reports[&earlier].clone();
                    let came = desk.run(&name, day(earlier), report, view);
                    assert!(came.conservation.holds(), "seed {seed}");
                    undone += came.reopened;
                    amended += 1;
                }
            }
            if !is_ambiguous(&world) {
                used_once(&desk, &world);
            }
        }
        let view = world.view(DAYS, true);
        desk.run("the end", day(DAYS), Vec::new(), view);
        if !is_ambiguous(&world) {
            assert_eq!(
                open_by_reference(&desk),
                obvious_open(&world),
                "seed {seed}"
            );
            compared += 1;
        }
    }
    assert!(
        amended > 2_000 && compared > 500 && undone > 200,
        "{amended} {compared} {undone}"
    );
}

/// What a long sequence saw.
#[derive(Default, Debug)]
struct Seen {
    runs: u64,
    matched: usize,
    cleared: usize,
    seen_again: usize,
    known: u64,
    reopened: u64,
    taken_back: u64,
    withdrawn: usize,
    voided: usize,
    settled_now: usize,
    settled_final: u64,
    late: usize,
    amended: usize,
}

impl Seen {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.matched += report.comparison.matched.len();
        self.cleared += report.cleared.len();
        self.seen_again += report.seen_again;
        self.known += report.known;
        self.reopened += report.reopened;
        self.taken_back += report.taken_back;
        self.withdrawn += report.withdrawn;
        self.voided += report.voided;
        self.settled_now += report.settled_now;
    }
}

#[test]
fn money_is_conserved_within_and_between_runs() {
    let mut seen = Seen::default();
    for seed in 0..SEQUENCES {
        let mut dice = Dice(seed ^ 0x0c0f_fee0);
        let mut world = World::new(&mut dice);
        let ledger = [Records::Cumulative, Records::Snapshot][usize::try_from(seed % 2).unwrap()];
        let mut desk = Desk::new([Records::New, ledger]);
        let mut late = Vec::new();
        for number in 0..DAYS {
            act(&mut desk, &mut dice);
            if dice.roll(6) == 0 {
                late.push(number);
                continue;
            }
            one_run(&mut desk, &world, number, &mut seen);
            if dice.roll(3) == 0 && ledger == Records::Snapshot && !world.bookings.is_empty() {
                world.bookings.pop();
            }
            if let Some(missed) = late.pop().filter(|_| dice.roll(2) == 0) {
                seen.late += 1;
                one_run(&mut desk, &world, missed, &mut seen);
            }
            let earlier = i64::try_from(dice.roll(number.unsigned_abs() + 1)).unwrap();
            if dice.roll(3) == 0 && world.amend(&mut dice, earlier) {
                seen.amended += 1;
                one_run(&mut desk, &world, earlier, &mut seen);
            }
            if ledger == Records::Cumulative && !is_ambiguous(&world) {
                used_once(&desk, &world);
            }
        }
    }
    let Seen {
        settled_final,
        settled_now,
        ..
    } = seen;
    let counts = [
        seen.matched as u64,
        seen.cleared as u64,
        seen.seen_again as u64,
        seen.known,
        seen.taken_back,
        seen.reopened,
        seen.withdrawn as u64,
        seen.voided as u64,
        settled_now as u64,
        settled_final,
        seen.late as u64,
        seen.amended as u64,
    ];
    assert!(counts.iter().all(|count| *count > 100), "{seen:?}");
}

#[test]
fn money_is_conserved_whatever_becomes_of_matched_payments() {
    let mut seen = Seen::default();
    let (mut failed, mut superseded) = (0, 0);
    for seed in 0..SEQUENCES {
        let mut dice = Dice(seed ^ 0x57a7);
        let mut world = World::new(&mut dice);
        let ledger = [Records::Cumulative, Records::Snapshot][usize::try_from(seed % 2).unwrap()];
        let mut desk = Desk::new([Records::Cumulative, ledger]);
        for number in 0..DAYS {
            act(&mut desk, &mut dice);
            world.change_statuses(&mut dice);
            let so_far = world.reports.range(..=number);
            let report = so_far.flat_map(|(_, records)| records.clone()).collect();
            let came = run_of(&mut desk, &world, number, report, &mut seen);
            let kinds = came.comparison.discrepancies.iter().map(|it| it.kind);
            failed += kinds.filter(|kind| *kind == Kind::StatusMismatch).count();
            superseded += came.comparison.superseded.len();
        }
    }
    let counts = [seen.matched, seen.cleared, seen.voided, failed, superseded];
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

/// One run of a day, and what must hold of it whatever it is.
fn one_run(desk: &mut Desk, world: &World, number: i64, seen: &mut Seen) {
    run_of(desk, world, number, world.reports[&number].clone(), seen);
}

fn run_of(
    desk: &mut Desk,
    world: &World,
    number: i64,
    report: Vec<Record>,
    seen: &mut Seen,
) -> Report {
    let name = format!("run {} of {number}", seen.runs);
    let came = desk.run(&name, day(number), report, world.view(number, false));
    seen.add(&came);
    assert!(
        came.conservation.holds(),
        "{:?}",
        came.conservation.imbalances()
    );
    let before = sum(&came.before, |line| line.carried_forward);
    let opening = sum(&came.conservation, |line| line.opening);
    let settled =
        sum(&came.before, |line| line.written_off) + sum(&came.before, |line| line.voided);
    seen.settled_final += settled;
    assert_eq!(
        opening + came.taken_back,
        before + came.reopened,
        "it begins with what was carried forward, and what is open again, without what was \
         received anew"
    );
    let left = sum(&came.conservation, |line| line.carried_forward);
    assert_eq!(
        left,
        desk.open.len() as u64,
        "what is carried forward is what is open"
    );
    let ids: BTreeSet<&DiscrepancyId> = came
        .comparison
        .discrepancies
        .iter()
        .map(|d| &d.id)
        .collect();
    assert_eq!(
        ids.len(),
        came.comparison.discrepancies.len(),
        "no two have one id"
    );
    let gone: Vec<_> = came
        .cleared
        .iter()
        .filter(|gone| ids.contains(&gone.discrepancy))
        .collect();
    assert!(gone.is_empty(), "found and cleared at once: {gone:?}");
    came
}

fn sum(
    conservation: &Conservation,
    part: impl Fn(&crate::conservation::Line) -> CountAndSum,
) -> u64 {
    conservation
        .lines()
        .map(|(_, _, line)| part(line).count())
        .sum()
}

/// People resolve and reopen; or a run is closed.
fn act(desk: &mut Desk, dice: &mut Dice) {
    if dice.roll(3) == 0 {
        desk.close();
    }
    let cases: Vec<(DiscrepancyId, CaseNow)> = desk
        .cases
        .iter()
        .map(|(id, case)| (*id, case.clone()))
        .collect();
    for (id, case) in cases {
        match case {
            CaseNow::Open if dice.roll(5) == 0 => {
                let resolution = match dice.roll(4) {
                    0 => Resolution::Void,
                    1 => Resolution::Accept,
                    2 => Resolution::PartnerToCorrect,
                    _ => Resolution::WriteOff {
                        reason_code: "small".to_owned(),
                        // All of it, or a part.
                        amount: Amount::from_scaled(CENTS_AT_STAKE >> dice.roll(2), 2).unwrap(),
                        account: "6999".to_owned(),
                    },
                };
                desk.resolve(&id, resolution);
            }
            CaseNow::Resolved(_) if dice.roll(4) == 0 => desk.reopen(&id),
            _ => {}
        }
    }
}
