//! Personal texts in what is hashed: not the text stands there, but a keyed hash of it. So a text can
//! be erased, and what was hashed still be checked.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Hash;
use crate::discrepancy::DiscrepancyId;

/// What stands for a text that was erased: this, and the 64 digits of its commitment.
pub const ERASED: &str = "erased:";
/// What the id of an installation's key is derived under.
const ID_TAG: &str = "trueup.commitment-key-id.v1";
/// What the keys of single discrepancies are derived under.
const KEY_TAG: &str = "trueup.commitment-key.v1";

/// An installation's key for commitments: who has it can try out texts against them.
#[derive(Clone, Copy)]
pub struct CommitmentKey([u8; 32]);

impl CommitmentKey {
    /// Of an installation that has none: commitments then hide nothing from who guesses the text.
    pub const NONE: CommitmentKey = CommitmentKey([0; 32]);

    /// This key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        CommitmentKey(key)
    }

    /// What the trail calls it, 16 hexadecimal digits; `none` of an installation that has none.
    #[must_use]
    pub fn id(&self) -> String {
        if self.0 == Self::NONE.0 {
            return "none".to_owned();
        }
        hex::encode(&keyed(&self.0, &[ID_TAG])[..8])
    }
}

impl fmt::Debug for CommitmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Commits to the texts of one discrepancy, under a key of its own: to show it opens these texts and
/// no others.
#[derive(Clone, Copy)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// For the discrepancy of this id.
    #[must_use]
    pub fn of(key: CommitmentKey, id: &DiscrepancyId) -> Self {
        Commitment(keyed(&key.0, &[KEY_TAG, id.as_str()]))
    }

    /// With the key that [`Commitment::key`] gave.
    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Self {
        Commitment(key)
    }

    /// The key that opens it.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        self.0
    }

    /// The commitment to a text, 64 hexadecimal digits. A text that was erased stands for its own.
    #[must_use]
    pub fn to(&self, text: &str) -> String {
        match erased(text) {
            Some(commitment) => commitment.to_owned(),
            None => hex::encode(keyed(&self.0, &[text])),
        }
    }
}

/// What takes the place of a text of this commitment when it is erased.
#[must_use]
pub fn erased_text(commitment: &str) -> String {
    format!("{ERASED}{commitment}")
}

/// The commitment of a text that was erased; none of any other text.
#[must_use]
pub fn erased(text: &str) -> Option<&str> {
    let commitment = text.strip_prefix(ERASED)?;
    Hash::parse(commitment).map(|_| commitment)
}

fn keyed(key: &[u8; 32], texts: &[&str]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for text in texts {
        mac.update(text.as_bytes());
    }
    mac.finalize().into_bytes().into()
}
