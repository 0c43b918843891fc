//! The rows of one side, piled up in partitions by the hash of their key.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use activities::formats::Sieve;
use domain::matching::sieve::{CHUNK_BYTES, Facts, Partition, Place, hash};

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
    partitions: Vec<Partition>,
    /// How far a hash is shifted to give its partition.
    shift: u32,
    /// Records that the sieve can't say anything of.
    left: Vec<Place>,
    memory: &'a Memory,
    spill: Option<Spill>,
    folder: &'a Path,
    name: &'static str,
}

impl<'a> Pile<'a> {
    /// A pile of 2^`bits` partitions. What does not fit into memory goes into `folder`.
    pub(super) fn new(bits: u32, memory: &'a Memory, folder: &'a Path, name: &'static str) -> Self {
        Pile {
            partitions: vec![Partition::default(); 1 << bits],
            shift: u64::BITS - bits,
            left: Vec::new(),
            memory,
            spill: None,
            folder,
            name,
        }
    }

    /// Its partitions, what was spilled of them, and the places of what was never in them.
    pub(super) fn into_parts(self) -> (Vec<Partition>, Option<Spill>, Vec<Place>) {
        (self.partitions, self.spill, self.left)
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
    fn row(&mut self, place: Place, key: &[u8], facts: Option<&Facts>) -> io::Result<()> {
        let index = (hash(key) >> self.shift) as usize;
        match self.partitions[index].push(place, key, facts) {
            true => self.grown(),
            false => Ok(()),
        }
    }

    fn leave(&mut self, place: Place) {
        self.left.push(place);
    }
}
