//! Finds the groups of exactly one row on each side that agree, in one pair of partitions.

use super::agreement::Agreement;
use super::partition::Rows;
use super::row::{Place, Row, SETTLED, same_key};
use super::tally::Tally;
use crate::matching::Kin;
use crate::policy::SourcePolicy;

/// What became of the rows of two partitions.
#[derive(Clone, Debug, Default)]
pub struct Sifted {
    /// The partner's rows that are settled; the ledger has as many.
    pub partner: Tally,
    /// The ledger's.
    pub ledger: Tally,
    /// The partner's rows that are left for the rules, in the order of the file.
    pub partner_left: Vec<Place>,
    /// The ledger's.
    pub ledger_left: Vec<Place>,
}

impl Sifted {
    /// Takes in what became of other partitions.
    pub fn append(&mut self, mut other: Sifted) {
        self.partner.merge(&other.partner);
        self.ledger.merge(&other.ledger);
        self.partner_left.append(&mut other.partner_left);
        self.ledger_left.append(&mut other.ledger_left);
    }
}

/// No partner row is of this kin yet.
const NONE: u32 = u32::MAX;
/// One of the sides has several rows of this kin.
const SEVERAL: u32 = u32::MAX - 1;
/// An entry without a row.
const EMPTY: u64 = u64::MAX;
/// No row is shorter: rows that differ, differ in where they begin divided by this.
const ROW_BYTES_MIN: usize = 16;

/// Joins one pair of partitions after the other, in the same memory.
#[derive(Debug, Default)]
pub struct Join {
    /// What rows are kin in: those that are the only ones of their kin are settled.
    pub(super) kin: Kin,
    /// The partner's rows.
    pub partner: Rows,
    /// The ledger's, of the same keys.
    pub ledger: Rows,
    /// One entry per kin of the ledger's rows: half of its hash and where its row begins.
    entries: Vec<u64>,
    /// Where the partner row that is kin to a ledger row begins.
    counterparts: Vec<u32>,
}

impl Join {
    /// For rows of this source.
    #[must_use]
    pub fn of(policy: &SourcePolicy) -> Self {
        Join {
            kin: Kin::of(policy),
            ..Join::default()
        }
    }

    /// Settles what agrees, and lists what is left.
    pub fn join(&mut self, agreement: &Agreement, sifted: &mut Sifted) {
        self.settle_all(agreement);
        sweep(&self.partner, &mut sifted.partner, &mut sifted.partner_left);
        sweep(&self.ledger, &mut sifted.ledger, &mut sifted.ledger_left);
    }

    /// Settles what agrees.
    fn settle_all(&mut self, agreement: &Agreement) {
        // Rows that have no place in the table are left: that is always right.
        let most = self.partner.bytes.len().max(self.ledger.bytes.len());
        if most < SEVERAL as usize {
            self.enter();
            self.settle(agreement);
        }
    }

    /// Settles what agrees, and tells the numbers of each pair.
    pub(super) fn pairs(&mut self, agreement: &Agreement, mut pair: impl FnMut(u32, u32)) {
        self.settle_all(agreement);
        let number = |row: &Row<'_>| row.step.offset as u32;
        self.ledger.each(|at, booked| {
            if booked.is(SETTLED) {
                let counterpart = self.counterparts[at / ROW_BYTES_MIN] as usize;
                if let Some(row) = self.partner.row(counterpart) {
                    pair(number(&row), number(booked));
                }
            }
        });
    }

    /// Enters the ledger's rows into the table.
    fn enter(&mut self) {
        // At most half of it full, so that a search ends soon.
        let rows = self.ledger.bytes.len() / ROW_BYTES_MIN + 1;
        self.counterparts.clear();
        self.counterparts.resize(rows, NONE);
        self.entries.clear();
        let size = (self.ledger.count * 2).next_power_of_two().max(16);
        self.entries.resize(size, EMPTY);
        let mut at = 0;
        while let Some(row) = self.ledger.row(at) {
            let hash = self.kin.hash(row.key);
            let size = row.size;
            match find(&self.entries, hash) {
                (entry, None) => {
                    if let Some(entry) = self.entries.get_mut(entry) {
                        *entry = hash >> 32 << 32 | at as u64;
                    }
                }
                (_, Some(first)) => self.counterparts[first / ROW_BYTES_MIN] = SEVERAL,
            }
            at += size;
        }
    }

    /// Looks up the partner's rows.
    fn settle(&mut self, agreement: &Agreement) {
        let mut next = 0;
        while let Some(row) = self.partner.row(next) {
            let at = next;
            next += row.size;
            let (_, Some(other)) = find(&self.entries, self.kin.hash(row.key)) else {
                continue;
            };
            let counterpart = &mut self.counterparts[other / ROW_BYTES_MIN];
            match *counterpart {
                NONE => {
                    *counterpart = at as u32;
                    let booked = self.ledger.row(other);
                    let agree = |booked: Row<'_>| {
                        same_key(row.key, booked.key) && agreement.agree(&row, &booked)
                    };
                    if booked.is_some_and(agree) {
                        self.partner.set(at, SETTLED, true);
                        self.ledger.set(other, SETTLED, true);
                    }
                }
                SEVERAL => {}
                first => {
                    *counterpart = SEVERAL;
                    self.partner.set(first as usize, SETTLED, false);
                    self.ledger.set(other, SETTLED, false);
                }
            }
        }
    }
}

/// The entry of rows with this hash, or the empty one where it belongs; and where its row begins. Rows whose
/// hashes are equal in half of their bits by chance are one entry, too: they are left, which is always right.
#[inline]
fn find(entries: &[u64], hash: u64) -> (usize, Option<usize>) {
    let (tag, mask) = (hash >> 32, entries.len() - 1);
    let mut at = hash as usize & mask;
    loop {
        let entry = entries[at & mask];
        if entry == EMPTY {
            return (at, None);
        }
        if entry >> 32 == tag {
            return (at, Some((entry as u32) as usize));
        }
        at = (at + 1) & mask;
    }
}

fn sweep(rows: &Rows, settled: &mut Tally, left: &mut Vec<Place>) {
    let mut place = Place::default();
    rows.each(|_, row| {
        place.offset += row.step.offset;
        place.line += row.step.line;
        match row.is(SETTLED) {
            true => settled.add_amount(row.currency, row.amount),
            false => left.push(place),
        }
    });
}
