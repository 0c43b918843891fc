//! Reads one side's sealed inputs and stages their records, or of simple rows what is compared.
//!
//! Reading goes on in a thread of its own, storing beside it; a few chunks at most wait in memory.
//! After an interruption reading starts again, which is quick and gives the same chunks; those that
//! are stored already are not stored again.

use std::sync::Arc;

use domain::conservation::{self, Conservation, CountAndSum};
use domain::matching::sieve::ROW_FORM;
use domain::policy::SourcePolicy;
use domain::record::{ReferenceKind, Side};
use proto::wire::{InputFile, SideCounts};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use workflows::ports::Stored;

use super::manifest::{
    Chunk, ChunkRecords, ChunkRows, Received, RowsReading, SealedInput, SideManifest, StagedInput,
};
use super::read::{Job, NotRead, ReadInput};
use super::recognise::Recognition;
use super::spread::{FilledChunk, Spread, SpreadAll, TakeError};
use super::{Folder, Staging, StagingError};
use crate::formats::{Format, FormatError, NoScan, ReadLimits};

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
    /// How simple rows are staged without records; none when all lines are read.
    pub scan_by: Option<&'a ScanBy>,
    /// How far an earlier attempt came, if it told.
    pub resume: StageProgress,
}

/// By what rows are scanned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScanBy {
    /// The only reference of the first rule.
    pub key: ReferenceKind,
    /// The text of the source's file, in the object store.
    pub rules: Stored,
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
    /// An input can't be scanned: all of its lines are to be read. Nothing is wrong with it.
    #[error("it is not scanned: {0}")]
    NotPlain(&'static str),
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
    let mut spread = Spread::new(
        request.side,
        request.policy,
        request.rows_per_chunk,
        recognition,
    );
    let mut writer = Writer::new(staging, request, progress);
    let mut summaries = Vec::with_capacity(request.inputs.len());
    for (number, input) in request.inputs.iter().enumerate() {
        writer.input = number;
        let read;
        (spread, read) = read_input(&mut writer, input, spread).await?;
        if request.scan_by.is_some()
            && let Some(rest) = spread.rest()
        {
            // Rows of a chunk are of one input.
            writer.write(rest).await?;
        }
        summaries.push(read);
    }
    let (last, all) = spread.finish().map_err(|error| match error {
        TakeError::Staging(error) => StageError::Staging(error),
        TakeError::Sum => StageError::SumTooLarge {
            input: "the side".to_owned(),
        },
    })?;
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
    spread: Spread,
) -> Result<(Spread, ReadInput), StageError> {
    let bytes = Arc::new(writer.staging.get(&input.stored).await?);
    let (sender, mut filled) = mpsc::channel(CHUNKS_WAITING_MAX);
    let job = Job {
        side: writer.request.side,
        format: writer.request.format.clone(),
        file: Arc::from(input.name.as_str()),
        bytes: Arc::clone(&bytes),
        limits: writer.request.limits,
        key: writer.request.scan_by.map(|by| by.key),
    };
    let reading = tokio::task::spawn_blocking(move || job.run(spread, sender));
    while let Some(chunk) = filled.recv().await {
        writer.write(chunk).await?;
    }
    let (spread, outcome) = match reading.await {
        Ok(read) => read,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => return Err(StageError::Interrupted),
        },
    };
    match outcome {
        Ok(read) => Ok((spread, read)),
        Err(NotRead::Take(TakeError::Staging(error))) => Err(StageError::Staging(error)),
        Err(NotRead::Take(TakeError::Sum)) => Err(StageError::SumTooLarge {
            input: input.name.clone(),
        }),
        Err(NotRead::Scan(NoScan::NotPlain(why))) => Err(StageError::NotPlain(why)),
        // Nothing else can fail while bytes are read from memory.
        Err(NotRead::Scan(NoScan::Io(_))) => Err(StageError::Interrupted),
        Err(NotRead::Format(error @ FormatError::Mapping { .. })) => {
            Err(StageError::Mapping(error))
        }
        Err(NotRead::Format(error)) => {
            let folder = Folder::Quarantine {
                source: writer.request.source,
            };
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
    /// The input that is being read, counted from 0.
    input: usize,
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
            input: 0,
            chunks: Vec::new(),
            rows: 0,
        }
    }

    async fn write(&mut self, chunk: FilledChunk) -> Result<(), StageError> {
        let FilledChunk {
            records,
            simple,
            rejects,
            rows,
        } = chunk;
        let stored = self.put(records.bytes).await?;
        let stored_simple = self.put(simple.bytes).await?;
        let rejects = self.put(rejects).await?;
        self.chunks.push(Chunk {
            records: stored.map(|stored| ChunkRecords {
                stored,
                segments: records.segments,
            }),
            rejects,
            rows: stored_simple.map(|stored| ChunkRows {
                form: ROW_FORM,
                input: self.input,
                stored,
                segments: simple.segments,
            }),
        });
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
        let stored = match self.chunks.len() < resume.chunks as usize {
            true => self.staging.put_known(folder, bytes).await,
            false => self.staging.put(folder, bytes).await,
        };
        stored.map(Some)
    }
}

fn manifest(
    request: &StageRequest<'_>,
    read: Vec<ReadInput>,
    all: &SpreadAll,
    chunks: Vec<Chunk>,
) -> SideManifest {
    let mut counts = SideCounts::default();
    let mut inputs = Vec::with_capacity(read.len());
    let mut controls = Vec::new();
    for (sealed, ReadInput { summary, head }) in request.inputs.iter().zip(read) {
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
            head,
        });
    }
    SideManifest {
        side: request.side.name().to_owned(),
        inputs,
        counts,
        received: received_of(&all.received, |line| line.received),
        controls,
        known: received_of(&all.known, |line| line.received),
        opening: None,
        rows_reading: request
            .scan_by
            .filter(|_| chunks.iter().any(|chunk| chunk.rows.is_some()))
            .map(|by| RowsReading {
                key: by.key.name().to_owned(),
                rules: by.rules.clone(),
                limits: request.limits,
            }),
        chunks,
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
