//! Which records of one amount are too many, where one side has more records left than the other, and what each of them
//! repeats.
//!
//! Those stay that lie nearest, by their days, to what the other side has left: of two invoices of one customer,
//! and a payment that came short, that of its month is meant, not the oldest one.

use std::collections::BTreeSet;

use super::class::{Class, free_members};
use super::group::Decision;
use super::identity::canonical_order;
use super::paid_back::{PaidBack, paid_anew};
use super::pair::{self, Timing, timing};
use super::twins::{Member, days_from, pair_by_date};
use crate::policy::Accepts;
use crate::record::{Movement, Side};

/// How many before a record, and after it, are looked at for the one that it repeats.
pub(super) const ORIGINALS_MAX: usize = 50;

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
    // What the other side has left of an amount is not too many of it on this one.
    let too_many = |class: &Class| {
        let of_others = class.of_same_money(others).map_or(0, |it| it.free.len());
        let most = class.free.len().saturating_sub(of_others);
        class.repetitions().min(most)
    };
    let repetitions: Vec<usize> = classes.iter().map(too_many).collect();
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
    let of_money = class.of_same_money(others).map_or(&[][..], |it| &it.free);
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

/// What is left over of an amount that found a counterpart: of payments made and of those taken back, each
/// repeats its like. An attempt that failed repeats nothing, and nothing repeats it; nor does what is another
/// client's, or of another invoice or order; nor what was paid back in between. Of an amount that the other side does
/// not have, two on days far from each other are two. Nothing repeats what is waiting. What is about the same as
/// one that the other side has left is no more too many than that one is.
pub(super) fn duplicates(
    accepts: Accepts<'_>,
    classes: &[Class<'_>],
    others: &[Class<'_>],
    waiting: &[Member<'_>],
    back: &mut PaidBack,
) -> Vec<Decision> {
    let mut duplicates = Vec::new();
    let waiting: BTreeSet<usize> = waiting.iter().map(|member| member.slot).collect();
    let with_original =
        |class: &&Class| class.is_any_decided() && class.open().next().is_some() && !class.is_mixed;
    for class in classes.iter().filter(with_original) {
        let same_money = class.of_same_money(others);
        let of_others = same_money.map_or(&[][..], |it| &it.members);
        let apart = class.days_apart(of_others);
        for movement in Movement::ALL.into_iter().filter(|it| it.repeats()) {
            let is_like = |member: &&Member| member.record.movement() == movement;
            let copies = class.members.iter().filter(is_like).count();
            let counterparts = of_others.iter().filter(is_like).count();
            let decided = class.decided().filter(is_like);
            let decided: Vec<&Member> = decided.filter(|it| !waiting.contains(&it.slot)).collect();
            let left = same_money.map_or(&[][..], |it| &it.free);
            let is_left = |member: &Member| {
                let mut left = left.iter().filter(is_like);
                left.any(|it| pair::may_repeat(accepts, member.record, it.record))
            };
            let free = class.free.iter().filter(|it| !is_left(it));
            let mut repeating = Vec::new();
            for member in free.chain(&class.held).filter(is_like) {
                let Some(original) = original(accepts, member, &decided) else {
                    continue;
                };
                let (one, other) = (member.record, original.record);
                let is_near = match apart {
                    Some(days) => 3 * days_from(member, original) < days,
                    None => {
                        class.has_equal || pair::are_near(accepts, one.value_date, other.value_date)
                    }
                };
                if is_near {
                    let is_anew = back.take(one.money, one.value_date, other.value_date);
                    repeating.push((member, *original, is_anew));
                }
            }
            let told = repeating
                .iter()
                .map(|(member, _, is_anew)| (member.record, *is_anew));
            let anew = paid_anew(&told.collect::<Vec<_>>());
            let again = repeating.iter().zip(anew).filter(|(_, is_anew)| !is_anew);
            duplicates.extend(again.map(|((member, original, _), _)| {
                Decision::duplicate(member, original, copies, counterparts)
            }));
        }
    }
    duplicates
}

/// The nearest of these by date, which are in its order, that it may repeat; of two the earlier.
fn original<'m, 'r>(
    accepts: Accepts<'_>,
    to: &Member<'_>,
    members: &[&'m Member<'r>],
) -> Option<&'m Member<'r>> {
    let day = to.record.value_date;
    let after = members.partition_point(|member| member.record.value_date < day);
    let (before, after) = members.split_at(after);
    let may_be_repeated =
        |member: &&&'m Member<'r>| pair::may_repeat(accepts, to.record, member.record);
    let before = before
        .iter()
        .rev()
        .take(ORIGINALS_MAX)
        .find(may_be_repeated);
    let after = after.iter().take(ORIGINALS_MAX).find(may_be_repeated);
    let around = before.into_iter().chain(after).copied();
    around.min_by_key(|member| days_from(to, member))
}
