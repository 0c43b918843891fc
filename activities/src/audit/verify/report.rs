//! What a verification found.

use serde::Serialize;

/// Something that is not what was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Wrong {
    /// The stream, checkpoint or file.
    pub subject: String,
    /// The first entry at fault, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// What is wrong, in one sentence.
    pub problem: String,
}

/// How far checkpoints reach.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Covered {
    /// Number of the last checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_checkpoint: Option<u64>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_checkpoint_at: Option<String>,
    /// Its hash: to be compared with one that was noted elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_checkpoint_hash: Option<String>,
    /// Entries that no checkpoint pins yet.
    pub entries_not_covered: u64,
    /// Streams that have such entries.
    pub streams_not_covered: u64,
}

/// All that a verification says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// Streams that were read.
    pub streams: u64,
    /// Entries that were hashed.
    pub entries: u64,
    /// Checkpoints that were checked.
    pub checkpoints: u64,
    /// Files that were read and hashed.
    pub files: u64,
    /// Matches and discrepancies whose leaves were computed.
    pub leaves: u64,
    /// How far checkpoints reach.
    pub covered: Covered,
    /// What is not what was written: by subject, the first bad entry of each stream.
    pub broken: Vec<Wrong>,
    /// What could not be checked, and why; nothing of it is wrong.
    pub notes: Vec<String>,
}

impl Report {
    pub(in crate::audit) fn wrong(&mut self, subject: impl Into<String>, problem: impl ToString) {
        self.wrong_at(subject, None, problem);
    }

    pub(in crate::audit) fn wrong_at(
        &mut self,
        subject: impl Into<String>,
        sequence: Option<u64>,
        problem: impl ToString,
    ) {
        self.broken.push(Wrong {
            subject: subject.into(),
            sequence,
            problem: problem.to_string(),
        });
    }

    pub(in crate::audit) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes in what another one says of files and leaves.
    pub(super) fn add(&mut self, other: Report) {
        self.files += other.files;
        self.leaves += other.leaves;
        self.broken.extend(other.broken);
        for note in other.notes {
            self.note(note);
        }
    }

    pub(in crate::audit) fn sort(&mut self) {
        self.broken.sort();
        self.broken.dedup();
    }
}
