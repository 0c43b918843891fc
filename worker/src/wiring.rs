//! The only place that knows every adapter: opens what the configuration names.

use std::path::Path;

use activities::alerts::Channels;
use activities::audit::{Audit, Published, Signer};
use activities::staging::Staging;
use activities::store::Store;
use activities::{Pace, Trueup, Workflows};
use anyhow::Context;

use crate::config::{self, AuditSettings, Configuration, StoreKind};

/// The store as people ask it: what is not there can't be read.
///
/// # Errors
/// When there is none, or it can't be opened.
pub async fn recorded(configuration: &Configuration) -> anyhow::Result<Store> {
    let store = &configuration.store;
    match store.kind {
        StoreKind::Sqlite => Ok(Store::existing_sqlite(&store.sqlite).await?),
        StoreKind::Dynamodb => Ok(Store::dynamo(&store.dynamodb).await?),
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
    let channels = Channels::open(&configuration.channels, &secret)?;
    let audit = audit(&configuration, &secret)?;
    let Configuration {
        folder,
        sources,
        limits,
        work,
        authority,
        channel_rules,
        settings,
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
        audit,
        settings,
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
        StoreKind::Dynamodb => Ok(Store::dynamo(&store.dynamodb).await?),
    }
}

/// As [`audit`], for who only verifies: a signing key that is not at hand is not missed.
///
/// # Errors
/// A place that can't be used.
pub fn audit_without_secrets(configuration: &Configuration) -> anyhow::Result<Audit> {
    let at_hand = audit(configuration, |name| std::env::var(name).ok());
    at_hand.or_else(|_| {
        let mut without = configuration.audit.clone();
        without.config.signing_key_env = None;
        without.config.signing_key_file = None;
        audit_of(&without, &configuration.folder, |_| None)
    })
}

/// What the audit trail is signed and checked with. The key that signs is trusted.
///
/// # Errors
/// A key that is not there or is none, a place that can't be used.
pub fn audit(
    configuration: &Configuration,
    secret: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Audit> {
    audit_of(&configuration.audit, &configuration.folder, secret)
}

fn audit_of(
    settings: &AuditSettings,
    folder: &Path,
    secret: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Audit> {
    let signer = Signer::open(&settings.config, folder, secret)?;
    let mut keys = settings.keys.clone();
    if let Some(signer) = &signer {
        keys.trust(signer.public_key());
    }
    let place = settings.config.publish.as_ref();
    let place = place.map(|place| Staging::open(place, folder));
    Ok(Audit {
        signer,
        keys,
        published: place.transpose()?.map(Published::new),
        every: settings.every,
        tell: settings.config.tell.clone(),
        ..Audit::none()
    })
}
