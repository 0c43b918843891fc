//! Causes behind many discrepancies: which discrepancies they are, and how the case of a cause
//! follows them. Decides nothing: whoever acts brings the decision along.

use std::collections::BTreeSet;

use domain::case::{Act, Applied, Behind, Case};
use domain::cause::CauseKind;
use futures::FutureExt;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Transaction;

use super::sqlite::causes;
use super::{Acted, Acting, CaseRow, Denied, Store, StoreError};

/// What the case of a cause has that no other has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CauseCase {
    /// What it is.
    pub kind: CauseKind,
    /// The day that it is about.
    pub business_date: Date,
    /// How its discrepancies stand.
    pub behind: Behind,
    /// The act that is being done to its discrepancies, as JSON.
    pub acting: Option<String>,
}

/// Which causes to list. Everything given must hold. The latest day first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CauseFilter {
    /// Of this source.
    pub source: Option<String>,
    /// Of which this run found a discrepancy.
    pub run_id: Option<String>,
    /// Whose case is open or proposed.
    pub open: bool,
}

/// Causes.
impl Store {
    /// Causes and their cases.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn causes(&self, filter: CauseFilter) -> Result<Vec<CaseRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.causes(&filter).boxed().await,
        };
        store
            .read(move |transaction| causes::list(transaction, &filter))
            .await
    }

    /// Ids of the discrepancies behind a cause, in order; none when there is no such cause.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn behind(&self, cause: &str) -> Result<Vec<String>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.behind(cause).boxed().await,
        };
        let cause = cause.to_owned();
        store
            .read(move |transaction| causes::members(transaction, &cause))
            .await
    }

    /// The causes that these discrepancies have.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn causes_of(&self, ids: Vec<String>) -> Result<BTreeSet<String>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.causes_of(&ids).boxed().await,
        };
        store
            .read(move |transaction| causes::of(transaction, &ids))
            .await
    }

    /// Those of `ids` (of discrepancies) that have a cause of another day than this.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn caused_on_other_days(
        &self,
        ids: Vec<String>,
        business_date: Date,
    ) -> Result<BTreeSet<String>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .caused_on_other_days(&ids, business_date)
                    .boxed()
                    .await;
            }
        };
        store
            .read(move |transaction| causes::of_other_days(transaction, ids, business_date))
            .await
    }

    /// Acts on the case of a cause, as [`Store::act_on_cases`] does. What `then` makes of the case
    /// before and after stays with it until [`Store::done_behind`], once the act is done: what is to
    /// be done to its discrepancies.
    ///
    /// # Errors
    /// As [`Store::act_on_cases`].
    pub async fn act_on_cause(
        &self,
        acting: Acting,
        by: &str,
        at: Timestamp,
        decide: impl Fn(&CaseRow) -> Result<Applied, Denied> + Send + Sync + 'static,
        then: impl Fn(&Case, &Case) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Option<Acted>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .act_on_cause(&acting, by, at, &decide, &then)
                    .boxed()
                    .await;
            }
        };
        let by = by.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            causes::act(transaction, &acting, &by, at, &decide, &then)
        };
        store.write(work).await
    }

    /// All of what [`Store::act_on_cause`] left to do is done. Does nothing when something else is.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn done_behind(&self, cause: &str, acting: &str) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.done_behind(cause, acting).boxed().await,
        };
        let (cause, acting) = (cause.to_owned(), acting.to_owned());
        store
            .write(move |transaction| causes::done(transaction, &cause, &acting))
            .await
    }

    /// Has the cases of these causes stand as their discrepancies do. One that is being acted on is
    /// not opened meanwhile. Gives those that changed.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn follow(
        &self,
        ids: BTreeSet<String>,
        by: &str,
        at: Timestamp,
        decide: impl Fn(&CaseRow, &Act) -> Result<Applied, Denied> + Send + Sync + 'static,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                let mut changed = Vec::new();
                for id in &ids {
                    changed.extend(store.follow(id, by, at, &decide).boxed().await?);
                }
                return Ok(changed);
            }
        };
        let by = by.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            let mut changed = Vec::new();
            for id in &ids {
                changed.extend(causes::follow(transaction, id, &by, at, &decide)?);
            }
            Ok(changed)
        };
        store.write(work).await
    }
}
