//! What was compared of the records of a discrepancy, side by side.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::{fees, own_records, several};
use crate::discrepancy::Discrepancy;
use crate::money::Money;
use crate::policy::{Accepts, SourcePolicy};
use crate::record::{Record, Side, Status};

/// One thing of both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// A field of the rule, `amount`, `value_date`, `status`, or `fee` where that is wrong.
    pub what: &'static str,
    /// What the partner has, as it is compared: normalised; of several records the sum. Empty: none.
    pub partner: String,
    /// What we have, likewise.
    pub ledger: String,
    /// Whether the rule takes the one for the other.
    pub agrees: bool,
}

/// Everything that was compared, in the order of the rule.
pub(super) fn compared(policy: &SourcePolicy, discrepancy: &Discrepancy) -> Vec<Compared> {
    let found = policy.rules.iter().find(|it| it.name == discrepancy.rule);
    let Some(rule) = found.or(policy.rules.first()) else {
        return Vec::new();
    };
    let [partner, ledger] = Side::BOTH.map(|side| of_side(discrepancy, side));
    let firsts = [partner.first(), ledger.first()].map(Option::<&&Record>::copied);
    if firsts == [None, None] {
        return Vec::new();
    }
    let accepts = policy.accepts(rule);
    let texts = rule.on.iter().map(|key| {
        let [of_partner, of_ledger] = firsts;
        let texts = [
            of_partner.and_then(|record| key.partner.text(record)),
            of_ledger.and_then(|record| key.ledger.text(record)),
        ];
        let agrees = texts[0].is_some() && texts[0] == texts[1];
        let [partner, ledger] = texts.map(|text| text.map_or_else(String::new, Cow::into_owned));
        Compared {
            what: key.name(),
            partner,
            ledger,
            agrees,
        }
    });
    let mut compared: Vec<Compared> = texts.collect();
    compared.push(amounts(accepts, &partner, &ledger));
    compared.push(Compared {
        what: "value_date",
        agrees: several::are_near(accepts, of(&partner), of(&ledger)),
        partner: days(&partner),
        ledger: days(&ledger),
    });
    compared.extend(fee(accepts, &partner, &ledger));
    let has_status = |records: &[&Record]| records.iter().any(|it| it.status.is_some());
    let agrees = !several::contradict(of(&partner), of(&ledger));
    let is_told = has_status(&partner) && has_status(&ledger);
    // One without a status may contradict what failed.
    if is_told || (firsts.iter().all(Option::is_some) && !agrees) {
        compared.push(Compared {
            what: "status",
            partner: statuses(&partner),
            ledger: statuses(&ledger),
            agrees,
        });
    }
    compared
}

/// The day; of several records the first and the last.
fn days(records: &[&Record]) -> String {
    let days = || of(records).map(|record| record.value_date);
    match days().min().zip(days().max()) {
        None => String::new(),
        Some((first, last)) if first == last => first.to_string(),
        Some((first, last)) => format!("{first} to {last}"),
    }
}

/// The statuses that are there, each once.
fn statuses(records: &[&Record]) -> String {
    let statuses: BTreeSet<Option<Status>> = of(records).map(|record| record.status).collect();
    let told = |status: Option<Status>| status.map_or("none".to_owned(), |it| it.to_string());
    let told: Vec<String> = statuses.into_iter().map(told).collect();
    told.join(", ")
}

/// The records of one side; where there is none, what came closest.
fn of_side(discrepancy: &Discrepancy, side: Side) -> Vec<&Record> {
    let mut records: Vec<&Record> = own_records(discrepancy)
        .filter(|record| record.side == side)
        .collect();
    if records.is_empty() {
        let nearest = discrepancy.nearest.iter().map(|nearest| &nearest.record);
        records.extend(nearest.filter(|record| record.side == side));
    }
    records
}

fn of<'m, 'r: 'm>(records: &'m [&'r Record]) -> impl Iterator<Item = &'r Record> + 'm {
    records.iter().copied()
}

fn amounts(accepts: Accepts<'_>, partner: &[&Record], ledger: &[&Record]) -> Compared {
    let (reported, booked) = (several::sum(of(partner)), several::sum(of(ledger)));
    let gap = match (reported, booked) {
        (Some(reported), Some(booked)) if reported.currency == booked.currency => {
            reported.amount.checked_sub(booked.amount).ok()
        }
        _ => None,
    };
    let agrees = gap.zip(booked).is_some_and(|(gap, booked)| {
        let tolerance = accepts.tolerance(booked.currency);
        gap.abs() <= tolerance.accepted_of(booked.amount)
    });
    let [partner, ledger] =
        [reported, booked].map(|sum| sum.map_or_else(String::new, |sum| sum.to_string()));
    Compared {
        what: "amount",
        partner,
        ledger,
        agrees,
    }
}

/// A fee that is not as it should be: what the partner took, and what it should have taken.
fn fee(accepts: Accepts<'_>, partner: &[&Record], ledger: &[&Record]) -> Option<Compared> {
    let ([partner], [ledger]) = (partner, ledger) else {
        return None;
    };
    let fault = fees::fault_of_pair(accepts, partner, ledger)?;
    let (taken, right) = fault.taken_and_right();
    let money = |amount| Money {
        amount,
        ..partner.money
    };
    Some(Compared {
        what: "fee",
        partner: money(taken).to_string(),
        ledger: right.map_or_else(String::new, |right| money(right).to_string()),
        agrees: false,
    })
}
