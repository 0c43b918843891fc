//! The conservation of money: per side and currency, what came in is where it went.
//!
//! opening + received = matched + written off + voided + carried forward + out of scope, by count
//! and by exact sum. What was received is counted from the inputs, where it went from the
//! outcome, so a record that was lost or used twice shows. Nothing is added up across currencies.
//!
//! Parts can be counted apart (per bucket, per file) and merged in any order.

use std::collections::BTreeMap;
use std::fmt;

use crate::case::Settles;
use crate::discrepancy::Discrepancy;
use crate::matching::{Comparison, Findings, Matched, Superseded, own_records};
use crate::money::{AMOUNT_SCALE_MAX, Amount, Currency, Money, MoneyError};
use crate::record::{FETCHED, Record, Side, fetch};

/// How many records, and the exact sum of their signed amounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CountAndSum {
    count: u64,
    /// In units of the smallest amount there is, so that any order of adding gives the same.
    units: i128,
}

impl CountAndSum {
    /// As counted elsewhere.
    ///
    /// # Errors
    /// [`MoneyError::TooManyDigits`] for a sum that is finer than an amount may be.
    pub fn new(count: u64, sum: Amount) -> Result<Self, MoneyError> {
        let units = sum.to_units()?;
        Ok(CountAndSum { count, units })
    }

    /// As counted elsewhere, in units of the smallest amount there is.
    pub(crate) fn of_units(count: u64, units: i128) -> Self {
        CountAndSum { count, units }
    }

    /// Number of records.
    #[must_use]
    pub fn count(self) -> u64 {
        self.count
    }

    /// Sum of their amounts.
    ///
    /// # Errors
    /// [`MoneyError::TooManyDigits`] when it is larger than an amount may be.
    pub fn sum(self) -> Result<Amount, MoneyError> {
        amount(self.units)
    }

    /// Takes in what was counted elsewhere.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the exact result does not fit.
    pub fn merge(&mut self, other: CountAndSum) -> Result<(), MoneyError> {
        let count = self.count.checked_add(other.count);
        let units = self.units.checked_add(other.units);
        let both = count.zip(units).ok_or(MoneyError::Overflow)?;
        (self.count, self.units) = both;
        Ok(())
    }

    /// Takes out what was counted in.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when there is less than that, or the exact result does not fit.
    pub fn remove(&mut self, other: CountAndSum) -> Result<(), MoneyError> {
        let count = self.count.checked_sub(other.count);
        let units = self.units.checked_sub(other.units);
        let both = count.zip(units).ok_or(MoneyError::Overflow)?;
        (self.count, self.units) = both;
        Ok(())
    }
}

/// One side's records in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Line {
    /// Carried forward by earlier runs.
    pub opening: CountAndSum,
    /// Accepted from this run's inputs.
    pub received: CountAndSum,
    /// In a match.
    pub matched: CountAndSum,
    /// Given up, with a reason.
    pub written_off: CountAndSum,
    /// Declared not to exist, or superseded: announced, and told the end of since.
    pub voided: CountAndSum,
    /// Still open: in a discrepancy, in transit, or on a side that was not matched.
    pub carried_forward: CountAndSum,
    /// Of another client or invoice than the run is about; nothing in a run of the whole source.
    pub out_of_scope: CountAndSum,
}

impl Line {
    /// Whether every record and every cent is somewhere, once.
    #[must_use]
    pub fn holds(&self) -> bool {
        let [came, went] = [self.came(), self.went()];
        matches!((came, went), (Ok(came), Ok(went)) if came == went)
    }

    /// Takes in what was counted elsewhere.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when an exact sum does not fit.
    pub fn merge(&mut self, other: &Line) -> Result<(), MoneyError> {
        self.opening.merge(other.opening)?;
        self.received.merge(other.received)?;
        self.matched.merge(other.matched)?;
        self.written_off.merge(other.written_off)?;
        self.voided.merge(other.voided)?;
        self.carried_forward.merge(other.carried_forward)?;
        self.out_of_scope.merge(other.out_of_scope)
    }

    /// The part of a resolution that settles; `None` for one that does not.
    pub fn settled_as(&mut self, settles: Settles) -> Option<&mut CountAndSum> {
        match settles {
            Settles::Matched => Some(&mut self.matched),
            Settles::WrittenOff => Some(&mut self.written_off),
            Settles::Voided => Some(&mut self.voided),
            Settles::Nothing => None,
        }
    }

    fn came(&self) -> Result<CountAndSum, MoneyError> {
        total([self.opening, self.received])
    }

    fn went(&self) -> Result<CountAndSum, MoneyError> {
        total([
            self.matched,
            self.written_off,
            self.voided,
            self.carried_forward,
            self.out_of_scope,
        ])
    }
}

/// A line that does not hold, and by how much: what came less where it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Imbalance {
    /// Whose records.
    pub side: Side,
    /// In which currency.
    pub currency: Currency,
    /// Records that are nowhere; negative when there are more than came.
    pub count: i128,
    /// Money that is nowhere; `None` when it is larger than an amount may be.
    pub sum: Option<Amount>,
}

impl fmt::Display for Imbalance {
    /// `partner EUR does not balance: 1 record, 12.50 EUR more came in than can be accounted for`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, currency, count) = (self.side, self.currency, self.count);
        let sum = self.sum.map_or_else(
            || "a sum too large to show".to_owned(),
            |amount| Money { amount, currency }.to_string(),
        );
        let plural = if count == 1 { "" } else { "s" };
        write!(
            f,
            "{side} {currency} does not balance: {count} record{plural}, {sum} more came in than \
             can be accounted for"
        )
    }
}

/// All lines, by side and currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conservation(BTreeMap<(Side, Currency), Line>);

impl Conservation {
    /// Counts records as received.
    ///
    /// # Errors
    /// [`MoneyError`] when an exact sum does not fit; as for all that follow.
    pub fn receive<'r>(
        &mut self,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Result<(), MoneyError> {
        self.count(records, |line| &mut line.received)
    }

    /// Counts records as carried forward by earlier runs.
    ///
    /// # Errors
    /// When an exact sum does not fit.
    pub fn open_with<'r>(
        &mut self,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Result<(), MoneyError> {
        self.count(records, |line| &mut line.opening)
    }

    /// Counts records as settled by a resolution, or as taken back (voided).
    ///
    /// # Errors
    /// When an exact sum does not fit.
    pub fn settle<'r>(
        &mut self,
        records: impl IntoIterator<Item = &'r Record>,
        settles: Settles,
    ) -> Result<(), MoneyError> {
        for record in records {
            let one = CountAndSum::new(1, record.money.amount)?;
            let line = self.line_mut(record.side, record.money.currency);
            if let Some(part) = line.settled_as(settles) {
                part.merge(one)?;
            }
        }
        Ok(())
    }

    /// Counts records as carried forward without having been compared.
    ///
    /// # Errors
    /// When an exact sum does not fit.
    pub fn carry_forward<'r>(
        &mut self,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Result<(), MoneyError> {
        self.count(records, |line| &mut line.carried_forward)
    }

    /// Counts what the first rule decided about some buckets; what it left is still on its way.
    ///
    /// # Errors
    /// When an exact sum does not fit.
    pub fn decide(&mut self, findings: &Findings) -> Result<(), MoneyError> {
        self.count_matched(&findings.matched)?;
        self.keep_open(&findings.discrepancies)?;
        self.supersede(&findings.superseded)?;
        self.count(findings.out_of_scope.records(), |line| {
            &mut line.out_of_scope
        })
    }

    /// Counts where the compared records went.
    ///
    /// # Errors
    /// When an exact sum does not fit.
    pub fn conclude(&mut self, comparison: &Comparison) -> Result<(), MoneyError> {
        self.count_matched(&comparison.matched)?;
        self.keep_open(&comparison.discrepancies)?;
        self.carry_forward(&comparison.in_transit)?;
        self.supersede(&comparison.superseded)?;
        self.count(comparison.out_of_scope.records(), |line| {
            &mut line.out_of_scope
        })
    }

    /// Takes in what was counted elsewhere.
    ///
    /// # Errors
    /// When an exact sum does not fit.
    pub fn merge(&mut self, other: &Conservation) -> Result<(), MoneyError> {
        other
            .lines()
            .try_for_each(|(side, currency, line)| self.line_mut(side, currency).merge(line))
    }

    /// The line of a side and currency, to be filled from what was counted and stored elsewhere.
    pub fn line_mut(&mut self, side: Side, currency: Currency) -> &mut Line {
        self.0.entry((side, currency)).or_default()
    }

    /// The lines in order: the partner's, then the ledger's, by currency code.
    pub fn lines(&self) -> impl Iterator<Item = (Side, Currency, &Line)> {
        let lines = self.0.iter();
        lines.map(|((side, currency), line)| (*side, *currency, line))
    }

    /// Whether every line holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.0.values().all(Line::holds)
    }

    /// The lines that don't hold, in order.
    #[must_use]
    pub fn imbalances(&self) -> Vec<Imbalance> {
        let open = self.lines().filter(|(_, _, line)| !line.holds());
        open.map(|(side, currency, line)| {
            let gap = line.came().ok().zip(line.went().ok());
            let count = gap.map_or(0, |(came, went)| {
                i128::from(came.count) - i128::from(went.count)
            });
            let units = gap.and_then(|(came, went)| came.units.checked_sub(went.units));
            Imbalance {
                side,
                currency,
                count,
                sum: units.and_then(|units| amount(units).ok()),
            }
        })
        .collect()
    }

    fn keep_open(&mut self, discrepancies: &[Discrepancy]) -> Result<(), MoneyError> {
        for some in discrepancies.chunks(FETCHED) {
            let records = || some.iter().flat_map(own_records);
            fetch(records());
            self.carry_forward(records())?;
        }
        Ok(())
    }

    fn supersede(&mut self, superseded: &[Superseded]) -> Result<(), MoneyError> {
        let records = superseded.iter().map(|it| &it.record);
        self.settle(records, Settles::Voided)
    }

    fn count_matched(&mut self, matches: &[Matched]) -> Result<(), MoneyError> {
        self.count(matches.iter().flat_map(Matched::records), |line| {
            &mut line.matched
        })
    }

    fn count<'r>(
        &mut self,
        records: impl IntoIterator<Item = &'r Record>,
        part: impl Fn(&mut Line) -> &mut CountAndSum,
    ) -> Result<(), MoneyError> {
        for record in records {
            let one = CountAndSum::new(1, record.money.amount)?;
            part(self.line_mut(record.side, record.money.currency)).merge(one)?;
        }
        Ok(())
    }
}

fn total<const N: usize>(parts: [CountAndSum; N]) -> Result<CountAndSum, MoneyError> {
    let mut total = CountAndSum::default();
    for part in parts {
        total.merge(part)?;
    }
    Ok(total)
}

fn amount(units: i128) -> Result<Amount, MoneyError> {
    Amount::from_scaled(units, AMOUNT_SCALE_MAX)
}
