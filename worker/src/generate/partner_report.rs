//! A partner's report as it is written, whatever its format: its bytes, and where its rows stand.

/// A report.
pub(super) struct PartnerReport {
    pub(super) bytes: Vec<u8>,
    /// What its first total, or balance, is called when it is found wrong.
    pub(super) subject: String,
    /// The line of each row, by the row's number.
    pub(super) lines: Vec<u32>,
}

/// Whether a report's own arithmetic holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Balance {
    Holds,
    /// The first total, or closing balance, is one minor unit too high.
    Broken,
}

/// Which columns files have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    Plain,
    /// Free text and batches as well.
    Labelled,
}

/// A text that grows, and knows in which line it is.
pub(super) struct Draft {
    text: String,
    line: u32,
    lines: Vec<u32>,
}

impl Draft {
    /// Nothing yet, of a report that will have so many rows.
    pub(super) fn new(rows: usize) -> Self {
        Draft {
            text: String::new(),
            line: 1,
            lines: vec![0; rows],
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.line += text.bytes().filter(|byte| *byte == b'\n').count() as u32;
        self.text.push_str(text);
    }

    /// The row of this number begins here.
    pub(super) fn begin(&mut self, number: u32) {
        self.lines[number as usize] = self.line;
    }

    /// The line that comes next, from 1.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The text, and the line of each row.
    pub(super) fn finish(self) -> (String, Vec<u32>) {
        (self.text, self.lines)
    }
}
