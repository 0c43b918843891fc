//! `discrepancies.csv` and `discrepancies.ndjson` at once, on all processors.
//!
//! Discrepancies are large and lie anywhere in memory: some are fetched at once, for both files.

use std::thread;
use std::{hint, io};

use domain::discrepancy::Discrepancy;
use domain::policy::SourcePolicy;
use domain::record::{self, FETCHED};
use domain::threads::joined;

use super::discrepancies_ndjson::EXPLAINED_MAX;
use super::folder::{OutputFile, OutputFolder};
use super::{discrepancies_csv, discrepancies_ndjson, write_discrepancies_csv};
use crate::process::processors;

/// Discrepancies that a thread writes at a time.
const CHUNK: usize = 1_000;
const _: () = assert!(
    EXPLAINED_MAX.is_multiple_of(CHUNK),
    "a chunk is explained or not"
);

/// Writes both files with these discrepancies in the order given, as found by these rules.
///
/// # Errors
/// What writing fails with, and which file.
pub(crate) fn write_discrepancy_files(
    out: &OutputFolder,
    discrepancies: &[&Discrepancy],
    rules: &SourcePolicy,
) -> anyhow::Result<()> {
    let mut files = Files {
        csv: out.create("discrepancies.csv")?,
        ndjson: out.create("discrepancies.ndjson")?,
    };
    let mut header = Vec::new();
    write_discrepancies_csv(&mut header, None::<&Discrepancy>)?;
    files.csv.put(&header)?;
    let chunks: Vec<(usize, &[&Discrepancy])> = discrepancies.chunks(CHUNK).enumerate().collect();
    // Written while the next ones are put into words.
    let (mut told, mut spare) = (Vec::new(), Vec::new());
    for round in chunks.chunks(processors()) {
        let (next, written) = thread::scope(|scope| {
            let mut telling = Vec::new();
            for (number, chunk) in round {
                let rules = (number * CHUNK < EXPLAINED_MAX).then_some(rules);
                let room: Told = spare.pop().unwrap_or_default();
                telling.push(scope.spawn(move || room.tell(chunk, rules)));
            }
            let written = files.put(&told);
            let next: io::Result<Vec<Told>> = telling.into_iter().map(joined).collect();
            (next, written)
        });
        written?;
        spare.append(&mut told);
        told = next?;
    }
    files.put(&told)?;
    files.csv.finish()?;
    files.ndjson.finish()
}

/// Of memory, that a processor fetches at once.
const LINE_BYTES: usize = 64;

struct Files {
    csv: OutputFile,
    ndjson: OutputFile,
}

impl Files {
    fn put(&mut self, told: &[Told]) -> anyhow::Result<()> {
        told.iter().try_for_each(|told| {
            self.csv.put(&told.csv)?;
            self.ndjson.put(&told.ndjson)
        })
    }
}

/// Some discrepancies as they stand in both files.
#[derive(Default)]
struct Told {
    csv: Vec<u8>,
    ndjson: Vec<u8>,
}

impl Told {
    /// Of these, in the room of earlier ones.
    fn tell(mut self, some: &[&Discrepancy], rules: Option<&SourcePolicy>) -> io::Result<Told> {
        self.csv.clear();
        self.ndjson.clear();
        for few in some.chunks(FETCHED) {
            fetch(few);
            discrepancies_csv::write_lines(&mut self.csv, few.iter().copied())?;
            for discrepancy in few {
                discrepancies_ndjson::put_line(&mut self.ndjson, discrepancy, rules)?;
            }
        }
        Ok(self)
    }
}

/// Touches what is about to be read of these: a processor fetches much from memory at once, if it is not
/// kept busy in between.
fn fetch(some: &[&Discrepancy]) {
    let records = || {
        some.iter().flat_map(|discrepancy| {
            let both = discrepancy.partner.iter().chain(&discrepancy.ledger);
            both.chain(&discrepancy.related)
        })
    };
    let reasons = some.iter().map(|discrepancy| bytes_of(&discrepancy.reason));
    let mut touched: usize = reasons.sum();
    record::fetch(records());
    touched += records()
        .map(|record| bytes_of(&record.origin.raw))
        .sum::<usize>();
    hint::black_box(touched);
}

/// One byte of each line of memory.
fn bytes_of(text: &str) -> usize {
    let bytes = text.as_bytes().iter().step_by(LINE_BYTES);
    bytes.map(|byte| usize::from(*byte)).sum()
}
