//! Runs and their inputs.

use domain::audit::{AuditEvent, verify};
use domain::severity::Severity;
use futures::future::join_all;
use jiff::civil::date;

use super::fixtures::*;
use crate::store::{
    DiscrepancyFilter, FailureCause, Opened, RunFailure, RunOpening, RunState, Store, StoreError,
};

const RUN: &str = "recon/acme-pay/2026-11-20/client/C%2F1/g2";

pub(in crate::store) async fn of_many_openings_one_is_new(store: Store) {
    let tasks = (0..64).map(|caller| {
        let store = store.clone();
        let opening = opening(RUN, &format!("execution-{}", caller % 2));
        tokio::spawn(async move { store.open_run(opening).await })
    });
    let answers = join_all(tasks)
        .await
        .into_iter()
        .map(|answer| answer.unwrap().unwrap());
    let new = answers
        .filter(|answer| matches!(answer, Opened::New(_)))
        .count();
    assert_eq!(new, 1);
    let run = store.run(RUN).await.unwrap();
    let stream = store.audit(RUN).await.unwrap();
    assert_eq!(
        stream.entries.len(),
        run.attempt as usize,
        "one entry per change of execution"
    );
    assert_eq!(verify(RUN, &stream.entries, stream.head), Ok(()));
    let other_date = RunOpening {
        business_date: date(2026, 1, 1),
        ..opening(RUN, "execution-1")
    };
    let error = store.open_run(other_date).await.expect_err("another date");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
}

pub(in crate::store) async fn a_completed_run_stays_completed(store: Store) {
    let head = opened(&store, RUN).await;
    let done = completion(vec![entry(RUN, head, "done")]);
    store.complete_run(RUN, done.clone()).await.unwrap();
    store.complete_run(RUN, done.clone()).await.unwrap();
    let Opened::Closed(run) = store.open_run(opening(RUN, "execution-2")).await.unwrap() else {
        panic!("a completed run was opened");
    };
    assert_eq!((run.state, run.attempt), (RunState::Completed, 1));
    assert_eq!(run.totals.as_ref(), Some(&done.totals));
    assert_eq!(*run, store.run(RUN).await.unwrap());
    let mut otherwise = done;
    otherwise.totals.matched += 1;
    let error = store
        .complete_run(RUN, otherwise)
        .await
        .expect_err("another result");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    let error = store
        .fail_run(RUN, failure("no"))
        .await
        .expect_err("a completed run");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    assert_eq!(store.run(RUN).await.unwrap(), *run);
}

fn failure(problem: &str) -> RunFailure {
    RunFailure {
        cause: FailureCause::Input,
        incident: None,
        problem: problem.to_owned(),
        failed_at: at(9),
        audit: Vec::new(),
    }
}

pub(in crate::store) async fn a_failed_run_is_opened_again_beside_what_it_left(store: Store) {
    opened(&store, RUN).await;
    let (stays, goes) = (
        discrepancy("A", Severity::High),
        discrepancy("B", Severity::High),
    );
    store
        .seal_input(RUN, input("day.csv", "aa"), vec![reject(3)], Vec::new())
        .await
        .unwrap();
    let found = findings(RUN, &[stays.clone(), goes.clone()], Vec::new());
    store.record_findings(RUN, found).await.unwrap();
    for _ in 0..2 {
        store
            .fail_run(RUN, failure("day.csv is no CSV"))
            .await
            .unwrap();
    }
    let run = store.run(RUN).await.unwrap();
    assert_eq!(run.state, RunState::Quarantined);
    assert_eq!(run.problem.as_deref(), Some("day.csv is no CSV"));
    let error = store
        .complete_run(RUN, completion(Vec::new()))
        .await
        .expect_err("it has failed");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");

    let again = store.open_run(opening(RUN, "execution-2")).await.unwrap();
    assert!(matches!(again, Opened::Resumed(_)), "{again:?}");
    let run = store.run(RUN).await.unwrap();
    assert_eq!(
        (run.state, run.attempt, run.problem),
        (RunState::Running, 2, None)
    );
    assert!(store.inputs(RUN).await.unwrap().is_empty());
    assert!(store.rejects(RUN).await.unwrap().is_empty());
    store
        .seal_input(RUN, input("day.csv", "bb"), Vec::new(), Vec::new())
        .await
        .unwrap();
    let changed = domain::discrepancy::Discrepancy {
        reason: "now so".to_owned(),
        ..stays
    };
    store
        .record_findings(
            RUN,
            findings(RUN, std::slice::from_ref(&changed), Vec::new()),
        )
        .await
        .unwrap();

    let of_run = DiscrepancyFilter {
        run_id: Some(RUN.to_owned()),
        ..Default::default()
    };
    let listed = store.discrepancies(of_run).await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|row| row.discrepancy).collect();
    assert_eq!(listed, [changed]);
    let left = store.discrepancy(goes.id.as_str()).await.unwrap();
    assert_eq!(
        left.discrepancy, goes,
        "what people were told of stays on record"
    );
}

pub(in crate::store) async fn a_lost_answer_changes_nothing(store: Store) {
    let head = opened(&store, RUN).await;
    let sealed = cursor(RUN, head).entry(AuditEvent::InputSealed, []);
    let compared = sealed.1.clone().entry(AuditEvent::Compared, []);
    let found = [
        discrepancy("A", Severity::Critical),
        discrepancy("B", Severity::Low),
    ];
    let chunk = findings(RUN, &found, vec![compared.0.clone()]);
    let done = completion(vec![compared.1.entry(AuditEvent::RunCompleted, []).0]);
    let mut states = Vec::new();
    for _ in 0..3 {
        let head = opened(&store, RUN).await;
        let rejects = vec![reject(3), reject(4)];
        let audit = vec![sealed.0.clone()];
        store
            .seal_input(RUN, input("day.csv", "aa"), rejects, audit)
            .await
            .unwrap();
        store.record_findings(RUN, chunk.clone()).await.unwrap();
        states.push((
            store.run(RUN).await.unwrap(),
            store.inputs(RUN).await.unwrap(),
            store.rejects(RUN).await.unwrap(),
            store
                .discrepancies(DiscrepancyFilter::default())
                .await
                .unwrap(),
            store.alerts(Default::default()).await.unwrap(),
            store.audit(RUN).await.unwrap(),
        ));
        assert!(head.length <= 3);
    }
    assert_eq!(states[0], states[1]);
    assert_eq!(states[0], states[2]);
    assert_eq!(
        (states[0].2.len(), states[0].3.len(), states[0].4.len()),
        (2, 2, 2)
    );
    store.complete_run(RUN, done.clone()).await.unwrap();
    let completed = store.run(RUN).await.unwrap();
    store.complete_run(RUN, done).await.unwrap();
    store.record_findings(RUN, chunk).await.unwrap();
    assert_eq!(store.run(RUN).await.unwrap(), completed);
    let stream = store.audit(RUN).await.unwrap();
    assert_eq!(stream.entries.len(), 4);
    assert_eq!(verify(RUN, &stream.entries, stream.head), Ok(()));
}

pub(in crate::store) async fn an_input_is_sealed_once(store: Store) {
    opened(&store, RUN).await;
    let seal = |input| store.seal_input(RUN, input, Vec::new(), Vec::new());
    seal(input("day.csv", "aa")).await.unwrap();
    seal(input("day.csv", "aa")).await.unwrap();
    seal(input("other.csv", "aa")).await.unwrap();
    let error = seal(input("day.csv", "bb"))
        .await
        .expect_err("other content");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    assert!(error.to_string().contains("day.csv"), "{error}");
    let inputs = store.inputs(RUN).await.unwrap();
    assert_eq!(inputs, [input("day.csv", "aa"), input("other.csv", "aa")]);
}

pub(in crate::store) async fn an_input_seen_before_is_recognised(store: Store) {
    let earlier = "recon/acme-pay/2026-11-19";
    opened(&store, earlier).await;
    store
        .seal_input(earlier, input("day.csv", "aa"), Vec::new(), Vec::new())
        .await
        .unwrap();
    let seen = || store.input_seen(SOURCE, "aa", RUN);
    assert!(
        seen().await.unwrap().is_empty(),
        "the other run has not completed"
    );
    store
        .complete_run(earlier, completion(Vec::new()))
        .await
        .unwrap();
    let found = seen().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].run_id.as_str(), found[0].generation),
        (earlier, 2)
    );
    assert!(
        store
            .input_seen(SOURCE, "aa", earlier)
            .await
            .unwrap()
            .is_empty(),
        "itself"
    );
    assert!(
        store
            .input_seen("other", "aa", RUN)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .input_seen(SOURCE, "bb", RUN)
            .await
            .unwrap()
            .is_empty()
    );
}
