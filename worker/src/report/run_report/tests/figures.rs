//! The figures, computed again in another way.

use activities::store::RunState;
use domain::audit::AuditEvent;
use domain::case::{Case, CaseState, Resolution, ResolutionKind};
use domain::discrepancy::Kind;
use domain::record::Side;
use domain::severity::Severity;
use jiff::ToSpan;
use proptest::prelude::*;

use super::super::{AgeBucket, RunReport, Trail, Verdict};
use super::fixtures::{
    BUSINESS_DATE, Facts, amount, audit, currency, decided, line, material, report, write_off,
};

const CURRENCIES: [&str; 3] = ["EUR", "JPY", "USD"];

fn facts() -> impl Strategy<Value = Facts> {
    let case = prop_oneof![
        Just(Case::default()),
        Just(decided(CaseState::Proposed, "ana", Resolution::Accept)),
        Just(decided(CaseState::Resolved, "ben", write_off("0.40"))),
        Just(decided(CaseState::Cleared, "ben", Resolution::Accept)),
    ];
    let parts = (
        0..Kind::ALL.len(),
        0..Severity::ALL.len(),
        0..CURRENCIES.len(),
        -1_000_000i64..1_000_000,
        0i64..200,
        case,
    );
    parts.prop_map(|(kind, severity, currency, cents, days, case)| Facts {
        name: format!("INV-{cents}"),
        kind: Kind::ALL[kind],
        severity: Severity::ALL[severity],
        currency: CURRENCIES[currency],
        amount: format!(
            "{}{}.{:02}",
            if cents < 0 { "-" } else { "" },
            cents.abs() / 100,
            cents.abs() % 100
        ),
        value_date: BUSINESS_DATE.saturating_sub(days.days()),
        case,
    })
}

/// Without the sign, in cents.
fn cents(facts: &Facts) -> u64 {
    let digits: String = facts.amount.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("cents")
}

fn is_open(facts: &Facts) -> bool {
    matches!(facts.case.state, CaseState::Open | CaseState::Proposed)
}

fn total(facts: &[Facts], of: impl Fn(&Facts) -> bool) -> (u64, String) {
    let chosen: Vec<u64> = facts.iter().filter(|facts| of(facts)).map(cents).collect();
    let sum: u64 = chosen.iter().sum();
    (
        chosen.len() as u64,
        format!("{}.{:02}", sum / 100, sum % 100),
    )
}

proptest! {
    #[test]
    fn sums_and_counts_are_those_of_the_rows(facts in proptest::collection::vec(facts(), 0..60)) {
        let report = report(material(&facts));
        let figures = &report.figures;
        prop_assert_eq!(figures.total.found, facts.len() as u64);
        for code in CURRENCIES {
            let of = figures.by_currency.get(&currency(code)).copied().unwrap_or_default();
            for (stake, expected) in [
                (of.found, total(&facts, |f| f.currency == code)),
                (of.open, total(&facts, |f| f.currency == code && is_open(f))),
                (of.critical, total(&facts, |f| {
                    f.currency == code && is_open(f) && f.severity == Severity::Critical
                })),
            ] {
                prop_assert_eq!(stake.count, expected.0);
                prop_assert_eq!(stake.at_stake, Some(amount(&expected.1)));
            }
        }
        for kind in Kind::ALL {
            for severity in Severity::ALL {
                let tally = figures.by_kind.get(&(*kind, *severity)).copied().unwrap_or_default();
                let here = |f: &Facts| f.kind == *kind && f.severity == *severity;
                prop_assert_eq!(tally.found, total(&facts, here).0);
                prop_assert_eq!(tally.open, total(&facts, |f| here(f) && is_open(f)).0);
            }
        }
        let aged: u64 = figures.ageing.values().sum();
        prop_assert_eq!(aged, figures.total.open);
        let resolved = total(&facts, |f| f.case.state == CaseState::Resolved).0;
        prop_assert_eq!(report.resolutions.resolved, resolved);
        let written_off: u64 = report.resolutions.write_offs.values().map(|s| s.count).sum();
        prop_assert_eq!(written_off, resolved);
    }
}

#[test]
fn match_rates_leave_out_what_is_out_of_scope_and_what_nets_out() {
    let report = report(material(&[]));
    let shown = |side, code| {
        let rates = report.rates.iter();
        let rate = rates
            .clone()
            .find(|rate| (rate.side, rate.currency) == (side, currency(code)));
        let rate = rate.expect("a rate");
        let text = |share: Option<super::super::Share>| share.map(|share| share.to_string());
        (text(rate.by_count), text(rate.by_value))
    };
    let percent = |text: &str| Some(text.to_owned());
    assert_eq!(
        shown(Side::Partner, "EUR"),
        (percent("75.00 %"), percent("75.00 %"))
    );
    assert_eq!(
        shown(Side::Ledger, "EUR"),
        (percent("85.71 %"), percent("92.30 %"))
    );
    assert_eq!(
        shown(Side::Partner, "USD"),
        (percent("50.00 %"), None),
        "nets out to nothing"
    );

    let mut scoped = material(&[]);
    let mut of_client = line(
        Side::Partner,
        "EUR",
        (10, "100.00"),
        (3, "30.00"),
        (1, "10.00"),
    );
    of_client.out_of_scope = Some(proto::wire::CountAndSum {
        count: 6,
        amount: "60.00".to_owned(),
    });
    scoped.run.totals.as_mut().expect("totals").conservation = vec![of_client];
    let scoped = super::fixtures::report(scoped);
    assert_eq!(scoped.balance.verdict, Verdict::Holds);
    assert_eq!(scoped.rates[0].records, 4);
    assert_eq!(
        scoped.rates[0].by_count.map(|share| share.to_string()),
        percent("75.00 %")
    );
}

/// What a line says of itself is not believed.
#[test]
fn a_line_that_does_not_add_up_is_found() {
    let mut broken = material(&[]);
    let totals = broken.run.totals.as_mut().expect("totals");
    totals.conservation[0].matched = totals.conservation[2].matched.clone();
    let report = report(broken);
    let Verdict::Fails(imbalances) = &report.balance.verdict else {
        panic!("{:?}", report.balance.verdict);
    };
    assert_eq!(
        imbalances[0].to_string(),
        "partner EUR does not balance: 5 records, 525.00 EUR more came in than can be accounted for"
    );
}

#[test]
fn ages_count_business_days_of_the_calendar() {
    let monday_before = Facts {
        value_date: jiff::civil::date(2026, 11, 16),
        ..Facts::default()
    };
    let tomorrow = Facts {
        name: "INV-2".to_owned(),
        value_date: jiff::civil::date(2026, 11, 21),
        ..Facts::default()
    };
    let mut with_holiday = material(&[monday_before, tomorrow]);
    let ages = |report: &RunReport| -> Vec<u64> {
        report
            .items
            .iter()
            .map(|item| item.age_business_days)
            .collect()
    };
    assert_eq!(ages(&report(with_holiday.clone())), [4, 0]);
    let calendar = &mut with_holiday.source.as_mut().expect("a source").calendar;
    calendar.holidays.insert(jiff::civil::date(2026, 11, 18));
    let report = report(with_holiday);
    assert_eq!(ages(&report), [3, 0]);
    assert_eq!(report.figures.oldest_open, Some(3));
    let stake = report.figures.ageing_stakes[&(AgeBucket::UpTo3, currency("EUR"))];
    assert_eq!((stake.count, stake.at_stake), (1, Some(amount("10"))));
}

#[test]
fn what_has_most_at_stake_comes_first_in_its_severity() {
    let found = |name: &str, severity, currency, amount: &str| Facts {
        name: name.to_owned(),
        severity,
        currency,
        amount: amount.to_owned(),
        ..Facts::default()
    };
    let report = report(material(&[
        found("low", Severity::Low, "EUR", "900"),
        found("small", Severity::High, "EUR", "9"),
        found("yen", Severity::High, "JPY", "5000"),
        found("large", Severity::High, "EUR", "80"),
    ]));
    let names = report.items.iter().map(|item| &*item.discrepancy.reference);
    assert_eq!(names.collect::<Vec<_>>(), ["large", "small", "yen", "low"]);
}

#[test]
fn a_sum_too_large_is_none_and_never_wrong() {
    let largest = |name: usize| Facts {
        name: format!("INV-{name}"),
        amount: "999999999999999999.99999999".to_owned(),
        ..Facts::default()
    };
    let facts: Vec<_> = (0..1000).map(largest).collect();
    let report = report(material(&facts));
    let figures = report.figures.by_currency[&currency("EUR")];
    assert_eq!((figures.found.count, figures.found.at_stake), (1000, None));
}

#[test]
fn who_decided_what_is_told_apart() {
    let facts = [
        decided(CaseState::Resolved, "ana", Resolution::Accept),
        decided(CaseState::Resolved, "ana", write_off("9.50")),
        decided(CaseState::Proposed, "ben", write_off("1.00")),
        decided(CaseState::Cleared, "ben", Resolution::Accept),
        Case::default(),
    ];
    let facts = facts.into_iter().enumerate().map(|(index, case)| Facts {
        name: format!("INV-{index}"),
        case,
        ..Facts::default()
    });
    let report = report(material(&facts.collect::<Vec<_>>()));
    let resolutions = &report.resolutions;
    assert_eq!(
        (
            resolutions.resolved,
            resolutions.proposed,
            resolutions.cleared
        ),
        (2, 1, 1)
    );
    assert_eq!(resolutions.people(), [("ana", 2)]);
    let decisions: Vec<_> = resolutions
        .decisions
        .keys()
        .map(|key| (key.by.as_str(), key.resolution, key.is_in_force))
        .collect();
    assert_eq!(
        decisions,
        [
            ("ana", ResolutionKind::Accept, true),
            ("ana", ResolutionKind::WriteOff, true),
            ("ben", ResolutionKind::WriteOff, false),
        ]
    );
    let written_off: Vec<_> = resolutions.write_offs.values().collect();
    assert_eq!(written_off.len(), 1, "what is proposed is not written off");
    assert_eq!(
        written_off[0].at_stake,
        Some(amount("9.50")),
        "not what was at stake"
    );
    assert_eq!(report.figures.total.open, 2);
}

#[test]
fn a_sign_off_is_what_the_audit_trail_says_of_the_last_attempt() {
    let signed = |events: &[(&str, AuditEvent)]| {
        let mut material = material(&[]);
        material.audit = Ok(audit(events));
        let report = report(material);
        report
            .ending
            .signed_off
            .map(|sign_off| (sign_off.by, sign_off.note))
    };
    let opened = ("ops", AuditEvent::RunOpened);
    let by_ana = ("ana", AuditEvent::RunSignedOff);
    let expected = Some(("ana".to_owned(), "noted by ana".to_owned()));
    assert_eq!(
        signed(&[opened, by_ana, ("trueup", AuditEvent::RunCompleted)]),
        expected
    );
    assert_eq!(signed(&[opened, ("ben", AuditEvent::ReviewDenied)]), None);
    assert_eq!(
        signed(&[opened, by_ana, opened]),
        None,
        "another attempt began"
    );
}

#[test]
fn an_altered_trail_is_told() {
    let mut altered = material(&[]);
    if let Ok(stream) = &mut altered.audit {
        stream.entries[0].actor = "nobody".to_owned();
    }
    assert!(matches!(report(altered).trail, Trail::Broken(_)));
    let mut unreadable = material(&[]);
    unreadable.audit = Err("entry 3 can't be read".to_owned());
    assert_eq!(
        report(unreadable).trail,
        Trail::Broken("entry 3 can't be read".to_owned())
    );
    assert!(matches!(
        report(material(&[])).trail,
        Trail::Whole { entries: 2, .. }
    ));
}

#[test]
fn a_run_without_a_result_balances_neither_way() {
    let mut failed = material(&[]);
    failed.run.state = RunState::Failed;
    failed.run.totals = None;
    failed.source = None;
    let report = report(failed);
    assert_eq!(report.balance.verdict, Verdict::Unknown);
    assert_eq!(report.title, "shop");
    assert!(report.rates.is_empty() && !report.is_calendar_known);
}
