//! The comparison from outside: examples as lines of text, and laws over generated records.

mod alike;
mod boundaries;
mod conservation;
mod corpus;
mod examples;
mod explanation;
mod explanations;
mod figures;
mod generate;
mod identities;
mod large;
mod laws;
mod looks;
mod mirrored;
mod named;
mod nearest;
mod oracle;
mod rules;
mod sieve;
mod together;

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::*;
use crate::calendar::{BusinessCalendar, DayUnit};
use crate::money::{Amount, Currency, Money};
use crate::policy::{AgreedFee, Cardinality, DateWindow, MatchRule, Scope, Tolerance, Tolerances};
use crate::record::{FeeSplit, Origin, RecordFields, ReferenceKind, References, Status};
use crate::severity::SeverityPolicy;

/// The day that examples are reconciled on: a Friday, far from the records' days by default.
const BUSINESS_DATE: Date = date(2026, 2, 27);

pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse(text).expect(text)
}

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn rule(name: &str, on: &[ReferenceKind]) -> MatchRule {
    MatchRule::exact(name, on)
}

/// By reference, then by invoice. Rounding up to 0.05 EUR, dates within 2 days, nothing in transit.
pub(crate) fn policy() -> SourcePolicy {
    let tolerance = Tolerance {
        rounding: amount("0.05"),
        ..Tolerance::default()
    };
    SourcePolicy {
        source: "acme".to_owned(),
        rules: vec![
            rule("by reference", &[ReferenceKind::Reference]),
            rule("by invoice", &[ReferenceKind::Invoice]),
        ],
        tolerances: Tolerances([(euro(), tolerance)].into()),
        date_window: DateWindow {
            early_days: 2,
            late_days: 2,
            unit: DayUnit::Calendar,
        },
        settlement_window_days: 0,
        calendar: BusinessCalendar::default(),
        agreed_fee: None,
        severity: SeverityPolicy::default(),
    }
}

/// The 2.9 % + 0.30 that examples with fees agree on.
fn agreed_fee() -> AgreedFee {
    AgreedFee {
        percent: amount("2.9"),
        fixed: BTreeMap::from([(euro(), amount("0.3"))]),
        tolerance: amount("0.01"),
    }
}

pub(crate) fn whole() -> RunContext {
    context(Scope::Whole)
}

fn context(scope: Scope) -> RunContext {
    RunContext {
        business_date: BUSINESS_DATE,
        scope,
    }
}

/// A record from `P A 100 EUR 5 invoice=I1 status=settled fee=103/3/100 client=x`: side, reference
/// (`-` for none), amount, currency, day of January 2026, then what else it says.
fn record(text: &str, line: u32) -> Record {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [side, reference, money, currency, day, more @ ..] = &words[..] else {
        panic!("not a record: {text}");
    };
    let mut record = Record::from(RecordFields {
        side: if *side == "P" {
            Side::Partner
        } else {
            Side::Ledger
        },
        origin: Origin {
            file: "example".into(),
            line,
            raw: text.into(),
        },
        references: References::new(),
        money: Money {
            amount: amount(money),
            currency: Currency::parse(currency).unwrap(),
        },
        value_date: date(2026, 1, day.parse().unwrap()),
        booking_date: None,
        status: None,
        fees: None,
        client: None,
        counterparty: None,
        description: None,
        past: None,
        has_namesake: false,
        takes_back: false,
    });
    if *reference != "-" {
        record
            .references
            .push((ReferenceKind::Reference, (*reference).into()));
    }
    for word in more {
        let (field, value) = word.split_once('=').expect(word);
        match field {
            "status" => record.status = Status::parse(value),
            "client" => record.client = Some(value.into()),
            "description" => record.description = Some(value.replace('_', " ").into()),
            "counterparty" => record.counterparty = Some(value.replace('_', " ").into()),
            "fee" => {
                let stated = |part: &str| (part != "?").then(|| amount(part));
                let parts: Vec<Option<Amount>> = value.split('/').map(stated).collect();
                let split = FeeSplit::of(parts[0], parts[1], parts[2]);
                record.fees = split.unwrap().map(Box::new);
            }
            kind => {
                let kind = ReferenceKind::parse(kind).expect(kind);
                record.references.push((kind, value.into()));
            }
        }
    }
    record.references.sort();
    record
}

/// The records of these lines, numbered from 1.
pub(crate) fn pool(lines: &[&str]) -> Pool {
    let mut pool = Pool::default();
    for (line, text) in (1..).zip(lines) {
        pool.push(record(text, line));
    }
    pool
}

/// What became of the records, one line for each outcome: `matched A`, `amount_mismatch A`.
fn outcome(comparison: &Comparison) -> Vec<String> {
    let name = |record: &Record| record.display_reference().unwrap_or("-").to_owned();
    let matched = comparison.matched.iter();
    let discrepancies = comparison.discrepancies.iter();
    let in_transit = comparison.in_transit.iter();
    let out_of_scope = comparison.out_of_scope.records();
    let superseded = comparison.superseded.iter().map(|it| &it.record);
    let mut lines: Vec<String> = matched
        .map(|pair| format!("matched {}", name(&pair.ledger)))
        .chain(discrepancies.map(|found| format!("{} {}", found.kind, found.reference)))
        .chain(in_transit.map(|record| format!("in_transit {}", name(record))))
        .chain(out_of_scope.map(|record| format!("out_of_scope {}", name(record))))
        .chain(superseded.map(|record| format!("superseded {}", name(record))))
        .collect();
    lines.sort();
    lines
}

/// The only discrepancy that these lines give.
fn only_discrepancy(policy: &SourcePolicy, lines: &[&str]) -> Discrepancy {
    let comparison = compare(policy, &whole(), pool(lines));
    let [found] = &comparison.discrepancies[..] else {
        panic!("{lines:?} give {:?}", outcome(&comparison));
    };
    found.clone()
}
