//! The scan of one file: simple rows go to the sieve, others to the reader of all rows.

use std::cell::Cell;
use std::io::Read;

use domain::matching::sieve::{Day, Facts, Place, PlainAmount, Tally};
use domain::record::{Record, ReferenceKind};

use super::blocks::Blocks;
use super::decode::Decoder;
use super::fields::{Bounds, FieldPlaces, Fields, NoEnd, Straight, Walk};
use super::rows::Head;
use super::specials::Specials;
use super::{NoScan, Scan, Sieve, SimpleRow};
use crate::formats::csv::header::Layout;
use crate::formats::csv::mapping::CsvMapping;
use crate::formats::csv::row::RowReader;
use crate::formats::csv::tokens::{Rows, Tokenizer};
use crate::formats::csv::{find_header, read_row};
use crate::formats::lines::{Input, Output};
use crate::formats::{Line, decode};

/// A scan under way.
struct Scanner<'a, S> {
    reader: RowReader<'a>,
    tokenizer: Tokenizer<'a>,
    decoder: Decoder,
    specials: Specials,
    has_quotes: bool,
    /// Fields of a simple row.
    width: usize,
    /// Bytes of the longest row that is read here.
    row_bytes_max: usize,
    received: Tally,
    /// What the reader of all rows made of one.
    slot: &'a Cell<Option<Line>>,
    sieve: &'a mut S,
}

/// Scans a file.
pub(in crate::formats) fn scan<S: Sieve>(
    mapping: &CsvMapping,
    kind: ReferenceKind,
    input: Input<'_>,
    source: impl Read,
    sieve: &mut S,
) -> Result<Scan, NoScan> {
    let mut blocks = Blocks::new(source);
    blocks.fill()?;
    let begun = Begun::of(mapping, input, &blocks)?;
    let Begun {
        mut reader,
        delimiter,
        header,
        offset: begin,
        mut line,
    } = begun;
    let head = Head {
        delimiter: char::from(delimiter),
        header,
    };
    let width = reader.layout.width.map_or(0, |width| width.all);
    let decoder = Decoder::new(&mut reader, kind);
    let quote = mapping.quote.0;
    let slot = Cell::new(None);
    let mut emit = |line| slot.set(Some(line));
    let mut output = Output::new(input, &mut emit);
    let mut scanner = Scanner {
        reader,
        specials: Specials::new(delimiter, quote),
        has_quotes: quote.is_some(),
        tokenizer: Tokenizer::new(input, delimiter, quote, input.limits.row_bytes_max),
        decoder: decoder.ok_or(NoScan::NotPlain("a column that is not simple"))?,
        width,
        row_bytes_max: input.limits.row_bytes_max,
        received: Tally::default(),
        slot: &slot,
        sieve,
    };
    blocks.consume(begin);
    let mut room = Vec::new();
    loop {
        let text = whole_lines(blocks.bytes(), blocks.is_last)?;
        let places = scanner.specials.find(text, &mut room);
        let consumed = scanner.rows(&mut output, text, places, blocks.offset, &mut line)?;
        if output.summary.rows_read > input.limits.rows_max {
            return Err(NoScan::NotPlain("too many rows"));
        }
        let is_unfinished = blocks.is_last && consumed < text.len();
        blocks.consume(consumed);
        if is_unfinished {
            return Err(NoScan::NotPlain("a row without an end"));
        }
        if blocks.is_last {
            break;
        }
        if !blocks.fill()? {
            return Err(NoScan::NotPlain("a row that is too long"));
        }
        if blocks.offset + blocks.bytes().len() as u64 > input.limits.input_bytes_max {
            return Err(NoScan::NotPlain("a file that is too large"));
        }
    }
    if scanner.reader.rounded.lost_column().is_some() {
        return Err(NoScan::NotPlain("rounded references"));
    }
    let received = scanner.received;
    let (digest, bytes) = blocks.finish();
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.as_ref());
    Ok(Scan {
        summary: output.summary,
        head,
        received,
        sha256,
        bytes,
    })
}

/// What the beginning of a file says about the rest.
pub(super) struct Begun<'a> {
    pub(super) reader: RowReader<'a>,
    pub(super) delimiter: u8,
    /// Its header, as it stands there.
    header: Option<String>,
    /// Where its rows begin.
    offset: usize,
    /// The line there.
    line: u32,
}

impl<'a> Begun<'a> {
    /// Reads the header, in the first block.
    pub(super) fn of<R: Read>(
        mapping: &'a CsvMapping,
        input: Input<'a>,
        blocks: &Blocks<R>,
    ) -> Result<Self, NoScan> {
        let (first, skipped) = beginning(blocks.bytes(), blocks.is_last)?;
        if first.trim().is_empty() {
            return Err(NoScan::NotPlain("nothing in it"));
        }
        let mut rows = Rows::new(input, first, mapping.delimiter.0, mapping.quote.0);
        let layout = match mapping.has_header() {
            true => {
                let found = find_header(mapping, input, &mut rows).ok();
                found.map(|(layout, header)| (layout, Some(header)))
            }
            false => {
                let listed = Layout::of_columns(mapping).ok();
                listed.map(|layout| (layout, None))
            }
        };
        let (layout, header) = layout.ok_or(NoScan::NotPlain("no header"))?;
        let reader = RowReader::new(mapping, layout, input).ok();
        let (delimiter, offset, line) = rows.finish();
        Ok(Begun {
            reader: reader.ok_or(NoScan::NotPlain("a mapping that can't be used"))?,
            delimiter,
            header,
            offset: skipped + offset,
            line,
        })
    }
}

/// The text of the first block, without a byte order mark, and the size of the mark.
fn beginning(bytes: &[u8], is_last: bool) -> Result<(&str, usize), NoScan> {
    let skipped = match encoding_rs::Encoding::for_bom(bytes) {
        None if decode::looks_like_utf16(bytes) => return Err(NoScan::NotPlain("UTF-16")),
        None => 0,
        Some((encoding, skipped)) if encoding == encoding_rs::UTF_8 => skipped,
        Some(_) => return Err(NoScan::NotPlain("an encoding other than UTF-8")),
    };
    let lines = whole_lines(&bytes[skipped..], is_last)?;
    let text = std::str::from_utf8(lines).map_err(|_| NoScan::NotPlain("no UTF-8"))?;
    Ok((text, skipped))
}

/// The lines that end in this block, as long as they are text.
fn whole_lines(bytes: &[u8], is_last: bool) -> Result<&[u8], NoScan> {
    let end = match is_last {
        true => bytes.len(),
        false => bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1),
    };
    let lines = &bytes[..end];
    match lines.is_ascii() || std::str::from_utf8(lines).is_ok() {
        true => Ok(lines),
        false => Err(NoScan::NotPlain("no UTF-8")),
    }
}

impl<S: Sieve> Scanner<'_, S> {
    /// Reads the rows that end in `text`; gives back how much they took.
    fn rows(
        &mut self,
        output: &mut Output<'_>,
        text: &[u8],
        places: &[u32],
        offset: u64,
        line: &mut u32,
    ) -> Result<usize, NoScan> {
        let walk = Walk {
            text,
            places,
            specials: self.specials,
            has_quotes: self.has_quotes,
        };
        let mut bounds: Vec<Bounds> = Vec::new();
        let (mut start, mut at) = (0, 0);
        let mut simple = 0;
        while let Some(byte) = text.get(start) {
            if matches!(byte, b'\r' | b'\n') {
                if *byte == b'\r' && text.get(start + 1) != Some(&b'\n') {
                    return Err(NoScan::NotPlain("a lone carriage return"));
                }
                *line += u32::from(*byte == b'\n');
                (start, at) = (start + 1, at + 1);
                continue;
            }
            let place = Place {
                offset: offset + start as u64,
                line: *line,
            };
            if let Some((ends, next)) = self.straight(text, places, at) {
                let row = Straight { start, ends };
                if next - start <= self.row_bytes_max
                    && let Some((key, facts)) = self.decoder.read(&mut self.reader, text, &row)
                    && self.sieve.row(&SimpleRow {
                        place,
                        key,
                        facts: &facts,
                        text: &text[start..next],
                        fields: Fields {
                            text,
                            places: FieldPlaces::Straight(row),
                            references: &self.decoder.references,
                            no_reference: &self.decoder.no_reference,
                        },
                    })?
                {
                    self.received.add(&facts);
                    simple += 1;
                    *line += 1;
                    at += ends.len() + (next - 1 - ends[ends.len() - 1] as usize);
                    start = next;
                    continue;
                }
            }
            let walked = match walk.row(start, at, &mut bounds) {
                Ok(walked) => walked,
                Err(NoEnd::NotYet) => break,
                Err(NoEnd::LoneReturn) => return Err(NoScan::NotPlain("a lone carriage return")),
            };
            let is_simple = walked.is_sound
                && bounds.len() == self.width
                && walked.next - start <= self.row_bytes_max;
            let read = match is_simple {
                true => self.decoder.read(&mut self.reader, text, &bounds[..]),
                false => None,
            };
            let row = &text[start..walked.next];
            if let Some((key, facts)) = read
                && self.sieve.row(&SimpleRow {
                    place,
                    key,
                    facts: &facts,
                    text: row,
                    fields: Fields {
                        text,
                        places: FieldPlaces::Walked(&bounds),
                        references: &self.decoder.references,
                        no_reference: &self.decoder.no_reference,
                    },
                })?
            {
                self.received.add(&facts);
                simple += 1;
            } else {
                self.slow_row(output, row, place)?;
            }
            *line += walked.lines;
            (start, at) = (walked.next, walked.at);
        }
        output.summary.rows_read += simple;
        output.summary.accepted += simple;
        Ok(start)
    }

    /// The ends of the fields of a row without anything special, and where the next one begins.
    #[inline]
    fn straight<'p>(
        &self,
        text: &[u8],
        places: &'p [u32],
        at: usize,
    ) -> Option<(&'p [u32], usize)> {
        let ends = places.get(at..at + self.width)?;
        let (last, others) = ends.split_last()?;
        let is_delimiter =
            |place: &u32| text.get(*place as usize) == Some(&self.specials.delimiter);
        if !others.iter().all(is_delimiter) {
            return None;
        }
        let last = *last as usize;
        match text.get(last..)? {
            [b'\n', ..] => Some((ends, last + 1)),
            [b'\r', b'\n', ..] => Some((ends, last + 2)),
            _ => None,
        }
    }

    /// Has a row read as everywhere else.
    #[cold]
    fn slow_row(
        &mut self,
        output: &mut Output<'_>,
        text: &[u8],
        place: Place,
    ) -> Result<(), NoScan> {
        let text = std::str::from_utf8(text).map_err(|_| NoScan::NotPlain("no UTF-8"))?;
        let row = self.tokenizer.row(text, place.line);
        let Ok(Some((row, consumed))) = row else {
            return Err(NoScan::NotPlain("a row that can't be told from others"));
        };
        let rest = &text[consumed..];
        if !rest.trim_start_matches(['\r', '\n']).is_empty() {
            return Err(NoScan::NotPlain("a row that can't be told from others"));
        }
        if self.reader.layout.may_be_header(&row)
            && Layout::of_header(self.reader.mapping, &row).is_ok()
        {
            return Err(NoScan::NotPlain("a second header"));
        }
        let fields = row.len();
        output.summary.rows_read += 1;
        read_row(self.reader.mapping, &mut self.reader, &mut [], output, &row);
        match self.slot.take() {
            Some(Line::Record(record)) => {
                self.adopt_width(fields);
                self.record(record, place)
            }
            Some(Line::Reject(reject)) => Ok(self.sieve.reject(reject)?),
            None => Ok(()),
        }
    }

    /// Rows may have fewer fields than the header, or more; most have as many as this one.
    fn adopt_width(&mut self, fields: usize) {
        let fits =
            |width: crate::formats::csv::header::Width| (width.named..=width.all).contains(&fields);
        if self.reader.layout.width.is_none_or(fits) {
            self.width = fields;
        }
    }

    fn record(&mut self, record: Record, place: Place) -> Result<(), NoScan> {
        let facts = PlainAmount::of(record.money.amount).zip(Day::of(record.value_date));
        let Some((amount, day)) = facts else {
            return Err(NoScan::NotPlain("an amount that is too large"));
        };
        self.received.add(&Facts {
            amount,
            currency: record.money.currency,
            day,
            status: None,
        });
        Ok(self.sieve.record(place, record)?)
    }
}
