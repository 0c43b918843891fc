//! The store in DynamoDB: one table, which any number of workers may use at once.

mod config;
mod facts;
mod table;

pub use config::{DynamoConfig, dynamo_client, dynamo_client_as};
pub use facts::{PointInTimeRecovery, TableFacts, describe_table};
pub use table::create_table;
