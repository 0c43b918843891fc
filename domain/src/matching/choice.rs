//! Between which records a rule can't choose.
//!
//! Where the rule says what a record is about, all that is left of one thing may belong together, whatever the
//! amounts. Where it only says whose records are, most of somebody's have nothing to do with each other: only
//! those are a choice that may be one payment.

use super::pair;
use super::twins::{Member, Members};
use crate::money::{Amount, Money};
use crate::policy::Accepts;
use crate::record::{Record, Side};

/// Comparisons of two records, at most, to find who may go with whom: of more, all may.
const COMPARED_MAX: usize = 1_000_000;

/// What is left of both sides, in order of money, taken apart into choices; what may go with nothing is in none.
pub(super) fn choices<'r>(
    accepts: Accepts<'_>,
    partner: Vec<Member<'r>>,
    ledger: Vec<Member<'r>>,
) -> Vec<Members<'r>> {
    let all = Members { partner, ledger };
    let parts = match accepts.rule.identifies_both() {
        true => vec![all],
        false => {
            let may_be_one = |one: &Record, other: &Record| pair::may_be_one(accepts, one, other);
            let parts = of_near_amounts(accepts, all).into_iter();
            let parts = parts.map(|it| that_may_go(&it.partner, &it.ledger, may_be_one));
            parts.collect()
        }
    };
    let is_choice = |part: &Members| !part.partner.is_empty() && !part.ledger.is_empty();
    parts.into_iter().filter(is_choice).collect()
}

/// Where one is left of one side and several of the other, under one text that says what records are about, the two
/// that alone are of days that no window brings together with others. Not where the amount of another day is nearer:
/// then the day may be what is wrong. Which of several is of which day is not asked.
pub(super) fn pair_of_days<'r>(
    accepts: Accepts<'_>,
    partner: Vec<Member<'r>>,
    ledger: Vec<Member<'r>>,
) -> Option<(Member<'r>, Member<'r>)> {
    let all = Members { partner, ledger };
    let several = match (&all.partner[..], &all.ledger[..]) {
        ([_], several @ [_, _, ..]) | (several @ [_, _, ..], [_]) => several,
        _ => return None,
    };
    if !accepts.rule.identifies_both() {
        return None;
    }
    let mut parts = all.far_apart(accepts);
    let (one, other) = parts.find_map(|part| match (&part.partner[..], &part.ledger[..]) {
        ([one], [other]) => Some((*one, *other)),
        _ => None,
    })?;
    let gap = |reported: Money, booked: Money| {
        let gap = reported.amount.checked_sub(booked.amount).ok();
        gap.filter(|_| reported.currency == booked.currency)
            .map(Amount::abs)
    };
    let gap_of = |it: &Member<'r>| match it.record.side {
        Side::Partner => gap(it.record.money, other.record.money),
        Side::Ledger => gap(one.record.money, it.record.money),
    };
    let own = gap(one.record.money, other.record.money)?;
    let mut others = several.iter().filter_map(gap_of);
    others.all(|gap| own <= gap).then_some((one, other))
}

/// Parts so that no amount of one is within tolerance of one of another.
fn of_near_amounts<'r>(accepts: Accepts<'_>, all: Members<'r>) -> Vec<Members<'r>> {
    let mut members: Vec<Member> = all.partner.into_iter().chain(all.ledger).collect();
    members.sort_by_key(|member| (member.record.money.currency, member.record.money.amount));
    let are_near =
        |one: &Member, other: &Member| are_near(accepts, one.record.money, other.record.money);
    let parts = members.chunk_by(are_near);
    parts.map(|part| part.iter().copied().collect()).collect()
}

/// Whether the one amount is within tolerance of the other, which is larger or the same, whoever's it is.
fn are_near(accepts: Accepts<'_>, one: Money, other: Money) -> bool {
    let tolerance = accepts.tolerance(one.currency);
    let limits = [one, other].map(|money| tolerance.accepted_of(money.amount));
    let limit = limits[0].max(limits[1]).max(tolerance.rounding);
    let gap = other.amount.checked_sub(one.amount);
    one.currency == other.currency && gap.is_ok_and(|gap| gap <= limit)
}

/// Those of both sides with which one of the other side may go, as `may_be_one` says.
pub(super) fn that_may_go<'r>(
    partner: &[Member<'r>],
    ledger: &[Member<'r>],
    may_be_one: impl Fn(&Record, &Record) -> bool,
) -> Members<'r> {
    if partner.len().saturating_mul(ledger.len()) > COMPARED_MAX {
        let (partner, ledger) = (partner.to_vec(), ledger.to_vec());
        return Members { partner, ledger };
    }
    let are_one = |one: &Member, other: &Member| may_be_one(one.record, other.record);
    let of_partner = partner.iter();
    let of_partner = of_partner.filter(|one| ledger.iter().any(|other| are_one(one, other)));
    let of_ledger = ledger.iter();
    let of_ledger = of_ledger.filter(|other| partner.iter().any(|one| are_one(one, other)));
    Members {
        partner: of_partner.copied().collect(),
        ledger: of_ledger.copied().collect(),
    }
}
