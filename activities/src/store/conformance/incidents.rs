//! What did not happen, and what a digest tells of.

use std::collections::BTreeSet;

use domain::alert::{self, AlertPolicy, AlertRun, IncidentKind, Route};
use domain::audit::{AuditEvent, verify};
use domain::case::{Applied, Case, CaseState};
use domain::severity::Severity;
use jiff::civil::date;

use super::fixtures::*;
use crate::store::{Acting, AlertFilter, FailureCause, Incident, RunFailure, Store};

const RUN: &str = "recon/acme-pay/2026-11-20";
const LATER: &str = "recon/acme-pay/2026-11-21";

fn policy() -> AlertPolicy {
    AlertPolicy {
        routes: ["mail", "slack"]
            .map(|channel| Route {
                severity_from: Severity::Critical,
                channel: channel.to_owned(),
            })
            .into(),
        summary_above: 20,
        link_base: None,
    }
}

fn told(run_id: &str) -> AlertRun {
    AlertRun {
        run_id: run_id.to_owned(),
        source: SOURCE.to_owned(),
        business_date: date(2026, 11, 20),
    }
}

fn incident(kind: IncidentKind, problem: &str) -> Incident {
    let told = told(RUN);
    Incident {
        kind,
        alerts: alert::incident(kind, problem.to_owned(), &policy(), &told),
        source: told.source,
        business_date: told.business_date,
        run_id: told.run_id,
    }
}

/// Of a run that nobody ever opened.
pub(in crate::store) async fn an_incident_is_told_once_and_has_a_case(store: Store) {
    let missing = incident(IncidentKind::ReportMissing, "no file day.csv");
    let id = missing.id().expect("an id").to_owned();
    store.raise(missing.clone(), at(1)).await.unwrap();
    let again = incident(IncidentKind::ReportMissing, "still no file day.csv");
    store.raise(again, at(2)).await.unwrap();
    let alerts = store.alerts(AlertFilter::default()).await.unwrap();
    let intents: Vec<_> = alerts.iter().map(|row| row.intent.clone()).collect();
    assert_eq!(intents, missing.alerts);
    assert!(alerts.iter().all(|row| row.intended_at == at(1)));
    let day = date(2026, 11, 20);
    let open = store.open_incidents(SOURCE, day).await.unwrap();
    assert_eq!(open, [(IncidentKind::ReportMissing, id.clone())]);
    let other_day = store.open_incidents(SOURCE, date(2026, 11, 21)).await;
    assert_eq!(other_day.unwrap(), []);
    let stream = format!("case/{id}");
    let trail = store.audit(&stream).await.unwrap();
    assert_eq!(verify(&stream, &trail.entries, trail.head), Ok(()));
    let events: Vec<_> = trail.entries.iter().map(|entry| entry.event).collect();
    let intended = AuditEvent::AlertIntended;
    assert_eq!(events, [AuditEvent::CaseOpened, intended, intended]);

    let acting = Acting {
        id: id.clone(),
        act_id: format!("{RUN}/auto_clear"),
        request: String::new(),
    };
    let clear = |_: &_| {
        Ok(Applied {
            case: Case {
                state: CaseState::Cleared,
                ..Case::default()
            },
            event: Some(AuditEvent::CaseCleared),
            fields: Vec::new(),
        })
    };
    let acted = store.act_on_cases(vec![acting], "trueup", at(3), clear);
    assert!(acted.await.unwrap()[0].is_some());
    assert_eq!(store.open_incidents(SOURCE, day).await.unwrap(), []);
    assert_eq!(
        store.case(&id).await.unwrap().case.state,
        CaseState::Cleared
    );
}

pub(in crate::store) async fn a_failure_and_its_incident_are_on_record_together(store: Store) {
    for attempt in 1..=2 {
        let failed = incident(IncidentKind::RunFailed, "the ledger refuses");
        store
            .open_run(opening(RUN, &format!("execution-{attempt}")))
            .await
            .unwrap();
        let failure = RunFailure {
            cause: FailureCause::Other,
            problem: "the ledger refuses".to_owned(),
            failed_at: at(attempt),
            incident: Some(failed.clone()),
            audit: Vec::new(),
        };
        store.fail_run(RUN, failure).await.unwrap();
        let alerts = store.alerts(AlertFilter::default()).await.unwrap();
        assert_eq!(alerts.len(), failed.alerts.len(), "once, attempt {attempt}");
    }
}

pub(in crate::store) async fn a_digest_is_of_what_is_open_and_knows_what_is_new(store: Store) {
    let low = |name: &str| discrepancy(name, Severity::Low);
    let (old, other) = (low("A"), discrepancy("B", Severity::High));
    opened(&store, RUN).await;
    let found = [old.clone(), other];
    store
        .record_findings(RUN, findings(RUN, &found, Vec::new()))
        .await
        .unwrap();
    assert_eq!(open_lows(&store).await, [(old.id.to_string(), true)]);
    let told = told("digest/acme-pay/2026-11-20");
    let digest = alert::digest([(&old, 0, true)], "mail", &policy(), &told);
    let digest = digest.expect("one is open");
    for second in [10, 11] {
        store.intend(digest.clone(), at(second)).await.unwrap();
    }
    let alerts = store.alerts_of_case(&digest.case_id).await.unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].intended_at, at(10));
    let trail = store.audit(&digest.case_id).await.unwrap();
    assert_eq!(trail.entries.len(), 1);
    assert_eq!(open_lows(&store).await, [(old.id.to_string(), false)]);

    let later = crate::store::RunOpening {
        opened_at: at(20),
        ..opening(LATER, "execution-1")
    };
    store.open_run(later).await.unwrap();
    let new = low("C");
    store
        .record_findings(
            LATER,
            findings(LATER, std::slice::from_ref(&new), Vec::new()),
        )
        .await
        .unwrap();
    let mut expected = [(old.id.to_string(), false), (new.id.to_string(), true)];
    expected.sort();
    assert_eq!(open_lows(&store).await, expected);
}

/// What is open of low severity, by id, and whether it is new.
async fn open_lows(store: &Store) -> Vec<(String, bool)> {
    let mut open: Vec<_> = store
        .fold_open(SOURCE, BTreeSet::from([Severity::Low]), |open| {
            open.map(|open| (open.discrepancy.id.to_string(), open.is_new))
                .collect()
        })
        .await
        .unwrap();
    open.sort();
    open
}
