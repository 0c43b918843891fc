//! Payments that earlier runs matched, and what is the same one again: reported or booked once more in
//! another report, of another day even.
//!
//! A [fingerprint](super::fingerprint()) knows a record that an input shows again as it was. A payment that
//! is made twice is another record: of another day, with other texts beside its reference. What both have in
//! common is what their source's first rule says they are about, in any [spelling](Kin), and the money.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::matching::{Kin, Matched, Pool, is_in_transit};
use crate::money::Money;
use crate::policy::{RunContext, SourcePolicy};
use crate::record::{Movement, Past, Record, Side};

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
        self.of_money(record, record.money)
    }

    /// The payment that it would be with other money.
    fn of_money(&mut self, record: &Record, money: Money) -> Option<Payment> {
        let text = self.kin.identity(record)?;
        let Money { amount, currency } = money;
        Some(payment(
            &mut self.bytes,
            text.as_bytes(),
            &amount.to_string(),
            currency.code(),
        ))
    }

    /// The payment of a record with this text of the first rule, as it is written, and this amount in its
    /// canonical form.
    pub fn of_key(&mut self, key: &[u8], amount: &str, currency: &str) -> Option<Payment> {
        let (kin, bytes) = (&self.kin, &mut self.bytes);
        kin.identifies()
            .then(|| kin.of_key(key, |text| payment(bytes, text, amount, currency)))
    }

    /// The payments of records that were used up together, each once.
    pub fn of_group<'r>(&mut self, records: impl Iterator<Item = &'r Record>) -> Vec<Payment> {
        let mut payments: Vec<Payment> = records.filter_map(|it| self.of_record(it)).collect();
        payments.sort_unstable();
        payments.dedup();
        payments
    }

    /// The payments of all matches.
    pub(super) fn of_matches(&mut self, matches: &[Matched]) -> Vec<Payment> {
        let payments = matches.iter().flat_map(|it| self.of_group(it.records()));
        payments.collect()
    }
}

fn opposite(money: Money) -> Money {
    Money {
        amount: money.amount.negated(),
        ..money
    }
}

/// Takes the payments of one group out of those of its run, which are sorted.
pub fn forget(payments: &mut Vec<Payment>, group: &[Payment]) {
    for gone in group {
        if let Ok(at) = payments.binary_search(gone) {
            payments.remove(at);
        }
    }
}

fn payment(bytes: &mut Vec<u8>, text: &[u8], amount: &str, currency: &str) -> Payment {
    bytes.clear();
    for text in [
        b"trueup.payment.v1",
        text,
        amount.as_bytes(),
        currency.as_bytes(),
    ] {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text);
    }
    let digest = Sha256::digest(bytes);
    let mut first = [0; PAYMENT_BYTES];
    first.copy_from_slice(&digest[..PAYMENT_BYTES]);
    Payment(first)
}

/// Records for which nothing was found yet and that may be payments made twice.
#[derive(Debug)]
pub struct Asked {
    records: Vec<(Payment, Side, usize)>,
    /// The payments that would undo them, by which they would.
    undone_by: BTreeMap<Payment, Payment>,
    found: BTreeMap<Payment, Found>,
}

/// What runs matched of a payment.
#[derive(Debug)]
struct Found {
    /// The last run that did.
    run: Arc<str>,
    /// How often, less what was paid back.
    times: i64,
}

impl Asked {
    /// Those of these records. What an earlier run found already, what it may still be for the partner to
    /// report, and what says that no money moved, or was moved back, is not asked about.
    #[must_use]
    pub fn of(policy: &SourcePolicy, context: &RunContext, pool: &Pool) -> Self {
        let mut payments = Payments::of(policy);
        let (mut records, mut undone_by) = (Vec::new(), BTreeMap::new());
        for (side, of_side) in [(Side::Partner, &pool.partner), (Side::Ledger, &pool.ledger)] {
            for (at, record) in of_side.iter().enumerate() {
                let is_asked = record.movement() == Movement::Made
                    && record.found_in().is_none()
                    && record.repeats().is_none()
                    && !is_in_transit(policy, context, record);
                if is_asked && let Some(payment) = payments.of_record(record) {
                    records.push((payment, side, at));
                    let back = payments.of_money(record, opposite(record.money));
                    undone_by.extend(back.map(|back| (payment, back)));
                }
            }
        }
        records.sort_unstable();
        Asked {
            records,
            undone_by,
            found: BTreeMap::new(),
        }
    }

    /// Asks about none of the payments of these records, which were matched and are open again: they would
    /// repeat themselves.
    pub fn leave_out(&mut self, policy: &SourcePolicy, open_again: &[Record]) {
        let mut payments = Payments::of(policy);
        let open_again = open_again.iter().filter_map(|it| payments.of_record(it));
        let open_again: BTreeSet<Payment> = open_again.collect();
        self.records
            .retain(|(payment, ..)| !open_again.contains(payment));
    }

    /// Of a side whose inputs show records again, asks only about payments that this one shows, sorted: what it
    /// no longer shows was corrected, not paid twice.
    pub fn only_shown(&mut self, side: Side, shown: &[Payment]) {
        self.records
            .retain(|(payment, of, _)| *of != side || shown.binary_search(payment).is_ok());
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Looks at what a run matched; `matched` is sorted.
    pub fn look(&mut self, run: &Arc<str>, matched: &[Payment]) {
        let times = |payment: Payment| -> i64 {
            let from = matched.partition_point(|other| *other < payment);
            let equal = matched[from..].iter().take_while(|it| **it == payment);
            equal.map(|_| 1).sum()
        };
        for asked in self.records.chunk_by(|a, b| a.0 == b.0) {
            let payment = asked[0].0;
            let back = self.undone_by.get(&payment).map_or(0, |back| times(*back));
            let times = times(payment);
            if times > 0 || back > 0 {
                let first = Found {
                    run: Arc::clone(run),
                    times: 0,
                };
                let found = self.found.entry(payment).or_insert(first);
                found.times += times - back;
                if times > 0 {
                    found.run = Arc::clone(run);
                }
            }
        }
    }

    /// Marks the records that were matched once: should nothing be found for them, they are there again. What
    /// was matched several times comes again and again, as a rent does: the next one is nothing special. What
    /// was paid back since may be paid anew.
    pub fn mark(self, context: &RunContext, pool: &mut Pool) {
        for (payment, side, at) in self.records {
            let found = self.found.get(&payment).filter(|found| found.times == 1);
            let Some(Found { run, .. }) = found else {
                continue;
            };
            let records = match side {
                Side::Partner => &mut pool.partner,
                Side::Ledger => &mut pool.ledger,
            };
            let record = &mut records[at];
            record.has_namesake = true;
            let past = record.past.get_or_insert_with(|| {
                Box::new(Past {
                    received_by: None,
                    since: context.business_date,
                    found_in: None,
                    repeats: None,
                })
            });
            past.repeats = Some(Arc::clone(run));
        }
    }
}
