//! Spreads lines over buckets and cuts them into chunks. The same lines give the same chunks.

use domain::conservation::Conservation;
use domain::matching::{BUCKETS, bucket_of};
use domain::money::MoneyError;
use domain::policy::SourcePolicy;
use proto::staged::Encoder;
use sha2::{Digest, Sha256};

use super::manifest::Segment;
use crate::formats::Line;

/// Lines on their way into chunks.
pub(super) struct Spread {
    policy: SourcePolicy,
    rows_per_chunk: u64,
    buckets: Vec<Bucket>,
    rejects: Encoder,
    /// Lines in the chunk that is being filled.
    rows: u64,
    received: Conservation,
}

#[derive(Default)]
struct Bucket {
    records: Encoder,
    rows: u64,
}

/// A chunk before it is stored.
pub(super) struct FilledChunk {
    /// All buckets' records, one after the other.
    pub(super) records: Vec<u8>,
    pub(super) segments: Vec<Segment>,
    pub(super) rejects: Vec<u8>,
    /// Lines in it.
    pub(super) rows: u64,
}

impl Spread {
    pub(super) fn new(policy: SourcePolicy, rows_per_chunk: u64) -> Self {
        Spread {
            policy,
            rows_per_chunk: rows_per_chunk.max(1),
            buckets: empty_buckets(),
            rejects: Encoder::default(),
            rows: 0,
            received: Conservation::default(),
        }
    }

    /// Takes a line; returns a chunk when it is full.
    ///
    /// # Errors
    /// When the exact sum of a currency does not fit, which takes 10^10 of the largest amounts.
    pub(super) fn take(&mut self, line: &Line) -> Result<Option<FilledChunk>, MoneyError> {
        match line {
            Line::Record(record) => {
                self.received.receive([record])?;
                let bucket = &mut self.buckets[bucket_of(&self.policy, record) as usize];
                bucket.records.push(record);
                bucket.rows += 1;
            }
            Line::Reject(reject) => self.rejects.push(reject),
        }
        self.rows += 1;
        Ok((self.rows >= self.rows_per_chunk).then(|| self.cut()))
    }

    /// The last chunk, when there is one, and what was received in all.
    pub(super) fn finish(mut self) -> (Option<FilledChunk>, Conservation) {
        let last = (self.rows > 0).then(|| self.cut());
        (last, self.received)
    }

    fn cut(&mut self) -> FilledChunk {
        let mut records = Vec::new();
        let mut segments = Vec::with_capacity(self.buckets.len());
        for bucket in std::mem::replace(&mut self.buckets, empty_buckets()) {
            let bytes = bucket.records.finish();
            segments.push(Segment {
                bytes: bytes.len() as u64,
                rows: bucket.rows,
                sha256: hex::encode(Sha256::digest(&bytes)),
            });
            records.extend_from_slice(&bytes);
        }
        FilledChunk {
            records,
            segments,
            rejects: std::mem::take(&mut self.rejects).finish(),
            rows: std::mem::take(&mut self.rows),
        }
    }
}

fn empty_buckets() -> Vec<Bucket> {
    (0..BUCKETS).map(|_| Bucket::default()).collect()
}
