//! Alerts on their way. The store numbers the audit entries of a case itself, in the transaction
//! that they tell of: deliveries of one case and people at the command line write side by side.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use futures::FutureExt;
use jiff::Timestamp;
use rusqlite::Transaction;

use super::sqlite::alerts;
use super::{AlertFilter, AlertRow, Delivery, Redrive, Store, StoreError};

/// Alerts.
impl Store {
    /// One alert.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn alert(&self, alert_id: &str) -> Result<AlertRow, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.alert(alert_id).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.alerts(&filter).boxed().await,
        };
        store
            .read(move |transaction| alerts::list(transaction, &filter))
            .await
    }

    /// The alerts of one case (by workflow id), by their ids.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn alerts_of_case(&self, case_id: &str) -> Result<Vec<AlertRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.alerts_of_case(case_id).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.begin_delivery(alert_id).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.delivery_failed(alert_id, error).boxed().await,
        };
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .alert_sent(alert_id, at, provider_reference.as_deref())
                    .boxed()
                    .await;
            }
        };
        let alert_id = alert_id.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            alerts::sent(transaction, &alert_id, at, provider_reference.as_deref())
        };
        store.write(work).await
    }

    /// The channel refused the alert for good: `alert_dead` on its case's stream, and the alert that
    /// is told by another channel `instead`. An alert that was sent stays sent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn alert_dead(
        &self,
        alert_id: &str,
        at: Timestamp,
        error: &str,
        instead: Option<AlertIntent>,
    ) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .alert_dead(alert_id, at, error, instead.as_ref())
                    .boxed()
                    .await;
            }
        };
        let (alert_id, error) = (alert_id.to_owned(), error.to_owned());
        let work = move |transaction: &Transaction<'_>| {
            alerts::dead(transaction, &alert_id, at, &error, instead.as_ref())
        };
        store.write(work).await
    }

    /// The channel did not take the alert in time: `alert_diverted` on its case's stream, together
    /// with the alert that is told `instead`. Nothing, if the alert was sent or is dead.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn divert_alert(
        &self,
        alert_id: &str,
        at: Timestamp,
        instead: AlertIntent,
    ) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store.divert_alert(alert_id, at, &instead).boxed().await;
            }
        };
        let alert_id = alert_id.to_owned();
        store
            .write(move |transaction| alerts::divert(transaction, &alert_id, at, &instead))
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
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.redrive(&selection, actor, at).boxed().await,
        };
        let actor = actor.to_owned();
        store
            .write(move |transaction| alerts::redrive(transaction, &selection, &actor, at))
            .await
    }
}
