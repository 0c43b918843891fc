//! Small documents that the steps of a run leave in the object store for each other.

use proto::wire::ConservationLine;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use workflows::failure;
use workflows::ports::Stored;

use crate::failures::Failure;
use crate::staging::{Folder, Staging};

/// What the comparison of some buckets left.
#[derive(Serialize, Deserialize)]
pub(super) struct Compared {
    /// Matched pairs, as lines of the file of matches.
    pub(super) matches: Stored,
    /// How many they are.
    pub(super) matched: u64,
    /// Where the money went that is decided about.
    pub(super) conservation: Vec<ConservationLine>,
    /// Discrepancies that the first rule found.
    pub(super) discrepancies: Stored,
    /// Records of both sides for the further rules.
    pub(super) left: Stored,
    /// How many records the run is not about.
    pub(super) out_of_scope: u64,
}

/// What a run found.
#[derive(Serialize, Deserialize)]
pub(super) struct Found {
    /// All discrepancies, in order.
    pub(super) discrepancies: Stored,
    /// Files of matched pairs.
    pub(super) matches: Vec<Stored>,
}

/// Stores a document as JSON.
pub(super) async fn put<T: Serialize>(
    staging: &Staging,
    folder: Folder<'_>,
    document: &T,
) -> Result<Stored, Failure> {
    let bytes = serde_json::to_vec(document)
        .map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))?;
    Ok(staging.put(folder, bytes).await?)
}

/// Reads a document back.
pub(super) async fn get<T: DeserializeOwned>(
    staging: &Staging,
    stored: &Stored,
) -> Result<T, Failure> {
    let bytes = staging.get(stored).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::last(failure::STAGING_DAMAGED, format!("{}: {error}", stored.key))
    })
}
