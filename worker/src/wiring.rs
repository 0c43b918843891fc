//! The only place that knows every adapter: opens what the configuration names.

use activities::alerts::Channels;
use activities::staging::Staging;
use activities::store::{DynamoConfig, Store};
use activities::{Pace, Trueup, Workflows};
use anyhow::Context;

use crate::config::{self, Configuration, StoreKind};

/// The store as people ask it: what is not there can't be read.
///
/// # Errors
/// When there is none, or it can't be opened.
pub async fn recorded(configuration: &Configuration) -> anyhow::Result<Store> {
    let store = &configuration.store;
    match store.kind {
        StoreKind::Sqlite => Ok(Store::existing_sqlite(&store.sqlite).await?),
        StoreKind::Dynamodb => dynamodb(&store.dynamodb).await,
    }
}

/// Everything that a worker works with; secrets come from the environment.
///
/// # Errors
/// A missing secret, a store or object store that can't be opened.
pub async fn activities(configuration: Configuration) -> anyhow::Result<Trueup> {
    activities_with(configuration, |name| std::env::var(name).ok()).await
}

/// As [`activities`], with secrets from elsewhere.
///
/// # Errors
/// As [`activities`].
pub async fn activities_with(
    configuration: Configuration,
    secret: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Trueup> {
    // Both HTTP and PostgreSQL use it; a second call finds it set, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = written(&configuration.store).await?;
    let staging = Staging::open(&configuration.staging, &configuration.folder)?;
    let channels = Channels::open(&configuration.channels, secret)?;
    let Configuration {
        folder,
        sources,
        limits,
        work,
        authority,
        channel_rules,
        ..
    } = configuration;
    let pace = Pace {
        records_per_task: work.records_per_task,
        compare_tasks_max: work.compare_tasks_max,
        heartbeat_timeout_seconds: work.heartbeat_timeout_seconds,
    };
    Ok(Trueup {
        folder,
        sources,
        authority,
        limits,
        pace,
        store,
        staging,
        channels: channels.under(channel_rules),
        workflows: Workflows::out_of_reach(),
    })
}

/// The store as a worker uses it: a file is made when there is none, a table is not.
async fn written(store: &config::Store) -> anyhow::Result<Store> {
    let file = &store.sqlite;
    match store.kind {
        StoreKind::Sqlite => Store::sqlite(file)
            .await
            .with_context(|| format!("store {}", file.display())),
        StoreKind::Dynamodb => dynamodb(&store.dynamodb).await,
    }
}

async fn dynamodb(config: &DynamoConfig) -> anyhow::Result<Store> {
    let store = Store::dynamo(config).await;
    store.with_context(|| format!("table {} in DynamoDB", config.table))
}
