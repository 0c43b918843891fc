//! What a source agreed to call a match: rules in order, tolerances, windows, agreed fees.
//!
//! A policy is data that the source's file states; matching applies it and decides nothing else.

mod lint;
mod normalise;
mod rule;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::calendar::{BusinessCalendar, DayUnit};
use crate::money::{Amount, Currency};
use crate::severity::SeverityPolicy;

pub use lint::{RuleFlaw, flaws};
pub(crate) use normalise::{AsciiSteps, Room, apply as normalised, numbers};
pub use normalise::{Pattern, TextStep};
pub use rule::{Cardinality, Field, Key, MatchRule, Term};

/// Everything that matching and classification need to know about a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourcePolicy {
    /// The source's name; part of every discrepancy id.
    pub source: String,
    /// In order: a record matched by one rule is not offered to the next. Never empty.
    pub rules: Vec<MatchRule>,
    /// What difference of amounts is accepted, per currency.
    pub tolerances: Tolerances,
    /// How far apart the two value dates may be.
    pub date_window: DateWindow,
    /// Business days after its value date during which a ledger record may be missing at the
    /// partner without being a discrepancy (`in transit`). Zero: none.
    pub settlement_window_days: u32,
    /// The days on which this partner settles.
    pub calendar: BusinessCalendar,
    /// The fee that was agreed, when it can be computed; checked on partner records with fees.
    pub agreed_fee: Option<AgreedFee>,
    /// How urgent each kind is.
    pub severity: SeverityPolicy,
}

impl SourcePolicy {
    /// First and last value date that a ledger record may have to concern `business_date`: as far
    /// back as records whose settlement window ended the day before, and the date window beyond
    /// that; as far ahead as the date window reaches, of whichever rule it reaches furthest.
    #[must_use]
    pub fn value_dates(&self, business_date: Date) -> (Date, Date) {
        let reach = i64::from(self.settlement_window_days) + 1;
        let mut from = business_date;
        while let Ok(earlier) = from.yesterday()
            && self.calendar.business_days_between(earlier, business_date) <= reach
        {
            from = earlier;
        }
        let windows = self.rules.iter().filter_map(|rule| rule.date_window);
        let windows = || windows.clone().chain([self.date_window]);
        let first = windows().map(|window| self.shift(from, window.late_days, window.unit, -1));
        let last = windows().map(|it| self.shift(business_date, it.early_days, it.unit, 1));
        (
            first.min().unwrap_or(from),
            last.max().unwrap_or(business_date),
        )
    }

    /// The rule that matching names by its index.
    #[must_use]
    pub fn rule(&self, index: u32) -> Option<&MatchRule> {
        self.rules.get(usize::try_from(index).ok()?)
    }

    /// What `rule` accepts: its own terms, else the source's.
    #[must_use]
    pub fn accepts<'p>(&'p self, rule: &'p MatchRule) -> Accepts<'p> {
        Accepts { policy: self, rule }
    }

    /// `days` before (-1) or after (1) `date`; at the end of all days, that.
    fn shift(&self, date: Date, days: u32, unit: DayUnit, direction: i64) -> Date {
        let mut shifted = date;
        while self.calendar.days_between(date, shifted, unit).abs() < i64::from(days) {
            let Ok(next) = shifted.checked_add(jiff::Span::new().days(direction)) else {
                break;
            };
            shifted = next;
        }
        shifted
    }
}

/// Accepted differences of amounts, without their signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tolerance {
    /// Up to here two amounts are the same: a match. Zero: they must be equal.
    pub accepted: Amount,
    /// The same as per cent of the ledger's amount: what is more of the two is accepted.
    pub accepted_percent: Amount,
    /// Up to here a difference is `rounding`, above it `amount_mismatch`.
    pub rounding: Amount,
}

impl Tolerance {
    /// What is accepted where the ledger has this amount.
    #[must_use]
    pub fn accepted_of(&self, booked: Amount) -> Amount {
        if self.accepted_percent.is_zero() {
            return self.accepted;
        }
        let share = booked.abs().percent(self.accepted_percent);
        // A share too large to be exact is none.
        share.map_or(self.accepted, |share| self.accepted.max(share))
    }

    /// Up to which difference it is rounding at most, where the ledger has this amount.
    #[must_use]
    pub fn rounding_of(&self, booked: Amount) -> Amount {
        self.accepted_of(booked).max(self.rounding)
    }
}

/// Tolerances per currency; a currency that is not listed has none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tolerances(pub BTreeMap<Currency, Tolerance>);

impl Tolerances {
    /// The tolerance of `currency`.
    #[must_use]
    pub fn of(&self, currency: Currency) -> Tolerance {
        self.0.get(&currency).copied().unwrap_or_default()
    }
}

/// What one rule accepts between records that it brings together.
#[derive(Clone, Copy, Debug)]
pub struct Accepts<'p> {
    /// Of which source.
    pub policy: &'p SourcePolicy,
    /// The rule.
    pub rule: &'p MatchRule,
}

impl<'p> Accepts<'p> {
    /// The rules that had their turn before this one.
    pub(crate) fn earlier(&self) -> impl Iterator<Item = &'p MatchRule> + use<'p> {
        let own = &self.rule.name;
        self.policy
            .rules
            .iter()
            .take_while(move |it| it.name != *own)
    }

    /// The rules that have their turn after this one.
    pub(crate) fn later(&self) -> impl Iterator<Item = &'p MatchRule> + use<'p> {
        let own = &self.rule.name;
        let from_own = self
            .policy
            .rules
            .iter()
            .skip_while(move |it| it.name != *own);
        from_own.skip(1)
    }

    /// The tolerance of `currency`.
    #[must_use]
    pub fn tolerance(&self, currency: Currency) -> Tolerance {
        let own = self.rule.tolerances.as_ref();
        own.unwrap_or(&self.policy.tolerances).of(currency)
    }

    /// How far the value dates may be apart.
    #[must_use]
    pub fn window(&self) -> DateWindow {
        self.rule.date_window.unwrap_or(self.policy.date_window)
    }
}

/// How many days the partner's value date may lie before or after the ledger's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DateWindow {
    /// Partner earlier than ledger by up to this many days.
    pub early_days: u32,
    /// Partner later than ledger by up to this many days.
    pub late_days: u32,
    /// What a day is.
    pub unit: DayUnit,
}

/// `percent` of the gross amount plus a fixed part per currency, within a tolerance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgreedFee {
    /// Per cent of the gross amount: `2.9`.
    pub percent: Amount,
    /// Fixed part per record, per currency; none when not listed.
    pub fixed: BTreeMap<Currency, Amount>,
    /// Difference up to which a fee is the agreed one.
    pub tolerance: Amount,
}

/// Which records a run looks at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// All of the source.
    #[default]
    Whole,
    /// One client's records.
    Client(String),
    /// One invoice's records.
    Invoice(String),
}

/// What a comparison is about, beside the policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunContext {
    /// The day that is reconciled.
    pub business_date: Date,
    /// Which records are looked at.
    pub scope: Scope,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn value_dates_reach_as_far_as_the_windows() {
        let policy = |settlement, early_days, late_days, unit| SourcePolicy {
            source: "s".into(),
            rules: Vec::new(),
            tolerances: Tolerances::default(),
            date_window: DateWindow {
                early_days,
                late_days,
                unit,
            },
            settlement_window_days: settlement,
            calendar: BusinessCalendar::default(),
            agreed_fee: None,
            severity: SeverityPolicy::default(),
        };
        let monday = date(2026, 11, 23);
        let friday = date(2026, 11, 20);
        let dates = |policy: SourcePolicy| policy.value_dates(monday);
        assert_eq!(dates(policy(0, 0, 0, DayUnit::Calendar)), (friday, monday));
        assert_eq!(
            dates(policy(1, 1, 2, DayUnit::Calendar)),
            (date(2026, 11, 17), date(2026, 11, 24)),
            "Thursday's window of one business day ended on Friday; two days beyond"
        );
        assert_eq!(
            dates(policy(0, 1, 1, DayUnit::Business)),
            (date(2026, 11, 19), date(2026, 11, 24))
        );
    }
}
