//! Records that no rule brought together with anything: in transit, missing on the other side,
//! there again, or not what the run is about.

use std::cmp::Ordering;

use super::identity::{self, lone_key, shared_key};
use super::nearest::{self, Index};
use super::paid_back::{PaidBack, paid_anew};
use super::report::{Reported, duplicate_kind, on_its_side};
use super::scope::{covers, is_inside};
use super::slots::Lone;
use super::strangers::are_of_others;
use super::surplus::ORIGINALS_MAX;
use super::work::{Work, both_sides};
use super::{Comparison, explain, explain_lone, key, pair};
use crate::discrepancy::{Discrepancy, Kind, NO_RULE, NearestCandidate};
use crate::money::Amount;
use crate::policy::{Accepts, RunContext, SourcePolicy};
use crate::record::{FETCHED, Movement, Place, Record, ShortText, Side, fetch};

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
    /// Failed, after an earlier run counted it.
    Undone,
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
                let nearest = |missing: usize| {
                    let rule = verdicts[missing].home.map(|at| &policy.rules[at]);
                    let accepts = rule.map(|rule| policy.accepts(rule));
                    Some((missing, index.nearest(accepts, lone[missing])?))
                };
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
    let out_of_scope =
        |work: &Work| Side::BOTH.map(|side| work.decided.out_of_scope.side(side).len());
    let decided_before = out_of_scope(work);
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
        if !matches!(verdict.fate, Fate::InTransit | Fate::Missing) {
            work.decided.also_lone.push(Place::of(&record));
        }
        let mut discrepancy = match verdict.fate {
            Fate::InTransit => {
                keep_in_transit(work, record);
                continue;
            }
            Fate::Missing => missing(work, verdict.home, record),
            Fate::Again { copies, .. } => again(work, verdict.home, record, original, copies),
            Fate::Repeats => again(work, verdict.home, record, None, 0),
            Fate::Undone => undone(work, verdict.home, record),
        };
        discrepancy.nearest = candidate.map(|(_, found)| found);
        work.report(discrepancy, verdict.is_group_inside);
    }
    for (side, before) in Side::BOTH.into_iter().zip(decided_before) {
        let lone = work.decided.out_of_scope.side(side)[before..].iter();
        work.decided.also_lone.extend(lone.map(Place::of));
    }
}

/// What each of these records of one side is; they are in canonical order.
fn verdicts(policy: &SourcePolicy, context: &RunContext, lone: &[&Record]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(lone.len());
    // By a hash of what twins share: most have none.
    let mut by_hash: Vec<(u64, usize)> = Vec::with_capacity(lone.len());
    for (index, record) in lone.iter().enumerate() {
        if index.is_multiple_of(FETCHED) {
            fetch(lone[index..].iter().copied().take(FETCHED));
        }
        let verdict = verdict(policy, context, record);
        let hash = verdict
            .home
            .filter(|at| is_alone(policy, *at, record.side) && record.movement().repeats())
            .and_then(|at| key::hash_of(&policy.rules[at].on, record));
        by_hash.extend(hash.map(|hash| (hash, index)));
        verdicts.push(verdict);
    }
    by_hash.sort_unstable();
    for alike in by_hash.chunk_by(|a, b| a.0 == b.0) {
        if alike.len() > 1 {
            let alike = alike.iter().map(|(_, index)| *index).collect();
            judge_twins(policy, lone, alike, &mut verdicts);
        }
    }
    verdicts
}

/// What a record is, beside none like it.
fn verdict(policy: &SourcePolicy, context: &RunContext, record: &Record) -> Verdict {
    let fate = match does_repeat(record) {
        true => Fate::Repeats,
        false if is_undone(record) => Fate::Undone,
        false if is_in_transit(policy, context, record) => Fate::InTransit,
        false => Fate::Missing,
    };
    Verdict {
        fate,
        is_group_inside: is_inside(&context.scope, record),
        home: match fate {
            Fate::InTransit => None,
            _ => home(policy, record),
        },
    }
}

/// What failed repeats nothing. One that says of a payment of an earlier run that it was taken back is not
/// that payment again.
fn does_repeat(record: &Record) -> bool {
    record.repeats().is_some() && record.movement() == Movement::Made
}

/// What failed is marked as a repetition only where it was matched before, announced or settled. An open item of an
/// earlier version may be marked without that: it was missing then.
fn is_undone(record: &Record) -> bool {
    let was_missing = record
        .found_in()
        .is_some_and(|(_, kind)| *kind != Kind::StatusMismatch);
    record.has_failed() && record.repeats().is_some() && !was_missing
}

/// Of records that may be twins: with the same references by their first rule, the same money, and the
/// same said of it.
fn judge_twins(
    policy: &SourcePolicy,
    lone: &[&Record],
    mut alike: Vec<usize>,
    verdicts: &mut [Verdict],
) {
    let order_of_twins = |a: usize, b: usize| {
        let (one, other, home) = (lone[a], lone[b], verdicts[a].home);
        let rule = home.map(|at| &policy.rules[at]);
        let on = rule.map_or(&[][..], |rule| &rule.on);
        let is_identified = rule.is_none_or(|rule| rule.identifies(one.side));
        let money = |record: &Record| (record.money.currency, record.money.amount);
        home.cmp(&verdicts[b].home)
            .then_with(|| key::order(on, one, other))
            .then_with(|| money(one).cmp(&money(other)))
            .then_with(|| one.movement().cmp(&other.movement()))
            .then_with(|| match is_identified {
                true => Ordering::Equal,
                false => one.references.cmp(&other.references),
            })
    };
    // One that only repeats another is not the original.
    let rank = |index: usize| (does_repeat(lone[index]), index);
    alike.sort_by(|a, b| order_of_twins(*a, *b).then_with(|| rank(*a).cmp(&rank(*b))));
    let mut back = PaidBack::of(alike.iter().map(|index| lone[*index]));
    let twins = alike.chunk_by(|a, b| order_of_twins(*a, *b).is_eq());
    let fates: Vec<(usize, Fate, bool)> = twins
        .flat_map(|twins| {
            let is_inside = twins.iter().any(|index| verdicts[*index].is_group_inside);
            let fates = fates(policy, lone, verdicts[twins[0]].home, twins, &mut back);
            let fates = twins.iter().zip(fates);
            fates.map(move |(index, fate)| (*index, fate, is_inside))
        })
        .collect();
    for (index, fate, is_group_inside) in fates {
        let verdict = &mut verdicts[index];
        (verdict.fate, verdict.is_group_inside) = (fate, is_group_inside);
    }
}

/// What each of these twins is, in order of their days: the first of its kind, or that one again.
fn fates(
    policy: &SourcePolicy,
    lone: &[&Record],
    home: Option<usize>,
    twins: &[usize],
    back: &mut PaidBack,
) -> Vec<Fate> {
    if does_repeat(lone[twins[0]]) {
        return vec![Fate::Repeats; twins.len()];
    }
    let home = home.map(|at| &policy.rules[at]);
    let mut firsts: Vec<usize> = Vec::new();
    // Those that repeat one, and whether money that went back in between is theirs.
    let mut repeating: Vec<(usize, bool)> = Vec::new();
    let fates = twins.iter().enumerate().map(|(place, index)| {
        let record = lone[*index];
        let mut latest = firsts.iter().rev().take(ORIGINALS_MAX);
        let original = latest.find(|first| match home {
            Some(home) => {
                let (accepts, first) = (policy.accepts(home), lone[**first]);
                pair::may_repeat(accepts, record, first) && !are_two(accepts, record, first)
            }
            None => !are_of_others(&[], record, lone[**first]),
        });
        let original = original.filter(|first| {
            let day = lone[**first].value_date;
            let is_paid_back = back.take(record.money, day, record.value_date);
            repeating.push((place, is_paid_back));
            !is_paid_back
        });
        match original {
            Some(original) => Fate::Again {
                original: *original,
                copies: twins.len(),
            },
            None => {
                firsts.push(*index);
                Fate::Missing
            }
        }
    });
    let mut fates: Vec<Fate> = fates.collect();
    let told = repeating
        .iter()
        .map(|(place, is_anew)| (lone[twins[*place]], *is_anew));
    let anew = paid_anew(&told.collect::<Vec<_>>());
    for ((place, _), _) in repeating.iter().zip(anew).filter(|(_, is_anew)| *is_anew) {
        fates[*place] = Fate::Missing;
    }
    fates
}

/// Whether two are no repetition of each other because of their days: the other side knows what they are about,
/// and has had others for it, as of a rent of which two months were not paid.
fn are_two(accepts: Accepts<'_>, one: &Record, other: &Record) -> bool {
    let are_known = accepts.rule.identifies(one.side) && one.has_namesake && other.has_namesake;
    are_known && !pair::are_near(accepts, one.value_date, other.value_date)
}

/// Whether the partner may still report this ledger record.
pub(crate) fn is_in_transit(policy: &SourcePolicy, context: &RunContext, record: &Record) -> bool {
    let window = i64::from(policy.settlement_window_days);
    record.side == Side::Ledger && window > 0 && business_age(policy, context, record) <= window
}

fn business_age(policy: &SourcePolicy, context: &RunContext, record: &Record) -> i64 {
    let (from, to) = (record.value_date, context.business_date);
    policy.calendar.business_days_between(from, to)
}

/// Whether the first rule that could have found a counterpart expects no others beside it: equal
/// payments in one batch repeat nothing.
fn is_alone(policy: &SourcePolicy, home: usize, side: Side) -> bool {
    !policy.rules[home].cardinality.has_several(side)
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
        reason: explain_lone::missing(work.policy, work.context, &record, work.said_of(&record)),
    };
    let keys = lone_key(&record);
    let (partner, ledger) = on_its_side(record);
    work.discrepancy(reported, &keys, partner, ledger)
}

/// A payment of which no money moved, though an earlier run matched it.
fn undone(work: &mut Work<'_>, home: Option<usize>, record: Record) -> Discrepancy {
    let reference = reference_of(work.policy, home, &record);
    let reported = Reported {
        kind: Kind::StatusMismatch,
        reason: explain_lone::undone(&record, &reference),
        reference,
        currency: record.money.currency,
        at_stake: record.money.amount.abs(),
        difference: None,
        related: Vec::new(),
        rule: rule_of(work.policy, home),
    };
    let mut keys = lone_key(&record);
    // Others of its references may differ in status from their counterparts.
    keys.push("alone".to_owned());
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
    let mut shared = home
        .map(|at| shared_key(&work.policy.rules[at], &record))
        .unwrap_or_default();
    if record.movement() == Movement::TakenBack {
        // The first look may have found that the payment itself is there again.
        shared.push("reversed".to_owned());
    }
    let reason = match (&original, record.repeats()) {
        (None, Some(run)) => explain_lone::repeated(&record, &reference, run),
        (original, _) => explain::duplicate(&record, original.as_ref(), &reference, copies, 0),
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
fn reference_of(policy: &SourcePolicy, home: Option<usize>, record: &Record) -> ShortText {
    match home {
        Some(at) => explain::subject(&policy.rules[at], record),
        None => record.display_reference().unwrap_or_default().into(),
    }
}

/// The first rule that looked for its counterpart; [`NO_RULE`] when none could.
fn rule_of(policy: &SourcePolicy, home: Option<usize>) -> ShortText {
    home.map_or(NO_RULE, |at| &policy.rules[at].name).into()
}
