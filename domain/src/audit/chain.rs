//! Whether a stream is what was written: every link of it, and the heads that checkpoints pin.

use super::{AuditEntry, AuditHead, Hash};

/// Where a stream stops being what was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChainError {
    /// Another sequence number stands where this one belongs.
    #[error("entry {sequence} of {stream} is missing: entry {found} stands in its place")]
    OutOfPlace {
        /// The stream.
        stream: String,
        /// The number that belongs there.
        sequence: u64,
        /// The number found.
        found: u64,
    },
    /// An entry names another stream.
    #[error("entry {sequence} of {stream} belongs to {found}")]
    OtherStream {
        /// The stream.
        stream: String,
        /// Place of the entry.
        sequence: u64,
        /// The stream it names.
        found: String,
    },
    /// An entry is not the one that was hashed.
    #[error("entry {sequence} of {stream} was altered")]
    Altered {
        /// The stream.
        stream: String,
        /// Place of the entry.
        sequence: u64,
    },
    /// The stream ends before an entry that a checkpoint pins.
    #[error("{stream} has {found} entries, checkpoint {checkpoint} pins {expected}")]
    Cut {
        /// The stream.
        stream: String,
        /// The checkpoint.
        checkpoint: u64,
        /// By the checkpoint.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// Entries agree with each other and not with a checkpoint.
    #[error(
        "entry {sequence} of {stream}, or one before it, was rewritten after checkpoint \
         {checkpoint}"
    )]
    Rewritten {
        /// The stream.
        stream: String,
        /// The entry that the checkpoint pins.
        sequence: u64,
        /// The checkpoint.
        checkpoint: u64,
    },
    /// The stream ends early or goes on after its head.
    #[error("{stream} has {found} entries, its head counts {expected}")]
    Length {
        /// The stream.
        stream: String,
        /// By the head.
        expected: u64,
        /// As found.
        found: u64,
    },
}

/// Checks every entry and every link of `stream` from its first entry to `expected_head`.
///
/// # Errors
/// Names the first bad entry.
pub fn verify(
    stream: &str,
    entries: &[AuditEntry],
    expected_head: AuditHead,
) -> Result<(), ChainError> {
    let hashes: Vec<Hash> = entries.iter().map(AuditEntry::hash).collect();
    let named_after = |at: usize| {
        entries
            .get(at + 1)
            .map_or(expected_head.hash, |e| e.previous)
    };
    let mut previous = Hash::NONE;
    for (at, entry) in entries.iter().enumerate() {
        let sequence = at as u64;
        if entry.stream != stream {
            let (stream, found) = (stream.to_owned(), entry.stream.clone());
            return Err(ChainError::OtherStream {
                stream,
                sequence,
                found,
            });
        }
        if entry.sequence != sequence {
            let (stream, found) = (stream.to_owned(), entry.sequence);
            return Err(ChainError::OutOfPlace {
                stream,
                sequence,
                found,
            });
        }
        if entry.previous != previous {
            // Both ends of the link could be to blame. The one before is, when what follows
            // confirms this entry as it stands.
            let confirmed = hashes[at] == named_after(at);
            let sequence = if confirmed {
                sequence.saturating_sub(1)
            } else {
                sequence
            };
            let stream = stream.to_owned();
            return Err(ChainError::Altered { stream, sequence });
        }
        previous = hashes[at];
    }
    if entries.len() as u64 != expected_head.length {
        let (expected, found) = (expected_head.length, entries.len() as u64);
        let stream = stream.to_owned();
        return Err(ChainError::Length {
            stream,
            expected,
            found,
        });
    }
    if previous != expected_head.hash {
        let sequence = expected_head.length.saturating_sub(1);
        let stream = stream.to_owned();
        return Err(ChainError::Altered { stream, sequence });
    }
    Ok(())
}

/// Where a checkpoint says that a stream ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pin {
    /// The checkpoint's number.
    pub checkpoint: u64,
    /// The end of the stream then.
    pub head: AuditHead,
}

/// Checks the entries of `stream`, which [`verify`] found whole, against what checkpoints pin.
///
/// # Errors
/// Names the first pin that does not hold.
pub fn verify_pins(stream: &str, entries: &[AuditEntry], pins: &[Pin]) -> Result<(), ChainError> {
    for Pin { checkpoint, head } in pins {
        let pinned = usize::try_from(head.length)
            .ok()
            .and_then(|length| length.checked_sub(1));
        let Some(entry) = pinned.and_then(|at| entries.get(at)) else {
            return Err(ChainError::Cut {
                stream: stream.to_owned(),
                checkpoint: *checkpoint,
                expected: head.length,
                found: entries.len() as u64,
            });
        };
        if entry.hash() != head.hash {
            return Err(ChainError::Rewritten {
                stream: stream.to_owned(),
                sequence: entry.sequence,
                checkpoint: *checkpoint,
            });
        }
    }
    Ok(())
}
