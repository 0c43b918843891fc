//! Payments that are there again under another reference: an invoice that was paid by one charge, and again by
//! another.
//!
//! A rule took the one payment with its counterpart, so a later rule, which would have said that both are the
//! same, saw only what was left. When rules are done, whoever applied them shows all records once more, in any
//! order: what was left alone repeats what found a counterpart, if a later rule of pairs has the same texts
//! for both, and it is the same money more often than on the other side. As it would be under one and the
//! same reference. Where neither found any, each is missing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::again::{DAYS_MAX, apart};
use super::identity::{canonical_order, duplicate_key, shared_key};
use super::pair::{self, Timing};
use super::wanted::WantedMoney;
use super::work::Work;
use super::{Comparison, Kin, Pool, key, lone};
use crate::calendar::days_between;
use crate::discrepancy::{Discrepancy, Kind};
use crate::money::Money;
use crate::policy::{Accepts, Cardinality, Key, RunContext, SourcePolicy};
use crate::record::{Movement, Place, Record, Side};

/// What was left alone and may repeat a payment, and what was seen of that payment.
#[derive(Debug)]
pub struct LookAgain {
    /// What the first rule compares.
    first: Vec<Key>,
    /// What later rules compare, with their indexes.
    later: Vec<(usize, Vec<Key>)>,
    payments: HashMap<Payment, Seen>,
    /// Other lone records: nothing was found for them either.
    also_lone: HashSet<Place>,
    /// The money that is asked about, and what takes it back.
    wanted: WantedMoney,
}

/// A payment as a later rule tells it from others: a hash of its texts, the money, and what is said of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Payment {
    side: Side,
    rule: usize,
    texts: u64,
    money: Money,
    movement: Movement,
}

/// What there is of a payment.
#[derive(Default, Debug)]
struct Seen {
    /// Those that are alone, in the order of their places.
    lone: Vec<(Place, At)>,
    /// How many others its side has, and the other side.
    others: usize,
    counterparts: usize,
    /// Of its side's others, by their days, the first that differ in whose they are or in the first rule's texts.
    by_day: BTreeMap<Date, Vec<Original>>,
    /// The days on which its side has as much money the other way.
    back: BTreeSet<Date>,
}

/// One that may be repeated.
#[derive(Debug)]
struct Original {
    /// A hash of its text for the first rule.
    first: Option<u64>,
    record: Record,
}

/// Originals that are kept of one day at most: those of one payment hardly differ in whose they are.
const ORIGINALS_MAX: usize = 16;

/// Where in the parts of a comparison a lone record is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct At {
    part: usize,
    list: List,
    index: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum List {
    Missing,
    InTransit,
}

/// What those rules compare, with their indexes, by which a payment is known to be there again, whatever other
/// reference it has.
pub(crate) fn later(policy: &SourcePolicy) -> Vec<(usize, Vec<Key>)> {
    let kin = Kin::of(policy);
    let rules = policy.rules.iter().enumerate().skip(1);
    let later = rules.filter(|(index, rule)| {
        rule.cardinality == Cardinality::OneToOne
            && rule.names_payments()
            && !kin.is_by(*index)
            && policy.rules[0].on != rule.on
    });
    later
        .map(|(index, rule)| (index, rule.on.clone()))
        .collect()
}

impl LookAgain {
    /// Whether lone records of a source are ever asked about.
    #[must_use]
    pub fn applies(policy: &SourcePolicy) -> bool {
        !later(policy).is_empty()
    }

    /// What is asked about the lone records of a comparison, in whatever parts it is; none where there is
    /// nothing to ask.
    #[must_use]
    pub fn of(policy: &SourcePolicy, parts: &[Comparison]) -> Option<Self> {
        let mut look = LookAgain {
            first: policy.rules.first()?.on.clone(),
            later: later(policy),
            payments: HashMap::new(),
            also_lone: HashSet::new(),
            wanted: WantedMoney::default(),
        };
        if look.later.is_empty() {
            return None;
        }
        for (part, comparison) in parts.iter().enumerate() {
            let missing = comparison.discrepancies.iter().enumerate();
            let missing = missing.filter_map(|(index, it)| Some((index, lone_record(it)?)));
            for (index, record) in missing {
                let list = List::Missing;
                look.ask(record, At { part, list, index });
            }
            look.also_lone.extend(comparison.also_lone.iter().cloned());
            for (index, record) in comparison.in_transit.iter().enumerate() {
                let list = List::InTransit;
                look.ask(record, At { part, list, index });
            }
        }
        let seen = look.payments.values_mut();
        seen.for_each(|seen| seen.lone.sort_unstable());
        (!look.payments.is_empty()).then_some(look)
    }

    fn ask(&mut self, record: &Record, at: At) {
        if record.repeats().is_some() || !record.movement().repeats() {
            return;
        }
        for (rule, texts) in texts(&self.later, record) {
            let payment = Payment::of(record, rule, texts);
            let seen = self.payments.entry(payment).or_default();
            seen.lone.push((Place::of(record), at));
            self.wanted.add(record.money);
            self.wanted.add(record.money.opposite());
        }
    }

    /// The money of records that have to be [seen](LookAgain::see) at all.
    #[must_use]
    pub fn wanted(&self) -> &WantedMoney {
        &self.wanted
    }

    /// Is shown a record: of each side all of them, those too that are asked about, in any order.
    pub fn see(&mut self, record: &Record) {
        if !self.wanted.is_of(record) || record.has_failed() {
            return;
        }
        for (rule, texts) in texts(&self.later, record) {
            let own = Payment::of(record, rule, texts);
            if let Some(seen) = self.payments.get_mut(&own) {
                let place = Place::of(record);
                match self.also_lone.contains(&place) {
                    true => seen.others += 1,
                    false => seen.see_own(record, place, key::hash_of(&self.first, record)),
                }
            }
            if let Some(seen) = self.payments.get_mut(&own.of_other_side()) {
                seen.counterparts += 1;
            }
            for movement in Movement::ALL {
                let taken_back = own.taken_back(movement);
                if let Some(seen) = self.payments.get_mut(&taken_back) {
                    seen.back.insert(record.value_date);
                }
            }
        }
    }

    /// Reports what is there again, in the place of what was said of it.
    pub fn settle(self, policy: &SourcePolicy, context: &RunContext, parts: &mut [Comparison]) {
        let mut found: BTreeMap<At, Again> = BTreeMap::new();
        for (payment, seen) in self.payments {
            for (at, again) in seen.again(policy, context, payment, &self.first, parts) {
                // Of several rules the first that says so.
                match found.get(&at) {
                    Some(known) if known.rule <= again.rule => {}
                    _ => {
                        found.insert(at, again);
                    }
                }
            }
        }
        let mut work = Work::new(policy, context, Pool::default());
        for (part, comparison) in parts.iter_mut().enumerate() {
            let mut again = |list: List, index: usize| found.remove(&At { part, list, index });
            for (index, missing) in comparison.discrepancies.iter_mut().enumerate() {
                if let Some(again) = again(List::Missing, index)
                    && let Some(record) = missing.partner.take().or(missing.ledger.take())
                {
                    *missing = report(&mut work, again, record);
                }
            }
            let in_transit = std::mem::take(&mut comparison.in_transit);
            for (index, record) in in_transit.into_iter().enumerate() {
                match again(List::InTransit, index) {
                    None => comparison.in_transit.push(record),
                    Some(again) => {
                        let reported = report(&mut work, again, record);
                        comparison.discrepancies.push(reported);
                    }
                }
            }
        }
    }
}

/// Whether one record may be the payment of another that was found a counterpart under another text of the
/// first rule: those with an equal text were all seen by that one.
fn may_be_again(accepts: Accepts<'_>, record: &Record, original: &Record) -> bool {
    key::order(&accepts.rule.on, record, original).is_eq()
        && pair::may_repeat(accepts, record, original)
        && days_between(original.value_date, record.value_date).abs() <= DAYS_MAX
}

/// Whether a duplicate is one by a later rule, under another reference than its original.
pub(crate) fn is_under_another_reference(policy: &SourcePolicy, duplicate: &Discrepancy) -> bool {
    let is_its = |(index, _): &(usize, Vec<Key>)| policy.rules[*index].name == *duplicate.rule;
    let mut records = [&duplicate.partner, &duplicate.ledger]
        .into_iter()
        .flatten();
    let differs = |original: &Record| {
        let first = &policy.rules[0].on;
        records.any(|record| key::order(first, record, original).is_ne())
    };
    duplicate.related.first().is_some_and(differs) && later(policy).iter().any(is_its)
}

/// What a record that is alone is beside one that an earlier run matched, which has the same texts for a later rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Beside {
    /// Another payment.
    Another,
    /// It may be that payment, of a day near to it.
    Near,
    /// It may be that payment.
    Far,
}

impl Beside {
    pub(crate) fn of(
        policy: &SourcePolicy,
        rule: usize,
        record: &Record,
        earlier: &Record,
    ) -> Self {
        let accepts = policy.accepts(&policy.rules[rule]);
        let is_known = key::order(&policy.rules[0].on, record, earlier).is_eq();
        if is_known || !may_be_again(accepts, record, earlier) {
            return Beside::Another;
        }
        match pair::are_near(accepts, record.value_date, earlier.value_date) {
            true => Beside::Near,
            false => Beside::Far,
        }
    }
}

/// What is said of a record that repeats one of an earlier run by this later rule; its side has it so many times.
pub(crate) fn repeats_earlier(
    policy: &SourcePolicy,
    context: &RunContext,
    rule: usize,
    record: Record,
    earlier: Record,
    copies: usize,
) -> Discrepancy {
    let matched_in = earlier.carried_from();
    let matched_in = matched_in.map(|run| format!("; {run} matched the other"));
    let mut work = Work::new(policy, context, Pool::default());
    let again = Again {
        rule,
        original: earlier,
        copies,
        counterparts: 1,
    };
    let mut again = report(&mut work, again, record);
    again.reason.extend(matched_in);
    again
}

/// The record of a discrepancy that is only alone.
pub(crate) fn lone_record(discrepancy: &Discrepancy) -> Option<&Record> {
    match discrepancy.kind {
        Kind::MissingInLedger => discrepancy.partner.as_ref(),
        Kind::MissingAtPartner => discrepancy.ledger.as_ref(),
        _ => None,
    }
}

/// Hashes of what later rules compare of a record, with their indexes.
fn texts(later: &[(usize, Vec<Key>)], record: &Record) -> impl Iterator<Item = (usize, u64)> {
    let texts = |(rule, on): &(usize, Vec<Key>)| Some((*rule, key::hash_of(on, record)?));
    later.iter().filter_map(texts)
}

impl Payment {
    fn of(record: &Record, rule: usize, texts: u64) -> Self {
        Payment {
            side: record.side,
            rule,
            texts,
            money: record.money,
            movement: record.movement(),
        }
    }

    fn of_other_side(self) -> Self {
        Payment {
            side: self.side.other(),
            ..self
        }
    }

    /// The one that this takes back.
    fn taken_back(self, movement: Movement) -> Self {
        Payment {
            money: self.money.opposite(),
            movement,
            ..self
        }
    }
}

/// One that is there again.
struct Again {
    rule: usize,
    original: Record,
    copies: usize,
    counterparts: usize,
}

impl Seen {
    fn see_own(&mut self, record: &Record, place: Place, first: Option<u64>) {
        let at_place = |(lone, _): &(Place, At)| lone.cmp(&place);
        if self.lone.binary_search_by(at_place).is_ok() {
            return;
        }
        self.others += 1;
        let of_day = self.by_day.entry(record.value_date).or_default();
        let is_alike = |known: &&mut Original| {
            let whose = |record: &Record| (record.client.clone(), record.counterparty.clone());
            known.first == first && whose(&known.record) == whose(record)
        };
        match of_day.iter_mut().find(is_alike) {
            Some(known) if canonical_order(record, &known.record).is_lt() => {
                known.record = record.clone();
            }
            Some(_) => {}
            None => of_day.push(Original {
                first,
                record: record.clone(),
            }),
        }
        of_day.sort_by(|one, other| canonical_order(&one.record, &other.record));
        of_day.truncate(ORIGINALS_MAX);
    }

    /// Which of the lone ones are there again.
    fn again<'s>(
        &'s self,
        policy: &'s SourcePolicy,
        context: &'s RunContext,
        payment: Payment,
        first: &'s [Key],
        parts: &'s [Comparison],
    ) -> impl Iterator<Item = (At, Again)> {
        let copies = self.others + self.lone.len();
        let accepts = policy.accepts(&policy.rules[payment.rule]);
        let apart = apart(accepts, || self.by_day.keys().copied());
        let is_more = copies > self.counterparts;
        let lone = self.records(parts).filter(move |_| is_more);
        lone.filter_map(move |(record, at)| {
            let own = key::hash_of(first, record);
            let original = self.original(record.value_date, |other| {
                other.first != own && may_be_again(accepts, record, &other.record)
            })?;
            let (day, before) = (record.value_date, original.value_date);
            let days = days_between(before, day).abs();
            let is_near = apart.is_none_or(|apart| 3 * days < apart);
            // The next one of a series, which the partner may still report.
            let (window, calendar) = (accepts.window(), &policy.calendar);
            let is_next = pair::timing_of(window, calendar, day, before) != Timing::Within;
            let waits = is_next && lone::is_in_transit(policy, context, record);
            let is_again = is_near && !waits && !self.is_paid_back(before, day);
            is_again.then(|| {
                let again = Again {
                    rule: payment.rule,
                    original: original.clone(),
                    copies,
                    // It found one, whatever that says.
                    counterparts: self.counterparts.max(1),
                };
                (at, again)
            })
        })
    }

    /// Whether as much money went back between these days, or on one of them: then what came after it was paid anew.
    fn is_paid_back(&self, one: Date, other: Date) -> bool {
        let between = one.min(other)..=one.max(other);
        self.back.range(between).next().is_some()
    }

    fn records<'p>(&self, parts: &'p [Comparison]) -> impl Iterator<Item = (&'p Record, At)> {
        self.lone.iter().filter_map(|(_, at)| {
            let part = &parts[at.part];
            let record = match at.list {
                List::Missing => lone_record(&part.discrepancies[at.index])?,
                List::InTransit => &part.in_transit[at.index],
            };
            Some((record, *at))
        })
    }

    /// The nearest to this day that may be repeated.
    fn original(&self, day: Date, may_be: impl Fn(&Original) -> bool) -> Option<&Record> {
        let before = self.by_day.range(..=day).rev();
        let after = self.by_day.range(day..);
        let before = before.flat_map(|(_, it)| it).find(|it| may_be(it));
        let after = after.flat_map(|(_, it)| it).find(|it| may_be(it));
        let originals = before.into_iter().chain(after).map(|it| &it.record);
        originals.min_by_key(|it| days_between(it.value_date, day).abs())
    }
}

fn report(work: &mut Work<'_>, again: Again, record: Record) -> Discrepancy {
    let policy = work.policy;
    let rule = &policy.rules[again.rule];
    let mut keys = shared_key(rule, &record);
    // The rule itself may have found another such payment. Those that are found here are told apart by what the
    // first one goes by, not by how many they are: a run of a part of the source does not see all of them.
    keys.push("under another reference".to_owned());
    keys.extend(shared_key(&policy.rules[0], &record));
    let keys = duplicate_key(keys, record.money);
    let counts = (again.copies, again.counterparts);
    work.duplicate(rule, &keys, record, again.original, counts)
}
