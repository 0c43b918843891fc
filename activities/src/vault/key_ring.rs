//! A key ring as people write it: one `id:key` per line or comma. The first key seals, all of them
//! open; rotating is putting a new one in front. The key called `commitments` is apart: it seals
//! nothing, is never rotated, and hides the texts that the audit trail commits to.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};

use super::{KeyRingError, VaultError};

/// Longest id of a key.
pub(super) const ID_BYTES_MAX: usize = 40;
/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// The id of the key that commitments of the audit trail are made with.
const COMMITMENTS: &str = "commitments";

/// The keys, newest first. Prints its ids only.
pub struct KeyRing {
    keys: Vec<(String, [u8; KEY_BYTES])>,
    commitments: Option<[u8; KEY_BYTES]>,
}

impl KeyRing {
    /// Reads a key ring.
    ///
    /// # Errors
    /// [`KeyRingError`] says which entry is wrong, never what is in it.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let entries = text.split(['\n', ',']).map(str::trim);
        let entries = entries.filter(|entry| !entry.is_empty());
        let mut known = BTreeSet::new();
        let (mut keys, mut commitments) = (Vec::new(), None);
        for (at, entry) in entries.enumerate() {
            let (id, secret) = key(entry).ok_or(KeyRingError::Malformed { at: at + 1 })?;
            if !known.insert(id) {
                let id = id.to_owned();
                return Err(KeyRingError::Repeated { id });
            }
            match id == COMMITMENTS {
                true => commitments = Some(secret),
                false => keys.push((id.to_owned(), secret)),
            }
        }
        match keys.is_empty() {
            true => Err(KeyRingError::Empty),
            false => Ok(KeyRing { keys, commitments }),
        }
    }

    /// The key that commitments of the audit trail are made with.
    pub(super) fn commitments(&self) -> Option<[u8; KEY_BYTES]> {
        self.commitments
    }

    /// Ids and keys, newest first.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, &[u8; KEY_BYTES])> {
        self.keys.iter().map(|(id, secret)| (id.as_str(), secret))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.keys().map(|(id, _)| id))
            .finish()
    }
}

/// A new key as an entry of a key ring. Its id begins with `prefix`, and is one of its own.
///
/// # Errors
/// [`VaultError::Random`].
pub fn new_key(prefix: &str) -> Result<String, VaultError> {
    let mut random = [0; KEY_BYTES + 2];
    let filled = SystemRandom::new().fill(&mut random);
    filled.map_err(|_| VaultError::Random)?;
    let (id, secret) = random.split_at(2);
    let (id, secret) = (hex::encode(id), STANDARD.encode(secret));
    Ok(format!("{prefix}-{id}:{secret}"))
}

/// Whether a text can be the id of a key.
pub(super) fn is_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(allowed)
}

fn key(entry: &str) -> Option<(&str, [u8; KEY_BYTES])> {
    let (id, secret) = entry.split_once(':')?;
    let secret = STANDARD.decode(secret.trim()).ok()?;
    Some((id, secret.try_into().ok()?)).filter(|(id, _)| is_id(id))
}
