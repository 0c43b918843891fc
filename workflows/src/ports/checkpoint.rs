//! What the step takes and answers that signs the audit trail.

use serde::{Deserialize, Serialize};

/// Input of [`MakeCheckpoint`](super::MakeCheckpoint).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckpointMaking {
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`MakeCheckpoint`](super::MakeCheckpoint), and of the workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointMade {
    /// Number of the last one made; none when there was nothing new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// How many were made.
    pub made: u64,
    /// Streams that were left out because they are broken.
    pub broken: u64,
}
