//! Money that somebody looks for among many records.

use std::collections::HashSet;

use super::sieve::PlainAmount;
use crate::money::{Currency, Money};
use crate::record::Record;

/// Amounts of money, in units of the smallest amount.
#[derive(Clone, Debug, Default)]
pub struct WantedMoney(HashSet<(Currency, i128)>);

impl WantedMoney {
    /// Whether it is the money of a row.
    #[must_use]
    #[inline]
    pub fn is_of_row(&self, amount: PlainAmount, currency: Currency) -> bool {
        self.0.contains(&(currency, amount.units()))
    }

    /// Whether it is the money of a record.
    #[must_use]
    pub fn is_of(&self, record: &Record) -> bool {
        let units = record.money.amount.to_units();
        units.is_ok_and(|units| self.0.contains(&(record.money.currency, units)))
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds some; one that is beyond all units is no record's.
    pub(super) fn add(&mut self, money: Money) {
        let units = money.amount.to_units();
        self.0.extend(units.map(|units| (money.currency, units)));
    }
}

impl FromIterator<Money> for WantedMoney {
    fn from_iter<I: IntoIterator<Item = Money>>(all: I) -> Self {
        let mut wanted = WantedMoney::default();
        all.into_iter().for_each(|money| wanted.add(money));
        wanted
    }
}
