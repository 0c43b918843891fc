//! The search for the smallest change of a rule by which some records would have matched.
//!
//! What is proposed follows from what differs; every proposal is then tried by comparing these records
//! again. So it holds for them. What else the changed rule would bring together is another question,
//! which `trueup backtest` answers.

use super::super::pair::{Timing, are_opposite};
use super::super::{Matched, Pool, compare, own_records, several};
use super::change::{RuleChange, WouldMatch};
use crate::discrepancy::{Discrepancy, Kind};
use crate::money::Amount;
use crate::policy::{
    Accepts, Cardinality, Field, Key, MatchRule, RunContext, Scope, SourcePolicy, Term, TextStep,
};
use crate::record::{Record, Side};

/// The smallest change; of several equally small ones that of the earliest rule.
/// None where people settled what would match as it is.
pub(super) fn would_match(policy: &SourcePolicy, discrepancy: &Discrepancy) -> Option<WouldMatch> {
    let nearest = discrepancy.nearest.as_ref();
    if nearest.is_some_and(|nearest| nearest.settled.is_some()) {
        return None;
    }
    let records = records(discrepancy);
    let found = policy.rules.iter().filter_map(|rule| {
        let proposals = proposals(policy, rule, discrepancy, &records).into_iter();
        let mut changes = proposals.map(|changes| WouldMatch::new(rule, changes));
        changes.find(|change| {
            let changed = change.applied(policy, rule);
            !is_in_force(policy, &changed) && matches_all(&changed, &records)
        })
    });
    found.min_by_key(WouldMatch::size)
}

/// Whether the changed rule, which is the last one, says what some rule says already: that did not help.
fn is_in_force(policy: &SourcePolicy, changed: &SourcePolicy) -> bool {
    let are_same_limits =
        (&policy.tolerances, policy.date_window) == (&changed.tolerances, changed.date_window);
    let is_same = |rule: &MatchRule| {
        let added = changed.rules.last();
        added.is_some_and(|added| {
            let name = added.name.clone();
            *added
                == MatchRule {
                    name,
                    ..rule.clone()
                }
        })
    };
    are_same_limits && policy.rules.iter().any(is_same)
}

/// What it is about, and what came closest.
fn records(discrepancy: &Discrepancy) -> Vec<&Record> {
    let nearest = discrepancy.nearest.iter().map(|nearest| &nearest.record);
    own_records(discrepancy).chain(nearest).collect()
}

/// What could be tried on a rule.
fn proposals(
    policy: &SourcePolicy,
    rule: &MatchRule,
    discrepancy: &Discrepancy,
    records: &[&Record],
) -> Vec<Vec<RuleChange>> {
    let is_its_rule = rule.name == discrepancy.rule;
    match discrepancy.kind {
        Kind::MissingInLedger | Kind::MissingAtPartner => {
            let mut proposals = pair(policy.accepts(rule), records);
            // What is alike was looked for then, among all that waited, and not taken: by the same texts, or by such
            // that make these alike already, so that what others say kept them apart.
            let takes_these = |at: usize| {
                let mut until = policy.clone();
                until.rules.truncate(at + 1);
                matches_all(&until, records)
            };
            let mut by_alike = policy.rules.iter().enumerate();
            let mut is_sought =
                || by_alike.any(|(at, it)| it.is_alike && (it.on == rule.on || takes_these(at)));
            let is_alike = |changes: &Vec<RuleChange>| changes.contains(&RuleChange::Alike);
            if proposals.iter().any(is_alike) && is_sought() {
                proposals.retain(|changes| !is_alike(changes));
            }
            proposals
        }
        Kind::Ambiguous if is_its_rule => {
            let is_new = |field: &Field| {
                let mut keys = rule.on.iter();
                !keys.any(|key| key.partner.field == *field || key.ledger.field == *field)
            };
            let fields = Field::all().filter(is_new);
            fields
                .map(|field| vec![RuleChange::AlsoCompares(field)])
                .collect()
        }
        Kind::AmountMismatch | Kind::Rounding | Kind::DateMismatch if is_its_rule => {
            wider(policy.accepts(rule), discrepancy.difference, records)
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The first record of each side.
fn of_both_sides<'r>(records: &[&'r Record]) -> Option<(&'r Record, &'r Record)> {
    let mut first = Side::BOTH.iter().map(|side| {
        let mut records = records.iter().copied();
        records.find(|record| record.side == *side)
    });
    first.next().flatten().zip(first.next().flatten())
}

/// Wider limits for records that the rule brings together.
fn wider(
    accepts: Accepts<'_>,
    difference: Option<Amount>,
    records: &[&Record],
) -> Option<Vec<RuleChange>> {
    let of = |side| records.iter().copied().filter(move |it| it.side == side);
    let reported = several::sum(of(Side::Partner))?;
    let booked = several::sum(of(Side::Ledger))?;
    let mut changes = Vec::new();
    let gap = difference?.abs();
    let currency = booked.currency;
    let tolerance = accepts.tolerance(currency);
    if gap > tolerance.accepted_of(booked.amount) {
        // Money that flows the other way is no difference to be tolerated.
        if are_opposite(reported, booked) {
            return None;
        }
        changes.push(RuleChange::Accepted {
            currency,
            amount: gap,
            is_rounding: !tolerance.rounding.is_zero() && tolerance.rounding < gap,
        });
    }
    changes.extend(days(accepts, records));
    Some(changes)
}

/// A window wide enough for all of them.
fn days(accepts: Accepts<'_>, records: &[&Record]) -> Vec<RuleChange> {
    let of = |side| records.iter().copied().filter(move |it| it.side == side);
    let (mut early, mut late) = (0, 0);
    let timings = several::timings(accepts, of(Side::Partner), of(Side::Ledger));
    for timing in timings.into_iter().flatten() {
        match timing {
            Timing::Within => {}
            Timing::Early(days) => early = days,
            Timing::Late(days) => late = days,
        }
    }
    let some = |days: i64, change: fn(u32) -> RuleChange| {
        let days = u32::try_from(days).ok().filter(|days| *days > 0);
        days.map(change)
    };
    let late = some(late, RuleChange::LateDays);
    late.into_iter()
        .chain(some(early, RuleChange::EarlyDays))
        .collect()
}

/// Changes by which a rule brings these two together; of the texts first, then wider limits.
fn pair(accepts: Accepts<'_>, records: &[&Record]) -> Vec<Vec<RuleChange>> {
    let (Some((partner, ledger)), 2) = (of_both_sides(records), records.len()) else {
        return Vec::new();
    };
    let is_pairs = accepts.rule.cardinality == Cardinality::OneToOne;
    if !is_pairs || partner.money.currency != ledger.money.currency {
        return Vec::new();
    }
    let difference = partner.money.amount.checked_sub(ledger.money.amount).ok();
    let Some(wider) = wider(accepts, difference, records) else {
        return Vec::new();
    };
    let equal = texts(accepts.rule, partner, ledger, Way::Equal);
    // What is alike has equal amounts, so that such a rule has no tolerances of its own.
    let may_be_alike = accepts.rule.is_alike || accepts.rule.tolerances.is_none();
    let alike = may_be_alike.then(|| texts(accepts.rule, partner, ledger, Way::Alike));
    let with_limits = |mut changes: Vec<RuleChange>| {
        changes.extend(wider.iter().cloned());
        changes
    };
    let found = equal.into_iter().chain(alike.flatten()).map(with_limits);
    found.filter(|changes| !changes.is_empty()).collect()
}

/// How texts are brought together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Equal,
    Alike,
}

/// Changes of the rule's keys by which all texts of the two go together.
fn texts(rule: &MatchRule, partner: &Record, ledger: &Record, way: Way) -> Option<Vec<RuleChange>> {
    let mut keys = rule.on.clone();
    for key in &mut keys {
        let texts = (key.partner.text(partner), key.ledger.text(ledger));
        let is_complete = texts.0.is_some() && texts.1.is_some();
        if is_complete && (texts.0 == texts.1 || way == Way::Alike) {
            continue;
        }
        *key = match way {
            Way::Equal => normalised(key, partner, ledger)
                .or_else(|| elsewhere(key, partner, ledger, |one, other| one == other)),
            Way::Alike => elsewhere(key, partner, ledger, |one, other| one.contains(other)),
        }?;
    }
    let mut changes = Vec::new();
    if keys != rule.on {
        changes.push(RuleChange::Compares(keys));
    }
    if way == Way::Alike && !rule.is_alike {
        changes.push(RuleChange::Alike);
    }
    Some(changes)
}

/// The key with the first of these further steps by which both texts become equal: what keeps more of
/// them apart comes first.
fn normalised(key: &Key, partner: &Record, ledger: &Record) -> Option<Key> {
    const PLAIN: [&[TextStep]; 7] = [
        &[TextStep::IgnoreCase],
        &[TextStep::IgnoreSeparators],
        &[TextStep::IgnoreLeadingZeros],
        &[TextStep::IgnoreCase, TextStep::IgnoreSeparators],
        &[TextStep::IgnoreCase, TextStep::IgnoreLeadingZeros],
        &[TextStep::IgnoreSeparators, TextStep::IgnoreLeadingZeros],
        &[
            TextStep::IgnoreCase,
            TextStep::IgnoreSeparators,
            TextStep::IgnoreLeadingZeros,
        ],
    ];
    let plain = PLAIN.iter().map(|steps| steps.to_vec());
    let with_prefix = prefix(key, partner, ledger).map(|prefix| vec![TextStep::Prefix(prefix)]);
    let with_suffix = suffix(key, partner, ledger).map(|suffix| vec![TextStep::Suffix(suffix)]);
    let digits = vec![TextStep::Digits];
    let steps = plain.chain(with_prefix).chain(with_suffix).chain([digits]);
    let is_done =
        |step: &TextStep| key.partner.steps.contains(step) && key.ledger.steps.contains(step);
    let mut steps = steps.filter(|steps| !steps.iter().any(is_done));
    steps.find_map(|steps| {
        let more = |term: &Term| Term {
            field: term.field,
            steps: term.steps.iter().chain(&steps).cloned().collect(),
        };
        let key = Key {
            partner: more(&key.partner),
            ledger: more(&key.ledger),
        };
        let texts = (key.partner.text(partner)?, key.ledger.text(ledger)?);
        // A few digits in common are no reference in common.
        let says_enough = steps != [TextStep::Digits] || texts.0.len() >= DIGITS_MIN;
        (texts.0 == texts.1 && says_enough).then_some(key)
    })
}

/// Fewest digits that are worth a proposal of comparing nothing else.
const DIGITS_MIN: usize = 4;

/// What stands before the same text on one side: `INV-` of `INV-104` and `104`. Only where it ends
/// with a letter or a separator: a digit belongs to the number.
fn prefix(key: &Key, partner: &Record, ledger: &Record) -> Option<Box<str>> {
    let before = added(key, partner, ledger, |long, short| long.strip_suffix(short))?;
    (!before.ends_with(is_digit)).then_some(before)
}

/// What stands behind the same text on one side: `-X` of `PAY-59-X` and `PAY-59`. Only where it begins
/// with a letter or a separator.
fn suffix(key: &Key, partner: &Record, ledger: &Record) -> Option<Box<str>> {
    let behind = added(key, partner, ledger, |long, short| long.strip_prefix(short))?;
    (!behind.starts_with(is_digit)).then_some(behind)
}

/// What one of the two texts has more than the other, which is taken off it.
fn added(
    key: &Key,
    partner: &Record,
    ledger: &Record,
    without: for<'t> fn(&'t str, &str) -> Option<&'t str>,
) -> Option<Box<str>> {
    let (one, other) = (key.partner.text(partner)?, key.ledger.text(ledger)?);
    let added = without(&one, &other).or_else(|| without(&other, &one))?;
    (!added.is_empty()).then(|| added.into())
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

/// The key with another field of one side, of which the text goes together with the other side's.
fn elsewhere(
    key: &Key,
    partner: &Record,
    ledger: &Record,
    goes: impl Fn(&str, &str) -> bool,
) -> Option<Key> {
    let plain = |field| Term {
        field,
        steps: Vec::new(),
    };
    Field::all().find_map(|field| {
        let of_partner = Key {
            partner: plain(field),
            ledger: key.ledger.clone(),
        };
        let of_ledger = Key {
            partner: key.partner.clone(),
            ledger: plain(field),
        };
        let mut keys = [(of_partner, Side::Partner), (of_ledger, Side::Ledger)].into_iter();
        let found = keys.find(|(other, side)| {
            let texts = other.partner.text(partner).zip(other.ledger.text(ledger));
            let texts = texts.filter(|_| other != key);
            texts.is_some_and(|(of_partner, of_ledger)| match side {
                Side::Partner => goes(&of_partner, &of_ledger),
                Side::Ledger => goes(&of_ledger, &of_partner),
            })
        });
        found.map(|(key, _)| key)
    })
}

/// Whether the last rule of a policy makes matches of all of them.
fn matches_all(policy: &SourcePolicy, records: &[&Record]) -> bool {
    let mut pool = Pool::default();
    records
        .iter()
        .for_each(|record| pool.push((*record).clone()));
    let Some(first) = records.first() else {
        return false;
    };
    let context = RunContext {
        business_date: first.value_date,
        scope: Scope::Whole,
    };
    let found = compare(policy, &context, pool);
    let by_last = |it: &&Matched| it.rule as usize + 1 == policy.rules.len();
    let matched = found.matched.iter().filter(by_last);
    matched.flat_map(Matched::records).count() == records.len()
}
