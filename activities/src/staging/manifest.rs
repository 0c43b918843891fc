//! What one staged side consists of: its inputs, its chunks, what it adds up to.

use std::ops::Range;

use domain::matching::BUCKETS;
use domain::matching::sieve::ROW_FORM;
use domain::record::Side;
use proto::wire::{SideCounts, StagedControl};
use serde::{Deserialize, Serialize};
use workflows::ports::Stored;

use super::{Staging, StagingError, damaged};
use crate::formats::{Head, ReadLimits};

/// An input as it was received, in the object store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SealedInput {
    /// File name without its folder, or name of the query file.
    pub name: String,
    /// Other files that hold exactly the same; their lines count once.
    pub repeated_as: Vec<String>,
    /// Its bytes.
    pub stored: Stored,
}

/// One side of a run, staged. Kept as JSON beside its chunks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SideManifest {
    /// `partner` or `ledger`.
    pub side: String,
    /// The inputs, in the order in which they were read.
    pub inputs: Vec<StagedInput>,
    /// Lines of all inputs.
    pub counts: SideCounts,
    /// Accepted records by currency code.
    pub received: Vec<Received>,
    /// The arithmetic that the inputs state about themselves.
    pub controls: Vec<StagedControl>,
    /// The records, simple rows and rejects, in the order of the input.
    pub chunks: Vec<Chunk>,
    /// Accepted records that an earlier run had received already, by currency code; they are in no
    /// chunk.
    #[serde(default)]
    pub known: Vec<Received>,
    /// What the side begins with; nothing before a source's first run.
    #[serde(default)]
    pub opening: Option<OpeningSide>,
    /// What its simple rows are read by; absent when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_reading: Option<RowsReading>,
}

/// By what rows are read into records: as they were when they were staged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowsReading {
    /// The kind of reference that they are in buckets by.
    pub key: String,
    /// The text of the source's file.
    pub rules: Stored,
    /// What is read at most.
    pub limits: ReadLimits,
}

/// What earlier runs left open of a side, as this run's input leaves it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OpeningSide {
    /// Open items that are compared; absent when there are none.
    pub records: Option<ChunkRecords>,
    /// What they add up to.
    pub items: Vec<Received>,
    /// What those add up to that were taken back.
    pub voided: Vec<Received>,
    /// Discrepancies whose records are gone, and what shows it: a list of pairs as JSON.
    pub gone: Option<Stored>,
    /// Withdrawn records of groups that were used up: the group among those remembered, and the
    /// record in it.
    pub withdrawn_of_groups: Vec<(usize, usize)>,
    /// Of the open items, those that were used up before.
    pub reopened: u64,
    /// Open items of runs that this one replaces.
    pub taken_back: u64,
    /// Payments that runs of other days used up and the inputs show again, sorted; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Stored>,
    /// What later rules would call those, sorted; absent when there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_names: Option<Stored>,
    /// Fingerprints of records that were another payment in the words that earlier runs knew; absent when there are
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<Stored>,
    /// First and last value date of which the inputs have all that there is; absent where they tell of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<(String, String)>,
}

/// One input of a staged side.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StagedInput {
    /// What was read.
    pub sealed: SealedInput,
    /// The identity that it declares for itself, to recognise a redelivery.
    pub declared_id: Option<String>,
    /// Its lines; names no inputs.
    pub counts: SideCounts,
    /// What its simple rows are read by; absent when it was not scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
}

/// Accepted records in one currency.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Received {
    /// ISO 4217.
    pub currency: String,
    /// How many.
    pub count: u64,
    /// Their sum as decimal text; absent when it is larger than an amount may be.
    pub sum: Option<String>,
}

/// Some lines of the side.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Chunk {
    /// The records, bucket after bucket; absent when there are none.
    pub records: Option<ChunkRecords>,
    /// The rejects; absent when there are none.
    pub rejects: Option<Stored>,
    /// The simple rows, of which no records were made; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<ChunkRows>,
}

/// The simple rows of a chunk: one object, as with records.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChunkRows {
    /// The form that they have: [`ROW_FORM`].
    pub form: u32,
    /// The input that they are of, counted from 0.
    pub input: usize,
    /// The object.
    pub stored: Stored,
    /// Its parts, one for each bucket, empty ones too.
    pub segments: Vec<Segment>,
}

/// The records of a chunk: one object, so that storing a chunk happens whole or not at all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChunkRecords {
    /// The object.
    pub stored: Stored,
    /// Its parts, one for each bucket, empty ones too.
    pub segments: Vec<Segment>,
}

/// One bucket of a chunk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Segment {
    /// Its size.
    pub bytes: u64,
    /// Its records, or simple rows.
    pub rows: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

impl SideManifest {
    /// Reads a manifest back.
    ///
    /// # Errors
    /// As [`Staging::get`]; [`StagingError::Damaged`] when it is none, or one of another version.
    pub async fn load(staging: &Staging, stored: &Stored) -> Result<Self, StagingError> {
        let bytes = staging.get(stored).await?;
        let manifest: SideManifest = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(&stored.key, error.to_string()))?;
        let known = Side::parse(&manifest.side).is_some();
        let is_whole = |stored: &Stored, segments: &[Segment]| {
            let size: u64 = segments.iter().map(|segment| segment.bytes).sum();
            segments.len() == BUCKETS as usize && size == stored.bytes
        };
        let are_records = |it: &ChunkRecords| is_whole(&it.stored, &it.segments);
        let are_rows = |it: &ChunkRows| it.form == ROW_FORM && is_whole(&it.stored, &it.segments);
        match known && manifest.records().all(are_records) && manifest.rows().all(are_rows) {
            true => Ok(manifest),
            false => Err(damaged(&stored.key, "it is not a manifest of this version")),
        }
    }

    /// All records that are compared, and were made before: of the input, in its order, then the open
    /// items.
    pub fn records(&self) -> impl Iterator<Item = &ChunkRecords> {
        let received = self
            .chunks
            .iter()
            .filter_map(|chunk| chunk.records.as_ref());
        let opening = self.opening.as_ref();
        received.chain(opening.and_then(|opening| opening.records.as_ref()))
    }

    /// All simple rows that are compared, in the order of the input.
    pub fn rows(&self) -> impl Iterator<Item = &ChunkRows> {
        self.chunks.iter().filter_map(|chunk| chunk.rows.as_ref())
    }

    /// Number of records in some buckets, of those that were made before.
    #[must_use]
    pub fn rows_in(&self, buckets: Range<u32>) -> u64 {
        let wanted = |bucket: usize| buckets.contains(&(bucket as u32));
        let records = self.records();
        records
            .flat_map(|records| records.segments.iter().enumerate())
            .filter(|(bucket, _)| wanted(*bucket))
            .map(|(_, segment)| segment.rows)
            .sum()
    }
}
