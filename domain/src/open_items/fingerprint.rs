//! What makes two lines of different inputs the same record: what it says about which money, not
//! where it stands, nor what may still change about it.

use sha2::{Digest, Sha256};

use crate::record::Record;

/// Size of a fingerprint.
pub const FINGERPRINT_BYTES: usize = 16;

/// Equal for records that say the same: side, references, amount, currency, value date. A record
/// without any reference is told by who it is from and what it is for, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fingerprint(pub [u8; FINGERPRINT_BYTES]);

/// The fingerprint of a record: the first 128 bits of SHA-256 over length-prefixed texts.
///
/// Neither status nor fees are in it: they may change while the record is the same. Records of one
/// input with equal fingerprints are told apart by counting them.
#[must_use]
pub fn fingerprint(record: &Record) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    add("trueup.record.v1");
    add(record.side.name());
    for (kind, text) in &record.references {
        add(kind.name());
        add(text);
    }
    add(&record.money.amount.to_string());
    add(record.money.currency.code());
    add(&record.value_date.to_string());
    if record.references.is_empty() {
        for text in [&record.client, &record.counterparty, &record.description] {
            add(text.as_deref().unwrap_or_default());
        }
    }
    let digest = hash.finalize();
    let mut bytes = [0; FINGERPRINT_BYTES];
    bytes.copy_from_slice(&digest[..FINGERPRINT_BYTES]);
    Fingerprint(bytes)
}
