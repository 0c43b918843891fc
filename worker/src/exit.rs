//! What the process's exit status says to scripts.

use std::process::ExitCode;

/// The exit codes, the same for every command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Done, nothing to report.
    Clean,
    /// Done; discrepancies were found (or, for `audit verify`, the trail is broken; for `store`, the
    /// store is not as it should be; for `score`, something is missed or false).
    Found,
    /// Refused by the case or the run, which says why.
    Refused,
    /// Not done: wrong arguments, wrong configuration, or something that is down.
    Error,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Found | Exit::Refused => 1,
            Exit::Error => 2,
        })
    }
}
