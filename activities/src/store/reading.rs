//! What people list and auditors verify.

use std::collections::BTreeSet;

use domain::alert::CurrencyTotal;
use domain::audit::AuditHead;
use futures::FutureExt;
use rusqlite::Transaction;

use super::sealing;
use super::sqlite::{audit, inputs, listing, runs};
use super::{
    AuditStream, DiscrepancyFilter, DiscrepancyRow, InputRow, Page, RejectRow, RunFilter, RunRow,
    Store, StoreError,
};

/// Runs and discrepancies.
impl Store {
    /// Runs, newest first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.runs(&filter).boxed().await,
        };
        store
            .read(move |transaction| listing::runs(transaction, &filter))
            .await
    }

    /// All runs of a source, or of all sources, newest first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn runs_of(&self, source: Option<&str>) -> Result<Vec<RunRow>, StoreError> {
        Page::all(|page| {
            self.runs(RunFilter {
                source: source.map(str::to_owned),
                page,
                ..RunFilter::default()
            })
        })
        .await
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn run(&self, run_id: &str) -> Result<RunRow, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.run(run_id).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.inputs(run_id).boxed().await,
        };
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
        let mut rejects = match self {
            Store::Dynamo(store) => store.rejects(run_id).boxed().await?,
            Store::Sqlite(store) => {
                let run_id = run_id.to_owned();
                let work =
                    move |transaction: &Transaction<'_>| inputs::rejects(transaction, &run_id);
                store.read(work).await?
            }
        };
        for row in &mut rejects {
            sealing::open_reject(self.vault(), &mut row.reject)?;
        }
        Ok(rejects)
    }

    /// Discrepancies, the most severe first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn discrepancies(
        &self,
        filter: DiscrepancyFilter,
    ) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let filter = self.kept(filter);
        let mut rows = self.kept_discrepancies(filter).await?;
        for row in &mut rows {
            sealing::open(self.vault(), &mut row.discrepancy)?;
        }
        Ok(rows)
    }

    /// All discrepancies of a run's last execution, the most severe first. A run that is still
    /// recording may shift what is on the next page: none is told twice.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn discrepancies_of(&self, run_id: &str) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let all = Page::all(|page| {
            self.discrepancies(DiscrepancyFilter {
                run_id: Some(run_id.to_owned()),
                page,
                ..DiscrepancyFilter::default()
            })
        });
        let mut told = BTreeSet::new();
        let mut all = all.await?;
        all.retain(|row| told.insert(row.discrepancy.id));
        Ok(all)
    }

    async fn kept_discrepancies(
        &self,
        filter: DiscrepancyFilter,
    ) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.discrepancies(&filter).boxed().await,
        };
        store
            .read(move |transaction| listing::discrepancies(transaction, &filter))
            .await
    }

    /// Ids of the discrepancies that fit, in order, at most so many, whatever the filter's page.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn discrepancy_ids(
        &self,
        filter: DiscrepancyFilter,
        at_most: u64,
    ) -> Result<Vec<String>, StoreError> {
        let filter = self.kept(filter);
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.discrepancy_ids(&filter, at_most).boxed().await,
        };
        store
            .read(move |transaction| listing::ids(transaction, &filter, at_most))
            .await
    }

    /// How many discrepancies fit, and what is at stake, per currency, whatever the filter's page.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn count_and_sums(
        &self,
        filter: DiscrepancyFilter,
    ) -> Result<Vec<CurrencyTotal>, StoreError> {
        let filter = self.kept(filter);
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.count_and_sums(&filter).boxed().await,
        };
        store
            .read(move |transaction| listing::totals(transaction, &filter))
            .await
    }

    /// One discrepancy, as the last run that saw it found it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn discrepancy(&self, id: &str) -> Result<DiscrepancyRow, StoreError> {
        let mut row = match self {
            Store::Dynamo(store) => store.discrepancy(id).boxed().await?,
            Store::Sqlite(store) => {
                let id = id.to_owned();
                let work =
                    move |transaction: &Transaction<'_>| listing::discrepancy(transaction, &id);
                store.read(work).await?
            }
        };
        sealing::open(self.vault(), &mut row.discrepancy)?;
        Ok(row)
    }

    fn kept(&self, filter: DiscrepancyFilter) -> DiscrepancyFilter {
        let reference = filter.reference.as_deref();
        let reference = reference.map(|text| sealing::kept_reference(self.vault(), text).into());
        DiscrepancyFilter {
            reference,
            ..filter
        }
    }
}

/// The audit trail.
impl Store {
    /// Where a stream ends; empty when there is none.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn audit_head(&self, stream: &str) -> Result<AuditHead, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.audit_head(stream).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.audit(stream).boxed().await,
        };
        let stream = stream.to_owned();
        store
            .read(move |transaction| audit::stream(transaction, &stream))
            .await
    }
}
