//! What is on record: runs, inputs, discrepancies, cases, alerts and the audit trail.
//!
//! Every write is one transaction and may be repeated: the second time changes nothing, and other
//! content under the same key is refused. Decides nothing about money or people; it keeps what
//! the domain decided. Audit entries are never changed or deleted, nor is anything a failed attempt
//! at a run left behind.

mod alert_json;
mod attention;
mod case_rules;
mod cases;
mod causes;
mod checkpoints;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod content;
mod delivering;
mod digests;
mod dynamo;
mod error;
mod filter;
mod incidents;
mod model;
mod names;
mod note;
mod personal;
mod positions;
mod reading;
mod reviews;
mod run_rules;
pub(crate) mod sealing;
mod sqlite;
mod state;
mod text;
mod told;
mod trail;

use std::path::PathBuf;

use aws_sdk_dynamodb::Client as DynamoClient;
use domain::audit::AuditEntry;
use domain::record::Reject;
use futures::FutureExt;
use rusqlite::Transaction;

pub use attention::{Attention, Reminding};
pub use cases::{ACTS_PER_CALL_MAX, ActOutcome, Acted, Acting, BeforeAct, CaseRow, Denied};
pub use causes::{CauseCase, CauseFilter};
pub use checkpoints::CHECKPOINTS_PER_CALL_MAX;
pub use digests::OpenDiscrepancy;
pub use dynamo::{
    Capacity, Copied, DynamoConfig, DynamoStore, PointInTimeRecovery, TableFacts, create_table,
    describe_table, dynamo_client, dynamo_client_as, metered,
};
pub use error::StoreError;
pub use filter::{AlertFilter, DiscrepancyFilter, LISTED_MAX, Page, RunFilter};
pub use incidents::Incident;
pub use model::{
    AlertRow, AuditStream, Delivery, DiscrepancyRow, FailureCause, Finding, Findings, InputRow,
    Opened, REJECTS_PER_INPUT_MAX, Redrive, RejectRow, RowCounts, RunCompletion, RunFailure,
    RunOpening, RunRow, SEEN_MAX, SeenInput,
};
pub(crate) use personal::PersonalRow;
pub use personal::PersonalRows;
pub use positions::{Committed, NewPosition, TURN_KEPT_SECONDS, Turn};
pub use reviews::{BeginningReview, Restatement, ReviewRow, SignOff};
pub use sqlite::SqliteStore;
pub use state::{AlertState, CaseState, RunState};
pub use told::{Reopening, ToldBefore};
pub use trail::TrailEntry;

use crate::vault::Vault;
use sqlite::{audit, findings, inputs, runs};

/// Who is on the audit trail when no person did it.
pub const TRUEUP: &str = domain::case::SYSTEM;

/// A store, whichever it is. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub enum Store {
    /// One SQLite file.
    Sqlite(SqliteStore),
    /// A table of DynamoDB.
    Dynamo(DynamoStore),
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

    /// The store in DynamoDB, by the standard AWS environment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such table; it can't be reached or used.
    pub async fn dynamo(config: &DynamoConfig) -> Result<Self, StoreError> {
        Self::in_table(dynamo_client(config).await, &config.table).await
    }

    /// The store in the table that a client reaches.
    ///
    /// # Errors
    /// As [`Store::dynamo`].
    pub async fn in_table(client: DynamoClient, table: &str) -> Result<Self, StoreError> {
        DynamoStore::open(client, table).await.map(Store::Dynamo)
    }
}

/// Moving.
impl Store {
    /// Copies all of an embedded store into an empty table, and holds every item of it against the
    /// file. A copy that was cut off is taken up. Nothing may work on either meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the table holds something else, or for any other pair of
    /// stores; either can't be used.
    pub async fn copy_to(&self, to: &Store) -> Result<Copied, StoreError> {
        match (self, to) {
            (Store::Sqlite(from), Store::Dynamo(to)) => to.copy_from(from).await,
            _ => Err(StoreError::Conflict(
                "a store is copied from a SQLite file to a table of DynamoDB".to_owned(),
            )),
        }
    }
}

/// What it costs.
impl Store {
    /// Adds what a step of a run used to the run's account; a store that does not charge has none.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn charge(&self, run_id: &str, used: Capacity) -> Result<(), StoreError> {
        match self {
            Store::Sqlite(_) => Ok(()),
            Store::Dynamo(store) => store.charge(run_id, used).boxed().await,
        }
    }

    /// What the steps of a run used so far; none of a store that does not charge, or of a run that was
    /// copied.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn capacity(&self, run_id: &str) -> Result<Option<Capacity>, StoreError> {
        match self {
            Store::Sqlite(_) => Ok(None),
            Store::Dynamo(store) => store.capacity(run_id).boxed().await,
        }
    }

    /// This store, with personal texts that this vault seals and opens.
    #[must_use]
    pub fn sealed_with(self, vault: Vault) -> Self {
        match self {
            Store::Sqlite(store) => Store::Sqlite(store.sealed_with(vault)),
            Store::Dynamo(store) => Store::Dynamo(store.sealed_with(vault)),
        }
    }

    fn vault(&self) -> &Vault {
        match self {
            Store::Sqlite(store) => store.vault(),
            Store::Dynamo(store) => store.vault(),
        }
    }
}

/// What a run writes.
impl Store {
    /// Opens a run, or finds it open or completed; a run of a whole source only when it is its turn.
    /// The store puts `run_opened` on its stream, once per execution of the workflow.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is on record for another source, date, scope or
    /// generation.
    pub async fn open_run(&self, opening: RunOpening) -> Result<Opened, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.open_run(&opening).boxed().await,
        };
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
        let rejects = sealing::sealed_rejects(self.vault(), rejects);
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .seal_input(run_id, &input, &rejects, &audit)
                    .boxed()
                    .await;
            }
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.input_seen(source, sha256, run_id).boxed().await,
        };
        let (source, sha256, run_id) = (source.to_owned(), sha256.to_owned(), run_id.to_owned());
        store
            .read(move |transaction| inputs::seen(transaction, &source, &sha256, &run_id))
            .await
    }

    /// Those of `ids` (of discrepancies), in order, that an earlier run than `run_id` found first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn seen_before(
        &self,
        ids: Vec<String>,
        run_id: &str,
    ) -> Result<Vec<String>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.seen_before(ids, run_id).boxed().await,
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| findings::seen_before(transaction, ids, &run_id))
            .await
    }

    /// Puts discrepancies, their cases, the alerts about them and audit entries on record together.
    /// An alert that is on record stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a discrepancy is on record for this execution with other
    /// content; [`StoreError::Fork`] when an audit entry is.
    pub async fn record_findings(&self, run_id: &str, chunk: Findings) -> Result<(), StoreError> {
        let vault = self.vault();
        if !vault.has_keys() {
            return self.record_sealed(run_id, chunk, vault).await;
        }
        let recorded = self.record_sealed(run_id, chunk.clone(), vault).await;
        // What an earlier attempt wrote may be sealed with a key that was the newest then.
        if matches!(recorded, Err(StoreError::Conflict(_))) {
            for before in vault.earlier() {
                let again = self.record_sealed(run_id, chunk.clone(), &before).await;
                if again.is_ok() {
                    return again;
                }
            }
        }
        recorded
    }

    async fn record_sealed(
        &self,
        run_id: &str,
        chunk: Findings,
        vault: &Vault,
    ) -> Result<(), StoreError> {
        let chunk = sealing::sealed_findings(vault, chunk);
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.record_findings(run_id, &chunk).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.complete_run(run_id, &completion).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.fail_run(run_id, &failure).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.append_audit(&entries).boxed().await,
        };
        store
            .write(move |transaction| audit::append(transaction, &entries))
            .await
    }
}
