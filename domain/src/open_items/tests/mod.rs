//! Days after each other: examples, and laws over thousands of generated sequences of days.

mod arrived;
mod cases;
mod desk;
mod desk_before;
mod examples;
mod given_up;
mod laws;
mod moved;
mod paid_before;
mod redated;
mod refunds;
mod rewritten;
mod rewritten_laws;
mod undone;

use jiff::civil::{Date, date};

use crate::money::{Amount, Currency, Money};
use crate::record::{Origin, Record, RecordFields, ReferenceKind, Side};

/// A Monday.
const MONDAY: Date = date(2026, 3, 2);

/// So many days after the Monday.
fn day(days: i64) -> Date {
    MONDAY.checked_add(jiff::Span::new().days(days)).unwrap()
}

/// A record in euro with this reference.
fn record(side: Side, reference: &str, cents: i64, value_date: Date) -> Record {
    let raw = format!("{reference} {cents}");
    Record::from(RecordFields {
        side,
        origin: Origin {
            file: "day.csv".into(),
            line: 1,
            raw: raw.into(),
        },
        references: [(ReferenceKind::Reference, reference.into())].into(),
        money: Money {
            amount: Amount::from_scaled(i128::from(cents), 2).unwrap(),
            currency: Currency::parse("EUR").unwrap(),
        },
        value_date,
        booking_date: None,
        status: None,
        fees: None,
        client: None,
        counterparty: None,
        description: None,
        past: None,
        has_namesake: false,
        takes_back: false,
    })
}

fn partner(reference: &str, cents: i64, value_date: Date) -> Record {
    record(Side::Partner, reference, cents, value_date)
}

fn ledger(reference: &str, cents: i64, value_date: Date) -> Record {
    record(Side::Ledger, reference, cents, value_date)
}
