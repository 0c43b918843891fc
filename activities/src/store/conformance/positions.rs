//! Turns and positions.

use domain::policy::Scope;
use workflows::ports::Stored;

use super::fixtures::{SOURCE, at, opening};
use crate::store::{
    Committed, FailureCause, NewPosition, Opened, RunFailure, RunOpening, Store, TURN_KEPT_SECONDS,
    Turn,
};

const FIRST: &str = "recon/acme-pay/2026-11-20";
const SECOND: &str = "recon/acme-pay/2026-11-21";

fn whole(run_id: &str, execution: &str, second: i64) -> RunOpening {
    RunOpening {
        scope: Scope::Whole,
        now: at(second),
        ..opening(run_id, execution)
    }
}

fn turn(run_id: &str, execution: &str, second: i64) -> Turn {
    Turn {
        source: SOURCE.to_owned(),
        run_id: run_id.to_owned(),
        workflow_run_id: execution.to_owned(),
        at: at(second),
    }
}

fn manifest(name: &str) -> Stored {
    Stored {
        key: format!("positions/{name}"),
        bytes: 7,
        sha256: name.to_owned(),
    }
}

fn new(run_id: &str, follows: Option<&str>, name: &str) -> NewPosition {
    NewPosition {
        run_id: run_id.to_owned(),
        follows: follows.map(manifest),
        manifest: manifest(name),
    }
}

async fn waits(store: &Store, opening: RunOpening) -> Option<String> {
    match store.open_run(opening).await.unwrap() {
        Opened::Waiting { for_run } => Some(for_run),
        _ => None,
    }
}

pub(in crate::store) async fn runs_of_one_source_take_turns(store: Store) {
    assert_eq!(waits(&store, whole(FIRST, "a", 0)).await, None);
    assert_eq!(
        waits(&store, whole(SECOND, "b", 1)).await.as_deref(),
        Some(FIRST)
    );
    assert!(
        store.run(SECOND).await.is_err(),
        "it is not on record before"
    );
    // A part of the source does not wait, nor does the same run in a new execution.
    assert_eq!(
        waits(&store, opening("recon/acme-pay/part", "c")).await,
        None
    );
    assert_eq!(waits(&store, whole(FIRST, "d", 2)).await, None);
    // A sign of life keeps the turn; the execution that lost it has no say.
    let kept = TURN_KEPT_SECONDS;
    store.renew_turn(turn(FIRST, "d", kept)).await.unwrap();
    store.renew_turn(turn(FIRST, "a", 9 * kept)).await.unwrap();
    let early = whole(SECOND, "b", 2 * kept - 1);
    assert_eq!(waits(&store, early).await.as_deref(), Some(FIRST));
    assert_eq!(waits(&store, whole(SECOND, "b", 2 * kept)).await, None);
    // A run that ends gives its turn back.
    assert_eq!(
        waits(&store, whole(FIRST, "e", 2 * kept)).await.as_deref(),
        Some(SECOND)
    );
    let failure = RunFailure {
        cause: FailureCause::Other,
        incident: None,
        problem: "no".to_owned(),
        failed_at: at(3),
        audit: Vec::new(),
    };
    store.fail_run(SECOND, failure).await.unwrap();
    assert_eq!(waits(&store, whole(FIRST, "e", 2 * kept)).await, None);
}

pub(in crate::store) async fn a_position_follows_the_last_one(store: Store) {
    assert_eq!(waits(&store, whole(FIRST, "a", 0)).await, None);
    assert_eq!(store.position(SOURCE).await.unwrap(), None);
    for _ in 0..2 {
        let done = store.commit_position(new(FIRST, None, "one")).await;
        assert_eq!(done.unwrap(), Committed::Done, "twice is once");
    }
    // The commit gave the turn back.
    assert_eq!(waits(&store, whole(SECOND, "b", 1)).await, None);
    let overtaken = store.commit_position(new(SECOND, None, "two")).await;
    assert_eq!(overtaken.unwrap(), Committed::Overtaken);
    assert_eq!(store.position(SOURCE).await.unwrap(), Some(manifest("one")));
    let done = store.commit_position(new(SECOND, Some("one"), "two")).await;
    assert_eq!(done.unwrap(), Committed::Done);
    assert_eq!(store.position(SOURCE).await.unwrap(), Some(manifest("two")));
    assert_eq!(
        store.position_of_run(FIRST).await.unwrap(),
        Some(manifest("one"))
    );
    assert_eq!(store.position("other").await.unwrap(), None);
    // A lost answer, and another run since: what was committed is committed.
    let again = store.commit_position(new(FIRST, None, "one")).await;
    assert_eq!(again.unwrap(), Committed::Done);
    // A new attempt at a run has made none yet.
    assert_eq!(waits(&store, whole(FIRST, "c", 2)).await, None);
    assert_eq!(store.position_of_run(FIRST).await.unwrap(), None);
}
