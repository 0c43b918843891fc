//! Checkpoints on record, and what none of them has signed yet.

use domain::audit::{SignedCheckpoint, StreamHead};
use futures::FutureExt;

use super::sqlite::checkpoints;
use super::{Store, StoreError};

/// Checkpoints that one call gives at most.
pub const CHECKPOINTS_PER_CALL_MAX: u32 = 100;

impl Store {
    /// Heads of streams that grew since a checkpoint named them, behind the stream `after`, in order.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn unsealed_heads(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StreamHead>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.unsealed_heads(after, limit).boxed().await,
        };
        let after = after.to_owned();
        store
            .read(move |transaction| checkpoints::unsealed(transaction, &after, limit))
            .await
    }

    /// Puts a checkpoint on record, and what it names as signed. Done twice it is done once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another one has its number, or it does not follow the last.
    pub async fn record_checkpoint(&self, signed: SignedCheckpoint) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.record_checkpoint(&signed).boxed().await,
        };
        store
            .write(move |transaction| checkpoints::record(transaction, &signed))
            .await
    }

    /// Checkpoints from this number on, in order, at most [`CHECKPOINTS_PER_CALL_MAX`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names one that can't be read.
    pub async fn checkpoints(&self, from: u64) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.checkpoints(from).boxed().await,
        };
        store
            .read(move |transaction| checkpoints::list(transaction, from))
            .await
    }

    /// The last checkpoint; none before the first.
    ///
    /// # Errors
    /// As [`Store::checkpoints`].
    pub async fn last_checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.last_checkpoint().boxed().await,
        };
        store.read(checkpoints::last).await
    }

    /// Number of the first checkpoint that not all of its witnesses have; none when they have all.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn first_unwitnessed(&self) -> Result<Option<u64>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.first_unwitnessed().boxed().await,
        };
        store.read(checkpoints::first_unwitnessed).await
    }

    /// All witnesses have this checkpoint.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn witnessed(&self, number: u64) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.witnessed(number).boxed().await,
        };
        store
            .write(move |transaction| checkpoints::witnessed(transaction, number))
            .await
    }
}
