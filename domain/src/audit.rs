//! The audit trail: append-only chains of entries, each bound to the one before by its hash, and
//! what ties them together.
//!
//! One chain per stream, one stream per run or case. A run's workflow numbers its entries, so that
//! a retry writes the same bytes; those of a case are numbered as they are stored, because people
//! write there too. What a run found is on its stream by the roots of Merkle trees. A chain proves
//! nothing against someone who can rewrite all of it: that takes checkpoints, which pin the ends of
//! streams. The bytes of all that are in `docs/audit-format.md`. Stores nothing, signs nothing,
//! reads no clock: time, actor, keys and signatures come in.

mod chain;
mod checkpoint;
mod commitment;
mod entry;
mod event;
mod hash;
mod leaf;
mod merkle;
mod pair_leaf;
mod proof;
mod statement;
#[cfg(test)]
mod tests;

pub use chain::{ChainError, Pin, verify, verify_pins};
pub use checkpoint::{
    Checkpoint, CheckpointError, SignedCheckpoint, StreamHead, verify_checkpoints,
};
pub use commitment::{Commitment, CommitmentKey, ERASED, erased, erased_text};
pub use entry::{AuditCursor, AuditEntry, AuditHead};
pub use event::AuditEvent;
pub use hash::Hash;
pub use leaf::{MatchedLine, committed_texts, discrepancy_leaf, match_leaf};
pub use merkle::{Merkle, root_of};
pub use pair_leaf::{PairLeaves, PairedLine};
pub use proof::{Proof, prove};
pub use statement::{Statement, Tag};
