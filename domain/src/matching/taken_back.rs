//! Payments of earlier runs that one side says were reversed or failed, and that the other side takes back by a
//! record of its own: both say the same, one in the place of the payment, the other beside it.

use std::collections::BTreeMap;

use super::Superseded;
use super::identity::canonical_order;
use super::scope::{Membership, covers, membership};
use super::slots::{peek, take};
use super::work::Work;
use crate::money::{Amount, Currency};
use crate::record::{Record, Side};

/// Sets both aside, before any rule is applied: no money of them is left to be compared.
pub(super) fn set_aside(work: &mut Work<'_>) {
    if !work.kin.identifies() {
        return;
    }
    for side in Side::BOTH {
        for (changed, back) in pairs(work, side) {
            let scope = &work.context.scope;
            let records = [(side, changed), (side.other(), back)];
            let is_inside = records.iter().any(|(side, slot)| {
                membership(scope, peek(work.slots(*side), *slot)) == Membership::Inside
            });
            let records = records.map(|(side, slot)| take(work.waiting(side), slot));
            let [changed, back] = &records;
            let by =
                [place(back), place(changed)].map(|place| format!("{place} takes it back, too"));
            let is_covered = covers(&work.context.scope, records.iter(), is_inside);
            for (record, by) in records.into_iter().zip(by) {
                match is_covered {
                    true => work.decided.superseded.push(Superseded { record, by }),
                    false => work.decided.out_of_scope.push(record),
                }
            }
        }
    }
}

/// Slots of this side's records that changed since a run matched them, each with that of the other side's which
/// takes the same money back.
fn pairs(work: &Work<'_>, side: Side) -> Vec<(usize, usize)> {
    let key = |record: &Record, amount: Amount| {
        let text = work.kin.identity(record)?.into_owned();
        Some((text, record.money.currency, amount))
    };
    let waiting = |side: Side| {
        let slots = work.slots(side).iter().enumerate();
        slots.filter_map(|(slot, record)| Some((slot, record.as_ref()?)))
    };
    let mut found: BTreeMap<(String, Currency, Amount), Taken> = BTreeMap::new();
    for (slot, record) in waiting(side).filter(|(_, record)| record.is_changed()) {
        let key = key(record, record.money.amount.negated());
        if let Some(key) = key {
            found.entry(key).or_default().changed.push(slot);
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let takes_back = |record: &Record| !record.has_failed() && !record.is_changed();
    for of in Side::BOTH {
        for (slot, record) in waiting(of).filter(|(_, record)| takes_back(record)) {
            let key = key(record, record.money.amount);
            match key.and_then(|key| found.get_mut(&key)) {
                Some(taken) if of == side => taken.of_own += 1,
                Some(taken) => taken.back.push(slot),
                None => {}
            }
        }
    }
    let in_order = |side: Side, mut slots: Vec<usize>| {
        let record = |slot: &usize| peek(work.slots(side), *slot);
        slots.sort_by(|one, other| canonical_order(record(one), record(other)));
        slots
    };
    let found = found.into_values();
    let pairs = found.flat_map(|taken| {
        let back = in_order(side.other(), taken.back).into_iter();
        let back = back.skip(taken.of_own);
        in_order(side, taken.changed).into_iter().zip(back)
    });
    pairs.collect()
}

/// Who takes some money of a payment back.
#[derive(Default)]
struct Taken {
    /// Slots of this side's records that changed.
    changed: Vec<usize>,
    /// How many records of its own this side has that take it back: those of the other side go with them first.
    of_own: usize,
    /// Slots of the other side's records that take it back.
    back: Vec<usize>,
}

fn place(record: &Record) -> String {
    let origin = &record.origin;
    format!("{} line {}", origin.file, origin.line)
}
