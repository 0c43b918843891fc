//! Open items of which an input that shows records again has corrected the value date: the same items, on another day.
//!
//! The input has the item no more, although it goes back to its day, and has one that is the same but for the value
//! date, on a day near it. That one counts in its place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use super::Records;
use super::fingerprint::Fingerprint;
use super::opening::ReadingContext;
use super::redated::other_days;
use crate::calendar::days_between;
use crate::policy::SourcePolicy;
use crate::record::{Record, Status};

/// What an input has that may be open items on other days.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Places of open items, by the fingerprints that they would have on other days.
    places: HashMap<Fingerprint, Vec<usize>>,
    /// What the input has of those, and no run had.
    received: Vec<(Date, Option<Status>, Fingerprint)>,
}

impl Moved {
    /// Looks for an open item on other days, of a side whose inputs show records again. What a complete one lacks
    /// was taken back, whatever it has.
    pub(super) fn look_for(
        &mut self,
        context: &ReadingContext,
        policy: &SourcePolicy,
        place: usize,
        item: &Record,
    ) {
        let is_shown_again = context.records == Records::Cumulative && context.is_whole;
        if !is_shown_again || item.is_undone() || item.value_date < context.value_dates.0 {
            return;
        }
        for (_, print) in other_days(policy, item) {
            self.places.entry(print).or_default().push(place);
        }
    }

    /// Whether a record of this fingerprint is looked for.
    pub(super) fn looks_for(&self, print: Fingerprint) -> bool {
        self.places.contains_key(&print)
    }

    /// Takes in a record that no run had.
    pub(super) fn receive(&mut self, print: Fingerprint, record: &Record) {
        if self.looks_for(print) {
            let received = (record.value_date, record.status, print);
            self.received.push(received);
        }
    }

    /// Items that may be on another day, by their places.
    pub(super) fn may_be_found(&self) -> BTreeSet<usize> {
        let received = self.received.iter();
        let places = received.flat_map(|(.., print)| &self.places[print]);
        places.copied().collect()
    }

    /// Which of these items that the input has no more, by their places, are on another day by now, of days that the
    /// input covers: each goes with the nearest record that no earlier one of them goes with, in whatever order the
    /// input has them.
    pub(super) fn of<'r>(
        &mut self,
        covers: Option<(Date, Date)>,
        items: impl Iterator<Item = (usize, &'r Record)>,
    ) -> BTreeMap<usize, Date> {
        let is_covered = |day: Date| covers.is_some_and(|(from, to)| (from..=to).contains(&day));
        self.received.sort_unstable();
        let mut may_be: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, (.., print)) in self.received.iter().enumerate() {
            for place in &self.places[print] {
                may_be.entry(*place).or_default().push(at);
            }
        }
        let mut items: Vec<(Date, usize, Option<Status>)> = items
            .filter(|(_, item)| is_covered(item.value_date))
            .map(|(place, item)| (item.value_date, place, item.status))
            .collect();
        items.sort_unstable();
        let (mut taken, mut moved) = (BTreeSet::new(), BTreeMap::new());
        for (day, place, status) in items {
            let received = may_be.get(&place).into_iter().flatten();
            let received = received.map(|at| (*at, self.received[*at]));
            let same = received.filter(|(at, (_, says, _))| *says == status && !taken.contains(at));
            let away = |to: Date| days_between(day, to).abs();
            if let Some((at, (to, ..))) = same.min_by_key(|(_, (to, ..))| (away(*to), *to)) {
                taken.insert(at);
                moved.insert(place, to);
            }
        }
        moved
    }
}
