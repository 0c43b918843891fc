//! Runs as the store might have them.

use activities::store::{
    AuditStream, DiscrepancyRow, InputRow, RejectRow, RowCounts, RunRow, RunState,
};
use domain::audit::{AuditCursor, AuditEvent, AuditHead};
use domain::calendar::BusinessCalendar;
use domain::case::{Case, CaseState, Decision, Resolution};
use domain::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use domain::money::{Amount, Currency, Money};
use domain::policy::Scope;
use domain::record::{Origin, Record, RecordFields, ReferenceKind, Reject, Side};
use domain::severity::Severity;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proto::wire::{ConservationLine, CountAndSum, RunTotals};

use super::super::{Material, RunReport, SourceFacts};

/// A Friday.
pub(super) const BUSINESS_DATE: Date = date(2026, 11, 20);

pub(super) fn amount(text: &str) -> Amount {
    Amount::parse(text).expect(text)
}

pub(super) fn currency(code: &str) -> Currency {
    Currency::parse(code).expect(code)
}

pub(super) fn time() -> Timestamp {
    "2026-11-21T09:14:05Z".parse().expect("a time")
}

/// What differs between the discrepancies of a test.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) severity: Severity,
    pub(super) currency: &'static str,
    pub(super) amount: String,
    pub(super) value_date: Date,
    pub(super) case: Case,
}

impl Default for Facts {
    fn default() -> Self {
        Facts {
            name: "INV-1".to_owned(),
            kind: Kind::MissingInLedger,
            severity: Severity::High,
            currency: "EUR",
            amount: "10.00".to_owned(),
            value_date: BUSINESS_DATE,
            case: Case::default(),
        }
    }
}

/// A case that `by` resolved, or proposed to.
pub(super) fn decided(state: CaseState, by: &str, resolution: Resolution) -> Case {
    Case {
        state,
        decision: Some(Decision {
            resolution,
            note: "agreed by mail".to_owned(),
            by: by.to_owned(),
            at: time(),
            approved_by: None,
        }),
        ..Case::default()
    }
}

pub(super) fn write_off(amount_text: &str) -> Resolution {
    Resolution::WriteOff {
        reason_code: "small difference".to_owned(),
        amount: amount(amount_text),
        account: "6855".to_owned(),
    }
}

/// A lone record of the partner's.
pub(super) fn row(facts: &Facts) -> DiscrepancyRow {
    let at_stake = amount(&facts.amount);
    let currency = currency(facts.currency);
    let record = Record::from(RecordFields {
        side: Side::Partner,
        origin: Origin {
            file: facts.name.as_str().into(),
            line: 7,
            raw: facts.name.as_str().into(),
        },
        references: [(ReferenceKind::Reference, facts.name.as_str().into())].into(),
        money: Money {
            amount: at_stake,
            currency,
        },
        value_date: facts.value_date,
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
    DiscrepancyRow {
        run_id: "recon/shop/2026-11-20".to_owned(),
        source: "shop".to_owned(),
        discrepancy: Discrepancy {
            id: DiscrepancyId::fingerprint("shop", facts.kind, &[&facts.name, &facts.amount]),
            kind: facts.kind,
            severity: facts.severity,
            reference: facts.name.as_str().into(),
            currency,
            at_stake: at_stake.abs(),
            difference: None,
            partner: Some(record),
            ledger: None,
            related: Vec::new(),
            rule: facts.name.as_str().into(),
            reason: facts.name.clone(),
            nearest: None,
        },
        case: facts.case.clone(),
        first_seen_run: "recon/shop/2026-11-19".to_owned(),
        last_seen_run: "recon/shop/2026-11-20".to_owned(),
        alert_ids: Vec::new(),
        cause: None,
    }
}

fn part(count: u64, amount: &str) -> Option<CountAndSum> {
    Some(CountAndSum {
        count,
        amount: amount.to_owned(),
    })
}

/// Received, matched and carried forward of one side.
pub(super) fn line(
    side: Side,
    currency: &str,
    received: (u64, &str),
    matched: (u64, &str),
    carried_forward: (u64, &str),
) -> ConservationLine {
    ConservationLine {
        side: side.name().to_owned(),
        currency: currency.to_owned(),
        received: part(received.0, received.1),
        matched: part(matched.0, matched.1),
        carried_forward: part(carried_forward.0, carried_forward.1),
        // Not believed: it is computed again.
        holds: true,
        ..ConservationLine::default()
    }
}

/// A completed run that found these.
pub(super) fn material(facts: &[Facts]) -> Material {
    let totals = RunTotals {
        in_transit: 2,
        conservation: vec![
            line(
                Side::Partner,
                "EUR",
                (8, "800.00"),
                (6, "600.00"),
                (2, "200.00"),
            ),
            line(
                Side::Ledger,
                "EUR",
                (7, "650.00"),
                (6, "600.00"),
                (1, "50.00"),
            ),
            line(
                Side::Partner,
                "USD",
                (2, "0.00"),
                (1, "75.00"),
                (1, "-75.00"),
            ),
        ],
        ..RunTotals::default()
    };
    Material {
        read_at: time(),
        source: Some(SourceFacts {
            title: "Shop".to_owned(),
            calendar: BusinessCalendar::default(),
        }),
        run: RunRow {
            run_id: "recon/shop/2026-11-20".to_owned(),
            workflow_run_id: "0".to_owned(),
            source: "shop".to_owned(),
            business_date: BUSINESS_DATE,
            scope: Scope::Whole,
            generation: 1,
            requested_by: "ops".to_owned(),
            attempt: 1,
            opened_at: time(),
            state: RunState::Completed,
            problem: None,
            totals: Some(totals),
            closed_at: Some(time()),
        },
        inputs: vec![InputRow {
            side: Side::Partner,
            name: "shop.csv".to_owned(),
            sha256: "ab".repeat(32),
            bytes: 1234,
            rows: RowCounts {
                read: 10,
                accepted: 8,
                rejected: 1,
                skipped: 1,
            },
            totals: vec![Money {
                amount: amount("800"),
                currency: currency("EUR"),
            }],
            declared_id: None,
        }],
        rejects: vec![RejectRow {
            input: "shop.csv".to_owned(),
            reject: reject("not a date"),
        }],
        discrepancies: facts.iter().map(row).collect(),
        audit: Ok(audit(&[
            ("ops", AuditEvent::RunOpened),
            ("trueup", AuditEvent::RunCompleted),
        ])),
    }
}

pub(super) fn reject(text: &str) -> Reject {
    Reject {
        side: Side::Partner,
        origin: Origin {
            file: text.into(),
            line: 9,
            raw: text.into(),
        },
        column: text.into(),
        value: text.into(),
        reason: text.into(),
    }
}

/// A stream of these events, each with a note.
pub(super) fn audit(events: &[(&str, AuditEvent)]) -> AuditStream {
    let mut head = AuditHead::EMPTY;
    let mut entries = Vec::new();
    for (actor, event) in events {
        let cursor = AuditCursor {
            stream: "recon/shop/2026-11-20".to_owned(),
            head,
            at: time(),
            actor: (*actor).to_owned(),
        };
        let (entry, cursor) = cursor.entry(*event, [("note", format!("noted by {actor}"))]);
        entries.push(entry);
        head = cursor.head;
    }
    AuditStream { entries, head }
}

pub(super) fn report(material: Material) -> RunReport {
    RunReport::new(material).expect("readable totals")
}
