//! Partner formats: bytes of one file become records, rejects and control checks.
//!
//! Pure functions. Nothing here opens a file, knows where bytes came from, or decides what a record
//! means for a reconciliation. A line that cannot be read is a [`Reject`] and reading goes on; a
//! file that cannot be trusted as a whole is a [`FormatError`], and the caller drops what it was
//! given so far and quarantines the file. No value is ever guessed: what a report does not say is
//! `None`, and what it says unreadably is a reject.
//!
//! A new format is a variant of [`Format`], a module with its mapping, and an arm in [`read`].

mod camt053;
mod csv;
mod decode;
mod error;
mod extract;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod laws;
mod lines;
mod no_reference;
mod settings;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use domain::control::ControlCheck;
use domain::matching::sieve::Place;
use domain::record::{Record, ReferenceKind, Reject, Side};
use serde::{Deserialize, Serialize};

pub use self::camt053::{Camt053Mapping, Element, Extraction, ReversalIndicator};
pub use self::csv::plain::{Head, NoScan, Scan, Sieve, SimpleRow};
pub use self::csv::{
    AmountColumns, AmountSource, Column, ComparedAmount, CsvMapping, Delimiter, FieldSource,
    Fields, Grouping, Quote, RowRule, Separator, Sign, SkipRule, StatusValues, TextEncoding,
    TotalsRule, Units,
};
pub use error::FormatError;
pub use settings::{Pattern, Zone};

/// How one side's files are written: `[partner.format.csv]`, `[ledger.format.camt053]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text through a mapping.
    Csv(Box<CsvMapping>),
    /// ISO 20022 bank statements.
    Camt053(Box<Camt053Mapping>),
}

impl Format {
    /// Mistakes that only show when settings are seen together; empty when there are none.
    ///
    /// Each says which settings and what would be right.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        match self {
            Format::Csv(mapping) => mapping.validate(),
            Format::Camt053(mapping) => mapping.validate(),
        }
    }
}

/// What one line of a report became.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// Typed data.
    Record(Record),
    /// Unreadable, with the reason.
    Reject(Reject),
}

/// How much of a file is read before it is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadLimits {
    /// Bytes of the file.
    pub input_bytes_max: u64,
    /// Rows, or bank statement lines.
    pub rows_max: u64,
    /// Bytes of one row, or of one XML text or tag.
    pub row_bytes_max: usize,
    /// Fields of one row.
    pub row_fields_max: usize,
    /// Elements inside one another.
    pub xml_depth_max: usize,
    /// Attributes of one element.
    pub xml_attributes_max: usize,
    /// Bytes of the received text that a record carries along.
    pub raw_text_bytes_max: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits {
            input_bytes_max: 1 << 30,
            rows_max: 20_000_000,
            row_bytes_max: 64 << 10,
            row_fields_max: 4096,
            xml_depth_max: 64,
            xml_attributes_max: 64,
            raw_text_bytes_max: 2 << 10,
        }
    }
}

/// What a file turned out to hold.
///
/// `rows_read = accepted + rejected + skipped`. Blank lines, the lines above a header and the
/// header are not rows; a bank statement line with details counts once for each record it becomes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadSummary {
    /// Rows found.
    pub rows_read: u64,
    /// Rows that became records.
    pub accepted: u64,
    /// Rows that became rejects.
    pub rejected: u64,
    /// Rows left out on purpose: by a skip rule, totals rows, entries that are not booked.
    pub skipped: u64,
    /// The arithmetic that the file states about itself, compared with its lines.
    pub controls: Vec<ControlCheck>,
    /// The identity that the file declares for itself (camt `MsgId`), to recognise a redelivery.
    pub declared_id: Option<String>,
}

/// Reads one file, calling `emit` for each record and reject in the order of the input.
///
/// # Errors
/// The file as a whole is unusable; what was emitted must be discarded.
pub fn read(
    format: &Format,
    side: Side,
    file: &Arc<str>,
    bytes: &[u8],
    limits: &ReadLimits,
    emit: &mut dyn FnMut(Line),
) -> Result<ReadSummary, FormatError> {
    let problems = format.validate();
    if !problems.is_empty() {
        return Err(FormatError::Mapping {
            file: file.to_string(),
            problems: problems.join("; "),
        });
    }
    if bytes.len() as u64 > limits.input_bytes_max {
        return Err(FormatError::TooLarge {
            file: file.to_string(),
            bytes: bytes.len() as u64,
            limit: limits.input_bytes_max,
        });
    }
    let input = lines::Input { side, file, limits };
    match format {
        Format::Csv(mapping) => self::csv::read(mapping, input, bytes, emit),
        Format::Camt053(mapping) => camt053::read(mapping, input, bytes, emit),
    }
}

/// Why a side's files can't be scanned for the sieve by the reference `key`; `None` when they can,
/// as far as their format says.
#[must_use]
pub fn scan_obstacle(format: &Format, key: ReferenceKind) -> Option<&'static str> {
    match format {
        Format::Csv(mapping) if mapping.validate().is_empty() => csv::plain::obstacle(mapping, key),
        _ => Some("a format other than delimited text"),
    }
}

/// Reads one file for the sieve: gives what [`read`] gives, with places instead of records.
///
/// # Errors
/// The file is not plain enough for it, or can't be read; what the sieve has must be discarded.
pub fn scan<S: Sieve>(
    format: &Format,
    side: Side,
    file: &Arc<str>,
    source: impl std::io::Read,
    limits: &ReadLimits,
    key: ReferenceKind,
    sieve: &mut S,
) -> Result<Scan, NoScan> {
    let input = lines::Input { side, file, limits };
    match format {
        Format::Csv(mapping) => csv::plain::scan(mapping, key, input, source, sieve),
        Format::Camt053(_) => Err(NoScan::NotPlain("a format other than delimited text")),
    }
}

/// Reads rows that a scan gave: their lines and texts, of a file with this head. `take` is given the
/// record of each, or that it is none by this format, and says whether to go on.
///
/// # Errors
/// As `take`; [`NoScan::NotPlain`] for a head that does not fit.
pub fn read_rows<'t>(
    format: &Format,
    side: Side,
    file: &Arc<str>,
    head: &Head,
    limits: &ReadLimits,
    rows: impl IntoIterator<Item = (u32, &'t [u8])>,
    take: impl FnMut(Result<Record, NoScan>) -> Result<(), NoScan>,
) -> Result<(), NoScan> {
    let input = lines::Input { side, file, limits };
    match format {
        Format::Csv(mapping) => csv::plain::read_rows(mapping, input, head, rows, take),
        Format::Camt053(_) => Err(NoScan::NotPlain("a format other than delimited text")),
    }
}

/// Reads the records at these places of a file that was scanned; the places are in order.
///
/// # Errors
/// The file is another than it was.
pub fn read_again(
    format: &Format,
    side: Side,
    file: &Arc<str>,
    source: &std::fs::File,
    limits: &ReadLimits,
    places: &[Place],
    take: impl FnMut(Record),
) -> Result<(), NoScan> {
    let input = lines::Input { side, file, limits };
    match format {
        Format::Csv(mapping) => csv::plain::read_again(mapping, input, source, places, take),
        Format::Camt053(_) => Err(NoScan::NotPlain("a format other than delimited text")),
    }
}
