//! References that a spreadsheet has rounded to 15 digits: `4814769000000000` on every row.
//!
//! One such reference proves nothing. When every long number of a column ends in zeros, the column
//! is lost, and with it the file: its rows would be matched with each other's payments.

use std::collections::BTreeMap;

/// Digits that a spreadsheet keeps of a number.
const DIGITS_KEPT: usize = 15;
/// Long references that must all be rounded before the file is refused: fewer may be chance.
const REFERENCES_MIN: u64 = 8;

/// What was seen of each column.
#[derive(Default)]
pub(super) struct RoundedReferences {
    columns: BTreeMap<usize, Seen>,
}

/// The long references of one column.
pub(super) struct Seen {
    pub(super) count: u64,
    rounded: u64,
    pub(super) example: Box<str>,
}

impl RoundedReferences {
    /// Takes note of a reference in a column.
    pub(super) fn see(&mut self, column: usize, text: &str) {
        let bytes = text.as_bytes();
        if bytes.len() <= DIGITS_KEPT || !bytes.iter().all(u8::is_ascii_digit) {
            return;
        }
        let seen = self.columns.entry(column).or_insert_with(|| Seen {
            count: 0,
            rounded: 0,
            example: text.into(),
        });
        seen.count += 1;
        seen.rounded += u64::from(bytes[DIGITS_KEPT..].iter().all(|&byte| byte == b'0'));
    }

    /// A column whose references are all rounded.
    pub(super) fn lost_column(&self) -> Option<(usize, &Seen)> {
        let lost = |seen: &Seen| seen.count >= REFERENCES_MIN && seen.rounded == seen.count;
        let mut columns = self.columns.iter();
        columns.find_map(|(column, seen)| lost(seen).then_some((*column, seen)))
    }
}
