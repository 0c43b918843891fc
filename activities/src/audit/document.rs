//! A checkpoint as a document: what is stored, published and given to auditors.

use domain::audit::{Checkpoint, Hash, SignedCheckpoint, StreamHead};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The document's JSON. Always the same bytes for the same checkpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckpointJson {
    /// From 0.
    pub number: u64,
    /// Hash of the one before.
    pub previous: String,
    /// When it was made, RFC 3339 in UTC.
    pub at: String,
    /// Merkle root over the heads.
    pub root: String,
    /// How many heads there are.
    pub count: u64,
    /// Id of the key.
    pub key: String,
    /// Ed25519, 128 hexadecimal digits.
    pub signature: String,
    /// Stream, length and hash of each, in order; none where a proof takes their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<(String, u64, String)>,
}

impl CheckpointJson {
    /// Without its heads.
    pub(super) fn without_heads(signed: &SignedCheckpoint) -> Self {
        let Checkpoint {
            number,
            previous,
            at,
            root,
            count,
            key_id,
        } = &signed.checkpoint;
        CheckpointJson {
            number: *number,
            previous: previous.to_string(),
            at: at.to_string(),
            root: root.to_string(),
            count: *count,
            key: key_id.clone(),
            signature: hex::encode(&signed.signature),
            heads: Vec::new(),
        }
    }

    /// What it stands for.
    pub(super) fn signed(&self) -> Result<SignedCheckpoint, String> {
        let hash = |name: &str, text: &str| {
            Hash::parse(text).ok_or_else(|| format!("`{name}` is no hash: {text:?}"))
        };
        let at: Timestamp = self.at.parse().map_err(|error| format!("`at`: {error}"))?;
        if at.to_string() != self.at {
            return Err(format!(
                "`at` is not written as it was signed: {:?}",
                self.at
            ));
        }
        let heads = self.heads.iter().map(|(stream, length, text)| {
            Ok(StreamHead {
                stream: stream.clone(),
                length: *length,
                hash: hash("heads", text)?,
            })
        });
        Ok(SignedCheckpoint {
            checkpoint: Checkpoint {
                number: self.number,
                previous: hash("previous", &self.previous)?,
                at,
                root: hash("root", &self.root)?,
                count: self.count,
                key_id: self.key.clone(),
            },
            signature: hex::decode(&self.signature).map_err(|_| "`signature` is no hexadecimal")?,
            heads: heads.collect::<Result<_, String>>()?,
        })
    }
}

/// The document of a checkpoint.
pub(crate) fn text(signed: &SignedCheckpoint) -> String {
    let mut document = CheckpointJson::without_heads(signed);
    let heads = signed.heads.iter();
    document.heads = heads
        .map(|head| (head.stream.clone(), head.length, head.hash.to_string()))
        .collect();
    serde_json::to_string(&document).expect("a checkpoint is plain data")
}

/// The checkpoint of a document, or why it is none.
pub(crate) fn read(bytes: &[u8]) -> Result<SignedCheckpoint, String> {
    let document: CheckpointJson =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    document.signed()
}
