//! Causes as the comparison of made-up days shows them.

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::matching::{Pool, compare};
use crate::money::Money;
use crate::policy::{AgreedFee, DateWindow, MatchRule, RunContext, Scope, Tolerances};
use crate::record::{Origin, RecordFields, ReferenceKind, Side, Status};
use crate::severity::SeverityPolicy;

const DAY: Date = date(2026, 11, 20);

fn amount(text: &str) -> Amount {
    Amount::parse(text).expect(text)
}

fn policy() -> SourcePolicy {
    SourcePolicy {
        source: "acme".into(),
        rules: vec![MatchRule::exact("reference", &[ReferenceKind::Reference])],
        tolerances: Tolerances::default(),
        date_window: DateWindow {
            early_days: 0,
            late_days: 0,
            unit: DayUnit::Business,
        },
        settlement_window_days: 0,
        calendar: BusinessCalendar::default(),
        agreed_fee: Some(AgreedFee {
            percent: amount("1.4"),
            fixed: BTreeMap::from([(Currency::parse("EUR").expect("EUR"), amount("0.25"))]),
            tolerance: amount("0.01"),
        }),
        severity: SeverityPolicy::default(),
    }
}

fn record(side: Side, number: usize, value_date: Date) -> Record {
    Record::from(RecordFields {
        side,
        origin: Origin {
            file: "example".into(),
            line: number as u32,
            raw: "".into(),
        },
        references: [(ReferenceKind::Reference, format!("R-{number}").into())].into(),
        money: Money {
            amount: Amount::from_scaled(10_000 + number as i128 * 137, 2).expect("an amount"),
            currency: Currency::parse("EUR").expect("EUR"),
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

/// A record with a fee of `percent` and `fixed`, rounded half up to the cent.
fn with_fee(mut record: Record, percent: i128, fixed: i128) -> Record {
    let (gross, scale) = record.money.amount.to_scaled();
    let gross = gross * 10i128.pow(2 - scale);
    let fee = (gross * percent * 2 + 10_000).div_euclid(20_000) + fixed;
    let cents = |units| Amount::from_scaled(units, 2).expect("an amount");
    record.fees = Some(Box::new(FeeSplit {
        gross: cents(gross),
        fee: cents(fee),
        net: cents(gross - fee),
        derived: None,
    }));
    record
}

/// What a day with these records shows.
fn found(partner: Vec<Record>, ledger: Vec<Record>) -> Vec<Cause> {
    let compared = Compared {
        partner: partner.len() as u64,
        ledger: ledger.len() as u64,
    };
    let context = RunContext {
        business_date: DAY,
        scope: Scope::Whole,
    };
    let policy = policy();
    let comparison = compare(&policy, &context, Pool { partner, ledger });
    causes(
        &policy,
        CausePolicy::default(),
        DAY,
        compared,
        &comparison.discrepancies,
    )
}

fn side(side: Side, numbers: std::ops::Range<usize>) -> Vec<Record> {
    numbers.map(|number| record(side, number, DAY)).collect()
}

#[test]
fn a_missing_file_is_one_cause() {
    let causes = found(Vec::new(), side(Side::Ledger, 0..40));
    let [cause] = &causes[..] else {
        panic!("{causes:?}");
    };
    assert_eq!(cause.kind, CauseKind::ReportIncomplete);
    assert_eq!(cause.members.len(), 40);
    assert_eq!(cause.severity, Severity::Critical);
    assert_eq!(
        cause.explanation,
        "the partner reports none of 40 payments that we have: is its file missing?"
    );
}

#[test]
fn a_file_cut_off_half_way_is_one_cause_and_a_few_missing_are_none() {
    let ledger = || side(Side::Ledger, 0..100);
    let causes = found(side(Side::Partner, 0..45), ledger());
    assert_eq!(causes[0].kind, CauseKind::ReportIncomplete);
    assert_eq!(causes[0].members.len(), 55);
    assert!(
        found(side(Side::Partner, 0..60), ledger()).is_empty(),
        "40 of 100"
    );
    assert!(
        found(Vec::new(), side(Side::Ledger, 0..19)).is_empty(),
        "all, but too few"
    );
    let causes = found(side(Side::Partner, 0..60), side(Side::Ledger, 0..10));
    assert_eq!(causes[0].kind, CauseKind::LedgerIncomplete);
}

#[test]
fn failed_payments_that_we_never_booked_show_no_cause() {
    let attempts = || {
        let mut attempts = side(Side::Partner, 0..80);
        for attempt in &mut attempts[40..] {
            attempt.status = Some(Status::Failed);
        }
        attempts
    };
    assert!(found(attempts(), side(Side::Ledger, 0..40)).is_empty());
    let causes = found(attempts(), Vec::new());
    assert_eq!(causes[0].kind, CauseKind::LedgerIncomplete);
    assert_eq!(causes[0].members.len(), 40);
}

#[test]
fn a_cut_off_that_moved_is_one_cause() {
    let late = date(2026, 11, 23);
    let shifted = |from, to| -> Vec<Record> {
        let records = (from..to).map(|number| record(Side::Partner, number, late));
        records.collect()
    };
    let mut partner = side(Side::Partner, 0..50);
    partner.extend(shifted(50, 80));
    partner.push(record(Side::Partner, 80, date(2026, 11, 26)));
    let causes = found(partner, side(Side::Ledger, 0..81));
    let [cause] = &causes[..] else {
        panic!("{causes:?}");
    };
    assert_eq!(cause.kind, CauseKind::CutOffShifted);
    assert_eq!(
        cause.severity,
        Severity::High,
        "more than each late payment"
    );
    assert_eq!(cause.members.len(), 30);
    assert_eq!(
        cause.explanation,
        "30 of 31 value dates outside of the window are 1 business day later than ours: did a \
         cut-off move?"
    );
}

#[test]
fn a_changed_fee_schedule_is_one_cause_with_its_formula() {
    let agreed = (0..50).map(|number| with_fee(record(Side::Partner, number, DAY), 140, 25));
    let dearer = (50..90).map(|number| with_fee(record(Side::Partner, number, DAY), 175, 25));
    let other = (90..95).map(|n| with_fee(record(Side::Partner, n, DAY), 300 + n as i128, 0));
    let partner: Vec<Record> = agreed.chain(dearer).chain(other).collect();
    let causes = found(partner, side(Side::Ledger, 0..95));
    let [cause] = &causes[..] else {
        panic!("{causes:?}");
    };
    assert_eq!(cause.kind, CauseKind::FeesChanged);
    assert_eq!(cause.members.len(), 40);
    assert_eq!(
        cause.explanation,
        "40 of 45 fees that are not the agreed one are 1.75 % of the gross amount and 0.25 EUR: \
         did the partner change its prices?"
    );
}

#[test]
fn the_same_cause_has_the_same_id_and_another_day_another() {
    let [a, b] = [0..40, 0..70].map(|range| found(Vec::new(), side(Side::Ledger, range)));
    assert_eq!(a[0].id, b[0].id);
    assert_ne!(
        id("acme", CauseKind::ReportIncomplete, DAY),
        id("acme", CauseKind::ReportIncomplete, date(2026, 11, 21))
    );
}

proptest! {
    /// A day with any share of each trouble: no discrepancy has two causes, each member is of the
    /// cause's kind, the limits hold, and the order of the discrepancies does not matter.
    #[test]
    fn causes_keep_their_limits(
        missing in 0usize..60, late in 0usize..60, fine in 0usize..60, reverse: bool,
    ) {
        let policy = policy();
        let total = fine + late + missing;
        let mut partner = side(Side::Partner, 0..fine);
        partner.extend((fine..fine + late).map(|n| record(Side::Partner, n, date(2026, 11, 24))));
        let ledger = side(Side::Ledger, 0..total);
        let compared = Compared { partner: partner.len() as u64, ledger: total as u64 };
        let context = RunContext { business_date: DAY, scope: Scope::Whole };
        let mut discrepancies = compare(&policy, &context, Pool { partner, ledger }).discrepancies;
        let limits = CausePolicy::default();
        let found = causes(&policy, limits, DAY, compared, &discrepancies);
        if reverse {
            discrepancies.reverse();
        }
        prop_assert_eq!(&found, &causes(&policy, limits, DAY, compared, &discrepancies));
        let expects_missing = missing >= 20 && missing * 2 >= total;
        let expects_late = late >= 20;
        let kinds: Vec<CauseKind> = found.iter().map(|cause| cause.kind).collect();
        prop_assert_eq!(kinds.contains(&CauseKind::ReportIncomplete), expects_missing);
        prop_assert_eq!(kinds.contains(&CauseKind::CutOffShifted), expects_late);
        let members: Vec<_> = found.iter().flat_map(|cause| &cause.members).collect();
        let distinct: BTreeSet<_> = members.iter().collect();
        prop_assert_eq!(members.len(), distinct.len());
    }
}
