//! How many rows in each currency, and their exact sum: for the conservation of money.

use super::pairs::KeptRow;
use super::row::{Day, Facts, PlainAmount};
use crate::conservation::CountAndSum;
use crate::money::{Currency, MoneyError};

/// Counts and sums by currency, and the latest day.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Where in `sums` a currency is, from 1, by its ordinal.
    places: Vec<u16>,
    sums: Vec<(u16, u64, i128)>,
    latest: Option<Day>,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            places: vec![0; usize::from(Currency::ORDINALS)],
            sums: Vec::new(),
            latest: None,
        }
    }
}

impl Tally {
    /// Counts a row in.
    #[inline]
    pub fn add(&mut self, facts: &Facts) {
        self.latest = self.latest.max(Some(facts.day));
        self.add_amount(facts.currency.ordinal(), facts.amount);
    }

    /// Counts a kept row in, but for its day.
    #[inline]
    pub fn add_kept(&mut self, row: &KeptRow<'_>) {
        self.add_amount(row.currency.ordinal(), row.amount);
    }

    #[inline]
    pub(super) fn add_amount(&mut self, currency: u16, amount: PlainAmount) {
        let (_, count, sum) = self.sum_mut(currency);
        *count += 1;
        // 2^63 rows of the largest word are no more than 126 bits.
        *sum += amount.units();
    }

    /// Counts in what was counted elsewhere.
    pub fn merge(&mut self, other: &Tally) {
        self.latest = self.latest.max(other.latest);
        for (currency, more, units) in &other.sums {
            let (_, count, sum) = self.sum_mut(*currency);
            *count += more;
            *sum += units;
        }
    }

    /// The latest day of all rows that were added one by one.
    #[must_use]
    pub fn latest(&self) -> Option<Day> {
        self.latest
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.sums.iter().map(|(_, count, _)| count).sum()
    }

    /// Counts and sums by currency.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when a sum does not fit.
    pub fn lines(&self) -> impl Iterator<Item = Result<(Currency, CountAndSum), MoneyError>> {
        self.sums.iter().map(|(currency, count, units)| {
            let currency = Currency::of_ordinal(*currency).ok_or(MoneyError::NotACurrency)?;
            Ok((currency, CountAndSum::of_units(*count, *units)))
        })
    }

    #[inline]
    fn sum_mut(&mut self, currency: u16) -> &mut (u16, u64, i128) {
        let place = &mut self.places[usize::from(currency)];
        if *place == 0 {
            self.sums.push((currency, 0, 0));
            *place = self.sums.len() as u16;
        }
        &mut self.sums[usize::from(*place) - 1]
    }
}
