//! Reviews of runs: what is open, sign-off, restatements.

use domain::audit::AuditEvent;
use domain::case::{Act, Resolution};
use domain::severity::Severity;
use serde_json::json;

use super::cases::{act, resolve, write_off};
use super::fixtures::*;
use crate::store::{
    BeginningReview, Opened, Restatement, RunCompletion, RunState, SignOff, Store, StoreError,
};

const RUN: &str = "recon/acme-pay/2026-11-20/client/C%2F1/g1";
const LATER: &str = "recon/acme-pay/2026-11-20/client/C%2F1/g2";

async fn in_review(store: &Store, run_id: &str, generation: u32) {
    let opening = crate::store::RunOpening {
        generation,
        ..opening(run_id, "execution-1")
    };
    let Opened::New(head) = store.open_run(opening).await.unwrap() else {
        panic!("{run_id} is new");
    };
    let found = [
        discrepancy("INV-1", Severity::Critical),
        discrepancy("INV-2", Severity::Low),
    ];
    store
        .record_findings(run_id, findings(run_id, &found, Vec::new()))
        .await
        .unwrap();
    store
        .begin_review(run_id, beginning(run_id, head))
        .await
        .unwrap();
}

fn beginning(run_id: &str, head: domain::audit::AuditHead) -> BeginningReview {
    let (entry, _) = cursor(run_id, head).entry(AuditEvent::ReviewBegun, []);
    BeginningReview {
        totals: completion(Vec::new()).totals,
        began_at: at(5),
        ends_at: at(500),
        restatement: None,
        audit: vec![entry],
    }
}

async fn signing(store: &Store, run_id: &str, by: &str) -> Result<u32, StoreError> {
    let head = store.audit_head(run_id).await.unwrap();
    let (entry, _) = cursor(run_id, head).entry(AuditEvent::RunSignedOff, []);
    let sign_off = SignOff {
        run_id: run_id.to_owned(),
        by: by.to_owned(),
        at: at(20),
        content: json!({ "note": "as agreed", "totals": { "matched": 3 } }),
    };
    store.sign_off(sign_off, entry).await
}

pub(in crate::store) async fn a_run_in_review_waits_for_people(store: Store) {
    in_review(&store, RUN, 1).await;
    let again = opening(RUN, "execution-2");
    let again = crate::store::RunOpening {
        generation: 1,
        ..again
    };
    let Opened::InReview(run, head) = store.open_run(again).await.unwrap() else {
        panic!("it is in review");
    };
    assert_eq!((run.state, run.attempt), (RunState::InReview, 1));
    assert_eq!(run.totals, Some(completion(Vec::new()).totals));
    assert_eq!(head, store.audit_head(RUN).await.unwrap());

    let critical = || [Severity::Critical].into();
    assert_eq!(store.count_open(RUN, critical()).await.unwrap(), 1);
    let id = discrepancy("INV-1", Severity::Critical).id.to_string();
    act(&store, &id, "1", "ann", resolve(Resolution::NotAnError)).await;
    assert_eq!(store.count_open(RUN, critical()).await.unwrap(), 0);
    let low = || [Severity::Low].into();
    assert_eq!(store.count_open(RUN, low()).await.unwrap(), 1);

    let done = RunCompletion {
        review: "nothing_open".to_owned(),
        ..completion(Vec::new())
    };
    store.complete_run(RUN, done.clone()).await.unwrap();
    store.complete_run(RUN, done).await.unwrap();
    let review = store.review(RUN).await.unwrap().expect("a review");
    assert_eq!(review.ended.as_deref(), Some("nothing_open"));
    assert_eq!((review.began_at, review.ends_at), (at(5), at(500)));
    let late = beginning(RUN, store.audit_head(RUN).await.unwrap());
    let error = store.begin_review(RUN, late).await.expect_err("it is over");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
}

pub(in crate::store) async fn a_sign_off_waits_for_second_persons_and_is_frozen(store: Store) {
    in_review(&store, RUN, 1).await;
    let id = discrepancy("INV-2", Severity::Low).id.to_string();
    act(&store, &id, "1", "ann", write_off("0.50")).await;
    assert_eq!(signing(&store, RUN, "carol").await, Ok(1), "one waits");
    assert_eq!(store.signed_off(RUN).await.unwrap(), None);
    let approve = Act::Approve {
        note: String::new(),
    };
    act(&store, &id, "2", "bob", approve).await;
    assert_eq!(signing(&store, RUN, "carol").await, Ok(0));
    assert_eq!(signing(&store, RUN, "carol").await, Ok(0), "repeated");
    let error = signing(&store, RUN, "dave").await.expect_err("frozen");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    let signed = store.signed_off(RUN).await.unwrap().expect("signed off");
    assert_eq!((&*signed.by, signed.at), ("carol", at(20)));
    let review = store.review(RUN).await.unwrap().expect("a review");
    assert_eq!(review.ended.as_deref(), Some("signed_off"));
    assert_eq!(review.note.as_deref(), Some("as agreed"));
    let stream = store.audit(RUN).await.unwrap();
    let signed = stream.entries.iter();
    let signed = signed.filter(|entry| entry.event == AuditEvent::RunSignedOff);
    assert_eq!(signed.count(), 1);
}

pub(in crate::store) async fn a_later_generation_finds_what_was_signed_off(store: Store) {
    in_review(&store, RUN, 1).await;
    assert_eq!(signing(&store, RUN, "carol").await, Ok(0));
    store
        .complete_run(RUN, completion(Vec::new()))
        .await
        .unwrap();
    assert_eq!(store.signed_off_before(RUN).await.unwrap(), None);
    in_review(&store, LATER, 2).await;
    let before = store.signed_off_before(LATER).await.unwrap();
    assert_eq!(before.expect("the first").run_id, RUN);
    let restatement = Restatement {
        run_id: LATER.to_owned(),
        of_run: RUN.to_owned(),
        content: json!({ "new": "1" }),
    };
    let done = RunCompletion {
        review: "review_cancelled".to_owned(),
        restatement: Some(restatement.clone()),
        ..completion(Vec::new())
    };
    store.complete_run(LATER, done).await.unwrap();
    let found = store.restatement(LATER).await.unwrap();
    assert_eq!(found, Some(restatement));
    assert_eq!(store.restatement(RUN).await.unwrap(), None);
}

pub(in crate::store) async fn shortened_ids_are_found(store: Store) {
    in_review(&store, RUN, 1).await;
    let id = discrepancy("INV-1", Severity::Critical).id.to_string();
    let found = store.ids_beginning_with(&id[..6], 9).await.unwrap();
    assert_eq!(found, [id]);
    let all = store.ids_beginning_with("", 9).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(store.ids_beginning_with("", 1).await.unwrap(), all[..1]);
}
