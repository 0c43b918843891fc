//! Redacted objects: the place of an object from which a person's data was erased.
//!
//! It is kept under the key of the object that it replaces, and begins with a mark and one line of
//! JSON that says who had it redacted, when, and what the object was; the redacted copy follows. In
//! the copy, each byte of the erased texts is a `#`: lines, columns and lengths are what they were.
//!
//! ```text
//! "trueup.redacted.1\n" · {"bytes":…,"sha256":…,"redacted_sha256":…,"by":…,"reason":…,"at":…} · "\n" · the copy
//! ```

use object_store::{ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use workflows::ports::Stored;

use super::{Staging, StagingError, decide, path};

const MARK: &[u8] = b"trueup.redacted.1\n";

/// What is known of an object that was redacted. Holds nothing of what was erased.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Redaction {
    /// Size of the object that was there.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal: the one that the audit trail has.
    pub sha256: String,
    /// SHA-256 of the redacted copy.
    pub redacted_sha256: String,
    /// Who asked for it; the last one, when it was redacted more than once.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, RFC 3339.
    pub at: String,
}

impl Redaction {
    pub(super) fn refused(&self, key: &str) -> StagingError {
        StagingError::Redacted {
            key: key.to_owned(),
            by: self.by.clone(),
            at: self.at.clone(),
            redacted_sha256: self.redacted_sha256.clone(),
        }
    }
}

impl Staging {
    /// What is known of an object, when it was redacted.
    ///
    /// # Errors
    /// As [`Staging::get`], but for [`StagingError::Redacted`].
    pub async fn redaction(&self, stored: &Stored) -> Result<Option<Redaction>, StagingError> {
        self.get_redacted(stored)
            .await
            .map(|(_, redaction)| redaction)
    }

    /// Puts a redacted copy in the place of an object, for good.
    ///
    /// # Errors
    /// [`StagingError::Retry`].
    pub(crate) async fn redact(
        &self,
        key: &str,
        redaction: &Redaction,
        copy: &[u8],
    ) -> Result<(), StagingError> {
        let known = serde_json::to_vec(redaction).expect("a redaction is plain data");
        let object = [MARK, &known, b"\n", copy].concat();
        self.replace(key, object).await
    }

    /// Puts these bytes in the place of an object of the object store.
    pub(crate) async fn replace(&self, key: &str, bytes: Vec<u8>) -> Result<(), StagingError> {
        let payload = PutPayload::from(self.vault.seal_object(bytes));
        let at = path(key)?;
        let put = self.store.put(&at, payload).await;
        put.map_err(|error| decide("write", key, &error))?;
        Ok(())
    }
}

/// What is known of a redacted object, and the copy; none when it is another one.
pub(super) fn split(bytes: &[u8]) -> Option<(Redaction, &[u8])> {
    let rest = bytes.strip_prefix(MARK)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (known, copy) = rest.split_at(end);
    let copy = copy.strip_prefix(b"\n")?;
    let redaction: Redaction = serde_json::from_slice(known).ok()?;
    (hex::encode(Sha256::digest(copy)) == redaction.redacted_sha256).then_some((redaction, copy))
}
