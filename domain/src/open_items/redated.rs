//! Payments of which an input that shows records again has corrected the value date, or other texts than those that
//! they are known by: no other payments.
//!
//! A record of another day is another record (see [`fingerprint()`]). Where the input no longer shows the one that
//! an earlier run matched, although it goes back to that day, and has the same one on a day near it, that is the
//! same payment. Where it does not go back so far, as a report that begins anew with the month or a file of one day,
//! the first one is still there, and this one stands beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::asked::{Asked, AskedRecord};
use super::fingerprint::{Fingerprint, fingerprint};
use super::noted::Found;
use crate::matching::Pool;
use crate::policy::SourcePolicy;
use crate::record::{Record, Side};

impl Asked {
    /// Asks for records of earlier runs that some of these are but for the value date; once everything is known
    /// that runs noted.
    pub fn ask_for_other_days(&mut self, policy: &SourcePolicy, pool: &Pool) {
        for at in 0..self.records.len() {
            let asked = &self.records[at];
            let is_corrected = asked.is_shown == Some(false) && !asked.is_changed;
            if is_corrected && self.is_paid_once(asked) {
                let record = &pool.side(asked.side)[asked.at];
                self.records[at].other_days = other_days(policy, record);
            }
        }
    }

    /// Whether records that this run used up are asked for, of this side.
    #[must_use]
    pub fn asks_for_days_of(&self, run: &str, side: Side) -> bool {
        let mut asking = self.records.iter().filter(|asked| asked.is_asking(side));
        asking.any(|asked| self.run_of(asked).is_some_and(|it| &**it == run))
    }

    /// Looks at records that a run used up, of this side; `prints` are sorted.
    pub fn look_at_days(&mut self, side: Side, prints: &[Fingerprint]) {
        let mut taken: BTreeSet<Fingerprint> = BTreeSet::new();
        for asked in self
            .records
            .iter_mut()
            .filter(|asked| asked.is_asking(side))
        {
            let days = asked.other_days.iter();
            let mut had = days.filter(|(_, print)| prints.binary_search(print).is_ok());
            let had = had.find(|(_, print)| taken.insert(*print)).copied();
            asked.matched_on = had.map(|(day, _)| day);
        }
    }

    /// Whether this record stands in the place of the one that was matched, with another invoice, client or text: the
    /// input has that one no more, and had this one not yet when it was matched, though it went back to this day.
    pub(super) fn is_rewritten(&self, asked: &AskedRecord, record: &Record) -> bool {
        let last_day = self.noted.get(asked.payment).and_then(Found::last_day);
        let had_its_day = last_day.is_some_and(|day| record.value_date <= day);
        let covers_it = asked
            .covered
            .is_some_and(|(from, to)| (from..=to).contains(&record.value_date));
        asked.is_shown == Some(false)
            && record.carried_from().is_none()
            && had_its_day
            && covers_it
            && self.is_paid_once(asked)
    }

    fn run_of(&self, asked: &AskedRecord) -> Option<&Arc<str>> {
        self.noted.get(asked.payment).map(|found| &found.run)
    }
}

impl AskedRecord {
    /// The day on which this record's payment was matched, where the record stands in the place of that one: this
    /// input shows it, and has the other one no more, of a day that it covers.
    pub(super) fn corrects(&self, record: &Record) -> Option<Date> {
        let (from, to) = self.covered?;
        let is_covered = |day: &Date| (from..=to).contains(day);
        let is_of_input = record.carried_from().is_none();
        self.matched_on.filter(|day| is_of_input && is_covered(day))
    }

    fn is_asking(&self, side: Side) -> bool {
        self.side == side && !self.other_days.is_empty() && self.matched_on.is_none()
    }
}

/// The record's fingerprint on other days within the window of its own, the nearest first.
pub(super) fn other_days(policy: &SourcePolicy, record: &Record) -> Vec<(Date, Fingerprint)> {
    let window = policy.date_window;
    let most = i64::from(window.early_days.max(window.late_days));
    let is_near = |day: &Date| {
        let days = policy
            .calendar
            .days_between(record.value_date, *day, window.unit);
        days.abs() <= most
    };
    let (mut before, mut after) = (record.value_date, record.value_date);
    let mut near = Vec::new();
    loop {
        let others = [before.yesterday().ok(), after.tomorrow().ok()];
        let [Some(yesterday), Some(tomorrow)] = others else {
            return near;
        };
        (before, after) = (yesterday, tomorrow);
        let days: Vec<Date> = [before, after].into_iter().filter(is_near).collect();
        if days.is_empty() {
            return near;
        }
        near.extend(days.into_iter().map(|day| {
            let mut other = record.clone();
            other.value_date = day;
            (day, fingerprint(&other))
        }));
    }
}
