//! Reading staged values back. Every part that is read is verified against the manifest.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use domain::record::{Record, Reject};
use futures::{StreamExt, TryStreamExt, stream};
use proto::staged::{Staged, decode_all, encode_all};
use workflows::ports::Stored;

use super::as_records::RowsReader;
use super::manifest::{Segment, SideManifest};
use super::rows::StagedRows;
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

/// All records of some buckets: of the input, in its order within each bucket, then the open items.
///
/// # Errors
/// [`StagingError`] as for [`Staging::get`].
pub async fn load_buckets(
    staging: &Staging,
    manifest: &SideManifest,
    buckets: Range<u32>,
) -> Result<Vec<Record>, StagingError> {
    let mut records = load_records(staging, manifest, buckets.clone()).await?;
    if let Some(reader) = RowsReader::of(staging, manifest).await? {
        for rows in load_rows(staging, manifest, buckets).await? {
            reader.read_all(&rows, |record| records.push(record))?;
        }
        let place = |record: &Record| {
            let mut inputs = manifest.inputs.iter();
            let input = inputs.position(|input| *input.sealed.name == *record.origin.file);
            let received = input.filter(|_| record.carried_from().is_none());
            received.map_or((usize::MAX, 0), |input| (input, record.origin.line))
        };
        records.sort_by_key(place);
    }
    Ok(records)
}

/// Of those, the ones that were made before.
pub(crate) async fn load_records(
    staging: &Staging,
    manifest: &SideManifest,
    buckets: Range<u32>,
) -> Result<Vec<Record>, StagingError> {
    let capacity = manifest.rows_in(buckets.clone()) as usize;
    let parts = manifest
        .records()
        .map(|records| async {
            let (stored, segments) = (&records.stored, &records.segments);
            let part = part_of_chunk(staging, stored, segments, buckets.clone()).await?;
            let mut found = Vec::new();
            for (range, _) in part.buckets {
                found.append(&mut decode(&stored.key, &part.bytes[range])?);
            }
            Ok(found)
        })
        .collect::<Vec<_>>();
    let into = |mut all: Vec<Record>, mut part: Vec<Record>| async move {
        all.append(&mut part);
        Ok(all)
    };
    stream::iter(parts)
        .buffered(READS_AT_ONCE)
        .try_fold(Vec::with_capacity(capacity), into)
        .await
}

/// The simple rows of some buckets, chunk by chunk.
pub(crate) async fn load_rows(
    staging: &Staging,
    manifest: &SideManifest,
    buckets: Range<u32>,
) -> Result<Vec<StagedRows>, StagingError> {
    let parts = manifest
        .rows()
        .map(|rows| async {
            let (stored, segments) = (&rows.stored, &rows.segments);
            let part = part_of_chunk(staging, stored, segments, buckets.clone()).await?;
            Ok(StagedRows {
                input: rows.input,
                key: stored.key.clone(),
                bytes: part.bytes,
                buckets: part.buckets,
            })
        })
        .collect::<Vec<_>>();
    stream::iter(parts)
        .buffered(READS_AT_ONCE)
        .try_collect()
        .await
}

/// The simple rows of a side as they are there now, redacted ones too: for looking at who is in them.
pub(crate) async fn plain_rows(
    staging: &Staging,
    manifest: &SideManifest,
) -> Result<Vec<StagedRows>, StagingError> {
    let mut all = Vec::new();
    for rows in manifest.rows() {
        let (bytes, _) = staging.plain(&rows.stored.key).await?;
        all.push(StagedRows {
            input: rows.input,
            key: rows.stored.key.clone(),
            buckets: places(&rows.segments),
            bytes,
        });
    }
    Ok(all)
}

/// The first rejects of each input of a side, at most `of_input_max`; the manifest's counts say how many
/// there are.
///
/// # Errors
/// [`StagingError`] as for [`Staging::get`].
pub async fn load_rejects(
    staging: &Staging,
    manifest: &SideManifest,
    of_input_max: usize,
) -> Result<Vec<Reject>, StagingError> {
    let mut rejects: Vec<Reject> = Vec::new();
    let mut counts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for stored in manifest
        .chunks
        .iter()
        .filter_map(|chunk| chunk.rejects.as_ref())
    {
        let full = counts.values().filter(|count| **count == of_input_max);
        if full.count() == manifest.inputs.len() {
            break;
        }
        for reject in staging.get_all::<Reject>(stored).await? {
            let count = counts.entry(Arc::clone(&reject.origin.file)).or_default();
            if *count < of_input_max {
                *count += 1;
                rejects.push(reject);
            }
        }
    }
    Ok(rejects)
}

/// Some buckets of a chunk.
struct Part {
    bytes: Vec<u8>,
    /// Where in them each bucket is, and how much it has.
    buckets: Vec<(Range<usize>, u64)>,
}

/// The segments of these buckets lie side by side: one request gets them all.
async fn part_of_chunk(
    staging: &Staging,
    stored: &Stored,
    all: &[Segment],
    buckets: Range<u32>,
) -> Result<Part, StagingError> {
    let key = &stored.key;
    let (from, to) = (buckets.start as usize, buckets.end as usize);
    let segments = all
        .get(from..to)
        .ok_or_else(|| damaged(key, format!("it has no buckets {from} to {to}")))?;
    let size = |segments: &[Segment]| -> u64 { segments.iter().map(|s| s.bytes).sum() };
    let start = size(&all[..from]);
    let length = size(segments);
    let bytes = match length {
        0 => Vec::new(),
        _ => staging.get_part(key, start..start + length).await?,
    };
    if bytes.len() as u64 != length {
        return Err(damaged(key, "it is shorter than it was"));
    }
    let buckets = places(segments);
    for ((range, _), segment) in buckets.iter().zip(segments) {
        if let Err(error) = verify(key, &bytes[range.clone()], &segment.sha256) {
            // The whole object says it better when it was redacted.
            return Err(staging.get(stored).await.err().unwrap_or(error));
        }
    }
    Ok(Part { bytes, buckets })
}

/// Where each of these segments is when they lie side by side, and how much it has.
fn places(segments: &[Segment]) -> Vec<(Range<usize>, u64)> {
    let mut end = 0;
    let places = segments.iter().map(|segment| {
        let begin = end;
        end += segment.bytes as usize;
        (begin..end, segment.rows)
    });
    places.collect()
}

fn decode<T: Staged>(key: &str, bytes: &[u8]) -> Result<Vec<T>, StagingError> {
    decode_all(bytes).map_err(|error| damaged(key, error.to_string()))
}
