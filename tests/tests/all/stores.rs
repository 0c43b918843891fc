//! What every store must do, done by the store in DynamoDB: the checks that SQLite passes, each on a
//! table of its own, side by side.

use std::panic::AssertUnwindSafe;

use activities::store::conformance::{Check, checks};
use activities::store::{Store, create_table};
use anyhow::Result;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use tests::servers::DynamoDb;

/// Checks at once: some act in many tasks themselves.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_dynamodb_does_what_every_store_must() -> Result<()> {
    let dynamodb = DynamoDb::start().await?;
    let endpoint = dynamodb.endpoint.as_str();
    let checks = checks();
    assert!(checks.len() > 30, "only {} checks", checks.len());
    let each = checks.iter().map(|check| async move {
        let outcome = AssertUnwindSafe(passes(endpoint, check)).catch_unwind().await;
        match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{}: {error}", check.name)),
            // What it said is in the output.
            Err(_) => Some(format!("{} failed", check.name)),
        }
    });
    let failed: Vec<Option<String>> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

async fn passes(endpoint: &str, check: &Check) -> Result<()> {
    let client = DynamoDb::client(endpoint).await;
    create_table(&client, check.name).await?;
    let store = Store::in_table(client, check.name).await?;
    (check.run)(store).await;
    Ok(())
}
