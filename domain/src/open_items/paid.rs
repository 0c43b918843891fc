//! Payments that runs matched, as later runs remember them.
//!
//! A [fingerprint](super::fingerprint()) knows a record that an input shows again as it was. A payment that
//! is made twice is another record: of another day, with other texts beside its reference. What both have in
//! common is what their source's first rule says they are about, in any [spelling](Kin), and the money.

use sha2::{Digest, Sha256};

use super::given_up::is_given_up;
use crate::matching::{Kin, Matched};
use crate::money::Money;
use crate::policy::SourcePolicy;
use crate::record::{Record, Side};

/// Size of a payment in memory and in store.
const PAYMENT_BYTES: usize = 8;

/// What was paid under which text: the first 64 bits of SHA-256 over length-prefixed texts. One that is asked
/// about is equal to one of a thousand million others by chance once in eighteen thousand million times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Payment(pub [u8; PAYMENT_BYTES]);

/// Says of records which payment they are.
#[derive(Clone, Debug)]
pub struct Payments {
    kin: Kin,
    bytes: Vec<u8>,
}

impl Payments {
    /// Of a source's records.
    #[must_use]
    pub fn of(policy: &SourcePolicy) -> Self {
        Payments {
            kin: Kin::of(policy),
            bytes: Vec::new(),
        }
    }

    /// The payment of a record; none of one that says nothing of what it is about.
    pub fn of_record(&mut self, record: &Record) -> Option<Payment> {
        self.noted(Mark::Paid, record, record.money)
    }

    /// What would take the money of a record back.
    pub(super) fn undoing(&mut self, record: &Record) -> Option<Payment> {
        self.noted(Mark::Paid, record, record.money.opposite())
    }

    pub(super) fn noted(&mut self, mark: Mark, record: &Record, money: Money) -> Option<Payment> {
        let text = self.kin.identity(record)?;
        let Money { amount, currency } = money;
        let amount = amount.to_string();
        Some(mark.of(&mut self.bytes, text.as_bytes(), &amount, currency.code()))
    }

    /// The payment of a record with this text of the first rule, as it is written, and this amount in its
    /// canonical form.
    pub fn of_key(&mut self, key: &[u8], amount: &str, currency: &str) -> Option<Payment> {
        self.of_text(Mark::Paid, key, amount, currency)
    }

    /// What is noted of an announcement that is matched, beside its payment.
    pub fn of_announced(
        &mut self,
        side: Side,
        key: &[u8],
        amount: &str,
        currency: &str,
    ) -> Option<Payment> {
        self.of_text(Mark::Announced(side), key, amount, currency)
    }

    fn of_text(&mut self, mark: Mark, key: &[u8], amount: &str, currency: &str) -> Option<Payment> {
        let (kin, bytes) = (&self.kin, &mut self.bytes);
        kin.identifies()
            .then(|| kin.of_key(key, |text| mark.of(bytes, text, amount, currency)))
    }

    /// The payments of records that were used up together, each once, and what was announced of them. What
    /// failed paid nothing. Where both sides give a payment up, that is all there is to note.
    pub fn of_group<'r>(
        &mut self,
        records: impl Iterator<Item = &'r Record> + Clone,
    ) -> Vec<Payment> {
        let mut payments: Vec<Payment> = Vec::new();
        let has_failed = records.clone().any(|record| record.has_failed());
        let given_up = records.clone();
        for record in given_up.filter(|it| is_given_up(it, records.clone())) {
            payments.extend(self.noted(Mark::GivenUp, record, record.money));
        }
        let is_paid = payments.is_empty();
        for record in records.filter(|_| is_paid) {
            if !has_failed {
                payments.extend(self.of_record(record));
            }
            if record.is_announced() {
                payments.extend(self.noted(Mark::Announced(record.side), record, record.money));
            }
        }
        payments.sort_unstable();
        payments.dedup();
        payments
    }

    /// What is noted of records that were superseded together: that both sides gave a payment up; or of one that
    /// was matched when it was announced, that its end is told.
    pub(super) fn of_superseded(&mut self, together: &[&Record]) -> Vec<Payment> {
        if let [record] = together {
            let told = record.is_settled();
            let told = told.then(|| self.noted(Mark::Told(record.side), record, record.money));
            return told.flatten().into_iter().collect();
        }
        self.of_group(together.iter().copied())
    }

    /// The payments of all matches.
    pub(super) fn of_matches(&mut self, matches: &[Matched]) -> Vec<Payment> {
        let payments = matches.iter().flat_map(|it| self.of_group(it.records()));
        payments.collect()
    }
}

/// Takes what is noted of one group out of what is noted of its run, which is sorted.
pub fn forget(payments: &mut Vec<Payment>, group: &[Payment]) {
    for gone in group {
        if let Ok(at) = payments.binary_search(gone) {
            payments.remove(at);
        }
    }
}

/// What is noted.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// That it was matched.
    Paid,
    /// That this side's record of it was an announcement.
    Announced(Side),
    /// That this side has told since what became of it.
    Told(Side),
    /// That both sides say since that its money did not stay.
    GivenUp,
    /// That this side had it under a [name](super::other_names) of a later rule.
    Named(Side),
    /// That this side says under such a name that its money did not stay.
    NamedUndone(Side),
}

impl Mark {
    pub(super) fn of(
        self,
        bytes: &mut Vec<u8>,
        text: &[u8],
        amount: &str,
        currency: &str,
    ) -> Payment {
        let (what, side) = match self {
            Mark::Paid => ("trueup.payment.v1", None),
            Mark::Announced(side) => ("trueup.announced.v1", Some(side)),
            Mark::Told(side) => ("trueup.told.v1", Some(side)),
            Mark::GivenUp => ("trueup.given_up.v1", None),
            Mark::Named(side) => ("trueup.named.v1", Some(side)),
            Mark::NamedUndone(side) => ("trueup.named_undone.v1", Some(side)),
        };
        bytes.clear();
        let side = side.map(|side| side.name().as_bytes());
        let texts = [what.as_bytes()].into_iter().chain(side);
        for text in texts.chain([text, amount.as_bytes(), currency.as_bytes()]) {
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text);
        }
        let digest = Sha256::digest(bytes);
        let mut first = [0; PAYMENT_BYTES];
        first.copy_from_slice(&digest[..PAYMENT_BYTES]);
        Payment(first)
    }
}
