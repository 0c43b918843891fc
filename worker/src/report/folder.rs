//! A folder that files appear in whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Bytes collected before a write to the file.
const BUFFER_BYTES: usize = 256 * 1024;

/// Where a command leaves its files.
#[derive(Debug)]
pub struct OutputFolder(PathBuf);

impl OutputFolder {
    /// The folder at `path`, made if it is not there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("cannot make the output folder {}", path.display()))?;
        Ok(OutputFolder(path.to_owned()))
    }

    /// Writes the file `name` through a temporary one next to it: an earlier file of this name is
    /// replaced at once when the new one is whole, and stays when writing fails.
    ///
    /// # Errors
    /// What writing fails with, and which file.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let path = self.0.join(name);
        let unfinished = self.0.join(format!(".{name}.{}", std::process::id()));
        let written = File::create(&unfinished).and_then(|file| {
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
            content(&mut out)?;
            out.flush()
        });
        let renamed = written.and_then(|()| fs::rename(&unfinished, &path));
        if renamed.is_err() {
            // The error that matters is the first one.
            let _ = fs::remove_file(&unfinished);
        }
        renamed.with_context(|| format!("cannot write {}", path.display()))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_earlier_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = OutputFolder::open(&folder.path().join("out")).expect("made");
        output
            .write("a.csv", |out| out.write_all(b"first"))
            .expect("written");
        let failed = output.write("a.csv", |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(format!("{:#}", failed.unwrap_err()).contains("a.csv: disk full"));
        let names: Vec<_> = fs::read_dir(output.path())
            .expect("there")
            .flatten()
            .collect();
        assert_eq!(names.len(), 1, "nothing unfinished is left");
        assert_eq!(
            fs::read(output.path().join("a.csv")).expect("there"),
            b"first"
        );
    }
}
