//! A file as blocks of bytes that end with a line, and its SHA-256 on the way.

use std::io::{self, Read};

use ring::digest::{Context, Digest, SHA256};

/// Bytes read at once: a block and what is made of it stay in the processor's cache.
const BLOCK_BYTES: usize = 128 << 10;
/// Bytes that a row may need beyond its block.
const CARRIED_BYTES_MAX: usize = 256 << 10;
/// The system copies into memory that begins at a page several times faster.
const PAGE_BYTES: usize = 4096;

/// The blocks of a file.
pub(super) struct Blocks<R> {
    source: R,
    buffer: Vec<u8>,
    /// Where the read bytes of each block begin.
    aligned: usize,
    /// What of the buffer is not consumed.
    start: usize,
    end: usize,
    /// Offset of `start` in the file.
    pub(super) offset: u64,
    pub(super) is_last: bool,
    size: u64,
    hash: Context,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(source: R) -> Self {
        let buffer = vec![0; CARRIED_BYTES_MAX + PAGE_BYTES + BLOCK_BYTES + 1];
        let address = buffer.as_ptr() as usize + CARRIED_BYTES_MAX;
        let aligned = CARRIED_BYTES_MAX + address.wrapping_neg() % PAGE_BYTES;
        Blocks {
            source,
            buffer,
            aligned,
            start: aligned,
            end: aligned,
            offset: 0,
            is_last: false,
            size: 0,
            hash: Context::new(&SHA256),
        }
    }

    /// Reads the next block behind what was not consumed. False when that is too long to keep.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        let kept = self.end - self.start;
        if kept > CARRIED_BYTES_MAX {
            return Ok(false);
        }
        let start = self.aligned - kept;
        self.buffer.copy_within(self.start..self.end, start);
        (self.start, self.end) = (start, self.aligned);
        while self.end < self.aligned + BLOCK_BYTES {
            let room = &mut self.buffer[self.end..self.aligned + BLOCK_BYTES];
            match self.source.read(room) {
                Ok(0) => {
                    self.is_last = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let read = &self.buffer[self.aligned..self.end];
        self.size += read.len() as u64;
        self.hash.update(read);
        if self.is_last && self.bytes().last().is_some_and(|last| *last != b'\n') {
            self.buffer[self.end] = b'\n';
            self.end += 1;
        }
        Ok(true)
    }

    /// What is read and not consumed. The last line of the file has an end in any case.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }

    /// SHA-256 of all that was read, and its size.
    pub(super) fn finish(self) -> (Digest, u64) {
        (self.hash.finish(), self.size)
    }
}
