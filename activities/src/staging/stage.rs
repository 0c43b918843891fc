//! Reads one side's sealed inputs and stages their records.
//!
//! Reading goes on in a thread of its own, storing beside it; a few chunks at most wait in memory.
//! After an interruption reading starts again, which is quick and gives the same chunks; those that
//! are stored already are not stored again.

use std::sync::Arc;

use domain::conservation::{self, Conservation, CountAndSum};
use domain::policy::SourcePolicy;
use domain::record::Side;
use proto::wire::{InputFile, SideCounts};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use workflows::ports::Stored;

use super::manifest::{Chunk, ChunkRecords, Received, SealedInput, SideManifest, StagedInput};
use super::recognise::Recognition;
use super::spread::{FilledChunk, Spread, SpreadAll, TakeError};
use super::{Folder, Staging, StagingError};
use crate::formats::{self, Format, FormatError, Line, ReadLimits, ReadSummary};

/// Lines per chunk, unless set otherwise.
pub const ROWS_PER_CHUNK: u64 = 50_000;

/// Chunks that wait for the object store while reading goes on.
const CHUNKS_WAITING_MAX: usize = 2;

/// What is to be staged.
#[derive(Clone, Copy, Debug)]
pub struct StageRequest<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Its source.
    pub source: &'a str,
    /// Whose inputs they are.
    pub side: Side,
    /// The inputs, in the order in which they are read.
    pub inputs: &'a [SealedInput],
    /// What they look like.
    pub format: &'a Format,
    /// How the run compares: decides about buckets.
    pub policy: &'a SourcePolicy,
    /// What is read at most, of each input.
    pub limits: ReadLimits,
    /// Lines per chunk.
    pub rows_per_chunk: u64,
    /// How far an earlier attempt came, if it told.
    pub resume: StageProgress,
}

/// How far staging has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StageProgress {
    /// Chunks stored.
    pub chunks: u32,
    /// Lines in them.
    pub rows: u64,
}

/// A side, staged.
#[derive(Clone, PartialEq, Debug)]
pub struct StagedSide {
    /// The manifest in the object store.
    pub stored: Stored,
    /// What it says.
    pub manifest: SideManifest,
}

/// Why a side was not staged.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// An input as a whole can't be read. A copy is in quarantine.
    #[error("{error}; the input is kept in quarantine as {key}")]
    Quarantined {
        /// Key of the copy.
        key: String,
        /// What is wrong with it.
        error: FormatError,
    },
    /// The source's mapping can't be used.
    #[error(transparent)]
    Mapping(FormatError),
    /// The sum of a currency is beyond all reason.
    #[error("{input}: the sum of its amounts is too large to be exact")]
    SumTooLarge {
        /// The input at which it happened.
        input: String,
    },
    /// The worker is shutting down.
    #[error("reading was interrupted")]
    Interrupted,
    /// The object store failed.
    #[error(transparent)]
    Staging(#[from] StagingError),
}

/// Stages one side: what is received of it, and what it begins with if there is something that
/// records are recognised by. `progress` is told after each chunk.
///
/// # Errors
/// [`StageError`] says whether a retry can help.
pub async fn stage(
    staging: &Staging,
    request: &StageRequest<'_>,
    recognition: Option<Recognition>,
    progress: &mut (dyn FnMut(StageProgress) + Send + Sync),
) -> Result<StagedSide, StageError> {
    let policy = request.policy.clone();
    let mut spread = Spread::new(policy, request.rows_per_chunk, recognition);
    let mut writer = Writer::new(staging, request, progress);
    let mut summaries = Vec::with_capacity(request.inputs.len());
    for input in request.inputs {
        let summary;
        (spread, summary) = read_input(&mut writer, input, spread).await?;
        summaries.push(summary);
    }
    let (last, all) = spread.finish();
    if let Some(chunk) = last {
        writer.write(chunk).await?;
    }
    let folder = Folder::Staged {
        run_id: request.run_id,
        side: request.side,
    };
    let mut manifest = manifest(request, summaries, &all, writer.chunks);
    if let Some(recognition) = all.recognition {
        let names: Vec<&str> = request.inputs.iter().map(|i| i.name.as_str()).collect();
        let input = names.join(", ");
        let opening = recognition.finish(folder, request.policy, &input);
        manifest.opening = Some(opening.await?);
    }
    let bytes = serde_json::to_vec(&manifest).expect("a manifest is plain data");
    let stored = staging.put(folder, bytes).await?;
    Ok(StagedSide { stored, manifest })
}

/// Reads one input to its end, and stores the chunks that it fills.
async fn read_input(
    writer: &mut Writer<'_>,
    input: &SealedInput,
    mut spread: Spread,
) -> Result<(Spread, ReadSummary), StageError> {
    let StageRequest {
        source,
        side,
        format,
        limits,
        ..
    } = *writer.request;
    let bytes = Arc::new(writer.staging.get(&input.stored).await?);
    let (sender, mut filled) = mpsc::channel(CHUNKS_WAITING_MAX);
    let reading = tokio::task::spawn_blocking({
        let (bytes, format) = (Arc::clone(&bytes), format.clone());
        let file: Arc<str> = Arc::from(input.name.as_str());
        move || {
            let mut taken = Ok(());
            let mut emit = |line: Line| match spread.take(line) {
                // Nobody listens any more: reading ends for nothing, soon.
                Ok(Some(chunk)) => drop(sender.blocking_send(chunk)),
                Ok(None) => {}
                Err(error) => taken = Err(error),
            };
            let outcome = formats::read(&format, side, &file, &bytes, &limits, &mut emit);
            (spread, outcome, taken)
        }
    });
    while let Some(chunk) = filled.recv().await {
        writer.write(chunk).await?;
    }
    let (spread, outcome, taken) = match reading.await {
        Ok(read) => read,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => return Err(StageError::Interrupted),
        },
    };
    match (outcome, taken) {
        (Ok(summary), Ok(())) => Ok((spread, summary)),
        (Ok(_), Err(TakeError::Staging(error))) => Err(StageError::Staging(error)),
        (Ok(_), Err(TakeError::Sum)) => Err(StageError::SumTooLarge {
            input: input.name.clone(),
        }),
        (Err(error @ FormatError::Mapping { .. }), _) => Err(StageError::Mapping(error)),
        (Err(error), _) => {
            let folder = Folder::Quarantine { source };
            let Stored { key, .. } = writer.staging.put(folder, bytes.to_vec()).await?;
            Err(StageError::Quarantined { key, error })
        }
    }
}

/// Stores chunks and tells how far it came.
struct Writer<'a> {
    staging: &'a Staging,
    request: &'a StageRequest<'a>,
    progress: &'a mut (dyn FnMut(StageProgress) + Send + Sync),
    chunks: Vec<Chunk>,
    rows: u64,
}

impl<'a> Writer<'a> {
    fn new(
        staging: &'a Staging,
        request: &'a StageRequest<'a>,
        progress: &'a mut (dyn FnMut(StageProgress) + Send + Sync),
    ) -> Self {
        Writer {
            staging,
            request,
            progress,
            chunks: Vec::new(),
            rows: 0,
        }
    }

    async fn write(&mut self, chunk: FilledChunk) -> Result<(), StageError> {
        let FilledChunk {
            records,
            segments,
            rejects,
            rows,
        } = chunk;
        let records = self.put(records).await?;
        let rejects = self.put(rejects).await?;
        let records = records.map(|stored| ChunkRecords { stored, segments });
        self.chunks.push(Chunk { records, rejects });
        self.rows += rows;
        (self.progress)(StageProgress {
            chunks: self.chunks.len() as u32,
            rows: self.rows,
        });
        Ok(())
    }

    /// Stores what is there, unless an earlier attempt did.
    async fn put(&self, bytes: Vec<u8>) -> Result<Option<Stored>, StagingError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let StageRequest {
            run_id,
            side,
            resume,
            ..
        } = *self.request;
        let folder = Folder::Staged { run_id, side };
        if self.chunks.len() < resume.chunks as usize {
            let stored = self.staging.name(folder, &bytes);
            if self.staging.holds(&stored).await? {
                return Ok(Some(stored));
            }
        }
        self.staging.put(folder, bytes).await.map(Some)
    }
}

fn manifest(
    request: &StageRequest<'_>,
    summaries: Vec<ReadSummary>,
    all: &SpreadAll,
    chunks: Vec<Chunk>,
) -> SideManifest {
    let mut counts = SideCounts::default();
    let mut inputs = Vec::with_capacity(summaries.len());
    let mut controls = Vec::new();
    for (sealed, summary) in request.inputs.iter().zip(summaries) {
        counts.read += summary.rows_read;
        counts.accepted += summary.accepted;
        counts.rejected += summary.rejected;
        counts.skipped += summary.skipped;
        counts.inputs.push(InputFile {
            name: sealed.name.clone(),
            sha256: sealed.stored.sha256.clone(),
            bytes: sealed.stored.bytes,
        });
        controls.extend(summary.controls.iter().map(Into::into));
        inputs.push(StagedInput {
            sealed: sealed.clone(),
            declared_id: summary.declared_id,
            counts: SideCounts {
                read: summary.rows_read,
                accepted: summary.accepted,
                rejected: summary.rejected,
                skipped: summary.skipped,
                inputs: Vec::new(),
            },
        });
    }
    SideManifest {
        side: request.side.name().to_owned(),
        inputs,
        counts,
        received: received_of(&all.received, |line| line.received),
        controls,
        chunks,
        known: received_of(&all.known, |line| line.received),
        opening: None,
    }
}

/// One part of each currency's line.
pub(super) fn received_of(
    conservation: &Conservation,
    part: impl Fn(&conservation::Line) -> CountAndSum,
) -> Vec<Received> {
    let lines = conservation.lines();
    lines
        .map(|(_, currency, line)| Received {
            currency: currency.code().to_owned(),
            count: part(line).count(),
            sum: part(line).sum().ok().map(|sum| sum.to_string()),
        })
        .collect()
}
