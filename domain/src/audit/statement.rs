//! Named texts as bytes: what leaves of Merkle trees and checkpoints are hashed as.
//!
//! One encoding for all of them, so that a verifier needs no more than this one.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::Hash;
use crate::named_enum;

/// Before a leaf's bytes, so that no leaf can pass for a node (RFC 6962).
pub(super) const LEAF: u8 = 0;

named_enum! {
    /// What a statement is about. Names are part of the hashed bytes: never rename one.
    Tag {
        /// Two records that agree.
        Match = "trueup.match.v1",
        /// A difference that a run found.
        Discrepancy = "trueup.discrepancy.v1",
        /// Where a stream ends.
        Head = "trueup.head.v1",
        /// A checkpoint, as it is signed.
        Checkpoint = "trueup.checkpoint.v1",
    }
}

/// Named texts under a tag, in a fixed order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    tag: Tag,
    fields: Vec<(Cow<'static, str>, String)>,
}

impl Statement {
    /// With nothing in it.
    #[must_use]
    pub fn new(tag: Tag) -> Self {
        let fields = Vec::new();
        Statement { tag, fields }
    }

    /// Adds a field behind the others.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.fields.push((name.into(), value.into()));
    }

    /// What it is about.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// The fields, in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (&**name, value.as_str()))
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The bytes that are hashed and signed: the tag, the number of fields, then each name and value;
    /// texts with their length before them.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        push_text(&mut bytes, self.tag.name());
        push_fields(&mut bytes, self.fields());
        bytes
    }

    /// Its hash as a leaf of a Merkle tree.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let mut hash = Sha256::new_with_prefix([LEAF]);
        hash.update(self.bytes());
        Hash::from_bytes(hash.finalize().into())
    }
}

/// A text with its length before it.
pub(super) fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// How many fields there are, then each name and value.
pub(super) fn push_fields<'a>(
    bytes: &mut Vec<u8>,
    fields: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
) {
    bytes.extend((fields.len() as u64).to_be_bytes());
    for (name, value) in fields {
        push_text(bytes, name);
        push_text(bytes, value);
    }
}
