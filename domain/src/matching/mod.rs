//! The comparison of both sides: which records belong together, and what is to be said of the rest.
//!
//! Pure and deterministic: the same records give the same result in whatever order they come, and
//! however they are spread over buckets. A record is used once. Where several counterparts fit
//! equally well nothing is chosen; that is a discrepancy of its own.
//!
//! [`match_buckets`] applies the first rule to some buckets (it can run in parallel), [`conclude`]
//! does the rest with what all buckets left. Records are moved through, never copied, except where
//! a discrepancy shows one beside its own (the original of a duplicate, the nearest candidate).

mod about;
mod again;
mod alike;
mod announced;
mod apart;
mod candidates;
mod choice;
mod claims;
mod class;
mod combinations;
mod combine;
mod edits;
mod explain;
mod explain_lone;
pub mod explanation;
mod fees;
mod group;
mod guess;
mod identity;
mod key;
mod kin;
mod later;
mod listed;
mod lone;
mod look_again;
mod named;
mod namesakes;
mod nearest;
mod paid_back;
mod pair;
mod parts;
mod preference;
mod report;
mod scope;
mod several;
pub mod sieve;
mod slots;
mod strangers;
mod superseded;
mod surplus;
mod taken_back;
mod thing;
mod together;
mod twins;
mod wanted;
mod work;

#[cfg(test)]
pub(crate) mod tests;

use std::slice;

use crate::discrepancy::{Discrepancy, Kind};
use crate::money::{Amount, Money, MoneyError};
use crate::policy::{RunContext, SourcePolicy};
use crate::record::{Place, Record, Side};

pub(crate) use explain::counted_days;
pub(crate) use identity::canonical_order;
pub use identity::{in_order_for_people, sort_for_people};
pub use key::{BUCKETS, Buckets};
pub(crate) use kin::BETWEEN;
pub use kin::Kin;
pub(crate) use lone::is_in_transit;
pub use look_again::LookAgain;
pub(crate) use look_again::{
    Beside, is_under_another_reference, later, lone_record, repeats_earlier,
};
pub use nearest::{CANDIDATES_MAX, SEARCHES_MAX};
pub(crate) use scope::is_asked_for;
pub(crate) use strangers::{are_strangers, holds_many, is_of_one};
pub use superseded::Superseded;
pub use wanted::WantedMoney;
pub use work::AMBIGUOUS_RECORDS_MAX;

use again::KinGroups;
use group::Look;
use work::Work;

/// Records of both sides that are to be compared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pool {
    /// What the partner reports.
    pub partner: Vec<Record>,
    /// What we have.
    pub ledger: Vec<Record>,
}

impl Pool {
    /// Takes in the records of another pool.
    pub fn append(&mut self, mut other: Pool) {
        self.partner.append(&mut other.partner);
        self.ledger.append(&mut other.ledger);
    }

    /// Takes in a record, on its own side.
    pub fn push(&mut self, record: Record) {
        self.side_mut(record.side).push(record);
    }

    /// The records of one side.
    #[must_use]
    pub fn side(&self, side: Side) -> &[Record] {
        match side {
            Side::Partner => &self.partner,
            Side::Ledger => &self.ledger,
        }
    }

    /// The same, to change.
    pub fn side_mut(&mut self, side: Side) -> &mut Vec<Record> {
        match side {
            Side::Partner => &mut self.partner,
            Side::Ledger => &mut self.ledger,
        }
    }

    /// All records, the partner's first.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.partner.iter().chain(&self.ledger)
    }

    /// Nothing on either side.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.partner.is_empty() && self.ledger.is_empty()
    }
}

/// Records that agree within the policy in everything that is compared: one of each side, or more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matched {
    /// What the partner reports; of several the first.
    pub partner: Record,
    /// What we have; of several the first.
    pub ledger: Record,
    /// The others, of both sides, in canonical order: where one record is several.
    pub more: Vec<Record>,
    /// Index of the rule that brought them together, in the policy's rules.
    pub rule: u32,
}

impl Matched {
    /// All records: the partner's first, our first, then the others.
    pub fn records(&self) -> impl Iterator<Item = &Record> + Clone {
        [&self.partner, &self.ledger].into_iter().chain(&self.more)
    }

    /// What the partner reports, of several records the sum.
    ///
    /// # Errors
    /// A sum that is too large to be exact.
    pub fn reported(&self) -> Result<Money, MoneyError> {
        let mut amounts = self.of(Side::Partner).map(|record| record.money.amount);
        Ok(Money {
            amount: amounts.try_fold(Amount::ZERO, Amount::checked_add)?,
            ..self.partner.money
        })
    }

    /// All records of one side.
    pub fn of(&self, side: Side) -> impl Iterator<Item = &Record> {
        self.records().filter(move |record| record.side == side)
    }
}

/// What the first rule decided about some buckets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// What agrees.
    pub matched: Vec<Matched>,
    /// Differences, in no order to speak of.
    pub discrepancies: Vec<Discrepancy>,
    /// What was announced, and told the end of since.
    pub superseded: Vec<Superseded>,
    /// Records that belong to another client or invoice than the run is about.
    pub out_of_scope: Pool,
    /// What the first rule could not decide: for [`conclude`].
    pub left: Pool,
}

/// What became of every record that was compared: each is in exactly one of these (for
/// discrepancies see [`own_records`]).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// What agrees.
    pub matched: Vec<Matched>,
    /// Differences, in order of reference, kind and id by [`compare`] only.
    pub discrepancies: Vec<Discrepancy>,
    /// Ledger records that the partner may still report: their settlement window has not ended.
    pub in_transit: Vec<Record>,
    /// What was announced, and told the end of since: no money of its own.
    pub superseded: Vec<Superseded>,
    /// Records that belong to another client or invoice than the run is about.
    pub out_of_scope: Pool,
    /// Where records stand for which nothing was found, beside what is missing or in transit: there again, or
    /// out of scope.
    pub also_lone: Vec<Place>,
}

impl Findings {
    /// All records that are decided about.
    pub fn decided(&self) -> impl Iterator<Item = &Record> {
        let decided = decided(&self.matched, &self.discrepancies, &self.superseded);
        decided.chain(self.out_of_scope.records())
    }
}

impl Comparison {
    /// All records that it accounts for.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        let decided = decided(&self.matched, &self.discrepancies, &self.superseded);
        let others = self.in_transit.iter().chain(self.out_of_scope.records());
        decided.chain(others)
    }

    /// Takes in what became of other records.
    fn append(&mut self, mut other: Comparison) {
        self.matched.append(&mut other.matched);
        self.discrepancies.append(&mut other.discrepancies);
        self.in_transit.append(&mut other.in_transit);
        self.superseded.append(&mut other.superseded);
        self.out_of_scope.append(other.out_of_scope);
        self.also_lone.append(&mut other.also_lone);
    }
}

/// The records of all of these.
fn decided<'r>(
    matched: &'r [Matched],
    discrepancies: &'r [Discrepancy],
    superseded: &'r [Superseded],
) -> impl Iterator<Item = &'r Record> {
    let matched = matched.iter().flat_map(Matched::records);
    let differing = discrepancies.iter().flat_map(own_records);
    let superseded = superseded.iter().map(|it| &it.record);
    matched.chain(differing).chain(superseded)
}

/// Applies the first rule to the records of whole buckets (see [`Buckets`]).
#[must_use]
pub fn match_buckets(policy: &SourcePolicy, context: &RunContext, pool: Pool) -> Findings {
    let mut work = Work::new(policy, context, pool);
    // What goes together by other than equal texts is not in one bucket: it waits for all that is left.
    if policy
        .rules
        .first()
        .is_some_and(|rule| !rule.looks_at_all())
    {
        announced::supersede(&mut work);
        taken_back::set_aside(&mut work);
        work.kin_groups = KinGroups::of(&work);
        work.apply_rule(0, Look::First);
        work.settle_kin();
    }
    let (decided, left) = work.finish();
    Findings {
        matched: decided.matched,
        discrepancies: decided.discrepancies,
        superseded: decided.superseded,
        out_of_scope: decided.out_of_scope,
        left,
    }
}

/// Applies the remaining rules to what all buckets left, and says of every record that is then
/// still alone why: ambiguous, again, missing, in transit or out of scope.
#[must_use]
pub fn conclude(policy: &SourcePolicy, context: &RunContext, left: Pool) -> Comparison {
    let [mut comparison, lone_of_ledger] = conclude_in_parts(policy, context, left);
    comparison.append(lone_of_ledger);
    comparison
}

/// [`conclude`] for those to whom two lists are as good as one: a long list is not moved. The ledger's
/// lone records are in the second.
#[must_use]
pub fn conclude_in_parts(
    policy: &SourcePolicy,
    context: &RunContext,
    left: Pool,
) -> [Comparison; 2] {
    let mut work = Work::new(policy, context, left);
    work.are_left = true;
    work.kin_groups = KinGroups::of(&work);
    for rule in 0..policy.rules.len() {
        // The first rule was applied, bucket by bucket, but for what waits for others.
        if rule > 0 || apart::waits_for_later(policy, 0) {
            work.apply_rule(rule, Look::First);
            work.settle_apart(rule);
        }
    }
    // A later rule may have taken some of the records between which an earlier one could not
    // choose, so the choice may be plain now; what is not, is ambiguous.
    for rule in 0..policy.rules.len() {
        work.apply_rule(rule, Look::Last);
    }
    work.settle_kin();
    lone::classify(work)
}

/// The whole comparison in one go: [`match_buckets`], then [`conclude`], then [a look again](LookAgain).
#[must_use]
pub fn compare(policy: &SourcePolicy, context: &RunContext, pool: Pool) -> Comparison {
    let findings = match_buckets(policy, context, pool);
    let mut comparison = conclude(policy, context, findings.left);
    let look = LookAgain::of(policy, slice::from_ref(&comparison));
    comparison.matched.splice(0..0, findings.matched);
    comparison.discrepancies.extend(findings.discrepancies);
    comparison.superseded.extend(findings.superseded);
    comparison.out_of_scope.append(findings.out_of_scope);
    if let Some(mut look) = look {
        comparison.records().for_each(|record| look.see(record));
        look.settle(policy, context, slice::from_mut(&mut comparison));
    }
    identity::sort_for_people(&mut comparison.discrepancies);
    comparison
}

/// The records that a discrepancy accounts for. Others that it shows have a place of their own:
/// the original of a duplicate, the nearest candidate.
pub fn own_records(discrepancy: &Discrepancy) -> impl Iterator<Item = &Record> {
    let related: &[Record] = match is_repetition(discrepancy.kind) {
        true => &[],
        false => &discrepancy.related,
    };
    let shown = discrepancy.partner.iter().chain(&discrepancy.ledger);
    shown.chain(related)
}

/// The same, to keep.
fn into_own_records(discrepancy: Discrepancy) -> impl Iterator<Item = Record> {
    let related = match is_repetition(discrepancy.kind) {
        true => Vec::new(),
        false => discrepancy.related,
    };
    let shown = discrepancy.partner.into_iter().chain(discrepancy.ledger);
    shown.chain(related)
}

pub(crate) fn is_repetition(kind: Kind) -> bool {
    matches!(kind, Kind::DuplicateAtPartner | Kind::DuplicateInLedger)
}

/// What a discrepancy's own records of one side come to, or the first of them where they have different currencies
/// or a sum that is too large to be exact. None where it has none.
#[must_use]
pub fn own_sum(discrepancy: &Discrepancy, side: Side) -> Option<Money> {
    let own = || own_records(discrepancy).filter(|record| record.side == side);
    let first = own().next()?.money;
    several::sum(own()).or(Some(first))
}

/// Whether some rule can find a counterpart for this record at all.
#[must_use]
pub fn can_match(policy: &SourcePolicy, record: &Record) -> bool {
    let mut rules = policy.rules.iter();
    rules.any(|rule| key::is_complete(rule, record))
}
