//! The store in DynamoDB: one table, which any number of workers may use at once.

mod config;
pub mod table;

pub use config::{DynamoConfig, dynamo_client};
