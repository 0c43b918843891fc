//! All entries and heads, in pages, in order of their streams.

use domain::audit::StreamHead;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::DynamoStore;
use super::audit::{read_entry, read_head};
use super::item::Item;
use super::keys::{self, SHARDS};
use super::table_access::{AT_ONCE, Query};
use crate::store::{StoreError, TrailEntry};

/// Streams whose entries are read ahead of what a page needs.
const STREAMS_AT_ONCE: u32 = 200;

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
            let names = self.streams(&behind, limit.min(STREAMS_AT_ONCE)).await?;
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
        found.iter().map(|(_, item)| entry(stream, item)).collect()
    }

    pub(in crate::store) async fn trail_heads(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StreamHead>, StoreError> {
        let shards = SHARDS.map(|shard| Query::of(keys::heads(shard)));
        self.heads_behind(shards, after, limit).await
    }

    /// Heads that these queries find behind `after`, in order, at most so many.
    pub(super) async fn heads_behind(
        &self,
        queries: impl IntoIterator<Item = Query>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StreamHead>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let queries = queries.into_iter();
        let queries = queries.map(|query| query.after(after).at_most(limit));
        let mut heads = Vec::new();
        for (_, item) in self.query_each(queries).await? {
            let head = read_head(&item)?;
            heads.push(StreamHead {
                stream: item.text("stream")?,
                length: head.length,
                hash: head.hash,
            });
        }
        heads.sort_by(|a, b| a.stream.cmp(&b.stream));
        heads.truncate(limit);
        Ok(heads)
    }
}

fn entry(stream: &str, item: &Item) -> Result<TrailEntry, StoreError> {
    Ok(TrailEntry {
        stream: stream.to_owned(),
        sequence: item.number("sequence")?,
        entry: read_entry(stream, item).map_err(|error| match error {
            StoreError::Corrupt(why) => why,
            other => other.to_string(),
        }),
    })
}
