//! Checkpoints: added behind the last, then what they sign is marked as signed. A call that is cut
//! off in between is finished by the same call.

use domain::audit::{Hash, SignedCheckpoint, StreamHead};

use super::DynamoStore;
use super::audit::{listed_unsealed, read_head};
use super::item::Item;
use super::keys::{self, SHARDS};
use super::table_access::Query;
use super::unit::{Unit, WRITES_MAX};
use crate::audit::document;
use crate::store::{CHECKPOINTS_PER_CALL_MAX, StoreError};

/// The partition in the index `list` of checkpoints that not all witnesses have.
pub(super) const UNWITNESSED: &str = "unwitnessed";

impl DynamoStore {
    /// Heads of streams that grew since a checkpoint named them. One that grew a moment ago may be
    /// missing, and is in the next checkpoint.
    pub(in crate::store) async fn unsealed_heads(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StreamHead>, StoreError> {
        let shards = SHARDS.map(|shard| Query::listed(listed_unsealed(shard)));
        self.heads_behind(shards, after, limit).await
    }

    pub(in crate::store) async fn record_checkpoint(
        &self,
        signed: &SignedCheckpoint,
    ) -> Result<(), StoreError> {
        let mut item = Item::default().listed(UNWITNESSED, number(signed));
        let text = document::text(signed);
        self.set_large(&mut item, "document", text).await?;
        let item = &item;
        self.write(|unit| async move { record(&unit, signed, item).await })
            .await?;
        for heads in signed.heads.chunks(WRITES_MAX) {
            self.write(|unit| async move { cover(&unit, heads).await })
                .await?;
        }
        Ok(())
    }

    /// Checkpoints from this number on, in order.
    pub(in crate::store) async fn checkpoints(
        &self,
        from: u64,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let query = Query::of(keys::CHECKPOINTS);
        let query = match from.checked_sub(1) {
            Some(before) => query.after(&keys::checkpoint(before).sk),
            None => query,
        };
        let limit = usize::try_from(CHECKPOINTS_PER_CALL_MAX).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for (key, item) in self
            .query(query.at_most(limit))
            .await?
            .into_iter()
            .take(limit)
        {
            found.push(self.read_checkpoint(&key.sk, &item).await?);
        }
        Ok(found)
    }

    pub(in crate::store) async fn last_checkpoint(
        &self,
    ) -> Result<Option<SignedCheckpoint>, StoreError> {
        let last = self.query(Query::of(keys::CHECKPOINTS).last()).await?;
        match last.first() {
            Some((key, item)) => self.read_checkpoint(&key.sk, item).await.map(Some),
            None => Ok(None),
        }
    }

    /// Number of the first checkpoint that not all of its witnesses have. One of a moment ago may
    /// be missing, and is found when the next one is made.
    pub(in crate::store) async fn first_unwitnessed(&self) -> Result<Option<u64>, StoreError> {
        let first = self.query(Query::listed(UNWITNESSED).at_most(1)).await?;
        let number = first.first().map(|(key, _)| key.sk.parse());
        let unreadable = |_| StoreError::corrupt("a checkpoint", "its key is no number");
        number.transpose().map_err(unreadable)
    }

    pub(in crate::store) async fn witnessed(&self, number: u64) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let key = keys::checkpoint(number);
            if let Some(mut item) = unit.get(&key).await? {
                item.unset("list_pk");
                item.unset("list_sk");
                unit.put(key, item);
            }
            Ok(())
        })
        .await
    }

    async fn read_checkpoint(
        &self,
        number: &str,
        item: &Item,
    ) -> Result<SignedCheckpoint, StoreError> {
        let corrupt = |why: String| StoreError::corrupt(format_args!("checkpoint {number}"), why);
        let text = self.large(item, "document").await?;
        let signed = document::read(text.as_bytes()).map_err(corrupt)?;
        match keys::checkpoint(signed.checkpoint.number).sk == number {
            true => Ok(signed),
            false => Err(corrupt(format!(
                "it says that it is {}",
                signed.checkpoint.number
            ))),
        }
    }
}

fn number(signed: &SignedCheckpoint) -> String {
    keys::checkpoint(signed.checkpoint.number).sk
}

async fn record(unit: &Unit, signed: &SignedCheckpoint, item: &Item) -> Result<(), StoreError> {
    let number = signed.checkpoint.number;
    let conflict = |why: &str| Err(StoreError::Conflict(format!("checkpoint {number} {why}")));
    let (key, store) = (keys::checkpoint(number), unit.store());
    if let Some(known) = unit.get(&key).await? {
        return match store.read_checkpoint(&key.sk, &known).await? == *signed {
            true => Ok(()),
            false => conflict("is on record with other content"),
        };
    }
    let last = store.last_checkpoint().await?.map(|last| last.checkpoint);
    let follows = last.as_ref().map_or(0, |last| last.number + 1);
    if number != follows || signed.checkpoint.previous != last.map_or(Hash::NONE, |it| it.hash()) {
        return conflict("does not follow the last one");
    }
    // Of two at once, the second finds the number taken.
    unit.put(key, item.clone());
    Ok(())
}

/// Marks heads as signed as far as they are.
async fn cover(unit: &Unit, heads: &[StreamHead]) -> Result<(), StoreError> {
    unit.read_ahead(heads.iter().map(|head| keys::head(&head.stream)))
        .await?;
    for head in heads {
        let key = keys::head(&head.stream);
        let Some(mut item) = unit.get(&key).await? else {
            continue;
        };
        if item.has("covered") && item.number::<u64>("covered")? >= head.length {
            continue;
        }
        item.set_number("covered", head.length);
        if read_head(&item)?.length <= head.length {
            item.unset("list_pk");
            item.unset("list_sk");
        }
        unit.put(key, item);
    }
    Ok(())
}
