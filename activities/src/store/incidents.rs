//! Incidents on record: what should have happened and did not, for a source and a day. Each is told
//! once, and has a case that says whether it is over.

use domain::alert::{AlertIntent, IncidentKind};
use futures::FutureExt;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Transaction;

use super::sqlite::incidents;
use super::{CaseRow, Store, StoreError};

/// Something that should have happened and did not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incident {
    /// What it is.
    pub kind: IncidentKind,
    /// The source.
    pub source: String,
    /// The day that is not reconciled.
    pub business_date: Date,
    /// The run that did not come, or failed.
    pub run_id: String,
    /// Who is told, all of one case: at least one.
    pub alerts: Vec<AlertIntent>,
}

impl Incident {
    /// Its id, that of its case.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        let case_id = &self.alerts.first()?.case_id;
        case_id.strip_prefix("case/")
    }
}

/// Incidents.
impl Store {
    /// Puts an incident, its case and its alerts on record together. One that is on record stays as
    /// it is.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn raise(&self, incident: Incident, at: Timestamp) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.raise(&incident, at).boxed().await,
        };
        let work =
            move |transaction: &Transaction<'_>| incidents::raise(transaction, &incident, at);
        store.write(work).await
    }

    /// Incidents of a source's day whose cases nobody and nothing has closed, by kind and case id.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn open_incidents(
        &self,
        source: &str,
        business_date: Date,
    ) -> Result<Vec<(IncidentKind, String)>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store.open_incidents(source, business_date).boxed().await;
            }
        };
        let source = source.to_owned();
        store
            .read(move |transaction| incidents::open_of_day(transaction, &source, business_date))
            .await
    }

    /// The cases of all open incidents, of one source or of all, the latest day first.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn incident_cases(&self, source: Option<String>) -> Result<Vec<CaseRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.incident_cases(source.as_deref()).boxed().await,
        };
        let work =
            move |transaction: &Transaction<'_>| incidents::open(transaction, source.as_deref());
        store.read(work).await
    }
}
