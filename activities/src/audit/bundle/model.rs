//! The document's JSON.

use std::collections::BTreeMap;

use domain::audit::{AuditEntry, AuditEvent, Hash, Proof, Statement, StreamHead, Tag};
use serde::{Deserialize, Serialize};

use crate::audit::document::CheckpointJson;

/// What the first field of a bundle says.
pub(super) const FORMAT: &str = "trueup.bundle.v1";

/// A bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// `trueup.bundle.v1`.
    pub format: String,
    /// What it is evidence of, for people.
    pub about: String,
    /// Public keys by id, as the installation trusts them.
    pub public_keys: BTreeMap<String, String>,
    /// Checkpoints that pin its streams, without their heads.
    pub(super) checkpoints: Vec<CheckpointJson>,
    /// Whole audit streams.
    pub streams: Vec<StreamJson>,
    /// What runs sealed, or parts of it.
    pub sealed: Vec<SealedJson>,
    /// Where each figure of its discrepancies comes from.
    pub lineage: Vec<LineageJson>,
    /// Inputs as they were received.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputJson>,
}

/// One stream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamJson {
    /// Workflow id of the run or case.
    pub stream: String,
    /// All entries, in order.
    pub entries: Vec<EntryJson>,
    /// How the last checkpoint that names it pins it; none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinJson>,
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryJson {
    /// Place in the stream.
    pub sequence: u64,
    /// Hash of the entry before.
    pub previous: String,
    /// RFC 3339 in UTC.
    pub at: String,
    /// Who did it.
    pub actor: String,
    /// What happened.
    pub event: String,
    /// Name and value of each, in order.
    pub fields: Vec<(String, String)>,
}

/// The end of a stream as a leaf of a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinJson {
    /// The checkpoint's number.
    pub checkpoint: u64,
    /// How many entries the stream had.
    pub length: u64,
    /// Hash of the last of them.
    pub hash: String,
    /// That the checkpoint's root is over this.
    pub proof: ProofJson,
}

/// The way from a leaf to a root.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofJson {
    /// Place of the leaf.
    pub index: u64,
    /// How many leaves there are.
    pub size: u64,
    /// The hashes beside the way, from the leaf up.
    pub path: Vec<String>,
}

/// Leaves of one tree of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedJson {
    /// The run.
    pub run: String,
    /// The entry `compared` of its stream that has the root.
    pub sequence: u64,
    /// `trueup.match.v1` or `trueup.discrepancy.v1`.
    pub tag: String,
    /// All of them in order, or some, each with its proof.
    pub leaves: Vec<LeafJson>,
}

/// One leaf.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafJson {
    /// Name and value of each field, in order.
    pub fields: Vec<(String, String)>,
    /// That it is in the tree; none where all leaves are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofJson>,
    /// The key of its commitments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it commits to, by the names of the fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, String>,
}

/// Where a figure comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineageJson {
    /// The discrepancy.
    pub discrepancy: String,
    /// The field of its leaf: `partner.amount`.
    pub figure: String,
    /// The amount and its currency.
    pub value: String,
    /// The run whose stream has the input.
    pub run: String,
    /// Name of the input.
    pub file: String,
    /// SHA-256 of the input.
    pub sha256: String,
    /// Line in it, from 1.
    pub line: u64,
    /// The text there.
    pub raw: String,
}

/// An input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputJson {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its bytes, hexadecimal.
    pub content: String,
}

impl From<&AuditEntry> for EntryJson {
    fn from(entry: &AuditEntry) -> Self {
        EntryJson {
            sequence: entry.sequence,
            previous: entry.previous.to_string(),
            at: entry.at.to_string(),
            actor: entry.actor.clone(),
            event: entry.event.name().to_owned(),
            fields: entry.fields.clone(),
        }
    }
}

impl EntryJson {
    /// The entry of this stream, or what is no entry about it.
    pub(super) fn read(&self, stream: &str) -> Result<AuditEntry, String> {
        let event = AuditEvent::parse(&self.event);
        Ok(AuditEntry {
            stream: stream.to_owned(),
            sequence: self.sequence,
            previous: hash(&self.previous)?,
            at: self.at.parse().map_err(|error| format!("`at`: {error}"))?,
            actor: self.actor.clone(),
            event: event.ok_or_else(|| format!("there is no event `{}`", self.event))?,
            fields: self.fields.clone(),
        })
    }
}

impl From<Proof> for ProofJson {
    fn from(proof: Proof) -> Self {
        ProofJson {
            index: proof.index,
            size: proof.size,
            path: proof.path.iter().map(Hash::to_string).collect(),
        }
    }
}

impl ProofJson {
    pub(super) fn read(&self) -> Result<Proof, String> {
        Ok(Proof {
            index: self.index,
            size: self.size,
            path: self
                .path
                .iter()
                .map(|it| hash(it))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl PinJson {
    pub(super) fn head(&self, stream: &str) -> Result<StreamHead, String> {
        Ok(StreamHead {
            stream: stream.to_owned(),
            length: self.length,
            hash: hash(&self.hash)?,
        })
    }
}

impl LeafJson {
    /// The fields of a leaf, and nothing that proves it.
    pub(super) fn of(leaf: &Statement) -> Self {
        let fields = leaf.fields();
        LeafJson {
            fields: fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            proof: None,
            key: None,
            texts: BTreeMap::new(),
        }
    }

    pub(super) fn read(&self, tag: Tag) -> Statement {
        let mut leaf = Statement::new(tag);
        for (name, value) in &self.fields {
            leaf.push(name.clone(), value.as_str());
        }
        leaf
    }
}

pub(super) fn hash(text: &str) -> Result<Hash, String> {
    Hash::parse(text).ok_or_else(|| format!("{text:?} is no hash"))
}
