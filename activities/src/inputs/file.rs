//! Files in a folder, as they are when they are not being written.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::{FileTransport, Several};
use super::template::FilePattern;
use super::{InputError, InputRequest, Received, SealedInput, near, seal};
use crate::staging::Staging;

/// Most entries of a folder that are looked at.
const FOLDER_ENTRIES_MAX: usize = 100_000;
/// Most files that one input may consist of.
const FILES_MAX: usize = 100;

pub(super) async fn acquire(
    transport: &FileTransport,
    request: &InputRequest<'_>,
    staging: &Staging,
) -> Result<Vec<SealedInput>, InputError> {
    let mut sealed: Vec<SealedInput> = Vec::new();
    for path in fitting(transport, request).await? {
        let transport = transport.clone();
        let received = blocking(move || read(&path, &transport)).await?;
        let input = seal(received, request.source, staging).await?;
        match sealed
            .iter_mut()
            .find(|earlier| earlier.stored == input.stored)
        {
            Some(earlier) => earlier.repeated_as.push(input.name),
            None => sealed.push(input),
        }
    }
    Ok(sealed)
}

pub(super) async fn is_there(
    transport: &FileTransport,
    request: &InputRequest<'_>,
) -> Result<(), InputError> {
    fitting(transport, request).await.map(|_| ())
}

pub(super) async fn size(
    transport: &FileTransport,
    request: &InputRequest<'_>,
) -> Result<u64, InputError> {
    let paths = fitting(transport, request).await?;
    blocking(move || {
        let size = |path: &PathBuf| match std::fs::metadata(path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) => Err(cannot_read(path, &error)),
        };
        paths.iter().map(size).sum()
    })
    .await
}

async fn fitting(
    transport: &FileTransport,
    request: &InputRequest<'_>,
) -> Result<Vec<PathBuf>, InputError> {
    let pattern = transport.path.fill(request)?;
    let several = transport.several;
    blocking(move || find(&pattern, several)).await
}

/// The files that fit, in order of name; at least one.
fn find(pattern: &FilePattern, several: Several) -> Result<Vec<PathBuf>, InputError> {
    let FilePattern { folder, name } = pattern;
    if let Some(name) = name.literal()
        && folder.join(name).exists()
    {
        return Ok(vec![folder.join(name)]);
    }
    let names = names_in(folder)?;
    let mut fitting: Vec<&String> = names.iter().filter(|found| name.fits(found)).collect();
    fitting.sort();
    match (&fitting[..], several) {
        ([], _) => Err(InputError::NotFound {
            pattern: name.to_string(),
            folder: folder.display().to_string(),
            near: near::nearest(&name.to_string(), names),
        }),
        ([_], _) => Ok(vec![folder.join(fitting[0])]),
        (_, Several::All) if fitting.len() <= FILES_MAX => {
            Ok(fitting.into_iter().map(|name| folder.join(name)).collect())
        }
        (_, Several::All) => Err(unusable(
            &folder.join(name.to_string()),
            format!(
                "{} files fit; at most {FILES_MAX} can be one input",
                fitting.len()
            ),
        )),
        (_, Several::Refuse) => Err(unusable(
            &folder.join(name.to_string()),
            format!(
                "{} files fit ({}); remove all but one, name it exactly, or set several = \"all\"",
                fitting.len(),
                shown(&fitting)
            ),
        )),
    }
}

fn shown(names: &[&String]) -> String {
    const SHOWN_MAX: usize = 5;
    let first: Vec<&str> = names
        .iter()
        .take(SHOWN_MAX)
        .map(|name| name.as_str())
        .collect();
    let more = if names.len() > SHOWN_MAX { ", …" } else { "" };
    first.join(", ") + more
}

/// Names of the files in a folder; none when there is no folder.
fn names_in(folder: &Path) -> Result<Vec<String>, InputError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot_read(folder, &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        if names.len() >= FOLDER_ENTRIES_MAX {
            let reason = format!("more than {FOLDER_ENTRIES_MAX} entries; archive old files");
            return Err(unusable(folder, reason));
        }
        let entry = entry.map_err(|error| cannot_read(folder, &error))?;
        // Names that are no text can't be what a template wants.
        if let Ok(name) = entry.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

/// All of a file, or a retry when it changes meanwhile.
fn read(path: &Path, transport: &FileTransport) -> Result<Received, InputError> {
    let failed = |error: std::io::Error| cannot_read(path, &error);
    let before = std::fs::metadata(path).map_err(failed)?;
    // Looked at before it is opened: opening a pipe waits for somebody to write.
    if !before.is_file() {
        return Err(unusable(path, "it is not a file"));
    }
    if before.len() > transport.bytes_max {
        return Err(too_large(path, transport.bytes_max));
    }
    if let Some(quiet) = younger_than(&before, transport.quiet_seconds) {
        let wanted = transport.quiet_seconds;
        let reason = format!(
            "it was written {} s ago; read after {wanted} s",
            quiet.as_secs()
        );
        return Err(retry(path, reason));
    }
    let mut bytes = Vec::with_capacity(before.len() as usize);
    // One byte more than allowed: a file that grows must not fill the memory.
    let limit = transport.bytes_max.saturating_add(1);
    let file = File::open(path).map_err(failed)?;
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    // By path, not by handle: a file put in its place by a rename is a change, too.
    let after = std::fs::metadata(path).map_err(failed)?;
    let same_time = before.modified().ok() == after.modified().ok();
    if before.len() != after.len() || bytes.len() as u64 != after.len() || !same_time {
        return Err(retry(path, "it is still being written".to_owned()));
    }
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Received { name, bytes })
}

/// How long ago the file was written, when that is less than `seconds`.
fn younger_than(metadata: &Metadata, seconds: u32) -> Option<Duration> {
    let age = metadata.modified().ok()?.elapsed().unwrap_or_default();
    (age < Duration::from_secs(u64::from(seconds))).then_some(age)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> InputError {
    match error.kind() {
        // It was there a moment ago: moved away, perhaps to come back amended.
        ErrorKind::NotFound => retry(path, "it is gone".to_owned()),
        ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            unusable(path, format!("can't be read: {error}"))
        }
        _ => retry(path, format!("can't be read: {error}")),
    }
}

fn too_large(path: &Path, bytes_max: u64) -> InputError {
    unusable(
        path,
        format!("larger than bytes_max = {bytes_max}; raise it if that is right"),
    )
}

fn retry(path: &Path, reason: String) -> InputError {
    InputError::Retry {
        input: path.display().to_string(),
        reason,
    }
}

fn unusable(path: &Path, reason: impl Into<String>) -> InputError {
    InputError::Unusable {
        input: path.display().to_string(),
        reason: reason.into(),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, InputError> + Send + 'static,
) -> Result<T, InputError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(stopped) => {
                let input = "reading files".to_owned();
                Err(InputError::Retry {
                    input,
                    reason: stopped.to_string(),
                })
            }
        },
    }
}
