//! Pairs records that are alike in everything that a rule compares: equal references, equal (or
//! nearly equal) amounts. Which goes with which is settled by what else they say, never by the
//! order of lines.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::identity::canonical_order;
use super::pair::{Timing, timing};
use crate::calendar::days_between;
use crate::money::Money;
use crate::policy::Accepts;
use crate::record::{Record, ReferenceKind, Side, Status};

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

impl<'r> Members<'r> {
    /// Those that have the same of their money in common, in its order.
    pub(super) fn alike_in<K: Ord>(
        members: impl Iterator<Item = Member<'r>>,
        what: impl Fn(Money) -> K,
    ) -> impl Iterator<Item = Members<'r>> {
        let mut groups: BTreeMap<K, Members> = BTreeMap::new();
        for member in members {
            let group = groups.entry(what(member.record.money)).or_default();
            match member.record.side {
                Side::Partner => group.partner.push(member),
                Side::Ledger => group.ledger.push(member),
            }
        }
        groups.into_values()
    }
}

/// Takes as many pairs as both lists allow out of them, and gives them back.
///
/// Both lists are in canonical order and stay so. First those whose references are all the same,
/// of them those that say the same of whether the money moved, then those whose dates agree, then in
/// order, each with the next whose date is the nearest: of equal ones the later are left over.
pub(super) fn pair_off<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Vec<(Member<'r>, Member<'r>)> {
    let mut pairs = Vec::with_capacity(partner.len().min(ledger.len()));
    if partner.len() + ledger.len() > 2 {
        pairs = pair_equal_references(accepts, partner, ledger);
    }
    pairs.extend(pair_by_date(accepts, partner, ledger));
    pairs
}

/// As [`pair_off`], of more records than there are counterparts, each about another thing: only those
/// whose dates leave no choice.
pub(super) fn pair_off_by_date_alone<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Vec<(Member<'r>, Member<'r>)> {
    let of_partner = |one: &Member<'_>| {
        let is_near = |other: &Member<'_>| timing(accepts, one.record, other.record);
        is_any_within(ledger, one.record.value_date, is_near)
    };
    let of_ledger = |one: &Member<'_>| {
        let is_near = |other: &Member<'_>| timing(accepts, other.record, one.record);
        is_any_within(partner, one.record.value_date, is_near)
    };
    let near_partner = partner.iter().filter(|it| of_partner(it)).count();
    let near_ledger = ledger.iter().filter(|it| of_ledger(it)).count();
    match near_partner == near_ledger {
        true => pair_near_dates(accepts, partner, ledger),
        false => Vec::new(),
    }
}

/// Whether some of these, which are in order of their dates, are within the window of this day: if any,
/// then the last before it or the first after it.
fn is_any_within(
    members: &[Member<'_>],
    day: Date,
    timing: impl Fn(&Member<'_>) -> Timing,
) -> bool {
    let after = members.partition_point(|member| member.record.value_date < day);
    let nearest = &members[after.saturating_sub(1)..members.len().min(after + 1)];
    nearest
        .iter()
        .any(|member| timing(member) == Timing::Within)
}

fn pair_equal_references<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Vec<(Member<'r>, Member<'r>)> {
    let mut alike: BTreeMap<_, (Vec<Member>, Vec<Member>)> = BTreeMap::new();
    for member in partner.drain(..) {
        alike
            .entry(&member.record.references)
            .or_default()
            .0
            .push(member);
    }
    for member in ledger.drain(..) {
        alike
            .entry(&member.record.references)
            .or_default()
            .1
            .push(member);
    }
    let mut pairs = Vec::new();
    for (_, (mut of_partner, mut of_ledger)) in alike {
        pairs.extend(pair_by_date(accepts, &mut of_partner, &mut of_ledger));
        partner.append(&mut of_partner);
        ledger.append(&mut of_ledger);
    }
    partner.sort_by(|a, b| canonical_order(a.record, b.record));
    ledger.sort_by(|a, b| canonical_order(a.record, b.record));
    pairs
}

/// Those whose dates agree, then what is left in order. A failed attempt and the one that went
/// through are not confused: where some say that no money moved, each goes with one that says the same,
/// if that one's date agrees, and one that says nothing rather with one that may have moved some.
fn pair_by_date<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Vec<(Member<'r>, Member<'r>)> {
    let mut pairs = Vec::new();
    let says = |what| move |member: &Member| says_moved(member.record) == Some(what);
    let may_have_moved = |member: &Member| !says(false)(member);
    if partner.iter().chain(&*ledger).any(says(false)) {
        pairs.extend(pair_near_dates_of(accepts, partner, ledger, says(true)));
        pairs.extend(pair_near_dates_of(accepts, partner, ledger, may_have_moved));
        pairs.extend(pair_near_dates_of(accepts, partner, ledger, says(false)));
    }
    pairs.extend(pair_near_dates(accepts, partner, ledger));
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
        let distance =
            |to: &Member<'_>| days_between(one.record.value_date, to.record.value_date).abs();
        let Some(mut best) = others.next() else {
            break;
        };
        while spare > 0
            && let Some(nearer) = others.next_if(|it| distance(it) < distance(&best))
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
        // One that names its payment is the reversal.
        Status::Reversed => {
            let original = record.reference(ReferenceKind::OriginalReference);
            original.is_none().then_some(false)
        }
    }
}

fn in_order<'r>(mut some: Vec<Member<'r>>, mut others: Vec<Member<'r>>) -> Vec<Member<'r>> {
    some.append(&mut others);
    some.sort_by(|a, b| canonical_order(a.record, b.record));
    some
}

/// Walks both lists by value date. Taking the earliest that fits gives the most pairs whose dates
/// agree.
fn pair_near_dates<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Vec<(Member<'r>, Member<'r>)> {
    let (mut pairs, mut partner_rest, mut ledger_rest) = (Vec::new(), Vec::new(), Vec::new());
    let (mut partners, mut ledgers) = (partner.drain(..).peekable(), ledger.drain(..).peekable());
    while let (Some(p), Some(l)) = (partners.peek(), ledgers.peek()) {
        match timing(accepts, p.record, l.record) {
            Timing::Within => pairs.extend(partners.next().zip(ledgers.next())),
            Timing::Early(_) => partner_rest.extend(partners.next()),
            Timing::Late(_) => ledger_rest.extend(ledgers.next()),
        }
    }
    partner_rest.extend(partners);
    ledger_rest.extend(ledgers);
    *partner = partner_rest;
    *ledger = ledger_rest;
    pairs
}
