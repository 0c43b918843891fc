//! Objects between us and the object store: opened when they are sealed, checked against what they
//! were stored as. Those that were stored before there was a key ring are read as they are.

use std::ops::Range;

use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use workflows::ports::Stored;

use super::redaction::{self, Redaction};
use super::{Folder, Staging, StagingError, damaged, decide, path, verify};
use crate::vault::{HEADER_BYTES_MAX, Layout, is_sealed};

/// What sealing and redacting may add to an object: a tag of 16 bytes to each 64 KiB, a header, and
/// who redacted it.
const ADDED_BYTES_MAX: u64 = 64 * 1024;

impl Staging {
    /// What is there of an object: itself, checked, or its redacted copy with what is known about
    /// that.
    ///
    /// # Errors
    /// As [`Staging::get`], but for [`StagingError::Redacted`].
    pub(crate) async fn get_redacted(
        &self,
        stored: &Stored,
    ) -> Result<(Vec<u8>, Option<Redaction>), StagingError> {
        let key = &stored.key;
        let kept = self.read(&path(key)?).await?;
        // What was received may begin like a sealed object: its hash says what it is.
        if is_it(&kept, stored) {
            return Ok((kept, None));
        }
        let bytes = self.opened(key, kept)?;
        let redacted = redaction::split(&bytes);
        if let Some((redaction, copy)) = redacted.filter(|(of, _)| of.sha256 == stored.sha256) {
            return Ok((copy.to_vec(), Some(redaction)));
        }
        let size = bytes.len() as u64;
        if size != stored.bytes {
            let expected = stored.bytes;
            return Err(damaged(key, format!("{size} bytes instead of {expected}")));
        }
        verify(key, &bytes, &stored.sha256)?;
        Ok((bytes, None))
    }

    /// Part of an object; the caller verifies it.
    pub(super) async fn get_part(
        &self,
        key: &str,
        part: Range<u64>,
    ) -> Result<Vec<u8>, StagingError> {
        let at = path(key)?;
        let holder = self.holder(&at).await;
        let read = async |range: Range<u64>| {
            let bytes = holder.get_range(&at, range).await;
            bytes.map_err(|error| decide("read", key, &error))
        };
        if !self.vault.has_keys() {
            return Ok(read(part).await?.into());
        }
        let first = read(0..HEADER_BYTES_MAX as u64).await?;
        if !is_sealed(&first) {
            return Ok(read(part).await?.into());
        }
        let refused = |error| StagingError::Sealed {
            key: key.to_owned(),
            error,
        };
        let layout = Layout::parse(&first).map_err(refused)?;
        if part.end > layout.plain_bytes {
            return Err(damaged(key, "it is shorter than it was"));
        }
        let sealed = read(layout.sealed_range(&part)).await?;
        self.vault
            .open_part(&layout, part, &sealed)
            .map_err(refused)
    }

    /// Seals every object that is not sealed with the newest key; how many there were. Their content
    /// stays, so that whoever reads or writes them meanwhile notices nothing.
    ///
    /// # Errors
    /// [`StagingError::Retry`], or [`StagingError::Sealed`] for an object whose key is not here.
    pub(crate) async fn reseal(&self) -> Result<u64, StagingError> {
        let mut resealed = 0;
        for key in self.keys_under(&self.prefix.clone()).await? {
            let kept = self.read(&key).await?;
            let newest = self.vault.newest();
            if is_sealed(&kept) && !is_named_by(&key, &kept) {
                let layout = Layout::parse(&kept);
                if layout.is_ok_and(|layout| Some(layout.key_id()) == newest) {
                    continue;
                }
            }
            let plain = match is_named_by(&key, &kept) {
                true => kept,
                false => self.opened(key.as_ref(), kept)?,
            };
            self.replace(key.as_ref(), plain).await?;
            resealed += 1;
        }
        Ok(resealed)
    }

    /// Keys of all objects in a folder of the object store.
    async fn keys_under(&self, folder: &Path) -> Result<Vec<Path>, StagingError> {
        let listed = self.store.list(Some(folder));
        let listed = listed.map_ok(|meta| meta.location).try_collect().await;
        listed.map_err(|error| decide("read", folder.as_ref(), &error))
    }

    /// The plain bytes that are there under this key, of whatever it is; with what is known of a
    /// redacted copy.
    ///
    /// # Errors
    /// As [`Staging::get`], but for [`StagingError::Redacted`].
    pub(crate) async fn plain(
        &self,
        key: &str,
    ) -> Result<(Vec<u8>, Option<Redaction>), StagingError> {
        let at = path(key)?;
        let kept = self.read(&at).await?;
        if is_named_by(&at, &kept) {
            return Ok((kept, None));
        }
        let bytes = self.opened(key, kept)?;
        Ok(match redaction::split(&bytes) {
            Some((redaction, copy)) => (copy.to_vec(), Some(redaction)),
            None => (bytes, None),
        })
    }

    /// Keys of all objects that are about a source: its inputs, its positions, its runs.
    ///
    /// # Errors
    /// [`StagingError::Retry`].
    pub(crate) async fn keys_of(&self, source: &str) -> Result<Vec<String>, StagingError> {
        let mut keys = Vec::new();
        for folder in Folder::all_of(&self.prefix, source) {
            let found = self.keys_under(&folder).await?;
            keys.extend(found.iter().map(ToString::to_string));
        }
        Ok(keys)
    }

    /// The bytes that the object store has under this key.
    pub(super) async fn read(&self, key: &Path) -> Result<Vec<u8>, StagingError> {
        let refused = |error| decide("read", key.as_ref(), &error);
        let answer = self.holder(key).await.get(key).await.map_err(refused)?;
        let size = answer.meta.size;
        let limit = self.object_bytes_max + self.object_bytes_max / 4096 + ADDED_BYTES_MAX;
        if size > limit {
            let reason = format!("{size} bytes are more than any object of ours has");
            return Err(damaged(key.as_ref(), reason));
        }
        Ok(answer.bytes().await.map_err(refused)?.into())
    }

    /// The plain bytes of an object.
    pub(super) fn opened(&self, key: &str, kept: Vec<u8>) -> Result<Vec<u8>, StagingError> {
        if !is_sealed(&kept) {
            return Ok(kept);
        }
        self.vault
            .open_object(&kept)
            .map_err(|error| StagingError::Sealed {
                key: key.to_owned(),
                error,
            })
    }
}

/// Whether these bytes are what gives an object of this key its name.
fn is_named_by(key: &Path, bytes: &[u8]) -> bool {
    key.filename() == Some(&hex::encode(Sha256::digest(bytes)))
}

fn is_it(bytes: &[u8], stored: &Stored) -> bool {
    bytes.len() as u64 == stored.bytes && verify(&stored.key, bytes, &stored.sha256).is_ok()
}
