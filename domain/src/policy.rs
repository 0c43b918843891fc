//! What a source agreed to call a match: rules in order, tolerances, windows, agreed fees.
//!
//! A policy is data that the source's file states; matching applies it and decides nothing else.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::calendar::{BusinessCalendar, DayUnit};
use crate::money::{Amount, Currency};
use crate::record::ReferenceKind;
use crate::severity::SeverityPolicy;

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
    /// that; as far ahead as the date window reaches.
    #[must_use]
    pub fn value_dates(&self, business_date: Date) -> (Date, Date) {
        let window = &self.date_window;
        let reach = i64::from(self.settlement_window_days) + 1;
        let mut from = business_date;
        while let Ok(earlier) = from.yesterday()
            && self.calendar.business_days_between(earlier, business_date) <= reach
        {
            from = earlier;
        }
        (
            self.shift(from, window.late_days, -1),
            self.shift(business_date, window.early_days, 1),
        )
    }

    /// `days` of the date window before (-1) or after (1) `date`; at the end of all days, that.
    fn shift(&self, date: Date, days: u32, direction: i64) -> Date {
        let mut shifted = date;
        while self
            .calendar
            .days_between(date, shifted, self.date_window.unit)
            .abs()
            < i64::from(days)
        {
            let Ok(next) = shifted.checked_add(jiff::Span::new().days(direction)) else {
                break;
            };
            shifted = next;
        }
        shifted
    }
}

/// Records match by this rule when all of its references are present and equal on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchRule {
    /// Shown with every decision it makes.
    pub name: String,
    /// Compared as exact text, all together. Never empty.
    pub on: Vec<ReferenceKind>,
}

/// Accepted differences of amounts, without their signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tolerance {
    /// Up to here two amounts are the same: a match. Zero: they must be equal.
    pub accepted: Amount,
    /// Up to here a difference is `rounding`, above it `amount_mismatch`.
    pub rounding: Amount,
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
