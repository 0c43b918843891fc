//! Reads one file per side, both at once.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use activities::formats::{self, Format, Line, ReadLimits, ReadSummary};
use activities::source::Source;
use anyhow::{Context, bail};
use domain::matching::sieve::Day;
use domain::matching::{BUCKETS, Buckets};
use domain::policy::SourcePolicy;
use domain::record::{Record, Reject, Side};
use domain::threads::at_once;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::sieve::Sieved;

/// A file to read for one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SideInput<'a> {
    /// Whose it is.
    pub(crate) side: Side,
    /// Where it is.
    pub(crate) path: &'a Path,
    /// How it is written.
    pub(crate) format: &'a Format,
}

impl<'a> SideInput<'a> {
    /// A file of each side of a source.
    pub(crate) fn of_both(source: &'a Source, partner: &'a Path, ledger: &'a Path) -> [Self; 2] {
        Side::BOTH.map(|side| SideInput {
            side,
            path: match side {
                Side::Partner => partner,
                Side::Ledger => ledger,
            },
            format: &source.side(side).format,
        })
    }
}

/// What a file held.
#[derive(Debug)]
pub(crate) struct SideRead {
    /// Whose it is.
    pub(crate) side: Side,
    /// Its name, without the folder.
    pub(crate) file: Arc<str>,
    /// SHA-256 of its bytes, hexadecimal.
    pub(crate) sha256: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Its records, by bucket of the first rule; those that the sieve left, where there was one.
    pub(crate) buckets: Vec<Vec<Record>>,
    /// Lines that could not become records.
    pub(crate) rejects: Vec<Reject>,
    /// Counts, and the arithmetic it states about itself.
    pub(crate) summary: ReadSummary,
    /// What the sieve found.
    pub(crate) sieved: Option<Sieved>,
}

impl SideRead {
    /// The records that it holds.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.buckets.iter().flatten()
    }

    /// The latest value date of all records that were read.
    pub(crate) fn latest(&self) -> Option<Date> {
        match &self.sieved {
            Some(sieved) => sieved.received.latest().map(Day::date),
            None => self.records().map(|record| record.value_date).max(),
        }
    }
}

/// Reads both sides, each in a thread of its own.
pub(crate) fn read_sides(
    inputs: [SideInput<'_>; 2],
    policy: &SourcePolicy,
    limits: &ReadLimits,
) -> anyhow::Result<[SideRead; 2]> {
    let read = |input| read_side(input, policy, limits);
    let [first, second] = inputs;
    let (first, second) = at_once(|| read(first), || read(second));
    Ok([first?, second?])
}

fn read_side(
    input: SideInput<'_>,
    policy: &SourcePolicy,
    limits: &ReadLimits,
) -> anyhow::Result<SideRead> {
    let SideInput { side, path, format } = input;
    let bytes = read_bytes(path, limits.input_bytes_max)
        .with_context(|| format!("cannot read the {side} file {}", path.display()))?;
    let file = file_name(path);
    let (bucket_of, mut buckets) = (Buckets::of(policy), vec![Vec::new(); BUCKETS as usize]);
    let mut rejects = Vec::new();
    let mut emit = |line| match line {
        Line::Record(record) => {
            let bucket = bucket_of.of_record(&record) as usize % buckets.len();
            buckets[bucket].push(record);
        }
        Line::Reject(reject) => rejects.push(reject),
    };
    let summary = formats::read(format, side, &file, &bytes, limits, &mut emit)
        .with_context(|| format!("the {side} file can't be used"))?;
    Ok(SideRead {
        side,
        file,
        sha256: hex::encode(Sha256::digest(&bytes)),
        bytes: bytes.len() as u64,
        buckets,
        rejects,
        summary,
        sieved: None,
    })
}

/// The name of a file, without its folder.
pub(super) fn file_name(path: &Path) -> Arc<str> {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into()
}

fn read_bytes(path: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(bytes_max))?);
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        bail!(
            "larger than input_bytes_max = {bytes_max}: raise it in `[limits]` if that is expected"
        );
    }
    Ok(bytes)
}
