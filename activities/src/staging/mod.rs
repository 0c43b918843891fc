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
mod error;
mod folder;
mod held;
mod load;
mod manifest;
mod opening;
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

use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use sha2::{Digest, Sha256};
use workflows::ports::Stored;

use crate::vault::{Layout, Vault};

use error::{damaged, decide};
use held::{Held, Place};

pub(crate) use as_records::RowsReader;
pub use config::StagingConfig;
pub use error::StagingError;
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

/// Whether an object is there because of us.
enum Created {
    Now,
    Before,
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
            Some(("s3", location)) => opening::open_s3(config, location, environment),
            Some((scheme, _)) => Err(format!("scheme {scheme} is unknown; use a folder or s3://")),
            None => opening::open_folder(&base.join(&config.url)),
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
        match self.create(&path(&stored.key)?, false, bytes).await? {
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
        match self.create(&key, true, bytes.clone()).await? {
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

    async fn create(
        &self,
        key: &Path,
        has_own_name: bool,
        bytes: Vec<u8>,
    ) -> Result<Created, StagingError> {
        let payload = PutPayload::from(self.vault.seal_object(bytes));
        let (store, memory) = (&*self.store, self.memory());
        let (first, copy) = match (self.place(key, has_own_name), memory) {
            (Place::Store, _) | (_, None) => (store, None),
            (Place::Memory, Some(memory)) => (memory, None),
            (Place::Both, memory) => (store, memory),
        };
        let created = create(first, key, payload.clone()).await?;
        if let Some(memory) = copy {
            create(memory, key, payload).await?;
        }
        Ok(created)
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

async fn create(
    store: &dyn ObjectStore,
    key: &Path,
    payload: PutPayload,
) -> Result<Created, StagingError> {
    let options = PutOptions {
        mode: PutMode::Create,
        ..PutOptions::default()
    };
    match store.put_opts(key, payload, options).await {
        Ok(_) => Ok(Created::Now),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Created::Before),
        Err(error) => Err(decide("write", key.as_ref(), &error)),
    }
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
