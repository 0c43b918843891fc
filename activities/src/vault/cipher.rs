//! Sub-keys, and sealing short things with them: nonce, ciphertext, tag.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};

use super::VaultError;
use super::key_ring::KEY_BYTES;

/// Where the keys of all purposes come from: one secret.
pub(super) struct SubKeys(hkdf::Prk);

/// A key for one purpose.
pub(super) struct Cipher {
    key: LessSafeKey,
    /// Makes the nonces of what must be the same bytes each time.
    nonces: hmac::Key,
    purpose: &'static str,
}

/// As many bytes as a key has.
struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl SubKeys {
    pub(super) fn of(secret: &[u8; KEY_BYTES]) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"trueup.vault.v1");
        SubKeys(salt.extract(secret))
    }

    /// The secret of this name.
    pub(super) fn secret(&self, name: &str) -> [u8; KEY_BYTES] {
        self.expanded(&[name.as_bytes()])
    }

    /// A key that authenticates.
    pub(super) fn authentication(&self, name: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.secret(name))
    }

    pub(super) fn cipher(&self, purpose: &'static str) -> Cipher {
        Cipher {
            key: aead(&self.expanded(&[purpose.as_bytes(), b"key"])),
            nonces: hmac::Key::new(
                hmac::HMAC_SHA256,
                &self.expanded(&[purpose.as_bytes(), b"nonces"]),
            ),
            purpose,
        }
    }

    /// A key for one thing, named by its own bytes.
    pub(super) fn key_of(&self, name: &[u8]) -> LessSafeKey {
        aead(&self.expanded(&[b"one", name]))
    }

    fn expanded(&self, info: &[&[u8]]) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        let filled = self
            .0
            .expand(info, KeyLength)
            .and_then(|okm| okm.fill(&mut key));
        filled.expect("32 bytes are within what HKDF gives");
        key
    }
}

impl Cipher {
    /// Seals with a random nonce: the same bytes look different each time.
    pub(super) fn seal_anew(&self, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        let filled = SystemRandom::new().fill(&mut nonce);
        filled.map_err(|_| VaultError::Random)?;
        Ok(self.seal(nonce, plain))
    }

    /// Seals with a nonce that the bytes themselves give: the same bytes look the same each time.
    pub(super) fn seal_same(&self, plain: &[u8]) -> Vec<u8> {
        let tag = hmac::sign(&self.nonces, plain);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&tag.as_ref()[..NONCE_LEN]);
        self.seal(nonce, plain)
    }

    /// Opens what this cipher sealed; none when it is anything else.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = sealed.to_vec();
        let purpose = Aad::from(self.purpose.as_bytes());
        let length = self
            .key
            .open_in_place(nonce, purpose, &mut bytes)
            .ok()?
            .len();
        bytes.truncate(length);
        Some(bytes)
    }

    fn seal(&self, nonce: [u8; NONCE_LEN], plain: &[u8]) -> Vec<u8> {
        let mut sealed = plain.to_vec();
        let purpose = Aad::from(self.purpose.as_bytes());
        let unique = Nonce::assume_unique_for_key(nonce);
        let done = self
            .key
            .seal_in_place_append_tag(unique, purpose, &mut sealed);
        done.expect("no text comes near the 64 GiB that AES-GCM takes");
        [&nonce[..], &sealed].concat()
    }
}

fn aead(key: &[u8; KEY_BYTES]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, key);
    LessSafeKey::new(key.expect("a key of AES-256 has 32 bytes"))
}
