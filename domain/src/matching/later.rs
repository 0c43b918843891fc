//! What pairs leave to a later rule by which several records are one.
//!
//! The records of a payment in parts, or of a payout, share a text, so a rule of pairs before finds them,
//! too: as pairs of which the amounts differ, or as a choice that it can't make. Where a later rule takes
//! just these records as one, or says by how much they miss that, they are its.

use std::collections::BTreeMap;

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

impl Decided<'_, '_> {
    /// Whether what was decided is to be left to a later rule.
    pub(super) fn is_for_a_later_rule(&self, policy: &SourcePolicy, look: Look) -> bool {
        let (before, after) = policy.rules.split_at(self.index + 1);
        let is_pairs = |rule: &MatchRule| rule.cardinality == Cardinality::OneToOne;
        if !before.last().is_some_and(is_pairs) {
            return false;
        }
        // Most sources have no such rule: nothing more is done for their groups.
        let mut later = after.iter().filter(|later| self.is_group_of(policy, later));
        later.any(|later| {
            let accepts = policy.accepts(later);
            match look {
                Look::First => {
                    !self.are_equal_pairs()
                        && together::takes_all(accepts, self.partner, self.ledger)
                }
                Look::Last => self.is_a_choice() && self.are_apart(accepts),
            }
        })
    }

    /// Whether several as one say of all of them by how much they differ.
    fn are_apart(&self, accepts: Accepts<'_>) -> bool {
        let decided = together::decide(accepts, self.partner, self.ledger, Look::Last);
        matches!(
            &decided[..],
            [Decision::Apart { partner, ledger }] if self.is_all(partner, ledger)
        )
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

    /// Whether every record is in a pair of equal amounts.
    fn are_equal_pairs(&self) -> bool {
        let moneys = |members: &[Member]| -> BTreeMap<usize, Money> {
            let members = members.iter();
            members.map(|it| (it.slot, it.record.money)).collect()
        };
        let (of_partner, of_ledger) = (moneys(self.partner), moneys(self.ledger));
        let is_equal = |decision: &Decision| match decision {
            Decision::Pair {
                partner: p,
                ledger: l,
            } => of_partner.get(p) == of_ledger.get(l),
            _ => false,
        };
        let count = self.partner.len() + self.ledger.len();
        self.decisions.len() * 2 == count && self.decisions.iter().all(is_equal)
    }

    /// Whether nothing was chosen among all of them.
    fn is_a_choice(&self) -> bool {
        matches!(
            self.decisions,
            [Decision::Ambiguous { partner, ledger }] if self.is_all(partner, ledger)
        )
    }

    fn is_all(&self, partner: &[usize], ledger: &[usize]) -> bool {
        (partner.len(), ledger.len()) == (self.partner.len(), self.ledger.len())
    }
}
