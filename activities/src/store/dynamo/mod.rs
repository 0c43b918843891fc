//! The store for production: one table of DynamoDB. `docs/dynamodb.md` tells its key design.
//!
//! What one call writes is one transaction, or a few of which each can stand alone and the last one
//! makes them count: where DynamoDB's limits don't allow more, the files say so. Decides by
//! consistent reads; the index `list` is for listings only. Deletes nothing but turns that were
//! given back and proposals that were decided.

mod acts;
mod alerts;
mod attention;
mod audit;
mod capacity;
mod cases;
mod causes;
mod checkpoints;
mod config;
mod copy;
mod digests;
mod facts;
mod failed;
mod findings;
mod incidents;
mod inputs;
mod item;
mod keys;
mod large;
mod listing;
mod names;
mod personal;
mod positions;
mod reviews;
mod runs;
mod table;
mod table_access;
mod told;
mod trail;
mod unit;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;

pub use capacity::{Capacity, metered};
pub use config::{DynamoConfig, dynamo_client, dynamo_client_as};
pub use copy::Copied;
pub use facts::{PointInTimeRecovery, TableFacts, describe_table};
pub use table::create_table;

use super::StoreError;
use crate::vault::Vault;

/// First pause before something is tried again.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A table, opened. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoStore {
    client: Client,
    table: Arc<str>,
    vault: Vault,
}

impl DynamoStore {
    /// Opens a table. It must be there.
    pub(super) async fn open(client: Client, table: &str) -> Result<Self, StoreError> {
        let store = DynamoStore {
            client,
            table: table.into(),
            vault: Vault::default(),
        };
        // Any request tells whether there is such a table, and whether we may use it.
        store.get(&keys::turn("")).await?;
        Ok(store)
    }

    /// This store, for texts that this vault seals.
    pub(super) fn sealed_with(self, vault: Vault) -> Self {
        DynamoStore { vault, ..self }
    }

    /// What seals its personal texts.
    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }
}

/// Waits longer each time, and never as long as the others: who collided once should not again.
async fn pause(tried: u32) {
    let longest = PAUSE.saturating_mul(1 << tried.min(10)).min(PAUSE_MAX);
    let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=longest))).await;
}
