//! What is open of a source, read page by page; and the digests that told of it.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::severity::Severity;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::audit;
use super::keys::SHARDS;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, alerts, keys};
use crate::store::note::Note;
use crate::store::{OpenDiscrepancy, StoreError};

/// Discrepancies that are read ahead of whoever folds them.
const READ_AHEAD: usize = 500;

impl DynamoStore {
    /// Hands over what is open, one after the other.
    pub(in crate::store) async fn fold_open<T: Send + 'static>(
        &self,
        source: &str,
        severities: &BTreeSet<Severity>,
        fold: impl FnOnce(&mut dyn Iterator<Item = OpenDiscrepancy>) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, mut receiver) = mpsc::channel(READ_AHEAD);
        // Folding waits for the next one in a thread of its own.
        let folding = tokio::task::spawn_blocking(move || {
            fold(&mut std::iter::from_fn(|| receiver.blocking_recv()))
        });
        let read = self.send_open(source, severities, sender).await;
        let folded = folding
            .await
            .map_err(|_| StoreError::Unavailable("the process is ending".to_owned()))?;
        read.map(|()| folded)
    }

    async fn send_open(
        &self,
        source: &str,
        severities: &BTreeSet<Severity>,
        sender: mpsc::Sender<OpenDiscrepancy>,
    ) -> Result<(), StoreError> {
        let last = self.get(&keys::last_digest(source)).await?;
        let last = last.map(|item| item.at("at")).transpose()?;
        for severity in severities {
            for shard in SHARDS {
                let partition = keys::listed_cases(source, true, shard);
                let prefix = format!("{}#", keys::rank(*severity));
                let query = Query::listed(partition).beginning(prefix);
                let mut from = None;
                loop {
                    let page = self.query_page(&query, from).await?;
                    for (found, case) in self.with_content(page.items).await? {
                        let first_seen = case.at("first_seen_at")?;
                        let open = OpenDiscrepancy {
                            discrepancy: found,
                            is_new: last.is_none_or(|last| first_seen > last),
                        };
                        if sender.send(open).await.is_err() {
                            return Ok(());
                        }
                    }
                    from = page.next;
                    if from.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts an alert of a case without discrepancies on record, once.
    pub(in crate::store) async fn intend(
        &self,
        alert: &AlertIntent,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move { intend(&unit, alert, at).await })
            .await
    }
}

async fn intend(unit: &Unit, alert: &AlertIntent, at: Timestamp) -> Result<(), StoreError> {
    if unit.get(&keys::case_of_alert(&alert.id)).await?.is_some() {
        return Ok(());
    }
    alerts::insert(unit, alert, at).await?;
    audit::note(unit, Note::intended(alert, at)).await
}
