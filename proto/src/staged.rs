//! Records, rejects, matched pairs and discrepancies between two activities: their messages, and
//! streams of them.
//!
//! Decoding parses: what comes out is a domain value with its invariants, or an error that names
//! the field. Nothing is repaired or given a default.

mod control;
mod discrepancy;
mod matched;
mod pairs;
mod past;
mod record;
mod reject;
mod stream;
#[cfg(test)]
mod tests;

pub use matched::{MatchLine, MatchedRecord};
pub use pairs::PairLines;
pub use stream::{Encoder, Staged, decode_all, encode_all};

use std::sync::Arc;

use domain::record::Side;

/// Why bytes or a message are not what they should be. Never worth a retry: the same bytes are
/// wrong for ever.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A required field is absent.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field holds something else than it should.
    #[error("{field} {value:?} is not {expected}")]
    Malformed {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: String,
    },
    /// A message in a stream is wrong; counted from 1.
    #[error("message {position} of the stream: {reason}")]
    Stream {
        /// Which message.
        position: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl WireError {
    fn malformed(field: &'static str, value: &str, expected: impl ToString) -> Self {
        let expected = expected.to_string();
        WireError::Malformed {
            field,
            value: value.to_owned(),
            expected,
        }
    }
}

/// What the messages of a stream need not repeat: the side of the line before, and the file of the
/// line before on each side. A message on its own starts from nothing and repeats everything.
#[derive(Default)]
pub struct Carry {
    side: Option<Side>,
    partner_file: Option<Arc<str>>,
    ledger_file: Option<Arc<str>>,
}

impl Carry {
    fn side_to_wire(&mut self, side: Side) -> Option<String> {
        let changed = self.side.replace(side) != Some(side);
        changed.then(|| side.name().to_owned())
    }

    fn side_from_wire(&mut self, name: Option<&str>) -> Result<Side, WireError> {
        if let Some(name) = name {
            let named = Side::parse(name);
            let expected = "a side (partner or ledger)";
            self.side = Some(named.ok_or_else(|| WireError::malformed("side", name, expected))?);
        }
        self.side.ok_or(WireError::Missing("side"))
    }

    fn file_to_wire(&mut self, side: Side, file: &Arc<str>) -> Option<String> {
        let last = self.file_of(side);
        if last.as_ref().is_some_and(|last| last == file) {
            return None;
        }
        *last = Some(Arc::clone(file));
        Some(file.to_string())
    }

    fn file_from_wire(&mut self, side: Side, file: Option<&str>) -> Result<Arc<str>, WireError> {
        let last = self.file_of(side);
        match (file, &last) {
            (None, None) => Err(WireError::Missing("file")),
            (None, Some(last)) => Ok(Arc::clone(last)),
            (Some(file), Some(last)) if **last == *file => Ok(Arc::clone(last)),
            (Some(file), _) => Ok(Arc::clone(last.insert(Arc::from(file)))),
        }
    }

    fn file_of(&mut self, side: Side) -> &mut Option<Arc<str>> {
        match side {
            Side::Partner => &mut self.partner_file,
            Side::Ledger => &mut self.ledger_file,
        }
    }
}
