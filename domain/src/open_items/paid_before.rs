//! What was left alone, held against what earlier runs matched under another reference: an invoice that was paid by
//! one charge, and on another day again by another.
//!
//! [Other names](super::OtherNames) say of which runs that may be; then the record itself is looked for, since a name
//! alone does not say whose it is. What was matched several times under a name comes again and again; what was paid
//! back may be paid anew.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::noted::Noted;
use super::other_names::{Name, OtherNames};
use super::paid::Payment;
use super::settle::paid_by_people;
use super::{Undone, Used};
use crate::matching::{
    Comparison, WantedMoney, canonical_order, lone_record, may_repeat_earlier, own_records,
    repeats_earlier,
};
use crate::policy::{RunContext, SourcePolicy};
use crate::record::{Movement, Past, Record, Side};

/// Records that are alone and may be payments that earlier runs matched under another reference.
#[derive(Debug)]
pub struct PaidBefore {
    names: OtherNames,
    asked: Vec<AskedName>,
    /// The places of those that have a name.
    by_name: HashMap<Payment, Vec<usize>>,
    noted: Noted,
    /// Names of this run's own records.
    own: HashSet<Payment>,
    /// What people settled, each with its run and day.
    settled: Vec<(Arc<str>, Date, Record)>,
}

/// A record under a name.
#[derive(Debug)]
struct AskedName {
    /// Its discrepancy.
    at: usize,
    record: Record,
    name: Name,
    /// Whether its side's input shows the other record again; none where inputs show nothing again.
    is_shown: Option<bool>,
    /// Value dates of which the input has all that there is.
    covers: Option<(Date, Date)>,
    /// The record that was matched.
    original: Option<Record>,
}

impl PaidBefore {
    /// Those of a comparison that nobody found anything for, and that no earlier run left open; none where there is
    /// nothing to ask.
    #[must_use]
    pub fn of(policy: &SourcePolicy, comparison: &Comparison) -> Option<Self> {
        let mut names = OtherNames::of(policy);
        if !names.are_any() {
            return None;
        }
        let mut asked = Vec::new();
        for (at, discrepancy) in comparison.discrepancies.iter().enumerate() {
            let is_new = |record: &&Record| {
                record.movement() == Movement::Made
                    && record.found_in().is_none()
                    && record.repeats().is_none()
            };
            let Some(record) = lone_record(discrepancy).filter(is_new) else {
                continue;
            };
            asked.extend(names.names(record).into_iter().map(|name| AskedName {
                at,
                record: record.clone(),
                name,
                is_shown: None,
                covers: None,
                original: None,
            }));
        }
        if asked.is_empty() {
            return None;
        }
        let of_discrepancies = comparison.discrepancies.iter().flat_map(own_records);
        let own = of_discrepancies.chain(&comparison.in_transit);
        let own = own.flat_map(|record| names.of_record(record)).collect();
        let mut by_name: HashMap<Payment, Vec<usize>> = HashMap::new();
        for (at, asked) in asked.iter().enumerate() {
            by_name.entry(asked.name.own).or_default().push(at);
        }
        Some(PaidBefore {
            noted: Noted::asked_for(asked.iter().flat_map(|asked| asked.name.all())),
            names,
            asked,
            by_name,
            own,
            settled: Vec::new(),
        })
    }

    /// Asks about none that would repeat one of these, which were matched and are open again.
    pub fn leave_out(&mut self, open_again: &[Record]) {
        let names = open_again.iter().flat_map(|it| self.names.of_record(it));
        let names: HashSet<Payment> = names.collect();
        for name in names {
            self.by_name.remove(&name);
        }
    }

    /// Looks at the names of what this run matched.
    pub fn look_at_own(&mut self, names: &[Payment]) {
        self.own.extend(names);
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

    /// Looks at what people settled, as far as it is not undone: differences between records of both sides.
    pub fn look_at_settled(&mut self, day: Date, settled: &[Used], undone: &Undone) {
        for (run, day, used) in paid_by_people(day, settled, undone) {
            let names = used.records.iter().flat_map(|it| self.names.of_record(it));
            let mut names: Vec<Payment> = names.collect();
            names.sort_unstable();
            self.noted.look(&run, day, &names);
            let records = used.records.iter().cloned();
            self.settled
                .extend(records.map(|record| (Arc::clone(&run), day, record)));
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
                let is_it = self.is_sought(asked, run)
                    && may_repeat_earlier(policy, name.rule, &asked.record, record)
                    && known.is_none_or(|known| canonical_order(record, known).is_lt());
                if is_it {
                    self.asked[*at].original = Some(matched_by(run, day, record));
                }
            }
        }
    }

    /// Reports what is there again, in the place of what was said of it.
    pub fn settle(
        mut self,
        policy: &SourcePolicy,
        context: &RunContext,
        comparison: &mut Comparison,
    ) {
        for (run, day, record) in std::mem::take(&mut self.settled) {
            self.see(policy, &run, day, &record);
        }
        let mut last = None;
        for asked in self.asked {
            let AskedName {
                at, record, name, ..
            } = asked;
            let Some(original) = asked.original else {
                continue;
            };
            let covers = |(from, to): (Date, Date)| (from..=to).contains(&original.value_date);
            let is_corrected = asked.is_shown == Some(false) && asked.covers.is_some_and(covers);
            // Of several rules the first that says so.
            if is_corrected || last == Some(at) {
                continue;
            }
            last = Some(at);
            let again = repeats_earlier(policy, context, name.rule, record, original);
            comparison.discrepancies[at] = again;
        }
    }

    /// Whether this run matched it under its name, and nobody else did.
    fn is_sought(&self, asked: &AskedName, run: &str) -> bool {
        let found = self.noted.get(asked.name.own);
        found.is_some_and(|found| *found.run == *run) && self.is_paid_once(asked.name)
    }

    /// Whether it was matched once, by each side, and neither taken back nor given up since.
    fn is_paid_once(&self, name: Name) -> bool {
        let is_own = |payment: Payment| self.own.contains(&payment);
        let is_undone = |payment: Payment| is_own(payment) || self.noted.get(payment).is_some();
        self.noted.times(name.own) == 1
            && self.noted.times(name.across) <= 1
            && ![name.back, name.undone].into_iter().any(is_undone)
    }
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
