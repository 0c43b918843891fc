//! Copies an embedded store into a table, and holds every item against what was copied.
//!
//! Reads one state of the file, whatever is written meanwhile. The table has to be empty, or be left
//! by a copy that was cut off, which is taken up. Nothing may work on either while it is copied.

mod cases;
mod rows;
mod runs;
mod told;
mod trail;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use futures::stream::{self, StreamExt, TryStreamExt};
use rusqlite::Transaction;
use tokio::sync::mpsc;

use super::failed::store_error;
use super::item::Item;
use super::keys::{self, Key};
use super::table_access::{AT_ONCE, Query};
use super::{DynamoStore, pause};
use crate::store::{SqliteStore, StoreError};

/// Items of one request: DynamoDB's limit.
const ITEMS_AT_ONCE: usize = 25;
/// Bytes of texts of one request, below DynamoDB's 16 MB.
const READ_AHEAD: usize = 64;
/// How often what was left over of a request is written again before the copy fails.
const LEFT_OVER_TRIES: u32 = 12;

/// What was copied: how many items of each kind, by the first word of their keys.
pub type Copied = BTreeMap<String, u64>;

/// What the file holds, as items.
type Rows<'a> = &'a mut dyn FnMut(Key, Item) -> Result<(), StoreError>;

impl DynamoStore {
    /// Copies all of `from`, then reads all of it back and compares.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the table holds anything else, or an item is not what was
    /// copied; either store can't be used: the copy can be taken up then.
    pub(in crate::store) async fn copy_from(
        &self,
        from: &SqliteStore,
    ) -> Result<Copied, StoreError> {
        self.begin_copy().await?;
        self.each_batch(from, |batch| self.write_batch(batch))
            .await?;
        let copied = self
            .each_batch(from, |batch| self.compare_batch(batch))
            .await?;
        let done = Item::default().with("state", "done");
        self.write(|unit| {
            let done = done.clone();
            async move {
                unit.get(&marker()).await?;
                unit.put(marker(), done);
                Ok(())
            }
        })
        .await?;
        Ok(copied)
    }

    /// Marks the table as one that is being copied to.
    async fn begin_copy(&self) -> Result<(), StoreError> {
        if let Some(known) = self.get(&marker()).await? {
            return match known.text("state")?.as_str() {
                "copying" => Ok(()),
                _ => Err(StoreError::Conflict(format!(
                    "a store was copied to table {} before; copy to an empty table",
                    self.table
                ))),
            };
        }
        if !self
            .query(Query::listed("runs").at_most(1))
            .await?
            .is_empty()
        {
            return Err(StoreError::Conflict(format!(
                "table {} holds runs already; copy to an empty table",
                self.table
            )));
        }
        let copying = Item::default().with("state", "copying");
        self.put_first(&marker(), &copying).await
    }

    /// Hands over all that the file holds, some items at a time.
    async fn each_batch<F>(
        &self,
        from: &SqliteStore,
        work: impl Fn(Vec<(Key, Item)>) -> F,
    ) -> Result<Copied, StoreError>
    where
        F: Future<Output = Result<(), StoreError>>,
    {
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        let reading = from.read(move |transaction| read(transaction, &sender));
        let batches = stream::unfold(receiver, |mut receiver| async move {
            let batch: Vec<(Key, Item)> = receiver.recv().await?;
            Some((batch, receiver))
        });
        let counted = batches.map(|batch| {
            let kinds: Vec<String> = batch.iter().map(|(key, _)| kind(key)).collect();
            let done = work(batch);
            async move { done.await.map(|()| kinds) }
        });
        let working = counted.buffer_unordered(AT_ONCE).try_fold(
            Copied::new(),
            |mut copied, kinds| async move {
                for kind in kinds {
                    *copied.entry(kind).or_default() += 1;
                }
                Ok(copied)
            },
        );
        let (read, copied) = futures::future::join(reading, working).await;
        let copied = copied?;
        read?;
        Ok(copied)
    }

    async fn write_batch(&self, batch: Vec<(Key, Item)>) -> Result<(), StoreError> {
        let mut left = Vec::new();
        for (key, item) in batch {
            let item = self.with_parts(item).await?;
            let put = PutRequest::builder().set_item(Some(item.into_table(&key, 1)));
            let put = put
                .build()
                .map_err(|it| StoreError::corrupt("a request", it))?;
            left.push(WriteRequest::builder().put_request(put).build());
        }
        for tried in 0..LEFT_OVER_TRIES {
            let answer = self
                .client
                .batch_write_item()
                .request_items(&*self.table, left)
                .send()
                .await
                .map_err(store_error)?;
            let unprocessed = answer.unprocessed_items.unwrap_or_default();
            left = unprocessed.into_values().flatten().collect();
            if left.is_empty() {
                return Ok(());
            }
            pause(tried).await;
        }
        Err(StoreError::Unavailable(
            "DynamoDB does not write all that it is asked to; copy again".to_owned(),
        ))
    }

    async fn compare_batch(&self, batch: Vec<(Key, Item)>) -> Result<(), StoreError> {
        let mut found = self
            .get_all(batch.iter().map(|(key, _)| key.clone()))
            .await?;
        for (key, item) in batch {
            let wanted = self.with_parts(item).await?;
            let is_same = found
                .remove(&key)
                .is_some_and(|found| found.says_the_same_as(&wanted));
            if !is_same {
                return Err(StoreError::Conflict(format!(
                    "item {} / {} of table {} is not what was copied; copy to an empty table",
                    key.pk, key.sk, self.table
                )));
            }
        }
        Ok(())
    }

    /// With the parts of a text that is too large beside it.
    async fn with_parts(&self, mut item: Item) -> Result<Item, StoreError> {
        for name in ["content", "document"] {
            if let Some(text) = item.take(name) {
                self.set_large(&mut item, name, text).await?;
            }
        }
        Ok(item)
    }
}

fn marker() -> Key {
    Key::new("copy", "state")
}

/// The first word of a key: what kind of item it is.
fn kind(key: &Key) -> String {
    let word = key.pk.split('#').next().unwrap_or_default();
    word.to_owned()
}

fn read(
    transaction: &Transaction<'_>,
    sender: &mpsc::Sender<Vec<(Key, Item)>>,
) -> Result<(), StoreError> {
    let mut batch: BTreeMap<Key, Item> = BTreeMap::new();
    let mut add = |key: Key, item: Item| {
        batch.insert(key, item);
        match batch.len() < ITEMS_AT_ONCE {
            true => Ok(()),
            false => send(sender, &mut batch),
        }
    };
    runs::read(transaction, &mut add)?;
    cases::read(transaction, &mut add)?;
    told::read(transaction, &mut add)?;
    trail::read(transaction, &mut add)?;
    send(sender, &mut batch)
}

fn send(
    sender: &mpsc::Sender<Vec<(Key, Item)>>,
    batch: &mut BTreeMap<Key, Item>,
) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    let items = std::mem::take(batch).into_iter().collect();
    sender
        .blocking_send(items)
        .map_err(|_| StoreError::Unavailable("the copy was given up".to_owned()))
}

/// A source that has cases.
fn source(name: &str) -> (Key, Item) {
    (keys::source(name), Item::default().with("source", name))
}
