//! The object store: sealed inputs and the records staged from them, in a folder or in S3.
//!
//! Objects are immutable. Nearly all are named by their content, so that writing one again changes
//! nothing and an attempt that was thought dead can't spoil what a later one wrote; what is read is
//! checked against the size and hash that it was stored with. The few with a name of their own
//! belong to whoever came first. Deletes nothing.
//!
//! With a key ring, objects are sealed on their way in and opened on their way out; names, sizes and
//! hashes stay those of the plain bytes. Where a person's data was erased, a redacted copy is in the
//! object's place.

mod as_records;
mod config;
mod folder;
mod load;
mod manifest;
mod read;
mod recognise;
mod redaction;
mod rows;
mod sealing;
mod spread;
mod stage;

#[cfg(test)]
mod tests;

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig,
};
use sha2::{Digest, Sha256};
use workflows::ports::Stored;

use crate::vault::{Layout, Vault, VaultError};

pub(crate) use as_records::RowsReader;
pub use config::StagingConfig;
pub use folder::{Folder, SETTINGS};
pub use load::{load_buckets, load_rejects};
pub(crate) use load::{load_records, load_rows, plain_rows};
pub use manifest::{
    Chunk, ChunkRecords, ChunkRows, OpeningSide, Received, RowsReading, SealedInput, Segment,
    SideManifest, StagedInput,
};
pub use recognise::{Recognition, RememberedPrints};
pub use redaction::Redaction;
pub(crate) use rows::{BucketRows, StagedRows};
pub use stage::{
    ROWS_PER_CHUNK, ScanBy, StageError, StageProgress, StageRequest, StagedSide, stage,
};

/// Why the object store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// An outage, or rights that somebody has to grant: the same call may work later.
    #[error("object store can't {action} {key}: {reason}")]
    Retry {
        /// `read` or `write`.
        action: &'static str,
        /// The object.
        key: String,
        /// What the object store answered.
        reason: String,
    },
    /// There is no such object. It was there when its reference was made.
    #[error("{key} is missing from the object store; start the run again as a new generation")]
    Missing {
        /// The object.
        key: String,
    },
    /// The object is not what was stored under this key.
    #[error("{key} is damaged: {reason}; start the run again as a new generation")]
    Damaged {
        /// The object.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A person's data was erased from it; the rest of it is kept as a redacted copy.
    #[error("{key} is redacted: {by} had a person's data erased from it on {at}")]
    Redacted {
        /// The object.
        key: String,
        /// Who asked for it.
        by: String,
        /// When, RFC 3339.
        at: String,
        /// SHA-256 of the redacted copy, which the audit trail has.
        redacted_sha256: String,
    },
    /// The object is sealed, and not with a key that is here.
    #[error("{key} can't be opened: {error}")]
    Sealed {
        /// The object.
        key: String,
        /// Why not.
        error: VaultError,
    },
    /// The object would be larger than the configuration allows.
    #[error("{key} has {bytes} bytes, over object_bytes_max = {limit}; raise it if that is right")]
    TooLarge {
        /// The object.
        key: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The configuration of the object store can't be used.
    #[error("staging url {url:?}: {reason}")]
    Misconfigured {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Whether an object is there because of us.
enum Created {
    Now,
    Before,
}

/// A folder whose new objects are in memory. What is not there is read from the object store.
#[derive(Clone, Debug)]
struct Held {
    memory: Arc<dyn ObjectStore>,
    folder: Path,
}

/// An open object store.
#[derive(Clone, Debug)]
pub struct Staging {
    store: Arc<dyn ObjectStore>,
    held: Option<Held>,
    prefix: Path,
    object_bytes_max: u64,
    vault: Vault,
}

impl Staging {
    /// Opens the object store, with S3 credentials from the process's environment. A relative
    /// folder is in `base`, and is made when it isn't there.
    ///
    /// # Errors
    /// [`StagingError::Misconfigured`]. No request is made to S3.
    pub fn open(config: &StagingConfig, base: &FilePath) -> Result<Self, StagingError> {
        let variables = std::env::vars_os();
        let texts = variables
            .filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
        Self::open_with(config, base, texts)
    }

    /// As [`Staging::open`], with these environment variables: `AWS_ACCESS_KEY_ID` and its kin.
    ///
    /// # Errors
    /// As [`Staging::open`].
    pub fn open_with(
        config: &StagingConfig,
        base: &FilePath,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StagingError> {
        let opened = match config.url.split_once("://") {
            Some(("s3", location)) => open_s3(config, location, environment),
            Some((scheme, _)) => Err(format!("scheme {scheme} is unknown; use a folder or s3://")),
            None => open_folder(&base.join(&config.url)),
        };
        let (store, prefix) = opened.map_err(|reason| {
            let url = config.url.clone();
            StagingError::Misconfigured { url, reason }
        })?;
        Ok(Staging {
            store,
            held: None,
            prefix,
            object_bytes_max: config.object_bytes_max,
            vault: Vault::default(),
        })
    }

    /// The same objects, with what is stored from now on kept in memory only, and lost with it.
    #[must_use]
    pub fn over(&self) -> Self {
        self.held_in(self.prefix.clone())
    }

    /// The same objects, with what is stored in this folder from now on kept in memory only, until it
    /// is [kept](Staging::keep).
    #[must_use]
    pub(crate) fn holding(&self, folder: Folder<'_>) -> Self {
        let object = folder.key(&self.prefix, "object");
        let parts: Vec<_> = object.parts().collect();
        self.held_in(parts[..parts.len() - 1].iter().cloned().collect())
    }

    fn held_in(&self, folder: Path) -> Self {
        Staging {
            held: Some(Held {
                memory: Arc::new(InMemory::new()),
                folder,
            }),
            ..self.clone()
        }
    }

    /// Stores for good what is held in memory.
    ///
    /// # Errors
    /// As [`Staging::put`] and [`Staging::get`].
    pub(crate) async fn keep(&self, stored: &Stored) -> Result<(), StagingError> {
        let bytes = self.get(stored).await?;
        let for_good = Staging {
            held: None,
            ..self.clone()
        };
        for_good.ensure(stored, bytes).await
    }

    /// The memory for an object of this key, where it is not for the object store.
    fn memory(&self, key: &Path) -> Option<&dyn ObjectStore> {
        let held = self.held.as_ref();
        let held = held.filter(|held| key.prefix_matches(&held.folder))?;
        Some(&*held.memory)
    }

    /// Where an object is, if it is anywhere.
    async fn holder(&self, key: &Path) -> &dyn ObjectStore {
        match self.memory(key) {
            Some(memory) if memory.head(key).await.is_ok() => memory,
            _ => &*self.store,
        }
    }

    /// Where an object belongs.
    fn place(&self, key: &Path) -> &dyn ObjectStore {
        self.memory(key).unwrap_or(&*self.store)
    }

    /// This object store, with objects that this vault seals and opens.
    #[must_use]
    pub fn sealed_with(self, vault: Vault) -> Self {
        Staging { vault, ..self }
    }

    /// Stores an object. The same content in the same folder is stored once.
    ///
    /// # Errors
    /// [`StagingError::Retry`]; [`StagingError::TooLarge`]; [`StagingError::Damaged`] when
    /// something else has its name.
    pub async fn put(&self, folder: Folder<'_>, bytes: Vec<u8>) -> Result<Stored, StagingError> {
        let stored = self.name(folder, &bytes);
        if stored.bytes > self.object_bytes_max {
            let Stored { key, bytes, .. } = stored;
            return Err(StagingError::TooLarge {
                key,
                bytes,
                limit: self.object_bytes_max,
            });
        }
        self.ensure(&stored, bytes).await?;
        Ok(stored)
    }

    /// Sees to it that an object is there, and is the one that it should be.
    async fn ensure(&self, stored: &Stored, bytes: Vec<u8>) -> Result<(), StagingError> {
        match self.create(&path(&stored.key)?, bytes).await? {
            Created::Now => Ok(()),
            Created::Before => self.get(stored).await.map(drop),
        }
    }

    /// Stores an object that is most likely there already: looks first.
    ///
    /// # Errors
    /// As [`Staging::put`]; what is there is not looked into.
    pub(crate) async fn put_known(
        &self,
        folder: Folder<'_>,
        bytes: Vec<u8>,
    ) -> Result<Stored, StagingError> {
        let stored = self.name(folder, &bytes);
        match self.holds(&stored).await? {
            true => Ok(stored),
            false => self.put(folder, bytes).await,
        }
    }

    /// Stores an object under a name of its own, unless there is one already; returns the one that
    /// is there now.
    pub(crate) async fn put_first(
        &self,
        folder: Folder<'_>,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, StagingError> {
        let key = folder.key(&self.prefix, name);
        match self.create(&key, bytes.clone()).await? {
            Created::Now => Ok(bytes),
            Created::Before => self.get_named(folder, name).await?.ok_or_else(|| {
                let key = key.to_string();
                StagingError::Missing { key }
            }),
        }
    }

    /// Reads an object with a name of its own, when there is one.
    pub(crate) async fn get_named(
        &self,
        folder: Folder<'_>,
        name: &str,
    ) -> Result<Option<Vec<u8>>, StagingError> {
        let key = folder.key(&self.prefix, name);
        match self.read(&key).await {
            Ok(bytes) => self.opened(key.as_ref(), bytes).map(Some),
            Err(StagingError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads an object, and checks that it is the one that was stored.
    ///
    /// # Errors
    /// [`StagingError::Retry`], [`StagingError::Missing`], [`StagingError::Damaged`],
    /// [`StagingError::Sealed`] or [`StagingError::Redacted`].
    pub async fn get(&self, stored: &Stored) -> Result<Vec<u8>, StagingError> {
        let (bytes, redaction) = self.get_redacted(stored).await?;
        match redaction {
            None => Ok(bytes),
            Some(redaction) => Err(redaction.refused(&stored.key)),
        }
    }

    /// Reads an object of which only folder and SHA-256 are known, and checks that it is the one.
    ///
    /// # Errors
    /// As [`Staging::get`].
    pub async fn get_by_hash(
        &self,
        folder: Folder<'_>,
        sha256: &str,
    ) -> Result<(Stored, Vec<u8>), StagingError> {
        let key = folder.key(&self.prefix, sha256).to_string();
        let (bytes, redaction) = self.plain(&key).await?;
        match redaction.filter(|redaction| redaction.sha256 == sha256) {
            Some(redaction) => return Err(redaction.refused(&key)),
            None => verify(&key, &bytes, sha256)?,
        }
        let (sha256, size) = (sha256.to_owned(), bytes.len() as u64);
        let stored = Stored {
            key,
            bytes: size,
            sha256,
        };
        Ok((stored, bytes))
    }

    /// Whether an object of this key and size is there. Looks at no content.
    ///
    /// # Errors
    /// [`StagingError::Retry`].
    pub async fn holds(&self, stored: &Stored) -> Result<bool, StagingError> {
        let location = path(&stored.key)?;
        match self.holder(&location).await.head(&location).await {
            Ok(meta) => {
                let sealed = Layout::sizes(stored.bytes);
                Ok(meta.size == stored.bytes || sealed.contains(&meta.size))
            }
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(decide("read", &stored.key, &error)),
        }
    }

    async fn create(&self, key: &Path, bytes: Vec<u8>) -> Result<Created, StagingError> {
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        let payload = PutPayload::from(self.vault.seal_object(bytes));
        match self.place(key).put_opts(key, payload, options).await {
            Ok(_) => Ok(Created::Now),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Created::Before),
            Err(error) => Err(decide("write", key.as_ref(), &error)),
        }
    }

    /// What these bytes are called in this folder.
    fn name(&self, folder: Folder<'_>, bytes: &[u8]) -> Stored {
        let sha256 = hex::encode(Sha256::digest(bytes));
        let key = folder.key(&self.prefix, &sha256).to_string();
        Stored {
            key,
            bytes: bytes.len() as u64,
            sha256,
        }
    }
}

fn open_folder(folder: &FilePath) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    // What a sealed input was read from may be gone tomorrow: it must survive a power cut.
    let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| error.to_string())?;
    Ok((Arc::new(store.with_fsync(true)), Path::default()))
}

fn open_s3(
    config: &StagingConfig,
    location: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
    if bucket.is_empty() {
        return Err("there is no bucket; write s3://bucket/prefix".to_owned());
    }
    let prefix = Path::parse(prefix).map_err(|error| error.to_string())?;
    let timeout = Duration::from_secs(u64::from(config.request_timeout_seconds));
    let client = ClientOptions::new()
        .with_timeout(timeout)
        .with_allow_http(config.allow_http);
    // Bridges a hiccup of one connection. Outages are waited for by the workflow.
    let retries = RetryConfig {
        max_retries: 2,
        retry_timeout: timeout,
        ..Default::default()
    };
    // Its HTTP client takes the process's cryptography. Whoever chose one before us is left alone.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = AmazonS3Builder::new();
    for (name, value) in environment {
        let name = name.starts_with("AWS_").then(|| name.to_ascii_lowercase());
        if let Some(Ok(key)) = name.map(|name| name.parse::<AmazonS3ConfigKey>()) {
            builder = builder.with_config(key, value);
        }
    }
    builder = builder
        .with_bucket_name(bucket)
        .with_client_options(client)
        .with_retry(retries);
    if let Some(endpoint) = &config.endpoint {
        builder = builder
            .with_endpoint(endpoint)
            .with_virtual_hosted_style_request(false);
    }
    if let Some(region) = &config.region {
        builder = builder.with_region(region);
    }
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok((Arc::new(store), prefix))
}

/// A key that came with a payload is outside data.
fn path(key: &str) -> Result<Path, StagingError> {
    Path::parse(key).map_err(|error| damaged(key, error.to_string()))
}

fn verify(key: &str, bytes: &[u8], sha256: &str) -> Result<(), StagingError> {
    let found = hex::encode(Sha256::digest(bytes));
    match found == sha256 {
        true => Ok(()),
        false => Err(damaged(
            key,
            format!("its SHA-256 is {found} instead of {sha256}"),
        )),
    }
}

fn damaged(key: &str, reason: impl Into<String>) -> StagingError {
    StagingError::Damaged {
        key: key.to_owned(),
        reason: reason.into(),
    }
}

fn decide(action: &'static str, key: &str, error: &Error) -> StagingError {
    let key = key.to_owned();
    match error {
        Error::NotFound { .. } if action == "read" => StagingError::Missing { key },
        _ => StagingError::Retry {
            action,
            key,
            reason: error.to_string(),
        },
    }
}
