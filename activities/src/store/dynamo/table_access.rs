//! Reading: one item, many items, the items of a partition page by page. Consistent, but for the
//! index `list`, which only listings read.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::failed::store_error;
use super::item::Item;
use super::keys::Key;
use super::{DynamoStore, pause};
use crate::store::StoreError;

/// Most keys that one request reads.
const KEYS_PER_READ: usize = 100;
/// Requests side by side of one call.
pub(super) const AT_ONCE: usize = 8;
/// How often what was left over of a request is asked for again before the call fails.
const LEFT_OVER_TRIES: u32 = 12;

/// Some items of a partition.
#[derive(Clone, Debug)]
pub(super) struct Query {
    partition: String,
    prefix: String,
    after: Option<String>,
    pub(super) is_listing: bool,
    is_backward: bool,
    limit: Option<i32>,
}

impl Query {
    /// All of a partition, in order of their sort keys.
    pub(super) fn of(partition: impl Into<String>) -> Self {
        Query {
            partition: partition.into(),
            prefix: String::new(),
            after: None,
            is_listing: false,
            is_backward: false,
            limit: None,
        }
    }

    /// All of a partition of the index `list`.
    pub(super) fn listed(partition: impl Into<String>) -> Self {
        Query {
            is_listing: true,
            ..Query::of(partition)
        }
    }

    /// Those whose sort keys begin so.
    pub(super) fn beginning(self, prefix: impl Into<String>) -> Self {
        Query {
            prefix: prefix.into(),
            ..self
        }
    }

    /// Those behind this sort key.
    pub(super) fn after(self, sort: &str) -> Self {
        let after = Some(sort.to_owned()).filter(|sort| !sort.is_empty());
        Query { after, ..self }
    }

    /// The last one only.
    pub(super) fn last(self) -> Self {
        Query {
            is_backward: true,
            limit: Some(1),
            ..self
        }
    }

    /// At most so many.
    pub(super) fn at_most(self, items: usize) -> Self {
        let limit = Some(i32::try_from(items).unwrap_or(i32::MAX));
        Query { limit, ..self }
    }
}

/// A page of a query, and where the next one begins.
pub(super) struct PageOf {
    pub(super) items: Vec<(Key, Item)>,
    pub(super) next: Option<HashMap<String, AttributeValue>>,
}

impl DynamoStore {
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key.to_table()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(store_error)?;
        self.read_capacity(answer.consumed_capacity());
        Ok(answer.item.map(Item::from_table))
    }

    /// Those of `keys` that are there. A key may come twice.
    pub(super) async fn get_all(
        &self,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<BTreeMap<Key, Item>, StoreError> {
        let keys: std::collections::BTreeSet<Key> = keys.into_iter().collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        let parts = keys.chunks(KEYS_PER_READ).map(<[Key]>::to_vec);
        let parts: Vec<_> = parts.map(|part| self.get_part(part)).collect();
        let found: Vec<BTreeMap<Key, Item>> =
            stream::iter(parts).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn get_part(&self, keys: Vec<Key>) -> Result<BTreeMap<Key, Item>, StoreError> {
        let mut found = BTreeMap::new();
        let mut left: Vec<_> = keys.iter().map(Key::to_table).collect();
        for tried in 0..LEFT_OVER_TRIES {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .consistent_read(true)
                .build()
                .map_err(|error| StoreError::corrupt("a request", error))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&*self.table, wanted)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(store_error)?;
            for capacity in answer.consumed_capacity() {
                self.read_capacity(Some(capacity));
            }
            let items = answer.responses.unwrap_or_default().into_values().flatten();
            for attributes in items {
                let key = key_of(&attributes)?;
                found.insert(key, Item::from_table(attributes));
            }
            let unprocessed = answer.unprocessed_keys.unwrap_or_default().into_values();
            left = unprocessed.flat_map(|part| part.keys).collect();
            if left.is_empty() {
                return Ok(found);
            }
            pause(tried).await;
        }
        Err(StoreError::Unavailable(
            "DynamoDB does not answer all that it is asked for".to_owned(),
        ))
    }

    /// All that a query finds.
    pub(super) async fn query(&self, query: Query) -> Result<Vec<(Key, Item)>, StoreError> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let page = self.query_page(&query, from).await?;
            found.extend(page.items);
            let wanted = query.limit.and_then(|limit| usize::try_from(limit).ok());
            match (page.next, wanted) {
                (None, _) => return Ok(found),
                (Some(_), Some(wanted)) if found.len() >= wanted => return Ok(found),
                (next, _) => from = next,
            }
        }
    }

    /// All that several queries find, one query's after the other's.
    pub(super) async fn query_each(
        &self,
        queries: impl IntoIterator<Item = Query>,
    ) -> Result<Vec<(Key, Item)>, StoreError> {
        let queries: Vec<_> = queries.into_iter().map(|query| self.query(query)).collect();
        let found: Vec<Vec<(Key, Item)>> = stream::iter(queries)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// One page: at most what DynamoDB gives at once.
    pub(super) async fn query_page(
        &self,
        query: &Query,
        from: Option<HashMap<String, AttributeValue>>,
    ) -> Result<PageOf, StoreError> {
        let (partition, sort) = match query.is_listing {
            true => ("list_pk", "list_sk"),
            false => ("pk", "sk"),
        };
        let mut request = self
            .client
            .query()
            .table_name(&*self.table)
            .set_index_name(query.is_listing.then(|| "list".to_owned()))
            .consistent_read(!query.is_listing)
            .scan_index_forward(!query.is_backward)
            .set_limit(query.limit)
            .set_exclusive_start_key(from)
            .expression_attribute_names("#p", partition)
            .expression_attribute_values(":p", AttributeValue::S(query.partition.clone()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let condition = match (&query.after, query.prefix.as_str()) {
            (Some(after), _) => Some(("#p = :p AND #s > :s", after.clone())),
            (None, "") => None,
            (None, prefix) => Some(("#p = :p AND begins_with(#s, :s)", prefix.to_owned())),
        };
        request = match condition {
            Some((condition, value)) => request
                .key_condition_expression(condition)
                .expression_attribute_names("#s", sort)
                .expression_attribute_values(":s", AttributeValue::S(value)),
            None => request.key_condition_expression("#p = :p"),
        };
        let answer = request.send().await.map_err(store_error)?;
        self.read_capacity(answer.consumed_capacity());
        let items = answer.items.unwrap_or_default().into_iter();
        let items =
            items.map(|attributes| Ok((key_of(&attributes)?, Item::from_table(attributes))));
        Ok(PageOf {
            items: items.collect::<Result<_, StoreError>>()?,
            next: answer.last_evaluated_key,
        })
    }
}

fn key_of(attributes: &HashMap<String, AttributeValue>) -> Result<Key, StoreError> {
    Key::of(attributes).ok_or_else(|| StoreError::corrupt("an item", "it has no key"))
}
