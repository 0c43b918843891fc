//! The score: what was expected, found and correct, for each kind and each trouble.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::money::{Amount, Currency, Money, MoneyError};

use super::claim::{Claim, Claims, What};
use super::compared::compared;
use crate::generate::PLAIN;
use crate::report::run_report::Share;

/// Some claims: how many, and what they are worth.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Part {
    pub(crate) count: u64,
    /// Never summed across currencies.
    pub(crate) value: BTreeMap<Currency, Amount>,
    /// Some are of unknown value, so that the sums are too small.
    pub(crate) is_partly_unknown: bool,
}

/// What was expected, found, and both.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) expected: Part,
    pub(crate) found: Part,
    pub(crate) correct: Part,
}

/// The score of a result.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Card {
    /// By what is said.
    pub(crate) kinds: BTreeMap<What, Figures>,
    /// Of all discrepancies together.
    pub(crate) discrepancies: Figures,
    /// By label: of discrepancies, then of matches. A claim that touches no labelled record is
    /// under no label.
    pub(crate) troubles: BTreeMap<Arc<str>, [Figures; 2]>,
    /// Whether matches were scored: both sides have them.
    pub(crate) has_matches: bool,
    /// What was expected and not found.
    pub(crate) missed: Vec<Claim>,
    /// What was found and not expected, with the label of the records that it is about.
    pub(crate) wrong: Vec<Claim>,
}

impl Part {
    fn add(&mut self, value: Option<Money>) -> Result<(), MoneyError> {
        self.count += 1;
        match value {
            Some(money) => {
                let sum = self.value.entry(money.currency).or_default();
                *sum = sum.checked_add(money.amount.abs())?;
            }
            None => self.is_partly_unknown = true,
        }
        Ok(())
    }

    /// What is in `currency`; none where that is not known in full.
    pub(crate) fn value_in(&self, currency: Currency) -> Option<Amount> {
        let known = !self.is_partly_unknown;
        known.then(|| self.value.get(&currency).copied().unwrap_or_default())
    }
}

impl Figures {
    /// How much of what was found is right.
    pub(crate) fn precision(&self) -> Option<Share> {
        Share::of_counts(self.correct.count, self.found.count)
    }

    /// How much of what is right was found.
    pub(crate) fn recall(&self) -> Option<Share> {
        Share::of_counts(self.correct.count, self.expected.count)
    }

    /// As [`Figures::precision`], by the value in a currency.
    pub(crate) fn precision_in(&self, currency: Currency) -> Option<Share> {
        Share::of_amounts(
            self.correct.value_in(currency)?,
            self.found.value_in(currency)?,
        )
    }

    /// As [`Figures::recall`], by the value in a currency.
    pub(crate) fn recall_in(&self, currency: Currency) -> Option<Share> {
        Share::of_amounts(
            self.correct.value_in(currency)?,
            self.expected.value_in(currency)?,
        )
    }

    /// The currencies that there is any value in.
    pub(crate) fn currencies(&self) -> Vec<Currency> {
        let parts = [&self.expected, &self.found, &self.correct];
        let all = parts.iter().flat_map(|part| part.value.keys().copied());
        let all: std::collections::BTreeSet<Currency> = all.collect();
        all.into_iter().collect()
    }
}

impl Card {
    /// Scores what was found against what is expected.
    ///
    /// # Errors
    /// A sum is too large to be exact.
    pub(crate) fn of(expected: &Claims, found: &Claims) -> Result<Card, MoneyError> {
        let labels = Labels::of(expected);
        let mut card = Card::default();
        card.score(&expected.discrepancies, &found.discrepancies, &labels)?;
        if let (Some(expected), Some(found)) = (&expected.matches, &found.matches) {
            card.has_matches = true;
            card.score(expected, found, &labels)?;
        }
        Ok(card)
    }

    /// Nothing is missed, and nothing is false.
    pub(crate) fn is_exact(&self) -> bool {
        self.missed.is_empty() && self.wrong.is_empty()
    }

    fn score(
        &mut self,
        expected: &[Claim],
        found: &[Claim],
        labels: &Labels,
    ) -> Result<(), MoneyError> {
        let compared = compared(expected, found);
        for (expected_at, found_at) in compared.correct {
            let (claim, also) = (&expected[expected_at], &found[found_at]);
            // The truth's word counts, so that what is right has one value.
            let value = claim.value.or(also.value);
            self.add(claim, value, |figures| &mut figures.expected)?;
            self.add(claim, value, |figures| &mut figures.found)?;
            self.add(claim, value, |figures| &mut figures.correct)?;
        }
        for index in compared.missed {
            let claim = &expected[index];
            self.add(claim, claim.value, |figures| &mut figures.expected)?;
            self.missed.push(claim.clone());
        }
        for index in compared.wrong {
            let trouble = labels.of_claim(&found[index]);
            let claim = Claim {
                trouble,
                ..found[index].clone()
            };
            self.add(&claim, claim.value, |figures| &mut figures.found)?;
            self.wrong.push(claim);
        }
        Ok(())
    }

    fn add(
        &mut self,
        claim: &Claim,
        value: Option<Money>,
        part: fn(&mut Figures) -> &mut Part,
    ) -> Result<(), MoneyError> {
        part(self.kinds.entry(claim.what).or_default()).add(value)?;
        let is_match = claim.what == What::Match;
        if !is_match {
            part(&mut self.discrepancies).add(value)?;
        }
        if let Some(trouble) = &claim.trouble {
            let of_trouble = self.troubles.entry(Arc::clone(trouble)).or_default();
            part(&mut of_trouble[usize::from(is_match)]).add(value)?;
        }
        Ok(())
    }
}

/// The labels that the truth gives records, by line.
struct Labels {
    partner: HashMap<u32, Arc<str>>,
    ledger: HashMap<u32, Arc<str>>,
}

impl Labels {
    fn of(truth: &Claims) -> Labels {
        let mut labels = Labels {
            partner: HashMap::new(),
            ledger: HashMap::new(),
        };
        for claim in truth
            .discrepancies
            .iter()
            .chain(truth.matches.iter().flatten())
        {
            let Some(trouble) = &claim.trouble else {
                continue;
            };
            let labelled = |line: &u32| (*line, Arc::clone(trouble));
            labels
                .partner
                .extend(claim.lines.partner.iter().map(labelled));
            labels
                .ledger
                .extend(claim.lines.ledger.iter().map(labelled));
        }
        labels
    }

    /// The label of the first record that this is about; of one in trouble, if there is one.
    fn of_claim(&self, claim: &Claim) -> Option<Arc<str>> {
        let partner = claim.lines.partner.iter();
        let ledger = claim.lines.ledger.iter();
        let labels = || {
            let partner = partner.clone().filter_map(|line| self.partner.get(line));
            partner.chain(ledger.clone().filter_map(|line| self.ledger.get(line)))
        };
        let in_trouble = labels().find(|label| ***label != *PLAIN);
        in_trouble.or_else(|| labels().next()).cloned()
    }
}
