//! One side's input, read against the position: which of its records are new, which are known, and
//! what that makes of the items that were open.
//!
//! Exact repeats are counted: of equal records the first ones are those that are known. The order
//! of an input decides nothing else. What was used up, and is shown again as failed or reversed, is
//! received once more: its money did not stay.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::fingerprint::{Fingerprint, count, fingerprint};
use super::item::{Item, ItemState, received_by, since};
use super::moved::Moved;
use super::opening::{Opening, ReadingContext};
use super::other_names::OtherNames;
use super::paid::{Payment, Payments};
use super::rewritten::Rewritten;
use super::{Records, Remembered};
use crate::matching::can_match;
use crate::money::Money;
use crate::policy::SourcePolicy;
use crate::record::{Past, Record};

/// Reads one side's input, record by record.
#[derive(Debug)]
pub struct Reading {
    pub(super) context: ReadingContext,
    policy: SourcePolicy,
    pub(super) items: Vec<Item>,
    used: Vec<Remembered>,
    /// Records of used groups that this input showed again.
    seen_in_groups: HashSet<(usize, usize)>,
    own: Vec<Own>,
    facts: HashMap<Fingerprint, Facts>,
    /// How often the input had a record that is known from somewhere.
    seen: HashMap<Fingerprint, Seen>,
    pub(super) payments: Payments,
    shown: Vec<Payment>,
    other_names: OtherNames,
    shown_names: Vec<Payment>,
    /// First value date of what inputs of other days had and this one shows again.
    pub(super) shown_from: Option<Date>,
    pub(super) moved: Moved,
    pub(super) rewritten: Rewritten,
    /// Items that the input has with another amount, by their places.
    pub(super) amended: BTreeMap<usize, Money>,
    /// Records that were another payment in the words that earlier runs knew.
    pub(super) renamed: Vec<Fingerprint>,
}

/// What becomes of a record of the input.
#[derive(Debug)]
pub enum Taken {
    /// It is received by this run.
    Received(Record),
    /// An earlier run had it.
    Known,
    /// It may be one that an earlier run had: [`Reading::decide`] says so when all is read.
    Waits,
}

/// Fingerprints that one run used up of what it received itself.
#[derive(Debug)]
struct Own {
    run: Arc<str>,
    is_replaced: bool,
    /// Sorted.
    fingerprints: Vec<Fingerprint>,
}

/// How often an input had a record.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    all: usize,
    /// Of these, those that say that the money did not stay.
    undone: usize,
}

/// What is known of one fingerprint.
#[derive(Debug, Default)]
struct Facts {
    /// Records of used groups that an input of this business date had.
    of_this_day: Vec<(usize, usize)>,
    /// Records of used groups that inputs of other days had.
    of_other_days: usize,
    /// How many of those said then that the money did not stay.
    undone: usize,
    /// Of how many both sides say so.
    given_up: usize,
    /// A run that had one of those.
    run: Option<Arc<str>>,
    /// Open items of other days.
    open: Vec<usize>,
    /// Open items of this day.
    again: Vec<usize>,
}

impl Reading {
    /// Begins: with the side's open items, and with every used group that is remembered.
    #[must_use]
    pub fn new(
        context: ReadingContext,
        policy: SourcePolicy,
        open: Vec<Record>,
        used: Vec<Remembered>,
    ) -> Self {
        let mut reading = Reading {
            context,
            payments: Payments::of(&policy),
            shown: Vec::new(),
            other_names: OtherNames::of(&policy),
            shown_names: Vec::new(),
            shown_from: None,
            moved: Moved::default(),
            rewritten: Rewritten::default(),
            amended: BTreeMap::new(),
            renamed: Vec::new(),
            policy,
            items: Vec::with_capacity(open.len()),
            used: Vec::new(),
            seen_in_groups: HashSet::new(),
            own: Vec::new(),
            facts: HashMap::new(),
            seen: HashMap::new(),
        };
        for record in open {
            reading.add_item(record, false);
        }
        for (group, remembered) in used.iter().enumerate() {
            reading.add_used(group, remembered);
        }
        reading.used = used;
        reading
    }

    /// Adds what a run used up of the records that it received itself; before the first record of
    /// their value dates is read.
    pub fn remember(&mut self, run: Arc<str>, is_replaced: bool, sorted: Vec<Fingerprint>) {
        self.own.push(Own {
            run,
            is_replaced,
            fingerprints: sorted,
        });
    }

    /// Whether any run is known to have had a record of this fingerprint. One that is not known is
    /// received by this run, and need not be taken.
    #[must_use]
    pub fn knows(&self, print: Fingerprint) -> bool {
        let of_own = |own: &Own| own.fingerprints.binary_search(&print).is_ok();
        let is_known = self.facts.contains_key(&print) || self.own.iter().any(of_own);
        is_known || self.moved.looks_for(print)
    }

    /// Takes a record of the input.
    pub fn take(&mut self, record: Record) -> Taken {
        let print = fingerprint(&record);
        let others = self.count_own(print, false);
        let released = self.count_own(print, true);
        if others + released == 0 && !self.facts.contains_key(&print) {
            self.moved.receive(print, &record);
            let given_back = self.rewritten.hold(record, &self.items);
            return given_back.map_or(Taken::Waits, Taken::Received);
        }
        self.rewritten.see_known(&record, &self.items);
        let received = self.recognise(record, print, others, released);
        received.map_or(Taken::Known, Taken::Received)
    }

    /// A record that some run had, or an equal one; given back when it is received by this one.
    fn recognise(
        &mut self,
        mut record: Record,
        print: Fingerprint,
        others: usize,
        released: usize,
    ) -> Option<Record> {
        let Seen {
            all: mut at,
            undone,
        } = self.see(print, &record);
        let nothing = Facts::default();
        let facts = self.facts.get(&print).unwrap_or(&nothing);
        if let Some(place) = facts.of_this_day.get(at) {
            self.seen_in_groups.insert(*place);
            return None;
        }
        at -= facts.of_this_day.len();
        let mut repeats = None;
        if self.context.records != Records::New {
            let used = others + facts.of_other_days;
            let used_undone = used.min(self.count_own(print.undone(), false) + facts.undone);
            let given_up = self.count_own(print.given_up(), false) + facts.given_up;
            let made = (used - used_undone).saturating_sub(given_up);
            let is_known = match record.is_undone() {
                true => undone < used_undone,
                false => at - undone < made,
            };
            let is_changed = record.is_undone() && made > 0;
            let item = match is_known {
                true => None,
                false => self.waiting(&facts.open, &record, !is_changed),
            };
            if is_known || is_changed || item.is_some() {
                let from = self.shown_from.get_or_insert(record.value_date);
                *from = record.value_date.min(*from);
            }
            if is_known {
                if !record.is_undone() {
                    self.shown.extend(self.payments.of_record(&record));
                    self.shown_names.extend(self.other_names.of_record(&record));
                }
                return None;
            }
            if let Some(item) = item {
                self.items[item].refresh(record);
                return None;
            }
            if is_changed {
                repeats = self.repeated(print, facts);
            }
        }
        if let Some(item) = self.waiting(&facts.again, &record, repeats.is_none()) {
            let mut again = self.items[item].receive_again(record);
            if let Some(past) = again.past.as_mut() {
                past.repeats = repeats;
            }
            return Some(again);
        }
        if self.context.records == Records::New {
            let is_more = at >= facts.again.len() + released;
            let may_repeat = record.movement().repeats() && can_match(&self.policy, &record);
            if is_more && may_repeat {
                repeats = self.repeated(print, facts);
            }
        }
        record.past = repeats.map(|run| Past::repeating(run, self.context.business_date));
        Some(record)
    }

    /// Counts a record that the input shows; how often it did so before.
    fn see(&mut self, print: Fingerprint, record: &Record) -> Seen {
        let seen = self.seen.entry(print).or_default();
        let before = *seen;
        seen.all += 1;
        if record.is_undone() {
            seen.undone += 1;
            for says_so in [print.undone(), print.given_up()] {
                self.seen.entry(says_so).or_default().all += 1;
            }
        }
        before
    }

    /// The first of these items that the input has not shown yet, one that says the same of its money if there
    /// is any; else one that says otherwise, where that `may_change`.
    fn waiting(&self, items: &[usize], record: &Record, may_change: bool) -> Option<usize> {
        let item = |at: &usize| &self.items[*at];
        let mut waiting = items.iter().filter(|at| item(at).is_open());
        let says_the_same = |at: &&usize| item(at).record.is_undone() == record.is_undone();
        let same = waiting.clone().find(says_the_same);
        // What failed since, and is shown as it was before, is what was matched.
        let changes = |at: &&usize| may_change && !item(at).record.is_changed();
        same.or_else(|| waiting.find(changes)).copied()
    }

    /// Ends the input: what the side begins with.
    #[must_use]
    pub fn finish(mut self) -> Opening {
        let mut opening = Opening {
            shown: sorted(std::mem::take(&mut self.shown)),
            shown_names: sorted(std::mem::take(&mut self.shown_names)),
            covers: self.context.covers(self.shown_from),
            renamed: std::mem::take(&mut self.renamed),
            ..Opening::default()
        };
        let mut withdrawn: Vec<Fingerprint> = self.withdraw_from_groups(&mut opening);
        withdrawn.extend(self.leave_unseen(&mut opening));
        let replaces = self.context.replaces();
        let business_date = self.context.business_date;
        let is_gone =
            |item: &Item| replaces && item.is_open() && item.since() == Some(business_date);
        let gone = self.items.iter().filter(|item| is_gone(item));
        withdrawn.extend(gone.map(|item| fingerprint(&item.record)));
        self.forget_repeats(&withdrawn);
        let not_shown = self.items.iter().enumerate();
        let not_shown = not_shown.filter(|(_, item)| item.is_open());
        let moved = self.moved.of(
            opening.covers,
            not_shown.map(|(place, item)| (place, &item.record)),
        );
        for (place, item) in std::mem::take(&mut self.items).into_iter().enumerate() {
            let gone = is_gone(&item);
            if !item.is_reopened && (gone || item.state == ItemState::Received) {
                opening.taken_back += 1;
            }
            if item.state == ItemState::Received {
                continue;
            }
            if gone {
                opening.withdrawn.push(item.record);
                continue;
            }
            opening.reopened += u64::from(item.is_reopened);
            let (day, money) = (moved.get(&place), self.amended.get(&place));
            if let Some(day) = day {
                opening.moved.insert(opening.voided.len(), *day);
            }
            if let Some(money) = money {
                opening.amended.insert(opening.voided.len(), *money);
            }
            match day.is_some() || money.is_some() || self.is_taken_back(&item) {
                true => opening.voided.push(item.record),
                false => opening.items.push(item.record),
            }
        }
        opening
    }

    fn add_item(&mut self, record: Record, is_reopened: bool) {
        let is_of_this_day = since(&record) == Some(self.context.business_date);
        let facts = self.facts.entry(fingerprint(&record)).or_default();
        let place = self.items.len();
        let is_withdrawn = is_of_this_day && self.context.replaces();
        if self.context.is_whole && self.context.records != Records::New && !is_withdrawn {
            self.rewritten.look_for(place, &record);
        }
        match is_of_this_day {
            true => facts.again.push(place),
            false => {
                facts.run = facts.run.take().or_else(|| received_by(&record));
                facts.open.push(place);
                self.moved
                    .look_for(&self.context, &self.policy, place, &record);
            }
        }
        self.items.push(Item {
            record,
            is_reopened,
            state: ItemState::Open,
        });
    }

    fn add_used(&mut self, group: usize, remembered: &Remembered) {
        let side = self.context.side;
        let records = remembered.used.records.iter().enumerate();
        for (at, record) in records.filter(|(_, record)| record.side == side) {
            if remembered.is_replaced && remembered.used.settled.is_none() {
                self.add_item(record.clone(), true);
                continue;
            }
            let facts = self.facts.entry(fingerprint(record)).or_default();
            match since(record) == Some(self.context.business_date) {
                true => facts.of_this_day.push((group, at)),
                false => {
                    facts.run = facts.run.take().or_else(|| received_by(record));
                    facts.of_other_days += 1;
                    facts.undone += usize::from(record.is_undone());
                    facts.given_up += usize::from(remembered.used.gives_up(record));
                }
            }
        }
    }

    /// How often runs used up this record of what they received themselves.
    fn count_own(&self, print: Fingerprint, is_replaced: bool) -> usize {
        let own = self.own.iter().filter(|own| own.is_replaced == is_replaced);
        own.map(|own| count(&own.fingerprints, print)).sum()
    }

    /// Whether some run used up a record of this fingerprint.
    pub(super) fn is_used_up(&self, print: Fingerprint) -> bool {
        let own = [false, true].map(|is_replaced| self.count_own(print, is_replaced));
        let of_groups = self.facts.get(&print);
        let of_groups = of_groups.map_or(0, |it| it.of_this_day.len() + it.of_other_days);
        own != [0, 0] || of_groups > 0
    }

    /// The run that had this record before, on another business date.
    fn repeated(&self, print: Fingerprint, facts: &Facts) -> Option<Arc<str>> {
        let own = self
            .own
            .iter()
            .find(|own| !own.is_replaced && own.fingerprints.binary_search(&print).is_ok());
        let own = own.map(|own| Arc::clone(&own.run));
        own.or_else(|| facts.run.clone())
    }

    /// Undoes the groups from which the amended report withdraws a record.
    fn withdraw_from_groups(&self, opening: &mut Opening) -> Vec<Fingerprint> {
        if !self.context.replaces() {
            return Vec::new();
        }
        let all = self.facts.values().flat_map(|facts| &facts.of_this_day);
        let mut unseen: Vec<(usize, usize)> = all
            .filter(|place| !self.seen_in_groups.contains(place))
            .copied()
            .collect();
        unseen.sort_unstable();
        let record = |(group, at): &(usize, usize)| &self.used[*group].used.records[*at];
        opening.withdrawn.extend(unseen.iter().map(record).cloned());
        let prints = unseen
            .iter()
            .map(|place| fingerprint(record(place)))
            .collect();
        opening.withdrawn_of_groups = unseen;
        prints
    }

    /// Of what the replaced run received and used up itself: what this input does not show.
    /// Withdrawn by an amended report, else for the caller to bring.
    fn leave_unseen(&self, opening: &mut Opening) -> Vec<Fingerprint> {
        let mut unseen = Vec::new();
        for own in self.own.iter().filter(|own| own.is_replaced) {
            for equal in own.fingerprints.chunk_by(|a, b| a == b) {
                let shown = self.shown_beyond(equal[0]);
                let lacking = equal.len().saturating_sub(shown);
                unseen.extend(std::iter::repeat_n(equal[0], lacking));
            }
        }
        if self.context.replaces() {
            return unseen;
        }
        if self.context.is_whole {
            opening.unseen = unseen;
        }
        Vec::new()
    }

    /// How many of this fingerprint the input had beyond those that other runs explain.
    fn shown_beyond(&self, print: Fingerprint) -> usize {
        let Seen { all: seen, undone } = self.seen.get(&print).copied().unwrap_or_default();
        let explained = self.facts.get(&print).map_or(0, |facts| {
            let others = match self.context.records {
                Records::New => 0,
                _ => facts.of_other_days + facts.open.len(),
            };
            facts.of_this_day.len() + facts.again.len() + others
        });
        if self.context.records == Records::New {
            return seen.saturating_sub(explained);
        }
        let others = explained + self.count_own(print, false);
        // What both sides gave up was used up twice, and is shown once, as long as it is shown so.
        let facts = self.facts.get(&print).map_or(0, |facts| facts.given_up);
        let given_up = facts + self.count_own(print.given_up(), false);
        let twice = 2 * given_up - undone.min(given_up);
        seen.saturating_sub(others.saturating_sub(twice))
    }

    /// Where an original is withdrawn, one that repeated it is no repetition any more.
    fn forget_repeats(&mut self, withdrawn: &[Fingerprint]) {
        for print in withdrawn {
            let Some(facts) = self.facts.get(print) else {
                continue;
            };
            let repeated = facts.open.iter().copied();
            let place = repeated
                .into_iter()
                .find(|item| self.items[*item].record.repeats().is_some());
            if let Some(past) = place.and_then(|item| self.items[item].record.past.as_mut()) {
                past.repeats = None;
            }
        }
    }

    /// Whether the input no longer says what made this an item: a complete one lacks it, although it covers its
    /// value date; or what failed or was reversed is shown as it was before.
    fn is_taken_back(&self, item: &Item) -> bool {
        self.is_as_before(item) || self.is_lacking(item)
    }

    fn is_as_before(&self, item: &Item) -> bool {
        let record = &item.record;
        record.is_changed()
            && item.is_open()
            && self.context.records != Records::New
            && self.seen.contains_key(&fingerprint(record))
    }

    fn is_lacking(&self, item: &Item) -> bool {
        let (from, to) = self.context.value_dates;
        self.context.records == Records::Snapshot
            && self.context.is_whole
            && item.is_open()
            && (from..=to).contains(&item.record.value_date)
    }
}

/// Each once, sorted.
fn sorted(mut payments: Vec<Payment>) -> Vec<Payment> {
    payments.sort_unstable();
    payments.dedup();
    payments
}
