//! Reading staged values back. Every part that is read is verified against the manifest.

use std::ops::Range;

use domain::record::{Record, Reject};
use futures::{StreamExt, TryStreamExt, stream};
use proto::staged::{Staged, decode_all, encode_all};
use workflows::ports::Stored;

use super::manifest::{ChunkRecords, SideManifest};
use super::{Folder, Staging, StagingError, damaged, verify};

/// Objects that are asked for at the same time.
const READS_AT_ONCE: usize = 4;

impl Staging {
    /// Stores a stream of values: records, rejects, discrepancies, match lines.
    ///
    /// # Errors
    /// As [`Staging::put`].
    pub async fn put_all<'a, T: Staged + 'a>(
        &self,
        folder: Folder<'_>,
        values: impl IntoIterator<Item = &'a T>,
    ) -> Result<Stored, StagingError> {
        self.put(folder, encode_all(values)).await
    }

    /// Reads a stream of values back. Of one that was redacted, the redacted copy: what counts and
    /// matches is still in it.
    ///
    /// # Errors
    /// As [`Staging::get`], but for [`StagingError::Redacted`].
    pub async fn get_all<T: Staged>(&self, stored: &Stored) -> Result<Vec<T>, StagingError> {
        let (bytes, _) = self.get_redacted(stored).await?;
        decode(&stored.key, &bytes)
    }
}

/// All records of some buckets, in the order of the input within each chunk and bucket; then the
/// open items of these buckets.
///
/// # Errors
/// [`StagingError`] as for [`Staging::get`].
pub async fn load_buckets(
    staging: &Staging,
    manifest: &SideManifest,
    buckets: Range<u32>,
) -> Result<Vec<Record>, StagingError> {
    let parts: Vec<_> = manifest
        .records()
        .map(|records| part_of_chunk(staging, records, buckets.clone()))
        .collect();
    let capacity = manifest.rows_in(buckets.clone()) as usize;
    let into = |mut all: Vec<Record>, mut part: Vec<Record>| async move {
        all.append(&mut part);
        Ok(all)
    };
    stream::iter(parts)
        .buffered(READS_AT_ONCE)
        .try_fold(Vec::with_capacity(capacity), into)
        .await
}

/// The first rejects of a side, at most `count_max`; the manifest's counts say how many there are.
///
/// # Errors
/// [`StagingError`] as for [`Staging::get`].
pub async fn load_rejects(
    staging: &Staging,
    manifest: &SideManifest,
    count_max: usize,
) -> Result<Vec<Reject>, StagingError> {
    let mut rejects = Vec::new();
    for stored in manifest
        .chunks
        .iter()
        .filter_map(|chunk| chunk.rejects.as_ref())
    {
        if rejects.len() >= count_max {
            break;
        }
        rejects.extend(staging.get_all::<Reject>(stored).await?);
    }
    rejects.truncate(count_max);
    Ok(rejects)
}

/// The segments of these buckets lie side by side: one request gets them all.
async fn part_of_chunk(
    staging: &Staging,
    records: &ChunkRecords,
    buckets: Range<u32>,
) -> Result<Vec<Record>, StagingError> {
    let key = &records.stored.key;
    let (from, to) = (buckets.start as usize, buckets.end as usize);
    let segments = records
        .segments
        .get(from..to)
        .ok_or_else(|| damaged(key, format!("it has no buckets {from} to {to}")))?;
    let size = |segments: &[super::Segment]| -> u64 { segments.iter().map(|s| s.bytes).sum() };
    let start = size(&records.segments[..from]);
    let length = size(segments);
    if length == 0 {
        return Ok(Vec::new());
    }
    let bytes = staging.get_part(key, start..start + length).await?;
    if bytes.len() as u64 != length {
        return Err(damaged(key, "it is shorter than it was"));
    }
    let mut rest = &bytes[..];
    let mut found: Vec<Record> = Vec::new();
    for segment in segments {
        let (part, after) = rest.split_at(segment.bytes as usize);
        if let Err(error) = verify(key, part, &segment.sha256) {
            // The whole object says it better when it was redacted.
            return Err(staging.get(&records.stored).await.err().unwrap_or(error));
        }
        found.append(&mut decode(key, part)?);
        rest = after;
    }
    Ok(found)
}

fn decode<T: Staged>(key: &str, bytes: &[u8]) -> Result<Vec<T>, StagingError> {
    decode_all(bytes).map_err(|error| damaged(key, error.to_string()))
}
