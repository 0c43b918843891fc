//! Which failures are told, and what ends an incident.

use domain::policy::Scope;
use proto::wire::Scope as PartOf;
use workflows::ports::IncidentRaising;

use super::*;
use crate::incidents;
use crate::store::RunOpening;
use crate::store::conformance::{completion, opening};

fn run(requested_by: &str) -> Run {
    Run {
        run_id: RUN.to_owned(),
        request: ReconciliationInput {
            source: SOURCE.to_owned(),
            business_date: "2026-11-20".to_owned(),
            generation: 1,
            requested_by: requested_by.to_owned(),
            ..ReconciliationInput::default()
        },
    }
}

async fn raised(trueup: &Trueup, kind: &str) -> CaseRow {
    let raising = IncidentRaising {
        kind: kind.to_owned(),
        run: run("schedule"),
        problem: "nobody started it".to_owned(),
        at: FRIDAY.to_owned(),
    };
    let raised = incidents::raise(trueup, raising).await.unwrap();
    case(trueup, &raised.cases[0]).await
}

#[tokio::test]
async fn what_a_person_sees_anyway_is_not_told() {
    let (trueup, _folder) = installed(&[]).await;
    let is_told = |run: &Run, name: &str| {
        let incident = incidents::of_failure(&trueup, run, name, "why").unwrap();
        incident.is_some()
    };
    for (name, by_schedule, by_hand) in [
        (failure::INPUT_NOT_FOUND, true, false),
        (failure::INPUT_QUARANTINED, true, true),
        (failure::LEDGER_REFUSED, true, true),
        ("CaseNotStarted", true, true),
        (failure::INVALID_INPUT, false, false),
        (failure::UNKNOWN_SOURCE, false, false),
        ("Cancelled", false, false),
    ] {
        assert_eq!(is_told(&run("schedule"), name), by_schedule, "{name}");
        assert_eq!(is_told(&run("ann"), name), by_hand, "{name} by hand");
        let mut part = run("schedule");
        part.request.scope = Some(PartOf {
            client: Some("C-1".to_owned()),
            invoice: None,
        });
        assert!(!is_told(&part, name), "{name} of a part");
        let mut dry = run("schedule");
        dry.request.dry_run = true;
        assert!(!is_told(&dry, name), "{name} of a dry run");
    }
}

#[tokio::test]
async fn a_run_that_came_meanwhile_ends_an_incident_at_once() {
    let (trueup, _folder) = installed(&[]).await;
    assert_eq!(
        raised(&trueup, "report_missing").await.case.state,
        CaseState::Open
    );
    let amended = "recon/acme-pay/2026-11-20/g2";
    let whole = RunOpening {
        scope: Scope::Whole,
        ..opening(amended, "execution-2")
    };
    trueup.store.open_run(whole).await.unwrap();
    trueup
        .store
        .complete_run(amended, completion(Vec::new()))
        .await
        .unwrap();
    let missing = raised(&trueup, "run_missing").await;
    assert_eq!(missing.case.state, CaseState::Cleared);
    let stream = format!("case/{}", missing.id);
    let trail = trueup.store.audit(&stream).await.unwrap();
    assert_eq!(verify(&stream, &trail.entries, trail.head), Ok(()));
    let last = trail.entries.last().expect("entries");
    assert_eq!(last.event, AuditEvent::CaseCleared);
    let evidence = (
        "evidence".to_owned(),
        format!("{amended} reconciled the day"),
    );
    assert!(last.fields.contains(&evidence), "{:?}", last.fields);
}
