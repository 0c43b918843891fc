//! Large files for the sieve: what is compared of each row, and where it stands, without records.
//!
//! A scan gives what [`super::read`] gives, for files in which nearly every row is simple: no
//! record is built of a row that [`decode::Decoder`] understands. Every other row is read by the
//! code that reads all rows elsewhere. Where the file as a whole is not of that kind, the scan says
//! so, and the caller reads it as always: what is wrong with a file is only ever said there.
//!
//! Rows that the sieve leaves are read [`again`] by their place.

mod again;
mod blocks;
mod decode;
mod fields;
mod memo;
mod rows;
mod scan;
mod specials;
#[cfg(test)]
mod tests;

use std::io;

use domain::matching::sieve::{Facts, Place, Tally};
use domain::record::{Record, ReferenceKind, Reject};

use self::fields::Fields;
use super::mapping::{ComparedAmount, CsvMapping};
use crate::formats::ReadSummary;
use crate::formats::no_reference::is_reference;

pub(in crate::formats) use again::read_again;
pub use rows::Head;
pub(in crate::formats) use rows::read_rows;
pub(in crate::formats) use scan::scan;

/// Takes what a scan finds, in the order of the file.
pub trait Sieve {
    /// A row of which all that is compared is known. False when it wants the record instead.
    ///
    /// # Errors
    /// It cannot be kept.
    fn row(&mut self, row: &SimpleRow<'_>) -> io::Result<bool>;

    /// A record that the sieve can't say anything of: all rows with its key are for the rules.
    ///
    /// # Errors
    /// It cannot be kept.
    fn record(&mut self, place: Place, record: Record) -> io::Result<()>;

    /// A line that could not become a record.
    ///
    /// # Errors
    /// It cannot be kept.
    fn reject(&mut self, reject: Reject) -> io::Result<()>;
}

/// A row that is as simple as a row can be.
pub struct SimpleRow<'r> {
    /// Where it stands.
    pub place: Place,
    /// The reference that the sieve goes by.
    pub key: &'r [u8],
    /// What is compared of it.
    pub facts: &'r Facts,
    /// All of it, with its line end.
    pub text: &'r [u8],
    fields: Fields<'r>,
}

impl<'r> SimpleRow<'r> {
    /// All of its references, as its record would have them.
    pub fn references(&self) -> impl Iterator<Item = (ReferenceKind, &'r str)> {
        let fields = self.fields;
        let columns = fields.references.iter();
        columns.filter_map(move |(kind, column)| {
            let text = decode::as_reference(fields.get(*column)?)?;
            let is_one = !text.is_empty() && is_reference(text, fields.no_reference);
            is_one.then_some((*kind, text))
        })
    }
}

/// What a scan found beside the rows.
#[derive(Debug)]
pub struct Scan {
    /// Counts.
    pub summary: ReadSummary,
    /// What its rows are read by.
    pub head: Head,
    /// All records, by currency.
    pub received: Tally,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Its size.
    pub bytes: u64,
}

/// Why there is no scan.
#[derive(Debug, thiserror::Error)]
pub enum NoScan {
    /// The file is not plain: it is to be read as always.
    #[error("{0}")]
    NotPlain(&'static str),
    /// It can't be read at all.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why files of this mapping are not for scanning; `None` when they are, as far as is known.
pub(in crate::formats) fn obstacle(
    mapping: &CsvMapping,
    key: ReferenceKind,
) -> Option<&'static str> {
    let fields = &mapping.fields;
    let has_key = fields.references().iter().any(|(kind, _)| *kind == key);
    let utf_8 = mapping
        .encoding
        .0
        .is_none_or(|named| named == encoding_rs::UTF_8);
    let obstacles = [
        (!has_key, "a side does not have the first rule's reference"),
        (!utf_8, "an encoding other than UTF-8"),
        (!mapping.skip.is_empty(), "rows that are left out"),
        (!mapping.totals.is_empty(), "totals rows"),
        (mapping.compare != ComparedAmount::Amount, "fees"),
        (fields.time_zone.is_some(), "a time zone in each row"),
    ];
    obstacles
        .iter()
        .find_map(|(is_there, what)| is_there.then_some(*what))
}
