//! Payments that a side has twice, because it announced them: `pending`, and later what became of it.
//!
//! An announcement is no money of its own. Where a side has more records of a payment than the other side,
//! and one of them only announces what another one tells the end of, the announcement is superseded: it
//! belongs to nothing, and nobody has to look at it. Where both sides have as many, or the same sum, each is
//! compared as it stands: there may be several payments under one reference.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;

use super::identity::canonical_order;
use super::scope::{Membership, covers, membership};
use super::several;
use super::slots::{peek, take};
use super::work::Work;
use crate::calendar::days_between;
use crate::money::{Amount, Currency};
use crate::record::{Movement, Record, Side};

/// Days from an announcement to what became of it, at most.
const DAYS_MAX: i64 = 90;

/// An announcement that counts no longer, or a payment that was counted when it was announced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Superseded {
    /// The record.
    pub record: Record,
    /// What counts instead, for people: `acme.csv line 12 says settled`.
    pub by: String,
}

/// Sets aside what is superseded, before any rule is applied. Asks only records that are about the same by
/// the first rule, in any spelling.
pub(super) fn supersede(work: &mut Work<'_>) {
    if !work.kin.identifies() {
        return;
    }
    // All is decided as both sides stand, then done.
    let groups = groups(work);
    let told = groups
        .iter()
        .flat_map(|[of_side, of_other]| superseded(work, of_side, of_other));
    let told: Vec<(Waiting, Waiting, Story)> = told.collect();
    for (teller, announced, story) in told {
        set_aside(work, teller, announced, story);
    }
}

/// A record on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Waiting {
    side: Side,
    slot: usize,
}

/// Records that move money in one currency and direction and are about the same, at first those of a side that
/// announces, then the other side's.
fn groups(work: &Work<'_>) -> Vec<[Vec<Waiting>; 2]> {
    let records = |side: Side| {
        let slots = work.slots(side).iter().enumerate();
        slots.filter_map(move |(slot, record)| Some((Waiting { side, slot }, record.as_ref()?)))
    };
    let identity = |record: &Record| Some(work.kin.identity(record)?.into_owned());
    let mut groups: Vec<[Vec<Waiting>; 2]> = Vec::new();
    for side in Side::BOTH {
        let announced = records(side).filter(|(_, record)| record.is_announced());
        let texts: HashSet<String> = announced.filter_map(|(_, it)| identity(it)).collect();
        if texts.is_empty() {
            continue;
        }
        let mut found: BTreeMap<(String, Currency, bool), [Vec<Waiting>; 2]> = BTreeMap::new();
        for (at, record) in records(side).chain(records(side.other())) {
            let Some(text) = identity(record).filter(|text| texts.contains(text)) else {
                continue;
            };
            let money = record.money;
            let key = (text, money.currency, money.amount.is_negative());
            found.entry(key).or_default()[usize::from(at.side != side)].push(at);
        }
        groups.extend(found.into_values());
    }
    groups
}

/// Announcements, each with what supersedes it.
fn superseded(
    work: &Work<'_>,
    of_side: &[Waiting],
    of_other: &[Waiting],
) -> Vec<(Waiting, Waiting, Story)> {
    let record = |at: &Waiting| peek(work.slots(at.side), at.slot);
    let mut told = Told::default();
    let more = of_side.len().saturating_sub(of_other.len());
    told.take(work, of_side, Story::Failed, more);
    let moved = |at: &&Waiting| record(at).movement() == Movement::Made && !told.has(at);
    let own: Vec<&Waiting> = of_side.iter().filter(moved).collect();
    let others: Vec<&Waiting> = of_other.iter().filter(moved).collect();
    let mut surplus = own.len().saturating_sub(others.len());
    let sum = |some: &[&Waiting]| several::sum(some.iter().map(|at| record(at)));
    if !others.is_empty() && sum(&own) == sum(&others) {
        surplus = 0;
    }
    for story in [Story::StillOpen, Story::Settled, Story::SettledOtherwise] {
        surplus -= told.take(work, of_side, story, surplus);
    }
    told.pairs
}

/// How an announcement goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Story {
    /// Nothing came of it. Another attempt may have been announced since, with another amount.
    Failed,
    /// The money moved as it was announced.
    Settled,
    /// Some of it: what is captured may be less than what was reserved.
    SettledOtherwise,
    /// An earlier run had it announced, and here it is announced again.
    StillOpen,
}

impl Story {
    /// Whether a record tells how it goes on, or is the announcement; none where it is neither.
    fn tells(self, record: &Record) -> Option<bool> {
        let is_announced = record.is_announced();
        match self {
            Story::StillOpen => is_announced.then(|| record.carried_from().is_some()),
            _ if is_announced => Some(false),
            Story::Failed => record.has_failed().then_some(true),
            Story::Settled | Story::SettledOtherwise => record.is_settled().then_some(true),
        }
    }

    /// What both have in common.
    fn amount(self, record: &Record) -> Option<Amount> {
        (self != Story::SettledOtherwise).then_some(record.money.amount)
    }

    /// The day of a record among others, as a number. Money may move some days before the day for which it was
    /// announced.
    fn day(self, work: &Work<'_>, record: &Record) -> i64 {
        let day = days_between(Date::ZERO, record.value_date);
        let window = work.policy.date_window;
        match self {
            Story::Failed => day,
            Story::StillOpen => 0,
            _ if record.is_announced() => day - i64::from(window.early_days.max(window.late_days)),
            _ => day,
        }
    }

    /// What counts instead of the announcement.
    fn sentence(self, record: &Record) -> String {
        let origin = &record.origin;
        let place = format!("{} line {}", origin.file, origin.line);
        match (self, record.status, record.carried_from()) {
            (Story::StillOpen, _, Some(run)) => format!("{run} had it already: {place}"),
            (_, Some(status), _) => format!("{place} says {status}"),
            (_, None, _) => format!("{place} has the payment"),
        }
    }
}

/// What is superseded so far, each with what tells how it goes on.
#[derive(Default)]
struct Told {
    pairs: Vec<(Waiting, Waiting, Story)>,
    used: HashSet<Waiting>,
}

impl Told {
    fn has(&self, at: &Waiting) -> bool {
        self.used.contains(at)
    }

    /// In order of days, each record that tells how it goes on takes the last announcement before it. How many
    /// did.
    fn take(
        &mut self,
        work: &Work<'_>,
        of_side: &[Waiting],
        story: Story,
        at_most: usize,
    ) -> usize {
        let mut tellers = Vec::new();
        for at in of_side.iter().filter(|at| !self.has(at)) {
            let record = peek(work.slots(at.side), at.slot);
            if let Some(is_told) = story.tells(record) {
                let place = (story.amount(record), story.day(work, record), is_told);
                tellers.push((place, *at, record));
            }
        }
        tellers.sort_by(|(place, _, one), (other_place, _, other)| {
            let places = place.cmp(other_place);
            places.then_with(|| canonical_order(one, other))
        });
        let (begun_with, mut before) = (self.pairs.len(), Vec::new());
        let mut amount_before = None;
        for ((amount, day, is_told), at, _) in tellers {
            if amount_before != Some(amount) {
                before.clear();
                amount_before = Some(amount);
            }
            if !is_told {
                before.push((at, day));
                continue;
            }
            let last = before.pop_if(|(_, announced)| day - *announced <= DAYS_MAX);
            if let Some((announced, _)) = last.filter(|_| self.pairs.len() - begun_with < at_most) {
                self.used.insert(announced);
                // What is still open may be told the end of, too.
                self.used.extend((story != Story::StillOpen).then_some(at));
                self.pairs.push((at, announced, story));
            }
        }
        self.pairs.len() - begun_with
    }
}

fn set_aside(work: &mut Work<'_>, teller: Waiting, announced: Waiting, story: Story) {
    // It may be set aside itself, by what tells the end.
    let Some(told) = &mut work.waiting(teller.side)[teller.slot] else {
        return;
    };
    let by = story.sentence(told);
    if let Some(past) = told.past.as_mut() {
        // What it repeated was the announcement.
        past.repeats = None;
    }
    let scope = &work.context.scope;
    let is_inside =
        membership(scope, peek(work.slots(teller.side), teller.slot)) == Membership::Inside;
    let record = take(work.waiting(announced.side), announced.slot);
    match covers(scope, std::iter::once(&record), is_inside) {
        true => work.decided.superseded.push(Superseded { record, by }),
        false => work.decided.out_of_scope.push(record),
    }
}
