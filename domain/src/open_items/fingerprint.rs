//! What makes two lines of different inputs the same record: what it says about which money, not
//! where it stands, nor what may still change about it.

use sha2::{Digest, Sha256};

use crate::money::Currency;
use crate::record::{Record, ReferenceKind, Side};

/// Size of a fingerprint.
pub const FINGERPRINT_BYTES: usize = 16;

/// Equal for records that say the same: side, references, amount, currency, value date. A record
/// without any reference is told by who it is from and what it is for, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fingerprint(pub [u8; FINGERPRINT_BYTES]);

impl Fingerprint {
    /// What is remembered of a record beside its fingerprint, where it said already when it was used up that
    /// its money did not stay: it is no news then.
    #[must_use]
    pub fn undone(self) -> Self {
        self.as_text("trueup.undone.v1")
    }

    /// What is remembered of it, too, where both sides gave it up: what it was before counts no longer.
    #[must_use]
    pub fn given_up(self) -> Self {
        self.as_text("trueup.given_up.v1")
    }

    fn as_text(self, what: &str) -> Self {
        let mut texts = Fingerprinted::default();
        texts.add(what);
        texts.bytes.extend(self.0);
        texts.fingerprint()
    }
}

/// The fingerprint of a record: the first 128 bits of SHA-256 over length-prefixed texts.
///
/// Neither status nor fees are in it: they may change while the record is the same. Records of one
/// input with equal fingerprints are told apart by counting them.
#[must_use]
pub fn fingerprint(record: &Record) -> Fingerprint {
    let mut texts = Fingerprinted::default();
    texts.begin(record.side);
    for (kind, text) in &record.references {
        texts.reference(*kind, text);
    }
    let (amount, date) = (record.money.amount.to_string(), record.value_date);
    texts.value(&amount, record.money.currency, &date.to_string());
    if record.references.is_empty() {
        for text in [&record.client, &record.counterparty, &record.description] {
            texts.add(text.as_deref().unwrap_or_default());
        }
    }
    texts.fingerprint()
}

/// How often this one is among these, which are sorted.
pub(super) fn count(sorted: &[Fingerprint], print: Fingerprint) -> usize {
    let start = sorted.partition_point(|other| *other < print);
    let equal = sorted[start..].iter().take_while(|other| **other == print);
    equal.count()
}

/// What a fingerprint is made of, for many records one after the other: first [`begin`], then each
/// reference in the order of kinds, then the value.
///
/// [`begin`]: Fingerprinted::begin
#[derive(Clone, Debug, Default)]
pub struct Fingerprinted {
    bytes: Vec<u8>,
}

impl Fingerprinted {
    /// Begins with another record.
    pub fn begin(&mut self, side: Side) {
        self.bytes.clear();
        self.add("trueup.record.v1");
        self.add(side.name());
    }

    /// Adds a reference.
    pub fn reference(&mut self, kind: ReferenceKind, text: &str) {
        self.add(kind.name());
        self.add(text);
    }

    /// Adds the amount in its canonical form, and the value date as `YYYY-MM-DD`.
    pub fn value(&mut self, amount: &str, currency: Currency, date: &str) {
        self.add(amount);
        self.add(currency.code());
        self.add(date);
    }

    /// The fingerprint of what was added; of a record with a reference, or it says too little.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = Sha256::digest(&self.bytes);
        let mut bytes = [0; FINGERPRINT_BYTES];
        bytes.copy_from_slice(&digest[..FINGERPRINT_BYTES]);
        Fingerprint(bytes)
    }

    fn add(&mut self, text: &str) {
        self.bytes.extend((text.len() as u64).to_be_bytes());
        self.bytes.extend(text.as_bytes());
    }
}
