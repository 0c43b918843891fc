//! What is on record: runs, inputs, discrepancies, cases, alerts and the audit trail.
//!
//! Every write is one transaction and may be repeated: the second time changes nothing, and other
//! content under the same key is refused. Decides nothing about money or people; it keeps what
//! the domain decided. Audit entries are never changed or deleted, nor is anything a failed attempt
//! at a run left behind.

mod alert_json;
#[cfg(test)]
mod conformance;
mod error;
mod model;
mod sqlite;

use std::collections::BTreeSet;
use std::path::PathBuf;

use domain::audit::{AuditEntry, AuditHead};
use domain::record::Reject;
use jiff::Timestamp;
use rusqlite::Transaction;

pub use error::StoreError;
pub use model::{
    AlertFilter, AlertRow, AlertState, AuditStream, CaseRow, CaseState, Delivery,
    DiscrepancyFilter, DiscrepancyRow, FailureCause, Finding, Findings, InputRow, LISTED_MAX,
    Opened, Page, REJECTS_PER_INPUT_MAX, Redrive, RejectRow, RowCounts, RunCompletion, RunFailure,
    RunFilter, RunOpening, RunRow, RunState, SEEN_MAX, SeenInput,
};
pub use sqlite::SqliteStore;

use sqlite::{alerts, audit, cases, findings, inputs, listing, runs};

/// Who is on the audit trail when no person did it.
pub const TRUEUP: &str = "trueup";

/// A store, whichever it is. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub enum Store {
    /// One SQLite file.
    Sqlite(SqliteStore),
}

/// Opening.
impl Store {
    /// The SQLite store at `path`; makes it, and its folder, when there is none.
    ///
    /// # Errors
    /// The file can't be opened, or is not a store that this version can use.
    pub async fn sqlite(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        SqliteStore::create(path.into()).await.map(Store::Sqlite)
    }

    /// The SQLite store that is at `path`.
    ///
    /// # Errors
    /// As [`Store::sqlite`], and [`StoreError::NotFound`] when there is none.
    pub async fn existing_sqlite(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        SqliteStore::existing(path.into()).await.map(Store::Sqlite)
    }
}

/// What a run writes.
impl Store {
    /// Opens a run, or finds it open or completed. The store puts `run_opened` on its stream, once
    /// per execution of the workflow.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is on record for another source, date, scope or
    /// generation.
    pub async fn open_run(&self, opening: RunOpening) -> Result<Opened, StoreError> {
        let Store::Sqlite(store) = self;
        store
            .write(move |transaction| runs::open(transaction, &opening))
            .await
    }

    /// Puts an input on record with its first [`REJECTS_PER_INPUT_MAX`] rejects.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an input of this side and name is on record for this execution
    /// with other content.
    pub async fn seal_input(
        &self,
        run_id: &str,
        input: InputRow,
        rejects: Vec<Reject>,
        audit: Vec<AuditEntry>,
    ) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            inputs::seal(transaction, &run_id, &input, &rejects, &audit)
        };
        store.write(work).await
    }

    /// Completed runs of `source`, other than `run_id`, that read these bytes; the earliest
    /// first, at most [`SEEN_MAX`].
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn input_seen(
        &self,
        source: &str,
        sha256: &str,
        run_id: &str,
    ) -> Result<Vec<SeenInput>, StoreError> {
        let Store::Sqlite(store) = self;
        let (source, sha256, run_id) = (source.to_owned(), sha256.to_owned(), run_id.to_owned());
        store
            .read(move |transaction| inputs::seen(transaction, &source, &sha256, &run_id))
            .await
    }

    /// Those of `ids` (of discrepancies) that people were told of because of another run than `run_id`. Alerts of the
    /// run itself don't count, so that a repeated activity plans the same again.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn already_alerted(
        &self,
        ids: Vec<String>,
        run_id: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| findings::already_alerted(transaction, ids, &run_id))
            .await
    }

    /// Puts discrepancies, their cases, the alerts about them and audit entries on record together.
    /// An alert that is on record stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a discrepancy is on record for this execution with other
    /// content; [`StoreError::Fork`] when an audit entry is.
    pub async fn record_findings(&self, run_id: &str, chunk: Findings) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        store
            .write(move |transaction| findings::record(transaction, &run_id, &chunk))
            .await
    }

    /// Closes a run with its result. It stays closed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the run ended otherwise.
    pub async fn complete_run(
        &self,
        run_id: &str,
        completion: RunCompletion,
    ) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        store
            .write(move |transaction| runs::complete(transaction, &run_id, &completion))
            .await
    }

    /// Closes a run without a result. It may be opened again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the run ended otherwise.
    pub async fn fail_run(&self, run_id: &str, failure: RunFailure) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        store
            .write(move |transaction| runs::fail(transaction, &run_id, &failure))
            .await
    }
}

/// The audit trail.
impl Store {
    /// Appends entries to their streams; those that are there already must be the same.
    ///
    /// # Errors
    /// [`StoreError::Fork`] when another entry is on record where one belongs.
    pub async fn append_audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        store
            .write(move |transaction| audit::append(transaction, &entries))
            .await
    }

    /// Where a stream ends; empty when there is none.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn audit_head(&self, stream: &str) -> Result<AuditHead, StoreError> {
        let Store::Sqlite(store) = self;
        let stream = stream.to_owned();
        store
            .read(move |transaction| audit::head(transaction, &stream))
            .await
    }

    /// All of a stream with its head, as stored: hold it against [`domain::audit::verify`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names an entry that can't be read; [`StoreError::NotFound`].
    pub async fn audit(&self, stream: &str) -> Result<AuditStream, StoreError> {
        let Store::Sqlite(store) = self;
        let stream = stream.to_owned();
        store
            .read(move |transaction| audit::stream(transaction, &stream))
            .await
    }

    /// Names of streams in order, at most [`LISTED_MAX`], behind the name `after`; empty for the
    /// first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn streams(&self, after: &str) -> Result<Vec<String>, StoreError> {
        let Store::Sqlite(store) = self;
        let after = after.to_owned();
        store
            .read(move |transaction| audit::streams(transaction, &after, LISTED_MAX))
            .await
    }
}

/// Cases and alerts. The store numbers their audit entries, in the transaction that they tell of.
impl Store {
    /// A case begins: puts `case_opened` on its stream, once, and gives what is known of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when `subject_id` is neither a discrepancy nor a summary.
    pub async fn open_case(&self, subject_id: &str, at: Timestamp) -> Result<CaseRow, StoreError> {
        let Store::Sqlite(store) = self;
        let subject_id = subject_id.to_owned();
        store
            .write(move |transaction| cases::open(transaction, &subject_id, at))
            .await
    }

    /// One alert.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn alert(&self, alert_id: &str) -> Result<AlertRow, StoreError> {
        let Store::Sqlite(store) = self;
        let alert_id = alert_id.to_owned();
        store
            .read(move |transaction| alerts::get(transaction, &alert_id))
            .await
    }

    /// Alerts, newest first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn alerts(&self, filter: AlertFilter) -> Result<Vec<AlertRow>, StoreError> {
        let Store::Sqlite(store) = self;
        store
            .read(move |transaction| alerts::list(transaction, &filter))
            .await
    }

    /// The alerts of one case (by workflow id), by their ids.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn alerts_of_case(&self, case_id: &str) -> Result<Vec<AlertRow>, StoreError> {
        let Store::Sqlite(store) = self;
        let case_id = case_id.to_owned();
        store
            .read(move |transaction| alerts::of_case(transaction, &case_id))
            .await
    }

    /// A delivery is about to begin; says whether it is still wanted, and counts it if so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn begin_delivery(&self, alert_id: &str) -> Result<Delivery, StoreError> {
        let Store::Sqlite(store) = self;
        let alert_id = alert_id.to_owned();
        store
            .write(move |transaction| alerts::begin(transaction, &alert_id))
            .await
    }

    /// A delivery failed and will be tried again: keeps why.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delivery_failed(&self, alert_id: &str, error: &str) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        let (alert_id, error) = (alert_id.to_owned(), error.to_owned());
        store
            .write(move |transaction| alerts::failed(transaction, &alert_id, &error))
            .await
    }

    /// The channel took the alert: `alert_sent` on its case's stream. The first time counts.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn alert_sent(
        &self,
        alert_id: &str,
        at: Timestamp,
        provider_reference: Option<String>,
    ) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        let alert_id = alert_id.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            alerts::sent(transaction, &alert_id, at, provider_reference.as_deref())
        };
        store.write(work).await
    }

    /// The channel refused the alert for good: `alert_dead` on its case's stream. An alert that was
    /// sent stays sent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn alert_dead(
        &self,
        alert_id: &str,
        at: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self;
        let (alert_id, error) = (alert_id.to_owned(), error.to_owned());
        store
            .write(move |transaction| alerts::dead(transaction, &alert_id, at, &error))
            .await
    }

    /// Makes dead alerts pending again, `alert_redriven` on their cases' streams, and gives the
    /// workflow ids of the cases to wake. May be repeated when waking them failed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when an id is not on record; nothing is redriven then.
    pub async fn redrive(
        &self,
        selection: Redrive,
        actor: &str,
        at: Timestamp,
    ) -> Result<BTreeSet<String>, StoreError> {
        let Store::Sqlite(store) = self;
        let actor = actor.to_owned();
        store
            .write(move |transaction| alerts::redrive(transaction, &selection, &actor, at))
            .await
    }
}

/// What people list.
impl Store {
    /// Runs, newest first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRow>, StoreError> {
        let Store::Sqlite(store) = self;
        store
            .read(move |transaction| listing::runs(transaction, &filter))
            .await
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn run(&self, run_id: &str) -> Result<RunRow, StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| runs::get(transaction, &run_id))
            .await
    }

    /// Inputs of a run's last execution, the partner's first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run.
    pub async fn inputs(&self, run_id: &str) -> Result<Vec<InputRow>, StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| inputs::of_run(transaction, &run_id))
            .await
    }

    /// Rejects of a run's last execution, in order of their lines, the partner's first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run.
    pub async fn rejects(&self, run_id: &str) -> Result<Vec<RejectRow>, StoreError> {
        let Store::Sqlite(store) = self;
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| inputs::rejects(transaction, &run_id))
            .await
    }

    /// Discrepancies, the most severe first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn discrepancies(
        &self,
        filter: DiscrepancyFilter,
    ) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let Store::Sqlite(store) = self;
        store
            .read(move |transaction| listing::discrepancies(transaction, &filter))
            .await
    }

    /// One discrepancy, as the last run that saw it found it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn discrepancy(&self, id: &str) -> Result<DiscrepancyRow, StoreError> {
        let Store::Sqlite(store) = self;
        let id = id.to_owned();
        store
            .read(move |transaction| listing::discrepancy(transaction, &id))
            .await
    }
}
