//! What can go wrong with a store, as what to do about it.

use crate::vault::VaultError;

/// Why the store did not do what it was asked to.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// Busy, full or out of reach: the same call may succeed later. Nothing is known about whether
    /// it took effect; repeating it is safe.
    #[error("the store can't be used at the moment: {0}; try again")]
    Unavailable(String),
    /// Another entry stands where this one belongs in an audit stream: two writers, or a rewritten
    /// past. Never overwritten.
    #[error(
        "audit stream {stream} forks at entry {sequence}: another entry is on record there; \
         check it with `trueup audit verify`"
    )]
    Fork {
        /// The stream.
        stream: String,
        /// The entry that both want to be.
        sequence: u64,
    },
    /// Something else is on record under the same key.
    #[error("{0}")]
    Conflict(String),
    /// Nothing of that name is on record.
    #[error("{0}")]
    NotFound(String),
    /// What is stored can't be read back: altered from outside, or not a store of trueup.
    #[error("the store is damaged: {0}; restore it from a backup")]
    Corrupt(String),
    /// Personal texts are sealed, and not with a key that is here.
    #[error("the store's personal texts can't be opened: {0}")]
    Sealed(VaultError),
    /// The file belongs to a newer trueup, or to another program.
    #[error("{0}")]
    Incompatible(String),
}

impl From<VaultError> for StoreError {
    /// Its words are in ours: it is no source, which would be told again.
    fn from(error: VaultError) -> Self {
        StoreError::Sealed(error)
    }
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            StoreError::Unavailable(_)
                | StoreError::Sealed(VaultError::NoKeys | VaultError::UnknownKey { .. })
        )
    }

    pub(super) fn corrupt(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        StoreError::Corrupt(format!("{what}: {why}"))
    }
}
