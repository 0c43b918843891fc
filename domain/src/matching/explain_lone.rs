//! The sentences about records that are alone: nothing goes with them, or an earlier run had them.

use std::borrow::Cow;

use super::explain::{counted_days, references_named};
use super::{fees, key};
use crate::calendar::DayUnit;
use crate::policy::{RunContext, SourcePolicy};
use crate::record::{Movement, Record, Side, Status};

/// Why a record has no counterpart.
///
/// `note` is what else is known about that.
pub(super) fn missing(
    policy: &SourcePolicy,
    context: &RunContext,
    record: &Record,
    note: Option<&str>,
) -> String {
    let (verb, other) = match record.side {
        Side::Partner => ("partner reports", "ledger"),
        Side::Ledger => ("ledger has", "partner"),
    };
    let (about, reference) = match record.display_reference() {
        Some(reference) => (" for ", reference),
        None => ("", ""),
    };
    let of_its_money = match (record.movement(), record.repeats()) {
        (Movement::Made, _) if record.status == Some(Status::Pending) => {
            " as pending, not final yet:".into()
        }
        (Movement::Made, _) => Cow::Borrowed(","),
        (Movement::TakenBack, None) => " as reversed,".into(),
        (Movement::TakenBack, Some(run)) => {
            format!(" as reversed: {run} had the same record before, and").into()
        }
        (Movement::Failed, _) => " as failed: no money moved, and".into(),
    };
    let (money, value_date) = (record.money, record.value_date);
    // In one piece, of its size: there may be many.
    let mut sentence = [
        verb,
        " ",
        &money.to_string(),
        about,
        reference,
        " with value date ",
        &value_date.to_string(),
        &of_its_money,
        " ",
        &looked_for(policy, record, other),
    ]
    .concat();
    if let Some(note) = note {
        sentence.push_str(&format!(" ({note})"));
    }
    if record.side == Side::Ledger && policy.settlement_window_days > 0 {
        let age = policy
            .calendar
            .business_days_between(value_date, context.business_date);
        sentence.push_str(&format!(
            ", {} after its value date ({} allowed)",
            counted_days(age, DayUnit::Business),
            policy.settlement_window_days
        ));
    }
    if let Some(fault) = (record.side == Side::Partner)
        .then(|| fees::fault_of(policy, record))
        .flatten()
    {
        let clause = fault.clause(record.money.currency);
        sentence.push_str(&format!("; also {clause}"));
    }
    sentence
}

/// By what a record of the other side was looked for.
fn looked_for(policy: &SourcePolicy, record: &Record, other: &str) -> String {
    let rules = policy.rules.iter();
    let rules = rules.filter(|rule| key::is_complete(rule, record));
    let mut by: Vec<String> = Vec::new();
    for named in rules.map(references_named) {
        // Several rules may go by the same references, each in its own way.
        if !by.contains(&named) {
            by.push(named);
        }
    }
    match by.is_empty() {
        true => "it carries no reference to match by".to_owned(),
        false => [
            "no ",
            other,
            " record goes with it by ",
            &by.join(" or by "),
        ]
        .concat(),
    }
}

/// Why a record is one too many, when an earlier run had an equal one, or matched that payment.
pub(super) fn repeated(record: &Record, subject: &str, run: &str) -> String {
    let money = record.money;
    match record.side {
        Side::Partner => {
            format!("partner reports {money} for {subject} again: {run} had it already")
        }
        Side::Ledger => {
            format!("ledger has {money} for {subject} again: {run} had it already")
        }
    }
}

/// Why a payment that failed after a run matched it is no small matter.
pub(super) fn undone(record: &Record, subject: &str) -> String {
    let money = record.money;
    let run = record.repeats().map_or("an earlier run", |run| run);
    let (who, whose) = match record.side {
        Side::Partner => ("partner reports", "our"),
        Side::Ledger => ("ledger has", "the partner's"),
    };
    format!(
        "{who} {money} for {subject} as failed: {run} matched it before, so {whose} record of it counts \
         money that never moved"
    )
}
