//! Rows come out of their small form as they went in, and the short cuts say what the rules say.

use std::borrow::Cow;
use std::collections::BTreeMap;

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
    fn pairs_are_alone_and_agree(
        partner in vec((0u8..40, 0i64..3, any::<bool>()), 0..80),
        ledger in vec((0u8..40, 0i64..3, any::<bool>()), 0..80),
        looked_at in vec(0u8..40, 0..4),
        cut in 0usize..80,
    ) {
        let long = |key: u8| format!("{key}-{}", "x".repeat(usize::from(key) * 5));
        let facts = |amount: i64, is_fine: bool| Facts {
            amount: PlainAmount::from_scaled(amount * 1_000_000, if is_fine { 8 } else { 2 }).unwrap(),
            currency: Currency::parse("EUR").unwrap(),
            day: row::Day(20_000),
            status: None,
        };
        let lines = |rows: &[(u8, i64, bool)]| -> Vec<u32> {
            let mut line = 0;
            // Now and then so far apart that the row is wide.
            let lines = rows.iter().map(|(key, ..)| {
                line += 1 + u32::from(*key == 7) * 100_000;
                line
            });
            lines.collect()
        };
        let kept = |rows: &[(u8, i64, bool)]| {
            let mut partition = Partition::default();
            for ((key, amount, is_fine), line) in rows.iter().zip(lines(rows)) {
                let place = Place { offset: 0, line };
                partition.push(place, long(*key).as_bytes(), Some(&facts(*amount, *is_fine)));
            }
            partition.take_chunks().concat()
        };
        let both = [&partner, &ledger].map(|rows| {
            let (first, second) = rows.split_at(cut.min(rows.len()));
            [(kept(first), first.len()), (kept(second), second.len())]
        });
        let parts = both.each_ref().map(|side| {
            side.each_ref().map(|(bytes, count)| KeptRows { bytes, count: *count })
        });
        let looked: Vec<String> = looked_at.iter().map(|key| long(*key)).collect();
        let looked: Vec<Cow<str>> = looked.iter().map(|key| Cow::Borrowed(&**key)).collect();
        let side = |rows| PairingSide { rows, looked_at: &looked };
        let agreement = Agreement::of_window(
            DateWindow { early_days: 0, late_days: 0, unit: DayUnit::Calendar },
            &BusinessCalendar::default(),
        );
        let mut found = Vec::new();
        let mut pairing = Pairing::default();
        pairing.pairs(&agreement, side(&parts[0]), side(&parts[1]), |a, b| found.push((a, b)));
        found.sort_unstable();
        let mut expected = Vec::new();
        for (at, row) in partner.iter().enumerate() {
            let of_key = |rows: &[(u8, i64, bool)]| -> Vec<usize> {
                (0..rows.len()).filter(|at| rows[*at].0 == row.0).collect()
            };
            let (same, others) = (of_key(&partner), of_key(&ledger));
            let value = |row: &(u8, i64, bool)| facts(row.1, row.2).amount.units();
            if same.len() == 1 && others.len() == 1 && !looked_at.contains(&row.0)
                && value(row) == value(&ledger[others[0]])
            {
                expected.push((at as u32, others[0] as u32));
            }
        }
        prop_assert_eq!(found, expected);
        let read = parts[0].map(|rows| rows.read().unwrap()).concat();
        prop_assert_eq!(read.len(), partner.len());
        let (first, second) = partner.split_at(cut.min(partner.len()));
        let read_lines: Vec<u32> = read.iter().map(|kept| kept.line).collect();
        prop_assert_eq!(read_lines, [lines(first), lines(second)].concat());
        for (kept, (key, amount, is_fine)) in read.iter().zip(&partner) {
            let key = long(*key);
            prop_assert_eq!(kept.key, key.as_bytes());
            prop_assert_eq!(kept.amount, facts(*amount, *is_fine).amount);
        }
        for (bytes, count) in both.into_iter().flatten() {
            let damaged = KeptRows { bytes: &bytes[..bytes.len().saturating_sub(1)], count };
            prop_assert!(count == 0 || damaged.read().is_none());
            let miscounted = KeptRows { bytes: &bytes, count: count + 1 };
            prop_assert!(miscounted.read().is_none());
        }
    }

    #[test]
    fn amounts_are_written_as_amounts_are(mantissa in any::<i64>(), zeros in 0u32..19, scale in 0u32..=8) {
        let number = mantissa / 10i64.pow(zeros);
        let Some(plain) = PlainAmount::from_scaled(number, scale) else {
            return Ok(());
        };
        if let Ok(amount) = Amount::from_scaled(number.into(), scale as usize) {
            prop_assert_eq!(Amount::from_scaled(plain.units(), 8), Ok(amount));
            let mut text = String::new();
            plain.write_to(&mut text);
            prop_assert_eq!(text, amount.to_string());
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
    fn a_tally_is_the_sum_of_its_rows(rows in vec(facts(), 0..60), cut in 0usize..60) {
        let mut sums: BTreeMap<Currency, (u64, Amount)> = BTreeMap::new();
        for row in &rows {
            let mut text = String::new();
            row.amount.write_to(&mut text);
            let (count, sum) = sums.entry(row.currency).or_default();
            *count += 1;
            *sum = sum.checked_add(Amount::parse_computed(&text).unwrap()).unwrap();
        }
        let (before, behind) = rows.split_at(cut.min(rows.len()));
        let [mut tally, other] = [before, behind].map(|rows| {
            let mut tally = Tally::default();
            rows.iter().for_each(|row| tally.add(row));
            tally
        });
        tally.merge(&other);
        let mut kept = Tally::default();
        for Facts { amount, currency, day, .. } in rows.iter().copied() {
            kept.add_kept(&KeptRow { key: b"", line: 1, amount, currency, day, status: None });
        }
        for tally in [&tally, &kept] {
            let lines = tally.lines().map(Result::unwrap);
            let lines = lines.map(|(currency, line)| (currency, (line.count(), line.sum().unwrap())));
            prop_assert_eq!(&lines.collect::<BTreeMap<_, _>>(), &sums);
            prop_assert_eq!(tally.count(), rows.len() as u64);
        }
        prop_assert_eq!(tally.latest(), rows.iter().map(|row| row.day).max());
        prop_assert_eq!(kept.latest(), None, "kept rows don't tell of days");
    }

    #[test]
    fn keys_that_differ_hash_apart(one in vec(any::<u8>(), 0..40), other in vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(one == other, hash(&one) == hash(&other));
    }
}

#[test]
fn a_bucket_larger_than_a_cache_gives_the_same_pairs() {
    const COUNT: u32 = 20_000;
    let facts = Facts {
        amount: PlainAmount::from_scaled(100, 2).unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        day: row::Day(20_000),
        status: None,
    };
    let kept = |keys: &mut dyn Iterator<Item = u32>| {
        let mut partition = Partition::default();
        for (line, key) in (1..).zip(keys) {
            let key = format!("PAYMENT-{key:020}");
            partition.push(Place { offset: 0, line }, key.as_bytes(), Some(&facts));
        }
        partition.take_chunks().concat()
    };
    let bytes = [kept(&mut (0..COUNT)), kept(&mut (0..COUNT).rev())];
    assert!(bytes[0].len() > 1 << 19, "joined in several parts");
    let [partner, ledger] = bytes.each_ref().map(|bytes| {
        let count = COUNT as usize;
        [KeptRows { bytes, count }]
    });
    let side = |rows| PairingSide {
        rows,
        looked_at: &[Cow::Borrowed("PAYMENT-00000000000000000007")],
    };
    let window = DateWindow {
        early_days: 0,
        late_days: 0,
        unit: DayUnit::Calendar,
    };
    let agreement = Agreement::of_window(window, &BusinessCalendar::default());
    let mut found = Vec::new();
    Pairing::default().pairs(&agreement, side(&partner), side(&ledger), |a, b| {
        found.push((a, b));
    });
    found.sort_unstable();
    let expected = (0..COUNT).filter(|at| *at != 7);
    let expected: Vec<(u32, u32)> = expected.map(|at| (at, COUNT - 1 - at)).collect();
    assert_eq!(found, expected);
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
