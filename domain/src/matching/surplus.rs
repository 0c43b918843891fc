//! Which records of one amount are too many, where one side has more records left than the other.
//!
//! Those stay that lie nearest, by their days, to what the other side has left: of two invoices of one customer,
//! and a payment that came short, that of its month is meant, not the oldest one.

use std::collections::BTreeSet;

use super::class::{Class, free_members};
use super::identity::canonical_order;
use super::pair::{Timing, timing};
use super::twins::{Member, days_from, pair_by_date};
use crate::policy::Accepts;
use crate::record::Side;

/// Sets aside as many repetitions as this side has records too many, if that is no choice: all
/// repetitions, or some of one amount.
pub(super) fn hold_surplus<'r>(
    accepts: Accepts<'_>,
    classes: &mut [Class<'r>],
    others: &[Class<'r>],
    surplus: usize,
) {
    if surplus == 0 {
        return;
    }
    let repetitions: Vec<usize> = classes.iter().map(Class::repetitions).collect();
    let repeated_amounts = repetitions.iter().filter(|count| **count > 0).count();
    let all: usize = repetitions.iter().sum();
    if all > surplus && repeated_amounts != 1 {
        return;
    }
    for (class, repetitions) in classes.iter_mut().zip(repetitions) {
        let kept = class.free.len() - repetitions.min(surplus);
        if kept < class.free.len() {
            let counterparts = counterparts(class, others);
            class.hold(kept, |members, count| {
                nearest(accepts, members, &counterparts, count)
            });
        }
    }
}

/// What may go with records of a class: what is left of its amount, else all that is left.
fn counterparts<'r>(class: &Class<'r>, others: &[Class<'r>]) -> Vec<Member<'r>> {
    let same_money = others.binary_search_by_key(&class.position(), Class::position);
    let of_money = same_money.map_or(&[][..], |at| &others[at].free);
    match of_money.is_empty() {
        true => free_members(others),
        false => of_money.to_vec(),
    }
}

/// Slots of so many of these records of one side: those whose dates agree with one of the other side first, then
/// those that are near one. Those to compare are in canonical order.
fn nearest<'r>(
    accepts: Accepts<'_>,
    members: &[Member<'r>],
    others: &[Member<'r>],
    count: usize,
) -> BTreeSet<usize> {
    let (mut left, mut others) = (members.to_vec(), others.to_vec());
    others.sort_by_key(|member| member.record.value_date);
    let is_partner = members.iter().any(|it| it.record.side == Side::Partner);
    let pairs = match is_partner {
        true => pair_by_date(accepts, &mut left, &mut others, false),
        false => pair_by_date(accepts, &mut others, &mut left, false),
    };
    let met = pairs.into_iter().map(|(one, other)| {
        let is_outside = timing(accepts, one.record, other.record) != Timing::Within;
        let own = if is_partner { one } else { other };
        ((is_outside, days_from(&one, &other)), own)
    });
    let mut met: Vec<((bool, i64), Member)> = met.collect();
    met.sort_by(|(far, one), (farther, other)| {
        let nearer = far.cmp(farther);
        nearer.then_with(|| canonical_order(one.record, other.record))
    });
    let nearest_first = met.into_iter().map(|(_, member)| member).chain(left);
    let slots = nearest_first.map(|member| member.slot);
    slots.take(count).collect()
}
