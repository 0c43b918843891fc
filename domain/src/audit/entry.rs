//! One entry of a stream, its hash, and where the next one goes.

use jiff::Timestamp;

use super::statement::{push_fields, push_text};
use super::{AuditEvent, Hash};

/// First bytes of every hashed entry: what is hashed and by which rules.
const TAG: &str = "trueup.audit.v1";

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
        Hash::of(&self.bytes())
    }

    /// The bytes that are hashed: texts with their length before them, integers of fixed width.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        push_text(&mut bytes, TAG);
        push_text(&mut bytes, &self.stream);
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.previous.as_bytes());
        bytes.extend(self.at.as_nanosecond().to_be_bytes());
        push_text(&mut bytes, &self.actor);
        push_text(&mut bytes, self.event.name());
        let fields = self.fields.iter();
        push_fields(&mut bytes, fields.map(|(name, value)| (&**name, &**value)));
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
