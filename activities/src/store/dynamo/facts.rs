//! What the table is like, and whether that is as it should be. Changes nothing.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    BillingMode, KeySchemaElement, PointInTimeRecoveryStatus, Projection, ProjectionType,
    TableDescription, TimeToLiveStatus,
};

use super::table::{
    LIST_INDEX, LIST_PARTITION_KEY, LIST_SORT_KEY, PARTITION_KEY, SORT_KEY, unavailable,
};
use crate::store::StoreError;

/// What an endpoint answers that doesn't know a request: DynamoDB Local has no backups.
const UNKNOWN_OPERATION: &str = "UnknownOperationException";

/// Whether the table can be restored as it was at any second of the last 35 days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PointInTimeRecovery {
    /// It can.
    On,
    /// It can't.
    Off,
    /// The endpoint has no such thing: it is DynamoDB Local.
    NotOffered,
}

/// What a table is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableFacts {
    /// Its name.
    pub table: String,
    /// `ACTIVE` when it can be used.
    pub status: String,
    /// Its keys: `pk S, sk S`.
    pub keys: String,
    /// Each index: `list: list_pk S, list_sk S, ALL`.
    pub indexes: Vec<String>,
    /// How it is paid for: `PAY_PER_REQUEST` is on demand.
    pub billing: String,
    /// Whether it can be restored.
    pub point_in_time_recovery: PointInTimeRecovery,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// The attribute by which items expire, when there is one.
    pub expires_by: Option<String>,
    /// About how many items are in it: AWS counts every six hours.
    pub items: u64,
    /// About how large they are, in bytes; counted at the same time.
    pub bytes: u64,
}

impl TableFacts {
    /// What is not as it should be, a sentence each: nothing for a table that [`create_table`](super::create_table) made.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.differences();
        if self.status != "ACTIVE" {
            problems.push(format!("status is {}, not ACTIVE", self.status));
        }
        if self.point_in_time_recovery == PointInTimeRecovery::Off {
            problems.push("point-in-time recovery is off".to_owned());
        }
        problems
    }

    /// What somebody decided otherwise than [`create_table`](super::create_table) does.
    pub(super) fn differences(&self) -> Vec<String> {
        let mut differences = Vec::new();
        let keys = in_words(PARTITION_KEY, SORT_KEY);
        if self.keys != keys {
            differences.push(format!("the keys are {}, not {keys}", self.keys));
        }
        let list = list_in_words();
        if self.indexes != [list.as_str()] {
            let found = match self.indexes.as_slice() {
                [] => "none".to_owned(),
                indexes => indexes.join("; "),
            };
            differences.push(format!("the index is {found}, not {list}"));
        }
        if self.billing != BillingMode::PayPerRequest.as_str() {
            differences.push(format!("billing is {}, not PAY_PER_REQUEST", self.billing));
        }
        if !self.deletion_protection {
            differences.push("deletion protection is off".to_owned());
        }
        if let Some(attribute) = &self.expires_by {
            differences.push(format!("items expire by {attribute}; nothing may expire"));
        }
        differences
    }
}

/// What the table is like.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none; [`StoreError::Unavailable`].
pub async fn describe_table(client: &Client, table: &str) -> Result<TableFacts, StoreError> {
    let answer = client.describe_table().table_name(table).send().await;
    let description = match answer {
        Ok(answer) => answer.table.unwrap_or_else(nothing_said),
        Err(refusal) => {
            let service = refusal.as_service_error();
            if service.is_some_and(|error| error.is_resource_not_found_exception()) {
                return Err(StoreError::NotFound(format!(
                    "there is no table {table}; make it with `trueup store create`"
                )));
            }
            return Err(unavailable("describe", table, &refusal));
        }
    };
    Ok(TableFacts {
        point_in_time_recovery: point_in_time_recovery(client, table).await?,
        expires_by: expires_by(client, table).await?,
        ..facts(table, &description)
    })
}

async fn point_in_time_recovery(
    client: &Client,
    table: &str,
) -> Result<PointInTimeRecovery, StoreError> {
    let request = client.describe_continuous_backups().table_name(table);
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(refusal) if refusal.code() == Some(UNKNOWN_OPERATION) => {
            return Ok(PointInTimeRecovery::NotOffered);
        }
        Err(refusal) => return Err(unavailable("describe the backups of", table, &refusal)),
    };
    let status = answer
        .continuous_backups_description()
        .and_then(|backups| backups.point_in_time_recovery_description())
        .and_then(|recovery| recovery.point_in_time_recovery_status());
    Ok(match status {
        Some(PointInTimeRecoveryStatus::Enabled) => PointInTimeRecovery::On,
        _ => PointInTimeRecovery::Off,
    })
}

async fn expires_by(client: &Client, table: &str) -> Result<Option<String>, StoreError> {
    let request = client.describe_time_to_live().table_name(table);
    let answer = request
        .send()
        .await
        .map_err(|refusal| unavailable("describe the time to live of", table, &refusal))?;
    let Some(setting) = answer.time_to_live_description else {
        return Ok(None);
    };
    Ok(match setting.time_to_live_status {
        Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling) => setting.attribute_name,
        _ => None,
    })
}

/// What one answer says; what other requests are for is filled in by them.
fn facts(table: &str, description: &TableDescription) -> TableFacts {
    let indexes = description.global_secondary_indexes().iter().map(|index| {
        let projection = index.projection().and_then(Projection::projection_type);
        let projection = projection.map_or("", ProjectionType::as_str);
        let keys = key_words(index.key_schema(), description);
        format!(
            "{}: {keys}, {projection}",
            index.index_name().unwrap_or_default()
        )
    });
    // A table that was never switched to on-demand has no summary.
    let billing = description
        .billing_mode_summary()
        .and_then(|summary| summary.billing_mode())
        .unwrap_or(&BillingMode::Provisioned);
    let status = description.table_status().map(|status| status.as_str());
    TableFacts {
        table: table.to_owned(),
        status: status.unwrap_or_default().to_owned(),
        keys: key_words(description.key_schema(), description),
        indexes: indexes.collect(),
        billing: billing.as_str().to_owned(),
        point_in_time_recovery: PointInTimeRecovery::NotOffered,
        deletion_protection: description
            .deletion_protection_enabled()
            .unwrap_or_default(),
        expires_by: None,
        items: counted(description.item_count()),
        bytes: counted(description.table_size_bytes()),
    }
}

fn key_words(keys: &[KeySchemaElement], description: &TableDescription) -> String {
    let word = |key: &KeySchemaElement| {
        let mut attributes = description.attribute_definitions().iter();
        let kind = attributes
            .find(|attribute| attribute.attribute_name() == key.attribute_name())
            .map_or("", |attribute| attribute.attribute_type().as_str());
        format!("{} {kind}", key.attribute_name())
    };
    keys.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn in_words(partition: &str, sort: &str) -> String {
    format!("{partition} S, {sort} S")
}

fn list_in_words() -> String {
    format!(
        "{LIST_INDEX}: {}, ALL",
        in_words(LIST_PARTITION_KEY, LIST_SORT_KEY)
    )
}

fn counted(number: Option<i64>) -> u64 {
    number
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or_default()
}

fn nothing_said() -> TableDescription {
    TableDescription::builder().build()
}
