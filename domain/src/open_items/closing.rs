//! The next position: what a comparison leaves open, and what it used up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::Used;
use super::fingerprint::{Fingerprint, fingerprint};
use super::given_up::{is_given_up, together};
use super::other_names::OtherNames;
use super::paid::{Payment, Payments};
use crate::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use crate::matching::{
    Matched, Superseded, is_repetition, is_under_another_reference, own_records,
};
use crate::policy::SourcePolicy;
use crate::record::{Past, Record, Side};

/// The run that received what no earlier one had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// The run.
    pub run: Arc<str>,
    /// Business date of its inputs.
    pub business_date: Date,
}

/// What matching used up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UsedUp {
    /// Of the matches that this run received itself, the partner's records.
    pub partner: Own,
    /// And the ledger's.
    pub ledger: Own,
    /// The matches with a record that an earlier run received.
    pub groups: Vec<Used>,
    /// The payments of all of them, in no order.
    pub payments: Vec<Payment>,
    /// What later rules would call all of them, in no order.
    pub other_names: Vec<Payment>,
}

impl UsedUp {
    /// Takes in what was used up elsewhere.
    pub fn append(&mut self, mut other: UsedUp) {
        self.partner.append(other.partner);
        self.ledger.append(other.ledger);
        self.groups.append(&mut other.groups);
        self.payments.append(&mut other.payments);
        self.other_names.append(&mut other.other_names);
    }
}

/// What a run received itself and used up, of one side.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Own {
    /// The records, in no order; [`Fingerprint::undone`], too, of each whose money did not stay, and
    /// [`Fingerprint::given_up`] of each of which both sides say so.
    pub fingerprints: Vec<Fingerprint>,
    /// Their first and last value date; none when there are no records.
    pub value_dates: Option<(Date, Date)>,
}

impl Own {
    fn add(&mut self, record: &Record, is_given_up: bool) {
        let print = fingerprint(record);
        self.fingerprints.push(print);
        self.fingerprints
            .extend(record.is_undone().then(|| print.undone()));
        self.fingerprints
            .extend(is_given_up.then(|| print.given_up()));
        self.cover(Some((record.value_date, record.value_date)));
    }

    fn cover(&mut self, dates: Option<(Date, Date)>) {
        self.value_dates = match (self.value_dates, dates) {
            (Some((from, to)), Some((first, last))) => Some((from.min(first), to.max(last))),
            (dates, None) | (None, dates) => dates,
        };
    }

    /// Takes in what was used up elsewhere.
    pub fn append(&mut self, mut other: Own) {
        self.fingerprints.append(&mut other.fingerprints);
        self.cover(other.value_dates);
    }
}

impl Received {
    /// A record as later runs know it: in this discrepancy, or in none.
    fn remember(&self, record: &Record, found_in: Option<(DiscrepancyId, Kind)>) -> Record {
        let past = record.past.as_deref();
        let mut record = record.clone();
        let run = || Arc::clone(&self.run);
        record.past = Some(Box::new(Past {
            received_by: past
                .and_then(|past| past.received_by.clone())
                .or_else(|| Some(run())),
            since: past.map_or(self.business_date, |past| past.since),
            found_in,
            repeats: past.and_then(|past| past.repeats.clone()),
        }));
        record
    }
}

/// The records that stay open: those of discrepancies, and those in transit.
#[must_use]
pub fn open_items(
    policy: &SourcePolicy,
    received: &Received,
    discrepancies: &[Discrepancy],
    in_transit: &[Record],
) -> Vec<Record> {
    let mut items = Vec::new();
    for discrepancy in discrepancies {
        let found_in = Some((discrepancy.id, discrepancy.kind));
        // By another name it is one for as long as a run finds its original: until then it may be matched.
        let repeats =
            is_repetition(discrepancy.kind) && !is_under_another_reference(policy, discrepancy);
        let original = discrepancy.related.first();
        let had_it = original.and_then(Record::carried_from);
        let had_it = had_it.map_or_else(|| Arc::clone(&received.run), Arc::from);
        for record in own_records(discrepancy) {
            let mut item = received.remember(record, found_in);
            if let Some(past) = item.past.as_mut().filter(|_| repeats) {
                past.repeats.get_or_insert_with(|| Arc::clone(&had_it));
            }
            items.push(item);
        }
    }
    items.extend(
        in_transit
            .iter()
            .map(|record| received.remember(record, None)),
    );
    items
}

/// What these matches use up, and what is superseded.
#[must_use]
pub fn used_up(
    policy: &SourcePolicy,
    received: &Received,
    matches: &[Matched],
    superseded: &[Superseded],
) -> UsedUp {
    let mut payments = Payments::of(policy);
    let mut noted = payments.of_matches(matches);
    let other_names = OtherNames::of(policy).of_used(matches, superseded);
    let superseded = together(&mut payments, superseded);
    for records in &superseded {
        noted.extend(payments.of_superseded(records));
    }
    let mut used = UsedUp {
        payments: noted,
        other_names,
        ..UsedUp::default()
    };
    let matched = matches.iter().map(|it| it.records().collect());
    for records in matched.chain(superseded) {
        let records: Vec<&Record> = records;
        if records.iter().all(|it| it.carried_from().is_none()) {
            for record in &records {
                let is_given_up = is_given_up(record, records.iter().copied());
                match record.side {
                    Side::Partner => used.partner.add(record, is_given_up),
                    Side::Ledger => used.ledger.add(record, is_given_up),
                }
            }
            continue;
        }
        let found_in = |record: &Record| record.found_in().cloned();
        let remember = |record: &Record| received.remember(record, found_in(record));
        used.groups.push(Used {
            records: records.into_iter().map(remember).collect(),
            settled: None,
        });
    }
    used
}

/// The records of groups by side and by the business date of the input that had them first: what
/// a run has to know of them that has no need of the records themselves.
#[must_use]
pub fn prints_of(groups: &[Used]) -> BTreeMap<(Side, Date), Own> {
    let mut prints: BTreeMap<(Side, Date), Own> = BTreeMap::new();
    let all = groups
        .iter()
        .flat_map(|used| used.records.iter().map(move |record| (used, record)));
    for (used, record) in all {
        let since = record
            .past
            .as_ref()
            .map_or(record.value_date, |past| past.since);
        let own = prints.entry((record.side, since)).or_default();
        own.add(record, used.gives_up(record));
    }
    prints
}

/// Gives a discrepancy the id that it had, where the same records are found in the same kind again:
/// what told equal ones apart, or led to them, may be gone meanwhile.
pub fn keep_ids(discrepancies: &mut [Discrepancy]) {
    let mut place: BTreeMap<DiscrepancyId, usize> = BTreeMap::new();
    for (at, found) in discrepancies.iter().enumerate() {
        place.insert(found.id, at);
    }
    let mut wanted: BTreeMap<DiscrepancyId, usize> = BTreeMap::new();
    for (at, found) in discrepancies.iter().enumerate() {
        let Some(id) = former_id(found) else { continue };
        let holds = wanted.get(&id).map(|other| discrepancies[*other].id == id);
        if holds.is_none() || (holds == Some(false) && found.id == id) {
            wanted.insert(id, at);
        }
    }
    for (id, at) in wanted {
        let own = discrepancies[at].id;
        if own == id {
            continue;
        }
        if let Some(other) = place.insert(id, at) {
            discrepancies[other].id = own;
            place.insert(own, other);
        } else {
            place.remove(&own);
        }
        discrepancies[at].id = id;
    }
}

/// Gives those an id of their own that would have one of a discrepancy that people settled: its records are
/// used up, so these are others. Where some of them was in it, it is that one again.
pub(super) fn part_from_settled(
    discrepancies: &mut [Discrepancy],
    settled: &BTreeSet<DiscrepancyId>,
) {
    let mut given: BTreeSet<DiscrepancyId> = discrepancies.iter().map(|it| it.id).collect();
    for found in discrepancies {
        let was_in_it = |record: &Record| record.found_in().is_some_and(|(id, _)| *id == found.id);
        if !settled.contains(&found.id) || own_records(found).any(was_in_it) {
            continue;
        }
        let another = |number: u32| {
            let number = format!("number {number} since it was settled");
            DiscrepancyId::following(&found.id, &number)
        };
        let mut others = (2..).map(another);
        let other = others.find(|id| !settled.contains(id) && !given.contains(id));
        found.id = other.unwrap_or(found.id);
        given.insert(found.id);
    }
}

/// The only discrepancy of the same kind that its records were in.
fn former_id(found: &Discrepancy) -> Option<DiscrepancyId> {
    let mut former = own_records(found)
        .filter_map(Record::found_in)
        .filter(|(_, kind)| *kind == found.kind)
        .map(|(id, _)| id);
    let first = former.next()?;
    former.all(|id| id == first).then_some(*first)
}
