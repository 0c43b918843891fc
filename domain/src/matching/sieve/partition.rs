//! Rows of one side whose keys have something in common: enough of them to fill a cache, no more.

use super::row::{self, Facts, Place, ROW_BYTES_MAX, Row};

/// Bytes of a chunk of rows; no row lies in two.
pub const CHUNK_BYTES: usize = 1 << CHUNK_BITS;
pub(super) const CHUNK_BITS: u32 = 14;

/// Rows of one side, in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// Chunks without room for another row.
    full: Vec<Vec<u8>>,
    /// The chunk that rows are added to.
    open: Vec<u8>,
    /// Where the last row stands.
    last: Place,
    pub(super) rows: usize,
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
        self.rows += 1;
        if self.open.capacity() - self.open.len() >= ROW_BYTES_MAX {
            row::write(&mut self.open, step, key, facts);
            return false;
        }
        let chunk = std::mem::replace(&mut self.open, Vec::with_capacity(CHUNK_BYTES));
        if !chunk.is_empty() {
            self.full.push(chunk);
        }
        row::write(&mut self.open, step, key, facts);
        true
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes its chunks out, to be kept elsewhere; further rows go into new ones.
    pub fn take_chunks(&mut self) -> Vec<Vec<u8>> {
        let mut chunks = std::mem::take(&mut self.full);
        let open = std::mem::take(&mut self.open);
        chunks.extend((!open.is_empty()).then_some(open));
        chunks
    }

    /// Puts chunks back in front of those it has, in the order in which they were taken out.
    pub fn put_back(&mut self, mut chunks: Vec<Vec<u8>>) {
        chunks.append(&mut self.full);
        self.full = chunks;
    }

    /// Its chunks, in order.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let open = std::iter::once(&self.open);
        self.full.iter().chain(open).map(|chunk| &chunk[..])
    }

    /// The chunk at this index.
    #[inline]
    pub(super) fn chunk(&self, index: usize) -> Option<&[u8]> {
        match self.full.get(index) {
            Some(chunk) => Some(chunk),
            None => (index == self.full.len()).then_some(&self.open),
        }
    }

    /// Number of chunks.
    pub(super) fn chunk_count(&self) -> usize {
        self.full.len() + 1
    }

    /// Its rows, with where each begins.
    pub(super) fn each(&self, mut visit: impl FnMut(u32, &Row<'_>)) {
        for (index, chunk) in self.chunks().enumerate() {
            let mut at = 0;
            while let Some(row) = row::read(&chunk[at..]) {
                visit(position(index, at), &row);
                at += row.size;
            }
        }
    }

    pub(super) fn row(&self, position: u32) -> Option<Row<'_>> {
        let (chunk, at) = parts(position);
        row::read(self.chunk(chunk)?.get(at..)?)
    }

    pub(super) fn set(&mut self, position: u32, flag: u8, is_set: bool) {
        let (chunk, at) = parts(position);
        let chunk = match self.full.get_mut(chunk) {
            Some(chunk) => chunk,
            None => &mut self.open,
        };
        let flags = chunk.get_mut(at);
        if let Some(flags) = flags {
            match is_set {
                true => *flags |= flag,
                false => *flags &= !flag,
            }
        }
    }
}

/// Most chunks whose rows have a position.
pub(super) const CHUNKS_MAX: usize = (1 << (u32::BITS - CHUNK_BITS)) - 1;

pub(super) fn position(chunk: usize, at: usize) -> u32 {
    (chunk as u32) << CHUNK_BITS | at as u32
}

fn parts(position: u32) -> (usize, usize) {
    let at = position & (CHUNK_BYTES as u32 - 1);
    ((position >> CHUNK_BITS) as usize, at as usize)
}
