//! The whole audit trail, page by page, for who verifies it.

use domain::audit::{AuditEntry, StreamHead};
use futures::FutureExt;

use super::sqlite::trail;
use super::{Store, StoreError};

/// An entry as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrailEntry {
    /// The stream that it is filed under.
    pub stream: String,
    /// Its place there.
    pub sequence: u64,
    /// What it says; why it can't be read, if it can't.
    pub entry: Result<AuditEntry, String>,
}

impl Store {
    /// Entries of all streams in order of stream and sequence, at most `limit`, behind this one;
    /// from the first on when there is none.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn trail(
        &self,
        after: Option<(String, u64)>,
        limit: u32,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.trail(after, limit).boxed().await,
        };
        store
            .read(move |transaction| trail::entries(transaction, after, limit))
            .await
    }

    /// Heads of all streams that have one, in order, at most `limit`, behind the stream `after`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names a column that can't be read.
    pub async fn trail_heads(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StreamHead>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.trail_heads(after, limit).boxed().await,
        };
        let after = after.to_owned();
        store
            .read(move |transaction| trail::heads(transaction, &after, limit))
            .await
    }
}
