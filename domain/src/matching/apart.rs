//! Pairs of an earlier rule that disagree in the money, and what a later rule knows better.
//!
//! Under a reference that was used twice, cut off or copied, the money differs; under the invoice there may
//! be a record that agrees in everything. So a rule of pairs lets those wait that disagree in amount or
//! currency until the later rules of pairs that say what a record is about were asked for one that agrees.
//! Only then they are what they seemed to be. One that has another text for the earlier rule is not asked for:
//! it is as far from the record as the first one. But where the later rule spells the first one's reference
//! otherwise, it is as near: of `INV-7` that failed and `inv 7` that went through, or of another year, the one
//! that agrees in everything is meant.
//!
//! So do those that repeat one of such a pair, where a later rule takes several as one: equal instalments look
//! like that.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{self, Decision, Duplicate, Look};
use super::slots::{members, peek};
use super::work::{Turn, Work};
use super::{key, pair, together};
use crate::policy::{Cardinality, MatchRule, SourcePolicy};
use crate::record::{Record, Side};

/// Pairs of a group that are looked at for the only one that agrees, at most: where there are more, it is none.
const PAIRS_MAX: usize = 100_000;

/// A pair that waits, by its slots.
pub(super) struct Apart {
    pub(super) partner: usize,
    pub(super) ledger: usize,
    /// Whether some record of its group is what the run is about.
    pub(super) is_inside: bool,
}

/// What becomes of a pair.
pub(super) enum Course {
    /// The rule leaves both: they are not each other's, though no others of their group are left.
    Left,
    /// It waits for what later rules say.
    Waits,
    /// It is told, whether it agrees or not.
    Taken,
}

/// One that repeats a record of a pair that waits, by the rule that left both.
pub(super) struct AgainApart {
    pub(super) duplicate: Duplicate,
    /// As it was then: it may be gone.
    pub(super) original: Record,
    pub(super) is_inside: bool,
}

/// Whether pairs of the rule at `index` that disagree wait for what later rules say by which several are one.
pub(super) fn waits_for_sums(policy: &SourcePolicy, index: usize) -> bool {
    later(policy, index, Later::OfSeveral).next().is_some()
}

/// Whether pairs of the rule at `index` that disagree wait for what later rules say.
pub(super) fn waits_for_later(policy: &SourcePolicy, index: usize) -> bool {
    [Later::OfPairs, Later::OfSeveral]
        .into_iter()
        .any(|which| later(policy, index, which).next().is_some())
}

/// Which later rules are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Later {
    /// Those of pairs with equal texts.
    OfPairs,
    /// Those by which several records are one.
    OfSeveral,
}

/// The later rules of that kind whose texts say what records are about, with their places.
fn later(
    policy: &SourcePolicy,
    index: usize,
    which: Later,
) -> impl Iterator<Item = (usize, &MatchRule)> {
    let rule = &policy.rules[index];
    let is_of_kind = move |later: &MatchRule| match later.cardinality {
        Cardinality::OneToOne => which == Later::OfPairs && !later.looks_at_all(),
        _ => which == Later::OfSeveral && !later.is_alike,
    };
    let says_more = move |later: &MatchRule| {
        is_of_kind(later) && later.identifies_both() && later.on != rule.on
    };
    let rules = policy.rules.iter().enumerate().skip(index + 1);
    rules.filter(move |(_, later)| says_more(later))
}

impl<'a> Work<'a> {
    pub(super) fn course(&self, turn: &Turn<'a>, partner: usize, ledger: usize) -> Course {
        let (one, other) = (peek(&self.partner, partner), peek(&self.ledger, ledger));
        let accepts = turn.accepts(self.policy);
        if pair::are_strange(accepts, one, other) || self.are_known_otherwise(turn, one, other) {
            return Course::Left;
        }
        let differ = || match turn.index == 0 && self.kin.is_spelled() {
            true => !pair::agree(accepts, one, other),
            false => pair::differ_in_money(accepts, one, other),
        };
        match turn.waits && differ() {
            true => Course::Waits,
            false => Course::Taken,
        }
    }

    /// What becomes of the pairs of which something is there again whose amount the other side does not have: it
    /// may be another part of the same sum, and is no more one too many than the pair is one.
    pub(super) fn courses_of_originals(
        &self,
        turn: &Turn<'a>,
        decisions: &[Decision],
    ) -> BTreeMap<(Side, usize), Course> {
        let originals: BTreeSet<(Side, usize)> = decisions
            .iter()
            .filter_map(|decision| match decision {
                Decision::Duplicate(it) if it.counterparts == 0 => Some((it.side, it.original)),
                _ => None,
            })
            .collect();
        let mut courses = BTreeMap::new();
        for decision in decisions {
            if let Decision::Pair { partner, ledger } = decision {
                let ends = [(Side::Partner, *partner), (Side::Ledger, *ledger)];
                for end in ends.into_iter().filter(|end| originals.contains(end)) {
                    courses.insert(end, self.course(turn, *partner, *ledger));
                }
            }
        }
        courses
    }

    /// Decides about the pairs that the rule at `index` left waiting.
    pub(super) fn settle_apart(&mut self, index: usize) {
        let apart = std::mem::take(&mut self.apart);
        if apart.is_empty() {
            return;
        }
        let earlier = &self.policy.rules[index];
        let again = std::mem::take(&mut self.again_apart);
        let places = again
            .iter()
            .map(|it| (it.duplicate.side, it.duplicate.slot));
        let places: Vec<(Side, usize)> = places.collect();
        // No other pair is looked for what repeats one.
        self.surplus_places.extend(places.iter().copied());
        let (partners, ledgers) = apart.iter().map(|it| (it.partner, it.ledger)).unzip();
        for (later, rule) in later(self.policy, index, Later::OfPairs) {
            match index == 0 && self.kin.is_spelled_by(later) {
                true => self.pair_respelled(later, rule, &apart),
                false => self.pair_agreeing(later, rule, earlier, [&partners, &ledgers]),
            }
        }
        for place in places {
            self.surplus_places.remove(&place);
        }
        for (later, rule) in later(self.policy, index, Later::OfSeveral) {
            self.take_together(later, rule, &apart);
        }
        for it in again {
            let Duplicate { side, slot, .. } = it.duplicate;
            if self.slots(side)[slot].is_some() {
                let turn = Turn::first(index, earlier, it.is_inside);
                self.tell_again(&turn, it.duplicate, it.original);
            }
        }
        for Apart {
            partner,
            ledger,
            is_inside,
        } in apart
        {
            if self.are_waiting(partner, ledger) {
                self.pair(&Turn::first(index, earlier, is_inside), partner, ledger);
            }
        }
    }

    /// Of the groups of a rule that spells the first one's text otherwise, the only record that agrees with one
    /// of a pair that does not.
    fn pair_respelled(&mut self, index: usize, rule: &'a MatchRule, apart: &[Apart]) {
        let ends: BTreeMap<usize, usize> = apart.iter().map(|it| (it.ledger, it.partner)).collect();
        let groups = self.groups(index, rule);
        for (partner, ledger) in groups.iter() {
            if partner.len() * ledger.len() > PAIRS_MAX {
                continue;
            }
            let is_inside = self.is_about(
                &members(&self.partner, partner),
                &members(&self.ledger, ledger),
            );
            let mut found = Vec::new();
            for booked in ledger {
                // Another rule may have taken it meanwhile.
                let reported = ends.get(booked);
                if let Some(reported) = reported.filter(|it| self.are_waiting(**it, *booked)) {
                    found.extend(self.only_agreeing(rule, partner, &[*booked]));
                    found.extend(self.only_agreeing(rule, &[*reported], ledger));
                }
            }
            found.sort_unstable();
            found.dedup();
            // One that agrees with several of them is a choice.
            let shares = |pair: &(usize, usize)| {
                let is_other = |it: &&(usize, usize)| *it != pair;
                let mut others = found.iter().filter(is_other);
                others.any(|it| it.0 == pair.0 || it.1 == pair.1)
            };
            let clear: Vec<(usize, usize)> =
                found.iter().filter(|it| !shares(it)).copied().collect();
            for (one, other) in clear {
                self.pair(&Turn::first(index, rule, is_inside), one, other);
            }
        }
    }

    /// The pair of these that agrees, if there is only one.
    fn only_agreeing(
        &self,
        rule: &MatchRule,
        partner: &[usize],
        ledger: &[usize],
    ) -> Option<(usize, usize)> {
        let accepts = self.policy.accepts(rule);
        let pairs = partner
            .iter()
            .flat_map(|one| ledger.iter().map(move |other| (*one, *other)));
        let mut agreeing = pairs.filter(|(one, other)| {
            pair::agree(
                accepts,
                peek(&self.partner, *one),
                peek(&self.ledger, *other),
            )
        });
        let only = agreeing.next()?;
        agreeing.next().is_none().then_some(only)
    }

    /// What a later rule takes as one that holds both records of a pair, and adds up with others of one side. Where a
    /// text names all of it, one of the two is enough.
    fn take_together(&mut self, index: usize, rule: &'a MatchRule, apart: &[Apart]) {
        let pairs: BTreeMap<usize, usize> = apart
            .iter()
            .filter(|it| self.are_waiting(it.partner, it.ledger))
            .map(|it| (it.partner, it.ledger))
            .collect();
        if pairs.is_empty() {
            return;
        }
        let ends: BTreeSet<usize> = pairs.values().copied().collect();
        let mut found = Vec::new();
        if rule.looks_at_all() {
            let decisions = self.decide_among_all(index, Look::First);
            found.push((Turn::first(index, rule, false), decisions));
        } else {
            for (partner, ledger) in self.groups(index, rule).iter() {
                let is_any = partner.iter().any(|slot| pairs.contains_key(slot))
                    && ledger.iter().any(|slot| ends.contains(slot));
                if !is_any {
                    continue;
                }
                let of_partner = members(&self.partner, partner);
                let of_ledger = members(&self.ledger, ledger);
                let turn = Turn::first(index, rule, self.is_about(&of_partner, &of_ledger));
                let accepts = self.policy.accepts(rule);
                let decisions = together::decide(accepts, &of_partner, &of_ledger, Look::First);
                found.push((turn, decisions));
            }
        }
        let holds_pair = |decision: &Decision| match decision {
            Decision::Together { partner, ledger } if rule.looks_at_all() => {
                let mut reported = partner.iter();
                reported.any(|it| pairs.contains_key(it))
                    || ledger.iter().any(|it| ends.contains(it))
            }
            Decision::Together { partner, ledger } => partner.iter().any(|one| {
                let other = pairs.get(one);
                other.is_some_and(|other| ledger.contains(other))
            }),
            _ => false,
        };
        for (turn, decisions) in found {
            let meant = decisions.into_iter().filter(holds_pair).collect();
            self.carry_out(&turn, meant);
        }
    }

    /// Of the groups of a later rule, the pairs that agree, have one of these slots of either side, and
    /// one record of which the earlier rule says nothing.
    fn pair_agreeing(
        &mut self,
        index: usize,
        rule: &'a MatchRule,
        earlier: &MatchRule,
        apart: [&BTreeSet<usize>; 2],
    ) {
        let accepts = self.policy.accepts(rule);
        let groups = self.groups(index, rule);
        for (partner, ledger) in groups.iter() {
            let mut sides = apart.into_iter().zip([partner, ledger]);
            if !sides.any(|(apart, slots)| slots.iter().any(|slot| apart.contains(slot))) {
                continue;
            }
            let of_partner = members(&self.partner, partner);
            let of_ledger = members(&self.ledger, ledger);
            let turn = Turn::first(index, rule, self.is_about(&of_partner, &of_ledger));
            let decisions = group::decide(accepts, &of_partner, &of_ledger, Look::First);
            for decision in decisions {
                let Decision::Pair { partner, ledger } = decision else {
                    continue;
                };
                let is_one = apart[0].contains(&partner) || apart[1].contains(&ledger);
                let (one, other) = (peek(&self.partner, partner), peek(&self.ledger, ledger));
                let is_unknown =
                    !key::is_complete(earlier, one) || !key::is_complete(earlier, other);
                if is_one && is_unknown && pair::agree(accepts, one, other) {
                    self.pair(&turn, partner, ledger);
                }
            }
        }
    }
}
