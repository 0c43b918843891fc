//! Groups of a rule by which several records are one, of which not all add up: some of it is there again, or
//! the payments of other days, or money in and money out, are payments of their own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::group::Decision;
use super::pair;
use super::strangers::{are_of_others, telling_apart};
use super::together::sum;
use super::twins::{Member, Members};
use crate::calendar::days_between;
use crate::money::Amount;
use crate::policy::{Accepts, Cardinality, Field};
use crate::record::{Record, ReferenceKind, Side};

/// What is left of one side of a part.
struct Left {
    side: Side,
    /// The first of its days.
    day: Date,
    amount: Amount,
}

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
        let (mut decisions, mut left) = (Vec::new(), Vec::new());
        for part in self.far_apart(accepts) {
            let of_part = is_part(&part).then(|| part.adding_up(accepts)).flatten();
            let of_part = of_part.unwrap_or_default();
            left.extend(part.left_by(&of_part));
            decisions.extend(of_part);
        }
        self.keep_for_what_is_left(&left, &mut decisions);
        (!decisions.is_empty()).then_some(decisions)
    }

    /// What is left of each side, by itself and all of it.
    fn left_by(self, decisions: &[Decision]) -> Vec<Left> {
        let decided: BTreeSet<(Side, usize)> = decisions.iter().flat_map(Decision::slots).collect();
        let sides = [self.partner, self.ledger].map(|mut side| {
            side.retain(|it| !decided.contains(&(it.record.side, it.slot)));
            side
        });
        let mut left = Vec::new();
        for side in &sides {
            let each = side.chunks(1);
            let all = (side.len() > 1).then_some(&side[..]);
            left.extend(each.chain(all).filter_map(|some| {
                let first = some.first()?.record;
                Some(Left {
                    side: first.side,
                    day: first.value_date,
                    amount: sum(some)?,
                })
            }));
        }
        left
    }

    /// What is there again in one part is no duplicate where the other side has as much left in another: it has it as
    /// often, on another day. Not so of a series, of which both sides have several: what is left has its own day.
    fn keep_for_what_is_left(&self, left: &[Left], decisions: &mut Vec<Decision>) {
        let is_duplicate = |decision: &Decision| matches!(decision, Decision::Duplicate(_));
        if left.is_empty() || !decisions.iter().any(is_duplicate) {
            return;
        }
        let members = self.partner.iter().chain(&self.ledger);
        let records: BTreeMap<(Side, usize), &Record> = members
            .map(|it| ((it.record.side, it.slot), it.record))
            .collect();
        for left in left {
            let repeated = |(at, decision): (usize, &Decision)| match decision {
                Decision::Duplicate(it) => {
                    let record = records[&(it.side, it.slot)];
                    let is_as_much = record.money.amount == left.amount;
                    (it.side != left.side && is_as_much).then_some((at, *it, record))
                }
                _ => None,
            };
            let again = decisions.iter().enumerate().filter_map(repeated);
            let nearest = again.min_by_key(|(.., it)| days_between(it.value_date, left.day).abs());
            let Some((at, kept, record)) = nearest else {
                continue;
            };
            let holds_it = |decision: &&Decision| {
                let mut slots = decision.slots().into_iter();
                slots.any(|place| place.0 == kept.side && records[&place].money == record.money)
            };
            let together = decisions.iter().filter(|it| !is_duplicate(it));
            if together.filter(holds_it).count() > 1 {
                continue;
            }
            decisions.remove(at);
            for decision in decisions.iter_mut() {
                if let Decision::Duplicate(it) = decision
                    && it.original == kept.original
                    && it.side == kept.side
                {
                    it.counterparts += 1;
                }
            }
        }
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
    let is_copy = |copy: &Member<'r>| is_there_again(accepts, copy.record, original.record);
    if copies.is_empty() || !copies.iter().all(is_copy) {
        return None;
    }
    let once: Members = [original].into_iter().chain(many).copied().collect();
    let duplicate = |copy: &Member<'r>| Decision::duplicate(copy, original, ones.len(), 1);
    let together = once.whole(accepts)?;
    Some(copies.iter().map(duplicate).chain([together]).collect())
}

/// Whether a record is another one of its side again. What else an identified one says of itself is nothing to that;
/// where the rule says only whose they are, they say the same of themselves, as for a rule of pairs.
pub(super) fn is_there_again(accepts: Accepts<'_>, copy: &Record, original: &Record) -> bool {
    let what = |it: &Record| (it.money, it.movement());
    let is_as_much = what(copy) == what(original) && original.movement().repeats();
    is_as_much
        && match accepts.rule.identifies(original.side) {
            true => !are_of_others(&accepts.rule.on, copy, original),
            false => {
                copy.references == original.references && pair::may_repeat(accepts, copy, original)
            }
        }
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
