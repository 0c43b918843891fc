//! Payments that a side has twice, because it announced them: `pending`, and later what became of it.
//!
//! An announcement is no money of its own. Where a side has more records of a payment than the other side,
//! and one of them only announces what another one tells the end of, the announcement is superseded: it
//! belongs to nothing, and nobody has to look at it. Where both sides have as many, or the same sum, each is
//! compared as it stands: there may be several payments under one reference.
//!
//! Where the first rule takes several as one, a payment has parts, and how many there are says nothing: an
//! announcement is superseded if that brings its side's sum nearer to that of the other side.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;

use super::identity::canonical_order;
use super::kin;
use super::several;
use super::slots::{full, peek};
use super::twins::{self, Member};
use super::work::Work;
use crate::calendar::days_between;
use crate::money::{Amount, Currency};
use crate::policy::{Accepts, Cardinality};
use crate::record::{Movement, Record, Side};

/// Days from an announcement to what became of it, at most.
const DAYS_MAX: i64 = 90;

/// Sets aside what is superseded, before any rule is applied. Asks only records that are about the same by
/// the first rule, in any spelling.
pub(super) fn supersede(work: &mut Work<'_>) {
    if !work.kin.identifies() && !takes_payments_together(work) {
        return;
    }
    // All is decided as both sides stand, then done.
    let groups = groups(work);
    let told = groups
        .iter()
        .flat_map(|[of_side, of_other]| superseded(work, of_side, of_other));
    let told: Vec<(Waiting, Waiting, Sequel)> = told.collect();
    for (teller, announced, sequel) in told {
        set_aside(work, teller, announced, sequel);
    }
}

/// Whether the first rule takes several as one by what says which payment each is of.
fn takes_payments_together(work: &Work<'_>) -> bool {
    let first = &work.policy.rules[0];
    first.cardinality != Cardinality::OneToOne && first.names_payments()
}

/// The text of a record that says which payment it is.
fn payment<'r>(work: &Work<'_>, record: &'r Record) -> Option<Cow<'r, str>> {
    match takes_payments_together(work) {
        true => kin::joined(&work.policy.rules[0].on, record),
        false => work.kin.identity(record),
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
        let waiting = full(work.slots(side));
        waiting.map(move |(slot, record)| (Waiting { side, slot }, record))
    };
    let payment = |record: &Record| Some(payment(work, record)?.into_owned());
    let mut groups: Vec<[Vec<Waiting>; 2]> = Vec::new();
    for side in Side::BOTH {
        let announced = records(side).filter(|(_, record)| record.is_announced());
        let texts: HashSet<String> = announced.filter_map(|(_, it)| payment(it)).collect();
        if texts.is_empty() {
            continue;
        }
        let mut found: BTreeMap<(String, Currency, bool), [Vec<Waiting>; 2]> = BTreeMap::new();
        for (at, record) in records(side).chain(records(side.other())) {
            let Some(text) = payment(record).filter(|text| texts.contains(text)) else {
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
) -> Vec<(Waiting, Waiting, Sequel)> {
    let record = |at: &Waiting| peek(work.slots(at.side), at.slot);
    let mut told = Told::of(work, of_side, of_other);
    let failed = |some: &[Waiting]| some.iter().filter(|at| record(at).has_failed()).count();
    let more = of_side.len().saturating_sub(of_other.len());
    let more = match told.has_parts {
        true => more.max(failed(of_side).saturating_sub(failed(of_other))),
        false => more,
    };
    told.take(Sequel::Failed, Surplus::Records(more));
    let moved = |at: &&Waiting| record(at).movement() == Movement::Made && !told.has(at);
    let own: Vec<&Waiting> = of_side.iter().filter(moved).collect();
    let others: Vec<&Waiting> = of_other.iter().filter(moved).collect();
    let sum = |some: &[&Waiting]| several::sum(some.iter().map(|at| record(at)));
    let (sum, sum_of_other) = (sum(&own), sum(&others));
    let mut surplus = match told.has_parts {
        true => {
            let sums = sum.zip(sum_of_other);
            let gap = sums.and_then(|(own, other)| own.amount.checked_sub(other.amount).ok());
            Surplus::Money(gap.unwrap_or_default())
        }
        false if !others.is_empty() && sum == sum_of_other => Surplus::Records(0),
        false => Surplus::Records(own.len().saturating_sub(others.len())),
    };
    for sequel in [
        Sequel::Settled,
        Sequel::AnnouncedAgain,
        Sequel::StillOpen,
        Sequel::SettledOtherwise,
    ] {
        surplus = told.take(sequel, surplus);
    }
    told.pairs
}

/// What a side has more than the other: so much may be superseded.
#[derive(Clone, Copy)]
enum Surplus {
    Records(usize),
    /// Where records may be parts of a payment.
    Money(Amount),
}

impl Surplus {
    /// What is left without this record; none where it is no surplus.
    fn without(self, record: &Record) -> Option<Self> {
        match self {
            Surplus::Records(more) => more.checked_sub(1).map(Surplus::Records),
            Surplus::Money(gap) => {
                let left = gap.checked_sub(record.money.amount).ok();
                let nearer = left.filter(|left| left.abs() < gap.abs());
                nearer.map(Surplus::Money)
            }
        }
    }
}

/// How an announcement goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sequel {
    /// Nothing came of it. Another attempt may have been announced since, with another amount.
    Failed,
    /// The money moved as it was announced.
    Settled,
    /// Some of it: what is captured may be less than what was reserved.
    SettledOtherwise,
    /// It is announced once more, for a later day.
    AnnouncedAgain,
    /// An earlier run had it announced, and here it is announced again.
    StillOpen,
}

impl Sequel {
    /// Whether a record is an announcement that may go on like this.
    fn announces(self, record: &Record) -> bool {
        let is_new = || record.carried_from().is_none();
        let is_meant = match self {
            Sequel::StillOpen | Sequel::AnnouncedAgain => is_new(),
            _ => true,
        };
        record.is_announced() && is_meant
    }

    /// Whether a record tells that it goes on like this.
    fn tells(self, record: &Record) -> bool {
        match self {
            Sequel::Failed => record.has_failed(),
            Sequel::Settled | Sequel::SettledOtherwise => {
                record.is_settled() && !record.is_announced()
            }
            Sequel::AnnouncedAgain => self.announces(record),
            Sequel::StillOpen => record.is_announced() && record.carried_from().is_some(),
        }
    }

    /// Whether no more is to be heard of it.
    fn is_the_end(self) -> bool {
        !matches!(self, Sequel::StillOpen | Sequel::AnnouncedAgain)
    }

    /// What both have in common.
    fn amount(self, record: &Record) -> Option<Amount> {
        (self != Sequel::SettledOtherwise).then_some(record.money.amount)
    }

    /// The day of a record among others, as a number. Money may move some days before the day for which it was
    /// announced.
    fn day(self, work: &Work<'_>, record: &Record) -> i64 {
        let day = days_between(Date::ZERO, record.value_date);
        let window = work.policy.date_window;
        match self {
            Sequel::Failed | Sequel::AnnouncedAgain => day,
            Sequel::StillOpen => 0,
            _ if record.is_announced() => day - i64::from(window.early_days.max(window.late_days)),
            _ => day,
        }
    }

    /// What counts instead of the announcement.
    fn sentence(self, record: &Record) -> String {
        let place = record.origin.place();
        match (self, record.status, record.carried_from()) {
            (Sequel::StillOpen, _, Some(run)) => format!("{run} had it already: {place}"),
            (_, Some(status), _) => format!("{place} says {status}"),
            (_, None, _) => format!("{place} has the payment"),
        }
    }
}

/// A record on its day.
#[derive(Clone, Copy)]
struct OnDay<'r> {
    at: Waiting,
    day: i64,
    record: &'r Record,
}

/// What is superseded of a group so far, each with what tells how it goes on.
struct Told<'w, 'a> {
    work: &'w Work<'a>,
    accepts: Accepts<'a>,
    /// Whether records may be parts of a payment.
    has_parts: bool,
    of_side: &'w [Waiting],
    /// The other side's, in order of their days.
    of_other: Vec<Member<'w>>,
    pairs: Vec<(Waiting, Waiting, Sequel)>,
    used: HashSet<Waiting>,
}

impl<'w, 'a> Told<'w, 'a> {
    fn of(work: &'w Work<'a>, of_side: &'w [Waiting], of_other: &[Waiting]) -> Self {
        let member = |at: &Waiting| Member {
            slot: at.slot,
            record: peek(work.slots(at.side), at.slot),
        };
        let mut of_other: Vec<Member> = of_other.iter().map(member).collect();
        of_other.sort_by_key(|member| member.record.value_date);
        Told {
            work,
            accepts: work.policy.accepts(&work.policy.rules[0]),
            has_parts: takes_payments_together(work),
            of_side,
            of_other,
            pairs: Vec::new(),
            used: HashSet::new(),
        }
    }

    fn has(&self, at: &Waiting) -> bool {
        self.used.contains(at)
    }

    /// In order of days, each record that tells how it goes on takes the last announcement before it; then each
    /// that tells the end takes those before that one, too. What is left of the surplus.
    fn take(&mut self, sequel: Sequel, mut surplus: Surplus) -> Surplus {
        let (mut last, mut earlier) = (Vec::new(), Vec::new());
        let mut before: Vec<OnDay> = Vec::new();
        for told in self.in_order(sequel) {
            let amount = |it: &OnDay| sequel.amount(it.record);
            if before.last().is_some_and(|it| amount(it) != amount(&told)) {
                before.clear();
            }
            if sequel.tells(told.record)
                && let Some(announced) = before.pop_if(|it| self.goes_on(sequel, it, &told))
            {
                last.push((told.at, announced.at));
                if sequel.is_the_end() {
                    let more = self.earlier(&mut before, announced, &told);
                    earlier.extend(more.into_iter().map(|it| (told.at, it)));
                }
            }
            if sequel.announces(told.record) {
                before.push(told);
            }
        }
        for (at, announced) in last.into_iter().chain(earlier) {
            let record = peek(self.work.slots(announced.side), announced.slot);
            if let Some(left) = surplus.without(record) {
                surplus = left;
                self.used.insert(announced);
                // Of what is still open, the end may be told, too.
                self.used.extend(sequel.is_the_end().then_some(at));
                self.pairs.push((at, announced, sequel));
            }
        }
        surplus
    }

    /// What is not told, by amount and day; on the same day announcements first.
    fn in_order(&self, sequel: Sequel) -> Vec<OnDay<'w>> {
        let work = self.work;
        let waiting = self.of_side.iter().filter(|at| !self.has(at));
        let on_day = waiting.map(|at| {
            let record = peek(work.slots(at.side), at.slot);
            let day = sequel.day(work, record);
            OnDay {
                at: *at,
                day,
                record,
            }
        });
        let mut on_days: Vec<OnDay> = on_day
            .filter(|it| sequel.announces(it.record) || sequel.tells(it.record))
            .collect();
        let place = |it: &OnDay| (sequel.amount(it.record), it.day, sequel.tells(it.record));
        on_days.sort_by(|one, other| {
            let places = place(one).cmp(&place(other));
            places.then_with(|| canonical_order(one.record, other.record))
        });
        on_days
    }

    /// Whether what is told may be how this announcement, which is before it, goes on.
    fn goes_on(&self, sequel: Sequel, announced: &OnDay<'_>, told: &OnDay<'_>) -> bool {
        self.may_be_one(announced, told)
            && (sequel != Sequel::AnnouncedAgain || self.is_again(announced.record, told.record))
    }

    /// Whether both may be about one payment. Where it has parts, another amount or reference is another part.
    fn may_be_one(&self, announced: &OnDay<'_>, told: &OnDay<'_>) -> bool {
        let (one, other) = (announced.record, told.record);
        let mut references = one.references.iter();
        told.day - announced.day <= DAYS_MAX
            && (!self.has_parts
                || one.money == other.money
                    && references.all(|(kind, text)| {
                        let same = other.reference(*kind);
                        same.is_none_or(|same| same == text.as_str())
                    }))
    }

    /// Whether an announcement is made anew by another one: of as much, for a later day, and not too far from it
    /// to be the same payment.
    fn is_again(&self, announced: &Record, later: &Record) -> bool {
        let days = [announced.value_date, later.value_date];
        announced.money == later.money
            && days[0] < days[1]
            && !twins::are_of_series(self.accepts, days.into_iter())
    }

    /// Those of as much before the announcement of which the end is told: what that one made anew, and those that
    /// go with nothing of the other side. Of one that is announced and fails on one day, another may have been
    /// announced after the failure.
    fn earlier(
        &self,
        before: &mut Vec<OnDay<'w>>,
        announced: OnDay<'w>,
        told: &OnDay<'_>,
    ) -> Vec<Waiting> {
        let mut earlier = Vec::new();
        let mut later = announced;
        while let Some(one) = before.pop_if(|it| {
            let is_again = announced.day < told.day && self.is_again(it.record, later.record);
            let is_unknown = || twins::within(self.accepts, it.record, &self.of_other).is_empty();
            it.record.money == announced.record.money
                && self.may_be_one(it, told)
                && (is_again || is_unknown())
        }) {
            earlier.push(one.at);
            later = one;
        }
        earlier
    }
}

fn set_aside(work: &mut Work<'_>, teller: Waiting, announced: Waiting, sequel: Sequel) {
    // It may be set aside itself, by what tells the end.
    let Some(told) = &mut work.waiting(teller.side)[teller.slot] else {
        return;
    };
    let by = sequel.sentence(told);
    if let Some(past) = told.past.as_mut() {
        // What it repeated was the announcement.
        past.repeats = None;
    }
    let is_inside = work.is_inside((teller.side, teller.slot));
    work.supersede(vec![((announced.side, announced.slot), by)], is_inside);
}
