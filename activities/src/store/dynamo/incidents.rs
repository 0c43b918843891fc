//! Incidents: told once, with a case from the beginning, of runs that may never have been opened.

use domain::alert::IncidentKind;
use domain::case::CaseState;
use jiff::Timestamp;
use jiff::civil::Date;

use super::audit;
use super::item::Item;
use super::keys::Key;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, alerts, cases, keys};
use crate::store::note::Note;
use crate::store::{CaseRow, Incident, StoreError};

/// The partition in the index `list` of all incidents.
pub(super) const LISTED: &str = "incidents";

impl DynamoStore {
    pub(in crate::store) async fn raise(
        &self,
        incident: &Incident,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move { raise(&unit, incident, at).await })
            .await
    }

    /// Incidents of a source's day whose cases are open.
    pub(in crate::store) async fn open_incidents(
        &self,
        source: &str,
        business_date: Date,
    ) -> Result<Vec<(IncidentKind, String)>, StoreError> {
        let query = Query::of(keys::incidents(source, business_date));
        let mut open = Vec::new();
        for (key, item) in self.query(query).await? {
            if self.has_open_case(&key.sk).await? {
                open.push((item.parse("kind", IncidentKind::parse)?, key.sk));
            }
        }
        Ok(open)
    }

    /// The cases of all open incidents, the latest day first.
    pub(in crate::store) async fn incident_cases(
        &self,
        source: Option<&str>,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let mut open = Vec::new();
        for (key, item) in self.query(Query::listed(LISTED)).await? {
            let of = item.text("source")?;
            if source.is_some_and(|source| source != of) {
                continue;
            }
            if self.has_open_case(&key.sk).await? {
                open.extend(self.find_case(&key.sk).await?);
            }
        }
        Ok(open)
    }

    async fn has_open_case(&self, id: &str) -> Result<bool, StoreError> {
        match self.get(&keys::case(id)).await? {
            Some(case) => Ok(case.parse("state", CaseState::parse)?.is_open()),
            None => Ok(false),
        }
    }
}

/// Puts an incident on record with its case and its alerts, once.
pub(super) async fn raise(
    unit: &Unit,
    incident: &Incident,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(id) = incident.id() else {
        return Ok(());
    };
    let key = Key::new(
        keys::incidents(&incident.source, incident.business_date),
        id,
    );
    if unit.get(&key).await?.is_some() {
        return Ok(());
    }
    for alert in &incident.alerts {
        alerts::insert(unit, alert, at).await?;
    }
    let row = cases::get(unit, id).await?;
    cases::begin(unit, &row, at).await?;
    let order = format!("{}#{id}", keys::latest_first(incident.business_date));
    let item = Item::default()
        .with("source", &incident.source)
        .with("business_date", incident.business_date.to_string())
        .with("kind", incident.kind.name())
        .with("run_id", &incident.run_id)
        .with_time("raised_at", at)
        .listed(LISTED, order);
    unit.put(key, item);
    for alert in &incident.alerts {
        audit::note(unit, Note::intended(alert, at)).await?;
    }
    Ok(())
}
