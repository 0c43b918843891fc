//! Runs, discrepancies and alerts to put into a store.

use domain::alert::{AlertPlan, AlertPolicy, AlertRun, Route, plan};
use domain::audit::{AuditCursor, AuditEntry, AuditEvent, AuditHead};
use domain::case::Settles;
use domain::discrepancy::{Discrepancy, DiscrepancyId, Kind, NearestCandidate};
use domain::money::{Amount, Currency, Money};
use domain::policy::Scope;
use domain::record::{
    FeePart, FeeSplit, Origin, Record, RecordFields, ReferenceKind, Reject, Side, Status,
};
use domain::severity::Severity;
use jiff::Timestamp;
use jiff::civil::date;
use proto::wire::{ConservationLine, CountAndSum, RunTotals};

use crate::store::{
    Finding, Findings, InputRow, Opened, RowCounts, RunCompletion, RunOpening, Store,
};

pub(crate) const SOURCE: &str = "acme-pay";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

pub(crate) fn opening(run_id: &str, workflow_run_id: &str) -> RunOpening {
    RunOpening {
        run_id: run_id.to_owned(),
        workflow_run_id: workflow_run_id.to_owned(),
        source: SOURCE.to_owned(),
        business_date: date(2026, 11, 20),
        scope: Scope::Client("C/1".to_owned()),
        generation: 2,
        requested_by: "zoë".to_owned(),
        opened_at: at(0),
        now: at(0),
    }
}

/// Opens a run that must not have completed; gives the end of its stream.
pub(crate) async fn opened(store: &Store, run_id: &str) -> AuditHead {
    match store
        .open_run(opening(run_id, "execution-1"))
        .await
        .unwrap()
    {
        Opened::New(head) | Opened::Resumed(head) => head,
        Opened::Closed(run) | Opened::InReview(run, _) => panic!("{} is {}", run.run_id, run.state),
        Opened::Waiting { for_run } => panic!("waits for {for_run}"),
    }
}

pub(crate) fn cursor(stream: &str, head: AuditHead) -> AuditCursor {
    AuditCursor {
        stream: stream.to_owned(),
        head,
        at: at(1),
        actor: "trueup".to_owned(),
    }
}

pub(crate) fn entry(stream: &str, head: AuditHead, detail: &str) -> AuditEntry {
    let fields = [("detail", detail.to_owned())];
    cursor(stream, head).entry(AuditEvent::Compared, fields).0
}

fn money(amount: &str, currency: &str) -> Money {
    Money {
        amount: Amount::parse(amount).unwrap(),
        currency: Currency::parse(currency).unwrap(),
    }
}

pub(crate) fn input(name: &str, sha256: &str) -> InputRow {
    InputRow {
        side: Side::Partner,
        name: name.to_owned(),
        sha256: sha256.to_owned(),
        bytes: 1 << 40,
        rows: RowCounts {
            read: 7,
            accepted: 4,
            rejected: 2,
            skipped: 1,
        },
        totals: vec![
            money("-10.5", "EUR"),
            money("999999999999999999.99999999", "USD"),
        ],
        declared_id: Some("STMT-7".to_owned()),
    }
}

pub(crate) fn reject(line: u32) -> Reject {
    Reject {
        side: Side::Partner,
        origin: Origin {
            file: "day.csv".into(),
            line,
            raw: "a;b;\u{fffd}\n\"c\"".into(),
        },
        column: "amount".into(),
        value: "1e3".into(),
        reason: "not a plain decimal number".into(),
    }
}

fn record(side: Side, reference: &str, amount: &str) -> Record {
    let split = FeeSplit {
        gross: Amount::parse("12").unwrap(),
        fee: Amount::parse("1.5").unwrap(),
        net: Amount::parse("10.5").unwrap(),
        derived: Some(FeePart::Net),
    };
    Record::from(RecordFields {
        side,
        origin: Origin {
            file: "day.csv".into(),
            line: 7,
            raw: "'; DROP TABLE runs; --".into(),
        },
        references: [
            (ReferenceKind::Reference, reference.into()),
            (ReferenceKind::Invoice, "R-1".into()),
        ]
        .into_iter()
        .collect(),
        money: money(amount, "EUR"),
        value_date: date(2026, 11, 20),
        booking_date: Some(date(2026, 11, 21)),
        status: Some(Status::Settled),
        fees: Some(Box::new(split)),
        client: Some("C/1".into()),
        counterparty: Some("Łódź & Søn".into()),
        description: None,
        past: None,
        has_namesake: false,
        takes_back: false,
    })
}

pub(crate) fn discrepancy(reference: &str, severity: Severity) -> Discrepancy {
    let kind = Kind::AmountMismatch;
    let nearest = NearestCandidate {
        record: record(Side::Ledger, "INV-X", "1"),
        kept_apart_by: "its reference differs".to_owned(),
        settled: Some(Settles::WrittenOff),
    };
    Discrepancy {
        id: DiscrepancyId::fingerprint(SOURCE, kind, &[reference]),
        kind,
        severity,
        reference: reference.into(),
        currency: Currency::parse("EUR").unwrap(),
        at_stake: Amount::parse("0.5").unwrap(),
        difference: Some(Amount::parse("-0.5").unwrap()),
        partner: Some(record(Side::Partner, reference, "10")),
        ledger: Some(record(Side::Ledger, reference, "10.5")),
        related: vec![record(Side::Partner, "INV-Y", "10")],
        rule: "reference".into(),
        reason: "the amounts differ by 0.50 EUR".to_owned(),
        nearest: Some(Box::new(nearest)),
    }
}

/// The alerts of a run about what was not alerted before: `critical` to Slack, `high` to mail.
pub(crate) fn alerts(run_id: &str, found: &[Discrepancy]) -> AlertPlan {
    let route = |severity_from, channel: &str| Route {
        severity_from,
        channel: channel.to_owned(),
    };
    let policy = AlertPolicy {
        routes: vec![
            route(Severity::Critical, "slack"),
            route(Severity::High, "mail"),
        ],
        summary_above: 2,
        link_base: Some("https://temporal.example".to_owned()),
    };
    let run = AlertRun {
        run_id: run_id.to_owned(),
        source: SOURCE.to_owned(),
        business_date: date(2026, 11, 20),
    };
    plan(found, &domain::alert::Background::default(), &policy, &run)
}

/// Everything about `found` in one chunk, all of it alerted.
pub(crate) fn findings(run_id: &str, found: &[Discrepancy], audit: Vec<AuditEntry>) -> Findings {
    let plan = alerts(run_id, found);
    let findings = found.iter().map(|discrepancy| Finding {
        discrepancy: discrepancy.clone(),
        alert_ids: plan.alert_ids(discrepancy),
        cause: None,
    });
    Findings {
        findings: findings.collect(),
        causes: Vec::new(),
        alerts: plan.intents,
        audit,
        at: at(2),
    }
}

pub(crate) fn completion(audit: Vec<AuditEntry>) -> RunCompletion {
    let sum = |amount: &str| {
        Some(CountAndSum {
            count: 3,
            amount: amount.to_owned(),
        })
    };
    let line = ConservationLine {
        side: "partner".to_owned(),
        currency: "EUR".to_owned(),
        received: sum("10.50"),
        matched: sum("10.50"),
        holds: true,
        ..ConservationLine::default()
    };
    let totals = RunTotals {
        matched: 3,
        discrepancies: 1,
        by_kind: [("amount_mismatch".to_owned(), 1)].into(),
        conservation: vec![line],
        ..RunTotals::default()
    };
    RunCompletion {
        totals,
        completed_at: at(3),
        review: String::new(),
        restatement: None,
        audit,
    }
}
