//! What a rule leaves to a later one by which several records are one.
//!
//! The records of a payment in parts, or of a payout, share a text, so a rule of pairs before finds them,
//! too: as pairs of which the amounts differ, as repetitions, or as a choice that it can't make. Pairs of
//! equal amounts are its own. Of what else there is, a later rule may say more: that these are one, or all
//! that one side has of them and some of the other's, or that they should be and what they lack, if that is
//! less than any two of them lack. So may a rule of the other direction, or one of all of a batch, where a rule
//! by which one is several finds several on both sides.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{Decision, Look};
use super::twins::Member;
use super::{key, together};
use crate::money::Money;
use crate::policy::{Accepts, Cardinality, MatchRule, SourcePolicy};

/// A group that the rule at `index` has decided about, both sides in canonical order.
pub(super) struct Decided<'d, 'r> {
    pub(super) index: usize,
    pub(super) decisions: &'d [Decision],
    pub(super) partner: &'d [Member<'r>],
    pub(super) ledger: &'d [Member<'r>],
}

impl<'r> Decided<'_, 'r> {
    /// What the rule still decides where it leaves records to a later one; none where it leaves nothing.
    pub(super) fn own(&self, policy: &SourcePolicy, look: Look) -> Option<Vec<Decision>> {
        let (before, after) = policy.rules.split_at(self.index + 1);
        let rule = before.last()?;
        let is_pairs = rule.cardinality == Cardinality::OneToOne;
        let is_any = |decision: &Decision| matches!(decision, Decision::Ambiguous { .. });
        let is_a_choice = look == Look::Last
            && match is_pairs {
                true => self.is_a_choice(),
                false => self.decisions.iter().any(is_any),
            };
        if !is_pairs && !is_a_choice {
            return None;
        }
        // Most sources have no such rule: nothing more is done for their groups.
        let later = after.iter().filter(|later| self.is_group_of(policy, later));
        let later: Vec<Accepts<'_>> = later.map(|rule| policy.accepts(rule)).collect();
        if later.is_empty() {
            return None;
        }
        let own = is_pairs.then(|| self.own_pairs(&later)).flatten();
        own.or_else(|| is_a_choice.then(|| self.without_choices(&later)).flatten())
    }

    /// What is left without choices of which one of these later rules says by how much they differ: of all, or of
    /// those of some days. None where there is no such choice.
    fn without_choices(&self, later: &[Accepts<'_>]) -> Option<Vec<Decision>> {
        let among = |side: &[Member<'r>], slots: &[usize]| -> Vec<Member<'r>> {
            let members = side.iter().filter(|it| slots.contains(&it.slot));
            members.copied().collect()
        };
        let is_left = |decision: &&Decision| match decision {
            Decision::Ambiguous { partner, ledger } => {
                let [partner, ledger] = [among(self.partner, partner), among(self.ledger, ledger)];
                let mut later = later.iter();
                later.any(|later| together::are_apart(*later, &partner, &ledger))
            }
            _ => false,
        };
        let own = self.decisions.iter().filter(|it| !is_left(it));
        let own: Vec<Decision> = own.cloned().collect();
        (own.len() < self.decisions.len()).then_some(own)
    }

    /// The pairs that a rule of pairs keeps, where one of these later rules takes what else there is.
    fn own_pairs(&self, later: &[Accepts<'_>]) -> Option<Vec<Decision>> {
        let equal: Vec<Decision> = self.equal_pairs().cloned().collect();
        let [partner, ledger] = self.without(&equal);
        if partner.is_empty() && ledger.is_empty() {
            return None;
        }
        let taken = |of_partner: &[Member<'r>], of_ledger: &[Member<'r>]| -> Vec<[usize; 2]> {
            let later = later.iter();
            let taken = later.map(|later| together::taken(*later, of_partner, of_ledger));
            taken.collect()
        };
        // Where the pairs are all that one side has, the other's rest is nothing of them, whatever it comes to.
        let pairs_are_a_side = partner.is_empty() || ledger.is_empty();
        let of_all = taken(self.partner, self.ledger);
        if of_all.contains(&[self.partner.len(), self.ledger.len()]) && !pairs_are_a_side {
            return Some(Vec::new());
        }
        let of_these = match equal.is_empty() {
            true => of_all,
            false => taken(&partner, &ledger),
        };
        let takes_a_side = of_these.iter().any(|[reported, booked]| {
            let is_side = |taken: usize, side: &[Member<'r>]| taken > 0 && taken == side.len();
            is_side(*reported, &partner) || is_side(*booked, &ledger)
        });
        let explains = |of_partner: &[Member<'r>], of_ledger: &[Member<'r>]| {
            let mut later = later.iter();
            later.any(|later| together::explains(*later, of_partner, of_ledger))
        };
        let is_its = takes_a_side
            || explains(&partner, &ledger)
            || explains(&together::moved(&partner), &together::moved(&ledger));
        is_its.then_some(equal)
    }

    /// Whether these are a group of `later`, which takes several as one. The group of a rule that is
    /// stricter in what it compares is a part of this one: all of it, if all of it is in one.
    fn is_group_of(&self, policy: &SourcePolicy, later: &MatchRule) -> bool {
        let records = self.partner.iter().chain(self.ledger);
        later.cardinality != Cardinality::OneToOne
            && !later.looks_at_all()
            && policy.rules[self.index].is_implied_by(later)
            && key::share_texts(later, records.map(|member| member.record))
    }

    /// The pairs of equal amounts.
    fn equal_pairs(&self) -> impl Iterator<Item = &Decision> {
        let moneys = |members: &[Member<'r>]| -> BTreeMap<usize, Money> {
            let members = members.iter();
            members.map(|it| (it.slot, it.record.money)).collect()
        };
        let (of_partner, of_ledger) = (moneys(self.partner), moneys(self.ledger));
        self.decisions
            .iter()
            .filter(move |decision| match decision {
                Decision::Pair { partner, ledger } => {
                    of_partner.get(partner) == of_ledger.get(ledger)
                }
                _ => false,
            })
    }

    /// Both sides without what is in these pairs.
    fn without(&self, pairs: &[Decision]) -> [Vec<Member<'r>>; 2] {
        let in_pairs = pairs.iter().filter_map(|decision| match decision {
            Decision::Pair { partner, ledger } => Some((*partner, *ledger)),
            _ => None,
        });
        let (of_partner, of_ledger): (BTreeSet<usize>, BTreeSet<usize>) = in_pairs.unzip();
        let left = |side: &[Member<'r>], paired: &BTreeSet<usize>| {
            let left = side.iter().filter(|member| !paired.contains(&member.slot));
            left.copied().collect()
        };
        [
            left(self.partner, &of_partner),
            left(self.ledger, &of_ledger),
        ]
    }

    /// Whether nothing was chosen among all of them.
    fn is_a_choice(&self) -> bool {
        matches!(
            self.decisions,
            [Decision::Ambiguous { partner, ledger }]
                if (partner.len(), ledger.len()) == (self.partner.len(), self.ledger.len())
        )
    }
}
