//! Rows that hold personal texts, for those who change them in place: sealing them with a newer key,
//! and erasing a person's data. Nothing else of a row ever changes.

use domain::alert::AlertContent;
use domain::audit::AuditEvent;
use domain::discrepancy::Discrepancy;
use domain::record::Reject;
use futures::FutureExt;
use jiff::Timestamp;
use rusqlite::Transaction;

use super::sqlite::personal;
use super::{Store, StoreError, content};

/// Most rows that one call looks at.
pub(super) const ROWS_PER_CALL: u32 = 500;

/// Which rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PersonalRows {
    /// Discrepancies, as every run found them.
    Discrepancies,
    /// Rejects.
    Rejects,
    /// What alerts say.
    Alerts,
}

impl PersonalRows {
    /// All of them.
    pub const ALL: [PersonalRows; 3] = [
        PersonalRows::Discrepancies,
        PersonalRows::Rejects,
        PersonalRows::Alerts,
    ];
}

/// One of them, its texts as they are kept.
pub(crate) enum PersonalRow<'r> {
    /// A discrepancy.
    Discrepancy(&'r mut Discrepancy),
    /// A reject.
    Reject(&'r mut Reject),
    /// What an alert says.
    Alert(&'r mut AlertContent),
}

/// How far a pass over rows has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Passed {
    /// Where to go on; none at the end.
    pub(crate) next: Option<String>,
    /// Rows that were changed.
    pub(crate) changed: u64,
}

/// What is done to a row; whether it was changed.
pub(crate) type Change = Box<dyn FnMut(PersonalRow<'_>) -> Result<bool, StoreError> + Send>;

impl Store {
    /// Says on a stream of its own what was done to personal data.
    ///
    /// # Errors
    /// The store can't be used.
    pub(crate) async fn note_privacy(
        &self,
        stream: String,
        at: Timestamp,
        by: &str,
        event: AuditEvent,
        fields: Vec<(&'static str, String)>,
    ) -> Result<(), StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .note_privacy(&stream, at, by, event, &fields)
                    .boxed()
                    .await;
            }
        };
        let by = by.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            personal::note(transaction, &stream, at, &by, event, fields)
        };
        store.write(work).await
    }

    /// Makes sure that nothing of what was overwritten is left in the store's files.
    ///
    /// # Errors
    /// The store can't be used.
    pub(crate) async fn forget_overwritten(&self) -> Result<(), StoreError> {
        match self {
            Store::Sqlite(store) => store.fold_log().await,
            // Nothing of ours keeps it; backups do, for as long as they are kept.
            Store::Dynamo(_) => Ok(()),
        }
    }

    /// Hands some rows to `change`, and keeps those that it changed: in SQLite all or none, in DynamoDB
    /// one after the other. Begins after
    /// `after`, with the first one where that is empty; of one source, or of all.
    ///
    /// # Errors
    /// The store can't be used, or what `change` fails with: nothing is changed then.
    pub(crate) async fn change_personal(
        &self,
        rows: PersonalRows,
        source: Option<String>,
        after: String,
        mut change: Change,
    ) -> Result<Passed, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .change_personal(rows, source.as_deref(), &after, &mut change)
                    .boxed()
                    .await;
            }
        };
        let work = move |transaction: &Transaction<'_>| {
            personal::change(transaction, rows, source.as_deref(), &after, &mut change)
        };
        store.write(work).await
    }
}

/// The content of a row that was changed, and what the discrepancy in it is called.
pub(super) fn changed_content(
    rows: PersonalRows,
    kept: &str,
    change: &mut Change,
) -> Result<Option<(String, Option<String>)>, StoreError> {
    let changed = match rows {
        PersonalRows::Discrepancies => {
            let mut found = content::discrepancy(kept)?;
            let is_changed = change(PersonalRow::Discrepancy(&mut found))?;
            let text = content::discrepancy_text(&found)?;
            is_changed.then_some((text, Some(found.reference.into())))
        }
        PersonalRows::Rejects => {
            let mut found = content::reject(kept)?;
            let is_changed = change(PersonalRow::Reject(&mut found))?;
            let text = content::reject_text(&found)?;
            is_changed.then_some((text, None))
        }
        PersonalRows::Alerts => {
            let mut found = content::alert(kept)?;
            let is_changed = change(PersonalRow::Alert(&mut found))?;
            let text = content::alert_text(&found)?;
            is_changed.then_some((text, None))
        }
    };
    Ok(changed)
}
