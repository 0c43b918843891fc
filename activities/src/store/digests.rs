//! What a digest tells of, and that it was told.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::discrepancy::Discrepancy;
use domain::severity::Severity;
use futures::FutureExt;
use jiff::Timestamp;
use rusqlite::Transaction;

use super::sqlite::digests;
use super::{Store, StoreError};

/// Something that is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenDiscrepancy {
    /// As the last run that saw it found it.
    pub discrepancy: Discrepancy,
    /// Whether the run that found it first began after the source's last digest.
    pub is_new: bool,
}

/// Digests.
impl Store {
    /// Hands `fold` the discrepancies of a source whose cases are open, one after the other, so that
    /// any number of them fits into memory.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn fold_open<T: Send + 'static>(
        &self,
        source: &str,
        severities: BTreeSet<Severity>,
        fold: impl FnOnce(&mut dyn Iterator<Item = OpenDiscrepancy>) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store.fold_open(source, &severities, fold).boxed().await;
            }
        };
        let source = source.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            digests::fold_open(transaction, &source, &severities, fold)
        };
        store.read(work).await
    }

    /// Puts an alert on record that is about no run, with its audit trail. One that is on record
    /// stays as it is.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn intend(&self, alert: AlertIntent, at: Timestamp) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.intend(&alert, at).boxed().await,
        };
        store
            .write(move |transaction| digests::intend(transaction, &alert, at))
            .await
    }
}
