//! All entries and heads, in pages, in order of their streams.

use std::collections::BTreeMap;

use domain::audit::StreamHead;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::DynamoStore;
use super::audit::{listed_streams, place, read_entry, read_head};
use super::item::Item;
use super::keys::{self, Key, SHARDS};
use super::table_access::{AT_ONCE, Query};
use crate::store::{StoreError, TrailEntry};

/// Streams whose entries are read ahead of what a page needs.
const STREAMS_AT_ONCE: usize = 200;
/// What each shard gives beyond its share: streams are not spread evenly.
const SHARE_MORE: usize = 4;

impl DynamoStore {
    pub(in crate::store) async fn trail(
        &self,
        after: Option<(String, u64)>,
        limit: u32,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        let limit_of = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut behind = String::new();
        if let Some((stream, sequence)) = after {
            let query = Query::of(keys::entries(&stream)).after(&keys::entry(&stream, sequence).sk);
            found.extend(self.entries(&stream, query.at_most(limit_of)).await?);
            behind = stream;
        }
        while found.len() < limit_of {
            let names = self.streams(&behind).await?;
            let Some(last) = names.last() else { break };
            behind = last.clone();
            let each = names.iter().map(|name| {
                let query = Query::of(keys::entries(name)).at_most(limit_of);
                self.entries(name, query)
            });
            let each: Vec<_> = each.collect();
            let mut entries = stream::iter(each).buffered(AT_ONCE);
            while found.len() < limit_of
                && let Some(of_stream) = entries.try_next().await?
            {
                found.extend(of_stream);
            }
        }
        found.truncate(limit_of);
        Ok(found)
    }

    async fn entries(&self, stream: &str, query: Query) -> Result<Vec<TrailEntry>, StoreError> {
        let found = self.query(query).await?;
        found
            .iter()
            .map(|(key, item)| entry(stream, key, item))
            .collect()
    }

    pub(in crate::store) async fn trail_heads(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StreamHead>, StoreError> {
        let shards = SHARDS.map(|shard| Query::of(keys::heads(shard)));
        self.heads_behind(shards, after, limit).await
    }

    /// Heads that these queries find behind `after`, in order, at most so many; none only when there
    /// are none.
    pub(super) async fn heads_behind(
        &self,
        queries: impl IntoIterator<Item = Query>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StreamHead>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let found = self.next_streams(queries, after, limit).await?;
        let heads = found.into_iter().take(limit).map(|(stream, item)| {
            let head = read_head(&item)?;
            Ok(StreamHead {
                stream,
                length: head.length,
                hash: head.hash,
            })
        });
        heads.collect()
    }

    /// Names of the next streams behind `after`, in order; none only when there are none. Finds those
    /// too that lost their head or entries.
    async fn streams(&self, after: &str) -> Result<Vec<String>, StoreError> {
        let queries = SHARDS.into_iter().flat_map(|shard| {
            let first_entries = Query::listed(listed_streams(shard));
            [Query::of(keys::heads(shard)), first_entries]
        });
        let found = self.next_streams(queries, after, STREAMS_AT_ONCE).await?;
        Ok(found.into_keys().collect())
    }

    /// What these queries, each of one shard, find of the next streams behind `after`: about
    /// `wanted`, all up to the last of them.
    ///
    /// Each shard gives a share. What is behind the last of a shard that may have more is left to the
    /// next call: something of that shard may come before it.
    async fn next_streams(
        &self,
        queries: impl IntoIterator<Item = Query>,
        after: &str,
        wanted: usize,
    ) -> Result<BTreeMap<String, Item>, StoreError> {
        let share = wanted.div_ceil(SHARDS.len()) + SHARE_MORE;
        // By where the index has it, or its key: what the item says may have been altered, and then
        // the next page would not begin behind this one.
        let named = async |query: Query| {
            let is_listing = query.is_listing;
            let found = self.query(query.after(after).at_most(share)).await?;
            let name = |(key, item): (Key, Item)| match is_listing {
                true => Ok((item.text("list_sk")?, item)),
                false => Ok((key.sk, item)),
            };
            found
                .into_iter()
                .map(name)
                .collect::<Result<Vec<_>, StoreError>>()
        };
        let queries = queries.into_iter().map(named);
        let shards: Vec<_> = stream::iter(queries.collect::<Vec<_>>())
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut streams = BTreeMap::new();
        let mut known_to: Option<String> = None;
        for shard in shards {
            let count = shard.len();
            for (place, (name, item)) in shard.into_iter().enumerate() {
                let is_cut_off = place + 1 == count && count >= share;
                if is_cut_off && known_to.as_ref().is_none_or(|to| name < *to) {
                    known_to = Some(name.clone());
                }
                streams.insert(name, item);
            }
        }
        if let Some(to) = known_to {
            streams.retain(|name, _| *name <= to);
        }
        Ok(streams)
    }
}

fn entry(stream: &str, key: &Key, item: &Item) -> Result<TrailEntry, StoreError> {
    Ok(TrailEntry {
        stream: stream.to_owned(),
        // Not what the item says: the next page begins behind the key.
        sequence: place(key)?,
        entry: read_entry(stream, key, item).map_err(|error| match error {
            StoreError::Corrupt(why) => why,
            other => other.to_string(),
        }),
    })
}
