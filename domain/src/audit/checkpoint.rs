//! Checkpoints: signed statements of where streams ended, each bound to the one before.
//!
//! A checkpoint names the streams that grew since the last one. Whoever holds a later one can't be
//! shown another past of any stream that it or an earlier one names. Signs nothing itself.

use jiff::Timestamp;

use super::{AuditHead, Hash, Statement, Tag, root_of};

/// Where one stream ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StreamHead {
    /// Workflow id of the run or case.
    pub stream: String,
    /// How many entries it had.
    pub length: u64,
    /// Hash of the last.
    pub hash: Hash,
}

impl StreamHead {
    /// The end of the stream.
    #[must_use]
    pub fn head(&self) -> AuditHead {
        AuditHead {
            length: self.length,
            hash: self.hash,
        }
    }

    /// As a leaf of a checkpoint's tree.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let mut leaf = Statement::new(Tag::Head);
        leaf.push("stream", self.stream.as_str());
        leaf.push("length", self.length.to_string());
        leaf.push("hash", self.hash.to_string());
        leaf.leaf()
    }
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// From 0, without gaps.
    pub number: u64,
    /// Hash of the one before; [`Hash::NONE`] for the first.
    pub previous: Hash,
    /// When it was made.
    pub at: Timestamp,
    /// Merkle root over its heads, in order of their streams.
    pub root: Hash,
    /// How many heads it has.
    pub count: u64,
    /// Id of the key that it is signed with.
    pub key_id: String,
}

impl Checkpoint {
    /// The checkpoint over `heads`, which are in order of their streams, behind `previous`.
    #[must_use]
    pub fn over(
        heads: &[StreamHead],
        previous: Option<&Checkpoint>,
        at: Timestamp,
        key_id: &str,
    ) -> Self {
        Checkpoint {
            number: previous.map_or(0, |previous| previous.number + 1),
            previous: previous.map_or(Hash::NONE, Checkpoint::hash),
            at,
            root: root_of(heads.iter().map(StreamHead::leaf)),
            count: heads.len() as u64,
            key_id: key_id.to_owned(),
        }
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut signed = Statement::new(Tag::Checkpoint);
        signed.push("number", self.number.to_string());
        signed.push("previous", self.previous.to_string());
        signed.push("at", self.at.to_string());
        signed.push("root", self.root.to_string());
        signed.push("count", self.count.to_string());
        signed.push("key", self.key_id.as_str());
        signed.bytes()
    }

    /// Hash of [`Checkpoint::bytes`]: what the next one names.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.bytes())
    }
}

/// A checkpoint with its signature and the heads that it is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// Ed25519, 64 bytes, over [`Checkpoint::bytes`].
    pub signature: Vec<u8>,
    /// In order of their streams.
    pub heads: Vec<StreamHead>,
}

/// Why a checkpoint can't be relied on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Another number stands where this one belongs.
    #[error("checkpoint {number} is missing: {found} stands in its place")]
    Missing {
        /// The number that belongs there.
        number: u64,
        /// The number found.
        found: u64,
    },
    /// It does not follow the one before.
    #[error("checkpoint {0} does not follow the one before: one of the two was replaced")]
    Unlinked(u64),
    /// Its heads are not those that were signed.
    #[error("the heads of checkpoint {0} are not those that its root stands for")]
    Heads(u64),
    /// Its signature is none of a trusted key.
    #[error("checkpoint {number}: {reason}")]
    Signature {
        /// The checkpoint.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// Checks checkpoints from number 0 on: chain, roots and signatures. `is_signed` says why a signature
/// is not one. All that is wrong, in order.
pub fn verify_checkpoints(
    checkpoints: &[SignedCheckpoint],
    is_signed: impl Fn(&SignedCheckpoint) -> Result<(), String>,
) -> Vec<CheckpointError> {
    let mut wrong = Vec::new();
    let mut previous: Option<&Checkpoint> = None;
    for signed in checkpoints {
        let checkpoint = &signed.checkpoint;
        let (number, found) = (
            previous.map_or(0, |it| it.number.saturating_add(1)),
            checkpoint.number,
        );
        if found != number {
            wrong.push(CheckpointError::Missing { number, found });
        } else if checkpoint.previous != previous.map_or(Hash::NONE, Checkpoint::hash) {
            wrong.push(CheckpointError::Unlinked(number));
        }
        let number = checkpoint.number;
        let in_order = signed.heads.is_sorted_by(|a, b| a.stream < b.stream);
        let root = root_of(signed.heads.iter().map(StreamHead::leaf));
        if !in_order || root != checkpoint.root || signed.heads.len() as u64 != checkpoint.count {
            wrong.push(CheckpointError::Heads(number));
        }
        if let Err(reason) = is_signed(signed) {
            wrong.push(CheckpointError::Signature { number, reason });
        }
        previous = Some(checkpoint);
    }
    wrong
}
