//! Rows that were scanned before, read into records by their places.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use domain::matching::sieve::Place;
use domain::record::Record;

use super::NoScan;
use super::blocks::Blocks;
use super::fields::{Bounds, NoEnd, Walk};
use super::rows::{CHANGED, OneByOne};
use super::scan::Begun;
use super::specials::Specials;
use crate::formats::csv::mapping::CsvMapping;
use crate::formats::lines::Input;

/// Bytes between rows from which it is cheaper to read each by itself.
const SPARSE_GAP: u64 = 2 << 10;
/// Bytes read for one row by itself.
const SPARSE_BYTES: usize = 512;
/// Bytes read for many rows at once.
const DENSE_BYTES: usize = 64 << 10;
/// Bytes in which most rows end.
const NEAR_BYTES: usize = 256;

/// Reads the records at `places`, which are in order, and hands them to `take` in that order.
///
/// # Errors
/// There is something else than a record now: the file was changed meanwhile.
pub(in crate::formats) fn read_again(
    mapping: &CsvMapping,
    input: Input<'_>,
    file: &File,
    places: &[Place],
    mut take: impl FnMut(Record),
) -> Result<(), NoScan> {
    let mut blocks = Blocks::new(At { file, offset: 0 });
    blocks.fill()?;
    let begun = Begun::of(mapping, input, &blocks)?;
    let (delimiter, quote) = (begun.delimiter, mapping.quote.0);
    let specials = Specials::new(delimiter, quote);
    let mut one_by_one = OneByOne::new(mapping, input, begun.reader, delimiter);
    let mut window = Window::new(file, places);
    for place in places {
        let text = window.row(place.offset, specials, quote.is_some())?;
        take(one_by_one.record(text, place.line)?);
    }
    Ok(())
}

/// A file from some offset on.
struct At<'f> {
    file: &'f File,
    offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(room, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// A part of a file that moves to wherever the next row is.
struct Window<'f> {
    file: &'f File,
    bytes: Vec<u8>,
    /// Offset of the first of them.
    offset: u64,
    /// Bytes to read at once.
    size: usize,
    places: Vec<u32>,
    bounds: Vec<Bounds>,
}

impl<'f> Window<'f> {
    fn new(file: &'f File, places: &[Place]) -> Self {
        let span = places.first().zip(places.last());
        let span = span.map_or(0, |(first, last)| last.offset - first.offset);
        let gap = span / places.len().max(1) as u64;
        Window {
            file,
            bytes: Vec::new(),
            offset: 0,
            size: if gap > SPARSE_GAP {
                SPARSE_BYTES
            } else {
                DENSE_BYTES
            },
            places: Vec::new(),
            bounds: Vec::new(),
        }
    }

    /// The row at `offset`, with its line end.
    fn row(&mut self, offset: u64, specials: Specials, has_quotes: bool) -> Result<&[u8], NoScan> {
        let mut size = self.size;
        loop {
            let start = offset.checked_sub(self.offset).map(|start| start as usize);
            if let Some(start) = start.filter(|start| *start < self.bytes.len()) {
                for wanted in [NEAR_BYTES, usize::MAX] {
                    let end = self.bytes.len().min(start.saturating_add(wanted));
                    let text = &self.bytes[start..end];
                    let walk = Walk {
                        text,
                        places: specials.find(text, &mut self.places),
                        specials,
                        has_quotes,
                    };
                    match walk.row(0, 0, &mut self.bounds) {
                        Ok(walked) => return Ok(&self.bytes[start..start + walked.next]),
                        Err(NoEnd::NotYet) => {}
                        // At the end of what was looked at, the line feed may just be missing.
                        Err(NoEnd::LoneReturn) => {}
                    }
                }
            }
            if !self.fill(offset, size)? {
                return Err(CHANGED);
            }
            size *= 2;
        }
    }

    /// Reads `size` bytes from `offset` on. False when that is no more than there was.
    fn fill(&mut self, offset: u64, size: usize) -> io::Result<bool> {
        let had = (self.offset, self.bytes.len());
        self.bytes.resize(size, 0);
        self.offset = offset;
        let mut source = At {
            file: self.file,
            offset,
        };
        let mut filled = 0;
        while filled < size {
            match source.read(&mut self.bytes[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        self.bytes.truncate(filled);
        if filled < size && self.bytes.last().is_some_and(|last| *last != b'\n') {
            self.bytes.push(b'\n');
        }
        Ok(had != (self.offset, self.bytes.len()))
    }
}
