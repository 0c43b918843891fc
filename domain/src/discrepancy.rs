//! A difference that the rules could not explain: its kinds, its identity and its explanation.

use std::fmt;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::case::Settles;
use crate::money::{Amount, Currency};
use crate::named_enum;
use crate::record::{Record, ShortText};
use crate::severity::Severity;

named_enum! {
    /// What is different. Declared in order of precedence for two records
    /// that were brought together: the first kind that holds is reported, the reason names the rest.
    Kind {
        /// The report breaks its own arithmetic; it is not matched.
        StatementOutOfBalance = "statement_out_of_balance",
        /// A payment reported again.
        DuplicateAtPartner = "duplicate_at_partner",
        /// A payment booked again.
        DuplicateInLedger = "duplicate_in_ledger",
        /// Several candidates fit equally well: never guessed.
        Ambiguous = "ambiguous",
        /// The partner reports it, we don't have it.
        MissingInLedger = "missing_in_ledger",
        /// We have it, the partner doesn't, after its settlement window.
        MissingAtPartner = "missing_at_partner",
        /// Same keys, other currency.
        CurrencyMismatch = "currency_mismatch",
        /// Keys match, amounts differ beyond tolerance.
        AmountMismatch = "amount_mismatch",
        /// Settled on one side, reversed or failed on the other.
        StatusMismatch = "status_mismatch",
        /// Gross, fee and net don't agree, or the fee isn't the one agreed.
        FeeMismatch = "fee_mismatch",
        /// Amounts differ within the rounding tolerance.
        Rounding = "rounding",
        /// Value date outside the window.
        DateMismatch = "date_mismatch",
    }
}

/// Names one discrepancy for life: 32 hexadecimal digits, a fingerprint of source, kind and the
/// natural keys of its records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiscrepancyId([u8; 32]);

impl DiscrepancyId {
    /// The fingerprint of these parts: SHA-256 over length-prefixed texts, its first 128 bits.
    #[must_use]
    pub fn fingerprint(source: &str, kind: Kind, natural_keys: &[&str]) -> Self {
        let mut hash = Sha256::new();
        let parts = ["trueup.discrepancy.v1", source, kind.name()];
        for part in parts.iter().chain(natural_keys) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self::of_digest(hash)
    }

    fn of_digest(hash: Sha256) -> Self {
        let mut digits = [0; 32];
        hex::encode_to_slice(&hash.finalize()[..16], &mut digits).expect("two digits for a byte");
        DiscrepancyId(digits)
    }

    /// The id of another one that would have the same.
    pub(crate) fn following(other: &DiscrepancyId, what: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["trueup.discrepancy.v1", other.as_str(), what] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self::of_digest(hash)
    }

    /// Reads an id back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let digits = <[u8; 32]>::try_from(text.as_bytes()).ok()?;
        digits
            .into_iter()
            .all(hexadecimal)
            .then_some(DiscrepancyId(digits))
    }

    /// Its first 64 bits.
    pub(crate) fn beginning(&self) -> u64 {
        u64::from_str_radix(&self.as_str()[..16], 16).expect("hexadecimal digits")
    }

    /// The 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are ASCII")
    }
}

impl std::fmt::Display for DiscrepancyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::fmt::Debug for DiscrepancyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DiscrepancyId")
            .field(&self.as_str())
            .finish()
    }
}

/// The record that came closest to a match, and what kept it from one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NearestCandidate {
    /// The candidate.
    pub record: Record,
    /// In half a sentence: `its reference has two characters swapped (INV-104 / INV-140)`.
    pub kept_apart_by: String,
    /// Where its money counts, when it would be a match if people had not settled it before.
    pub settled: Option<Settles>,
}

impl fmt::Display for NearestCandidate {
    /// `ledger line 7, 10.00 EUR: its reference has two characters swapped (INV-104 / INV-140)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, money) = (self.record.side, self.record.money);
        let line = self.record.origin.line;
        write!(f, "{side} line {line}, {money}: {}", self.kept_apart_by)
    }
}

/// The rule of a discrepancy for whose record no rule could look: it lacks what they go by.
pub const NO_RULE: &str = "none";

/// One difference, with all that a person needs to judge it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Discrepancy {
    /// The same for the same difference in every run.
    pub id: DiscrepancyId,
    /// What is different.
    pub kind: Kind,
    /// How urgent the source's policy says it is.
    pub severity: Severity,
    /// What people call it: the matched reference, else the record's first.
    pub reference: ShortText,
    /// Currency of the amounts below (the partner's where both exist and differ).
    pub currency: Currency,
    /// What could be lost: the size of the difference, or of the lone record's amount; nothing when
    /// its payment failed.
    pub at_stake: Amount,
    /// Partner minus ledger, where both exist in one currency.
    pub difference: Option<Amount>,
    /// The partner's record. For a duplicate: the one too many.
    pub partner: Option<Record>,
    /// The ledger's record. For a duplicate in the ledger: the one too many.
    pub ledger: Option<Record>,
    /// Further records that belong to it: the original of a duplicate, all candidates when
    /// ambiguous.
    pub related: Vec<Record>,
    /// Name of the rule that decided, or [`NO_RULE`].
    pub rule: ShortText,
    /// Why, in one sentence.
    pub reason: String,
    /// What came closest.
    pub nearest: Option<Box<NearestCandidate>>,
}

impl Discrepancy {
    /// The earliest value date of its two records: when it began to age.
    #[must_use]
    pub fn value_date(&self) -> Option<Date> {
        [&self.partner, &self.ledger]
            .into_iter()
            .flatten()
            .map(|r| r.value_date)
            .min()
    }
}
