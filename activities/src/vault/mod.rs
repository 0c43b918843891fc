//! What keeps secrets secret: encryption of payloads, personal texts and objects with a key ring
//! that people rotate, and commitments that stand for what was erased.
//!
//! AES-256-GCM everywhere. Each key of the ring is only the root of one sub-key per purpose
//! (HKDF-SHA-256), and the purpose is bound as additional data: what was sealed for one purpose can't
//! be opened as another. The first key seals, all of them open. Without a key ring nothing is
//! sealed. Reads no configuration and no environment.

mod cipher;
mod codec;
mod config;
mod error;
mod key_ring;
mod object;
mod text;
mod token;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ring::hmac;

use cipher::{Cipher, SubKeys};
use domain::audit::CommitmentKey;

pub use codec::PayloadVault;
pub use config::EncryptionConfig;
pub use error::{KeyRingError, VaultError};
pub use key_ring::{KeyRing, new_key};
pub(crate) use object::{HEADER_BYTES_MAX, Layout, is_sealed};
pub use text::is_erased;
pub use token::Token;

/// The sub-keys of a key ring, ready to use. Cheap to clone. The default one has no keys: it seals
/// nothing and opens nothing.
#[derive(Clone, Default)]
pub struct Vault {
    keys: Arc<[Key]>,
    /// Which of them seals.
    sealing: usize,
    /// The key that is never rotated.
    commitments: Option<CommitmentKey>,
}

/// One key of the ring, by purpose.
struct Key {
    id: String,
    /// Payloads on Temporal's server.
    payloads: Cipher,
    /// Personal texts in the store.
    texts: Cipher,
    /// Roots of the keys of objects in the object store.
    objects: SubKeys,
    /// What stands for an erased text.
    commitments: hmac::Key,
}

impl Vault {
    /// The vault of this key ring.
    #[must_use]
    pub fn new(ring: &KeyRing) -> Self {
        let keys = ring.keys().map(|(id, secret)| {
            let root = SubKeys::of(secret);
            Key {
                id: id.to_owned(),
                payloads: root.cipher("trueup.payloads.v1"),
                texts: root.cipher("trueup.texts.v1"),
                objects: SubKeys::of(&root.secret("trueup.objects.v1")),
                commitments: root.authentication("trueup.commitments.v1"),
            }
        });
        Vault {
            keys: keys.collect(),
            sealing: 0,
            commitments: ring.commitments().map(CommitmentKey::new),
        }
    }

    /// What the audit trail commits to personal texts with.
    #[must_use]
    pub fn commitment_key(&self) -> CommitmentKey {
        self.commitments.unwrap_or(CommitmentKey::NONE)
    }

    /// Whether there is a key: without one, nothing is sealed.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn newest(&self) -> Option<&str> {
        self.sealing_key().map(|key| key.id.as_str())
    }

    /// The vaults that there may have been before: each seals with another key, the last one with
    /// none.
    pub(crate) fn earlier(&self) -> impl Iterator<Item = Vault> + use<> {
        let (keys, commitments) = (Arc::clone(&self.keys), self.commitments);
        // One past the last key: nothing is sealed, as before there was a key ring.
        (1..=keys.len()).map(move |sealing| Vault {
            keys: Arc::clone(&keys),
            sealing,
            commitments,
        })
    }

    fn sealing_key(&self) -> Option<&Key> {
        self.keys.get(self.sealing)
    }

    /// What stands for `text` once it is erased: HMAC-SHA-256 in hexadecimal, by the newest key. Who
    /// has the key and the text can show that it is the one; nobody can get the text out of it.
    ///
    /// # Errors
    /// [`VaultError::NoKeys`]: without a key it would be a hash that anybody can guess at.
    pub fn commitment(&self, text: &str) -> Result<String, VaultError> {
        let key = self.sealing_key().ok_or(VaultError::NoKeys)?;
        Ok(hex::encode(hmac::sign(&key.commitments, text.as_bytes())))
    }

    fn key(&self, id: &str) -> Result<&Key, VaultError> {
        if !self.has_keys() {
            return Err(VaultError::NoKeys);
        }
        let known = self.keys.iter().find(|key| key.id == id);
        known.ok_or_else(|| VaultError::UnknownKey { id: id.to_owned() })
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = self.keys.iter().map(|key| &key.id);
        f.debug_list().entries(ids).finish()
    }
}
