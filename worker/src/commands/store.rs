//! `trueup store`: makes the store that the configuration names, and says what it is like. Deletes
//! nothing, and changes no store that is there.

use std::path::Path;

use activities::store::{self, DynamoConfig, PointInTimeRecovery, Store, TableFacts};
use anyhow::Context;
use serde_json::{Value, json};

use crate::config::{Configuration, StoreKind};
use crate::exit::Exit;
use crate::output::say;

/// Makes or describes the store.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Makes the store, unless it is there
    Create,
    /// Says what the store is like, and what is not as it should be
    Describe,
}

/// Does it. The exit code is 1 when something about the store is not as it should be.
///
/// # Errors
/// A store of another kind is in its place, there is none to describe, or it can't be reached.
pub async fn run(
    configuration: &Configuration,
    command: Command,
    json: bool,
) -> anyhow::Result<Exit> {
    let store = &configuration.store;
    match store.kind {
        StoreKind::Sqlite => in_file(&store.sqlite, &command, json).await,
        StoreKind::Dynamodb => in_table(&store.dynamodb, &command, json).await,
    }
}

async fn in_file(file: &Path, command: &Command, json: bool) -> anyhow::Result<Exit> {
    match command {
        Command::Create => Store::sqlite(file).await?,
        Command::Describe => Store::existing_sqlite(file).await?,
    };
    let about = std::fs::metadata(file);
    let bytes = about.with_context(|| file.display().to_string())?.len();
    if json {
        let told = json!({
            "store": StoreKind::Sqlite.name(), "file": file, "bytes": bytes, "problems": [],
        });
        say!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(Exit::Clean);
    }
    say!("SQLite file {}", file.display());
    say!("  bytes                   {bytes}");
    Ok(Exit::Clean)
}

async fn in_table(config: &DynamoConfig, command: &Command, json: bool) -> anyhow::Result<Exit> {
    let client = store::dynamo_client(config).await;
    let facts = match command {
        Command::Create => store::create_table(&client, &config.table).await?,
        Command::Describe => store::describe_table(&client, &config.table).await?,
    };
    let problems = facts.problems();
    match json {
        true => say!(
            "{}",
            serde_json::to_string_pretty(&to_json(&facts, &problems))?
        ),
        false => print(&facts, &problems),
    }
    Ok(match problems.is_empty() {
        true => Exit::Clean,
        false => Exit::Found,
    })
}

fn print(facts: &TableFacts, problems: &[String]) {
    let on = |is_on| if is_on { "on" } else { "off" };
    let recovery = match facts.point_in_time_recovery {
        PointInTimeRecovery::NotOffered => "not offered here (DynamoDB Local)",
        recovery => on(recovery == PointInTimeRecovery::On),
    };
    say!("DynamoDB table {}", facts.table);
    say!("  status                  {}", facts.status);
    say!("  keys                    {}", facts.keys);
    for index in &facts.indexes {
        say!("  index                   {index}");
    }
    say!("  billing                 {}", facts.billing);
    say!("  point-in-time recovery  {recovery}");
    say!(
        "  deletion protection     {}",
        on(facts.deletion_protection)
    );
    say!(
        "  items                   {}, as AWS last counted",
        facts.items
    );
    say!("  bytes                   {}", facts.bytes);
    for problem in problems {
        say!("  problem                 {problem}");
    }
}

/// A table as scripts see it.
fn to_json(facts: &TableFacts, problems: &[String]) -> Value {
    json!({
        "store": StoreKind::Dynamodb.name(),
        "table": facts.table,
        "status": facts.status,
        "keys": facts.keys,
        "indexes": facts.indexes,
        "billing": facts.billing,
        "point_in_time_recovery": match facts.point_in_time_recovery {
            PointInTimeRecovery::On => Some(true),
            PointInTimeRecovery::Off => Some(false),
            PointInTimeRecovery::NotOffered => None,
        },
        "deletion_protection": facts.deletion_protection,
        "expires_by": facts.expires_by,
        "items": facts.items,
        "bytes": facts.bytes,
        "problems": problems,
    })
}
