//! Rows come out of their small form as they went in, and the short cuts say what the rules say.

use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::prelude::*;

use super::row::{self, Row};
use super::*;
use crate::calendar::{BusinessCalendar, DayUnit, days_between};
use crate::matching::pair::{Timing, timing_of};
use crate::money::{Amount, Currency};
use crate::policy::DateWindow;
use crate::record::Status;

fn currencies() -> impl Strategy<Value = Currency> {
    "[A-Z]{3}".prop_map(|code| Currency::parse(&code).unwrap())
}

fn facts() -> impl Strategy<Value = Facts> {
    let number = prop_oneof![
        any::<i64>(),
        -100_000i64..100_000,
        Just(i64::from(i32::MIN))
    ];
    let amount = (number, 0u32..=8).prop_filter_map("fits", |(number, scale)| {
        PlainAmount::from_scaled(number, scale)
    });
    let status = proptest::option::of(proptest::sample::select(Status::ALL.to_vec()));
    let facts = (amount, currencies(), any::<u16>(), status);
    facts.prop_map(|(amount, currency, day, status)| Facts {
        amount,
        currency,
        day: row::Day(day),
        status,
    })
}

fn steps() -> impl Strategy<Value = (u64, u32)> {
    prop_oneof![
        4 => (0u64..10_000, 0u32..300),
        1 => (any::<u64>().prop_map(|offset| offset >> 20), any::<u32>().prop_map(|line| line >> 12)),
    ]
}

proptest! {
    #[test]
    fn rows_come_back(rows in vec((steps(), vec(any::<u8>(), 0..=255), proptest::option::of(facts())), 0..200)) {
        let mut partition = Partition::default();
        let mut place = Place::default();
        let mut places = Vec::new();
        for ((offset, line), key, facts) in &rows {
            place = Place { offset: place.offset + offset, line: place.line + line };
            places.push(place);
            partition.push(place, key, facts.as_ref());
        }
        let mut seen = Vec::new();
        let mut sum = Place::default();
        let mut all = Rows::default();
        all.take(&mut partition, 0);
        all.each(|position, row: &Row<'_>| {
            sum = Place { offset: sum.offset + row.step.offset, line: sum.line + row.step.line };
            let again = all.row(position).expect("it is there");
            assert_eq!((again.key, again.amount), (row.key, row.amount));
            seen.push((sum, row.key.to_vec(), (!row.is(row::LOOK)).then(|| (
                row.amount, Currency::of_ordinal(row.currency), row.day, row.status(),
            ))));
        });
        prop_assert_eq!(seen.len(), rows.len());
        for ((seen, place), (_, key, facts)) in seen.into_iter().zip(places).zip(&rows) {
            let facts = facts.map(|f| (f.amount, Some(f.currency), f.day.0, f.status));
            prop_assert_eq!(seen, (place, key.clone(), facts));
        }
    }

    #[test]
    fn every_currency_has_a_place_of_its_own(currency in currencies()) {
        prop_assert_eq!(Currency::of_ordinal(currency.ordinal()), Some(currency));
    }

    #[test]
    fn amounts_keep_their_value(mantissa in any::<i64>(), scale in 0usize..=8) {
        let Ok(amount) = Amount::from_scaled(i128::from(mantissa), scale) else {
            return Ok(());
        };
        if let Some(plain) = PlainAmount::of(amount) {
            prop_assert_eq!(Amount::from_scaled(plain.units(), 8), Ok(amount));
        }
        let written = PlainAmount::from_scaled(mantissa, scale as u32);
        if let (Some(written), Some(plain)) = (written, PlainAmount::of(amount)) {
            prop_assert_eq!(written.units(), plain.units());
        }
    }

    #[test]
    fn days_are_counted_as_the_rules_count_them(
        partner in 0u16..40_000, apart in -20i32..20, early in 0u32..8, late in 0u32..8,
        holidays in vec(-20i64..20, 0..4), is_business in any::<bool>(),
    ) {
        let ledger = (i32::from(partner) + apart).clamp(0, 40_000) as u16;
        let near = |days: i64| row::Day(partner).date().checked_add(jiff::Span::new().days(days));
        let calendar = BusinessCalendar {
            holidays: holidays.into_iter().filter_map(|days| near(days).ok()).collect(),
            ..BusinessCalendar::default()
        };
        let unit = if is_business { DayUnit::Business } else { DayUnit::Calendar };
        let window = DateWindow { early_days: early, late_days: late, unit };
        let dates = (row::Day(partner).date(), row::Day(ledger).date());
        let by_rules = timing_of(window, &calendar, dates.0, dates.1) == Timing::Within;
        let agreement = Agreement::of_window(window, &calendar);
        let by_sieve = partner == ledger || agreement.is_within(partner, ledger);
        prop_assert_eq!(by_sieve, by_rules);
    }

    #[test]
    fn keys_that_differ_hash_apart(one in vec(any::<u8>(), 0..40), other in vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(one == other, hash(&one) == hash(&other));
    }
}

#[test]
fn days_go_from_1970_on() {
    let day = |date: Date| Day::of(date).map(|day| day.0);
    assert_eq!(day(date(1970, 1, 1)), Some(0));
    assert_eq!(day(date(1969, 12, 31)), None);
    assert_eq!(day(date(2100, 12, 31)), Some(47_846));
    assert_eq!(
        Day::of(date(2026, 1, 31)).unwrap().date(),
        date(2026, 1, 31)
    );
    assert_eq!(
        days_between(date(1970, 1, 1), Day(u16::MAX).date()),
        i64::from(u16::MAX)
    );
}
