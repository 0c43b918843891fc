//! Records of one side that wait, each in its slot.

use super::identity::canonical_order;
use super::twins::Member;
use crate::record::{FETCHED, Record, fetch};

/// A slot is empty once something is decided about its record.
pub(super) type Slots = Vec<Option<Record>>;

/// The records that wait, with their slots.
pub(super) fn full(slots: &[Option<Record>]) -> impl Iterator<Item = (usize, &Record)> {
    let slots = slots.iter().enumerate();
    slots.filter_map(|(slot, record)| Some((slot, record.as_ref()?)))
}

/// The record that waits in a slot.
pub(super) fn peek(slots: &[Option<Record>], slot: usize) -> &Record {
    slots[slot].as_ref().expect("groups hold full slots only")
}

/// The same, which waits no longer.
pub(super) fn take(slots: &mut [Option<Record>], slot: usize) -> Record {
    slots[slot].take().expect("a record is decided about once")
}

/// The records in these slots, in canonical order.
pub(super) fn members<'r>(slots: &'r [Option<Record>], some: &[usize]) -> Vec<Member<'r>> {
    let member = |slot: &usize| Member {
        slot: *slot,
        record: peek(slots, *slot),
    };
    let mut members: Vec<Member> = some.iter().map(member).collect();
    members.sort_by(|a, b| canonical_order(a.record, b.record));
    members
}

/// The records that still wait, none of which is to be moved before it is known what it is.
pub(super) struct Lone {
    slots: Slots,
    /// Full slots, their records in canonical order.
    order: Vec<usize>,
}

impl Lone {
    /// Of one side.
    pub(super) fn of(slots: Slots) -> Self {
        let mut order = Vec::with_capacity(slots.len());
        order.extend(slots.iter().enumerate().filter_map(|(slot, record)| {
            let money = record.as_ref()?.money;
            Some((money.currency, money.amount, slot))
        }));
        order.sort_unstable_by(
            |(currency, amount, slot), (other_currency, other_amount, other)| {
                let money = (currency, amount).cmp(&(other_currency, other_amount));
                money
                    .then_with(|| canonical_order(peek(&slots, *slot), peek(&slots, *other)))
                    .then_with(|| slot.cmp(other))
            },
        );
        let order = order.into_iter().map(|(.., slot)| slot).collect();
        Lone { slots, order }
    }

    /// The records in canonical order.
    pub(super) fn records(&self) -> Vec<&Record> {
        let order = self.order.iter();
        order.map(|slot| peek(&self.slots, *slot)).collect()
    }

    /// One of them, by its place in that order.
    pub(super) fn get(&self, index: usize) -> &Record {
        peek(&self.slots, self.order[index])
    }

    /// The same, to keep.
    pub(super) fn into_records(self) -> impl Iterator<Item = Record> {
        let Lone { mut slots, order } = self;
        (0..order.len()).map(move |index| {
            if index.is_multiple_of(FETCHED) {
                let next = order[index..].iter().take(FETCHED);
                fetch(next.map(|slot| peek(&slots, *slot)));
            }
            take(&mut slots, order[index])
        })
    }
}
