//! Simple rows as they are staged: what is compared of each, its fingerprint, and its text, from which
//! the record is made when somebody has to look at it.
//!
//! | of one bucket in a chunk | |
//! |---|---|
//! | 4 bytes | size of the rows, least significant byte first |
//! | … | the rows: [`domain::matching::sieve`] |
//! | 16 bytes each | their fingerprints |
//! | 4 bytes and a text each | their texts with the size before it, as they stand in the file |

use std::ops::Range;

use domain::matching::sieve::{Day, KeptRows, Partition};
use domain::open_items::{FINGERPRINT_BYTES, Fingerprint, Fingerprinted};
use domain::record::Side;
use jiff::civil::Date;

use crate::formats::SimpleRow;

/// Bytes of a size.
const SIZE_BYTES: usize = size_of::<u32>();

/// Rows of one bucket on their way into a chunk.
#[derive(Default)]
pub(super) struct RowsWriter {
    rows: Partition,
    prints: Vec<u8>,
    texts: Vec<u8>,
    count: u64,
}

impl RowsWriter {
    pub(super) fn push(&mut self, row: &SimpleRow<'_>, print: Fingerprint) {
        self.rows.push(row.place, row.key, Some(row.facts));
        self.prints.extend(print.0);
        // A row is no longer than `row_bytes_max`, and that is far below.
        self.texts.extend((row.text.len() as u32).to_le_bytes());
        self.texts.extend(row.text);
        self.count += 1;
    }

    /// Moves them to the end of a chunk; how many they were. Its memory is used again.
    pub(super) fn move_to(&mut self, chunk: &mut Vec<u8>) -> u64 {
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return 0;
        }
        let rows = self.rows.take_chunks();
        self.rows = Partition::default();
        let size: usize = rows.iter().map(Vec::len).sum();
        chunk.extend((size as u32).to_le_bytes());
        rows.iter().for_each(|part| chunk.extend(part));
        chunk.append(&mut self.prints);
        chunk.append(&mut self.texts);
        count
    }
}

/// Fingerprints of simple rows.
pub(super) struct RowPrints {
    texts: Fingerprinted,
    amount: String,
    /// Days with their dates and texts: a report has few, and repeats them.
    days: Vec<Option<(Day, Date, String)>>,
}

/// Days that are remembered; one that falls on the place of another takes it.
const DAYS: usize = 128;

impl Default for RowPrints {
    fn default() -> Self {
        RowPrints {
            texts: Fingerprinted::default(),
            amount: String::new(),
            days: vec![None; DAYS],
        }
    }
}

impl RowPrints {
    /// The fingerprint that the row's record would have, and its value date.
    pub(super) fn of(&mut self, side: Side, row: &SimpleRow<'_>) -> (Fingerprint, Date) {
        self.texts.begin(side);
        for (kind, text) in row.references() {
            self.texts.reference(kind, text);
        }
        self.amount.clear();
        row.facts.amount.write_to(&mut self.amount);
        let day = row.facts.day;
        let (_, date, text) = match &mut self.days[day.number() % DAYS] {
            Some(known) if known.0 == day => known,
            other => other.insert((day, day.date(), day.date().to_string())),
        };
        self.texts.value(&self.amount, row.facts.currency, text);
        (self.texts.fingerprint(), *date)
    }
}

/// Rows of one chunk in some buckets.
pub(crate) struct StagedRows {
    /// The input that they are of, counted from 0.
    pub(crate) input: usize,
    pub(super) key: String,
    pub(super) bytes: Vec<u8>,
    /// Where in them each bucket is, and how many rows it has.
    pub(super) buckets: Vec<(Range<usize>, u64)>,
}

/// Rows of one bucket in a chunk.
pub(crate) struct BucketRows<'c> {
    /// What is compared of them.
    pub(crate) kept: KeptRows<'c>,
    /// Their fingerprints.
    pub(crate) prints: Vec<Fingerprint>,
    /// Their texts.
    pub(crate) texts: Vec<&'c [u8]>,
}

impl StagedRows {
    /// The rows of a bucket, counted from the first that was loaded; none when they are damaged.
    pub(crate) fn bucket(&self, bucket: usize) -> Option<BucketRows<'_>> {
        let (range, count) = self.buckets.get(bucket)?;
        let bytes = self.bytes.get(range.clone())?;
        let count = usize::try_from(*count).ok()?;
        if count == 0 {
            let kept = KeptRows { bytes, count };
            return bytes.is_empty().then_some(BucketRows {
                kept,
                prints: Vec::new(),
                texts: Vec::new(),
            });
        }
        let (rows, rest) = sized(bytes)?;
        let (prints, mut rest) = rest.split_at_checked(count.checked_mul(FINGERPRINT_BYTES)?)?;
        let (prints, _) = prints.as_chunks::<FINGERPRINT_BYTES>();
        let mut texts = Vec::with_capacity(count);
        while !rest.is_empty() {
            let (text, behind) = sized(rest)?;
            texts.push(text);
            rest = behind;
        }
        let kept = KeptRows { bytes: rows, count };
        (texts.len() == count).then_some(BucketRows {
            kept,
            prints: prints.iter().map(|print| Fingerprint(*print)).collect(),
            texts,
        })
    }
}

/// What stands behind its size, and what stands behind that.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = bytes.split_first_chunk::<SIZE_BYTES>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)
}
