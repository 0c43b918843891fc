//! `trueup store`: makes the store that the configuration names, says what it is like, and copies an
//! embedded one to DynamoDB. Deletes nothing, and changes no store that is in use.

use std::path::{Path, PathBuf};

use activities::store::{self, DynamoConfig, PointInTimeRecovery, Store, TableFacts};
use anyhow::Context;
use serde_json::{Value, json};

use crate::config::{self, Configuration, StoreKind};
use crate::exit::Exit;
use crate::output::say;

/// Makes, describes or moves the store.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Makes the store, unless it is there
    Create,
    /// Says what the store is like, and what is not as it should be
    Describe,
    /// Copies an embedded store to an empty table of DynamoDB, and verifies the copy
    Copy {
        /// The SQLite file, or `sqlite` for the configured one
        #[arg(long, default_value = "sqlite")]
        from: PathBuf,
        /// The table, or `dynamodb` for the configured one
        #[arg(long, default_value = "dynamodb")]
        to: String,
    },
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
    let is_new = match command {
        Command::Create => true,
        Command::Describe => false,
        Command::Copy { from, to } => return copy(store, from, to, json).await,
    };
    match store.kind {
        StoreKind::Sqlite => in_file(&store.sqlite, is_new, json).await,
        StoreKind::Dynamodb => in_table(&store.dynamodb, is_new, json).await,
    }
}

async fn copy(
    store: &config::Store,
    from: PathBuf,
    to: String,
    json: bool,
) -> anyhow::Result<Exit> {
    let file = match from.to_str() {
        Some("sqlite") => store.sqlite.clone(),
        _ => from,
    };
    let table = match to.as_str() {
        "dynamodb" => store.dynamodb.table.clone(),
        _ => to,
    };
    let config = DynamoConfig {
        table: table.clone(),
        ..store.dynamodb.clone()
    };
    let from = Store::existing_sqlite(&file).await?;
    let copied = from.copy_to(&Store::dynamo(&config).await?).await?;
    if json {
        let told = json!({ "from": file, "to": table, "items": copied });
        say!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(Exit::Clean);
    }
    say!(
        "{} is copied to table {table}, and verified",
        file.display()
    );
    for (kind, items) in &copied {
        say!("  {kind:<12} {items:>12}");
    }
    say!("Now put `store = \"dynamodb\"` into trueup.toml, and start the workers.");
    Ok(Exit::Clean)
}

async fn in_file(file: &Path, is_new: bool, json: bool) -> anyhow::Result<Exit> {
    match is_new {
        true => Store::sqlite(file).await?,
        false => Store::existing_sqlite(file).await?,
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

async fn in_table(config: &DynamoConfig, is_new: bool, json: bool) -> anyhow::Result<Exit> {
    let client = store::dynamo_client(config).await;
    let facts = match is_new {
        true => store::create_table(&client, &config.table).await?,
        false => store::describe_table(&client, &config.table).await?,
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
