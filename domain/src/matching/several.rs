//! What holds between all of several records of both sides, without looking at each beside each: there
//! may be many.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::pair::{Timing, contradicts, timing_of};
use crate::money::Money;
use crate::policy::Accepts;
use crate::record::{Record, Status};

/// How value dates lie to each other at most: the partner's latest to the ledger's earliest, and its
/// earliest to the ledger's latest. All are within the window if these are. None where a side is empty.
pub(super) fn timings<'r>(
    accepts: Accepts<'_>,
    partner: impl Iterator<Item = &'r Record>,
    ledger: impl Iterator<Item = &'r Record>,
) -> Option<[Timing; 2]> {
    let (partner, ledger) = (days(partner)?, days(ledger)?);
    let (window, calendar) = (accepts.window(), &accepts.policy.calendar);
    let timing = |reported, booked| timing_of(window, calendar, reported, booked);
    Some([timing(partner.1, ledger.0), timing(partner.0, ledger.1)])
}

/// Whether all value dates are within the window. Of nothing, nothing holds.
pub(super) fn are_near<'r>(
    accepts: Accepts<'_>,
    partner: impl Iterator<Item = &'r Record>,
    ledger: impl Iterator<Item = &'r Record>,
) -> bool {
    timings(accepts, partner, ledger) == Some([Timing::Within; 2])
}

/// Whether some of the one side say that money moved, and some of the other that it did not.
pub(super) fn contradict<'r>(
    partner: impl Iterator<Item = &'r Record>,
    ledger: impl Iterator<Item = &'r Record>,
) -> bool {
    contradiction(partner, ledger).is_some()
}

/// What the first two of those say.
pub(super) fn contradiction<'r>(
    partner: impl Iterator<Item = &'r Record>,
    ledger: impl Iterator<Item = &'r Record>,
) -> Option<(Option<Status>, Option<Status>)> {
    let (partner, ledger) = (by_status(partner), by_status(ledger));
    let mut pairs = partner
        .values()
        .flat_map(|one| ledger.values().map(move |other| (one, other)));
    let (one, other) = pairs.find(|(one, other)| contradicts(one, other))?;
    Some((one.status, other.status))
}

/// What they come to; none of nothing, across currencies, or where it is too large to be exact.
pub(super) fn sum<'r>(mut records: impl Iterator<Item = &'r Record>) -> Option<Money> {
    let Money { currency, amount } = records.next()?.money;
    let amount = records.try_fold(amount, |sum, record| {
        let is_same = record.money.currency == currency;
        let more = is_same.then_some(record.money.amount)?;
        sum.checked_add(more).ok()
    })?;
    Some(Money { amount, currency })
}

/// The first day and the last.
fn days<'r>(records: impl Iterator<Item = &'r Record>) -> Option<(Date, Date)> {
    let days = records.map(|record| (record.value_date, record.value_date));
    days.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// One of each that says the same of whether money moved.
fn by_status<'r>(
    records: impl Iterator<Item = &'r Record>,
) -> BTreeMap<(Option<Status>, bool), &'r Record> {
    let said = |record: &Record| (record.status, record.is_reversal());
    records.map(|record| (said(record), record)).collect()
}
