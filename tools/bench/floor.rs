//! What reading two files and joining them by a hash costs, and nothing beside it.
//!
//!     floor PARTNER LEDGER OUT
//!
//! A floor to measure against, not a program to use: it takes every row to be tidy and shorter than a page, the
//! first four columns to be those of `rows.rs`, and two references with one hash of 64 bits to be the same; it
//! reads no status, checks no text, names no line, gives no reason and takes no SHA-256. One thread for each
//! file and each half of the join.

use std::fs::File;
use std::io::{BufWriter, Read, Result, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::thread::scope;

const PAGE: usize = 4096;
const BLOCK: usize = 256 * PAGE;

/// So many that the rows of one are in the processor's cache.
const PARTITIONS: usize = 512;
const WINDOW_DAYS: u16 = 2;
const ROUNDING_CENTS: i64 = 1;

#[derive(Clone, Copy)]
struct Row {
    hash: u64,
    cents: i64,
    /// Where the row begins in its file.
    place: u64,
    currency: [u8; 3],
    day: u16,
}

type Partitions = Vec<Vec<Row>>;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let mut next = || words.next().expect("floor PARTNER LEDGER OUT");
    let (partner, ledger, out) = (File::open(next())?, File::open(next())?, next());
    let [of_partner, of_ledger] = both(|| rows(&partner), || rows(&ledger));
    let (of_partner, of_ledger) = (of_partner?, of_ledger?);
    let join = |partitions: Range<usize>| {
        let (mut found, mut table) = (Vec::new(), Table::default());
        for at in partitions {
            table.join(&of_partner[at], &of_ledger[at], [&partner, &ledger], &mut found)?;
        }
        Ok(found)
    };
    let halves = both(|| join(0..PARTITIONS / 2), || join(PARTITIONS / 2..PARTITIONS));
    let mut file = BufWriter::new(File::create(out)?);
    writeln!(file, "reference,kind,partner_row,ledger_row")?;
    halves.into_iter().try_for_each(|half: Result<Vec<u8>>| file.write_all(&half?))?;
    file.flush()
}

fn both<T: Send>(one: impl FnOnce() -> T + Send, other: impl FnOnce() -> T) -> [T; 2] {
    scope(|threads| {
        let one = threads.spawn(one);
        let other = other();
        [one.join().expect("no panic"), other]
    })
}

/// The rows of one file behind its header, by their hashes. It is read into one block of whole pages; what is
/// left of a row goes before it.
fn rows(mut file: &File) -> Result<Partitions> {
    let expected = file.metadata()?.len() as usize / 90 / PARTITIONS * 9 / 8;
    let mut partitions = Vec::with_capacity(PARTITIONS);
    partitions.resize_with(PARTITIONS, || Vec::with_capacity(expected));
    let mut buffer = vec![0; BLOCK + 2 * PAGE];
    let block = buffer.as_ptr().align_offset(PAGE);
    let block = if block < PAGE / 2 { block + PAGE } else { block };
    let (mut start, mut place, mut is_header) = (block, 0, true);
    loop {
        let count = file.read(&mut buffer[block..block + BLOCK])?;
        if count == 0 {
            return Ok(partitions);
        }
        let text = &buffer[start..block + count];
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut at = 0;
        while at < whole {
            let end = match is_header {
                true => find(text, at, b'\n'),
                false => {
                    let (row, end) = row(text, at, place + at as u64);
                    partitions[(row.hash >> 55) as usize].push(row);
                    end
                }
            };
            (at, is_header) = (end + 1, false);
        }
        let rest = start + whole..block + count;
        (start, place) = (block - rest.len(), place + whole as u64);
        buffer.copy_within(rest, start);
    }
}

/// The row that begins here, and where it ends.
fn row(text: &[u8], start: usize, place: u64) -> (Row, usize) {
    let reference_end = find(text, start, b',');
    let hash = hash(&text[start..reference_end]);
    let mut cents = 0;
    let mut at = reference_end + 1;
    while text[at] != b',' {
        if text[at] != b'.' {
            cents = cents * 10 + i64::from(text[at] - b'0');
        }
        at += 1;
    }
    let currency = [text[at + 1], text[at + 2], text[at + 3]];
    // The days of one month, as in `rows.rs`.
    let day = u16::from(text[at + 13] - b'0') * 10 + u16::from(text[at + 14] - b'0');
    (Row { hash, cents, place, currency, day }, find(text, at + 15, b'\n'))
}

/// Where this byte is next, eight bytes at a time; the end where it is not.
fn find(text: &[u8], from: usize, wanted: u8) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut at = from;
    while let Some(eight) = text.get(at..at + 8) {
        let other = u64::from_le_bytes(eight.try_into().expect("eight bytes")) ^ (ONES * u64::from(wanted));
        let equal = other.wrapping_sub(ONES) & !other & TOPS;
        if equal != 0 {
            return at + (equal.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    text[at..].iter().position(|byte| *byte == wanted).map_or(text.len(), |rest| at + rest)
}

fn hash(text: &[u8]) -> u64 {
    let mixed = |hash: u64, word: u64| {
        let wide = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15_d6e8_feb8_6659_fd93;
        (wide >> 64) as u64 ^ wide as u64
    };
    let (words, rest) = text.as_chunks::<8>();
    let hash = words.iter().fold(text.len() as u64, |hash, word| mixed(hash, u64::from_le_bytes(*word)));
    mixed(hash, rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
}

/// The first row of each reference on both sides, found by its hash; used again for each partition.
#[derive(Default)]
struct Table {
    slots: Vec<Group>,
}

#[derive(Clone, Copy, Default)]
struct Group {
    hash: u64,
    /// Of the partner and of the ledger: the number of its first row, and how many there are.
    sides: [(u32, u32); 2],
}

impl Table {
    fn join(&mut self, partner: &[Row], ledger: &[Row], files: [&File; 2], out: &mut Vec<u8>) -> Result<()> {
        self.slots.clear();
        self.slots.resize(((partner.len() + ledger.len()) * 3 / 2).next_power_of_two().max(8), Group::default());
        for (side, rows) in [partner, ledger].into_iter().enumerate() {
            for (number, row) in rows.iter().enumerate() {
                let (first, count) = &mut self.group(row.hash).sides[side];
                *first = if *count == 0 { number as u32 } else { *first };
                *count += 1;
            }
        }
        for Group { sides: [(reported, times), (booked, times_booked)], .. } in &self.slots {
            let reported = (*times > 0).then(|| &partner[*reported as usize]);
            let booked = (*times_booked > 0).then(|| &ledger[*booked as usize]);
            let Some(kind) = kind((reported, *times), (booked, *times_booked)) else { continue };
            let [of_partner, of_ledger] = [(reported, files[0]), (booked, files[1])].map(|(row, file)| line(file, row));
            let (of_partner, of_ledger) = (of_partner?, of_ledger?);
            let either = if of_partner.is_empty() { &of_ledger } else { &of_partner };
            out.extend(&either[..find(either, 0, b',')]);
            for text in [kind.as_bytes(), &of_partner, &of_ledger] {
                // Quotes within are left out: they would have to be doubled.
                out.extend(b",\"");
                out.extend(text.iter().filter(|byte| **byte != b'"'));
                out.push(b'"');
            }
            out.push(b'\n');
        }
        Ok(())
    }

    fn group(&mut self, hash: u64) -> &mut Group {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].hash != hash && self.slots[at].hash != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at].hash = hash;
        &mut self.slots[at]
    }
}

/// Why what both sides have of one reference, each its first row and how often, is not one payment.
fn kind(partner: (Option<&Row>, u32), ledger: (Option<&Row>, u32)) -> Option<&'static str> {
    let (reported, booked) = match (partner.0, ledger.0) {
        (Some(reported), Some(booked)) => (reported, booked),
        (Some(_), None) => return Some("missing_in_ledger"),
        (None, Some(_)) => return Some("missing_at_partner"),
        (None, None) => return None,
    };
    let difference = (reported.cents - booked.cents).abs();
    match () {
        () if partner.1 > 1 => Some("duplicate_at_partner"),
        () if ledger.1 > 1 => Some("duplicate_in_ledger"),
        () if reported.currency != booked.currency => Some("currency_mismatch"),
        () if difference > ROUNDING_CENTS => Some("amount_mismatch"),
        () if difference > 0 => Some("rounding"),
        () if reported.day.abs_diff(booked.day) > WINDOW_DAYS => Some("date_mismatch"),
        () => None,
    }
}

/// What stands in the file, read again; nothing of no row.
fn line(file: &File, row: Option<&Row>) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    if let Some(row) = row {
        text.resize(512, 0);
        let count = file.read_at(&mut text, row.place)?;
        text.truncate(find(&text[..count], 0, b'\n'));
    }
    Ok(text)
}
