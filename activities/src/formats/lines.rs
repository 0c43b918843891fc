//! Counting and handing on what was read: lines, rows, records and rejects.

use std::sync::Arc;

use domain::record::{Origin, Record, Reject, Side};

use super::{FormatError, Line, ReadLimits, ReadSummary};

/// What is being read, for whom and within which limits.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) side: Side,
    pub(super) file: &'a Arc<str>,
    pub(super) limits: &'a ReadLimits,
}

impl Input<'_> {
    pub(super) fn file_name(&self) -> String {
        self.file.to_string()
    }

    pub(super) fn origin(&self, line: u32, raw: &str) -> Origin {
        Origin {
            file: Arc::clone(self.file),
            line,
            raw: cut(raw, self.limits.raw_text_bytes_max).into(),
        }
    }
}

/// What is wrong with one value of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    /// Column or element; empty when the row as a whole is at fault.
    pub(super) column: Box<str>,
    /// The value found.
    pub(super) value: Box<str>,
    /// What is wrong, and what would be right.
    pub(super) reason: Box<str>,
}

impl Fault {
    pub(super) fn new(column: &str, value: &str, reason: impl Into<Box<str>>) -> Fault {
        Fault {
            column: column.into(),
            value: cut(value, VALUE_BYTES_MAX).into(),
            reason: reason.into(),
        }
    }
}

/// Most bytes of an offending value that a reject shows.
const VALUE_BYTES_MAX: usize = 256;

/// Hands on records and rejects, and counts them.
pub(super) struct Output<'a> {
    pub(super) input: Input<'a>,
    emit: &'a mut dyn FnMut(Line),
    pub(super) summary: ReadSummary,
}

impl<'a> Output<'a> {
    pub(super) fn new(input: Input<'a>, emit: &'a mut dyn FnMut(Line)) -> Self {
        Output {
            input,
            emit,
            summary: ReadSummary::default(),
        }
    }

    /// Takes note of a row in `line`, whatever becomes of it.
    pub(super) fn row(&mut self, line: u32) -> Result<(), FormatError> {
        self.summary.rows_read += 1;
        if self.summary.rows_read <= self.input.limits.rows_max {
            return Ok(());
        }
        Err(FormatError::LimitReached {
            file: self.input.file_name(),
            line,
            what: "too many rows",
            setting: "rows_max",
            limit: self.input.limits.rows_max,
            help: "raise it if such files are expected, or have the report split",
        })
    }

    pub(super) fn accept(&mut self, record: Record) {
        self.summary.accepted += 1;
        (self.emit)(Line::Record(record));
    }

    pub(super) fn reject(&mut self, origin: Origin, fault: Fault) {
        self.summary.rejected += 1;
        (self.emit)(Line::Reject(Reject {
            side: self.input.side,
            origin,
            column: fault.column,
            value: fault.value,
            reason: fault.reason,
        }));
    }

    pub(super) fn skip(&mut self) {
        self.summary.skipped += 1;
    }
}

/// The line of a byte offset, for offsets that mostly grow. Lines end with LF, CR LF or a lone CR.
pub(super) struct LineCounter<'a> {
    text: &'a [u8],
    offset: usize,
    line: u32,
}

impl<'a> LineCounter<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        LineCounter {
            text: text.as_bytes(),
            offset: 0,
            line: 1,
        }
    }

    pub(super) fn line_of(&mut self, offset: usize) -> u32 {
        let offset = offset.min(self.text.len());
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        self.line = self
            .line
            .saturating_add(line_ends(self.text, self.offset, offset));
        self.offset = offset;
        self.line
    }
}

/// Line ends in `text[from..to]`; the LF of a CR LF is the one that counts.
fn line_ends(text: &[u8], from: usize, to: usize) -> u32 {
    let passed = &text[from..to];
    let mut count = passed.iter().filter(|&&byte| byte == b'\n').count();
    if passed.contains(&b'\r') {
        count += (from..to)
            .filter(|&at| text[at] == b'\r' && text.get(at + 1) != Some(&b'\n'))
            .count();
    }
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The beginning of `text`, at most `bytes_max` long, cut between characters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    match text.len() <= bytes_max {
        true => text,
        false => &text[..text.floor_char_boundary(bytes_max)],
    }
}
