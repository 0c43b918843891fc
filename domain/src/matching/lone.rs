//! Records that no rule brought together with anything: in transit, missing on the other side,
//! there again, or not what the run is about.

use super::identity::{self, lone_key, shared_key};
use super::nearest::{self, Index};
use super::scope::{Membership, covers, membership};
use super::slots::Lone;
use super::work::{Reported, Work, both_sides, duplicate_kind, on_its_side};
use super::{Comparison, explain, key};
use crate::discrepancy::{Discrepancy, Kind, NO_RULE, NearestCandidate};
use crate::money::Amount;
use crate::policy::{RunContext, SourcePolicy};
use crate::record::{Movement, Record, Side};

/// What a lone record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    InTransit,
    Missing,
    /// Repeats the record at this index; its side has it so many times.
    Again {
        original: usize,
        copies: usize,
    },
    /// Repeats a record of an earlier run that is not among these.
    Repeats,
}

/// What a lone record is, and whether one like it is what the run is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Verdict {
    fate: Fate,
    is_group_inside: bool,
    /// Index of the first rule that could have found a counterpart; none for what is in transit.
    home: Option<usize>,
}

/// Says of everything that still waits what it is, and ends the comparison: with the partner's lone
/// records, and with ours.
pub(super) fn classify(mut work: Work<'_>) -> [Comparison; 2] {
    let (policy, context) = (work.policy, work.context);
    let [partner, ledger] = Side::BOTH.map(|side| work.take_waiting(side));
    let count = partner.len() + ledger.len();
    let (partner, ledger) = both_sides(count, || Lone::of(partner), || Lone::of(ledger));
    let records = [partner.records(), ledger.records()];
    let (of_partner, of_ledger) = both_sides(
        count,
        || Seen::of(policy, context, &records[0], &records[1]),
        || Seen::of(policy, context, &records[1], &records[0]),
    );
    let mut beside = work.beside();
    both_sides(
        count,
        || conclude_side(&mut work, partner, of_partner),
        || conclude_side(&mut beside, ledger, of_ledger),
    );
    [work.decided, beside.decided]
}

/// What there is to be said of the lone records of one side.
struct Seen {
    verdicts: Vec<Verdict>,
    /// The nearest candidates of missing records, by their index.
    nearest: Vec<(usize, Box<NearestCandidate>)>,
}

impl Seen {
    fn of(
        policy: &SourcePolicy,
        context: &RunContext,
        lone: &[&Record],
        others: &[&Record],
    ) -> Self {
        let verdicts = verdicts(policy, context, lone);
        let is_reported = |index: &usize| {
            let own = std::iter::once(lone[*index]);
            let verdict = verdicts[*index];
            verdict.fate == Fate::Missing && covers(&context.scope, own, verdict.is_group_inside)
        };
        let reported = (0..lone.len()).filter(is_reported);
        let reported: Vec<usize> = reported.take(nearest::SEARCHES_MAX).collect();
        let nearest = match reported.is_empty() {
            true => Vec::new(),
            false => {
                let index = Index::new(others);
                let nearest = |missing| Some((missing, index.nearest(lone[missing])?));
                reported.into_iter().filter_map(nearest).collect()
            }
        };
        Seen { verdicts, nearest }
    }

    /// How many discrepancies they are at most.
    fn reported(&self) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts.filter(|it| it.fate != Fate::InTransit).count()
    }
}

fn conclude_side(work: &mut Work<'_>, lone: Lone, seen: Seen) {
    let reported = seen.reported();
    work.ids.reserve(reported);
    work.decided.discrepancies.reserve(reported);
    let Seen { verdicts, nearest } = seen;
    // Few are there again: they are cloned before the others are moved.
    let original = |(index, verdict): (usize, &Verdict)| match verdict.fate {
        Fate::Again { original, .. } => Some((index, lone.get(original).clone())),
        _ => None,
    };
    let originals: Vec<(usize, Record)> =
        verdicts.iter().enumerate().filter_map(original).collect();
    let mut originals = originals.into_iter().peekable();
    let mut nearest = nearest.into_iter().peekable();
    for (index, (record, verdict)) in lone.into_records().zip(&verdicts).enumerate() {
        let original = originals.next_if(|(of, _)| *of == index);
        let original = original.map(|(_, record)| record);
        let candidate = nearest.next_if(|(of, _)| *of == index);
        let mut discrepancy = match verdict.fate {
            Fate::InTransit => {
                keep_in_transit(work, record);
                continue;
            }
            Fate::Missing => missing(work, verdict.home, record),
            Fate::Again { copies, .. } => again(work, verdict.home, record, original, copies),
            Fate::Repeats => again(work, verdict.home, record, None, 0),
        };
        discrepancy.nearest = candidate.map(|(_, found)| found);
        work.report(discrepancy, verdict.is_group_inside);
    }
}

/// A lone record that is not in transit any more.
struct Overdue {
    index: usize,
    /// The first rule that could have found a counterpart.
    home: Option<usize>,
    /// Of that rule's first reference: most are told apart by them.
    first_bytes: Option<u128>,
}

impl Overdue {
    fn of(policy: &SourcePolicy, lone: &[&Record], index: usize) -> Self {
        let record = lone[index];
        let home = home(policy, record);
        let first = home.and_then(|at| policy.rules[at].on.first());
        let text = first.and_then(|key| key.of(record.side).text(record));
        Overdue {
            index,
            home,
            first_bytes: text.map(|text| identity::first_bytes(&text)),
        }
    }
}

/// What each of these records of one side is; they are in canonical order.
fn verdicts(policy: &SourcePolicy, context: &RunContext, lone: &[&Record]) -> Vec<Verdict> {
    let is_in_transit = |record: &Record| is_in_transit(policy, context, record);
    let mut verdicts = vec![
        Verdict {
            fate: Fate::InTransit,
            is_group_inside: false,
            home: None,
        };
        lone.len()
    ];
    // What failed repeats nothing. One that says of a payment of an earlier run that it was taken back is
    // not that payment again.
    let does_repeat =
        |record: &Record| record.repeats().is_some() && record.movement() == Movement::Made;
    let repeats = |it: &Overdue| does_repeat(lone[it.index]);
    let mut overdue: Vec<Overdue> = (0..lone.len())
        .filter(|at| does_repeat(lone[*at]) || !is_in_transit(lone[*at]))
        .map(|at| Overdue::of(policy, lone, at))
        .collect();
    // Equal for records with the same references by their first rule and the same money.
    let order_of_twins = |a: &Overdue, b: &Overdue| {
        let movement = |it: &Overdue| lone[it.index].movement();
        let first = (a.home, a.first_bytes).cmp(&(b.home, b.first_bytes));
        let (one, other) = (lone[a.index], lone[b.index]);
        let on = a.home.map_or(&[][..], |at| &policy.rules[at].on);
        let money = |record: &Record| (record.money.currency, record.money.amount);
        first
            .then_with(|| key::order(on, one, other))
            .then_with(|| money(one).cmp(&money(other)))
            .then_with(|| movement(a).cmp(&movement(b)))
    };
    overdue.sort_by(|a, b| {
        // One that only repeats another is not the original.
        order_of_twins(a, b).then_with(|| (repeats(a), a.index).cmp(&(repeats(b), b.index)))
    });
    let are_twins = |a: &Overdue, b: &Overdue| {
        let record = lone[a.index];
        record.movement().repeats()
            && is_alone(policy, a.home, record.side)
            && order_of_twins(a, b).is_eq()
    };
    let is_inside = |it: &Overdue| membership(&context.scope, lone[it.index]) == Membership::Inside;
    for twins in overdue.chunk_by(are_twins) {
        let is_group_inside = twins.iter().any(is_inside);
        for (position, twin) in twins.iter().enumerate() {
            let fate = match position {
                _ if repeats(&twins[0]) => Fate::Repeats,
                0 => Fate::Missing,
                _ => Fate::Again {
                    original: twins[0].index,
                    copies: twins.len(),
                },
            };
            verdicts[twin.index] = Verdict {
                fate,
                is_group_inside,
                home: twin.home,
            };
        }
    }
    verdicts
}

/// Whether the partner may still report this ledger record.
fn is_in_transit(policy: &SourcePolicy, context: &RunContext, record: &Record) -> bool {
    let window = i64::from(policy.settlement_window_days);
    record.side == Side::Ledger && window > 0 && business_age(policy, context, record) <= window
}

fn business_age(policy: &SourcePolicy, context: &RunContext, record: &Record) -> i64 {
    let (from, to) = (record.value_date, context.business_date);
    policy.calendar.business_days_between(from, to)
}

/// Whether the first rule that could have found a counterpart expects no others beside it: equal
/// payments in one batch repeat nothing.
fn is_alone(policy: &SourcePolicy, home: Option<usize>, side: Side) -> bool {
    home.is_some_and(|at| !policy.rules[at].cardinality.has_several(side))
}

/// Index of the first rule that could have found a counterpart for this record.
fn home(policy: &SourcePolicy, record: &Record) -> Option<usize> {
    let mut rules = policy.rules.iter();
    rules.position(|rule| key::is_complete(rule, record))
}

fn keep_in_transit(work: &mut Work<'_>, record: Record) {
    match covers(&work.context.scope, std::iter::once(&record), false) {
        true => work.decided.in_transit.push(record),
        false => work.decided.out_of_scope.push(record),
    }
}

fn missing(work: &mut Work<'_>, home: Option<usize>, record: Record) -> Discrepancy {
    let kind = match record.side {
        Side::Partner => Kind::MissingInLedger,
        Side::Ledger => Kind::MissingAtPartner,
    };
    let reported = Reported {
        kind,
        reference: reference_of(work.policy, home, &record),
        currency: record.money.currency,
        at_stake: match record.has_failed() {
            true => Amount::ZERO,
            false => record.money.amount.abs(),
        },
        difference: None,
        related: Vec::new(),
        rule: rule_of(work.policy, home),
        reason: explain::missing(work.policy, work.context, &record, work.said_of(&record)),
    };
    let keys = lone_key(&record);
    let (partner, ledger) = on_its_side(record);
    work.discrepancy(reported, &keys, partner, ledger)
}

/// A record that its side has had already: among these, or in an earlier run.
fn again(
    work: &mut Work<'_>,
    home: Option<usize>,
    record: Record,
    original: Option<Record>,
    copies: usize,
) -> Discrepancy {
    let reference = reference_of(work.policy, home, &record);
    let shared = home
        .map(|at| shared_key(&work.policy.rules[at], &record))
        .unwrap_or_default();
    let reason = match (&original, record.repeats()) {
        (None, Some(run)) => explain::repeated(&record, &reference, run),
        _ => explain::duplicate(&record, &reference, copies, 0),
    };
    let reported = Reported {
        kind: duplicate_kind(record.side),
        reason,
        reference,
        currency: record.money.currency,
        at_stake: record.money.amount.abs(),
        difference: None,
        related: original.into_iter().collect(),
        rule: rule_of(work.policy, home),
    };
    let keys = identity::duplicate_key(shared, record.money);
    let (partner, ledger) = on_its_side(record);
    work.discrepancy(reported, &keys, partner, ledger)
}

/// What people call a lone record; empty when it carries no reference at all.
fn reference_of(policy: &SourcePolicy, home: Option<usize>, record: &Record) -> String {
    match home {
        Some(at) => explain::subject(&policy.rules[at], record),
        None => record.display_reference().unwrap_or_default().to_owned(),
    }
}

/// The first rule that looked for its counterpart; [`NO_RULE`] when none could.
fn rule_of(policy: &SourcePolicy, home: Option<usize>) -> String {
    let name = |at: usize| policy.rules[at].name.clone();
    home.map_or_else(|| NO_RULE.to_owned(), name)
}
