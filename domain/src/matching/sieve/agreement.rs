//! When two rows agree in everything: `pair::difference` for rows in their smallest form.

use super::row::{Day, LOOK, Row};
use crate::calendar::{BusinessCalendar, DayUnit};
use crate::matching::pair::undone_at;
use crate::policy::{Cardinality, DateWindow, Field, Key, Scope, SourcePolicy};
use crate::record::ReferenceKind;

/// The reference that the sieve goes by, when it applies to this comparison; else why not.
///
/// # Errors
/// A few words on what keeps it from applying.
pub fn key_of(policy: &SourcePolicy, scope: &Scope) -> Result<ReferenceKind, &'static str> {
    if *scope != Scope::Whole {
        return Err("a part of the source is compared");
    }
    let Some(rule) = policy.rules.first() else {
        return Err("there is no rule");
    };
    if rule.is_alike || rule.cardinality != Cardinality::OneToOne {
        return Err("the first rule is not one of equal texts, one by one");
    }
    match (&rule.on[..], rule.on.first().map(|key| key.ledger.field)) {
        ([key], Some(Field::Reference(kind))) if *key == Key::exact(kind) => Ok(kind),
        _ => Err("the first rule compares more than one reference as it is written"),
    }
}

/// What a policy accepts of two rows, ready to be asked often.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// Accepted differences in units of the smallest amount, by ordinal of the currency.
    accepted: Vec<(u16, i128)>,
    window: DateWindow,
    /// Business days up to each day, when the window counts those.
    business_days: Vec<u32>,
}

impl Agreement {
    /// What `policy` accepts by its first rule.
    #[must_use]
    pub fn of(policy: &SourcePolicy) -> Self {
        let rule = policy.rules.first();
        let tolerances = rule.and_then(|rule| rule.tolerances.as_ref());
        let tolerances = tolerances.unwrap_or(&policy.tolerances);
        // A share of the amount is left to the rules.
        let accepted = tolerances.0.iter().map(|(currency, tolerance)| {
            let units = tolerance.accepted.to_units().unwrap_or_default();
            (currency.ordinal(), units)
        });
        let window = rule.and_then(|rule| rule.date_window);
        Agreement {
            accepted: accepted.filter(|(_, units)| *units > 0).collect(),
            ..Self::of_window(window.unwrap_or(policy.date_window), &policy.calendar)
        }
    }

    /// Accepts equal amounts within this window.
    pub(super) fn of_window(window: DateWindow, calendar: &BusinessCalendar) -> Self {
        let business_days = match window.unit {
            DayUnit::Calendar => Vec::new(),
            DayUnit::Business => business_days(calendar),
        };
        Agreement {
            accepted: Vec::new(),
            window,
            business_days,
        }
    }

    /// Whether the two say the same within what is accepted. Says no where it is not sure.
    #[inline]
    pub(super) fn agree(&self, partner: &Row<'_>, ledger: &Row<'_>) -> bool {
        !partner.is(LOOK)
            && !ledger.is(LOOK)
            && partner.currency == ledger.currency
            && (partner.amount == ledger.amount || self.is_accepted(partner, ledger))
            && (partner.day == ledger.day || self.is_within(partner.day, ledger.day))
            // That a record is the reversal of another is for the rules.
            && undone_at(partner.status(), ledger.status()).is_none()
    }

    fn is_accepted(&self, partner: &Row<'_>, ledger: &Row<'_>) -> bool {
        let gap = (partner.amount.units() - ledger.amount.units()).abs();
        let mut accepted = self.accepted.iter();
        let accepted = accepted.find(|(currency, _)| *currency == partner.currency);
        gap <= accepted.map_or(0, |(_, units)| *units)
    }

    pub(super) fn is_within(&self, partner: u16, ledger: u16) -> bool {
        let count = |day: u16| match self.business_days.get(usize::from(day)) {
            Some(days) => i64::from(*days),
            None => i64::from(day),
        };
        let days = count(partner) - count(ledger);
        days <= i64::from(self.window.late_days) && -days <= i64::from(self.window.early_days)
    }
}

/// For each day, the business days from the first one to it.
fn business_days(calendar: &BusinessCalendar) -> Vec<u32> {
    let mut count = 0;
    let days = (0..=u16::MAX).map(|day| {
        count += u32::from(calendar.is_business_day(Day(day).date()));
        count
    });
    days.collect()
}
