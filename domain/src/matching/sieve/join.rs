//! Finds the groups of exactly one row on each side that agree, in one pair of partitions.

use super::agreement::Agreement;
use super::hash::hash;
use super::partition::{CHUNKS_MAX, Partition, position};
use super::row::{self, Place, SETTLED, same_key};
use super::tally::Tally;

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

/// No partner row has this key yet.
const NONE: u32 = u32::MAX;
/// One of the sides has several rows with this key.
const SEVERAL: u32 = u32::MAX - 1;
/// An entry without a row.
const EMPTY: u64 = u64::MAX;

/// One entry per key of the ledger: half of its hash and the place of its row.
#[derive(Debug)]
struct Table {
    entries: Vec<u64>,
    /// The partner row with the key of an entry.
    partner: Vec<u32>,
    mask: usize,
}

impl Table {
    fn new(rows: usize) -> Self {
        // At most half of it full, so that a search ends soon.
        let size = (rows * 2).next_power_of_two().max(16);
        Table {
            entries: vec![EMPTY; size],
            partner: vec![NONE; size],
            mask: size - 1,
        }
    }

    /// The entry with this key, or the empty one where it belongs.
    #[inline]
    fn find(&self, rows: &Partition, key: &[u8], hash: u64) -> (usize, Option<u32>) {
        let tag = hash >> 32;
        let mut at = hash as usize & self.mask;
        loop {
            let entry = self.entries[at];
            if entry == EMPTY {
                return (at, None);
            }
            if entry >> 32 == tag {
                let position = entry as u32;
                if rows.row(position).is_some_and(|row| same_key(row.key, key)) {
                    return (at, Some(position));
                }
            }
            at = (at + 1) & self.mask;
        }
    }
}

/// Settles what agrees, and lists what is left. Both partitions hold the rows of the same keys.
pub fn join(
    agreement: &Agreement,
    partner: &mut Partition,
    ledger: &mut Partition,
    sifted: &mut Sifted,
) {
    // Rows without a position of their own are left: that is always right.
    if partner.chunk_count() <= CHUNKS_MAX && ledger.chunk_count() <= CHUNKS_MAX {
        settle(agreement, partner, ledger);
    }
    sweep(partner, &mut sifted.partner, &mut sifted.partner_left);
    sweep(ledger, &mut sifted.ledger, &mut sifted.ledger_left);
}

fn settle(agreement: &Agreement, partner: &mut Partition, ledger: &mut Partition) {
    let mut table = Table::new(ledger.rows);
    ledger.each(|position, row| {
        let hash = hash(row.key);
        match table.find(ledger, row.key, hash) {
            (at, None) => table.entries[at] = hash >> 32 << 32 | u64::from(position),
            (at, Some(_)) => table.partner[at] = SEVERAL,
        }
    });
    for chunk in 0..partner.chunk_count() {
        let mut at = 0;
        while let Some(row) = partner
            .chunk(chunk)
            .and_then(|chunk| row::read(chunk.get(at..)?))
        {
            let here = position(chunk, at);
            at += row.size;
            let (entry, Some(other)) = table.find(ledger, row.key, hash(row.key)) else {
                continue;
            };
            match table.partner[entry] {
                NONE => {
                    table.partner[entry] = here;
                    let agree = ledger
                        .row(other)
                        .is_some_and(|other| agreement.agree(&row, &other));
                    if agree {
                        partner.set(here, SETTLED, true);
                        ledger.set(other, SETTLED, true);
                    }
                }
                SEVERAL => {}
                first => {
                    table.partner[entry] = SEVERAL;
                    partner.set(first, SETTLED, false);
                    ledger.set(other, SETTLED, false);
                }
            }
        }
    }
}

fn sweep(partition: &Partition, settled: &mut Tally, left: &mut Vec<Place>) {
    let mut place = Place::default();
    partition.each(|_, row| {
        place.offset += row.step.offset;
        place.line += row.step.line;
        match row.is(SETTLED) {
            true => settled.add_amount(row.currency, row.amount),
            false => left.push(place),
        }
    });
}
