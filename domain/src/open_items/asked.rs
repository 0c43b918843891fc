//! What is left of a run, held against the payments of earlier runs: what is the same one again, reported or booked
//! once more in another report, of another day even; what is the end of an announcement; what was taken back.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::arrived::{self, SettledAlone, Told};
use super::fingerprint::{Fingerprint, fingerprint};
use super::noted::{Found, Noted};
use super::paid::{Mark, Payment, Payments};
use super::retried::retried;
use super::settle::paid_by_people;
use super::{Undone, Used};
use crate::matching::{
    Pool, Superseded, canonical_order, is_asked_for, is_in_transit, is_repetition,
};
use crate::policy::{RunContext, SourcePolicy};
use crate::record::{Movement, Past, Record, Side};

/// Records for which nothing was found yet and that may be payments of an earlier run: made twice, announced,
/// or taken back.
#[derive(Debug)]
pub struct Asked {
    pub(super) records: Vec<AskedRecord>,
    /// What earlier runs noted of them.
    pub(super) noted: Noted,
    /// How often this run matched what would take the money of a record back, or has it left.
    undone_now: BTreeMap<(Side, Payment), i64>,
    /// How often people settled a payment of which one side was alone.
    settled_alone: BTreeMap<Told, i64>,
}

#[derive(Debug)]
pub(super) struct AskedRecord {
    pub(super) side: Side,
    pub(super) at: usize,
    pub(super) payment: Payment,
    /// The payment that would undo it.
    undone_by: Payment,
    announced: Payment,
    told: Payment,
    /// That both sides said of the payment that its money did not stay.
    given_up: Payment,
    /// Whether it may be made twice.
    may_be_again: bool,
    /// Whether it is the record of an earlier run that says now that its money did not stay.
    pub(super) is_changed: bool,
    /// Whether its side shows the payment as it was; none of a side whose inputs show nothing again.
    pub(super) is_shown: Option<bool>,
    /// Value dates of which its side's input has all that there is.
    pub(super) covered: Option<(Date, Date)>,
    /// Other days that it may have been matched on, each with the fingerprint that it would have had.
    pub(super) other_days: Vec<(Date, Fingerprint)>,
    /// The one that it was matched on.
    pub(super) matched_on: Option<Date>,
}

impl Asked {
    /// Those of these records. What an earlier run found already is not asked about, unless it was another payment
    /// then: these are `renamed`; or was there again, and is received anew; what says that money was moved back only where an earlier run had the same record;
    /// nor is asked whether what the partner may still report is made twice.
    #[must_use]
    pub fn of(
        policy: &SourcePolicy,
        context: &RunContext,
        pool: &Pool,
        renamed: &BTreeSet<Fingerprint>,
    ) -> Self {
        let mut payments = Payments::of(policy);
        let mut records = Vec::new();
        for of_side in [&pool.partner, &pool.ledger] {
            for (at, record) in of_side.iter().enumerate() {
                let is_renamed = || !renamed.is_empty() && renamed.contains(&fingerprint(record));
                // An amended report has a duplicate once more.
                let is_again = || {
                    let found_in = record.found_in();
                    record.repeats().is_none() && found_in.is_some_and(|(_, it)| is_repetition(*it))
                };
                let is_new = record.movement() != Movement::TakenBack
                    && (record.found_in().is_none() || is_renamed() || is_again());
                let is_changed = record.is_changed() && record.carried_from().is_none();
                if (is_new || is_changed)
                    && let Some(mut asked) = AskedRecord::of(&mut payments, at, record)
                {
                    asked.is_changed = is_changed;
                    asked.may_be_again &= !is_in_transit(policy, context, record);
                    records.push(asked);
                }
            }
        }
        // Of several that are the same payment the first is asked for first, in whatever order they came.
        records.sort_by(|one, other| {
            let record = |asked: &AskedRecord| &pool.side(asked.side)[asked.at];
            let payments = (one.payment, one.side).cmp(&(other.payment, other.side));
            payments.then_with(|| canonical_order(record(one), record(other)))
        });
        Asked {
            noted: Noted::asked_for(records.iter().flat_map(AskedRecord::wanted)),
            records,
            undone_now: BTreeMap::new(),
            settled_alone: BTreeMap::new(),
        }
    }

    /// Asks about none of the payments of these records, which were matched and are open again: they would
    /// repeat themselves.
    pub fn leave_out(&mut self, policy: &SourcePolicy, open_again: &[Record]) {
        let mut payments = Payments::of(policy);
        let open_again = open_again.iter().filter_map(|it| payments.of_record(it));
        let open_again: BTreeSet<Payment> = open_again.collect();
        self.records
            .retain(|asked| !open_again.contains(&asked.payment));
    }

    /// Of a side whose inputs show records again, tells payments that this one shows, sorted, from those that it
    /// does not: what is not there any more, of days that the input `covers`, was corrected.
    pub fn look_at_shown(&mut self, side: Side, shown: &[Payment], covers: Option<(Date, Date)>) {
        for asked in self.records.iter_mut().filter(|asked| asked.side == side) {
            let is_shown = shown.binary_search(&asked.payment).is_ok();
            asked.is_shown = Some(is_shown);
            asked.covered = covers;
        }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Looks at the payments that this run matched, in any order, and at what is left: money that is taken back
    /// may be paid anew. Once everything is known that other runs noted.
    pub fn look_at_own(&mut self, policy: &SourcePolicy, pool: &Pool, matched: &[Payment]) {
        let asked = self.records.iter();
        let asked = asked.filter(|it| it.is_changed || self.noted.get(it.payment).is_some());
        let asked = asked.map(|it| ((it.side, it.undone_by), 0));
        let mut undone: BTreeMap<(Side, Payment), i64> = asked.collect();
        if undone.is_empty() {
            return;
        }
        let mut payments = Payments::of(policy);
        let mut count = |side: Side, payment: Payment| {
            let times = undone.entry((side, payment));
            times.and_modify(|times| *times += 1);
        };
        for record in pool.partner.iter().chain(&pool.ledger) {
            if let Some(payment) = payments.of_record(record) {
                count(record.side, payment);
            }
        }
        for payment in matched {
            Side::BOTH
                .into_iter()
                .for_each(|side| count(side, *payment));
        }
        self.undone_now = undone;
    }

    /// Looks at what a run of this day noted; `noted` is sorted.
    pub fn look(&mut self, run: &Arc<str>, day: Date, noted: &[Payment]) {
        self.noted.look(run, day, noted);
    }

    /// Looks at what people settled, as far as it is not undone. Differences between records of both sides are paid; of
    /// what was alone, the other side may still have its record.
    pub fn look_at_settled(
        &mut self,
        policy: &SourcePolicy,
        day: Date,
        settled: &[Used],
        undone: &Undone,
    ) {
        let mut payments = Payments::of(policy);
        let in_force = settled.iter().filter(|used| !undone.unsettles(used));
        let alone = SettledAlone::of(&mut payments, in_force);
        self.settled_alone = alone.counts().collect();
        let mut by_run: BTreeMap<(Arc<str>, Date), Vec<Payment>> = BTreeMap::new();
        for (run, last, used) in paid_by_people(day, settled, undone) {
            let noted = by_run.entry((run, last)).or_default();
            noted.extend(payments.of_group(used.records.iter()));
        }
        for ((run, day), mut noted) in by_run {
            noted.sort_unstable();
            self.look(&run, day, &noted);
        }
    }

    /// Marks the records that were matched once: should nothing be found for them, they are there again. What
    /// was matched several times comes again and again, as a rent does: the next one is nothing special. What
    /// was paid back since may be paid anew.
    ///
    /// Takes out what was matched when it was announced, and is told again: it is that payment. What failed
    /// since is marked, too. And takes out what is taken back by a record of its own, and that an announcement failed
    /// which was paid after all.
    #[must_use]
    pub fn mark(
        self,
        policy: &SourcePolicy,
        context: &RunContext,
        pool: &mut Pool,
    ) -> Vec<Superseded> {
        let mut counted = Counted::default();
        let mut taken: Vec<(Side, usize, String)> = Vec::new();
        for asked in &self.records {
            let record = &mut pool.side_mut(asked.side)[asked.at];
            match self.fate(asked, record, &mut counted, context) {
                Fate::Itself => {}
                Fate::Another => record.past = None,
                Fate::Repeats(run) => {
                    record.has_namesake = true;
                    let new = || Past::repeating(Arc::clone(run), context.business_date);
                    let past = record.past.get_or_insert_with(new);
                    past.repeats.get_or_insert_with(|| Arc::clone(run));
                }
                Fate::Superseded(by) => taken.push((asked.side, asked.at, by)),
            }
        }
        taken.extend(retried(policy, context, pool, &taken));
        // From behind, so that the places of the others stay.
        taken.sort_unstable_by_key(|(side, at, _)| Reverse((*side, *at)));
        let taken = taken.into_iter().map(|(side, at, by)| Superseded {
            record: pool.side_mut(side).swap_remove(at),
            by,
        });
        taken.collect()
    }

    fn fate(
        &self,
        asked: &AskedRecord,
        record: &Record,
        counted: &mut Counted,
        context: &RunContext,
    ) -> Fate<'_> {
        if asked.is_changed {
            return self.fate_of_changed(asked, record, counted, context);
        }
        let Some(Found { run, .. }) = self.noted.get(asked.payment) else {
            return Fate::Itself;
        };
        let (paid, announced) = (
            self.noted.times(asked.payment),
            self.noted.times(asked.announced),
        );
        let waiting = counted.waiting.entry(asked.announced);
        let waiting = waiting.or_insert_with(|| self.waiting(asked));
        let is_announced = *waiting > 0 && paid <= announced;
        let is_told = is_announced && !record.has_failed();
        if is_told && is_asked_for(&context.scope, record) {
            *waiting -= i64::from(record.is_settled());
            return Fate::Superseded(format!("{run} matched it when it was announced"));
        }
        let is_rewritten = self.is_rewritten(asked, record);
        if record.has_failed() && (asked.matched_on.is_some() || is_rewritten) {
            return Fate::Repeats(run);
        }
        let corrects = asked.corrects(record);
        if let Some(day) = corrects
            && is_asked_for(&context.scope, record)
        {
            return Fate::Superseded(format!("{run} matched it on {day}"));
        }
        if is_rewritten && is_asked_for(&context.scope, record) {
            return Fate::Superseded(format!("{run} matched it before it was corrected"));
        }
        let stands = asked.is_shown != Some(false) || asked.matched_on.is_some();
        let is_beside = stands && corrects.is_none();
        let may_be_again = asked.may_be_again && is_beside && self.is_paid_once(asked);
        let is_again = may_be_again && !self.is_other_side(asked, record, counted);
        match is_again || is_announced && !is_told {
            true => Fate::Repeats(run),
            false => Fate::Itself,
        }
    }

    /// What a record of an earlier run is that says now that its money did not stay.
    fn fate_of_changed(
        &self,
        asked: &AskedRecord,
        record: &Record,
        counted: &mut Counted,
        context: &RunContext,
    ) -> Fate<'_> {
        if asked.is_shown == Some(true) {
            return Fate::Another;
        }
        let undone = self.undone(asked);
        let told = counted.undone.entry(asked.undone_by).or_default();
        if record.has_failed() || *told >= undone || !is_asked_for(&context.scope, record) {
            return Fate::Itself;
        }
        *told += 1;
        Fate::Superseded("what takes it back is a record of its own".to_owned())
    }

    /// Whether it is the other side of what people settled, one record of one.
    fn is_other_side(&self, asked: &AskedRecord, record: &Record, counted: &mut Counted) -> bool {
        let told = arrived::across(record, asked.payment);
        let settled = self.settled_alone.get(&told).copied().unwrap_or_default();
        let arrived = counted.arrived.entry(told).or_default();
        let is_one = *arrived < settled;
        *arrived += i64::from(is_one);
        is_one
    }

    /// Whether its payment was matched once, and not taken back since.
    pub(super) fn is_paid_once(&self, asked: &AskedRecord) -> bool {
        self.earlier(asked).standing - self.undone_by_own(asked) == 1
    }

    /// How often the money of a record was taken back by records of their own.
    fn undone(&self, asked: &AskedRecord) -> i64 {
        self.earlier(asked).undone + self.undone_by_own(asked)
    }

    fn undone_by_own(&self, asked: &AskedRecord) -> i64 {
        let now = self.undone_now.get(&(asked.side, asked.undone_by));
        now.copied().unwrap_or_default()
    }

    /// What earlier runs made of its payment, in the order of their days: nothing takes back what came after it, as
    /// a payment does not take back its refund.
    fn earlier(&self, asked: &AskedRecord) -> Earlier {
        let [paid, undone, given_up] = [asked.payment, asked.undone_by, asked.given_up];
        let mut earlier = Earlier::default();
        for day in self.noted.days_of(&[paid, undone, given_up]) {
            let paid = earlier.standing + self.noted.times_on(paid, day);
            let undone = self.noted.times_on(undone, day).min(paid);
            let given_up = self.noted.times_on(given_up, day).min(paid - undone);
            earlier.standing = paid - undone - given_up;
            earlier.undone += undone;
        }
        earlier
    }

    /// How many announcements of the payment wait for their end. What was undone since does no more: what is paid
    /// then is another payment.
    fn waiting(&self, asked: &AskedRecord) -> i64 {
        let ends = [asked.told, asked.undone_by, asked.given_up];
        let mut waiting: i64 = 0;
        for day in self
            .noted
            .days_of(&[ends[0], ends[1], ends[2], asked.announced])
        {
            let ended: i64 = ends.iter().map(|end| self.noted.times_on(*end, day)).sum();
            waiting = (waiting - ended).max(0) + self.noted.times_on(asked.announced, day);
        }
        waiting.min(self.noted.times(asked.announced) - self.noted.times(asked.told))
    }
}

/// What earlier runs made of a payment.
#[derive(Default)]
struct Earlier {
    /// How often it was matched, and neither taken back nor given up since.
    standing: i64,
    /// How often it was taken back by records of their own.
    undone: i64,
}

/// What a record is beside what earlier runs noted.
enum Fate<'a> {
    /// What it says.
    Itself,
    /// Not the record that it seems to repeat, which is shown beside it.
    Another,
    /// There again: this run matched it.
    Repeats(&'a Arc<str>),
    /// This counts instead.
    Superseded(String),
}

/// What was found among the records so far.
#[derive(Default)]
struct Counted {
    /// Announcements whose end is not told.
    waiting: BTreeMap<Payment, i64>,
    /// Records that are taken back by others.
    undone: BTreeMap<Payment, i64>,
    /// Other sides of what people settled.
    arrived: BTreeMap<Told, i64>,
}

impl AskedRecord {
    fn of(payments: &mut Payments, at: usize, record: &Record) -> Option<Self> {
        let side = record.side;
        Some(AskedRecord {
            side,
            at,
            payment: payments.of_record(record)?,
            undone_by: payments.undoing(record)?,
            announced: payments.noted(Mark::Announced(side), record, record.money)?,
            told: payments.noted(Mark::Told(side), record, record.money)?,
            given_up: payments.noted(Mark::GivenUp, record, record.money)?,
            may_be_again: record.movement().repeats(),
            is_changed: false,
            is_shown: None,
            covered: None,
            other_days: Vec::new(),
            matched_on: None,
        })
    }

    /// All that is asked about it.
    fn wanted(&self) -> [Payment; 5] {
        [
            self.payment,
            self.undone_by,
            self.announced,
            self.told,
            self.given_up,
        ]
    }
}
