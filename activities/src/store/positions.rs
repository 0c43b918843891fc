//! Where a source's next run begins, and whose turn it is: runs of one source that carry open items
//! forward come one after the other. What a position says is in the object store.

use futures::FutureExt;
use jiff::Timestamp;
use workflows::ports::Stored;

use super::sqlite::positions;
use super::{Store, StoreError};

/// Whoever has a turn and gave no sign for so long has lost it.
pub const TURN_KEPT_SECONDS: i64 = 15 * 60;

/// A run that wants its turn, or has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turn {
    /// Of which source.
    pub source: String,
    /// The run.
    pub run_id: String,
    /// Temporal's id of the execution.
    pub workflow_run_id: String,
    /// Now.
    pub at: Timestamp,
}

/// A position that a run wants to be the source's last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPosition {
    /// The run.
    pub run_id: String,
    /// The position that the run began with.
    pub follows: Option<Stored>,
    /// What it is.
    pub manifest: Stored,
}

/// What became of a [`NewPosition`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Committed {
    /// It is the last one.
    Done,
    /// Another run made one since this run began; nothing was changed.
    Overtaken,
}

impl Store {
    /// The last position of a source; none before its first run.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn position(&self, source: &str) -> Result<Option<Stored>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.position(source).boxed().await,
        };
        let source = source.to_owned();
        store
            .read(move |transaction| positions::head(transaction, &source))
            .await
    }

    /// The position that a run's last attempt made; none when it made none.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn position_of_run(&self, run_id: &str) -> Result<Option<Stored>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.position_of_run(run_id).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| positions::of_run(transaction, &run_id))
            .await
    }

    /// Makes a position the source's last, if the one that it follows still is, and gives the turn
    /// back. Done twice it is done once.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn commit_position(&self, new: NewPosition) -> Result<Committed, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.commit_position(&new).boxed().await,
        };
        store
            .write(move |transaction| positions::commit(transaction, &new))
            .await
    }

    /// A sign of life of the run that has the turn.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn renew_turn(&self, turn: Turn) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.renew_turn(&turn).boxed().await,
        };
        store
            .write(move |transaction| positions::renew(transaction, &turn))
            .await
    }
}
