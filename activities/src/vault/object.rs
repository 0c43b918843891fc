//! Sealed objects: a header, then chunks that are sealed one by one, so that a part can be read and
//! checked without the rest.
//!
//! Each object has a key of its own, derived from its content: the same content is the same bytes
//! under one key of the ring, and no nonce is ever used twice. Header and place of a chunk are bound
//! to it: chunks can't be swapped, cut off or taken from another object.
//!
//! ```text
//! "trueup.sealed.1\n" · length of the key id (1 byte) · key id · salt (16) · plain length (8, big endian)
//! chunk 0 (65,536 bytes, the last one shorter) · tag (16) · chunk 1 · tag · …
//! ```

use std::ops::Range;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce};
use ring::digest;

use super::key_ring::{ID_BYTES_MAX, is_id};
use super::{Vault, VaultError};

const MAGIC: &[u8; 16] = b"trueup.sealed.1\n";
const SALT_BYTES: usize = 16;
const CHUNK_BYTES: u64 = 64 * 1024;
/// Most bytes that say how an object is sealed.
pub(crate) const HEADER_BYTES_MAX: usize = MAGIC.len() + 1 + ID_BYTES_MAX + SALT_BYTES + 8;

/// How an object is sealed, from its first bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    header: Vec<u8>,
    key_id: String,
    salt: [u8; SALT_BYTES],
    /// Bytes of the plain object.
    pub(crate) plain_bytes: u64,
}

/// Whether these first bytes of an object say that it is sealed.
pub(crate) fn is_sealed(first: &[u8]) -> bool {
    first.starts_with(MAGIC)
}

impl Layout {
    /// Reads the header from the first bytes of an object, [`HEADER_BYTES_MAX`] or all there are.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub(crate) fn parse(first: &[u8]) -> Result<Self, VaultError> {
        let layout = || {
            let rest = first.strip_prefix(MAGIC)?;
            let (length, rest) = rest.split_first()?;
            let (id, rest) = rest.split_at_checked(usize::from(*length))?;
            let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>()?;
            let (plain, _) = rest.split_first_chunk::<8>()?;
            let id = std::str::from_utf8(id).ok().filter(|id| is_id(id))?;
            Some(Layout::new(id, *salt, u64::from_be_bytes(*plain)))
        };
        layout().ok_or(VaultError::Malformed)
    }

    /// Sizes that an object of so many plain bytes can have when it is sealed.
    pub(crate) fn sizes(plain_bytes: u64) -> std::ops::RangeInclusive<u64> {
        let size = |id: usize| {
            let header = (MAGIC.len() + 1 + id + SALT_BYTES + 8) as u64;
            header + plain_bytes + chunks(plain_bytes) * AES_256_GCM.tag_len() as u64
        };
        size(1)..=size(ID_BYTES_MAX)
    }

    /// The id of the key.
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Where in the sealed object the chunks are that hold this part of the plain one.
    pub(crate) fn sealed_range(&self, part: &Range<u64>) -> Range<u64> {
        let sealed_chunk = CHUNK_BYTES + AES_256_GCM.tag_len() as u64;
        let header = self.header.len() as u64;
        let last = part.end.saturating_sub(1) / CHUNK_BYTES;
        let end = header + (last + 1) * sealed_chunk;
        header + part.start / CHUNK_BYTES * sealed_chunk..end.min(self.sealed_bytes())
    }

    fn sealed_bytes(&self) -> u64 {
        let tags = chunks(self.plain_bytes) * AES_256_GCM.tag_len() as u64;
        self.header.len() as u64 + self.plain_bytes + tags
    }

    fn new(key_id: &str, salt: [u8; SALT_BYTES], plain_bytes: u64) -> Self {
        let length = key_id.len() as u8;
        let plain = plain_bytes.to_be_bytes();
        let header = [&MAGIC[..], &[length], key_id.as_bytes(), &salt, &plain].concat();
        Layout {
            header,
            key_id: key_id.to_owned(),
            salt,
            plain_bytes,
        }
    }

    fn damaged(&self) -> VaultError {
        let id = self.key_id.clone();
        VaultError::Damaged { id }
    }
}

impl Vault {
    /// An object as the object store keeps it; as it is where there is no key.
    pub(crate) fn seal_object(&self, plain: Vec<u8>) -> Vec<u8> {
        let Some(key) = self.sealing_key() else {
            return plain;
        };
        let name = digest::digest(&digest::SHA256, &plain);
        // Says nothing about the content to whoever has no key.
        let name = key.objects.secret(&hex::encode(name));
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&name[..SALT_BYTES]);
        let layout = Layout::new(&key.id, salt, plain.len() as u64);
        let cipher = key.objects.key_of(&salt);
        let mut sealed = Vec::with_capacity(layout.sealed_bytes() as usize);
        sealed.extend_from_slice(&layout.header);
        for (at, chunk) in plain_chunks(&plain).enumerate() {
            let mut bytes = chunk.to_vec();
            let (nonce, header) = (nonce(at as u64), Aad::from(&layout.header));
            let done = cipher.seal_in_place_append_tag(nonce, header, &mut bytes);
            done.expect("a chunk is far below what AES-GCM takes");
            sealed.extend_from_slice(&bytes);
        }
        sealed
    }

    /// A whole object that [`is_sealed`].
    ///
    /// # Errors
    /// [`VaultError`], when it can't be opened.
    pub(crate) fn open_object(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let layout = Layout::parse(sealed)?;
        if sealed.len() as u64 != layout.sealed_bytes() {
            self.key(&layout.key_id)?;
            return Err(layout.damaged());
        }
        let body = &sealed[layout.header.len()..];
        self.open_part(&layout, 0..layout.plain_bytes, body)
    }

    /// Part of an object, from the bytes in its [`Layout::sealed_range`].
    ///
    /// # Errors
    /// [`VaultError`], when they can't be opened.
    pub(crate) fn open_part(
        &self,
        layout: &Layout,
        part: Range<u64>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let cipher = self.key(&layout.key_id)?.objects.key_of(&layout.salt);
        let first = part.start / CHUNK_BYTES;
        let sealed_chunk = CHUNK_BYTES as usize + AES_256_GCM.tag_len();
        let mut plain = Vec::with_capacity(sealed.len());
        for (at, chunk) in (first..).zip(sealed.chunks(sealed_chunk)) {
            let opened = open_chunk(&cipher, layout, at, chunk);
            plain.extend(opened.ok_or_else(|| layout.damaged())?);
        }
        let skipped = part.start - first * CHUNK_BYTES;
        let wanted = skipped as usize..(skipped + part.end.saturating_sub(part.start)) as usize;
        let found = plain.get(wanted).map(<[u8]>::to_vec);
        found.ok_or_else(|| layout.damaged())
    }
}

fn open_chunk(cipher: &LessSafeKey, layout: &Layout, at: u64, sealed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = sealed.to_vec();
    let opened = cipher.open_in_place(nonce(at), Aad::from(&layout.header), &mut bytes);
    let length = opened.ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

/// An empty object has one empty chunk: its header is authentic, too.
fn plain_chunks(plain: &[u8]) -> impl Iterator<Item = &[u8]> {
    let nothing = plain.is_empty().then_some(plain);
    plain.chunks(CHUNK_BYTES as usize).chain(nothing)
}

fn chunks(plain_bytes: u64) -> u64 {
    plain_bytes.div_ceil(CHUNK_BYTES).max(1)
}

/// The key is the object's own: its chunks are all that it ever seals.
fn nonce(chunk: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[NONCE_LEN - 8..].copy_from_slice(&chunk.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}
