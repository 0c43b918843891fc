//! Rows of a pile that found no room in memory: a file without a name, which goes with the process.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use domain::matching::sieve::{Partition, Rows};

/// The chunks of one side that were written out.
#[derive(Debug)]
pub(super) struct Spill {
    file: File,
    size: u64,
    /// Where the chunks of each partition are, and how long.
    chunks: Vec<Vec<(u64, usize)>>,
}

impl Spill {
    /// A file in `folder`. Its name is taken away at once, so that nothing stays behind.
    pub(super) fn new(folder: &Path, name: &str, partitions: usize) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!(".{name}.{}", std::process::id()));
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Spill {
            file,
            size: 0,
            chunks: vec![Vec::new(); partitions],
        })
    }

    /// Writes out what a partition has in memory; gives back how many chunks that was.
    pub(super) fn put(&mut self, index: usize, partition: &mut Partition) -> io::Result<usize> {
        let chunks = partition.take_chunks();
        for chunk in &chunks {
            self.file.write_all_at(chunk, self.size)?;
            self.chunks[index].push((self.size, chunk.len()));
            self.size += chunk.len() as u64;
        }
        Ok(chunks.len())
    }

    /// Brings back what was written out of a partition, in front of what it has in memory.
    pub(super) fn restore(&self, index: usize, rows: &mut Rows) -> io::Result<usize> {
        let chunks = &self.chunks[index];
        let bytes = chunks.iter().map(|(_, length)| length).sum();
        let mut room = rows.room(bytes);
        for (offset, length) in chunks {
            let (chunk, rest) = room.split_at_mut(*length);
            self.file.read_exact_at(chunk, *offset)?;
            room = rest;
        }
        Ok(bytes)
    }
}
