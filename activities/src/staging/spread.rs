//! Spreads lines over buckets and cuts them into chunks. The same lines give the same chunks.

use domain::conservation::{Conservation, CountAndSum};
use domain::matching::sieve::Tally;
use domain::matching::{BUCKETS, Buckets};
use domain::money::Money;
use domain::open_items::{Decided, Taken};
use domain::policy::SourcePolicy;
use domain::record::{Record, Side};
use proto::staged::Encoder;
use sha2::{Digest, Sha256};

use super::StagingError;
use super::manifest::Segment;
use super::recognise::Recognition;
use super::rows::{RowPrints, RowsWriter};
use crate::formats::{Line, SimpleRow};

/// Texts of simple rows that fill a chunk, however few they are.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// Lines on their way into chunks.
pub(super) struct Spread {
    side: Side,
    bucket_of: Buckets,
    rows_per_chunk: u64,
    buckets: Vec<Bucket>,
    rejects: Encoder,
    /// Lines in the chunk that is being filled.
    rows: u64,
    /// Size of the simple rows of the chunk before.
    simple_bytes: usize,
    /// Size of the texts of simple rows in the chunk that is being filled.
    text_bytes: usize,
    received: Conservation,
    /// Of simple rows, what was received.
    tally: Tally,
    prints: RowPrints,
    known: Conservation,
    recognition: Option<Recognition>,
}

/// What was spread in all.
pub(super) struct SpreadAll {
    /// Records that the run received.
    pub(super) received: Conservation,
    /// Records that an earlier run had received already.
    pub(super) known: Conservation,
    /// What they were recognised by.
    pub(super) recognition: Option<Recognition>,
}

/// Why a line could not be taken.
pub(super) enum TakeError {
    /// The exact sum of a currency does not fit, which takes 10^10 of the largest amounts.
    Sum,
    /// What earlier runs had could not be loaded.
    Staging(StagingError),
}

#[derive(Default)]
struct Bucket {
    records: Encoder,
    /// Number of records.
    count: u64,
    rows: RowsWriter,
}

/// A chunk before it is stored.
pub(super) struct FilledChunk {
    /// All buckets' records, one after the other.
    pub(super) records: Segments,
    /// All buckets' simple rows, one after the other.
    pub(super) simple: Segments,
    pub(super) rejects: Vec<u8>,
    /// Lines in it.
    pub(super) rows: u64,
}

impl Spread {
    pub(super) fn new(
        side: Side,
        policy: &SourcePolicy,
        rows_per_chunk: u64,
        recognition: Option<Recognition>,
    ) -> Self {
        Spread {
            side,
            bucket_of: Buckets::of(policy),
            rows_per_chunk: rows_per_chunk.max(1),
            buckets: empty_buckets(),
            rejects: Encoder::default(),
            rows: 0,
            simple_bytes: 0,
            text_bytes: 0,
            received: Conservation::default(),
            tally: Tally::default(),
            prints: RowPrints::default(),
            known: Conservation::default(),
            recognition,
        }
    }

    /// Takes a line; returns a chunk when it is full. A record that an earlier run had is counted,
    /// and is in no chunk.
    ///
    /// # Errors
    /// [`TakeError`] says why it could not.
    pub(super) fn take(&mut self, line: Line) -> Result<Option<FilledChunk>, TakeError> {
        match line {
            Line::Record(record) => self.take_record(record)?,
            Line::Reject(reject) => self.rejects.push(&reject),
        }
        self.rows += 1;
        Ok(self.full())
    }

    /// Takes a simple row; false when some run may have had it, so that its record is wanted.
    ///
    /// # Errors
    /// As [`Spread::take`].
    pub(super) fn take_row(&mut self, row: &SimpleRow<'_>) -> Result<bool, TakeError> {
        let (print, date) = self.prints.of(self.side, row);
        if let Some(recognition) = &mut self.recognition
            && recognition
                .knows(print, date, row)
                .map_err(TakeError::Staging)?
        {
            return Ok(false);
        }
        self.tally.add(row.facts);
        self.text_bytes += row.text.len();
        let bucket = &mut self.buckets[self.bucket_of.of_key(row.key) as usize];
        bucket.rows.push(row, print);
        self.rows += 1;
        Ok(true)
    }

    /// The chunk, when it is full.
    pub(super) fn full(&mut self) -> Option<FilledChunk> {
        let is_full = self.rows >= self.rows_per_chunk || self.text_bytes >= TEXT_BYTES_MAX;
        is_full.then(|| self.cut())
    }

    /// What is in a chunk that is not full.
    pub(super) fn rest(&mut self) -> Option<FilledChunk> {
        (self.rows > 0).then(|| self.cut())
    }

    fn take_record(&mut self, record: Record) -> Result<(), TakeError> {
        let money = record.money;
        let taken = match &mut self.recognition {
            None => Taken::Received(record),
            Some(recognition) => recognition.take(record).map_err(TakeError::Staging)?,
        };
        match taken {
            Taken::Received(record) => self.receive(record),
            Taken::Known => self.count_known(money),
            Taken::Waits => Ok(()),
        }
    }

    fn count_known(&mut self, money: Money) -> Result<(), TakeError> {
        let one = CountAndSum::new(1, money.amount).map_err(|_| TakeError::Sum)?;
        let line = self.known.line_mut(self.side, money.currency);
        line.received.merge(one).map_err(|_| TakeError::Sum)
    }

    fn receive(&mut self, record: Record) -> Result<(), TakeError> {
        self.received
            .receive([&record])
            .map_err(|_| TakeError::Sum)?;
        let bucket = &mut self.buckets[self.bucket_of.of_record(&record) as usize];
        bucket.records.push(&record);
        bucket.count += 1;
        Ok(())
    }

    /// The last chunk, when there is one, and what there was in all.
    ///
    /// # Errors
    /// [`TakeError::Sum`].
    pub(super) fn finish(mut self) -> Result<(Option<FilledChunk>, SpreadAll), TakeError> {
        let decided = self.recognition.as_mut().map(Recognition::decide);
        let Decided { received, known } = decided.unwrap_or_default();
        let has_more = self.rows > 0 || !received.is_empty();
        for record in received {
            self.receive(record)?;
        }
        for money in known {
            self.count_known(money)?;
        }
        let last = has_more.then(|| self.cut());
        for line in self.tally.lines() {
            let (currency, sum) = line.map_err(|_| TakeError::Sum)?;
            let line = self.received.line_mut(self.side, currency);
            line.received.merge(sum).map_err(|_| TakeError::Sum)?;
        }
        let spreaded = SpreadAll {
            received: self.received,
            known: self.known,
            recognition: self.recognition,
        };
        Ok((last, spreaded))
    }

    fn cut(&mut self) -> FilledChunk {
        let (mut records, mut simple) = (Segments::default(), Segments::default());
        // Chunks are of like size.
        simple.bytes.reserve(self.simple_bytes);
        for bucket in &mut self.buckets {
            records.add(|all| bucket.move_records_to(all));
            simple.add(|all| bucket.rows.move_to(all));
        }
        self.simple_bytes = simple.bytes.len();
        self.text_bytes = 0;
        FilledChunk {
            records,
            simple,
            rejects: std::mem::take(&mut self.rejects).finish(),
            rows: std::mem::take(&mut self.rows),
        }
    }
}

/// Records spread over buckets, as one object.
pub(super) fn by_bucket(policy: &SourcePolicy, records: &[Record]) -> Segments {
    let (bucket_of, mut buckets) = (Buckets::of(policy), empty_buckets());
    for record in records {
        let bucket = &mut buckets[bucket_of.of_record(record) as usize];
        bucket.records.push(record);
        bucket.count += 1;
    }
    let mut all = Segments::default();
    for bucket in &mut buckets {
        all.add(|bytes| bucket.move_records_to(bytes));
    }
    all
}

impl Bucket {
    /// Moves its records to the end of a chunk; how many they were.
    fn move_records_to(&mut self, chunk: &mut Vec<u8>) -> u64 {
        chunk.extend(std::mem::take(&mut self.records).finish());
        std::mem::take(&mut self.count)
    }
}

/// Buckets one after the other, as one object.
#[derive(Default)]
pub(super) struct Segments {
    pub(super) bytes: Vec<u8>,
    pub(super) segments: Vec<Segment>,
}

impl Segments {
    /// Adds a bucket, which is written to the end and says how much it has.
    fn add(&mut self, write: impl FnOnce(&mut Vec<u8>) -> u64) {
        let begin = self.bytes.len();
        let rows = write(&mut self.bytes);
        let bytes = &self.bytes[begin..];
        self.segments.push(Segment {
            bytes: bytes.len() as u64,
            rows,
            sha256: hex::encode(Sha256::digest(bytes)),
        });
    }
}

fn empty_buckets() -> Vec<Bucket> {
    (0..BUCKETS).map(|_| Bucket::default()).collect()
}
