//! Where a side's data comes from: a file in a folder, or a query on a PostgreSQL ledger.
//!
//! An input is sealed before anything reads it: its bytes go to the object store, named by their
//! hash, so that a retry, an audit and a later question all see the same. Understands nothing of
//! what is in it, and never picks one of several files.

mod config;
mod file;
mod near;
mod postgres;
mod query;
mod template;
#[cfg(test)]
mod tests;
mod tls;

use std::path::Path;

use domain::policy::Scope;
use domain::record::Side;
use jiff::civil::Date;

use crate::staging::{Folder, Staging, StagingError};

pub use crate::staging::SealedInput;
pub use config::{FileTransport, PostgresTls, PostgresTransport, Several, Transport};
pub use query::{Bind, Query, QueryError};
pub use template::{PathTemplate, TemplateError};

/// What an input is wanted for.
#[derive(Clone, Copy)]
pub struct InputRequest<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// The configuration folder: relative paths start there.
    pub folder: &'a Path,
    /// The day that is reconciled.
    pub business_date: Date,
    /// First value date that a query should return: `:from_date`.
    pub from_date: Date,
    /// Last value date that a query should return: `:to_date`.
    pub to_date: Date,
    /// Which records the run looks at.
    pub scope: &'a Scope,
    /// Looks up the environment variables that a transport names: [`environment`].
    pub secret: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// Which of a run's inputs are wanted, and for which attempt at the run.
#[derive(Clone, Copy, Debug)]
pub struct InputPin<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Whose inputs they are.
    pub side: Side,
    /// Temporal's id of the workflow execution: a run that failed may be started again, and then
    /// looks for its inputs again.
    pub attempt: &'a str,
}

/// The process's own environment.
#[must_use]
pub fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// Why there is no input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// An outage, or a file that is still being written: the same call may work later.
    #[error("{input}: {reason}")]
    Retry {
        /// File or query.
        input: String,
        /// What happened.
        reason: String,
    },
    /// There is no such file.
    #[error("no file {pattern} in {folder}; {}", near::sentence(.near))]
    NotFound {
        /// Name of the file, or the pattern with its placeholders filled in.
        pattern: String,
        /// Where it was looked for.
        folder: String,
        /// Names there that come closest.
        near: Vec<String>,
    },
    /// What is there can't be used: too large, unreadable, or several files where one is wanted.
    #[error("{input}: {reason}")]
    Unusable {
        /// File or query.
        input: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The ledger refuses the query, and always will.
    #[error("{query}: {reason}")]
    Refused {
        /// Query file, with the line where known.
        query: String,
        /// What PostgreSQL says.
        reason: String,
    },
    /// The configuration or the environment lacks something.
    #[error("{0}")]
    Misconfigured(String),
    /// The object store did not take the input.
    #[error(transparent)]
    Staging(#[from] StagingError),
}

/// Brings what `transport` has for this request into the object store, in order of name.
///
/// `progress` is told the number of rows whenever a good many more were received. It is silent
/// while the ledger thinks: who has to show signs of life does so by the clock.
///
/// # Errors
/// [`InputError`] says whether a retry can help.
pub async fn acquire(
    transport: &Transport,
    request: &InputRequest<'_>,
    staging: &Staging,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Vec<SealedInput>, InputError> {
    match transport {
        Transport::File(transport) => file::acquire(transport, request, staging).await,
        Transport::Postgres(transport) => {
            let received = postgres::receive(transport, request, progress).await?;
            Ok(vec![seal(received, request.source, staging).await?])
        }
    }
}

/// Whether what [`acquire`] would bring is there, as far as that can be said without bringing it.
/// A ledger can always be asked.
///
/// # Errors
/// As [`acquire`]; [`InputError::NotFound`] when it is not there.
pub async fn is_there(transport: &Transport, request: &InputRequest<'_>) -> Result<(), InputError> {
    match transport {
        Transport::File(transport) => file::is_there(transport, request).await,
        Transport::Postgres(_) => Ok(()),
    }
}

/// How many bytes [`acquire`] would bring, where that can be said without bringing them.
///
/// # Errors
/// As [`is_there`].
pub(crate) async fn size(
    transport: &Transport,
    request: &InputRequest<'_>,
) -> Result<Option<u64>, InputError> {
    match transport {
        Transport::File(transport) => file::size(transport, request).await.map(Some),
        Transport::Postgres(_) => Ok(None),
    }
}

/// [`acquire`], once for an attempt at a run: the retry of an activity gets the inputs that were
/// sealed first, even if the file was replaced or the ledger has moved on meanwhile.
///
/// # Errors
/// As [`acquire`].
pub async fn acquire_once(
    pin: InputPin<'_>,
    transport: &Transport,
    request: &InputRequest<'_>,
    staging: &Staging,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Vec<SealedInput>, InputError> {
    let folder = Folder::Staged {
        run_id: pin.run_id,
        side: pin.side,
    };
    let name = pin_name(pin.attempt);
    if let Some(pinned) = staging.get_named(folder, &name).await? {
        return pinned_inputs(&name, &pinned);
    }
    let sealed = acquire(transport, request, staging, progress).await?;
    let pinned = serde_json::to_vec(&sealed).expect("a list of inputs is plain data");
    // An attempt that was thought dead may have been first.
    let first = staging.put_first(folder, &name, pinned).await?;
    pinned_inputs(&name, &first)
}

/// Name of the list of inputs that an attempt at a run sealed.
pub(crate) fn pin_name(attempt: &str) -> String {
    format!("inputs-{attempt}.json")
}

/// Checks what can be checked without a request: that the query file is there and is one query
/// with known binds.
///
/// # Errors
/// [`InputError::Misconfigured`] with file, line and what would be right.
pub fn check(transport: &Transport, folder: &Path) -> Result<(), InputError> {
    match transport {
        Transport::File(_) => Ok(()),
        Transport::Postgres(transport) => postgres::read_query(transport, folder).map(|_| ()),
    }
}

/// Bytes that were received and are not yet sealed.
struct Received {
    name: String,
    bytes: Vec<u8>,
}

fn pinned_inputs(name: &str, bytes: &[u8]) -> Result<Vec<SealedInput>, InputError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (key, reason) = (name.to_owned(), error.to_string());
        InputError::Staging(StagingError::Damaged { key, reason })
    })
}

async fn seal(
    received: Received,
    source: &str,
    staging: &Staging,
) -> Result<SealedInput, InputError> {
    let stored = staging
        .put(Folder::Inputs { source }, received.bytes)
        .await?;
    Ok(SealedInput {
        name: received.name,
        repeated_as: Vec::new(),
        stored,
    })
}
