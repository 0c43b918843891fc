//! Which files are meant: a truth or a folder with truths, a result or the folder of one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::claim::Claims;
use super::read;

const MATCHES_OF_TRUTH: &str = "-matches.csv";

/// What the result at `path` says: `discrepancies.csv`, with `matches.csv` beside it where it is
/// the folder of a comparison.
///
/// # Errors
/// A file that is not there or can't be understood.
pub(crate) fn found_in(path: &Path) -> anyhow::Result<Claims> {
    if !path.is_dir() {
        return Ok(Claims {
            discrepancies: read::discrepancies(path)?,
            matches: None,
        });
    }
    Ok(Claims {
        discrepancies: read::discrepancies(&path.join("discrepancies.csv"))?,
        matches: matches_at(&path.join("matches.csv"))?,
    })
}

/// What the truth at `path` says, with its matches beside it: a file, or a folder that has one
/// truth, or one for the source that `result` is of.
///
/// # Errors
/// As [`found_in`], or a folder in which it is not plain which truth is meant.
pub(crate) fn truth_in(path: &Path, result: &Path) -> anyhow::Result<Claims> {
    let path = match path.is_dir() {
        true => truth_of(path, result)?,
        false => path.to_owned(),
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Claims {
        discrepancies: read::discrepancies(&path)?,
        matches: matches_at(&path.with_file_name(format!("{stem}{MATCHES_OF_TRUTH}")))?,
    })
}

fn matches_at(path: &Path) -> anyhow::Result<Option<Vec<super::claim::Claim>>> {
    path.is_file().then(|| read::matches(path)).transpose()
}

fn truth_of(folder: &Path, result: &Path) -> anyhow::Result<PathBuf> {
    if let Some(source) = source_of(result) {
        let path = folder.join(format!("{source}.csv"));
        if path.is_file() {
            return Ok(path);
        }
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".csv") && !name.ends_with(MATCHES_OF_TRUTH))
        .collect();
    names.sort_unstable();
    match names.as_slice() {
        [only] => Ok(folder.join(only)),
        [] => bail!("there is no truth in {}", folder.display()),
        several => bail!(
            "{} has several truths, and {} does not say which source it is of: name one of {}",
            folder.display(),
            result.display(),
            several.join(", ")
        ),
    }
}

/// The source that a comparison was of, by its summary.
fn source_of(result: &Path) -> Option<String> {
    let summary = fs::read(result.join("summary.json")).ok()?;
    let summary: serde_json::Value = serde_json::from_slice(&summary).ok()?;
    Some(summary.get("source")?.as_str()?.to_owned())
}
