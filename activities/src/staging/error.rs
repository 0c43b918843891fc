//! What can go wrong with an object.

use object_store::Error;

use crate::vault::VaultError;

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

pub(super) fn damaged(key: &str, reason: impl Into<String>) -> StagingError {
    StagingError::Damaged {
        key: key.to_owned(),
        reason: reason.into(),
    }
}

pub(super) fn decide(action: &'static str, key: &str, error: &Error) -> StagingError {
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
