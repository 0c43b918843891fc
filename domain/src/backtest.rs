//! Two results of the same records, by other rules: which matches are the same, new, lost or changed,
//! and how that stands to what people decided.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::case::Resolution;
use crate::discrepancy::{Discrepancy, DiscrepancyId};
use crate::matching::{Comparison, own_records};
use crate::money::{Amount, Currency, Money, MoneyError};
use crate::policy::SourcePolicy;
use crate::record::{Place, Record};

/// Records that were matched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// Name of the rule.
    pub rule: String,
    /// What people call them.
    pub reference: String,
    /// Of both sides.
    pub places: BTreeSet<Place>,
    /// What the partner reports, of several the sum.
    pub value: Money,
}

/// What a set of rules gives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// What agrees.
    pub matches: Vec<Match>,
    /// What does not.
    pub discrepancies: Vec<Discrepancy>,
}

impl Outcome {
    /// What a comparison by the rules of `policy` gives.
    ///
    /// # Errors
    /// The sum of a match is no longer exact.
    pub fn of(policy: &SourcePolicy, comparison: Comparison) -> Result<Self, MoneyError> {
        let matches = comparison.matched.iter().map(|matched| {
            let rule = policy.rule(matched.rule);
            let reference = matched.ledger.display_reference();
            let reference = reference.or_else(|| matched.partner.display_reference());
            Ok(Match {
                rule: rule.map_or_else(String::new, |rule| rule.name.clone()),
                reference: reference.unwrap_or_default().to_owned(),
                places: matched.records().map(Place::of).collect(),
                value: matched.reported()?,
            })
        });
        Ok(Outcome {
            matches: matches.collect::<Result<_, _>>()?,
            discrepancies: comparison.discrepancies,
        })
    }
}

/// How many, and how much: in each currency by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// How much, signs and all.
    pub value: BTreeMap<Currency, Amount>,
}

impl Tally {
    fn add(&mut self, value: Money) -> Result<(), MoneyError> {
        self.count += 1;
        let sum = self.value.entry(value.currency).or_default();
        *sum = sum.checked_add(value.amount)?;
        Ok(())
    }

    /// Of these matches.
    ///
    /// # Errors
    /// A sum that is no longer exact.
    pub fn of(matches: &[Match]) -> Result<Self, MoneyError> {
        let mut tally = Tally::default();
        for found in matches {
            tally.add(found.value)?;
        }
        Ok(tally)
    }

    /// Takes in another.
    ///
    /// # Errors
    /// A sum that is no longer exact.
    pub fn merge(&mut self, other: &Tally) -> Result<(), MoneyError> {
        self.count += other.count;
        for (currency, amount) in &other.value {
            let sum = self.value.entry(*currency).or_default();
            *sum = sum.checked_add(*amount)?;
        }
        Ok(())
    }
}

/// How new rules do beside old ones, on the records of one run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Backtest {
    /// Both match the same records.
    pub same: Tally,
    /// Only the new rules match these; the old ones left all of their records alone.
    pub new: Vec<Match>,
    /// Only the old rules match these.
    pub lost: Vec<Match>,
    /// The new rules match records of these with others, or without some.
    pub changed: Vec<Match>,
    /// Only the new rules find these.
    pub appeared: Vec<Discrepancy>,
    /// Only the old rules find these.
    pub gone: Vec<Discrepancy>,
    /// What people decided, and what the new rules make of it.
    pub decided: Vec<Decided>,
}

/// What new rules make of a decision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Agreement {
    /// As it was decided.
    Agrees,
    /// Still reported, though people found it to be in order.
    AsksAgain,
    /// Matched, or with another record, though people found otherwise.
    Contradicts,
}

impl Agreement {
    /// In all orders of listing.
    pub const ALL: [Agreement; 3] = [
        Agreement::Agrees,
        Agreement::AsksAgain,
        Agreement::Contradicts,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Agreement::Agrees => "agrees",
            Agreement::AsksAgain => "asks_again",
            Agreement::Contradicts => "contradicts",
        }
    }
}

/// A discrepancy that somebody resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// Which.
    pub discrepancy: DiscrepancyId,
    /// What it is called.
    pub reference: String,
    /// What was decided.
    pub resolution: Resolution,
    /// What the new rules make of it.
    pub agreement: Agreement,
}

/// Holds what new rules give against what the old ones gave, and against the resolutions in force, by
/// the old discrepancy.
///
/// # Errors
/// Values too large to be added.
pub fn backtest(
    old: &Outcome,
    new: Outcome,
    resolutions: &BTreeMap<String, Resolution>,
) -> Result<Backtest, MoneyError> {
    let decided = decided(old, &new, resolutions);
    let of_old = by_place(&old.matches);
    let mut is_touched = vec![false; old.matches.len()];
    let mut found = Backtest {
        decided,
        ..Backtest::default()
    };
    for matched in new.matches {
        let touched: BTreeSet<usize> = matched
            .places
            .iter()
            .filter_map(|place| of_old.get(place).copied())
            .collect();
        touched.iter().for_each(|index| is_touched[*index] = true);
        let mut first = touched.iter().map(|index| &old.matches[*index]);
        match first.next() {
            None => found.new.push(matched),
            Some(before) if before.places == matched.places => found.same.add(matched.value)?,
            Some(_) => found.changed.push(matched),
        }
    }
    let lost = old.matches.iter().zip(is_touched);
    let lost = lost.filter(|(_, is_touched)| !is_touched);
    found.lost = lost.map(|(matched, _)| matched.clone()).collect();
    let ids = |outcome: &[Discrepancy]| -> BTreeSet<DiscrepancyId> {
        outcome.iter().map(|found| found.id).collect()
    };
    let (before, now) = (ids(&old.discrepancies), ids(&new.discrepancies));
    let gone = old.discrepancies.iter().filter(|it| !now.contains(&it.id));
    found.gone = gone.cloned().collect();
    let appeared = new.discrepancies.into_iter();
    found.appeared = appeared.filter(|it| !before.contains(&it.id)).collect();
    Ok(found)
}

fn by_place(matches: &[Match]) -> HashMap<&Place, usize> {
    let matches = matches.iter().enumerate();
    matches
        .flat_map(|(index, found)| found.places.iter().map(move |place| (place, index)))
        .collect()
}

fn decided(
    old: &Outcome,
    new: &Outcome,
    resolutions: &BTreeMap<String, Resolution>,
) -> Vec<Decided> {
    let matched = by_place(&new.matches);
    let left = old.discrepancies.iter().flat_map(own_records);
    let left: Left = left.map(|record| (Place::of(record), record)).collect();
    let decided = old.discrepancies.iter().filter_map(|found| {
        let resolution = resolutions.get(found.id.as_str())?;
        Some(Decided {
            discrepancy: found.id,
            reference: found.reference.to_string(),
            resolution: resolution.clone(),
            agreement: agreement(&left, new, &matched, found, resolution),
        })
    });
    decided.collect()
}

/// The records that a set of rules left, by where they stand.
type Left<'r> = HashMap<Place, &'r Record>;

fn agreement(
    left: &Left<'_>,
    new: &Outcome,
    matched: &HashMap<&Place, usize>,
    found: &Discrepancy,
    resolution: &Resolution,
) -> Agreement {
    let own: Vec<Place> = own_records(found).map(Place::of).collect();
    let matches: Option<BTreeSet<usize>> = own
        .iter()
        .map(|place| matched.get(place).copied())
        .collect();
    let is_matched = matches.as_ref().is_some_and(|matches| !matches.is_empty());
    match resolution {
        Resolution::Match { with } => match matches.filter(|_| is_matched) {
            None => Agreement::AsksAgain,
            Some(matches) => {
                let is_with = |index: &usize| joins(left, &new.matches[*index], &own, with);
                match matches.iter().all(is_with) {
                    true => Agreement::Agrees,
                    false => Agreement::Contradicts,
                }
            }
        },
        Resolution::Accept | Resolution::NotAnError => match is_matched {
            true => Agreement::Agrees,
            false => Agreement::AsksAgain,
        },
        Resolution::WriteOff { .. }
        | Resolution::DuplicateConfirmed
        | Resolution::InTransit { .. }
        | Resolution::PartnerToCorrect
        | Resolution::LedgerToCorrect
        | Resolution::Void => match is_matched {
            true => Agreement::Contradicts,
            false => Agreement::Agrees,
        },
    }
}

/// Whether a match has, beside `own`, a record that is called `with`: by what the old rules left.
fn joins(left: &Left<'_>, matched: &Match, own: &[Place], with: &str) -> bool {
    let mut others = matched.places.iter().filter(|place| !own.contains(place));
    others.any(|place| {
        let record = left.get(place);
        let mut texts = record.into_iter().flat_map(|record| &record.references);
        texts.any(|(_, text)| **text == *with)
    })
}

#[cfg(test)]
mod tests;
