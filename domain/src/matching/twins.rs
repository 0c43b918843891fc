//! Pairs records that are alike in everything that a rule compares: equal references, equal (or
//! nearly equal) amounts. Which goes with which is settled by what else they say, never by the
//! order of lines.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;

use super::identity::canonical_order;
use super::pair::{Timing, are_near, partner_first, timing};
use crate::calendar::days_between;
use crate::policy::Accepts;
use crate::record::{Record, Side, Status};

/// A record and the slot it waits in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'r> {
    pub(super) slot: usize,
    pub(super) record: &'r Record,
}

/// Records of both sides that have something in common, each side in the order they came in.
#[derive(Default)]
pub(super) struct Members<'r> {
    pub(super) partner: Vec<Member<'r>>,
    pub(super) ledger: Vec<Member<'r>>,
}

impl<'r> FromIterator<Member<'r>> for Members<'r> {
    fn from_iter<I: IntoIterator<Item = Member<'r>>>(members: I) -> Self {
        let mut all = Members::default();
        all.extend(members.into_iter());
        all
    }
}

impl<'r> Members<'r> {
    pub(super) fn push(&mut self, member: Member<'r>) {
        match member.record.side {
            Side::Partner => self.partner.push(member),
            Side::Ledger => self.ledger.push(member),
        }
    }

    pub(super) fn extend(&mut self, members: impl Iterator<Item = Member<'r>>) {
        members.for_each(|member| self.push(member));
    }

    /// Takes in others.
    pub(super) fn append(&mut self, mut others: Members<'r>) {
        self.partner.append(&mut others.partner);
        self.ledger.append(&mut others.ledger);
    }

    /// Those that have the same in common, in its order.
    pub(super) fn alike_in<K: Ord>(
        members: impl Iterator<Item = Member<'r>>,
        what: impl Fn(&'r Record) -> K,
    ) -> impl Iterator<Item = Members<'r>> {
        let mut groups: BTreeMap<K, Members> = BTreeMap::new();
        for member in members {
            let group = groups.entry(what(member.record)).or_default();
            group.push(member);
        }
        groups.into_values()
    }

    /// Parts that no window brings together: no record of one may go with one of another part. Each is in
    /// canonical order.
    pub(super) fn far_apart(&self, accepts: Accepts<'_>) -> impl Iterator<Item = Members<'r>> {
        let by_date = |side: &[Member<'r>]| {
            let mut members = side.to_vec();
            members.sort_by_key(|member| member.record.value_date);
            members
        };
        let parts = by_nearness(accepts, &by_date(&self.partner), &by_date(&self.ledger));
        parts.into_iter().map(|(mut partner, mut ledger)| {
            sort(&mut partner);
            sort(&mut ledger);
            Members { partner, ledger }
        })
    }
}

/// Whether these are payments of a series, as a rent or a daily transfer under one reference: both sides have them
/// on days too far from each other to be the same payment.
pub(super) fn is_series(accepts: Accepts<'_>, pairs: &[(Member<'_>, Member<'_>)]) -> bool {
    let of_partner = pairs.iter().map(|(partner, _)| partner.record.value_date);
    let of_ledger = pairs.iter().map(|(_, ledger)| ledger.record.value_date);
    are_of_series(accepts, of_partner) && are_of_series(accepts, of_ledger)
}

/// The same of the days of one side.
pub(super) fn are_of_series(accepts: Accepts<'_>, mut days: impl Iterator<Item = Date>) -> bool {
    let Some(first) = days.next() else {
        return false;
    };
    let (first, last) = days.fold((first, first), |(first, last), day| {
        (first.min(day), last.max(day))
    });
    !are_near(accepts, first, last)
}

/// Days between two payments of a series at least.
pub(super) fn days_apart(days: impl Iterator<Item = Date>) -> Option<i64> {
    let days: BTreeSet<Date> = days.collect();
    let after = days.iter().skip(1);
    let apart = days.iter().zip(after);
    apart.map(|(one, next)| days_between(*one, *next)).min()
}

/// By their dates, of more records than there are counterparts, each about another thing: only those
/// whose dates leave no choice. Those between which there is one are told by whose dates are near whose.
pub(super) fn pair_off_by_date_alone<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Vec<(Member<'r>, Member<'r>)> {
    let mut pairs = Vec::new();
    let (mut of_partner, mut of_ledger) = (Vec::new(), Vec::new());
    for (mut some, mut others) in by_nearness(accepts, partner, ledger) {
        if some.len() == others.len() {
            pairs.extend(pair_near_dates(accepts, &mut some, &mut others));
        }
        of_partner.append(&mut some);
        of_ledger.append(&mut others);
    }
    (*partner, *ledger) = (of_partner, of_ledger);
    pairs
}

/// Those of the other side, which are in order of their dates, that are within the window of `one`: their
/// places.
pub(super) fn within(accepts: Accepts<'_>, one: &Record, others: &[Member<'_>]) -> Range<usize> {
    let timing = |other: &Member<'_>| {
        let (partner, ledger) = partner_first(one, other.record);
        timing(accepts, partner, ledger)
    };
    let is_before = |other: &Member<'_>| match one.side {
        Side::Partner => matches!(timing(other), Timing::Late(_)),
        Side::Ledger => matches!(timing(other), Timing::Early(_)),
    };
    let start = others.partition_point(is_before);
    let near = others[start..].partition_point(|other| timing(other) == Timing::Within);
    start..start + near
}

/// Days between the value dates of two, without sign.
pub(super) fn days_from(one: &Member<'_>, other: &Member<'_>) -> i64 {
    days_between(one.record.value_date, other.record.value_date).abs()
}

/// Parts of both lists, which are in order of their dates, so that no record of one part is within the
/// window of a record of another.
fn by_nearness<'r>(
    accepts: Accepts<'_>,
    partner: &[Member<'r>],
    ledger: &[Member<'r>],
) -> Vec<(Vec<Member<'r>>, Vec<Member<'r>>)> {
    let mut parts: Vec<(Vec<Member>, Vec<Member>)> = Vec::new();
    // Of the ledger, what is in a part so far.
    let mut end = 0;
    for one in partner {
        let near = within(accepts, one.record, ledger);
        if near.start > end {
            parts.push((Vec::new(), ledger[end..near.start].to_vec()));
            end = near.start;
        }
        let new = ledger[end..near.end.max(end)].to_vec();
        match parts.last_mut() {
            Some((some, others)) if !some.is_empty() && near.start < end => {
                some.push(*one);
                others.extend(new);
            }
            _ => parts.push((vec![*one], new)),
        }
        end = end.max(near.end);
    }
    parts.push((Vec::new(), ledger[end..].to_vec()));
    parts
}

/// Takes pairs out of both lists, which are in canonical order and stay so, by their dates: those whose dates agree,
/// then what is left in order, each with the next whose date is the nearest: of equal ones the later are left over.
/// Of a [series](is_series) nothing goes together whose dates don't agree. A failed attempt and the one that went
/// through are not confused: where some say that no money moved, each goes with one that says the same,
/// if that one's date agrees, and one that says nothing rather with one that may have moved some. Nor is
/// what was announced taken for it, where there are more than the other side has.
pub(super) fn pair_by_date<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
    are_of_series: bool,
) -> Vec<(Member<'r>, Member<'r>)> {
    let mut pairs = Vec::new();
    let says = |what| move |member: &Member| says_moved(member.record) == Some(what);
    let may_have_moved = |member: &Member| !says(false)(member);
    let is_uneven = partner.len() != ledger.len();
    let is_announced = |member: &Member| member.record.status == Some(Status::Pending);
    let mut all = partner.iter().chain(&*ledger);
    if all.any(|member| says(false)(member) || is_uneven && is_announced(member)) {
        pairs.extend(pair_near_dates_of(accepts, partner, ledger, says(true)));
        pairs.extend(pair_near_dates_of(accepts, partner, ledger, may_have_moved));
        pairs.extend(pair_near_dates_of(accepts, partner, ledger, says(false)));
    }
    pairs.extend(pair_near_dates(accepts, partner, ledger));
    if are_of_series || is_series(accepts, &pairs) {
        return pairs;
    }
    pairs.extend(pair_in_order(partner, ledger, may_have_moved));
    pairs.extend(pair_in_order(partner, ledger, |_| true));
    pairs
}

/// As many as both lists have of these: in order, of the longer list the nearest by date.
fn pair_in_order<'r>(
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
    are_meant: impl Fn(&Member) -> bool,
) -> Vec<(Member<'r>, Member<'r>)> {
    let take = |side: &mut Vec<Member<'r>>| -> Vec<Member<'r>> {
        side.extract_if(.., |member| are_meant(member)).collect()
    };
    let (of_partner, of_ledger) = (take(partner), take(ledger));
    let put_back = |side: &mut Vec<Member<'r>>, left| {
        *side = in_order(std::mem::take(side), left);
    };
    let (of_partner, of_ledger) = match of_partner.len() > of_ledger.len() {
        true => {
            let (nearest, left) = nearest_in_order(&of_ledger, of_partner);
            put_back(partner, left);
            (nearest, of_ledger)
        }
        false => {
            let (nearest, left) = nearest_in_order(&of_partner, of_ledger);
            put_back(ledger, left);
            (of_partner, nearest)
        }
    };
    of_partner.into_iter().zip(of_ledger).collect()
}

/// For each of the one list, in order, the nearest by date of the other, which has as many or more, and
/// what is left of that.
fn nearest_in_order<'r>(
    some: &[Member<'_>],
    others: Vec<Member<'r>>,
) -> (Vec<Member<'r>>, Vec<Member<'r>>) {
    let mut spare = others.len() - some.len();
    let mut others = others.into_iter().peekable();
    let (mut nearest, mut left) = (Vec::with_capacity(some.len()), Vec::with_capacity(spare));
    for one in some {
        let Some(mut best) = others.next() else {
            break;
        };
        while spare > 0
            && let Some(nearer) = others.next_if(|it| days_from(one, it) < days_from(one, &best))
        {
            left.push(std::mem::replace(&mut best, nearer));
            spare -= 1;
        }
        nearest.push(best);
    }
    left.extend(others);
    (nearest, left)
}

/// Those of these whose dates agree.
fn pair_near_dates_of<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
    are_meant: impl Fn(&Member) -> bool,
) -> Vec<(Member<'r>, Member<'r>)> {
    let (mut of_partner, others) = partner.drain(..).partition(&are_meant);
    let (mut of_ledger, their_others) = ledger.drain(..).partition(&are_meant);
    let pairs = pair_near_dates(accepts, &mut of_partner, &mut of_ledger);
    *partner = in_order(of_partner, others);
    *ledger = in_order(of_ledger, their_others);
    pairs
}

/// Whether the money moved; nothing where the record contradicts neither.
fn says_moved(record: &Record) -> Option<bool> {
    match record.status? {
        Status::Pending => None,
        Status::Settled => Some(true),
        Status::Failed => Some(false),
        Status::Reversed => (!record.is_reversal()).then_some(false),
    }
}

fn in_order<'r>(mut some: Vec<Member<'r>>, mut others: Vec<Member<'r>>) -> Vec<Member<'r>> {
    some.append(&mut others);
    sort(&mut some);
    some
}

/// Puts them in canonical order.
pub(super) fn sort(members: &mut [Member<'_>]) {
    members.sort_by(|a, b| canonical_order(a.record, b.record));
}

/// Takes out the most pairs whose dates agree. Where that leaves some over, those go together first
/// whose days lie to each other as most do, if there are as many pairs then: which day is left over is
/// told by the days of the others.
pub(super) fn pair_near_dates<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Vec<(Member<'r>, Member<'r>)> {
    let earliest = pair_earliest(accepts, partner, ledger);
    let is_left = earliest.len() < partner.len().max(ledger.len());
    if earliest.is_empty() || !is_left {
        return take_pairs(partner, ledger, &earliest);
    }
    let (mut others, mut their_others) = (partner.clone(), ledger.clone());
    let usual = pair_usual(accepts, partner, ledger);
    let mut pairs = take_pairs(&mut others, &mut their_others, &usual);
    let rest = pair_earliest(accepts, &others, &their_others);
    if usual.len() + rest.len() < earliest.len() {
        return take_pairs(partner, ledger, &earliest);
    }
    pairs.extend(take_pairs(&mut others, &mut their_others, &rest));
    (*partner, *ledger) = (others, their_others);
    pairs
}

/// Pairs by their places in both lists, in order.
type Places = Vec<(usize, usize)>;

/// Taking the earliest that fits gives the most pairs whose dates agree.
fn pair_earliest(accepts: Accepts<'_>, partner: &[Member<'_>], ledger: &[Member<'_>]) -> Places {
    pair_in_step(partner, ledger, |one, other| {
        match timing(accepts, one, other) {
            Timing::Within => Ordering::Equal,
            Timing::Early(_) => Ordering::Less,
            Timing::Late(_) => Ordering::Greater,
        }
    })
}

/// Pairs that have the same number of days between them: of all numbers within the window the one that
/// most have, of those the smallest.
fn pair_usual(accepts: Accepts<'_>, partner: &[Member<'_>], ledger: &[Member<'_>]) -> Places {
    let (window, calendar) = (accepts.window(), &accepts.policy.calendar);
    let pair_apart = |distance: i64| {
        pair_in_step(partner, ledger, |one, other| {
            let days = calendar.days_between(other.value_date, one.value_date, window.unit);
            days.cmp(&distance)
        })
    };
    let (early, late) = (i64::from(window.early_days), i64::from(window.late_days));
    let most = partner.len().min(ledger.len());
    let mut usual = pair_apart(0);
    for distance in 1..=early.max(late) {
        for (days, limit) in [(distance, late), (-distance, early)] {
            if usual.len() < most && distance <= limit {
                let pairs = pair_apart(days);
                usual = if pairs.len() > usual.len() {
                    pairs
                } else {
                    usual
                };
            }
        }
    }
    usual
}

/// Walks both lists, which are by value date: pairs what is equal, and passes over what comes too early.
fn pair_in_step(
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
    compare: impl Fn(&Record, &Record) -> Ordering,
) -> Places {
    let mut pairs = Vec::with_capacity(partner.len().min(ledger.len()));
    let (mut at, mut other) = (0, 0);
    while let Some((one, another)) = partner.get(at).zip(ledger.get(other)) {
        let order = compare(one.record, another.record);
        if order == Ordering::Equal {
            pairs.push((at, other));
        }
        at += usize::from(order != Ordering::Greater);
        other += usize::from(order != Ordering::Less);
    }
    pairs
}

/// Takes these pairs out of both lists.
fn take_pairs<'r>(
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
    pairs: &[(usize, usize)],
) -> Vec<(Member<'r>, Member<'r>)> {
    let taken = pairs
        .iter()
        .map(|(one, other)| (partner[*one], ledger[*other]));
    let taken: Vec<(Member, Member)> = taken.collect();
    let drop = |members: &mut Vec<Member<'r>>, places: &mut dyn Iterator<Item = usize>| {
        let mut places = places.peekable();
        let mut place = 0;
        members.retain(|_| {
            let is_taken = places.next_if_eq(&place).is_some();
            place += 1;
            !is_taken
        });
    };
    drop(partner, &mut pairs.iter().map(|pair| pair.0));
    drop(ledger, &mut pairs.iter().map(|pair| pair.1));
    taken
}
