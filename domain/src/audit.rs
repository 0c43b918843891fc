//! The audit trail: append-only chains of entries, each bound to the one before by its hash.
//!
//! One chain per stream, one stream per run or case. A run's workflow numbers its entries, so that
//! a retry writes the same bytes; those of a case are numbered as they are stored, because people
//! write there too. The byte format is in `docs/audit-format.md`. Stores nothing, reads no clock:
//! time and actor come in. A chain proves nothing against someone who can rewrite all of it: that
//! takes a head kept apart.

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::named_enum;

/// First bytes of every hashed entry: what is hashed and by which rules.
const TAG: &str = "trueup.audit.v1";

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first entry of a stream names as the hash before it.
    pub const NONE: Hash = Hash([0; 32]);

    /// Reads 64 hexadecimal digits in small letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        (hex::encode(bytes) == text).then_some(Hash(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

named_enum! {
    /// What happened. Names are part of the hashed bytes: never rename one.
    AuditEvent {
        /// A run began.
        RunOpened = "run_opened",
        /// An input was read whole: its hash, counts and totals.
        InputSealed = "input_sealed",
        /// An input could not be used.
        InputQuarantined = "input_quarantined",
        /// The rules and the policy that decide in this run, by hash.
        RulesVersioned = "rules_versioned",
        /// Both sides were compared: counts and conservation.
        Compared = "compared",
        /// Somebody has to be told.
        AlertIntended = "alert_intended",
        /// A run ended with a result.
        RunCompleted = "run_completed",
        /// A run ended without one.
        RunFailed = "run_failed",
        /// A discrepancy's case began.
        CaseOpened = "case_opened",
        /// A channel took an alert.
        AlertSent = "alert_sent",
        /// A channel refused an alert for good.
        AlertDead = "alert_dead",
        /// A channel did not take an alert in time, and another one is told.
        AlertDiverted = "alert_diverted",
        /// Somebody asked for a dead alert to be sent again.
        AlertRedriven = "alert_redriven",
        /// A later run found the same discrepancy.
        CaseSeenAgain = "case_seen_again",
        /// Somebody is to look at a case.
        CaseAssigned = "case_assigned",
        /// Somebody saw a case.
        CaseAcknowledged = "case_acknowledged",
        /// Somebody wrote something down.
        CaseCommented = "case_commented",
        /// A resolution waits for a second person.
        CaseProposed = "case_proposed",
        /// A second person sent a proposal back.
        CaseRejected = "case_rejected",
        /// A case was resolved, by one person or by a second one's approval.
        CaseResolved = "case_resolved",
        /// A later run found that the difference is gone.
        CaseCleared = "case_cleared",
        /// A resolved or cleared case was opened again.
        CaseReopened = "case_reopened",
        /// Somebody tried what they may not.
        CaseDenied = "case_denied",
        /// Somebody is reminded, or somebody else is told.
        CaseEscalated = "case_escalated",
        /// What was found is on record, and the review of it begins.
        ReviewBegun = "review_begun",
        /// The run was signed off: frozen with its totals, hashes and rule version.
        RunSignedOff = "run_signed_off",
        /// Somebody tried to sign off, or to cancel the review, and may not.
        ReviewDenied = "review_denied",
        /// The review was cancelled.
        ReviewCancelled = "review_cancelled",
        /// Many discrepancies of a run may have one cause.
        CauseFound = "cause_found",
        /// Open items of earlier runs were taken over.
        PositionTaken = "position_taken",
        /// A generation took the place of an earlier one: what changed.
        RunRestated = "run_restated",
        /// A person's data was erased, or an object is about to be redacted for that.
        DataErased = "data_erased",
    }
}

/// One entry of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Workflow id of the run or case.
    pub stream: String,
    /// Place in the stream, from 0, without gaps.
    pub sequence: u64,
    /// Hash of the entry before; [`Hash::NONE`] for the first.
    pub previous: Hash,
    /// When it happened, by the workflow's clock.
    pub at: Timestamp,
    /// Who did it: a person's name or `trueup`.
    pub actor: String,
    /// What happened.
    pub event: AuditEvent,
    /// The details by name, sorted.
    pub fields: Vec<(String, String)>,
}

impl AuditEntry {
    /// Hash of [`AuditEntry::bytes`]: what the next entry and the head name.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash(Sha256::digest(self.bytes()).into())
    }

    /// The bytes that are hashed: texts with their length before them, integers of fixed width.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        push_text(&mut bytes, TAG);
        push_text(&mut bytes, &self.stream);
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.previous.0);
        bytes.extend(self.at.as_nanosecond().to_be_bytes());
        push_text(&mut bytes, &self.actor);
        push_text(&mut bytes, self.event.name());
        bytes.extend((self.fields.len() as u64).to_be_bytes());
        for (name, value) in &self.fields {
            push_text(&mut bytes, name);
            push_text(&mut bytes, value);
        }
        bytes
    }

    /// The end of the stream if this is its last entry.
    #[must_use]
    pub fn head(&self) -> AuditHead {
        AuditHead {
            length: self.sequence + 1,
            hash: self.hash(),
        }
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// Where a stream ends. Kept apart from the entries, it shows when the end was cut or rewritten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditHead {
    /// How many entries the stream has.
    pub length: u64,
    /// Hash of the last; [`Hash::NONE`] for none.
    pub hash: Hash,
}

impl AuditHead {
    /// Of a stream without entries.
    pub const EMPTY: AuditHead = AuditHead {
        length: 0,
        hash: Hash::NONE,
    };
}

/// Where the writer of a stream goes on, and what its next entry will say about when and who.
///
/// A retried activity starts from the same cursor and so writes the same bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditCursor {
    /// Workflow id of the run or case.
    pub stream: String,
    /// Where the stream ends.
    pub head: AuditHead,
    /// When the next entries happen, by the workflow's clock.
    pub at: Timestamp,
    /// Who does what they say.
    pub actor: String,
}

impl AuditCursor {
    /// The next entry, and the cursor behind it. Fields may come in any order.
    #[must_use]
    pub fn entry<'a>(
        self,
        event: AuditEvent,
        fields: impl IntoIterator<Item = (&'a str, String)>,
    ) -> (AuditEntry, AuditCursor) {
        let fields = fields.into_iter();
        let mut fields: Vec<_> = fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        fields.sort();
        let entry = AuditEntry {
            stream: self.stream.clone(),
            sequence: self.head.length,
            previous: self.head.hash,
            at: self.at,
            actor: self.actor.clone(),
            event,
            fields,
        };
        let head = entry.head();
        (entry, AuditCursor { head, ..self })
    }
}

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
