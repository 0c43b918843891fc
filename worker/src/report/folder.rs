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

    /// Writes the file `name`, as [`OutputFolder::create`] does.
    ///
    /// # Errors
    /// What writing fails with, and which file.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let mut file = self.create(name)?;
        content(&mut file.out).with_context(|| file.problem())?;
        file.finish()
    }

    /// Begins the file `name` as a temporary one next to it: an earlier file of this name is replaced
    /// at once when the new one is finished, and stays when it never is.
    ///
    /// # Errors
    /// It can't be made.
    pub(super) fn create(&self, name: &str) -> anyhow::Result<OutputFile> {
        let path = self.0.join(name);
        let unfinished = self.0.join(format!(".{name}.{}", std::process::id()));
        let file = File::create(&unfinished)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(OutputFile {
            out: BufWriter::with_capacity(BUFFER_BYTES, file),
            path,
            unfinished: Some(unfinished),
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// A file on its way. Dropped before it is finished, it leaves nothing.
pub(super) struct OutputFile {
    out: BufWriter<File>,
    path: PathBuf,
    /// None once it is finished.
    unfinished: Option<PathBuf>,
}

impl OutputFile {
    /// Writes more of it.
    ///
    /// # Errors
    /// What writing fails with, and which file.
    pub(super) fn put(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let written = self.out.write_all(bytes);
        written.with_context(|| self.problem())
    }

    /// Puts it where it belongs.
    ///
    /// # Errors
    /// As [`OutputFile::put`].
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        let mut finished = self.out.flush();
        if let (Ok(()), Some(unfinished)) = (&finished, &self.unfinished) {
            finished = fs::rename(unfinished, &self.path);
        }
        if finished.is_ok() {
            self.unfinished = None;
        }
        finished.with_context(|| self.problem())
    }

    fn problem(&self) -> String {
        format!("cannot write {}", self.path.display())
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(unfinished) = &self.unfinished {
            // The error that matters is the one that came before.
            let _ = fs::remove_file(unfinished);
        }
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
