//! The rows of one side, piled up in partitions by the hash of their key.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use activities::formats::{Sieve, SimpleRow};
use domain::matching::Kin;
use domain::matching::sieve::{CHUNK_BYTES, Facts, KEY_BYTES_MAX, Partition, Place};
use domain::record::{Record, Reject};

use super::spill::Spill;

/// Memory that the piles of both sides share.
#[derive(Debug)]
pub(super) struct Memory {
    chunks: AtomicUsize,
    chunks_max: usize,
}

impl Memory {
    pub(super) fn of_bytes(bytes_max: u64) -> Self {
        let chunks = bytes_max / CHUNK_BYTES as u64;
        Memory {
            chunks: AtomicUsize::new(0),
            chunks_max: usize::try_from(chunks).unwrap_or(usize::MAX),
        }
    }
}

/// One side's rows.
#[derive(Debug)]
pub(super) struct Pile<'a> {
    /// What its rows are kin in: those that are, are in one partition.
    kin: &'a Kin,
    partitions: Vec<Partition>,
    /// How far a hash is shifted to give its partition.
    shift: u32,
    /// Records that the sieve can't say anything of.
    left: Vec<Place>,
    rejects: Vec<Reject>,
    memory: &'a Memory,
    spill: Option<Spill>,
    folder: &'a Path,
    name: &'static str,
}

impl<'a> Pile<'a> {
    /// A pile of 2^`bits` partitions. What does not fit into memory goes into
    /// `folder`.
    pub(super) fn new(
        kin: &'a Kin,
        bits: u32,
        memory: &'a Memory,
        folder: &'a Path,
        name: &'static str,
    ) -> Self {
        Pile {
            kin,
            partitions: vec![Partition::default(); 1 << bits],
            shift: u64::BITS - bits,
            left: Vec::new(),
            rejects: Vec::new(),
            memory,
            spill: None,
            folder,
            name,
        }
    }

    /// All that is in it.
    pub(super) fn into_parts(self) -> Piled {
        Piled {
            partitions: self.partitions,
            spill: self.spill,
            left: self.left,
            rejects: self.rejects,
        }
    }

    #[inline]
    fn push(&mut self, place: Place, key: &[u8], facts: Option<&Facts>) -> io::Result<()> {
        let index = (self.kin.hash(key) >> self.shift) as usize;
        match self.partitions[index].push(place, key, facts) {
            true => self.grown(),
            false => Ok(()),
        }
    }

    #[cold]
    fn grown(&mut self) -> io::Result<()> {
        let before = self.memory.chunks.fetch_add(1, Ordering::Relaxed);
        if before < self.memory.chunks_max {
            return Ok(());
        }
        let count = self.partitions.len();
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill::new(self.folder, self.name, count)?),
        };
        for (index, partition) in self.partitions.iter_mut().enumerate() {
            let freed = spill.put(index, partition)?;
            self.memory.chunks.fetch_sub(freed, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Sieve for Pile<'_> {
    #[inline]
    fn row(&mut self, row: &SimpleRow<'_>) -> io::Result<bool> {
        self.push(row.place, row.key, Some(row.facts))?;
        Ok(true)
    }

    fn record(&mut self, place: Place, record: Record) -> io::Result<()> {
        match self.kin.written(&record) {
            Some(key) if key.len() <= KEY_BYTES_MAX => self.push(place, key.as_bytes(), None)?,
            _ => self.left.push(place),
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.rejects.push(reject);
        Ok(())
    }
}

/// What came of one side's scan.
#[derive(Debug)]
pub(super) struct Piled {
    pub(super) partitions: Vec<Partition>,
    /// What was spilled of them.
    pub(super) spill: Option<Spill>,
    /// The places of what was never in them.
    pub(super) left: Vec<Place>,
    /// Lines that could not become records, in order.
    pub(super) rejects: Vec<Reject>,
}
