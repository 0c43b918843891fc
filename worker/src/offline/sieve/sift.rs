//! Scans both sides, joins their partitions, and reads what is left into records.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use activities::formats::{self, NoScan, ReadLimits, Scan};
use anyhow::Context;
use domain::matching::sieve::{self, Agreement, Join, Partition, Place, Rows, Sifted, Tally};
use domain::matching::{BUCKETS, Buckets, Kin};
use domain::policy::{Scope, SourcePolicy};
use domain::record::{Record, ReferenceKind, Reject, Side};
use domain::threads::at_once;

use super::look_again::Scanned;
use super::pile::{Memory, Pile, Piled};
use super::spill::Spill;
use crate::offline::sides::{SideInput, SideRead, file_name};
use crate::process::on_each_processor;

/// What the sieve found on one side.
#[derive(Clone, Debug)]
pub(crate) struct Sieved {
    /// All records.
    pub(crate) received: Tally,
    /// Those that are matched.
    pub(crate) settled: Tally,
    /// To scan it once more.
    pub(crate) scanned: Scanned,
}

/// Bytes of a file for which one partition is about as large as a processor's own cache.
const FILE_BYTES_OF_PARTITION: u64 = 1 << 20;
/// Bounds of the number of partitions, as powers of two.
const PARTITION_BITS: std::ops::RangeInclusive<u32> = 4..=12;

/// Both sides with what the sieve left of them; `None` when it is not for these files.
///
/// # Errors
/// What reading or spilling fails with.
pub(crate) fn sift_sides(
    inputs: [SideInput<'_>; 2],
    policy: &SourcePolicy,
    scope: &Scope,
    limits: &ReadLimits,
    memory_bytes: u64,
    folder: &Path,
) -> anyhow::Result<Option<[SideRead; 2]>> {
    let Ok(key) = sieve::key_of(policy, scope) else {
        return Ok(None);
    };
    let is_obstacle = |input: &SideInput<'_>| formats::scan_obstacle(input.format, key).is_some();
    if inputs.iter().any(is_obstacle) {
        return Ok(None);
    }
    let files = [Opened::of(inputs[0], limits), Opened::of(inputs[1], limits)];
    let [Some(first), Some(second)] = files else {
        return Ok(None);
    };
    let larger = first.bytes.max(second.bytes);
    let bits = (larger / FILE_BYTES_OF_PARTITION).max(1).ilog2() + 1;
    let bits = bits.clamp(*PARTITION_BITS.start(), *PARTITION_BITS.end());
    // The rest is for what is left, for the program itself, and for what huge pages waste.
    let memory = Memory::of_bytes(memory_bytes / 3 * 2);
    let kin = Kin::of(policy);
    let pile = |file: &Opened<'_>| Pile::new(&kin, bits, &memory, folder, file.input.side.name());
    let (first_pile, second_pile) = (pile(&first), pile(&second));
    let both = at_once(
        || first.scan(limits, key, first_pile),
        || second.scan(limits, key, second_pile),
    );
    let (Some(first), Some(second)) = (plain(both.0)?, plain(both.1)?) else {
        return Ok(None);
    };
    let is_turned = first.scanned.file.input.side == Side::Ledger;
    let (partner, ledger) = if is_turned {
        (second, first)
    } else {
        (first, second)
    };
    let sifted = join_all(policy, partner.pile, ledger.pile)?;
    let partner_left = in_order(partner.left, sifted.partner_left);
    let ledger_left = in_order(ledger.left, sifted.ledger_left);
    let read = |scanned: ScannedSide<'_>, settled: Tally, left: Vec<Place>| {
        scanned.read_left(policy, limits, key, settled, &left)
    };
    let (partner, ledger) = at_once(
        || read(partner.scanned, sifted.partner, partner_left),
        || read(ledger.scanned, sifted.ledger, ledger_left),
    );
    let (Some(partner), Some(ledger)) = (plain(partner)?, plain(ledger)?) else {
        return Ok(None);
    };
    Ok(Some([partner, ledger]))
}

/// One side after its scan.
struct Sieving<'a> {
    scanned: ScannedSide<'a>,
    pile: Partitions,
    left: Vec<Place>,
}

/// A file, and what its scan said of it.
struct ScannedSide<'a> {
    file: Opened<'a>,
    scan: Scan,
    rejects: Vec<Reject>,
}

/// A file that is open for scanning.
struct Opened<'a> {
    input: SideInput<'a>,
    file: File,
    bytes: u64,
    name: Arc<str>,
}

impl<'a> Opened<'a> {
    /// `None` for what is no file or too large: that is said where files are read as always.
    fn of(input: SideInput<'a>, limits: &ReadLimits) -> Option<Self> {
        // A pipe could not be read a second time: it is not even opened.
        let about = fs::metadata(input.path).ok()?;
        if !about.is_file() || about.len() > limits.input_bytes_max {
            return None;
        }
        let file = File::open(input.path).ok()?;
        Some(Opened {
            input,
            file,
            bytes: about.len(),
            name: file_name(input.path),
        })
    }

    fn scan(
        self,
        limits: &ReadLimits,
        key: ReferenceKind,
        mut pile: Pile<'_>,
    ) -> Result<Sieving<'a>, NoScan> {
        let SideInput { side, format, .. } = self.input;
        let scan = formats::scan(format, side, &self.name, &self.file, limits, key, &mut pile)?;
        let Piled {
            partitions,
            spill,
            left,
            rejects,
        } = pile.into_parts();
        Ok(Sieving {
            scanned: ScannedSide {
                file: self,
                scan,
                rejects,
            },
            pile: (partitions, spill),
            left,
        })
    }
}

impl ScannedSide<'_> {
    fn read_left(
        self,
        policy: &SourcePolicy,
        limits: &ReadLimits,
        key: ReferenceKind,
        settled: Tally,
        left: &[Place],
    ) -> Result<SideRead, NoScan> {
        let ScannedSide {
            file,
            scan,
            rejects,
        } = self;
        let SideInput { side, format, .. } = file.input;
        let bucket_of = Buckets::of(policy);
        let mut buckets = vec![Vec::new(); BUCKETS as usize];
        let take = |record: Record| {
            let bucket = bucket_of.of_record(&record) as usize % buckets.len();
            buckets[bucket].push(record);
        };
        formats::read_again(format, side, &file.name, &file.file, limits, left, take)?;
        Ok(SideRead {
            side,
            file: file.name,
            sha256: hex::encode(scan.sha256),
            bytes: scan.bytes,
            buckets,
            rejects,
            summary: scan.summary,
            sieved: Some(Sieved {
                received: scan.received,
                settled,
                scanned: Scanned {
                    side,
                    path: file.input.path.to_owned(),
                    format: format.clone(),
                    limits: *limits,
                    key,
                    sha256: scan.sha256,
                },
            }),
        })
    }
}

/// `None` for a file that is not plain.
fn plain<T>(result: Result<T, NoScan>) -> anyhow::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(NoScan::NotPlain(_)) => Ok(None),
        Err(NoScan::Io(error)) => Err(error).context("cannot read the files for comparing them"),
    }
}

fn in_order(mut left: Vec<Place>, mut more: Vec<Place>) -> Vec<Place> {
    left.append(&mut more);
    left.sort_unstable();
    left
}

type Partitions = (Vec<Partition>, Option<Spill>);

/// Joins all partitions, on all processors.
fn join_all(policy: &SourcePolicy, partner: Partitions, ledger: Partitions) -> io::Result<Sifted> {
    let agreement = Agreement::of(policy);
    let count = partner.0.len();
    let waiting = partner
        .0
        .into_iter()
        .zip(ledger.0)
        .map(|pair| Mutex::new(Some(pair)));
    let waiting: Vec<_> = waiting.collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut join, mut sifted) = (Join::of(policy), Sifted::default());
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(sifted);
            }
            let pair = waiting[index]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            let Some((mut of_partner, mut of_ledger)) = pair else {
                continue;
            };
            gather(index, &mut of_partner, &partner.1, &mut join.partner)?;
            gather(index, &mut of_ledger, &ledger.1, &mut join.ledger)?;
            join.join(&agreement, &mut sifted);
        }
    };
    let parts: Vec<io::Result<Sifted>> = on_each_processor(work);
    let mut all = Sifted::default();
    for part in parts {
        all.append(part?);
    }
    Ok(all)
}

/// Brings the rows of a partition together, those that were spilled first.
fn gather(
    index: usize,
    partition: &mut Partition,
    spill: &Option<Spill>,
    rows: &mut Rows,
) -> io::Result<()> {
    let spilled = match spill {
        Some(spill) => spill.restore(index, rows)?,
        None => 0,
    };
    rows.take(partition, spilled);
    Ok(())
}
