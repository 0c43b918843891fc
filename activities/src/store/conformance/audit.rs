//! The audit trail.

use domain::audit::{AuditEntry, AuditEvent, AuditHead, verify};
use futures::future::join_all;

use super::fixtures::*;
use crate::store::{Store, StoreError};

const STREAM: &str = "recon/acme-pay/2026-11-20";

fn chain(length: usize, detail: &str) -> Vec<AuditEntry> {
    let mut cursor = cursor(STREAM, AuditHead::EMPTY);
    let mut entries = Vec::new();
    for n in 0..length {
        let fields = [("detail", detail.to_owned()), ("n", n.to_string())];
        let (entry, next) = cursor.entry(AuditEvent::Compared, fields);
        entries.push(entry);
        cursor = next;
    }
    entries
}

pub(in crate::store) async fn entries_are_appended_once(store: Store) {
    let entries = chain(5, "ours");
    assert_eq!(store.audit_head(STREAM).await.unwrap(), AuditHead::EMPTY);
    store.append_audit(entries[..2].to_vec()).await.unwrap();
    // The answer was lost, and the writer went on meanwhile: overlapping and old ones are fine.
    store.append_audit(entries[..2].to_vec()).await.unwrap();
    store.append_audit(entries[1..].to_vec()).await.unwrap();
    store.append_audit(entries[..1].to_vec()).await.unwrap();
    let stream = store.audit(STREAM).await.unwrap();
    assert_eq!(stream.entries, entries);
    assert_eq!(stream.head, entries[4].head());
    assert_eq!(store.audit_head(STREAM).await.unwrap(), stream.head);
    assert_eq!(verify(STREAM, &stream.entries, stream.head), Ok(()));
}

pub(in crate::store) async fn another_entry_in_its_place_is_a_fork(store: Store) {
    let (ours, theirs) = (chain(5, "ours"), chain(5, "theirs"));
    store.append_audit(ours[..3].to_vec()).await.unwrap();
    let attempts = [
        (vec![theirs[2].clone()], 2),
        (vec![theirs[3].clone()], 3),
        (vec![ours[4].clone()], 4),
        (vec![ours[3].clone(), theirs[4].clone()], 4),
        (vec![ours[2].clone(), theirs[1].clone()], 1),
    ];
    for (entries, at) in attempts {
        let error = store.append_audit(entries).await.expect_err("a fork");
        let expected = StoreError::Fork {
            stream: STREAM.to_owned(),
            sequence: at,
        };
        assert_eq!(error, expected);
        assert!(!error.is_retryable());
    }
    assert_eq!(
        store.audit(STREAM).await.unwrap().entries,
        ours[..3],
        "nothing of them is left"
    );
}

pub(in crate::store) async fn of_two_writers_one_forks(store: Store) {
    let tasks = (0..16).map(|writer| {
        let (store, entries) = (store.clone(), chain(3, &format!("writer {}", writer % 2)));
        tokio::spawn(async move { store.append_audit(entries).await })
    });
    let answers: Vec<_> = join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let forks = answers
        .iter()
        .filter(|a| matches!(a, Err(StoreError::Fork { .. })))
        .count();
    let fine = answers.iter().filter(|a| a.is_ok()).count();
    assert_eq!((fine, forks), (8, 8));
    let stream = store.audit(STREAM).await.unwrap();
    assert_eq!(stream.entries.len(), 3);
    assert_eq!(verify(STREAM, &stream.entries, stream.head), Ok(()));
}

pub(in crate::store) async fn streams_are_listed_in_order(store: Store) {
    for stream in ["recon/b", "case/1", "recon/a"] {
        store
            .append_audit(vec![entry(stream, AuditHead::EMPTY, "")])
            .await
            .unwrap();
    }
    let behind = async |after: &str| {
        let heads = store.trail_heads(after, 10).await.unwrap();
        let names = heads.into_iter().map(|head| head.stream);
        names.collect::<Vec<_>>()
    };
    assert_eq!(behind("").await, ["case/1", "recon/a", "recon/b"]);
    assert_eq!(behind("case/1").await, ["recon/a", "recon/b"]);
    assert!(behind("recon/b").await.is_empty());
}

/// More streams than one page, or one part of the store, gives at once.
pub(in crate::store) async fn many_streams_are_listed_in_pages(store: Store) {
    let names: Vec<String> = (0..250).map(|at| format!("case/{at:0>3}")).collect();
    let entries = names.iter().map(|name| entry(name, AuditHead::EMPTY, ""));
    store.append_audit(entries.collect()).await.unwrap();
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().cloned().unwrap_or_default();
        let page = store.trail_heads(&after, 7).await.unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        found.extend(page.into_iter().map(|head| head.stream));
    }
    assert_eq!(found, names);
    let trail = store.trail(None, 1_000).await.unwrap();
    let streams = trail.into_iter().map(|it| it.stream);
    assert_eq!(streams.collect::<Vec<_>>(), names);
}
