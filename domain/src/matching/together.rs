//! Rules by which several records are one: a payout and the payments in it, a payment in parts.
//!
//! Records with equal texts are looked at by currency, signs and all, so that refunds, fees and
//! chargebacks count as what they are: a payout is its payments less them. Their sums have to agree;
//! no record is left out of a sum unless the rule says that combinations are looked for.

use super::candidates::Candidates;
use super::fees::{self, FeeFault};
use super::group::{Decision, Look};
use super::pair::{Difference, are_opposite};
use super::twins::{Member, Members, sort};
use super::{explain, several};
use crate::discrepancy::Kind;
use crate::money::{Amount, Currency, Money};
use crate::policy::{Accepts, Cardinality};
use crate::record::{Record, Side};

/// Decides about a group; both lists are in canonical order.
pub(super) fn decide(
    accepts: Accepts<'_>,
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
    look: Look,
) -> Vec<Decision> {
    let members = partner.iter().chain(ledger).copied();
    // With equal texts and one currency.
    let groups = Members::alike_in(members, |record| record.money.currency);
    let both = groups.filter(|it| !it.partner.is_empty() && !it.ledger.is_empty());
    let decisions: Vec<Decision> = both.flat_map(|group| group.decide(accepts, look)).collect();
    match (partner, ledger, look) {
        // Nothing to add up: one record of each side, in different currencies.
        ([one], [other], Look::Last) if decisions.is_empty() && are_two(one, other) => {
            vec![Decision::Pair {
                partner: one.slot,
                ledger: other.slot,
            }]
        }
        (.., Look::Last)
            if decisions.is_empty() && are_in_two_currencies(accepts, partner, ledger) =>
        {
            vec![Decision::Apart {
                partner: slots(partner),
                ledger: slots(ledger),
            }]
        }
        _ => decisions,
    }
}

/// Whether these should be one, but for the currency: all of each side are in one, the money flows the same way,
/// and what they share says what they are about.
fn are_in_two_currencies(
    accepts: Accepts<'_>,
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
) -> bool {
    let rule = accepts.rule;
    let members = Members {
        partner: partner.to_vec(),
        ledger: ledger.to_vec(),
    };
    let is_one = members.partner.len() == 1 || members.ledger.len() == 1;
    let fits = is_one && members.fits(rule.cardinality) && rule.combinations_max.is_none();
    let sums = || several::sum(records(partner)).zip(several::sum(records(ledger)));
    fits && rule.identifies_both()
        && sums().is_some_and(|(reported, booked)| {
            reported.currency != booked.currency && !are_opposite(reported, booked)
        })
}

/// Whether two records are of different currencies, and the money flows the same way.
fn are_two(partner: &Member<'_>, ledger: &Member<'_>) -> bool {
    let (reported, booked) = (partner.record.money, ledger.record.money);
    reported.currency != booked.currency && !are_opposite(reported, booked)
}

/// How many of each side of a group, which is in canonical order, a rule by which several are one takes. A pair,
/// and what is there again of it, are no more than a rule of pairs takes: none.
pub(super) fn taken(
    accepts: Accepts<'_>,
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
) -> [usize; 2] {
    let decided = decide(accepts, partner, ledger, Look::First);
    let taken = decided.iter().map(|decision| match decision {
        Decision::Together { partner, ledger } => [partner.len(), ledger.len()],
        Decision::Duplicate(duplicate) => match duplicate.side {
            Side::Partner => [1, 0],
            Side::Ledger => [0, 1],
        },
        _ => [0, 0],
    });
    let taken: Vec<[usize; 2]> = taken.collect();
    let are_several = |[reported, booked]: &[usize; 2]| reported + booked > 2;
    match taken.iter().any(are_several) {
        true => taken
            .iter()
            .fold([0, 0], |all, some| [all[0] + some[0], all[1] + some[1]]),
        false => [0, 0],
    }
}

/// Whether a rule by which several are one says of all of them by how much they differ, or of those of each of
/// their days.
pub(super) fn are_apart(
    accepts: Accepts<'_>,
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
) -> bool {
    let decided = decide(accepts, partner, ledger, Look::Last);
    let mut decided = decided.iter().filter(|it| !matches!(it, Decision::Note(_)));
    let is_apart = |decision: &Decision| matches!(decision, Decision::Apart { .. });
    decided.next().is_some_and(is_apart) && decided.all(is_apart)
}

/// Whether one record is several of the other side, all of them or those of its days, or would be but for less than
/// each of those differs from it by. A rule that looks for combinations has to be right about the sum.
pub(super) fn explains(
    accepts: Accepts<'_>,
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
) -> bool {
    let (one, several) = match (partner, ledger) {
        ([one], [_, _, ..]) => (one, ledger),
        ([_, _, ..], [one]) => (one, partner),
        _ => return false,
    };
    let money = one.record.money;
    let is_one_currency = several
        .iter()
        .all(|it| it.record.money.currency == money.currency);
    let members = Members {
        partner: partner.to_vec(),
        ledger: ledger.to_vec(),
    };
    let mut parts = members.far_apart(accepts);
    let is_part = |part: &Members<'_>| part.partner.len() + part.ledger.len() <= several.len();
    if parts.any(|part| is_part(&part) && explains(accepts, &part.partner, &part.ledger)) {
        return true;
    }
    if !is_one_currency || !members.fits(accepts.rule.cardinality) {
        return false;
    }
    if let Some(limit) = accepts.rule.combinations_max {
        let is_combination = || {
            let candidates = Candidates::of(accepts, several);
            candidates.search(*one, limit).parts().is_some()
        };
        return members.whole(accepts).is_some() || is_combination();
    }
    let gap = |other: Amount| money.amount.checked_sub(other).ok().map(Amount::abs);
    let nearest = several
        .iter()
        .filter_map(|it| gap(it.record.money.amount))
        .min();
    let whole = sum(several).and_then(gap);
    whole
        .zip(nearest)
        .is_some_and(|(whole, nearest)| whole < nearest)
}

impl<'r> Members<'r> {
    fn decide(self, accepts: Accepts<'_>, look: Look) -> Vec<Decision> {
        if let Some(decisions) = self.adding_up(accepts) {
            return decisions;
        }
        if let Some(limit) = accepts.rule.combinations_max {
            return self.combinations(accepts, limit, look);
        }
        match look {
            Look::First => Vec::new(),
            Look::Last => self.undecided_by_days(accepts),
        }
    }

    /// What is left where no sum agrees, by parts whose days bound what a difference is taken over.
    fn undecided_by_days(self, accepts: Accepts<'_>) -> Vec<Decision> {
        let parts = self.bounded_by_days(accepts).into_iter();
        let is_difference = |part: &Members<'_>| {
            let is_lone = part.partner.is_empty() || part.ledger.is_empty();
            !is_lone && !part.are_other_payments() && !part.name_others(accepts)
        };
        let parts = parts.filter(is_difference);
        parts.map(|part| part.undecided(accepts)).collect()
    }

    /// Parts that no window brings together, and as another one what stands alone on its days. All are one where
    /// the rule takes them as one and they add up, or where what stands alone brings the others nearer: then it is
    /// late.
    fn bounded_by_days(self, accepts: Accepts<'_>) -> Vec<Self> {
        let is_lone = |part: &Members<'_>| part.partner.is_empty() || part.ledger.is_empty();
        let (lone, mut parts): (Vec<Members>, Vec<Members>) =
            self.far_apart(accepts).partition(is_lone);
        let rest = lone.into_iter().reduce(|mut rest, part| {
            rest.append(part);
            rest
        });
        let mut rest = rest.unwrap_or_default();
        sort(&mut rest.partner);
        sort(&mut rest.ledger);
        let gaps = self.gap().zip(rest.gap());
        let is_one = parts.is_empty()
            || gaps.is_none_or(|(gap, of_rest)| {
                let without = gap.checked_sub(of_rest).map_or(gap, Amount::abs);
                let limit = sum(&self.ledger).map_or(Amount::ZERO, |booked| {
                    accepts.tolerance(self.currency()).rounding_of(booked)
                });
                gap.abs() < without || self.fits(accepts.rule.cardinality) && gap.abs() <= limit
            });
        if is_one {
            return vec![self];
        }
        parts.push(rest);
        parts
    }

    /// The partner's sum less the ledger's, where a side may have nothing.
    fn gap(&self) -> Option<Amount> {
        let of = |side: &[Member<'r>]| match side.is_empty() {
            true => Some(Amount::ZERO),
            false => sum(side),
        };
        of(&self.partner)?.checked_sub(of(&self.ledger)?).ok()
    }

    /// All of the one side is money in, all of the other money out, and not as much.
    fn are_other_payments(&self) -> bool {
        let direction = |side: &[Member<'r>]| {
            let mut signs = side.iter().map(|it| it.record.money.amount.is_negative());
            let first = signs.next()?;
            signs.all(|sign| sign == first).then_some(first)
        };
        let sums = sum(&self.partner).zip(sum(&self.ledger));
        let is_as_much = sums.is_some_and(|(reported, booked)| reported.abs() == booked.abs());
        let directions = direction(&self.partner).zip(direction(&self.ledger));
        directions.is_some_and(|(one, other)| one != other) && !is_as_much
    }

    /// Those in which money moved, when some failed: a sum may be right without these.
    pub(super) fn without_failed(&self) -> Option<Self> {
        let (partner, ledger) = (moved(&self.partner), moved(&self.ledger));
        let all = self.partner.len() + self.ledger.len();
        let is_other = partner.len() + ledger.len() < all;
        let has_both = !partner.is_empty() && !ledger.is_empty();
        (is_other && has_both).then_some(Members { partner, ledger })
    }

    /// All of them are one match.
    pub(super) fn whole(&self, accepts: Accepts<'_>) -> Option<Decision> {
        if !self.fits(accepts.rule.cardinality) {
            return None;
        }
        let (reported, booked) = (sum(&self.partner)?, sum(&self.ledger)?);
        if booked.is_zero() && !self.have_equal_turnover() {
            return None;
        }
        let agrees = self.is_accepted(accepts, reported, booked) && self.agrees(accepts);
        agrees.then(|| Decision::Together {
            partner: slots(&self.partner),
            ledger: slots(&self.ledger),
        })
    }

    /// As many on each side as the rule says.
    pub(super) fn fits(&self, cardinality: Cardinality) -> bool {
        match cardinality {
            Cardinality::OneToOne => self.partner.len() == 1 && self.ledger.len() == 1,
            Cardinality::OneToMany => self.partner.len() == 1,
            Cardinality::ManyToOne => self.ledger.len() == 1,
            Cardinality::ManyToMany => true,
        }
    }

    /// In everything but their sums.
    fn agrees(&self, accepts: Accepts<'_>) -> bool {
        let (partner, ledger) = (records(&self.partner), records(&self.ledger));
        let mut faults = faults(accepts, &self.partner);
        faults.next().is_none()
            && several::are_near(accepts, partner.clone(), ledger.clone())
            && !several::contradict(partner, ledger)
            && !self.name_others(accepts)
    }

    /// Whether both sides have as much money in: that nothing is left of it on either side says little. One
    /// record of nothing is what it says.
    fn have_equal_turnover(&self) -> bool {
        let money_in = |side: &[Member<'r>]| {
            let amounts = side.iter().map(|member| member.record.money.amount);
            let mut money_in = amounts.filter(|amount| !amount.is_negative());
            money_in.try_fold(Amount::ZERO, Amount::checked_add).ok()
        };
        let is_one = self.partner.len() == 1 || self.ledger.len() == 1;
        is_one || money_in(&self.partner) == money_in(&self.ledger)
    }

    fn currency(&self) -> Currency {
        self.partner[0].record.money.currency
    }

    /// Whether the rule accepts that difference of their sums.
    pub(super) fn is_accepted(
        &self,
        accepts: Accepts<'_>,
        reported: Amount,
        booked: Amount,
    ) -> bool {
        let tolerance = accepts.tolerance(self.currency());
        let gap = reported.checked_sub(booked);
        gap.is_ok_and(|gap| gap.abs() <= tolerance.accepted_of(booked))
    }

    /// What their sums don't explain: a difference, where it is clear between what.
    pub(super) fn undecided(&self, accepts: Accepts<'_>) -> Decision {
        let (partner, ledger) = (slots(&self.partner), slots(&self.ledger));
        match self.fits(accepts.rule.cardinality) {
            true => Decision::Apart { partner, ledger },
            false => Decision::Ambiguous { partner, ledger },
        }
    }

    /// The side of which one record is several of the other, and that other side.
    pub(super) fn sides(&self, cardinality: Cardinality) -> (&[Member<'r>], &[Member<'r>]) {
        match cardinality {
            Cardinality::ManyToOne => (&self.ledger, &self.partner),
            _ => (&self.partner, &self.ledger),
        }
    }
}

/// How records that should be one differ: their sums, else the first that is wrong between some.
pub(super) fn difference(
    accepts: Accepts<'_>,
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
) -> Difference {
    let currency = partner[0].record.money.currency;
    if currency != ledger[0].record.money.currency {
        return of_two_currencies(accepts, partner, ledger);
    }
    let sums = sum(partner).zip(sum(ledger));
    let difference = sums.and_then(|(reported, booked)| reported.checked_sub(booked).ok());
    let tolerance = accepts.tolerance(currency);
    let gap = difference.map(Amount::abs);
    let is_accepted = gap
        .zip(sums)
        .is_some_and(|(gap, (_, booked))| gap <= tolerance.accepted_of(booked));
    let is_rounding = gap.is_some_and(|gap| gap <= tolerance.rounding);
    let kind = if !is_accepted && !is_rounding {
        Kind::AmountMismatch
    } else if several::contradict(records(partner), records(ledger)) {
        Kind::StatusMismatch
    } else if faults(accepts, partner).next().is_some() {
        Kind::FeeMismatch
    } else if !is_accepted {
        Kind::Rounding
    } else {
        Kind::DateMismatch
    };
    let whole = sums.map_or(Amount::ZERO, |(reported, _)| reported.abs());
    let money = |amount| Money { amount, currency };
    let sums = sums.map(|(reported, booked)| (money(reported), money(booked)));
    Difference {
        kind,
        at_stake: match (kind, difference) {
            (Kind::AmountMismatch | Kind::Rounding, Some(gap)) => gap.abs(),
            (Kind::DateMismatch, _) => Amount::ZERO,
            (Kind::FeeMismatch, _) => {
                let mut faults = faults(accepts, partner).map(|(_, fault)| fault.at_stake());
                let sum = faults.try_fold(Amount::ZERO, |sum, at_stake| sum.checked_add(at_stake));
                sum.unwrap_or(whole)
            }
            _ => whole,
        },
        difference,
        reason: explain::apart(accepts, partner, ledger, sums, kind),
    }
}

/// The difference between records that should be one, and are in another currency each side.
fn of_two_currencies(
    accepts: Accepts<'_>,
    partner: &[Member<'_>],
    ledger: &[Member<'_>],
) -> Difference {
    let sums = several::sum(records(partner)).zip(several::sum(records(ledger)));
    let kind = Kind::CurrencyMismatch;
    Difference {
        kind,
        at_stake: sums.map_or(Amount::ZERO, |(reported, _)| reported.amount.abs()),
        difference: None,
        reason: explain::apart(accepts, partner, ledger, sums, kind),
    }
}

/// Those in which money moved.
pub(super) fn moved<'r>(side: &[Member<'r>]) -> Vec<Member<'r>> {
    let moved = side.iter().filter(|member| !member.record.has_failed());
    moved.copied().collect()
}

fn records<'m, 'r: 'm>(members: &'m [Member<'r>]) -> impl Iterator<Item = &'r Record> + Clone + 'm {
    members.iter().map(|member| member.record)
}

/// The partner's records whose fee is wrong, and what is wrong with it.
pub(super) fn faults<'r>(
    accepts: Accepts<'_>,
    partner: &[Member<'r>],
) -> impl Iterator<Item = (&'r Record, FeeFault)> {
    let records = records(partner);
    records.filter_map(move |record| Some((record, fees::fault_of(accepts.policy, record)?)))
}

fn slots(members: &[Member<'_>]) -> Vec<usize> {
    members.iter().map(|member| member.slot).collect()
}

/// What they come to, in their one currency; `None` when it is too large to be exact.
pub(super) fn sum(members: &[Member<'_>]) -> Option<Amount> {
    several::sum(records(members)).map(|money| money.amount)
}
