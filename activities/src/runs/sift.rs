//! Simple rows of some buckets: those that are the only ones with their reference on each side, and
//! agree, are matched as they are; of all others records are made for the rules.

mod pairs;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use self::pairs::PairWriter;
use super::compare::Matches;
use crate::failures::Failure;
use crate::staging::{BucketRows, RowsReader, SideManifest, StagedRows, Staging, load_rows};
use domain::conservation::Conservation;
use domain::matching::sieve::{Agreement, KeptRow, KeptRows, Pairing, PairingSide, key_of};
use domain::matching::{Buckets, Kin, Pool};
use domain::open_items::{Fingerprint, OtherNames, UsedUp};
use domain::policy::{Scope, SourcePolicy};
use domain::record::Record;

/// The simple rows of one side.
pub(super) struct SideRows {
    reader: RowsReader,
    chunks: Vec<StagedRows>,
}

impl SideRows {
    /// Those of some buckets; none where the side has none.
    pub(super) async fn load(
        staging: &Staging,
        manifest: &SideManifest,
        buckets: Range<u32>,
    ) -> Result<Option<Self>, Failure> {
        let Some(reader) = RowsReader::of(staging, manifest).await? else {
            return Ok(None);
        };
        let chunks = load_rows(staging, manifest, buckets).await?;
        Ok(Some(SideRows { reader, chunks }))
    }

    /// Makes records of all of them.
    pub(super) fn read_all(&self, pool: &mut Pool) -> Result<(), Failure> {
        for rows in &self.chunks {
            self.reader.read_all(rows, |record| pool.push(record))?;
        }
        Ok(())
    }

    /// Makes records of those that are wanted.
    pub(super) fn read_wanted(
        &self,
        is_wanted: impl Fn(&KeptRow<'_>) -> bool,
        mut take: impl FnMut(Record),
    ) -> Result<(), Failure> {
        for rows in &self.chunks {
            self.reader.read_wanted(rows, &is_wanted, &mut take)?;
        }
        Ok(())
    }
}

/// What is matched without records.
#[derive(Default)]
pub(super) struct Sifted {
    /// All of it, written down.
    pub(super) matches: Matches,
    /// The money in them.
    pub(super) conservation: Conservation,
    /// What they use up.
    pub(super) used: UsedUp,
}

/// Goes through simple rows of both sides in these buckets. `pool` has the records that were made
/// before; it gets those of the rows that are for the rules.
pub(super) fn sift(
    policy: &SourcePolicy,
    sides: [Option<SideRows>; 2],
    buckets: Range<u32>,
    pool: &mut Pool,
) -> Result<Sifted, Failure> {
    let mut sifted = Sifted::default();
    if sides.iter().all(Option::is_none) {
        return Ok(sifted);
    }
    let goes_by = |kind| sides.iter().flatten().all(|side| side.reader.goes_by(kind));
    let Some(kind) = key_of(policy, &Scope::Whole).ok().filter(|it| goes_by(*it)) else {
        // The rules are others than when the rows were staged.
        for side in sides.iter().flatten() {
            side.read_all(pool)?;
        }
        return Ok(sifted);
    };
    let looked_at = [
        keys_by_bucket(policy, &pool.partner),
        keys_by_bucket(policy, &pool.ledger),
    ];
    let agreement = Agreement::of(policy);
    let mut writer = PairWriter::new(policy, kind);
    let mut pairing = Pairing::of(policy);
    let mut other_names = OtherNames::of(policy);
    let mut left = Vec::new();
    for (number, bucket) in buckets.enumerate() {
        let [partner, ledger] = &sides;
        let partner = Bucket::of(partner.as_ref(), number)?;
        let ledger = Bucket::of(ledger.as_ref(), number)?;
        let mut is_partner_settled = vec![false; partner.rows.len()];
        let mut is_ledger_settled = vec![false; ledger.rows.len()];
        let keys = |side: usize| looked_at[side].get(&bucket).map_or(&[][..], Vec::as_slice);
        let mut pairs = Vec::new();
        pairing.pairs(
            &agreement,
            partner.side(keys(0)),
            ledger.side(keys(1)),
            |of_partner, of_ledger| pairs.push((of_partner, of_ledger)),
        );
        // As they stand in the partner's report, however they were found.
        pairs.sort_unstable();
        for (of_partner, of_ledger) in pairs {
            let (of_partner, of_ledger) = (of_partner as usize, of_ledger as usize);
            is_partner_settled[of_partner] = true;
            is_ledger_settled[of_ledger] = true;
            writer.write(partner.row(of_partner), ledger.row(of_ledger), &mut sifted);
        }
        for (bucket, is_settled) in [
            (&partner, &is_partner_settled),
            (&ledger, &is_ledger_settled),
        ] {
            bucket.read(is_settled, false, |record| left.push(record))?;
            if other_names.are_any() {
                bucket.read(is_settled, true, |record| {
                    let names = &mut sifted.used.other_names;
                    names.extend(other_names.of_record(&record));
                })?;
            }
        }
    }
    drop(looked_at);
    left.into_iter().for_each(|record| pool.push(record));
    writer.finish(&mut sifted)?;
    Ok(sifted)
}

/// What records are kin to rows in, by their buckets.
fn keys_by_bucket<'r>(
    policy: &SourcePolicy,
    records: &'r [Record],
) -> BTreeMap<u32, Vec<Cow<'r, str>>> {
    let (kin, buckets) = (Kin::of(policy), Buckets::of(policy));
    let mut keys: BTreeMap<u32, Vec<Cow<str>>> = BTreeMap::new();
    for record in records {
        if let Some(key) = kin.written(record) {
            keys.entry(buckets.of_record(record)).or_default().push(key);
        }
    }
    keys
}

/// One side's simple rows of one bucket, numbered over all chunks.
struct Bucket<'s> {
    side: Option<&'s SideRows>,
    chunks: Vec<BucketRows<'s>>,
    kept: Vec<KeptRows<'s>>,
    rows: Vec<KeptRow<'s>>,
    /// The number of the first row of each chunk.
    begins: Vec<usize>,
}

/// A row with what is told of it.
struct Told<'s> {
    row: &'s KeptRow<'s>,
    print: Fingerprint,
    file: &'s Arc<str>,
}

impl<'s> Bucket<'s> {
    fn of(side: Option<&'s SideRows>, number: usize) -> Result<Self, Failure> {
        let mut bucket = Bucket {
            side,
            chunks: Vec::new(),
            kept: Vec::new(),
            rows: Vec::new(),
            begins: Vec::new(),
        };
        for staged in side.iter().flat_map(|side| &side.chunks) {
            let rows = staged.bucket(number).ok_or_else(|| staged.damaged())?;
            bucket.begins.push(bucket.rows.len());
            bucket.kept.push(rows.kept);
            let read = rows.kept.read().ok_or_else(|| staged.damaged())?;
            bucket.rows.extend(read);
            bucket.chunks.push(rows);
        }
        Ok(bucket)
    }

    fn side<'k>(&'k self, looked_at: &'k [Cow<'k, str>]) -> PairingSide<'k> {
        PairingSide {
            rows: &self.kept,
            looked_at,
        }
    }

    fn row(&self, number: usize) -> Told<'_> {
        let chunk = self.begins.partition_point(|begin| *begin <= number) - 1;
        let side = self.side.expect("it has rows");
        Told {
            row: &self.rows[number],
            print: self.chunks[chunk].prints[number - self.begins[chunk]],
            file: side.reader.file(side.chunks[chunk].input).expect("read"),
        }
    }

    /// Makes records of the rows that are settled, or of those that are not.
    fn read(
        &self,
        is_settled: &[bool],
        settled: bool,
        mut take: impl FnMut(Record),
    ) -> Result<(), Failure> {
        let Some(side) = self.side else {
            return Ok(());
        };
        for ((staged, chunk), begin) in side.chunks.iter().zip(&self.chunks).zip(&self.begins) {
            let rows = chunk.texts.iter().zip(*begin..);
            let rows = rows.filter(|(_, number)| is_settled[*number] == settled);
            let rows = rows.map(|(text, number)| (self.rows[number].line, *text));
            side.reader.read(staged, rows, &mut take)?;
        }
        Ok(())
    }
}
