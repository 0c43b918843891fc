//! The conservation of money: per side and currency, what came in is where it went.
//!
//! opening open + received = matched + written off + voided + carried forward, by count and by
//! exact sum. Received and where it went are counted from different values (the inputs, the
//! outcome), so a record that is lost or used twice shows.

use std::collections::BTreeMap;

use crate::matching::{Comparison, own_records};
use crate::money::{Amount, Currency};
use crate::record::{Record, Side};

/// How many records and the sum of their amounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CountAndSum {
    /// Number of records.
    pub count: u64,
    /// Sum of their signed amounts; `None` when it is too large to be exact.
    pub sum: Option<Amount>,
}

impl Default for CountAndSum {
    fn default() -> Self {
        CountAndSum {
            count: 0,
            sum: Some(Amount::ZERO),
        }
    }
}

impl CountAndSum {
    /// Counts one more record.
    pub fn add(&mut self, record: &Record) {
        self.append(CountAndSum {
            count: 1,
            sum: Some(record.money.amount),
        });
    }

    /// Takes in what was counted elsewhere.
    pub fn append(&mut self, other: CountAndSum) {
        self.count += other.count;
        let both = self.sum.zip(other.sum);
        self.sum = both.and_then(|(left, right)| left.checked_add(right).ok());
    }
}

/// One side's records in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Line {
    /// Carried forward by earlier runs.
    pub opening: CountAndSum,
    /// Accepted from this run's inputs.
    pub received: CountAndSum,
    /// In a pair that agrees.
    pub matched: CountAndSum,
    /// Given up, with a reason.
    pub written_off: CountAndSum,
    /// Declared not to exist.
    pub voided: CountAndSum,
    /// Still open: in a discrepancy, in transit, or on a side that was not matched.
    pub carried_forward: CountAndSum,
}

impl Line {
    /// Whether every record and every cent is somewhere, once. Sums too large to be exact prove
    /// nothing: it then does not hold.
    #[must_use]
    pub fn holds(&self) -> bool {
        let total = |parts: &[CountAndSum]| {
            parts.iter().fold(CountAndSum::default(), |mut total, part| {
                total.append(*part);
                total
            })
        };
        let came = total(&[self.opening, self.received]);
        let went = total(&[
            self.matched,
            self.written_off,
            self.voided,
            self.carried_forward,
        ]);
        came == went && came.sum.is_some()
    }
}

/// All lines, by side and currency. Nothing is added up across currencies.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conservation(BTreeMap<(Side, Currency), Line>);

impl Conservation {
    /// Counts records as received.
    pub fn receive<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>) {
        for record in records {
            self.line(record).received.add(record);
        }
    }

    /// Counts records as carried forward without having been compared.
    pub fn carry_forward<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>) {
        for record in records {
            self.line(record).carried_forward.add(record);
        }
    }

    /// Counts where the compared records went. Those outside of the run's scope are not its own:
    /// they are not to be counted as received either.
    pub fn conclude(&mut self, comparison: &Comparison) {
        for pair in &comparison.matched {
            for record in [&pair.partner, &pair.ledger] {
                self.line(record).matched.add(record);
            }
        }
        self.carry_forward(comparison.discrepancies.iter().flat_map(own_records));
        self.carry_forward(&comparison.in_transit);
    }

    /// The lines in order: the partner's, then the ledger's, by currency code.
    pub fn lines(&self) -> impl Iterator<Item = (Side, Currency, &Line)> {
        self.0
            .iter()
            .map(|((side, currency), line)| (*side, *currency, line))
    }

    /// Whether every line holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.0.values().all(Line::holds)
    }

    fn line(&mut self, record: &Record) -> &mut Line {
        self.0
            .entry((record.side, record.money.currency))
            .or_default()
    }
}
