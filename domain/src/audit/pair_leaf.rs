//! Leaves of pairs by one reference, for many of them one after the other: the bytes of
//! [`match_leaf`](super::match_leaf), put together without a statement of each.

use std::io::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::statement::{LEAF, push_text};
use super::{Hash, Tag};
use crate::money::Currency;
use crate::record::ReferenceKind;

/// One record of a pair, as its leaf and its line name it.
#[derive(Clone, Copy, Debug)]
pub struct PairedLine<'a> {
    /// File or query name.
    pub file: &'a Arc<str>,
    /// Line in it, from 1.
    pub line: u32,
    /// The amount, in its canonical form.
    pub amount: &'a str,
    /// Its currency.
    pub currency: Currency,
}

/// Makes the leaves of pairs.
#[derive(Clone, Debug)]
pub struct PairLeaves {
    bytes: Vec<u8>,
    /// How many of them are the same for all pairs.
    same: usize,
}

/// Fields of a pair: the rule, the reference, and four of each record.
const FIELDS: u64 = 10;

impl PairLeaves {
    /// For pairs that `rule` brought together by a reference of this kind.
    #[must_use]
    pub fn new(rule: &str, kind: ReferenceKind) -> Self {
        let mut bytes = vec![LEAF];
        push_text(&mut bytes, Tag::Match.name());
        bytes.extend(FIELDS.to_be_bytes());
        push_text(&mut bytes, "rule");
        push_text(&mut bytes, rule);
        push_text(&mut bytes, &format!("reference.{kind}"));
        let same = bytes.len();
        PairLeaves { bytes, same }
    }

    /// The hash of a pair as a leaf.
    pub fn leaf(
        &mut self,
        reference: &str,
        partner: PairedLine<'_>,
        ledger: PairedLine<'_>,
    ) -> Hash {
        let bytes = &mut self.bytes;
        bytes.truncate(self.same);
        push_text(bytes, reference);
        let names = [
            [
                "partner.file",
                "partner.line",
                "partner.amount",
                "partner.currency",
            ],
            [
                "ledger.file",
                "ledger.line",
                "ledger.amount",
                "ledger.currency",
            ],
        ];
        for ([file, line, amount, currency], it) in names.iter().zip([partner, ledger]) {
            push_text(bytes, file);
            push_text(bytes, it.file);
            push_text(bytes, line);
            push_number(bytes, it.line);
            push_text(bytes, amount);
            push_text(bytes, it.amount);
            push_text(bytes, currency);
            push_text(bytes, it.currency.code());
        }
        Hash::from_bytes(Sha256::digest(bytes).into())
    }
}

/// A number as text, with its length before it.
fn push_number(bytes: &mut Vec<u8>, number: u32) {
    let at = bytes.len();
    bytes.extend([0; size_of::<u64>()]);
    let begin = bytes.len();
    // Writing to memory does not fail.
    let _ = write!(bytes, "{number}");
    let length = (bytes.len() - begin) as u64;
    bytes[at..begin].copy_from_slice(&length.to_be_bytes());
}
