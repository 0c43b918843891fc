//! The table itself: what it is, and making it.
//!
//! One table with one index, which is for lists alone. Never changes the keys of a table that is
//! there, never deletes one, and sets no time to live: nothing on record ever expires.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, ScalarAttributeType,
};

use super::facts::{PointInTimeRecovery, TableFacts, describe_table};
use crate::failures::innermost;
use crate::store::StoreError;

/// The partition key of an item.
pub(super) const PARTITION_KEY: &str = "pk";
/// The sort key of an item.
pub(super) const SORT_KEY: &str = "sk";
/// The index that lists are read from. An item without its keys is in no list.
pub(super) const LIST_INDEX: &str = "list";
/// The partition key of the index.
pub(super) const LIST_PARTITION_KEY: &str = "list_pk";
/// The sort key of the index.
pub(super) const LIST_SORT_KEY: &str = "list_sk";

/// How long a new table may take to be usable: AWS takes some ten seconds.
const ACTIVE_WITHIN: Duration = Duration::from_secs(180);

/// Makes the table, waits until it can be used, and switches point-in-time recovery on. A table of
/// this name that is as it should be is left as it is.
///
/// # Errors
/// [`StoreError::Conflict`] when there is a table of this name that differs, with the differences;
/// [`StoreError::Unavailable`] when DynamoDB refuses or can't be reached.
pub async fn create_table(client: &Client, table: &str) -> Result<TableFacts, StoreError> {
    match request(client, table).await {
        Ok(()) => {}
        Err(refusal) if refusal.as_service_error().is_some_and(is_there_already) => {}
        Err(refusal) => return Err(unavailable("make", table, &refusal)),
    }
    client
        .wait_until_table_exists()
        .table_name(table)
        .wait(ACTIVE_WITHIN)
        .await
        .map_err(|error| {
            StoreError::Unavailable(format!("table {table}: {}", innermost(&error)))
        })?;
    let facts = describe_table(client, table).await?;
    let differences = facts.differences();
    if !differences.is_empty() {
        return Err(StoreError::Conflict(format!(
            "table {table} is there and differs: {}; change it, or name another table",
            differences.join("; ")
        )));
    }
    if facts.point_in_time_recovery == PointInTimeRecovery::Off {
        recoverable(client, table).await?;
        return describe_table(client, table).await;
    }
    Ok(facts)
}

async fn request(client: &Client, table: &str) -> Result<(), SdkError<CreateTableError>> {
    let request = client
        .create_table()
        .table_name(table)
        .set_attribute_definitions(Some(attributes().map_err(SdkError::construction_failure)?))
        .set_key_schema(Some(
            keys(PARTITION_KEY, SORT_KEY).map_err(SdkError::construction_failure)?,
        ))
        .global_secondary_indexes(list_index().map_err(SdkError::construction_failure)?)
        .billing_mode(BillingMode::PayPerRequest)
        .deletion_protection_enabled(true);
    request.send().await.map(|_| ())
}

fn is_there_already(refusal: &CreateTableError) -> bool {
    refusal.is_resource_in_use_exception()
}

/// The attributes that are in keys; the others are nobody's business but the store's.
fn attributes() -> Result<Vec<AttributeDefinition>, BuildError> {
    [PARTITION_KEY, SORT_KEY, LIST_PARTITION_KEY, LIST_SORT_KEY]
        .map(|name| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        })
        .into_iter()
        .collect()
}

fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .map(|(name, key_type)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(key_type)
                .build()
        })
        .into_iter()
        .collect()
}

fn list_index() -> Result<GlobalSecondaryIndex, BuildError> {
    let everything = Projection::builder().projection_type(ProjectionType::All);
    GlobalSecondaryIndex::builder()
        .index_name(LIST_INDEX)
        .set_key_schema(Some(keys(LIST_PARTITION_KEY, LIST_SORT_KEY)?))
        .projection(everything.build())
        .build()
}

/// Switches point-in-time recovery on. AWS refuses for a moment after a table was made.
async fn recoverable(client: &Client, table: &str) -> Result<(), StoreError> {
    let on = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(true)
        .build()
        .map_err(|error| StoreError::Unavailable(innermost(&error)))?;
    let request = client.update_continuous_backups().table_name(table);
    let answer = request
        .point_in_time_recovery_specification(on)
        .send()
        .await;
    answer
        .map(|_| ())
        .map_err(|refusal| unavailable("switch point-in-time recovery on for", table, &refusal))
}

/// A refusal of a request about the table.
pub(super) fn unavailable<E>(action: &str, table: &str, refusal: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let reason = match (refusal.code(), refusal.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => innermost(refusal),
    };
    StoreError::Unavailable(format!("DynamoDB did not {action} table {table}: {reason}"))
}
