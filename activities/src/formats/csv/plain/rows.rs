//! Rows that were kept as they stand in a file, read into records without the file.

use std::cell::Cell;

use domain::record::Record;
use serde::{Deserialize, Serialize};

use super::NoScan;
use crate::formats::Line;
use crate::formats::csv::header::Layout;
use crate::formats::csv::mapping::CsvMapping;
use crate::formats::csv::read_row;
use crate::formats::csv::row::RowReader;
use crate::formats::csv::tokens::Tokenizer;
use crate::formats::lines::{Input, Output};

/// What a file says of its rows before the first of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// What stands between two fields.
    pub delimiter: char,
    /// The header, as it stands there; none where columns are known by their position.
    pub header: Option<String>,
}

/// Reads rows one by one.
pub(super) struct OneByOne<'a> {
    mapping: &'a CsvMapping,
    input: Input<'a>,
    reader: RowReader<'a>,
    tokenizer: Tokenizer<'a>,
}

impl<'a> OneByOne<'a> {
    pub(super) fn new(
        mapping: &'a CsvMapping,
        input: Input<'a>,
        reader: RowReader<'a>,
        delimiter: u8,
    ) -> Self {
        let quote = mapping.quote.0;
        OneByOne {
            mapping,
            input,
            reader,
            tokenizer: Tokenizer::new(input, delimiter, quote, input.limits.row_bytes_max),
        }
    }

    /// The record of a row that was one when it was scanned.
    pub(super) fn record(&mut self, text: &[u8], line: u32) -> Result<Record, NoScan> {
        let text = std::str::from_utf8(text).map_err(|_| CHANGED)?;
        let Ok(Some((row, _))) = self.tokenizer.row(text, line) else {
            return Err(CHANGED);
        };
        let slot = Cell::new(None);
        let mut emit = |line| slot.set(Some(line));
        let mut output = Output::new(self.input, &mut emit);
        read_row(self.mapping, &mut self.reader, &mut [], &mut output, &row);
        match slot.take() {
            Some(Line::Record(record)) => Ok(record),
            _ => Err(CHANGED),
        }
    }
}

pub(super) const CHANGED: NoScan = NoScan::NotPlain("it was changed since it was read");

/// Reads rows of a file that begins with this head: their lines and texts. `take` is given the record
/// of each, or that it is none by this mapping, and says whether to go on.
///
/// # Errors
/// As `take`; [`NoScan::NotPlain`] for a head that does not fit.
pub(in crate::formats) fn read_rows<'t>(
    mapping: &CsvMapping,
    input: Input<'_>,
    head: &Head,
    rows: impl IntoIterator<Item = (u32, &'t [u8])>,
    mut take: impl FnMut(Result<Record, NoScan>) -> Result<(), NoScan>,
) -> Result<(), NoScan> {
    let unfit = |_| NoScan::NotPlain("its header does not fit the mapping");
    let delimiter = u8::try_from(head.delimiter).map_err(|_| CHANGED)?;
    let quote = mapping.quote.0;
    let layout = match &head.header {
        None => Layout::of_columns(mapping).map_err(unfit)?,
        Some(header) => {
            let mut tokenizer = Tokenizer::new(input, delimiter, quote, header.len());
            match tokenizer.row(header, 1) {
                Ok(Some((row, _))) => Layout::of_header(mapping, &row).map_err(unfit)?,
                _ => return Err(CHANGED),
            }
        }
    };
    let reader = RowReader::new(mapping, layout, input);
    let reader = reader.map_err(|_| NoScan::NotPlain("a mapping that can't be used"))?;
    let mut one_by_one = OneByOne::new(mapping, input, reader, delimiter);
    for (line, text) in rows {
        take(one_by_one.record(text, line))?;
    }
    Ok(())
}
