//! How many rows in each currency, and their exact sum: for the conservation of money.

use super::pairs::KeptRow;
use super::row::{Day, Facts, PlainAmount, SHORT_UNITS};
use crate::conservation::CountAndSum;
use crate::money::{Currency, MoneyError};

/// Counts and sums by currency, and the latest day.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Where in `sums` a currency is, from 1, by its ordinal.
    places: Vec<u16>,
    sums: Vec<Sum>,
    latest: Option<Day>,
}

/// How many rows of one currency, and how much.
#[derive(Clone, Debug)]
struct Sum {
    currency: u16,
    count: u64,
    /// Of the amounts in their short form: 2^63 rows of the largest word are no more than 126 bits.
    short: i128,
    /// Of the other ones, in units of the smallest amount there is.
    fine: i128,
}

impl Sum {
    fn units(&self) -> Option<i128> {
        self.short.checked_mul(SHORT_UNITS)?.checked_add(self.fine)
    }
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
        let sum = self.sum_mut(currency);
        sum.count += 1;
        // Nearly all rows are short: they are brought to the smallest unit together.
        let part = match amount.is_fine {
            true => &mut sum.fine,
            false => &mut sum.short,
        };
        *part += i128::from(amount.number);
    }

    /// Counts in what was counted elsewhere.
    pub fn merge(&mut self, other: &Tally) {
        self.latest = self.latest.max(other.latest);
        for more in &other.sums {
            let sum = self.sum_mut(more.currency);
            sum.count += more.count;
            sum.short += more.short;
            sum.fine += more.fine;
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
        self.sums.iter().map(|sum| sum.count).sum()
    }

    /// Counts and sums by currency.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when a sum does not fit.
    pub fn lines(&self) -> impl Iterator<Item = Result<(Currency, CountAndSum), MoneyError>> {
        self.sums.iter().map(|sum| {
            let currency = Currency::of_ordinal(sum.currency).ok_or(MoneyError::NotACurrency)?;
            let units = sum.units().ok_or(MoneyError::Overflow)?;
            Ok((currency, CountAndSum::of_units(sum.count, units)))
        })
    }

    #[inline]
    fn sum_mut(&mut self, currency: u16) -> &mut Sum {
        let place = &mut self.places[usize::from(currency)];
        if *place == 0 {
            self.sums.push(Sum {
                currency,
                count: 0,
                short: 0,
                fine: 0,
            });
            *place = self.sums.len() as u16;
        }
        &mut self.sums[usize::from(*place) - 1]
    }
}
