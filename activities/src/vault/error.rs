//! What can go wrong with a key ring and with what is sealed. No message holds a key or a text.

/// Why a key ring can't be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyRingError {
    /// There is nothing in it.
    #[error("the key ring is empty; make a key with `trueup keys new`")]
    Empty,
    /// An entry is not `id:key`.
    #[error(
        "entry {at} of the key ring is not `id:key`: an id of small letters, digits and hyphens, and \
         32 bytes in base64; make one with `trueup keys new`"
    )]
    Malformed {
        /// Which, from 1.
        at: usize,
    },
    /// Two entries have one id.
    #[error("the key ring has two keys with the id {id}; give the newer one another id")]
    Repeated {
        /// The id.
        id: String,
    },
}

/// Why something was not sealed or opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no key ring.
    #[error("it takes a key ring, and there is none; set [encryption] in trueup.toml")]
    NoKeys,
    /// The key that it was sealed with is gone.
    #[error(
        "it is sealed with the key {id}, which the key ring does not have; put it back, behind the \
         others"
    )]
    UnknownKey {
        /// The key's id.
        id: String,
    },
    /// It is not what was sealed, or the key of that id is another one.
    #[error(
        "it is sealed with the key {id} and can't be opened: it is damaged, or the key is another"
    )]
    Damaged {
        /// The key's id.
        id: String,
    },
    /// It looks sealed and is cut off or malformed.
    #[error("it is sealed and malformed")]
    Malformed,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}
