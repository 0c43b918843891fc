//! Reading one input in a thread of its own: every line, or simple rows as they are.

use std::io;
use std::sync::Arc;

use domain::matching::sieve::Place;
use domain::record::{Record, ReferenceKind, Reject, Side};
use tokio::sync::mpsc::Sender;

use super::spread::{FilledChunk, Spread, TakeError};
use crate::formats::{
    self, Format, FormatError, Head, Line, NoScan, ReadLimits, ReadSummary, Sieve, SimpleRow,
};

/// What is read, and how.
pub(super) struct Job {
    pub(super) side: Side,
    pub(super) format: Format,
    pub(super) file: Arc<str>,
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) limits: ReadLimits,
    /// The reference that rows are scanned by; none when all lines are read.
    pub(super) key: Option<ReferenceKind>,
}

/// What an input turned out to hold.
pub(super) struct ReadInput {
    pub(super) summary: ReadSummary,
    /// What simple rows are read by, where it was scanned.
    pub(super) head: Option<Head>,
}

/// Why it was not read.
pub(super) enum NotRead {
    Take(TakeError),
    Format(FormatError),
    Scan(NoScan),
}

impl Job {
    /// Reads, and sends the chunks that are filled.
    pub(super) fn run(
        self,
        spread: Spread,
        filled: Sender<FilledChunk>,
    ) -> (Spread, Result<ReadInput, NotRead>) {
        let mut taking = Taking {
            spread,
            filled,
            failed: None,
        };
        let outcome = match self.key {
            Some(key) => self.scan(key, &mut taking),
            None => self.read(&mut taking),
        };
        let outcome = match taking.failed {
            Some(error) => Err(NotRead::Take(error)),
            None => outcome,
        };
        (taking.spread, outcome)
    }

    fn read(&self, taking: &mut Taking) -> Result<ReadInput, NotRead> {
        let (side, file, limits) = (self.side, &self.file, &self.limits);
        let mut is_over = false;
        let mut emit = |line: Line| {
            // Lines can't be told to stop; what they say is not looked at any more.
            is_over = is_over || taking.line(line).is_err();
        };
        let summary = formats::read(&self.format, side, file, &self.bytes, limits, &mut emit);
        Ok(ReadInput {
            summary: summary.map_err(NotRead::Format)?,
            head: None,
        })
    }

    fn scan(&self, key: ReferenceKind, taking: &mut Taking) -> Result<ReadInput, NotRead> {
        let (side, file, limits) = (self.side, &self.file, &self.limits);
        let bytes = &self.bytes[..];
        let scan = formats::scan(&self.format, side, file, bytes, limits, key, taking);
        let scan = scan.map_err(NotRead::Scan)?;
        Ok(ReadInput {
            summary: scan.summary,
            head: Some(scan.head),
        })
    }
}

/// Takes lines and rows as they are read.
struct Taking {
    spread: Spread,
    filled: Sender<FilledChunk>,
    failed: Option<TakeError>,
}

impl Taking {
    fn line(&mut self, line: Line) -> io::Result<()> {
        match self.spread.take(line) {
            Ok(chunk) => self.send(chunk),
            Err(error) => self.fail(error),
        }
    }

    /// When nobody listens any more, reading is for nothing.
    fn send(&mut self, chunk: Option<FilledChunk>) -> io::Result<()> {
        let Some(chunk) = chunk else {
            return Ok(());
        };
        match self.filled.blocking_send(chunk) {
            Ok(()) => Ok(()),
            Err(_) => Err(io::Error::other("nobody waits for it any more")),
        }
    }

    fn fail<T>(&mut self, error: TakeError) -> io::Result<T> {
        self.failed = Some(error);
        Err(io::Error::other("a line can't be taken"))
    }
}

impl Sieve for Taking {
    fn row(&mut self, row: &SimpleRow<'_>) -> io::Result<bool> {
        match self.spread.take_row(row) {
            Ok(is_taken) => {
                let chunk = self.spread.full();
                self.send(chunk).map(|()| is_taken)
            }
            Err(error) => self.fail(error),
        }
    }

    fn record(&mut self, _: Place, record: Record) -> io::Result<()> {
        self.line(Line::Record(record))
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.line(Line::Reject(reject))
    }
}
