//! Records of one side, each of which is some of the other's, where a rule looks for combinations.

use super::candidates::Candidates;
use super::claims::{Parts, Search, claims_of_the_same, undisputed};
use super::combine::is_hardly_chance;
use super::group::{Decision, Look};
use super::paid_back::PaidBack;
use super::parts::is_there_again;
use super::together::sum;
use super::twins::{Member, Members};
use crate::policy::{Accepts, Cardinality};
use crate::record::Side;

/// Whether the sum of several is nearer to one than without any of them.
fn is_nearest_with_all(one: &Member<'_>, several: &[Member<'_>]) -> bool {
    let amount = one.record.money.amount;
    let gap = sum(several).and_then(|sum| sum.checked_sub(amount).ok());
    gap.is_some_and(|gap| {
        several.iter().all(|part| {
            let without = gap.checked_sub(part.record.money.amount);
            without.is_ok_and(|without| without.abs() > gap.abs())
        })
    })
}

impl<'r> Members<'r> {
    /// What the records of the one side are, each of some of the other that are within the window.
    pub(super) fn combinations(
        &self,
        accepts: Accepts<'_>,
        limit: u32,
        look: Look,
    ) -> Vec<Decision> {
        let count = |members: &Members<'_>| members.sides(accepts.rule.cardinality).1.len();
        let parts = self.far_apart(accepts);
        let of_part = parts.map(|part| {
            let beyond = count(self) - count(&part);
            part.combinations_near(accepts, limit, look, beyond)
        });
        of_part.flatten().collect()
    }

    /// Records of the one side, each with its only combination of the other. Again and again, since
    /// what one takes leaves less to the others; where several want more of the same records than there
    /// are, none of them gets any, unless they are one record and what is there again of it. So many more
    /// records of the other side are `beyond` the window of all of them.
    fn combinations_near(
        mut self,
        accepts: Accepts<'_>,
        limit: u32,
        look: Look,
        beyond: usize,
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        loop {
            let searches = self.searches(accepts, limit);
            let undisputed = undisputed(&searches);
            let is_free = |parts: &Parts| parts.iter().all(|(it, _)| undisputed.contains(it));
            let before = decisions.len();
            for search in &searches {
                if let Some(parts) = search.parts().filter(is_free) {
                    decisions.push(self.take(accepts, search.one, &parts));
                }
            }
            if decisions.len() == before {
                decisions.extend(self.repeated_claims(accepts, &searches));
            }
            if decisions.len() == before {
                // Nothing was taken: these searches are of what is left.
                let is_all = decisions.is_empty() && self.is_nearly_whole(accepts, &searches);
                if look == Look::Last && is_all {
                    decisions.push(self.undecided(accepts));
                } else if look == Look::Last {
                    decisions.extend(searches.into_iter().map(|it| it.into_note(beyond)));
                }
                return decisions;
            }
        }
    }

    /// No combination is the only record of the one side, and all of the others together are nearer to it than
    /// without any of them.
    fn is_nearly_whole(&self, accepts: Accepts<'_>, searches: &[Search<'r>]) -> bool {
        let ([one], many) = self.sides(accepts.rule.cardinality) else {
            return false;
        };
        let ([search], [_, _, ..]) = (searches, many) else {
            return false;
        };
        search.gave_none_of(many.len())
            && is_nearest_with_all(one, many)
            && (accepts.rule.identifies_both() || is_hardly_chance(one, many))
    }

    /// Where all that want some records are one record and what is there again of it: as often as there are enough
    /// of them it is taken, and the others are one too many. What was paid back in between was paid anew.
    fn repeated_claims(&mut self, accepts: Accepts<'_>, searches: &[Search<'r>]) -> Vec<Decision> {
        let (ones, _) = self.sides(accepts.rule.cardinality);
        let mut back = PaidBack::of(ones.iter().map(|one| one.record));
        let mut decisions = Vec::new();
        for (parts, claims) in claims_of_the_same(searches) {
            let Some((original, copies)) = claims.split_first() else {
                continue;
            };
            let is_again =
                |copy: &&Member<'r>| is_there_again(accepts, copy.record, original.record);
            if copies.is_empty() || !copies.iter().all(is_again) {
                continue;
            }
            let enough = parts.iter().map(|(slots, count)| slots.len() / count).min();
            let (taken, again) = claims.split_at(enough.unwrap_or_default().min(claims.len()));
            for one in taken {
                decisions.push(self.take(accepts, **one, &parts));
            }
            let day = original.record.value_date;
            for copy in again.iter().filter(|_| !taken.is_empty()) {
                if !back.take(copy.record.money, day, copy.record.value_date) {
                    decisions.push(Decision::duplicate(
                        copy,
                        original,
                        claims.len(),
                        taken.len(),
                    ));
                    self.drop_one(copy);
                }
            }
        }
        decisions
    }

    fn drop_one(&mut self, one: &Member<'r>) {
        let side = match one.record.side {
            Side::Partner => &mut self.partner,
            Side::Ledger => &mut self.ledger,
        };
        side.retain(|member| member.slot != one.slot);
    }

    /// What is found for each record of the one side.
    fn searches(&self, accepts: Accepts<'_>, limit: u32) -> Vec<Search<'r>> {
        let (ones, many) = self.sides(accepts.rule.cardinality);
        let candidates = Candidates::of(accepts, many);
        let search = |one: &Member<'r>| candidates.search(*one, limit);
        ones.iter().map(search).collect()
    }

    /// Takes a record and its parts.
    fn take(&mut self, accepts: Accepts<'_>, one: Member<'r>, parts: &Parts<'_>) -> Decision {
        // Equal ones are interchangeable, and others may have taken the first of them.
        let is_left = |slot: &usize| {
            let (_, many) = self.sides(accepts.rule.cardinality);
            many.iter().any(|member| member.slot == *slot)
        };
        let taken = parts.iter().flat_map(|(slots, count)| {
            let left = slots.iter().copied().filter(is_left);
            left.take(*count)
        });
        let taken: Vec<usize> = taken.collect();
        let is_taken = |member: &Member| member.slot == one.slot;
        let is_part = |member: &Member| taken.contains(&member.slot);
        match accepts.rule.cardinality {
            Cardinality::ManyToOne => {
                self.ledger.retain(|member| !is_taken(member));
                self.partner.retain(|member| !is_part(member));
                Decision::Together {
                    partner: taken,
                    ledger: vec![one.slot],
                }
            }
            _ => {
                self.partner.retain(|member| !is_taken(member));
                self.ledger.retain(|member| !is_part(member));
                Decision::Together {
                    partner: vec![one.slot],
                    ledger: taken,
                }
            }
        }
    }
}
