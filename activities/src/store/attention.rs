//! Reminders of a case: each is on record once, together with the alerts that tell of it.

use domain::alert::AlertIntent;
use futures::FutureExt;
use jiff::Timestamp;

use super::sqlite::attention;
use super::{CaseRow, Store, StoreError};

/// What reminders of a case go by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attention {
    /// When its workflow first began, or when it was last opened again; none before.
    pub since: Option<Timestamp>,
    /// The last reminder since then; 0 before the first.
    pub level: u32,
    /// How many reminders it ever had: they number the alerts.
    pub reminders: u32,
}

impl Attention {
    /// Its workflow begins: the first time counts.
    pub(super) fn begun(self, at: Timestamp) -> Self {
        Attention {
            since: self.since.or(Some(at)),
            ..self
        }
    }

    /// It is opened again: reminders begin anew, under new numbers.
    pub(super) fn restarted(self, at: Timestamp) -> Self {
        Attention {
            since: Some(at),
            level: 0,
            reminders: self.reminders,
        }
    }

    /// Somebody is reminded once more.
    pub(super) fn reminded(self, level: u32) -> Self {
        Attention {
            level,
            reminders: self.reminders.saturating_add(1),
            ..self
        }
    }
}

/// A reminder of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reminding {
    /// Id of its discrepancy, or of the summary.
    pub id: String,
    /// What was known when it was decided: the reminder belongs to this and to nothing else.
    pub after: Attention,
    /// Which one it is.
    pub level: u32,
    /// Who is told what. A channel that still has an earlier alert of this case to tell is not
    /// told as well.
    pub alerts: Vec<AlertIntent>,
}

impl Reminding {
    /// Whether the case still stands as it did when this was decided.
    pub(super) fn is_wanted(&self, row: &CaseRow) -> bool {
        let is_waiting = row.case.state.is_open() && row.case.acknowledged_by.is_none();
        is_waiting && row.attention == self.after
    }
}

/// Reminders.
impl Store {
    /// Puts a reminder on record: its alerts, `case_escalated` on the case's stream, and its level.
    /// Nothing, if the case moved on since it was decided. Gives the case as it stands now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such case.
    pub async fn remind(&self, reminding: Reminding, at: Timestamp) -> Result<CaseRow, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.remind(&reminding, at).boxed().await,
        };
        store
            .write(move |transaction| attention::remind(transaction, &reminding, at))
            .await
    }

    /// Whether a case that tells of many discrepancies still concerns anybody: one of them is open,
    /// or it tells of none.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn concerns_anybody(&self, case_id: &str) -> Result<bool, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.concerns_anybody(case_id).boxed().await,
        };
        let case_id = case_id.to_owned();
        store
            .read(move |transaction| attention::concerns_anybody(transaction, &case_id))
            .await
    }
}
