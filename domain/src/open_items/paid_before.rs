//! What was left alone, held against what earlier runs matched under another reference: an invoice that was paid by
//! one charge, and on another day again by another.
//!
//! [Other names](super::OtherNames) say of which runs that may be; then the record itself is looked for, since a name
//! alone does not say whose it is. What was matched several times under a name comes again and again; what was paid
//! back may be paid anew. A run tells it anew for as long as it is open: meanwhile the other side may book it, or the
//! first one be taken back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::arrived::{self, SettledAlone};
use super::noted::Noted;
use super::other_names::{Name, OtherNames};
use super::paid::{Payment, Payments};
use super::settle::paid_by_people;
use super::{Undone, Used};
use crate::case::Settles;
use crate::discrepancy::Discrepancy;
use crate::matching::{
    Beside, Comparison, Superseded, WantedMoney, canonical_order, is_repetition, lone_record,
    own_records, repeats_earlier,
};
use crate::policy::{RunContext, SourcePolicy};
use crate::record::{Movement, Past, Record, Side};

/// Records that are alone and may be payments that earlier runs matched under another reference.
#[derive(Debug)]
pub struct PaidBefore<'c> {
    names: OtherNames,
    asked: Vec<AskedName<'c>>,
    /// The places of those that have a name.
    by_name: HashMap<Payment, Vec<usize>>,
    noted: Noted,
    /// Names of this run's own records, and of what people wrote off, with their days; the last of all days for what
    /// this run matched.
    own: HashMap<Payment, Vec<Date>>,
    /// Payments, by the first rule, that failed.
    failed: HashSet<Payment>,
    /// What people settled as paid, each with its run and day.
    settled: Vec<(Arc<str>, Date, Record)>,
}

/// A record under a name.
#[derive(Debug)]
struct AskedName<'c> {
    at: At,
    record: &'c Record,
    name: Name,
    /// Whether nobody asks for it any more.
    is_left_out: bool,
    /// Whether its side's input shows the other record again; none where inputs show nothing again.
    is_shown: Option<bool>,
    /// Value dates of which the input has all that there is.
    covers: Option<(Date, Date)>,
    /// The record that was matched.
    original: Option<Record>,
}

/// Where in a comparison it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum At {
    Missing(usize),
    InTransit(usize),
}

/// What becomes of a record.
#[derive(Debug)]
enum Fate {
    Again(Discrepancy),
    /// It stands in the place of the one that was matched.
    Corrected(Superseded),
}

/// What becomes of the records of a comparison that were paid before.
#[derive(Debug)]
pub struct FoundPaid(BTreeMap<At, Fate>);

impl<'c> PaidBefore<'c> {
    /// Those of a comparison that nobody found anything for, and that are new, or were paid before already when they
    /// were new; none where there is nothing to ask.
    #[must_use]
    pub fn of(policy: &SourcePolicy, comparison: &'c Comparison) -> Option<Self> {
        let mut names = OtherNames::of(policy);
        if !names.are_any() {
            return None;
        }
        let mut asked = Vec::new();
        let missing = comparison.discrepancies.iter().enumerate();
        let missing = missing.filter_map(|(at, it)| Some((At::Missing(at), lone_record(it)?)));
        let in_transit = comparison.in_transit.iter().enumerate();
        let in_transit = in_transit.map(|(at, record)| (At::InTransit(at), record));
        // What is new, and the other side may still have, is no more one too many than it is missing.
        let in_transit = in_transit.filter(|(_, record)| record.found_in().is_some());
        for (at, record) in missing.chain(in_transit).filter(|(_, it)| is_asked(it)) {
            asked.extend(names.names(record).into_iter().map(|name| AskedName {
                at,
                record,
                name,
                is_left_out: false,
                is_shown: None,
                covers: None,
                original: None,
            }));
        }
        if asked.is_empty() {
            return None;
        }
        let mut by_name: HashMap<Payment, Vec<usize>> = HashMap::new();
        for (at, asked) in asked.iter().enumerate() {
            by_name.entry(asked.name.own).or_default().push(at);
        }
        let mut before = PaidBefore {
            noted: Noted::asked_for(asked.iter().flat_map(|asked| asked.name.all())),
            names,
            asked,
            by_name,
            own: HashMap::new(),
            failed: HashSet::new(),
            settled: Vec::new(),
        };
        let of_discrepancies = comparison.discrepancies.iter().flat_map(own_records);
        before.look_at_open(policy, of_discrepancies.chain(&comparison.in_transit));
        Some(before)
    }

    /// Asks about none that would repeat one of these, which were matched and are open again.
    pub fn leave_out(&mut self, open_again: &[Record]) {
        for name in open_again.iter().flat_map(|it| self.names.of_record(it)) {
            for at in self.by_name.get(&name).into_iter().flatten() {
                self.asked[*at].is_left_out = true;
            }
        }
    }

    /// Looks at the names of what this run matched.
    pub fn look_at_own(&mut self, names: &[Payment]) {
        for name in names {
            self.own.entry(*name).or_default().push(Date::MAX);
        }
    }

    /// Looks at records that are open, or were.
    fn look_at_open<'r>(
        &mut self,
        policy: &SourcePolicy,
        records: impl Iterator<Item = &'r Record>,
    ) {
        let mut payments = Payments::of(policy);
        for record in records {
            for name in self.names.of_record(record) {
                self.own.entry(name).or_default().push(record.value_date);
            }
            if record.has_failed() {
                self.failed.extend(payments.of_record(record));
            }
        }
    }

    /// Looks at the names of what a run of this day matched; they are sorted.
    pub fn look(&mut self, run: &Arc<str>, day: Date, names: &[Payment]) {
        self.noted.look(run, day, names);
    }

    /// Of a side whose inputs show records again, tells what this one shows, sorted, from what it does not: what is
    /// not there any more, of days that the input `covers`, was corrected.
    pub fn look_at_shown(&mut self, side: Side, shown: &[Payment], covers: Option<(Date, Date)>) {
        let asked = self.asked.iter_mut();
        for asked in asked.filter(|asked| asked.record.side == side) {
            asked.is_shown = Some(shown.binary_search(&asked.name.own).is_ok());
            asked.covers = covers;
        }
    }

    /// Looks at what people settled, as far as it is not undone. What they wrote off took money back, if it did; and
    /// what arrives after they settled its other side is told as that.
    pub fn look_at_settled(
        &mut self,
        policy: &SourcePolicy,
        day: Date,
        settled: &[Used],
        undone: &Undone,
    ) {
        for (run, day, used) in paid_by_people(day, settled, undone) {
            let names = used.records.iter().flat_map(|it| self.names.of_record(it));
            let mut names: Vec<Payment> = names.collect();
            names.sort_unstable();
            self.noted.look(&run, day, &names);
            let records = used.records.iter().cloned();
            self.settled
                .extend(records.map(|record| (Arc::clone(&run), day, record)));
        }
        let in_force = settled.iter().filter(|used| !undone.unsettles(used));
        let of_one_side = in_force.clone().filter(|used| !used.has_both_sides());
        let gone = of_one_side.flat_map(|used| {
            let by = used.settled.as_ref();
            let is_written_off = by.is_some_and(|by| by.settles == Settles::WrittenOff);
            let records = used.records.iter();
            records.filter(move |it| is_written_off || it.has_failed())
        });
        self.look_at_open(policy, gone);
        let mut payments = Payments::of(policy);
        let alone = SettledAlone::of(&mut payments, in_force);
        for asked in &mut self.asked {
            let payment = payments.of_record(asked.record);
            let told = payment.map(|payment| arrived::across(asked.record, payment));
            asked.is_left_out |= told.is_some_and(|told| alone.has(&told));
        }
    }

    /// The money of records that a run matched and that have to be [seen](PaidBefore::see); none where it need not be
    /// looked for any. Once everything was looked at.
    #[must_use]
    pub fn wants(&self, run: &str, side: Side) -> Option<WantedMoney> {
        let asked = self.asked.iter();
        let asked = asked.filter(|it| it.record.side == side && self.is_sought(it, run));
        let money: WantedMoney = asked.map(|asked| asked.record.money).collect();
        (!money.is_empty()).then_some(money)
    }

    /// Is shown a record that a run of this day matched, in any order.
    pub fn see(&mut self, policy: &SourcePolicy, run: &Arc<str>, day: Date, record: &Record) {
        if record.movement() != Movement::Made {
            return;
        }
        for name in self.names.names(record) {
            for at in self.by_name.get(&name.own).into_iter().flatten() {
                let asked = &self.asked[*at];
                let known = asked.original.as_ref();
                let is_first = known.is_none_or(|known| canonical_order(record, known).is_lt());
                let beside = || Beside::of(policy, name.rule, asked.record, record);
                if is_first && self.is_sought(asked, run) && beside() != Beside::Another {
                    self.asked[*at].original = Some(matched_by(run, day, record));
                }
            }
        }
    }

    /// What is there again. What stands in the place of the one that was matched is that one.
    #[must_use]
    pub fn settle(mut self, policy: &SourcePolicy, context: &RunContext) -> FoundPaid {
        for (run, day, record) in std::mem::take(&mut self.settled) {
            self.see(policy, &run, day, &record);
        }
        let mut fates: BTreeMap<At, Fate> = BTreeMap::new();
        // The names of what was corrected: each once.
        let mut corrected: Vec<Payment> = Vec::new();
        for asked in &self.asked {
            // Of several rules the first that says so.
            if !fates.contains_key(&asked.at)
                && let Some(fate) = self.fate(policy, context, asked, &mut corrected)
            {
                fates.insert(asked.at, fate);
            }
        }
        FoundPaid(fates)
    }

    fn fate(
        &self,
        policy: &SourcePolicy,
        context: &RunContext,
        asked: &AskedName<'_>,
        corrected: &mut Vec<Payment>,
    ) -> Option<Fate> {
        let (rule, name) = (asked.name.rule, asked.name.own);
        let (record, original) = (asked.record, asked.original.as_ref()?);
        if !self.stands(policy, asked.name, original) {
            return None;
        }
        let beside = Beside::of(policy, rule, record, original);
        let covers = |(from, to): (Date, Date)| (from..=to).contains(&original.value_date);
        if asked.is_shown == Some(false) && asked.covers.is_some_and(covers) {
            let is_it = beside == Beside::Near && !corrected.contains(&name);
            let run = original.carried_from().filter(|_| is_it)?;
            corrected.push(name);
            return Some(Fate::Corrected(Superseded {
                record: record.clone(),
                by: format!("{run} matched it before it was corrected"),
            }));
        }
        let copies = 1 + self.by_name.get(&name).map_or(0, Vec::len);
        let (record, original) = (record.clone(), original.clone());
        let again = repeats_earlier(policy, context, rule, record, original, copies);
        Some(Fate::Again(again))
    }

    /// Whether this run matched it under its name, and no other one after it.
    fn is_sought(&self, asked: &AskedName<'_>, run: &str) -> bool {
        let name = asked.name;
        let found = self.noted.get(name.own);
        let is_its = found.is_some_and(|found| *found.run == *run);
        if !is_its || asked.is_left_out {
            return false;
        }
        let paid = self.paid(name);
        let is_once = paid == 1 || paid - self.taken_back(name, Date::MIN) == 1;
        // By the other side's account, too.
        is_once && self.noted.times(name.across) <= self.noted.times(name.own)
    }

    /// How often it was matched, and not taken back since. In the order of days: nothing takes back what came after
    /// it.
    fn paid(&self, name: Name) -> i64 {
        let mut paid: i64 = 0;
        for day in self.noted.days_of(&[name.own, name.back, name.undone]) {
            let times = |what: Payment| self.noted.times_on(what, day);
            paid += times(name.own);
            paid -= (times(name.back) + times(name.undone)).min(paid);
        }
        paid
    }

    /// How often what is open now, or was, takes it back since a day.
    fn taken_back(&self, name: Name, since: Date) -> i64 {
        let days = [name.back, name.undone].into_iter();
        let days = days.filter_map(|it| self.own.get(&it)).flatten();
        days.filter(|day| **day >= since).map(|_| 1).sum()
    }

    /// Whether the payment that was matched was neither taken back since, nor has bounced.
    fn stands(&self, policy: &SourcePolicy, name: Name, original: &Record) -> bool {
        let paid = self.paid(name);
        let since = match paid {
            1 => original.value_date,
            _ => Date::MIN,
        };
        let payment = Payments::of(policy).of_record(original);
        let has_failed = payment.is_some_and(|payment| self.failed.contains(&payment));
        paid - self.taken_back(name, since) == 1 && !has_failed
    }
}

impl FoundPaid {
    /// Reports it in the place of what the comparison, the same as before, said of it.
    pub fn report(self, comparison: &mut Comparison) {
        // From behind, so that the places of the others stay.
        for (at, fate) in self.0.into_iter().rev() {
            match (at, fate) {
                (At::Missing(at), Fate::Again(again)) => comparison.discrepancies[at] = again,
                (At::InTransit(at), Fate::Again(again)) => {
                    comparison.in_transit.remove(at);
                    comparison.discrepancies.push(again);
                }
                (At::Missing(at), Fate::Corrected(superseded)) => {
                    comparison.discrepancies.remove(at);
                    comparison.superseded.push(superseded);
                }
                (At::InTransit(at), Fate::Corrected(superseded)) => {
                    comparison.in_transit.remove(at);
                    comparison.superseded.push(superseded);
                }
            }
        }
    }
}

/// Whether a record that is alone may have been paid before: it is new, or was found to be paid before under another
/// reference. What repeats an earlier one under its own is known by that.
fn is_asked(record: &Record) -> bool {
    let found_in = record.found_in();
    record.movement() == Movement::Made
        && record.repeats().is_none()
        && found_in.is_none_or(|(_, kind)| is_repetition(*kind))
}

/// A record as a run knows it that an earlier one matched.
fn matched_by(run: &Arc<str>, day: Date, record: &Record) -> Record {
    let mut record = record.clone();
    record.past = Some(Box::new(Past {
        received_by: Some(Arc::clone(run)),
        since: record.past.as_ref().map_or(day, |past| past.since),
        found_in: None,
        repeats: None,
    }));
    record
}
