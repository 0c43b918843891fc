//! Small documents that the steps of a run leave in the object store for each other.

use std::collections::BTreeSet;

use proto::wire::ConservationLine;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use workflows::failure;
use workflows::ports::Stored;

use crate::audit::seal::Seals;
use crate::failures::Failure;
use crate::positions::UsedParts;
use crate::staging::{Folder, Staging};

/// What the comparison of some buckets left.
#[derive(Serialize, Deserialize)]
pub(super) struct Compared {
    /// Matched pairs, as lines of the file of matches.
    pub(super) matches: Stored,
    /// How many they are.
    pub(super) matched: u64,
    /// Hashes of their leaves, in no order; absent in what an earlier version left.
    #[serde(default)]
    pub(super) leaves: Option<Stored>,
    /// Where the money went that is decided about.
    pub(super) conservation: Vec<ConservationLine>,
    /// Discrepancies that the first rule found.
    pub(super) discrepancies: Stored,
    /// Records of both sides for the further rules.
    pub(super) left: Stored,
    /// How many records are superseded; none in what an earlier version left.
    #[serde(default)]
    pub(super) superseded: u64,
    /// How many records the run is not about.
    pub(super) out_of_scope: u64,
    /// What its pairs use up; for a run that makes a position.
    pub(super) used: Option<UsedParts>,
    /// Discrepancies of earlier runs that its pairs settle, and what shows it.
    pub(super) settled: Vec<(String, String)>,
}

/// What a run found.
#[derive(Serialize, Deserialize)]
pub(super) struct Found {
    /// All discrepancies, in order.
    pub(super) discrepancies: Stored,
    /// Files of matched pairs.
    pub(super) matches: Vec<Stored>,
    /// What seals both; absent in what an earlier version left.
    #[serde(default)]
    pub(super) seals: Option<SealsJson>,
    /// Discrepancies of earlier runs that this one no longer finds, and what shows it.
    #[serde(default)]
    pub(super) cleared: Vec<(String, String)>,
    /// Of those, what people had settled and has no effect any more.
    #[serde(default)]
    pub(super) undone: BTreeSet<String>,
    /// Discrepancies that were open when the run began.
    #[serde(default)]
    pub(super) open_before: BTreeSet<String>,
    /// The source's position after the run; none for a run that makes none.
    #[serde(default)]
    pub(super) position: Option<Stored>,
}

/// Roots over what a run found, hexadecimal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct SealsJson {
    /// Over all matches.
    pub(super) matches_root: String,
    /// How many they are.
    pub(super) matches_count: u64,
    /// Over all discrepancies.
    pub(super) discrepancies_root: String,
    /// The id of the key under which these commit to personal texts.
    #[serde(default)]
    pub(super) commitment_key: String,
}

impl From<Seals> for SealsJson {
    fn from(seals: Seals) -> Self {
        SealsJson {
            matches_root: seals.matches.to_string(),
            matches_count: seals.count,
            discrepancies_root: seals.discrepancies.to_string(),
            commitment_key: seals.commitment_key,
        }
    }
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
