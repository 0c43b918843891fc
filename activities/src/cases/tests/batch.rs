//! The same act on many cases at once.

use domain::audit::AuditEvent;
use domain::case::CaseState;
use domain::severity::Severity;
use proto::wire::{CaseBatchInput, CaseBatchResult, CaseFilter};
use serde_json::Value;
use workflows::failure;
use workflows::ports::{BatchAct, BatchSelected, BatchSelection, Forwarding, Stored};

use super::super::{batch, forward, select};
use super::{FRIDAY, RUN, case, done, events, installed, resolution};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::Progress;
use crate::store::DiscrepancyFilter;
use crate::store::conformance::{at, discrepancy, findings};

fn request(
    action: &str,
    input: &str,
    ids: &[String],
    filter: Option<CaseFilter>,
) -> CaseBatchInput {
    CaseBatchInput {
        action: action.to_owned(),
        by: "ann".to_owned(),
        input: input.to_owned(),
        ids: ids.to_vec(),
        filter,
    }
}

async fn selected(trueup: &Trueup, request: &CaseBatchInput) -> Result<BatchSelected, Failure> {
    let selection = BatchSelection {
        batch_id: "batch/1".to_owned(),
        request: request.clone(),
    };
    select(trueup, selection).await
}

async fn batched(
    trueup: &Trueup,
    request: &CaseBatchInput,
    selected: &BatchSelected,
) -> Result<CaseBatchResult, Failure> {
    let act = BatchAct {
        batch_id: "batch/1".to_owned(),
        request: request.clone(),
        selection: selected.selection.clone(),
        at: FRIDAY.to_owned(),
    };
    batch::work(trueup, &Progress::new(0), act).await
}

async fn results(trueup: &Trueup, result: &CaseBatchResult) -> Vec<Value> {
    let stored = Stored {
        key: result.results_key.clone(),
        bytes: result.results_bytes,
        sha256: result.results_sha256.clone(),
    };
    let lines = String::from_utf8(trueup.staging.get(&stored).await.unwrap()).unwrap();
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const NOT_AN_ERROR: &str = r#"{"resolution":"not_an_error","note":"rounding of the partner"}"#;

#[tokio::test]
async fn a_batch_acts_on_what_was_selected_and_says_what_became_of_each() {
    let all: Vec<_> = (0..1_200)
        .map(|n| discrepancy(&format!("INV-{n}"), Severity::Low))
        .collect();
    let (trueup, _folder) = installed(&all).await;
    let resolved = all[0].id.as_str();
    done(&trueup, resolved, "1", "resolve", resolution("void")).await;
    let low = CaseFilter {
        severity: "low".to_owned(),
        ..CaseFilter::default()
    };
    let request = request("resolve", NOT_AN_ERROR, &[], Some(low));
    let selected = selected(&trueup, &request).await.unwrap();
    assert_eq!(selected.count, 1_200);
    // What is found after that is not acted on.
    let late = discrepancy("late", Severity::Low);
    let chunk = findings(RUN, std::slice::from_ref(&late), Vec::new());
    trueup.store.record_findings(RUN, chunk).await.unwrap();

    let first = batched(&trueup, &request, &selected).await.unwrap();
    assert_eq!(
        (first.selected, first.done, first.refused),
        (1_200, 1_199, 1)
    );
    let again = batched(&trueup, &request, &selected).await.unwrap();
    assert_eq!(again, first, "after a crash: the same, and nothing twice");
    let lines = results(&trueup, &first).await;
    assert_eq!(lines.len(), 1_200);
    for line in &lines {
        let id = line["discrepancy_id"].as_str().unwrap();
        let row = case(&trueup, id).await;
        assert_eq!((row.case.state, row.case.version), (CaseState::Resolved, 1));
        let refused = id == resolved;
        assert_eq!(line["outcome"], if refused { "refused" } else { "done" });
        assert_eq!(line["reason"].as_str().unwrap().is_empty(), !refused);
    }
    assert_eq!(
        case(&trueup, late.id.as_str()).await.case.state,
        CaseState::Open
    );
    assert_eq!(
        events(&trueup, all[1].id.as_str()).await,
        [AuditEvent::CaseOpened, AuditEvent::CaseResolved]
    );
    let open = DiscrepancyFilter {
        open: true,
        ..DiscrepancyFilter::default()
    };
    assert_eq!(trueup.store.count_and_sums(open).await.unwrap()[0].count, 1);
}

#[tokio::test]
async fn a_batch_leaves_a_case_with_a_workflow_to_its_workflow() {
    let all = ["A", "B"].map(|name| discrepancy(name, Severity::Low));
    let (trueup, _folder) = installed(&all).await;
    let ids = [
        all[0].id.to_string(),
        "unknown".to_owned(),
        all[1].id.to_string(),
    ];
    let wait = r#"{"resolution":"in_transit","note":"on its way","until":"2026-11-25"}"#;
    for (input, has_workflow) in [(NOT_AN_ERROR, true), (wait, false)] {
        if has_workflow {
            trueup.store.open_case(&ids[0], at(5)).await.unwrap();
        }
        let request = request("resolve", input, &ids[..1], None);
        let selected = selected(&trueup, &request).await.unwrap();
        // There is no server in this test: what is left to a workflow waits for one.
        let Err(Failure::Retry { problem, .. }) = batched(&trueup, &request, &selected).await
        else {
            panic!("it is for the workflow");
        };
        assert!(problem.contains(&ids[0]), "{problem}");
        assert_eq!(case(&trueup, &ids[0]).await.case.version, 0);
    }
    let request = request("resolve", NOT_AN_ERROR, &ids[1..], None);
    let selected = selected(&trueup, &request).await.unwrap();
    let result = batched(&trueup, &request, &selected).await.unwrap();
    assert_eq!((result.done, result.refused), (1, 1));
    let lines = results(&trueup, &result).await;
    assert_eq!(lines[0]["discrepancy_id"], "unknown");
    assert!(
        lines[0]["reason"]
            .as_str()
            .unwrap()
            .contains("no discrepancy")
    );

    let forwarding = Forwarding {
        discrepancy_id: "unknown".to_owned(),
        act_id: "1".to_owned(),
        action: "resolve".to_owned(),
        input: resolution("void"),
    };
    let reply = forward(&trueup, forwarding).await.unwrap();
    assert_eq!(reply.outcome, "refused");
    assert!(reply.reason.contains("no discrepancy"), "{}", reply.reason);
}

#[tokio::test]
async fn a_batch_says_something_about_which_cases() {
    let (trueup, _folder) = installed(&[]).await;
    let everything = request("resolve", NOT_AN_ERROR, &[], Some(CaseFilter::default()));
    let ids: Vec<String> = (0..100_001).map(|n| format!("{n:032x}")).collect();
    let too_many = request("resolve", NOT_AN_ERROR, &ids, None);
    for (request, expected) in [
        (everything, "must say something"),
        (too_many, "100001 cases"),
    ] {
        let Err(Failure::Final { name, problem }) = selected(&trueup, &request).await else {
            panic!("{expected}");
        };
        assert_eq!(name, failure::INVALID_INPUT);
        assert!(problem.contains(expected), "{problem}");
    }
    let nothing = CaseFilter {
        assigned_to: "nobody".to_owned(),
        ..CaseFilter::default()
    };
    let nothing = request("resolve", NOT_AN_ERROR, &[], Some(nothing));
    let selected = selected(&trueup, &nothing).await.unwrap();
    assert_eq!(selected.count, 0);
    let result = batched(&trueup, &nothing, &selected).await.unwrap();
    assert_eq!(result.selected, 0);
}
