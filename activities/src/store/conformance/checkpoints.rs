//! Checkpoints, and reading the whole trail.

use domain::audit::{AuditHead, Checkpoint, SignedCheckpoint, StreamHead};

use super::fixtures::{at, cursor, entry};
use crate::store::{Store, StoreError};

fn signed(heads: Vec<StreamHead>, previous: Option<&SignedCheckpoint>) -> SignedCheckpoint {
    let previous = previous.map(|previous| &previous.checkpoint);
    SignedCheckpoint {
        checkpoint: Checkpoint::over(&heads, previous, at(5), "key"),
        signature: vec![7; 64],
        heads,
    }
}

/// Puts one more entry on a stream.
async fn grow(store: &Store, stream: &str) {
    let head = store.audit_head(stream).await.unwrap();
    store
        .append_audit(vec![entry(stream, head, "more")])
        .await
        .unwrap();
}

pub(in crate::store) async fn what_grew_since_a_checkpoint_is_unsealed(store: Store) {
    for stream in ["recon/a", "case/1", "recon/b"] {
        grow(&store, stream).await;
    }
    let heads = store.unsealed_heads("", 10).await.unwrap();
    let names: Vec<&str> = heads.iter().map(|head| head.stream.as_str()).collect();
    assert_eq!(names, ["case/1", "recon/a", "recon/b"]);
    let head = store.audit_head("recon/a").await.unwrap();
    assert_eq!(heads[1].head(), head);
    assert_eq!(
        store.unsealed_heads("case/1", 1).await.unwrap(),
        heads[1..2]
    );
    // One grows between being listed and being signed.
    grow(&store, "recon/b").await;
    store.record_checkpoint(signed(heads, None)).await.unwrap();
    let left = store.unsealed_heads("", 10).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!((left[0].stream.as_str(), left[0].length), ("recon/b", 2));
}

pub(in crate::store) async fn checkpoints_follow_each_other_and_never_change(store: Store) {
    grow(&store, "recon/a").await;
    assert_eq!(store.last_checkpoint().await.unwrap(), None);
    let first = signed(store.unsealed_heads("", 10).await.unwrap(), None);
    let second = signed(Vec::new(), Some(&first));
    let conflicts = async |checkpoint: &SignedCheckpoint| {
        let refused = store.record_checkpoint(checkpoint.clone()).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(_))),
            "{refused:?}"
        );
    };
    conflicts(&second).await;
    for _ in 0..2 {
        store
            .record_checkpoint(first.clone())
            .await
            .expect("twice is once");
    }
    // Another one under its number, and one that follows another.
    conflicts(&signed(Vec::new(), None)).await;
    conflicts(&signed(Vec::new(), Some(&second))).await;
    store.record_checkpoint(second.clone()).await.unwrap();
    assert_eq!(
        store.last_checkpoint().await.unwrap().as_ref(),
        Some(&second)
    );
    assert_eq!(store.checkpoints(0).await.unwrap(), [first, second.clone()]);
    assert_eq!(store.checkpoints(1).await.unwrap(), [second]);
    assert!(store.checkpoints(2).await.unwrap().is_empty());
}

pub(in crate::store) async fn what_was_witnessed_is_remembered(store: Store) {
    assert_eq!(store.first_unwitnessed().await.unwrap(), None);
    let first = signed(Vec::new(), None);
    let second = signed(Vec::new(), Some(&first));
    for checkpoint in [first, second] {
        store.record_checkpoint(checkpoint).await.unwrap();
    }
    assert_eq!(store.first_unwitnessed().await.unwrap(), Some(0));
    store.witnessed(0).await.unwrap();
    assert_eq!(store.first_unwitnessed().await.unwrap(), Some(1));
    store.witnessed(1).await.unwrap();
    assert_eq!(store.first_unwitnessed().await.unwrap(), None);
}

pub(in crate::store) async fn the_whole_trail_is_read_in_pages(store: Store) {
    for stream in ["recon/a", "case/1", "recon/b"] {
        let mut head = AuditHead::EMPTY;
        for _ in 0..3 {
            let (entry, next) = cursor(stream, head).entry(domain::audit::AuditEvent::Compared, []);
            store.append_audit(vec![entry]).await.unwrap();
            head = next.head;
        }
    }
    let mut read = Vec::new();
    let mut after = None;
    loop {
        let page = store.trail(after.take(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.stream.clone(), last.sequence));
        read.extend(page);
    }
    let places: Vec<_> = read
        .iter()
        .map(|it| (it.stream.as_str(), it.sequence))
        .collect();
    let expected = ["case/1", "recon/a", "recon/b"];
    let expected = expected
        .iter()
        .flat_map(|stream| (0..3).map(|at| (*stream, at)));
    assert_eq!(places, expected.collect::<Vec<_>>());
    for stream in ["case/1", "recon/a", "recon/b"] {
        let entries = store.audit(stream).await.unwrap().entries;
        let of_stream = read.iter().filter(|it| it.stream == stream);
        let of_stream: Vec<_> = of_stream.map(|it| it.entry.clone().unwrap()).collect();
        assert_eq!(of_stream, entries);
    }
    let first = store.trail_heads("", 2).await.unwrap();
    assert_eq!(first.len(), 2);
    let rest = store.trail_heads(&first[1].stream, 2).await.unwrap();
    assert_eq!(rest[0].head(), store.audit_head("recon/b").await.unwrap());
    assert_eq!(rest.len(), 1);
}
