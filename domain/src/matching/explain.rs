//! The sentences that say why something is a discrepancy, for a person in a hurry.
//!
//! Amounts are written with the decimals of their currency and a point, without thousands
//! separators, so that they can be searched for as they stand. No sentence names a line: where a
//! record stands is shown beside it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStrBuilder;

use super::claims::LeftOut;
use super::combine::Combined;
use super::group::Why;
use super::listed::names;
use super::pair::{Finding, Timing, are_opposite};
use super::twins::Member;
use super::{several, together};
use crate::calendar::DayUnit;
use crate::discrepancy::Kind;
use crate::money::{Amount, Money, amount_text};
use crate::policy::{Accepts, Field, Key, MatchRule};
use crate::record::{Record, ReferenceKind, ShortText, Side, Status};

/// Most amounts that a sentence lists for each side.
const AMOUNTS_LISTED_MAX: usize = 5;

/// What a reader calls the records that share the references of a rule: `INV-104`.
pub(super) fn subject(rule: &MatchRule, record: &Record) -> ShortText {
    let texts = rule.on.iter().filter_map(|key| {
        let term = key.of(record.side);
        match term.field {
            // As it is written, so that people can search for it.
            Field::Reference(kind) => record.reference(kind).map(Cow::Borrowed),
            _ => term.text(record),
        }
    });
    let mut subject = SmolStrBuilder::new();
    for (index, text) in texts.enumerate() {
        subject.push_str(if index == 0 { "" } else { " / " });
        subject.push_str(&text);
    }
    subject.finish()
}

/// Why two records that were brought together do not agree: the first finding, then the others.
pub(super) fn pair(
    accepts: Accepts<'_>,
    subject: &str,
    partner: &Record,
    ledger: &Record,
    findings: &[Finding],
) -> String {
    let mut sentence = String::new();
    for (index, finding) in findings.iter().enumerate() {
        let about = match index {
            0 => format!(" for {subject}"),
            _ => String::new(),
        };
        if index > 0 {
            sentence.push_str("; also ");
        }
        sentence.push_str(&clause(accepts, &about, partner, ledger, finding));
    }
    sentence
}

fn clause(
    accepts: Accepts<'_>,
    about: &str,
    partner: &Record,
    ledger: &Record,
    finding: &Finding,
) -> String {
    let (reported, booked) = (partner.money, ledger.money);
    let currency = reported.currency;
    match finding {
        Finding::Currency => format!(
            "partner reports {reported}{about}, the ledger has {booked}: the currencies differ"
        ),
        Finding::Amount(gap) => {
            let tolerance = accepts.tolerance(currency);
            let allowed = amount_text(tolerance.rounding_of(booked.amount), currency);
            let direction = match are_opposite(partner.money, ledger.money) {
                true => ", and the money flows the other way",
                false => "",
            };
            let gap = gap.map_or("far apart".to_owned(), |gap| higher_or_lower(gap, reported));
            format!(
                "partner reports {reported}{about}, the ledger has {booked}: {gap}, \
                 tolerance is {allowed}{direction}"
            )
        }
        Finding::Rounding(gap) => format!(
            "partner reports {reported}{about}, the ledger has {booked}: {}, within the rounding \
             tolerance of {}",
            higher_or_lower(*gap, reported),
            amount_text(accepts.tolerance(currency).rounding, currency)
        ),
        Finding::Status(at_partner, in_ledger) => format!(
            "partner reports {reported}{about} {}, the ledger has it {}",
            with_status(*at_partner),
            with_status(*in_ledger)
        ),
        Finding::Fee(fault) if about.is_empty() => fault.clause(currency),
        Finding::Fee(fault) => format!("{reported}{about}: {}", fault.clause(currency)),
        Finding::Date(timing) => date_clause(accepts, about, partner, ledger, *timing),
    }
}

fn with_status(status: Option<Status>) -> String {
    status.map_or_else(|| "without a status".to_owned(), |it| format!("as {it}"))
}

fn higher_or_lower(gap: Amount, reported: Money) -> String {
    let direction = match gap.is_negative() {
        true => "lower",
        false => "higher",
    };
    let size = Money {
        amount: gap.abs(),
        ..reported
    };
    format!("partner is {size} {direction}")
}

fn date_clause(
    accepts: Accepts<'_>,
    about: &str,
    partner: &Record,
    ledger: &Record,
    timing: Timing,
) -> String {
    let beyond = beyond_window(accepts, timing).unwrap_or_default();
    format!(
        "partner's value date{about} is {}, the ledger's is {}: {beyond}",
        partner.value_date, ledger.value_date
    )
}

/// `4 days late, 2 accepted`; nothing where it is within the window.
fn beyond_window(accepts: Accepts<'_>, timing: Timing) -> Option<String> {
    let window = accepts.window();
    let (days, direction, allowed) = match timing {
        Timing::Within => return None,
        Timing::Late(days) => (days, "late", window.late_days),
        Timing::Early(days) => (days, "early", window.early_days),
    };
    let days = counted_days(days, window.unit);
    Some(format!("{days} {direction}, {allowed} accepted"))
}

/// `1 day`, `3 business days`.
pub(crate) fn counted_days(days: i64, unit: DayUnit) -> String {
    let plural = if days == 1 { "" } else { "s" };
    match unit {
        DayUnit::Calendar => format!("{days} day{plural}"),
        DayUnit::Business => format!("{days} business day{plural}"),
    }
}

/// What a reader calls a record that is there again, and how else it is written; or by which names the first
/// rule knows both.
pub(super) fn subjects<'t>(
    again: &'t str,
    original: &str,
    first: Option<&[ShortText; 2]>,
) -> Cow<'t, str> {
    let are_two = |names: &&[ShortText; 2]| {
        let [of_again, of_original] = names;
        of_again != of_original && !of_again.is_empty() && !of_original.is_empty()
    };
    let is_written_otherwise = !original.is_empty() && original != again;
    match (is_written_otherwise, first.filter(are_two)) {
        // The later rule compares what the first one does.
        (true, Some([of_again, of_original])) if of_again == again && of_original == original => {
            format!("{again} (also written {original})").into()
        }
        (true, Some([of_again, of_original])) => {
            format!("{again} (also written {original}; as {of_original} and as {of_again})").into()
        }
        (true, None) => format!("{again} (also written {original})").into(),
        (false, Some([of_again, of_original])) => {
            format!("{again} (as {of_original} and as {of_again})").into()
        }
        (false, None) => again.into(),
    }
}

/// Why a record is one too many, among `copies` on its side and `counterparts` on the other. A payment
/// that comes every month looks like that, too: days that are not the original's are told.
pub(super) fn duplicate(
    record: &Record,
    original: Option<&Record>,
    subject: &str,
    copies: usize,
    counterparts: usize,
) -> String {
    let (money, day) = (record.money, record.value_date);
    let other = original.map(|original| original.value_date);
    let other = other.filter(|other| *other != day);
    let days = match (other, copies) {
        (None, _) => String::new(),
        (Some(other), 2) => format!(" (value dates {} and {})", other.min(day), other.max(day)),
        (Some(_), _) => format!(" (this one with value date {day})"),
    };
    let copies = times(copies) + &days;
    match (record.side, counterparts) {
        (Side::Partner, 0) => {
            format!("partner reports {money} for {subject} {copies}, no ledger record goes with it")
        }
        (Side::Partner, counterparts) => format!(
            "partner reports {money} for {subject} {copies}, the ledger has it {}",
            times(counterparts)
        ),
        (Side::Ledger, 0) => {
            format!("ledger has {money} for {subject} {copies}, no partner record goes with it")
        }
        (Side::Ledger, counterparts) => format!(
            "ledger has {money} for {subject} {copies}, the partner reports it {}",
            times(counterparts)
        ),
    }
}

/// Why nothing was chosen among these.
pub(super) fn ambiguous(subject: &str, partner: &[Member], ledger: &[Member]) -> String {
    format!(
        "{} and {} share {subject}, and their amounts don't say which belong together, so nothing \
         was chosen",
        listed("partner", partner),
        listed("ledger", ledger)
    )
}

/// Why nothing was chosen among records whose texts name several, and the records that they name.
pub(super) fn ambiguous_lists(rule: &MatchRule, partner: &[Member], ledger: &[Member]) -> String {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let key = rule.on.first();
    let members = partner.iter().chain(ledger).map(|member| member.record);
    for record in members {
        let term = key.map(|key| key.of(record.side));
        let texts = term.filter(|term| term.names_several());
        for text in texts.map_or_else(BTreeSet::new, |term| term.texts(record)) {
            *times.entry(text).or_default() += 1;
        }
    }
    let named = times.into_iter().filter(|(_, times)| *times > 1);
    let named: Vec<String> = named.map(|(name, _)| name).collect();
    format!(
        "{} and {}: several name {}, and each of them adds up with all that it names, so nothing was \
         chosen",
        listed("partner", partner),
        listed("ledger", ledger),
        names(&named)
    )
}

/// Why records that should be one are not, by what they have first in the order of kinds.
pub(super) fn apart(
    accepts: Accepts<'_>,
    partner: &[Member],
    ledger: &[Member],
    sums: Option<(Money, Money)>,
    kind: Kind,
) -> String {
    let subject = subject(accepts.rule, ledger[0].record);
    let [of_partner, of_ledger] = [partner, ledger].map(|side| counted(side.len(), "record"));
    let Some((reported, booked)) = sums else {
        return format!(
            "the {of_partner} of the partner or the {of_ledger} of the ledger for {subject} have a \
             sum too large to be exact"
        );
    };
    let what = match kind {
        Kind::StatusMismatch => statuses_apart(partner, ledger),
        Kind::FeeMismatch => wrong_fees(accepts, partner),
        Kind::CurrencyMismatch => "the currencies differ".to_owned(),
        Kind::DateMismatch => days_apart(accepts, partner, ledger),
        _ => {
            let gap = reported.amount.checked_sub(booked.amount);
            let gap = gap.map_or("far apart".to_owned(), |gap| higher_or_lower(gap, reported));
            let tolerance = accepts.tolerance(reported.currency);
            let (limit, allowed) = match kind {
                Kind::Rounding => ("within the rounding tolerance of", tolerance.rounding),
                _ => ("tolerance is", tolerance.rounding_of(booked.amount)),
            };
            let allowed = amount_text(allowed, reported.currency);
            format!("{gap}, {limit} {allowed}")
        }
    };
    format!(
        "partner reports {reported} for {subject} in {of_partner}, the ledger has {booked} in \
         {of_ledger}: {what}"
    )
}

/// What the first two say that can't both be.
fn statuses_apart(partner: &[Member], ledger: &[Member]) -> String {
    let [of_partner, of_ledger] = [partner, ledger].map(|side| side.iter().map(|it| it.record));
    let said = several::contradiction(of_partner, of_ledger);
    let (at_partner, in_ledger) = said.unwrap_or_default();
    format!(
        "the partner has one {}, the ledger one {}",
        with_status(at_partner),
        with_status(in_ledger)
    )
}

/// The first fee that is wrong, and how many more.
fn wrong_fees(accepts: Accepts<'_>, partner: &[Member]) -> String {
    let mut faults = together::faults(accepts, partner);
    let Some((record, fault)) = faults.next() else {
        return String::new();
    };
    let of = match record.display_reference() {
        Some(reference) => format!(" of {reference}"),
        None => String::new(),
    };
    let clause = fault.clause(record.money.currency);
    let money = record.money;
    match faults.count() {
        0 => format!("in {money}{of}, {clause}"),
        1 => format!("in {money}{of}, {clause}; another fee is wrong, too"),
        more => format!("in {money}{of}, {clause}; {more} other fees are wrong, too"),
    }
}

/// By how many days the value dates of several records are apart at most.
fn days_apart(accepts: Accepts<'_>, partner: &[Member], ledger: &[Member]) -> String {
    let [of_partner, of_ledger] = [partner, ledger].map(|side| side.iter().map(|it| it.record));
    let timings = several::timings(accepts, of_partner, of_ledger);
    let beyond = timings
        .into_iter()
        .flatten()
        .filter_map(|it| beyond_window(accepts, it));
    let mut beyond: Vec<String> = beyond.collect();
    beyond.dedup();
    format!(
        "the partner's value dates are up to {}",
        beyond.join(", and up to ")
    )
}

/// Why a rule took nothing for a record that stayed alone.
pub(super) fn not_taken(rule: &MatchRule, record: &Record, why: &Why) -> String {
    let other = record.side.other();
    match why {
        Why::Combined { candidates: 0, .. } => format!(
            "no {other} record for {} may be a part of it, by its value date, its status and what it names",
            subject(rule, record)
        ),
        Why::Combined {
            gave,
            candidates,
            left_out,
        } => {
            let among = counted(*candidates, &format!("{other} record"));
            let among = format!("{among} for {}", subject(rule, record));
            not_combined(rule, &among, gave) + &left_out_said(left_out)
        }
        Why::TooMany(count) => format!(
            "more than {count} {other} records have this amount on its days, so none was looked at \
             that is alike"
        ),
        Why::Several(count) => {
            let they = counted(*count, &format!("{other} record"));
            format!("it may go with {they} of this amount, so none was chosen")
        }
        Why::Listed(listed) => listed.said(),
        Why::Shared(count) => {
            let they = counted(*count, &format!("other {} record", record.side));
            format!(
                "it may go with a {other} record of this amount, but so may {they}, so it was left"
            )
        }
    }
}

/// What a search for a combination of `among` gave.
fn not_combined(rule: &MatchRule, among: &str, gave: &Combined) -> String {
    match gave {
        Combined::None => format!("no combination of the {among} gives this amount"),
        Combined::Several => {
            format!("several combinations of the {among} give this amount, so none was chosen")
        }
        Combined::TooMany => format!(
            "the {among} have more combinations than `combinations_max` of rule {} allows, so none \
             was looked for",
            rule.name
        ),
        Combined::Chance => format!(
            "the {among} have so many combinations that one may give any amount by chance, so none \
             was looked for"
        ),
        Combined::Only(_) => {
            format!("the only combination of the {among} has records that another needs, too")
        }
    }
}

/// How many more there are that were not looked at, and why.
fn left_out_said(left_out: &LeftOut) -> String {
    let reasons = [
        (left_out.by_name, "of another invoice, order or client"),
        (left_out.otherwise, "for value date, status or fee"),
    ];
    let said = reasons.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = said.map(|(count, why)| format!("{count} {why}")).collect();
    match said.is_empty() {
        true => String::new(),
        false => format!("; left out: {}", said.join(", ")),
    }
}

/// `1 record`, `12 ledger records`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// `once`, `twice`, `5 times`.
fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// `2 partner records (100.00 EUR, 50.00 EUR)`.
fn listed(side: &str, records: &[Member]) -> String {
    let count = records.len();
    let shown = records.iter().take(AMOUNTS_LISTED_MAX);
    let mut amounts: Vec<String> = shown
        .map(|member| member.record.money.to_string())
        .collect();
    if count > AMOUNTS_LISTED_MAX {
        amounts.push(format!("and {} more", count - AMOUNTS_LISTED_MAX));
    }
    let counted = counted(count, &format!("{side} record"));
    format!("{counted} ({})", amounts.join(", "))
}

/// `invoice and order`.
pub(super) fn references_named(rule: &MatchRule) -> String {
    let names: Vec<String> = rule.on.iter().map(key_named).collect();
    names.join(" and ")
}

/// What is compared, in a sentence: `invoice`, or `description against invoice`.
fn key_named(key: &Key) -> String {
    let (partner, ledger) = (key.partner.field, key.ledger.field);
    match partner == ledger {
        true => field_named(ledger),
        false => format!("{} against {}", field_named(partner), field_named(ledger)),
    }
}

/// The name of a kind of reference in a sentence: `end-to-end id`.
pub(super) fn kind_named(kind: ReferenceKind) -> String {
    field_named(Field::Reference(kind))
}

/// The name of a field in a sentence.
fn field_named(field: Field) -> String {
    match field {
        Field::Reference(ReferenceKind::EndToEndId) => "end-to-end id".to_owned(),
        field => field.name().replace('_', " "),
    }
}
