//! Which alerts are planned, and that planning is the same in any order.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::case::{Case, CaseState, Decision, Resolution, Settles};
use crate::discrepancy::{Discrepancy, DiscrepancyId, NearestCandidate};
use crate::record::{Origin, Record, RecordFields, ReferenceKind, Side, Status};

fn record(side: Side, reference: &str, amount: &str) -> Record {
    Record::from(RecordFields {
        side,
        origin: Origin {
            file: "day.csv".into(),
            line: 7,
            raw: "a,b".into(),
        },
        references: [(ReferenceKind::Reference, reference.into())].into(),
        money: Money {
            amount: Amount::parse(amount).unwrap(),
            currency: eur(),
        },
        value_date: date(2026, 11, 20),
        booking_date: None,
        status: None,
        fees: None,
        client: None,
        counterparty: Some("Miller Ltd".into()),
        description: None,
        past: None,
        has_namesake: false,
        takes_back: false,
    })
}

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn missing(reference: &str, severity: Severity, amount: &str) -> Discrepancy {
    let kind = Kind::MissingInLedger;
    let partner = record(Side::Partner, reference, amount);
    Discrepancy {
        id: DiscrepancyId::fingerprint("acme-pay", kind, &[reference]),
        kind,
        severity,
        reference: reference.into(),
        currency: eur(),
        at_stake: partner.money.amount.abs(),
        difference: None,
        partner: Some(partner),
        ledger: None,
        related: Vec::new(),
        rule: "reference".into(),
        reason: "no ledger record has this reference".to_owned(),
        nearest: None,
    }
}

fn policy(summary_above: usize) -> AlertPolicy {
    let route = |severity_from, channel: &str| Route {
        severity_from,
        channel: channel.to_owned(),
    };
    AlertPolicy {
        routes: vec![
            route(Severity::Critical, "slack"),
            route(Severity::Critical, "mail"),
            route(Severity::High, "mail"),
        ],
        summary_above,
        link_base: Some("https://temporal.example/workflows/".to_owned()),
    }
}

fn run() -> AlertRun {
    AlertRun {
        run_id: "recon/acme-pay/2026-11-20".to_owned(),
        source: "acme-pay".to_owned(),
        business_date: date(2026, 11, 20),
    }
}

#[test]
fn one_alert_per_channel_and_discrepancy() {
    let critical = missing("INV-1", Severity::Critical, "5000");
    let high = missing("INV-2", Severity::High, "-12.5");
    let low = missing("INV-3", Severity::Low, "1");
    let plan = plan(
        [&critical, &high, &low],
        &Background::default(),
        &policy(20),
        &run(),
    );
    let mut expected = vec![
        format!("{}/mail", critical.id),
        format!("{}/slack", critical.id),
        format!("{}/mail", high.id),
    ];
    expected.sort();
    let ids: Vec<_> = plan
        .intents
        .iter()
        .map(|intent| intent.id.clone())
        .collect();
    assert_eq!(ids, expected);
    assert!(plan.alert_ids(&low).is_empty());
    assert_eq!(plan.alert_ids(&high), [format!("{}/mail", high.id)]);
    let intent = plan.intents.iter().find(|i| i.channel == "slack").unwrap();
    assert_eq!(intent.case_id, format!("case/{}", critical.id));
    assert_eq!(
        intent.content.headline,
        "INV-1: the partner reports 5000.00 EUR, the ledger has nothing"
    );
    let link = format!("https://temporal.example/workflows/case%2F{}", critical.id);
    assert_eq!(intent.content.link, Some(link));
    let AlertBody::Discrepancy(facts) = &intent.content.body else {
        panic!("not a summary")
    };
    let side = facts.partner.as_ref().unwrap();
    assert_eq!((side.file.as_str(), side.line), ("day.csv", 7));
}

#[test]
fn of_several_records_an_alert_tells_what_they_come_to() {
    let apart = Discrepancy {
        kind: Kind::AmountMismatch,
        ledger: Some(record(Side::Ledger, "PO-1", "-65")),
        related: vec![
            record(Side::Ledger, "PO-1", "400"),
            record(Side::Ledger, "PO-1", "90.10"),
        ],
        ..missing("PO-1", Severity::Critical, "412.10")
    };
    let plan = plan([&apart], &Background::default(), &policy(20), &run());
    let AlertBody::Discrepancy(facts) = &plan.intents[0].content.body else {
        panic!("not a summary")
    };
    let money = |side: &Option<SideFacts>| side.as_ref().unwrap().money.to_string();
    assert_eq!(
        [money(&facts.partner), money(&facts.ledger)],
        ["412.10 EUR", "425.10 EUR"]
    );
}

#[test]
fn too_many_become_one_summary_per_channel() {
    let mut found: Vec<_> = (0..30)
        .map(|n| missing(&format!("INV-{n}"), Severity::High, &format!("{n}.10")))
        .collect();
    let critical = missing("INV-99", Severity::Critical, "0.01");
    found.push(critical.clone());
    let plan = plan(&found, &Background::default(), &policy(30), &run());
    let channels: Vec<_> = plan
        .intents
        .iter()
        .map(|intent| intent.channel.as_str())
        .collect();
    assert_eq!(plan.intents.len(), 2, "{channels:?}");
    assert_eq!(plan.alert_ids(&critical).len(), 2);
    let summary = plan
        .intents
        .iter()
        .find(|intent| intent.channel == "mail")
        .unwrap();
    for discrepancy in &found {
        assert!(plan.alert_ids(discrepancy).contains(&summary.id));
    }
    let id = summary.id.strip_suffix("/mail").unwrap();
    assert_eq!(summary.case_id, format!("case/{id}"));
    assert_eq!(summary.severity, Severity::Critical);
    assert_eq!(
        summary.content.headline,
        "31 discrepancies in one run, 438.01 EUR at stake"
    );
    let AlertBody::Summary(facts) = &summary.content.body else {
        panic!("not a summary")
    };
    assert_eq!(facts.counts[&(Kind::MissingInLedger, Severity::High)], 30);
    assert_eq!(facts.largest.len(), SUMMARY_LINES_MAX);
    let references: Vec<_> = facts.largest.iter().map(|l| l.reference.as_str()).collect();
    assert_eq!(references[..3], ["INV-99", "INV-29", "INV-28"]);
    let single = plan
        .intents
        .iter()
        .find(|intent| intent.channel == "slack")
        .unwrap();
    assert_eq!(single.id, format!("{}/slack", critical.id));
}

#[test]
fn a_summary_is_named_after_the_run_and_what_it_covers() {
    let found = |count| (0..count).map(|n| missing(&format!("R{n}"), Severity::Critical, "1"));
    let id = |count, run: &AlertRun| {
        plan(found(count), &Background::default(), &policy(2), run).intents[0]
            .id
            .clone()
    };
    assert_eq!(id(5, &run()), id(5, &run()));
    assert_ne!(id(5, &run()), id(6, &run()));
    let other = AlertRun {
        run_id: "recon/acme-pay/2026-11-21".to_owned(),
        ..run()
    };
    assert_ne!(id(5, &run()), id(5, &other));
}

#[test]
fn every_kind_has_a_headline_on_one_line() {
    for kind in Kind::ALL {
        let mut found = missing("INV\n-1", Severity::Critical, "5.25");
        found.kind = *kind;
        found.difference = Some(Amount::parse("-5.25").unwrap());
        found.ledger = Some(record(Side::Ledger, "INV-1", "10.50"));
        let plan = plan([&found], &Background::default(), &policy(20), &run());
        let headline = &plan.intents[0].content.headline;
        assert!(headline.starts_with("INV -1: "), "{headline}");
        assert!(!headline.contains('\n'), "{headline}");
        assert!(headline.contains("5.25 EUR"), "{kind}: {headline}");
    }
}

#[test]
fn a_headline_says_what_people_settled_of_the_other_side() {
    for (kind, side, settled, expected) in [
        (
            Kind::MissingInLedger,
            Side::Partner,
            Settles::WrittenOff,
            "INV-1: the partner reports 300.00 EUR, the ledger's was written off",
        ),
        (
            Kind::MissingAtPartner,
            Side::Ledger,
            Settles::Voided,
            "INV-1: the ledger has 300.00 EUR, the partner's was voided",
        ),
    ] {
        let mut found = missing("INV-1", Severity::Critical, "300");
        found.kind = kind;
        let record = |side| record(side, "INV-1", "300");
        (found.partner, found.ledger) = match side {
            Side::Partner => (Some(record(side)), None),
            Side::Ledger => (None, Some(record(side))),
        };
        found.nearest = Some(Box::new(NearestCandidate {
            record: record(side.other()),
            kept_apart_by: format!("it {} in case/1f2e", settled.words()),
            settled: Some(settled),
        }));
        let plan = plan([&found], &Background::default(), &policy(20), &run());
        assert_eq!(plan.intents[0].content.headline, expected);
    }
}

#[test]
fn a_headline_says_under_which_references_a_payment_is_there_again() {
    for (charge, expected) in [
        (
            "C-2",
            "INV-1: the partner reports 50.00 EUR again, as C-2 after C-1",
        ),
        ("C-1", "INV-1: the partner reports 50.00 EUR again"),
    ] {
        let mut found = missing("INV-1", Severity::Critical, "50");
        found.kind = Kind::DuplicateAtPartner;
        found.partner = Some(record(Side::Partner, charge, "50"));
        found.related = vec![record(Side::Partner, "C-1", "50")];
        let plan = plan([&found], &Background::default(), &policy(20), &run());
        assert_eq!(plan.intents[0].content.headline, expected);
    }
}

/// A refund or a reversal is told from a payment at first sight.
#[test]
fn a_headline_says_which_way_the_money_went() {
    let headline = |kind: Kind, side: Side, amount: &str, status: Option<Status>| {
        let mut found = missing("INV-1", Severity::Critical, amount);
        let mut record = record(side, "INV-1", amount);
        record.status = status;
        found.kind = kind;
        (found.partner, found.ledger) = match side {
            Side::Partner => (Some(record), None),
            Side::Ledger => (None, Some(record)),
        };
        let plan = plan([&found], &Background::default(), &policy(20), &run());
        plan.intents[0].content.headline.clone()
    };
    let reversed = Some(Status::Reversed);
    for (told, expected) in [
        (
            headline(Kind::MissingInLedger, Side::Partner, "-630", None),
            "INV-1: the partner reports -630.00 EUR, the ledger has nothing",
        ),
        (
            headline(Kind::MissingInLedger, Side::Partner, "303", reversed),
            "INV-1: the partner reports 303.00 EUR as reversed, the ledger has no reversal",
        ),
        (
            headline(Kind::MissingAtPartner, Side::Ledger, "500", reversed),
            "INV-1: the ledger has 500.00 EUR as reversed, the partner reports no reversal",
        ),
        (
            headline(
                Kind::MissingInLedger,
                Side::Partner,
                "200",
                Some(Status::Pending),
            ),
            "INV-1: the partner reports 200.00 EUR as pending, the ledger has nothing",
        ),
        (
            headline(Kind::DuplicateAtPartner, Side::Partner, "-30", None),
            "INV-1: the partner reports -30.00 EUR again",
        ),
    ] {
        assert_eq!(told, expected);
    }
}

proptest! {
    #[test]
    fn the_order_of_findings_does_not_matter(
        amounts in proptest::collection::vec((0u32..500, 0usize..3), 1..40),
        seed in any::<u64>(),
        summary_above in 0usize..40,
    ) {
        let found: Vec<_> = amounts
            .iter()
            .enumerate()
            .map(|(n, (amount, severity))| {
                missing(&format!("R{n}"), Severity::ALL[*severity], &amount.to_string())
            })
            .collect();
        let mut shuffled: Vec<_> = found.iter().collect();
        let mix = |sum: u64, byte: u8| sum.rotate_left(7) ^ u64::from(byte);
        shuffled.sort_by_key(|found| found.id.as_str().bytes().fold(seed, mix));
        let planned = plan(&found, &Background::default(), &policy(summary_above), &run());
        prop_assert_eq!(&planned, &plan(shuffled, &Background::default(), &policy(summary_above), &run()));
        let ids: Vec<_> = planned.intents.iter().map(|intent| &intent.id).collect();
        for discrepancy in &found {
            let told = planned.alert_ids(discrepancy);
            prop_assert_eq!(told.is_empty(), !is_alerted(discrepancy.severity, &policy(0)));
            prop_assert!(told.iter().all(|id| ids.contains(&id)));
        }
        for channel in ["mail", "slack"] {
            let sent = planned.intents.iter().filter(|intent| intent.channel == channel).count();
            prop_assert!(sent <= summary_above.max(1));
        }
    }
}

#[test]
fn a_cause_is_told_once_for_all_that_is_behind_it() {
    use crate::cause::{Cause, CauseKind};
    let found: Vec<_> = (0..5)
        .map(|n| missing(&format!("INV-{n}"), Severity::Low, "10"))
        .collect();
    let other = missing("INV-9", Severity::High, "20");
    let cause = Cause {
        id: "c".repeat(32),
        kind: CauseKind::ReportIncomplete,
        severity: Severity::High,
        explanation: "half of it is not there".to_owned(),
        members: found.iter().map(|member| member.id).collect(),
    };
    let background = Background {
        causes: vec![cause.clone()],
        ..Background::default()
    };
    let plan = plan(
        found.iter().chain([&other]),
        &background,
        &policy(20),
        &run(),
    );
    let mut expected = vec![format!("{}/mail", cause.id), format!("{}/mail", other.id)];
    expected.sort();
    let ids: Vec<_> = plan
        .intents
        .iter()
        .map(|intent| intent.id.clone())
        .collect();
    assert_eq!(ids, expected, "high goes by mail only");
    for member in &found {
        assert_eq!(plan.alert_ids(member), [format!("{}/mail", cause.id)]);
    }
    let told = plan
        .intents
        .iter()
        .find(|intent| intent.id.starts_with('c'));
    let told = told.expect("the cause's alert");
    assert_eq!(told.case_id, format!("case/{}", cause.id));
    let AlertBody::Cause(facts) = &told.content.body else {
        panic!("not a cause");
    };
    assert_eq!(facts.members.count, 5);

    // Two of them are back: people hear of their cause again.
    let again = |number, occasion: &str| Again {
        number,
        occasion: occasion.to_owned(),
    };
    let background = Background {
        again: BTreeMap::from([
            (found[0].id, again(2, "It is back.")),
            (found[1].id, again(3, "It was cleared, and is back.")),
        ]),
        ..background
    };
    let plan = super::plan(&found[..2], &background, &policy(20), &run());
    let [told] = &plan.intents[..] else {
        panic!("one alert for both");
    };
    assert_eq!(told.id, format!("{}/mail/3", cause.id));
    assert_eq!(
        told.content.occasion.as_deref(),
        Some("2 of its discrepancies are told again. It was cleared, and is back.")
    );
    for member in &found[..2] {
        assert_eq!(plan.alert_ids(member), std::slice::from_ref(&told.id));
    }
}

/// Where a cent is rounding.
fn source() -> crate::policy::SourcePolicy {
    let mut source = crate::policy::SourcePolicy {
        source: "acme-pay".into(),
        rules: Vec::new(),
        tolerances: crate::policy::Tolerances::default(),
        date_window: crate::policy::DateWindow {
            early_days: 0,
            late_days: 0,
            unit: crate::calendar::DayUnit::Calendar,
        },
        settlement_window_days: 0,
        calendar: crate::calendar::BusinessCalendar::default(),
        agreed_fee: None,
        severity: crate::severity::SeverityPolicy::default(),
    };
    let cent = crate::policy::Tolerance {
        accepted: Amount::ZERO,
        rounding: Amount::parse("0.01").unwrap(),
        ..crate::policy::Tolerance::default()
    };
    source.tolerances.0.insert(eur(), cent);
    source
}

/// Of 10.00 EUR, as high.
fn told_once() -> Told {
    Told {
        severity: Severity::High,
        at_stake: Money {
            amount: Amount::parse("10").unwrap(),
            currency: eur(),
        },
        times: 1,
    }
}

#[test]
fn what_is_back_says_who_closed_it_and_what_is_another_amount() {
    let cleared = Case {
        state: CaseState::Cleared,
        ..Case::default()
    };
    let resolved = Case {
        state: CaseState::Resolved,
        decision: Some(Decision {
            resolution: Resolution::PartnerToCorrect,
            note: "asked".to_owned(),
            by: "ann".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            approved_by: None,
        }),
        ..Case::default()
    };
    for (closed, amount, occasion) in [
        (&cleared, "10", "It was cleared, and is back."),
        (
            &cleared,
            "-12",
            "It was cleared, and is back. 12.00 EUR are at stake now; it was 10.00 EUR.",
        ),
        (
            &resolved,
            "10",
            "ann resolved it as partner_to_correct, and it is back.",
        ),
    ] {
        let found = missing("INV-1", Severity::High, amount);
        let again = back(&source(), &told_once(), closed, &found);
        assert_eq!((again.number, &*again.occasion), (2, occasion));
    }
}

#[test]
fn people_are_told_again_only_of_what_changed_materially() {
    let (source, told) = (source(), told_once());
    let change = |severity, amount| change(&source, &told, &missing("INV-1", severity, amount));
    assert_eq!(change(Severity::High, "10"), None);
    assert_eq!(change(Severity::High, "10.01"), None, "rounding");
    assert_eq!(
        change(Severity::Low, "9.99"),
        None,
        "less urgent is no alert"
    );
    let why = |again: Option<Again>| again.map(|again| (again.number, again.occasion));
    assert_eq!(
        why(change(Severity::Critical, "10")),
        Some((2, "It is critical now; it was high.".to_owned()))
    );
    assert_eq!(
        why(change(Severity::High, "10.02")),
        Some((
            2,
            "10.02 EUR are at stake now; it was 10.00 EUR.".to_owned()
        ))
    );
}

#[test]
fn the_second_alert_has_an_id_of_its_own() {
    let found = missing("INV-1", Severity::Critical, "10");
    let again = Again {
        number: 2,
        occasion: "It changed.".to_owned(),
    };
    let background = Background {
        again: BTreeMap::from([(found.id, again)]),
        ..Background::default()
    };
    let plan = plan([&found], &background, &policy(20), &run());
    let expected = [
        format!("{}/mail/2", found.id),
        format!("{}/slack/2", found.id),
    ];
    let ids: Vec<_> = plan
        .intents
        .iter()
        .map(|intent| intent.id.clone())
        .collect();
    assert_eq!(ids, expected);
    assert_eq!(plan.alert_ids(&found), expected);
    let occasion = plan.intents[0].content.occasion.as_deref();
    assert_eq!(occasion, Some("It changed."));
}

#[test]
fn a_digest_counts_by_age_and_says_nothing_about_nothing() {
    let found: Vec<_> = (0..4)
        .map(|n| missing(&format!("INV-{n}"), Severity::Low, "10"))
        .collect();
    let ages = [0, 2, 3, 200];
    let open = found.iter().zip(ages).map(|(d, age)| (d, age, age < 3));
    let intent = digest(open, "mail", &policy(20), &run()).expect("four are open");
    assert_eq!(
        intent.content.headline,
        "4 discrepancies open, 2 of them new"
    );
    let AlertBody::Digest(facts) = intent.content.body else {
        panic!("not a digest");
    };
    assert_eq!(
        facts.ages,
        [(0, Some(1), 1), (2, Some(3), 2), (91, None, 1)]
    );
    assert_eq!(
        digest::<&Discrepancy>([], "mail", &policy(20), &run()),
        None
    );
}
