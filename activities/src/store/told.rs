//! What people were told of discrepancies before.

use std::collections::BTreeMap;

use domain::alert::{AlertRun, Told};
use domain::discrepancy::Discrepancy;
use futures::FutureExt;

use super::sqlite::told;
use super::{Store, StoreError};

/// What people were told of a discrepancy because of other runs than the one that asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToldBefore {
    /// The last time.
    pub last: Told,
    /// Why the run that asks told them again already, where an earlier attempt at it did.
    pub again: Option<String>,
}

/// A discrepancy whose case is opened again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reopening {
    /// As the last run that saw it found it.
    pub discrepancy: Discrepancy,
    /// That run.
    pub run: AlertRun,
    /// How often people were told of it, on any one channel.
    pub times: u32,
    /// What whoever opened it wrote; empty for nothing.
    pub note: String,
}

/// What was told.
impl Store {
    /// What people were told of those of `ids` (of discrepancies) that they were told of because of
    /// another run than `run_id`. Alerts of the run itself don't count, so that a repeated activity
    /// plans the same again.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn told_before(
        &self,
        ids: Vec<String>,
        run_id: &str,
    ) -> Result<BTreeMap<String, ToldBefore>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.told_before(&ids, run_id).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| told::before(transaction, ids, &run_id))
            .await
    }
}
