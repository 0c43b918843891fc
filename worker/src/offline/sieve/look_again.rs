//! All rows once more, of files that went through the sieve: for what was left alone and may be a payment that
//! is there again.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use activities::formats::{self, Format, NoScan, ReadLimits, Sieve, SimpleRow};
use anyhow::{Context, ensure};
use domain::matching::LookAgain;
use domain::matching::sieve::Place;
use domain::record::{Record, ReferenceKind, Reject, Side};
use domain::threads::at_once;

use crate::offline::sides::file_name;

/// A file that went through the sieve, to be scanned once more.
#[derive(Clone, Debug)]
pub(crate) struct Scanned {
    pub(super) side: Side,
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) limits: ReadLimits,
    /// The reference that the sieve went by.
    pub(super) key: ReferenceKind,
    /// What the file was.
    pub(super) sha256: [u8; 32],
}

/// Shows the records of both files to those that a comparison left alone.
///
/// # Errors
/// A file that can't be read a second time, or is another one by then.
pub(crate) fn show_again(look: &mut LookAgain, files: &[Scanned]) -> anyhow::Result<()> {
    let [first, second] = files else {
        return Ok(());
    };
    let (first, second) = at_once(|| first.wanted(look), || second.wanted(look));
    for record in first?.iter().chain(&second?) {
        look.see(record);
    }
    Ok(())
}

impl Scanned {
    /// The records whose money is asked about.
    fn wanted(&self, look: &LookAgain) -> anyhow::Result<Vec<Record>> {
        let path = self.path.display();
        let read = self.read(look);
        let (wanted, sha256) = read.with_context(|| format!("cannot read {path} a second time"))?;
        ensure!(
            sha256 == self.sha256,
            "{path} was changed while it was compared: compare it again"
        );
        Ok(wanted)
    }

    fn read(&self, look: &LookAgain) -> Result<(Vec<Record>, [u8; 32]), NoScan> {
        let (format, side, limits) = (&self.format, self.side, &self.limits);
        let (name, file) = (file_name(&self.path), File::open(&self.path)?);
        let mut wanted = Wanted {
            look,
            places: Vec::new(),
            records: Vec::new(),
        };
        let scan = formats::scan(format, side, &name, &file, limits, self.key, &mut wanted)?;
        let Wanted {
            places,
            mut records,
            ..
        } = wanted;
        let take = |record| records.push(record);
        formats::read_again(format, side, &name, &file, limits, &places, take)?;
        Ok((records, scan.sha256))
    }
}

/// What is wanted of the rows of a file.
struct Wanted<'l> {
    look: &'l LookAgain,
    /// Where simple rows of such money stand.
    places: Vec<Place>,
    /// The records of others.
    records: Vec<Record>,
}

impl Sieve for Wanted<'_> {
    fn row(&mut self, row: &SimpleRow<'_>) -> io::Result<bool> {
        if self
            .look
            .wanted()
            .is_of_row(row.facts.amount, row.facts.currency)
        {
            self.places.push(row.place);
        }
        Ok(true)
    }

    fn record(&mut self, _: Place, record: Record) -> io::Result<()> {
        if self.look.wanted().is_of(&record) {
            self.records.push(record);
        }
        Ok(())
    }

    fn reject(&mut self, _: Reject) -> io::Result<()> {
        Ok(())
    }
}
