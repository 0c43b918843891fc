//! Reviews of runs: begun, ended, signed off, restated. What was signed off is never changed.

use std::collections::BTreeSet;

use domain::audit::AuditEntry;
use domain::severity::Severity;
use futures::FutureExt;
use jiff::Timestamp;
use proto::wire::RunTotals;
use rusqlite::Transaction;
use serde_json::Value;

use super::sqlite::{audit, reviews};
use super::{Store, StoreError};

/// A review that begins.
#[derive(Clone, PartialEq, Debug)]
pub struct BeginningReview {
    /// What the run found.
    pub totals: RunTotals,
    /// By the workflow's clock.
    pub began_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// What the run changes of one that was signed off.
    pub restatement: Option<Restatement>,
    /// Entries of the run's stream that say so.
    pub audit: Vec<AuditEntry>,
}

/// A review on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReviewRow {
    /// The run.
    pub run_id: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ends, or would have ended, by itself.
    pub ends_at: Timestamp,
    /// How it ended: `signed_off`, `nothing_open`, `review_ended` or `review_cancelled`.
    pub ended: Option<String>,
    /// Who ended it, if somebody did.
    pub ended_by: Option<String>,
    /// What they said.
    pub note: Option<String>,
}

/// What somebody signed off, as it was then.
#[derive(Clone, PartialEq, Debug)]
pub struct SignOff {
    /// The run.
    pub run_id: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Totals, hashes, rules version, note.
    pub content: Value,
}

/// A generation that took the place of one that was signed off.
#[derive(Clone, PartialEq, Debug)]
pub struct Restatement {
    /// The later generation.
    pub run_id: String,
    /// The one that was signed off.
    pub of_run: String,
    /// What changed, in short, and where the whole of it is.
    pub content: Value,
}

impl Store {
    /// Puts a run into review, with its totals.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the run has ended.
    pub async fn begin_review(
        &self,
        run_id: &str,
        beginning: BeginningReview,
    ) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.begin_review(run_id, &beginning).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .write(move |transaction| reviews::begin(transaction, &run_id, &beginning))
            .await
    }

    /// The review of a run; none when there is, or was, none.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn review(&self, run_id: &str) -> Result<Option<ReviewRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.review(run_id).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| reviews::find(transaction, &run_id))
            .await
    }

    /// Discrepancies of these severities that a run found and whose case is open or proposed.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn count_open(
        &self,
        run_id: &str,
        severities: BTreeSet<Severity>,
    ) -> Result<u32, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.count_open(run_id, &severities).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| reviews::count_open(transaction, &run_id, &severities))
            .await
    }

    /// Signs a run off, unless a resolution of one of its discrepancies waits for a second person:
    /// then nothing is done, and how many wait is the answer.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was signed off otherwise.
    pub async fn sign_off(&self, sign_off: SignOff, entry: AuditEntry) -> Result<u32, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.sign_off(&sign_off, &entry).boxed().await,
        };
        store
            .write(move |transaction| reviews::sign_off(transaction, &sign_off, &entry))
            .await
    }

    /// Ends a review without a sign-off, because somebody wants that.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn cancel_review(
        &self,
        run_id: &str,
        by: &str,
        note: &str,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store.cancel_review(run_id, by, note, &entry).boxed().await;
            }
        };
        let (run_id, by, note) = (run_id.to_owned(), by.to_owned(), note.to_owned());
        let work = move |transaction: &Transaction<'_>| {
            reviews::end(transaction, &run_id, "review_cancelled", Some((&by, &note)))?;
            audit::append(transaction, &[entry])
        };
        store.write(work).await
    }

    /// What was signed off of a run; none when it was not.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn signed_off(&self, run_id: &str) -> Result<Option<SignOff>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.signed_off(run_id).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| reviews::signed_off(transaction, &run_id))
            .await
    }

    /// The last earlier generation of a run that was signed off.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn signed_off_before(&self, run_id: &str) -> Result<Option<SignOff>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.signed_off_before(run_id).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| reviews::signed_off_before(transaction, &run_id))
            .await
    }

    /// What a run changed of a generation that was signed off.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn restatement(&self, run_id: &str) -> Result<Option<Restatement>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.restatement(run_id).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| reviews::restatement(transaction, &run_id))
            .await
    }
}
