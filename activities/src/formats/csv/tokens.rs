//! Text to rows and fields, with the line and the text of each row.
//!
//! The tokenizer is `csv-core`, which always finds *some* reading. What it would read wrongly in
//! silence is refused here: a closing quote in the middle of a field (an unpaired quote further up
//! has swallowed rows), a quoted field without an end, a row over the limit.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::formats::FormatError;
use crate::formats::lines::{Input, LineCounter, cut};

/// Fields of one row, unquoted.
pub(super) struct Row<'r> {
    pub(super) line: u32,
    /// As it stands in the file, without the line end.
    pub(super) raw: &'r str,
    /// Whether the quoting is sound; if not, the fields cannot be trusted.
    pub(super) quoting_is_sound: bool,
    text: &'r str,
    ends: &'r [usize],
}

impl<'r> Row<'r> {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&'r str> {
        let end = *self.ends.get(index)?;
        let start = match index {
            0 => 0,
            _ => *self.ends.get(index - 1)?,
        };
        self.text.get(start..end)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'r str> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Only delimiters and space.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// The rows of a text.
pub(super) struct Rows<'a> {
    text: &'a str,
    offset: usize,
    lines: LineCounter<'a>,
    tokenizer: Tokenizer<'a>,
}

/// Tells the fields of one row at a time apart.
pub(super) struct Tokenizer<'a> {
    input: Input<'a>,
    delimiter: u8,
    quote: Option<u8>,
    reader: Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(input: Input<'a>, text: &'a str, delimiter: u8, quote: Option<u8>) -> Self {
        let (delimiter, offset) = separator_line(text).unwrap_or((delimiter, 0));
        Rows {
            text,
            offset,
            lines: LineCounter::new(text),
            tokenizer: Tokenizer::new(input, delimiter, quote, text.len()),
        }
    }

    /// Ends the rows here: the delimiter, where the text goes on, and its line there.
    pub(super) fn finish(mut self) -> (u8, usize, u32) {
        let line = self.lines.line_of(self.offset);
        (self.tokenizer.delimiter, self.offset, line)
    }

    /// The next row that is not an empty line.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, FormatError> {
        let rest = self.text[self.offset..].trim_start_matches(['\r', '\n']);
        let start = self.text.len() - rest.len();
        let line = self.lines.line_of(start);
        let Some((row, consumed)) = self.tokenizer.row(rest, line)? else {
            return Ok(None);
        };
        self.offset = start + consumed;
        Ok(Some(row))
    }
}

impl<'a> Tokenizer<'a> {
    /// For rows of a text of at most `text_bytes`.
    pub(super) fn new(
        input: Input<'a>,
        delimiter: u8,
        quote: Option<u8>,
        text_bytes: usize,
    ) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter);
        match quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        Tokenizer {
            input,
            delimiter,
            quote,
            reader: builder.build(),
            // No row needs more room than the text takes, however high the limits are.
            fields: vec![0; input.limits.row_bytes_max.min(text_bytes + 1)],
            ends: vec![0; input.limits.row_fields_max.min(text_bytes + 1)],
        }
    }

    /// The row at the beginning of `rest`, and how much of it that took; `None` at the end.
    pub(super) fn row<'r>(
        &'r mut self,
        rest: &'r str,
        line: u32,
    ) -> Result<Option<(Row<'r>, usize)>, FormatError> {
        let Some((ends, bytes, consumed)) = self.tokenize(rest, line)? else {
            return Ok(None);
        };
        let raw = rest[..consumed].trim_end_matches(['\r', '\n']);
        let quoting = self.quoting(raw);
        if quoting == Quoting::Open {
            return Err(FormatError::Truncated {
                file: self.input.file_name(),
                line,
                inside: format!("inside a quoted field ({})", cut(raw, 80)),
            });
        }
        let text = std::str::from_utf8(&self.fields[bytes]);
        let row = Row {
            line,
            raw,
            quoting_is_sound: quoting == Quoting::Sound,
            text: text.expect("fields are parts of text, cut at ASCII characters"),
            ends: &self.ends[..ends],
        };
        Ok(Some((row, consumed)))
    }

    /// Number of fields, their bytes, and how much of `rest` they took; `None` at the end.
    fn tokenize(
        &mut self,
        rest: &str,
        line: u32,
    ) -> Result<Option<(usize, Range<usize>, usize)>, FormatError> {
        if rest.is_empty() {
            return Ok(None);
        }
        let (mut consumed, mut bytes, mut ends) = (0, 0, 0);
        loop {
            let (result, read, written, ended) = self.reader.read_record(
                &rest.as_bytes()[consumed..],
                &mut self.fields[bytes..],
                &mut self.ends[ends..],
            );
            consumed += read;
            bytes += written;
            ends += ended;
            match result {
                ReadRecordResult::Record => return Ok(Some((ends, 0..bytes, consumed))),
                ReadRecordResult::End => return Ok(None),
                // The next round has nothing left to read, and finishes the last row.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => return Err(self.row_too_long(line)),
                ReadRecordResult::OutputEndsFull => return Err(self.too_many_fields(line)),
            }
        }
    }

    /// Follows the quotes of one row, as the tokenizer does.
    fn quoting(&self, raw: &str) -> Quoting {
        let Some(quote) = self.quote else {
            return Quoting::Sound;
        };
        if !raw.as_bytes().contains(&quote) {
            return Quoting::Sound;
        }
        let mut bytes = raw.bytes().peekable();
        let mut sound = true;
        loop {
            if bytes.peek() == Some(&quote) {
                bytes.next();
                loop {
                    match bytes.next() {
                        None => return Quoting::Open,
                        Some(byte) if byte != quote => {}
                        Some(_) if bytes.peek() == Some(&quote) => _ = bytes.next(),
                        Some(_) => break,
                    }
                }
                sound &= bytes.peek().is_none_or(|&byte| byte == self.delimiter);
            }
            if !bytes.by_ref().any(|byte| byte == self.delimiter) {
                break;
            }
        }
        match sound {
            true => Quoting::Sound,
            false => Quoting::Broken,
        }
    }

    fn row_too_long(&self, line: u32) -> FormatError {
        FormatError::LimitReached {
            file: self.input.file_name(),
            line,
            what: "a row too long",
            setting: "row_bytes_max",
            limit: self.input.limits.row_bytes_max as u64,
            help: "look for a quote without its pair in this line, or set quote = \"none\"",
        }
    }

    fn too_many_fields(&self, line: u32) -> FormatError {
        FormatError::LimitReached {
            file: self.input.file_name(),
            line,
            what: "too many fields in a row",
            setting: "row_fields_max",
            limit: self.input.limits.row_fields_max as u64,
            help: "look whether the delimiter of the mapping is right",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Sound,
    /// Something follows a closing quote.
    Broken,
    /// The last quote is not closed.
    Open,
}

/// Excel's first line `sep=;`: the delimiter it names, and where the text goes on.
fn separator_line(text: &str) -> Option<(u8, usize)> {
    let head = text.get(..4)?;
    let delimiter = *text.as_bytes().get(4)?;
    let rest = text.get(5..)?;
    let ends = rest.is_empty() || rest.starts_with(['\r', '\n']);
    let named = head.eq_ignore_ascii_case("sep=") && delimiter.is_ascii();
    (named && ends && !b"\r\n\"".contains(&delimiter)).then_some((delimiter, 5))
}
