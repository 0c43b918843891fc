//! The only place that knows every adapter: opens what the configuration names.

use std::path::Path;
use std::sync::Arc;

use activities::alerts::Channels;
use activities::audit::{Audit, Published, Signer};
use activities::staging::Staging;
use activities::store::{DynamoConfig, Store};
use activities::vault::{KeyRing, Vault};
use activities::{Pace, Trueup, Workflows};
use anyhow::Context;
use domain::audit::CommitmentKey;
use temporalio_client::Client;

use crate::config::{self, AuditSettings, Configuration, StoreKind};
use crate::temporal::{Patience, connect};

/// What seals and opens: the configured key ring, or nothing.
///
/// # Errors
/// A key ring that is not there or can't be used.
pub fn vault(configuration: &Configuration) -> anyhow::Result<Vault> {
    vault_with(configuration, environment)
}

/// As [`vault`], with secrets from elsewhere.
///
/// # Errors
/// As [`vault`].
pub fn vault_with(
    configuration: &Configuration,
    secret: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Vault> {
    let encryption = &configuration.encryption;
    let (place, text) = match (&encryption.keys_env, &encryption.keys_file) {
        (None, None) => return Ok(Vault::default()),
        (Some(name), _) => {
            let place = format!("the environment variable {name}");
            let text = secret(name).with_context(|| format!("{place} is not set"))?;
            (place, text)
        }
        (None, Some(file)) => {
            let file = configuration.folder.join(file);
            let place = file.display().to_string();
            let text = std::fs::read_to_string(&file);
            let text = text.with_context(|| format!("the key ring in {place}"))?;
            (place, text)
        }
    };
    let ring = KeyRing::parse(&text).with_context(|| place)?;
    Ok(Vault::new(&ring))
}

/// The Temporal server, for a command that a person waits for.
///
/// # Errors
/// As [`vault`], and when no server answers.
pub async fn client(configuration: &Configuration) -> anyhow::Result<Client> {
    let vault = vault(configuration)?;
    Ok(connect(&configuration.temporal, &vault, Patience::None).await?)
}

/// The object store.
///
/// # Errors
/// As [`vault`], and when it can't be opened.
pub fn staging(configuration: &Configuration) -> anyhow::Result<Staging> {
    staging_with(configuration, vault(configuration)?)
}

fn staging_with(configuration: &Configuration, vault: Vault) -> anyhow::Result<Staging> {
    let staging = Staging::open(&configuration.staging, &configuration.folder)?;
    Ok(staging.sealed_with(vault))
}

/// The store as people ask it: what is not there can't be read.
///
/// # Errors
/// When there is none, or it can't be opened.
pub async fn recorded(configuration: &Configuration) -> anyhow::Result<Store> {
    let store = &configuration.store;
    let store = match store.kind {
        StoreKind::Sqlite => Store::existing_sqlite(&store.sqlite).await?,
        StoreKind::Dynamodb => dynamodb(&store.dynamodb).await?,
    };
    Ok(store.sealed_with(vault(configuration)?))
}

/// Everything that a worker works with; secrets come from the environment.
///
/// # Errors
/// A missing secret, a store or object store that can't be opened.
pub async fn activities(configuration: Configuration) -> anyhow::Result<Trueup> {
    activities_with(configuration, environment).await
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
    let vault = vault_with(&configuration, &secret)?;
    let store = written(&configuration.store).await?;
    let store = store.sealed_with(vault.clone());
    let staging = staging_with(&configuration, vault)?;
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
        small_run_bytes: work.small_run_bytes(),
    };
    Ok(Trueup {
        folder,
        sources: Arc::new(sources),
        authority,
        limits,
        pace,
        store,
        staging,
        channels: Arc::new(channels.under(channel_rules)),
        audit: Arc::new(audit),
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
        StoreKind::Dynamodb => dynamodb(&store.dynamodb).await,
    }
}

async fn dynamodb(config: &DynamoConfig) -> anyhow::Result<Store> {
    let store = Store::dynamo(config).await;
    store.with_context(|| format!("table {} in DynamoDB", config.table))
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
        // Where the key ring is not at hand either, commitments can't be checked.
        let commitments = vault(configuration).map(|vault| vault.commitment_key());
        let commitments = commitments.unwrap_or(CommitmentKey::NONE);
        audit_of(&without, &configuration.folder, commitments, |_| None)
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
    let commitments = vault_with(configuration, &secret)?.commitment_key();
    audit_of(
        &configuration.audit,
        &configuration.folder,
        commitments,
        secret,
    )
}

fn audit_of(
    settings: &AuditSettings,
    folder: &Path,
    commitments: CommitmentKey,
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
        commitments,
        signer,
        keys,
        published: place.transpose()?.map(Published::new),
        every: settings.every,
        tell: settings.config.tell.clone(),
    })
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
