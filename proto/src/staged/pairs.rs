//! Pairs as lines of the file of matches, for many of them one after the other: the bytes of
//! [`MatchLine`](super::MatchLine), written without a line of each.

use domain::audit::PairedLine;
use domain::record::{ReferenceKind, Side};

use super::Encoder;
use crate::wire::{StagedMatch, StagedMatchedRecord, StagedReference};

/// Writes pairs.
pub struct PairLines {
    message: StagedMatch,
}

impl PairLines {
    /// For pairs that `rule` brought together by a reference of this kind.
    #[must_use]
    pub fn new(rule: &str, kind: ReferenceKind) -> Self {
        let reference = StagedReference {
            kind: kind.name().to_owned(),
            text: String::new(),
        };
        PairLines {
            message: StagedMatch {
                rule: rule.to_owned(),
                references: vec![reference],
                partner: Some(StagedMatchedRecord::default()),
                ledger: Some(StagedMatchedRecord::default()),
                ..StagedMatch::default()
            },
        }
    }

    /// Appends a pair to a stream.
    pub fn push(
        &mut self,
        stream: &mut Encoder,
        reference: &str,
        partner: PairedLine<'_>,
        ledger: PairedLine<'_>,
    ) {
        let message = &mut self.message;
        if let [of_rule] = &mut message.references[..] {
            put(&mut of_rule.text, reference);
        }
        let both = [
            (Side::Partner, &mut message.partner, partner),
            (Side::Ledger, &mut message.ledger, ledger),
        ];
        for (side, message, record) in both {
            let message = message.get_or_insert_default();
            message.file = stream.carry.file_to_wire(side, record.file);
            message.line = record.line;
            put(&mut message.amount, record.amount);
            put(&mut message.currency, record.currency.code());
        }
        stream.push_message(&self.message);
    }
}

/// Puts another text into the memory of one.
fn put(text: &mut String, other: &str) {
    text.clear();
    text.push_str(other);
}
