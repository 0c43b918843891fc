//! Acts on a cause and on the discrepancies behind it, cut off anywhere.

use domain::cause::{Cause, CauseKind};
use workflows::ports::CaseAct;

use super::super::behind;
use super::*;
use crate::heartbeat::Progress;
use crate::store::Findings;

const CAUSE: &str = "cafe0000000000000000000000000000";

/// Three discrepancies with one cause, and one without.
async fn with_a_cause() -> (Trueup, tempfile::TempDir, Vec<String>) {
    let names = ["INV-1", "INV-2", "INV-3", "INV-4"];
    let found = names.map(|name| discrepancy(name, Severity::Low));
    let (trueup, folder) = installed(&found).await;
    let members: Vec<_> = found[..3].iter().map(|found| found.id).collect();
    let cause = Cause {
        id: CAUSE.to_owned(),
        kind: CauseKind::FeesChanged,
        severity: Severity::High,
        explanation: "3 of 4 fees are 2 %: did the partner change its prices?".to_owned(),
        members: members.iter().cloned().collect(),
    };
    let mut chunk: Findings = findings(RUN, &found, Vec::new());
    for finding in &mut chunk.findings[..3] {
        finding.cause = Some(CAUSE.to_owned());
    }
    chunk.causes = vec![cause];
    for _ in 0..2 {
        let again = chunk.clone();
        trueup.store.record_findings(RUN, again).await.unwrap();
    }
    let members = members.iter().map(ToString::to_string).collect();
    (trueup, folder, members)
}

async fn on_all(trueup: &Trueup, act: CaseAct) -> CaseActed {
    let progress = Progress::new(0);
    behind::work(trueup, &progress, act).await.unwrap()
}

fn stands(acted: &CaseActed) -> (&str, u64, u64) {
    let case = acted.reply.case.as_ref().unwrap();
    (case.state.as_str(), case.members, case.members_open)
}

#[tokio::test]
async fn an_act_that_is_cut_off_is_gone_on_with_and_done_once() {
    let (trueup, _folder, members) = with_a_cause().await;
    let resolve = asked(CAUSE, "1", "resolve", resolution("not_an_error"));
    let begun = act(&trueup, resolve.clone()).await.unwrap();
    assert_eq!(stands(&begun), ("resolved", 3, 3));
    assert_eq!(begun.behind.as_deref().unwrap().act_id, "1");

    // The worker died here, and somebody touches one of them before another one goes on.
    let own = asked(
        &members[0],
        "9",
        "comment",
        json!({"by": "ben", "note": "?"}),
    );
    act(&trueup, own).await.unwrap();
    assert_eq!(case(&trueup, CAUSE).await.case.state, CaseState::Resolved);
    let opening = CaseOpening {
        discrepancy_id: CAUSE.to_owned(),
        at: FRIDAY.to_owned(),
    };
    let found = open(&trueup, opening).await.unwrap();
    let left = *found.behind.unwrap();
    for _ in 0..2 {
        let done = on_all(&trueup, left.clone()).await;
        assert_eq!(stands(&done), ("resolved", 3, 0));
        assert_eq!(done.reply.reason, "of its discrepancies 3 done");
        assert!(!done.stays_open && done.behind.is_none());
    }
    for member in &members {
        let resolved = events(&trueup, member).await;
        let resolved = resolved
            .iter()
            .filter(|it| **it == AuditEvent::CaseResolved);
        assert_eq!(resolved.count(), 1, "{member}");
    }

    // One is opened again: so is the cause; and it closes with it.
    let reopen = json!({ "by": "ann", "note": "not this one" });
    let reopen = asked(&members[1], "2", "reopen", reopen);
    act(&trueup, reopen).await.unwrap();
    let opened = case(&trueup, CAUSE).await;
    assert_eq!(opened.case.state, CaseState::Open);
    let gone = (members[1].clone(), "the fee is the agreed one".to_owned());
    let run = Run {
        run_id: LATER.to_owned(),
        request: ReconciliationInput::default(),
    };
    let none = BTreeSet::new();
    let told = of_run::acts_of_run(&trueup, &run, Vec::new(), vec![gone], &none, FRIDAY);
    assert!(told.await.unwrap().is_some(), "its workflow hears of it");
    assert_eq!(case(&trueup, CAUSE).await.case.state, CaseState::Cleared);
    let trail = [
        AuditEvent::CaseOpened,
        AuditEvent::CaseResolved,
        AuditEvent::CaseReopened,
        AuditEvent::CaseCleared,
    ];
    assert_eq!(events(&trueup, CAUSE).await, trail);
}

#[tokio::test]
async fn what_is_to_arrive_is_opened_again_together() {
    let (trueup, _folder, members) = with_a_cause().await;
    let mut input = resolution("in_transit");
    input["until"] = "2026-11-25".into();
    let begun = act(&trueup, asked(CAUSE, "1", "resolve", input))
        .await
        .unwrap();
    let waits = on_all(&trueup, *begun.behind.unwrap()).await;
    assert_eq!(stands(&waits), ("resolved", 3, 0));
    assert!(waits.stays_open, "there is a day to wait for");
    let due = &waits.reply.case.as_ref().unwrap().due_at;
    assert_eq!(due, "2026-11-25T23:00:00Z");

    let passing = || TimePassing {
        discrepancy_id: CAUSE.to_owned(),
        at: "2026-11-25T23:00:00Z".to_owned(),
    };
    let first = pass(&trueup, passing()).await.unwrap();
    // Its answer was lost.
    let again = pass(&trueup, passing()).await.unwrap();
    let (first, again) = (first.behind.unwrap(), again.behind.unwrap());
    assert_eq!(first.act_id, again.act_id);
    let opened = on_all(&trueup, *again).await;
    assert_eq!(stands(&opened), ("open", 3, 3));
    for member in &members {
        let trail = events(&trueup, member).await;
        assert_eq!(trail.last(), Some(&AuditEvent::CaseReopened), "{member}");
    }
}
