//! Payments of which one side says that they failed or were reversed, and that the other side takes back by a
//! record of its own: both say the same, one in the place of the payment, the other beside it.

use std::collections::BTreeMap;

use super::identity::canonical_order;
use super::slots::{full, peek};
use super::work::Work;
use crate::money::{Amount, Currency};
use crate::record::{Record, Side};

/// Sets such records aside, before any rule is applied: no money of them is left to be compared.
pub(super) fn set_aside(work: &mut Work<'_>) {
    if !work.kin.identifies() {
        return;
    }
    for side in Side::BOTH {
        for one in taken_back(work, side) {
            // What takes a payment back may be one that was taken back itself.
            let mut slots = one.slots(side);
            if slots.all(|(side, slot)| work.slots(side)[slot].is_some()) {
                one.set_aside(work, side);
            }
        }
    }
}

/// Records that say together that no money stayed, by their slots.
struct TakenBack {
    /// Of the one side, what failed or was reversed.
    undone: usize,
    /// Of the other side, what takes it back.
    back: usize,
    /// Of the other side, the payment itself, where no earlier run matched it.
    made: Option<usize>,
}

impl TakenBack {
    fn slots(&self, side: Side) -> impl Iterator<Item = (Side, usize)> {
        let of_other = [Some(self.back), self.made].into_iter().flatten();
        let of_other = of_other.map(move |slot| (side.other(), slot));
        [(side, self.undone)].into_iter().chain(of_other)
    }

    fn set_aside(&self, work: &mut Work<'_>, side: Side) {
        let is_inside = self.slots(side).any(|at| work.is_inside(at));
        let undone = peek(work.slots(side), self.undone);
        let back = peek(work.slots(side.other()), self.back);
        let (undone_place, back_place) = (undone.origin.place(), back.origin.place());
        let says = undone.status.map_or("no status", |status| status.name());
        let by = [
            format!("{back_place} takes it back, too"),
            format!("{undone_place} says {says}"),
            format!("{back_place} takes it back"),
        ];
        let superseded = self.slots(side).zip(by).collect();
        work.supersede(superseded, is_inside);
    }
}

/// What this side says did not stay, and the other side takes back.
fn taken_back(work: &Work<'_>, side: Side) -> Vec<TakenBack> {
    let mut found: BTreeMap<Payment, OnBothSides> = BTreeMap::new();
    for (slot, record) in full(work.slots(side)) {
        let is_changed = record.is_changed();
        if (is_changed || record.has_failed())
            && let Some(payment) = payment(work, record, record.money.amount)
        {
            let both = found.entry(payment).or_default();
            match is_changed {
                true => both.changed.push(slot),
                false => both.failed.push(slot),
            }
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    for of in Side::BOTH {
        let others = full(work.slots(of)).filter(|(_, it)| !it.has_failed() && !it.is_changed());
        for (slot, record) in others {
            let made = record.money.amount;
            let Some(mut one) = payment(work, record, made) else {
                continue;
            };
            for amount in [made, made.negated()] {
                one.2 = amount;
                if let Some(both) = found.get_mut(&one) {
                    both.add(slot, of == side, amount == made);
                }
            }
        }
    }
    let found = found.into_values();
    let taken_back = found.flat_map(|both| both.taken_back(work, side));
    taken_back.chain(of_nothing(work, side)).collect()
}

/// The same of what this side reports as failed with nothing paid: where that is all it has, and the other side
/// has a payment and what takes it back, and no more.
fn of_nothing(work: &Work<'_>, side: Side) -> Vec<TakenBack> {
    let is_of_nothing = |record: &Record| record.has_failed() && record.money.amount.is_zero();
    let any_amount = |record: &Record| payment(work, record, Amount::ZERO);
    let mut found: BTreeMap<Payment, [Vec<usize>; 2]> = BTreeMap::new();
    for (slot, record) in full(work.slots(side)).filter(|(_, record)| is_of_nothing(record)) {
        if let Some(payment) = any_amount(record) {
            found.entry(payment).or_default()[0].push(slot);
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let others = full(work.slots(side)).filter(|(_, record)| !is_of_nothing(record));
    for (_, record) in others {
        any_amount(record).and_then(|payment| found.remove(&payment));
    }
    for (slot, record) in full(work.slots(side.other())) {
        let payment = any_amount(record);
        if let Some([_, of_other]) = payment.and_then(|payment| found.get_mut(&payment)) {
            of_other.push(slot);
        }
    }
    let one_of = |[failed, of_other]: [Vec<usize>; 2]| {
        let ([undone], [one, other]) = (&failed[..], &of_other[..]) else {
            return None;
        };
        let record = |slot: &usize| peek(work.slots(side.other()), *slot);
        let is_later = |one: &Record, other: &Record| {
            (one.value_date, other.money.amount) > (other.value_date, one.money.amount)
        };
        let (made, back) = match is_later(record(one), record(other)) {
            true => (*other, *one),
            false => (*one, *other),
        };
        let moves = |slot: usize| peek(work.slots(side.other()), slot).money.amount;
        let is_back = !moves(made).is_zero() && moves(made) == moves(back).negated();
        is_back.then_some(TakenBack {
            undone: *undone,
            back,
            made: Some(made),
        })
    };
    found.into_values().filter_map(one_of).collect()
}

/// What tells a payment from others.
type Payment = (String, Currency, Amount);

fn payment(work: &Work<'_>, record: &Record, amount: Amount) -> Option<Payment> {
    let text = work.kin.identity(record)?.into_owned();
    Some((text, record.money.currency, amount))
}

/// What both sides have of one payment, by slots.
#[derive(Default)]
struct OnBothSides {
    /// What this side says failed or was reversed since a run matched it.
    changed: Vec<usize>,
    /// What it says failed, and no run matched.
    failed: Vec<usize>,
    /// How many payments it has beside these, and how many records that take one back: those of the other side
    /// go with them first.
    own_made: usize,
    own_back: usize,
    made: Vec<usize>,
    back: Vec<usize>,
}

impl OnBothSides {
    fn add(&mut self, slot: usize, is_own: bool, is_made: bool) {
        match (is_own, is_made) {
            (true, true) => self.own_made += 1,
            (true, false) => self.own_back += 1,
            (false, true) => self.made.push(slot),
            (false, false) => self.back.push(slot),
        }
    }

    fn taken_back(self, work: &Work<'_>, side: Side) -> Vec<TakenBack> {
        let in_order = |side: Side, mut slots: Vec<usize>| {
            let record = |slot: &usize| peek(work.slots(side), *slot);
            slots.sort_by(|one, other| canonical_order(record(one), record(other)));
            slots.into_iter()
        };
        let mut back = in_order(side.other(), self.back).skip(self.own_back);
        let mut made: Vec<usize> = in_order(side.other(), self.made).collect();
        let too_many = made.len().saturating_sub(self.own_made);
        let day = |slot: usize| peek(work.slots(side.other()), slot).value_date;
        let changed = in_order(side, self.changed).zip(back.by_ref());
        let mut taken_back: Vec<TakenBack> = changed
            .map(|(undone, back)| TakenBack {
                undone,
                back,
                made: None,
            })
            .collect();
        let failed = in_order(side, self.failed).zip(back).take(too_many);
        taken_back.extend(failed.map(|(undone, back)| {
            // The last payment before it, of those in order of their days.
            let before = made.partition_point(|made| day(*made) <= day(back));
            let made = made.remove(before.saturating_sub(1));
            TakenBack {
                undone,
                back,
                made: Some(made),
            }
        }));
        taken_back
    }
}
