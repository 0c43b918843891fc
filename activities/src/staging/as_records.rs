//! Staged rows as records: read by the rules under which they were staged.

use std::sync::Arc;

use domain::matching::sieve::KeptRow;
use domain::record::{Record, ReferenceKind, Side};
use serde::Deserialize;

use super::manifest::SideManifest;
use super::rows::StagedRows;
use super::{Staging, StagingError, damaged};
use crate::formats::{self, Format, Head, NoScan, ReadLimits};

/// Reads a side's staged rows into records.
pub(crate) struct RowsReader {
    side: Side,
    key: String,
    format: Format,
    limits: ReadLimits,
    /// The inputs: their names and what their rows are read by.
    inputs: Vec<(Arc<str>, Option<Head>)>,
}

/// Of a source's file, what its rows are read by.
#[derive(Deserialize)]
struct Rules {
    partner: SideRules,
    ledger: SideRules,
}

impl Rules {
    fn of(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

#[derive(Deserialize)]
struct SideRules {
    format: Format,
}

impl RowsReader {
    /// For a side that has staged rows; none for one that has not.
    ///
    /// # Errors
    /// As [`Staging::get`].
    pub(crate) async fn of(
        staging: &Staging,
        manifest: &SideManifest,
    ) -> Result<Option<Self>, StagingError> {
        let Some(reading) = &manifest.rows_reading else {
            return Ok(None);
        };
        let text = staging.get(&reading.rules).await?;
        let key = &reading.rules.key;
        let text = String::from_utf8(text).map_err(|error| damaged(key, error.to_string()))?;
        let rules = Rules::of(&text).map_err(|error| damaged(key, error.to_string()))?;
        let side = Side::parse(&manifest.side);
        let side = side.ok_or_else(|| damaged(key, "it is of neither side"))?;
        let rules = match side {
            Side::Partner => rules.partner,
            Side::Ledger => rules.ledger,
        };
        let inputs = manifest.inputs.iter();
        let inputs = inputs.map(|input| (input.sealed.name.as_str().into(), input.head.clone()));
        Ok(Some(RowsReader {
            side,
            key: reading.key.clone(),
            format: rules.format,
            limits: reading.limits,
            inputs: inputs.collect(),
        }))
    }

    /// Whether rows can be read by this text of a source's file.
    pub(crate) fn understands(rules: &str) -> bool {
        Rules::of(rules).is_ok()
    }

    /// Whether the rows are told apart by this kind of reference.
    pub(crate) fn goes_by(&self, kind: ReferenceKind) -> bool {
        *self.key == *kind.name()
    }

    /// The name of an input, counted from 0.
    pub(crate) fn file(&self, input: usize) -> Option<&Arc<str>> {
        self.inputs.get(input).map(|(name, _)| name)
    }

    /// Reads some rows of a chunk: their lines and texts.
    ///
    /// # Errors
    /// [`StagingError::Damaged`] for a row that is no record: it was one when it was staged.
    pub(crate) fn read<'t>(
        &self,
        of: &StagedRows,
        rows: impl IntoIterator<Item = (u32, &'t [u8])>,
        mut take: impl FnMut(Record),
    ) -> Result<(), StagingError> {
        self.each(of, rows, |record| {
            take(record?);
            Ok(())
        })
    }

    fn each<'t>(
        &self,
        of: &StagedRows,
        rows: impl IntoIterator<Item = (u32, &'t [u8])>,
        take: impl FnMut(Result<Record, NoScan>) -> Result<(), NoScan>,
    ) -> Result<(), StagingError> {
        let input = self.inputs.get(of.input);
        let Some((name, Some(head))) = input else {
            return Err(of.damaged());
        };
        let (side, limits) = (self.side, &self.limits);
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            // Of most buckets nothing is left, and a reader takes a while to get ready.
            return Ok(());
        }
        formats::read_rows(&self.format, side, name, head, limits, rows, take)
            .map_err(|error| damaged(&of.key, error.to_string()))
    }

    /// The records of those rows of a chunk that are records still: a redacted row is none.
    pub(crate) fn read_what_is_left(&self, of: &StagedRows, mut take: impl FnMut(Record)) {
        let buckets = (0..of.buckets.len()).filter_map(|bucket| of.bucket(bucket));
        let texts = buckets.flat_map(|rows| rows.texts);
        // Nobody asks for their lines.
        let _ = self.each(of, texts.map(|text| (1, text)), |record| {
            record.into_iter().for_each(&mut take);
            Ok(())
        });
    }

    /// All rows of a chunk as records.
    ///
    /// # Errors
    /// As [`RowsReader::read`].
    pub(crate) fn read_all(
        &self,
        of: &StagedRows,
        take: impl FnMut(Record),
    ) -> Result<(), StagingError> {
        self.read_wanted(of, |_| true, take)
    }

    /// Those that are wanted, by what is compared of them.
    ///
    /// # Errors
    /// As [`RowsReader::read`].
    pub(crate) fn read_wanted(
        &self,
        of: &StagedRows,
        is_wanted: impl Fn(&KeptRow<'_>) -> bool,
        mut take: impl FnMut(Record),
    ) -> Result<(), StagingError> {
        for bucket in 0..of.buckets.len() {
            let rows = of.bucket(bucket).ok_or_else(|| of.damaged())?;
            let kept = rows.kept.read().ok_or_else(|| of.damaged())?;
            let wanted = kept.iter().zip(rows.texts);
            let wanted = wanted.filter(|(row, _)| is_wanted(row));
            self.read(of, wanted.map(|(row, text)| (row.line, text)), &mut take)?;
        }
        Ok(())
    }
}

impl StagedRows {
    /// That they are not what was staged.
    pub(crate) fn damaged(&self) -> StagingError {
        damaged(&self.key, "it holds no rows of this version")
    }
}
