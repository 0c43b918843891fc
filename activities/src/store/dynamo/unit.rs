//! Units of work: read, decide, and write all of it together, if nothing that is written changed
//! since it was read.
//!
//! A unit is one transaction of DynamoDB. Each write is conditional on the revision that was read,
//! or on that there is nothing. When something moved, the work is done again from what is there
//! then. That also answers what an ambiguous failure means: a write that took effect although its
//! answer got lost is found by the next try, which writes nothing twice, since all that a store
//! does has natural keys.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnConsumedCapacity, TransactWriteItem,
};

use futures::FutureExt;

use super::failed::{self, Failed};
use super::item::{Item, REVISION};
use super::keys::Key;
use super::table_access::Query;
use super::{DynamoStore, pause};
use crate::store::StoreError;

/// Most writes of one transaction.
pub(super) const WRITES_MAX: usize = 100;
/// Most bytes of one transaction, below DynamoDB's 4 MB.
pub(super) const BYTES_MAX: usize = 3_500_000;
/// How often a unit is tried before the call fails. Whoever loses a race waits longer each time.
const TRIES_MAX: u32 = 40;

/// One try at a unit of work. Clones are the same unit.
#[derive(Clone)]
pub(super) struct Unit {
    store: DynamoStore,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    seen: BTreeMap<Key, Option<Item>>,
    writes: BTreeMap<Key, Option<Item>>,
}

impl DynamoStore {
    /// Does `work` and writes what it wants written, all or nothing.
    pub(super) async fn write<T, F>(&self, work: impl Fn(Unit) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        for tried in 0..TRIES_MAX {
            let unit = Unit {
                store: self.clone(),
                state: Arc::default(),
            };
            // On the heap, and of no type of its own: units are within units of what calls them.
            let done = work(unit.clone()).boxed().await?;
            match unit.commit().await {
                Ok(()) => return Ok(done),
                Err(Failed::Store(error)) => return Err(error),
                Err(Failed::Moved) => pause(tried).await,
            }
        }
        Err(StoreError::Unavailable(
            "others write the same all the time, or DynamoDB refuses more writes".to_owned(),
        ))
    }

    /// Writes one item unless there is one.
    pub(super) async fn put_first(&self, key: &Key, item: &Item) -> Result<(), StoreError> {
        self.write(|unit| async move { unit.put_first(key.clone(), item.clone()).await })
            .await
    }
}

impl Unit {
    /// The item of this key, as this unit would leave it.
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        let found = self.store.get(key).await?;
        self.state().seen.insert(key.clone(), found.clone());
        Ok(found)
    }

    /// Reads many items at once, for [`Unit::get`].
    pub(super) async fn read_ahead(
        &self,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<(), StoreError> {
        let keys: Vec<Key> = keys.into_iter().collect();
        let mut found = self.store.get_all(keys.iter().cloned()).await?;
        let mut state = self.state();
        for key in keys {
            let item = found.remove(&key);
            state.seen.entry(key).or_insert(item);
        }
        Ok(())
    }

    /// What a query finds, as this unit would leave it.
    pub(super) async fn query(
        &self,
        partition: &str,
        prefix: &str,
    ) -> Result<BTreeMap<Key, Item>, StoreError> {
        let query = Query::of(partition).beginning(prefix);
        let found = self.store.query(query).await?;
        let mut all: BTreeMap<Key, Item> = found.into_iter().collect();
        let mut state = self.state();
        for (key, item) in &all {
            let seen = state.seen.entry(key.clone());
            seen.or_insert_with(|| Some(item.clone()));
        }
        let own = state.writes.iter();
        for (key, item) in own.filter(|(key, _)| key.pk == partition && key.sk.starts_with(prefix))
        {
            match item {
                Some(item) => all.insert(key.clone(), item.clone()),
                None => all.remove(key),
            };
        }
        Ok(all)
    }

    /// Reads that this unit's writes do not depend on.
    pub(super) fn store(&self) -> &DynamoStore {
        &self.store
    }

    /// Writes an item. One that was not read must not be there.
    pub(super) fn put(&self, key: Key, item: Item) {
        self.state().writes.insert(key, Some(item));
    }

    /// Writes an item unless there is one.
    pub(super) async fn put_first(&self, key: Key, item: Item) -> Result<(), StoreError> {
        if self.get(&key).await?.is_none() {
            self.put(key, item);
        }
        Ok(())
    }

    /// Removes an item that was read.
    pub(super) fn delete(&self, key: Key) {
        self.state().writes.insert(key, None);
    }

    fn known(&self, key: &Key) -> Option<Option<Item>> {
        let state = self.state();
        let own = state.writes.get(key);
        own.or_else(|| state.seen.get(key)).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn commit(self) -> Result<(), Failed> {
        let state = std::mem::take(&mut *self.state());
        let State { mut seen, writes } = state;
        let mut changes = Vec::new();
        for (key, item) in writes {
            let before = seen.remove(&key).flatten();
            // Nothing to write, nothing to remove.
            if before == item {
                continue;
            }
            let revision = before.as_ref().map_or(Ok(0), Item::revision)?;
            changes.push(Change {
                key,
                item,
                revision: before.is_some().then_some(revision),
            });
        }
        match changes.len() {
            0 => Ok(()),
            1 => self.store.change(changes.remove(0)).await,
            _ => self.store.change_all(changes).await,
        }
    }
}

/// One write: an item, or none to remove it; only if this revision of it is there, or none is.
struct Change {
    key: Key,
    item: Option<Item>,
    revision: Option<u64>,
}

impl Change {
    fn condition(&self) -> &'static str {
        match self.revision {
            Some(_) => "#r = :r",
            None => "attribute_not_exists(pk)",
        }
    }

    fn name(&self) -> Option<std::collections::HashMap<String, String>> {
        self.revision
            .map(|_| [("#r".to_owned(), REVISION.to_owned())].into())
    }

    fn value(&self) -> Option<std::collections::HashMap<String, AttributeValue>> {
        let value = |revision: u64| AttributeValue::N(revision.to_string());
        self.revision
            .map(|revision| [(":r".to_owned(), value(revision))].into())
    }

    fn next(&self) -> u64 {
        self.revision.unwrap_or(0) + 1
    }

    fn into_part(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let (condition, name, value) = (self.condition(), self.name(), self.value());
        let (next, key) = (self.next(), self.key);
        let part = TransactWriteItem::builder();
        let unusable = |error| StoreError::corrupt("a request", error);
        Ok(match self.item {
            Some(item) => {
                let put = Put::builder()
                    .table_name(table)
                    .set_item(Some(item.into_table(&key, next)))
                    .condition_expression(condition)
                    .set_expression_attribute_names(name)
                    .set_expression_attribute_values(value);
                part.put(put.build().map_err(unusable)?).build()
            }
            None => {
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(key.to_table()))
                    .condition_expression(condition)
                    .set_expression_attribute_names(name)
                    .set_expression_attribute_values(value);
                part.delete(delete.build().map_err(unusable)?).build()
            }
        })
    }
}

impl DynamoStore {
    /// One write needs no transaction, and costs half as much without.
    async fn change(&self, change: Change) -> Result<(), Failed> {
        let (condition, name, value) = (change.condition(), change.name(), change.value());
        let (next, key) = (change.next(), change.key);
        let capacity = match change.item {
            Some(item) => {
                let put = self
                    .client
                    .put_item()
                    .table_name(&*self.table)
                    .set_item(Some(item.into_table(&key, next)))
                    .condition_expression(condition)
                    .set_expression_attribute_names(name)
                    .set_expression_attribute_values(value)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                put.send()
                    .await
                    .map_err(failed::of_write)?
                    .consumed_capacity
            }
            None => {
                let delete = self
                    .client
                    .delete_item()
                    .table_name(&*self.table)
                    .set_key(Some(key.to_table()))
                    .condition_expression(condition)
                    .set_expression_attribute_names(name)
                    .set_expression_attribute_values(value)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                delete
                    .send()
                    .await
                    .map_err(failed::of_write)?
                    .consumed_capacity
            }
        };
        self.write_capacity(capacity.as_ref());
        Ok(())
    }

    /// The SDK gives every transaction a token of its own and repeats it under the same one: within
    /// ten minutes DynamoDB does it once.
    async fn change_all(&self, changes: Vec<Change>) -> Result<(), Failed> {
        let parts = changes.into_iter().map(|it| it.into_part(&self.table));
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(parts.collect::<Result<_, _>>()?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(failed::of_transaction)?;
        for capacity in answer.consumed_capacity() {
            self.write_capacity(Some(capacity));
        }
        Ok(())
    }
}
