//! What a run found and what of it is open: by kind, severity, age and currency.

use std::collections::BTreeMap;

use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use domain::severity::Severity;

use super::age::AgeBucket;
use super::model::Item;

/// Discrepancies and what is at stake in them, in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stake {
    /// How many.
    pub count: u64,
    /// Sum of what is at stake; `None` when it is too large to be exact.
    pub at_stake: Option<Amount>,
}

impl Default for Stake {
    fn default() -> Self {
        Stake {
            count: 0,
            at_stake: Some(Amount::ZERO),
        }
    }
}

impl Stake {
    pub(super) fn add(&mut self, amount: Amount) {
        self.count += 1;
        let sum = self.at_stake.and_then(|sum| sum.checked_add(amount).ok());
        self.at_stake = sum;
    }
}

/// How many were found and how many of them are open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Found by the run.
    pub found: u64,
    /// Open or waiting for a second person.
    pub open: u64,
}

/// The open discrepancies of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CurrencyFigures {
    /// All that the run found.
    pub found: Stake,
    /// Those that are open: the value at risk.
    pub open: Stake,
    /// Of the open ones, the critical.
    pub critical: Stake,
}

/// The figures of all discrepancies.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// All of them.
    pub total: Tally,
    /// By how urgent they are.
    pub by_severity: BTreeMap<Severity, Tally>,
    /// By what is different and how urgent it is.
    pub by_kind: BTreeMap<(Kind, Severity), Tally>,
    /// What is at stake, by what is different.
    pub stakes: BTreeMap<(Kind, Currency), CurrencyFigures>,
    /// What is at stake, by currency.
    pub by_currency: BTreeMap<Currency, CurrencyFigures>,
    /// The open ones by age and how urgent they are.
    pub ageing: BTreeMap<(AgeBucket, Severity), u64>,
    /// The open ones by age and currency.
    pub ageing_stakes: BTreeMap<(AgeBucket, Currency), Stake>,
    /// Age of the oldest open one, in business days.
    pub oldest_open: Option<u64>,
}

impl Figures {
    /// How many there are of a severity.
    #[must_use]
    pub fn of_severity(&self, severity: Severity) -> Tally {
        self.by_severity.get(&severity).copied().unwrap_or_default()
    }
}

pub(super) fn figures(items: &[Item]) -> Figures {
    let mut figures = Figures::default();
    for item in items {
        add(&mut figures, item);
    }
    figures
}

fn add(figures: &mut Figures, item: &Item) {
    let discrepancy = &item.discrepancy;
    let (kind, severity, currency) = (discrepancy.kind, discrepancy.severity, discrepancy.currency);
    let at_stake = discrepancy.at_stake.abs();
    let is_open = item.is_open();
    for tally in [
        &mut figures.total,
        figures.by_severity.entry(severity).or_default(),
        figures.by_kind.entry((kind, severity)).or_default(),
    ] {
        tally.found += 1;
        tally.open += u64::from(is_open);
    }
    for stakes in [
        figures.stakes.entry((kind, currency)).or_default(),
        figures.by_currency.entry(currency).or_default(),
    ] {
        stakes.found.add(at_stake);
        if is_open {
            stakes.open.add(at_stake);
        }
        if is_open && severity == Severity::Critical {
            stakes.critical.add(at_stake);
        }
    }
    if is_open {
        let bucket = AgeBucket::of(item.age_business_days);
        *figures.ageing.entry((bucket, severity)).or_default() += 1;
        let stake = figures.ageing_stakes.entry((bucket, currency)).or_default();
        stake.add(at_stake);
        figures.oldest_open = figures.oldest_open.max(Some(item.age_business_days));
    }
}
