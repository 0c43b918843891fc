//! Public keys that checkpoints are checked with. Old ones stay: what they signed is still true.

use std::collections::BTreeMap;

use domain::audit::{Hash, SignedCheckpoint};
use ring::signature::{ED25519, UnparsedPublicKey};

/// Hexadecimal digits of a key's id.
const ID_DIGITS: usize = 16;

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey([u8; 32]);

/// Why a text is no public key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyProblem {
    /// Not 64 hexadecimal digits.
    #[error("`{0}` is no public key: write the 64 hexadecimal digits that `trueup audit key` gave")]
    Malformed(String),
    /// Its id is another.
    #[error("the key under `{id}` has the id `{is}`: put it under its own id")]
    OtherId {
        /// As configured.
        id: String,
        /// As it is.
        is: String,
    },
}

impl PublicKey {
    /// These 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        PublicKey(bytes)
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyProblem::Malformed`].
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        let hash = Hash::parse(text).ok_or_else(|| KeyProblem::Malformed(text.to_owned()))?;
        Ok(PublicKey(*hash.as_bytes()))
    }

    /// The first digits of its SHA-256: what checkpoints name it by.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = Hash::of(&self.0).to_string();
        id.truncate(ID_DIGITS);
        id
    }

    /// Whether it signed these bytes.
    #[must_use]
    pub fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(bytes, signature).is_ok()
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

/// The keys that are trusted, by id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PublicKeys(BTreeMap<String, PublicKey>);

impl PublicKeys {
    /// The keys of the configuration.
    ///
    /// # Errors
    /// The first that is none, or stands under another id than its own.
    pub fn of(configured: &BTreeMap<String, String>) -> Result<Self, KeyProblem> {
        let mut keys = PublicKeys::default();
        for (id, text) in configured {
            let key = PublicKey::parse(text)?;
            if key.id() != *id {
                let (id, is) = (id.clone(), key.id());
                return Err(KeyProblem::OtherId { id, is });
            }
            keys.trust(key);
        }
        Ok(keys)
    }

    /// Trusts one more.
    pub fn trust(&mut self, key: PublicKey) {
        self.0.insert(key.id(), key);
    }

    /// Whether none is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys by id.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &PublicKey)> {
        self.0.iter()
    }

    /// Whether a trusted key signed this checkpoint.
    ///
    /// # Errors
    /// Why it counts for nothing.
    pub fn check(&self, signed: &SignedCheckpoint) -> Result<(), String> {
        let id = &signed.checkpoint.key_id;
        let key = self.0.get(id).ok_or_else(|| {
            format!("it is signed with the key `{id}`, which is not among the trusted keys")
        })?;
        match key.signed(&signed.checkpoint.bytes(), &signed.signature) {
            true => Ok(()),
            false => Err(format!("the key `{id}` did not sign this")),
        }
    }
}
