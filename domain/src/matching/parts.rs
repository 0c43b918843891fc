//! Groups of a rule by which several records are one, of which not all add up: some of it is there again, or
//! the payments of other days, or money in and money out, are payments of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Decision;
use super::strangers::{are_of_others, telling_apart};
use super::together::sum;
use super::twins::{Member, Members};
use crate::money::Amount;
use crate::policy::{Accepts, Cardinality, Field};
use crate::record::{ReferenceKind, Side};

impl<'r> Members<'r> {
    /// All of it, or the parts of it that add up, with what of it is there again.
    pub(super) fn adding_up(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        let whole = self.whole(accepts);
        let whole = whole.or_else(|| self.without_failed()?.whole(accepts));
        whole
            .map(|together| vec![together])
            .or_else(|| self.repeated(accepts))
            .or_else(|| self.repeated_part(accepts))
            .or_else(|| self.by_periods(accepts))
            .or_else(|| self.by_days(accepts))
            .or_else(|| self.by_amounts(accepts))
            .or_else(|| self.by_direction(accepts))
            .or_else(|| self.all_of_one(accepts))
    }

    /// The side of which one record is several of the other, and that other side; where the rule takes several of
    /// each, one way or the other, if there is only one way.
    fn either_way<T>(
        &self,
        cardinality: Cardinality,
        found: impl Fn(&[Member<'r>], &[Member<'r>]) -> Option<T>,
    ) -> Option<T> {
        if cardinality != Cardinality::ManyToMany {
            let (ones, many) = self.sides(cardinality);
            return found(ones, many);
        }
        match (
            found(&self.partner, &self.ledger),
            found(&self.ledger, &self.partner),
        ) {
            (Some(_), Some(_)) => None,
            (one, other) => one.or(other),
        }
    }

    /// The one record is there several times, and once it is all of the others.
    fn repeated(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        let cardinality = accepts.rule.cardinality;
        if cardinality == Cardinality::OneToOne {
            return None;
        }
        self.either_way(cardinality, |ones, many| repeated(accepts, ones, many))
    }

    /// A part of the one record is there several times about the same, and the others are the one
    /// record without so many of them: of the only part of which that can be said.
    fn repeated_part(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        if accepts.rule.combinations_max.is_some() {
            return None;
        }
        let has_several = |side| accepts.rule.cardinality.has_several(side);
        let (one, many) = match (&self.partner[..], &self.ledger[..]) {
            ([one], many) if has_several(Side::Ledger) => (one, many),
            (many, [one]) if has_several(Side::Partner) => (one, many),
            _ => return None,
        };
        let side = one.record.side.other();
        let over = sum(many)?.checked_sub(one.record.money.amount).ok()?;
        if over.is_zero() || !accepts.rule.identifies(side) {
            return None;
        }
        // As of pairs: an id that each record has for itself does not make it another part.
        let own = accepts.rule.on.iter().map(|key| key.of(side).field);
        let own = own.filter_map(|field| match field {
            Field::Reference(kind) => Some(kind),
            _ => None,
        });
        let kinds: Vec<ReferenceKind> = own.chain(telling_apart(&accepts.rule.on)).collect();
        let mut alike: BTreeMap<_, Vec<&Member<'r>>> = BTreeMap::new();
        for part in many {
            let record = part.record;
            let references = kinds.iter().map(|kind| record.reference(*kind));
            let what = (
                record.money.amount,
                record.movement(),
                references.collect::<Vec<_>>(),
                &record.client,
            );
            alike.entry(what).or_default().push(part);
        }
        let mut too_many = alike.into_values().filter_map(|parts| {
            let surplus = surplus(&parts, over)?;
            Some((parts, surplus))
        });
        let (parts, surplus) = too_many.next()?;
        if too_many.next().is_some() {
            return None;
        }
        let (kept, again) = parts.split_at(parts.len() - surplus);
        let slots_again: BTreeSet<usize> = again.iter().map(|part| part.slot).collect();
        let once = many.iter().filter(|part| !slots_again.contains(&part.slot));
        let once: Members = [one].into_iter().chain(once).copied().collect();
        let together = once.whole(accepts)?;
        let duplicate =
            |copy: &&Member<'r>| Decision::duplicate(copy, kept[0], parts.len(), kept.len());
        Some(again.iter().map(duplicate).chain([together]).collect())
    }

    /// Payments of days so far from each other that no record of one may go with another's, of which each adds
    /// up for itself: an order and its refund weeks later, payouts under one contract.
    fn by_periods(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        let count = |members: &Members<'_>| members.partner.len() + members.ledger.len();
        let is_part = |part: &Members<'_>| {
            let has_both = !part.partner.is_empty() && !part.ledger.is_empty();
            has_both && count(part) < count(self)
        };
        let parts = self.far_apart(accepts).filter(is_part);
        let decisions: Vec<Decision> = parts
            .filter_map(|part| part.adding_up(accepts))
            .flatten()
            .collect();
        (!decisions.is_empty()).then_some(decisions)
    }

    /// Payments of days that are near each other, if each day adds up for itself and nothing is left over.
    fn by_days(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        let members = self.partner.iter().chain(&self.ledger).copied();
        let days = Members::alike_in(members, |record| record.value_date);
        let whole = |day: Members<'r>| {
            let has_both = !day.partner.is_empty() && !day.ledger.is_empty();
            has_both.then(|| day.whole(accepts))?
        };
        days.map(whole).collect()
    }

    /// Where all of one side are all of the other, the same amounts of both, if the days of each agree: an order and
    /// its refund, of which each is near its own and not near the other.
    fn by_amounts(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        if accepts.rule.cardinality != Cardinality::ManyToMany {
            return None;
        }
        let members = self.partner.iter().chain(&self.ledger).copied();
        let amounts = Members::alike_in(members, |record| record.money.amount);
        let whole = |alike: Members<'r>| {
            let are_as_many = alike.partner.len() == alike.ledger.len();
            are_as_many.then(|| alike.whole(accepts))?
        };
        amounts.map(whole).collect()
    }

    /// Money in and money out of which each adds up for itself: a payment in parts, and its refund in parts.
    fn by_direction(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        let cardinality = accepts.rule.cardinality;
        let is_out = |member: &&Member<'r>| member.record.money.amount.is_negative();
        let (ones, _) = self.sides(cardinality);
        let out = ones.iter().filter(is_out).count();
        if cardinality == Cardinality::ManyToMany || out == 0 || out == ones.len() {
            return None;
        }
        let directions = [false, true].map(|direction| {
            let members = self.partner.iter().chain(&self.ledger);
            let members = members.filter(|it| is_out(it) == direction);
            members.copied().collect::<Members>()
        });
        let both = directions
            .iter()
            .filter(|it| !it.partner.is_empty() && !it.ledger.is_empty());
        let together: Vec<Decision> = both.filter_map(|it| it.whole(accepts)).collect();
        (!together.is_empty()).then_some(together)
    }

    /// One of several is all of the others, of which nothing is for the rest of its side: a payout beside what
    /// was taken back under its batch, which is a record of its own.
    fn all_of_one(&self, accepts: Accepts<'_>) -> Option<Vec<Decision>> {
        let cardinality = accepts.rule.cardinality;
        if accepts.rule.combinations_max.is_some() {
            return None;
        }
        self.either_way(cardinality, |ones, many| all_of_one(accepts, ones, many))
    }
}

/// The first of these and its copies, of which once is all of the others.
fn repeated<'r>(
    accepts: Accepts<'_>,
    ones: &[Member<'r>],
    many: &[Member<'r>],
) -> Option<Vec<Decision>> {
    let (original, copies) = ones.split_first()?;
    let side = original.record.side;
    let what = |it: &Member<'r>| (it.record.money, it.record.movement());
    let is_copy = |copy: &Member<'r>| {
        what(copy) == what(original)
            && !are_of_others(&accepts.rule.on, copy.record, original.record)
    };
    let may_repeat = original.record.movement().repeats() && accepts.rule.identifies(side);
    if copies.is_empty() || !may_repeat || !copies.iter().all(is_copy) {
        return None;
    }
    let once: Members = [original].into_iter().chain(many).copied().collect();
    let duplicate = |copy: &Member<'r>| Decision::duplicate(copy, original, ones.len(), 1);
    let together = once.whole(accepts)?;
    Some(copies.iter().map(duplicate).chain([together]).collect())
}

/// Those of the one side that are all of the other, beside some that are nothing of it.
fn all_of_one<'r>(
    accepts: Accepts<'_>,
    ones: &[Member<'r>],
    many: &[Member<'r>],
) -> Option<Vec<Decision>> {
    let whole = sum(many)?;
    let group: Members = ones.iter().chain(many).copied().collect();
    let is_whole = |one: &Member<'r>| {
        let amount = one.record.money.amount;
        match one.record.side {
            Side::Partner => group.is_accepted(accepts, amount, whole),
            Side::Ledger => group.is_accepted(accepts, whole, amount),
        }
    };
    let (wholes, rest): (Vec<Member>, Vec<Member>) = ones.iter().copied().partition(is_whole);
    let amounts: BTreeSet<Amount> = many.iter().map(|it| it.record.money.amount).collect();
    let is_one_of_many = |one: &Member| amounts.contains(&one.record.money.amount);
    if wholes.is_empty() || rest.is_empty() || rest.iter().any(is_one_of_many) {
        return None;
    }
    let all: Members = wholes.iter().chain(many).copied().collect();
    let together = all.whole(accepts).map(|together| vec![together]);
    together.or_else(|| repeated(accepts, &wholes, many))
}

/// How many of these equal parts are too many, if that is all that is over.
fn surplus(parts: &[&Member<'_>], over: Amount) -> Option<usize> {
    let part = parts.first()?.record;
    let amount = part.money.amount;
    if amount.is_zero() || !part.movement().repeats() {
        return None;
    }
    let mut sum = Amount::ZERO;
    for count in 1..parts.len() {
        sum = sum.checked_add(amount).ok()?;
        if sum == over {
            return Some(count);
        }
    }
    None
}
