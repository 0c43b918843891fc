//! Rows of one side whose keys have something in common: enough of them to fill a cache, no more.

use super::row::{self, Facts, Place, ROW_BYTES_MAX};

/// Bytes of a chunk of rows; no row lies in two.
pub const CHUNK_BYTES: usize = 1 << 14;

/// Rows of one side, in the order of their file.
///
/// Each row goes to another partition than the one before, so that what adding one needs of it is
/// together in one line of the cache.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct Partition {
    /// The chunk that rows are added to: its first bytes are rows, the others room.
    open: Vec<u8>,
    used: usize,
    /// Where the last row stands.
    last: Place,
    /// Rows added so far.
    count: usize,
    /// Chunks without room for another row.
    full: Vec<Vec<u8>>,
}

impl Partition {
    /// Adds a row that stands behind all that were added. Without facts, it and all rows with its
    /// key are for the rules. True when it took another chunk.
    #[inline]
    pub fn push(&mut self, place: Place, key: &[u8], facts: Option<&Facts>) -> bool {
        let step = Place {
            offset: place.offset - self.last.offset,
            line: place.line - self.last.line,
        };
        self.last = place;
        self.count += 1;
        // Rows are written over zeros: a chunk as long as its room takes them without growing.
        if let Some(room) = self.open.get_mut(self.used..)
            && let Some(room) = room.first_chunk_mut()
        {
            self.used += row::write(room, step, key, facts);
            return false;
        }
        self.open_another();
        if let Some(room) = self.open.first_chunk_mut() {
            self.used = row::write(room, step, key, facts);
        }
        true
    }

    #[cold]
    fn open_another(&mut self) {
        let chunk = std::mem::replace(&mut self.open, vec![0; CHUNK_BYTES]);
        self.keep(chunk);
    }

    /// Puts what is used of a chunk among the full ones.
    fn keep(&mut self, mut chunk: Vec<u8>) {
        chunk.truncate(self.used);
        self.used = 0;
        if !chunk.is_empty() {
            self.full.push(chunk);
        }
    }

    /// Takes its chunks out, to be kept elsewhere; further rows go into new ones.
    pub fn take_chunks(&mut self) -> Vec<Vec<u8>> {
        let open = std::mem::take(&mut self.open);
        self.keep(open);
        std::mem::take(&mut self.full)
    }
}

/// All rows of a partition, one behind the other.
#[derive(Debug, Default)]
pub struct Rows {
    pub(super) bytes: Vec<u8>,
    pub(super) count: usize,
}

impl Rows {
    /// Takes the rows of a partition; those that were kept elsewhere stand at the beginning
    /// already, and what else was here is gone.
    pub fn take(&mut self, partition: &mut Partition, elsewhere: usize) {
        self.bytes.truncate(elsewhere);
        self.count = partition.count;
        for chunk in partition.take_chunks() {
            self.bytes.extend_from_slice(&chunk);
        }
    }

    /// The first so many bytes, for chunks that were kept elsewhere.
    pub fn room(&mut self, bytes: usize) -> &mut [u8] {
        self.bytes.resize(bytes, 0);
        &mut self.bytes
    }

    /// Takes all rows away.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    /// Adds a copy of a row, with a number in the place of where it stands.
    #[inline]
    pub(super) fn add(&mut self, row: &[u8], number: u32) {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(row);
        row::number(&mut self.bytes[at..], number);
        self.count += 1;
    }

    /// Visits its rows, with where each begins.
    pub(super) fn each(&self, mut visit: impl FnMut(usize, &row::Row<'_>)) {
        let mut at = 0;
        while let Some(row) = self.row(at) {
            visit(at, &row);
            at += row.size;
        }
    }

    /// The row that begins there.
    #[inline]
    pub(super) fn row(&self, at: usize) -> Option<row::Row<'_>> {
        row::read(self.bytes.get(at..)?)
    }

    #[inline]
    pub(super) fn set(&mut self, at: usize, flag: u8, is_set: bool) {
        if let Some(flags) = self.bytes.get_mut(at) {
            match is_set {
                true => *flags |= flag,
                false => *flags &= !flag,
            }
        }
    }
}

const _: () = assert!(ROW_BYTES_MAX <= CHUNK_BYTES);
