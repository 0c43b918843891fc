//! The pairs among the rows of one bucket, as a run keeps rows between two of its steps.

use std::borrow::Cow;

use super::agreement::Agreement;
use super::join::Join;
use super::partition::Rows;
use super::row::{self, Day, Place, PlainAmount, ROW_BYTES_MAX, Row};
use crate::matching::Kin;
use crate::money::Currency;
use crate::policy::SourcePolicy;
use crate::record::Status;

/// Rows that were added to one [`Partition`](super::Partition), as its chunks one behind the other.
#[derive(Clone, Copy, Debug)]
pub struct KeptRows<'k> {
    /// Their bytes.
    pub bytes: &'k [u8],
    /// How many they are.
    pub count: usize,
}

/// What a kept row says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeptRow<'k> {
    /// The text of the first rule's reference.
    pub key: &'k [u8],
    /// Its line, from 1.
    pub line: u32,
    /// How much.
    pub amount: PlainAmount,
    /// Of what.
    pub currency: Currency,
    /// The day on which the money counts.
    pub day: Day,
    /// Where the payment stands.
    pub status: Option<Status>,
}

impl<'k> KeptRows<'k> {
    /// All of its rows; `None` when the bytes are no rows.
    #[must_use]
    pub fn read(&self) -> Option<Vec<KeptRow<'k>>> {
        let mut rows = Vec::with_capacity(self.count);
        let mut line = 0;
        let whole = self.each(|_, row| {
            line += row.step.line;
            rows.push(KeptRow {
                key: row.key,
                line,
                amount: row.amount,
                currency: Currency::of_ordinal(row.currency)?,
                day: Day(row.day),
                status: row.status(),
            });
            Some(())
        });
        (whole? && rows.len() == self.count).then_some(rows)
    }

    /// Visits each row with its bytes, until the visitor has enough; whether all bytes are rows.
    fn each(&self, mut visit: impl FnMut(&'k [u8], &Row<'k>) -> Option<()>) -> Option<bool> {
        let mut rest = self.bytes;
        while let Some(row) = row::read(rest) {
            let (bytes, behind) = rest.split_at_checked(row.size)?;
            visit(bytes, &row)?;
            rest = behind;
        }
        Some(rest.is_empty())
    }
}

/// Bytes of rows that are joined at once: so many that a processor's cache holds their table, too.
const JOINED_BYTES: usize = 1 << 18;
/// Most parts that a bucket is joined in, as a power of two.
const PARTS_BITS_MAX: u32 = 8;

/// Pairs off the rows of one bucket after the other, in the same memory.
#[derive(Debug, Default)]
pub struct Pairing {
    join: Join,
    partner: Vec<Rows>,
    ledger: Vec<Rows>,
}

/// One side of a bucket.
#[derive(Clone, Copy, Debug)]
pub struct PairingSide<'k> {
    /// The rows, numbered from 0 on.
    pub rows: &'k [KeptRows<'k>],
    /// Texts of the first rule, or in the place of one, of what else the side has in this bucket: all rows
    /// of their kin are for the rules.
    pub looked_at: &'k [Cow<'k, str>],
}

impl Pairing {
    /// For rows of this source.
    #[must_use]
    pub fn of(policy: &SourcePolicy) -> Self {
        Pairing {
            join: Join::of(policy),
            ..Pairing::default()
        }
    }

    /// Tells the numbers of the rows that are the only ones of their kin, and agree: the partner's,
    /// then the ledger's. All other rows are for the rules.
    pub fn pairs(
        &mut self,
        agreement: &Agreement,
        partner: PairingSide<'_>,
        ledger: PairingSide<'_>,
        mut pair: impl FnMut(u32, u32),
    ) {
        let bytes = |side: PairingSide<'_>| side.rows.iter().map(|rows| rows.bytes.len()).sum();
        let most: usize = usize::max(bytes(partner), bytes(ledger));
        let bits = (most / JOINED_BYTES + 1).next_power_of_two().ilog2();
        let bits = bits.min(PARTS_BITS_MAX);
        spread(&self.join.kin, &mut self.partner, bits, partner);
        spread(&self.join.kin, &mut self.ledger, bits, ledger);
        for (partner, ledger) in self.partner.iter_mut().zip(&mut self.ledger) {
            std::mem::swap(partner, &mut self.join.partner);
            std::mem::swap(ledger, &mut self.join.ledger);
            self.join.pairs(agreement, &mut pair);
            std::mem::swap(partner, &mut self.join.partner);
            std::mem::swap(ledger, &mut self.join.ledger);
        }
    }
}

/// Spreads a side's rows over 2^`bits` parts by the hashes of what they are kin in.
fn spread(kin: &Kin, parts: &mut Vec<Rows>, bits: u32, side: PairingSide<'_>) {
    parts.resize_with(1 << bits, Rows::default);
    parts.iter_mut().for_each(Rows::clear);
    let part = |key: &[u8]| (kin.hash(key) >> 1 >> (u64::BITS - 1 - bits)) as usize;
    let mut number = 0;
    for rows in side.rows {
        // What is no row is for whoever reads them.
        let _ = rows.each(|bytes, row| {
            parts[part(row.key)].add(bytes, number);
            number += 1;
            Some(())
        });
    }
    let mut room = [0; ROW_BYTES_MAX];
    for key in side.looked_at.iter().map(|key| key.as_bytes()) {
        if key.len() <= super::KEY_BYTES_MAX {
            let size = row::write(&mut room, Place::default(), key, None);
            parts[part(key)].add(&room[..size], 0);
        }
    }
}
