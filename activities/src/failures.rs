//! Adapter errors as Temporal failures: what is retried by its nature, and what never is, by name.

use std::time::Duration;

use domain::masking;
use temporalio_sdk::activities::ActivityError;
use workflows::failure;

use crate::inputs::InputError;
use crate::staging::{StageError, StagingError};
use crate::store::StoreError;
use crate::vault::VaultError;

/// What an activity of ours can fail with: the decision is made where the error is known best.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An outage; Temporal tries again with growing pauses.
    Retry {
        /// Shown in the Temporal UI while it lasts.
        problem: String,
        /// A pause that the other side asked for.
        after: Option<Duration>,
    },
    /// Retrying can't fix it.
    Final {
        /// One of the names in [`failure`].
        name: &'static str,
        /// What happened and what to do.
        problem: String,
    },
    /// The worker stops, or the run was cancelled.
    Cancelled,
}

impl Failure {
    pub(crate) fn retry(problem: impl ToString) -> Self {
        Failure::Retry {
            problem: problem.to_string(),
            after: None,
        }
    }

    pub(crate) fn last(name: &'static str, problem: impl ToString) -> Self {
        Failure::Final {
            name,
            problem: problem.to_string(),
        }
    }
}

impl Failure {
    /// What happened and what to do.
    pub(crate) fn problem(&self) -> &str {
        match self {
            Failure::Retry { problem, .. } | Failure::Final { problem, .. } => problem,
            Failure::Cancelled => "cancelled",
        }
    }
}

impl From<Failure> for ActivityError {
    /// What a failure says is shown by the Temporal UI, put on record and told: account numbers that
    /// it quotes are masked.
    fn from(failed: Failure) -> Self {
        let masked = |problem: String| masking::accounts_in(&problem).into_owned();
        match failed {
            Failure::Cancelled => ActivityError::cancelled(),
            Failure::Final { name, problem } => {
                ActivityError::application(failure::non_retryable(name, masked(problem)))
            }
            Failure::Retry { problem, after } => {
                ActivityError::application(failure::unavailable(masked(problem), after))
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            // A worker with the key may get it, or this one soon.
            _ if error.is_retryable() => Failure::retry(error),
            _ => Failure::last(failure::STORE_CONFLICT, error),
        }
    }
}

impl From<StagingError> for Failure {
    fn from(error: StagingError) -> Self {
        match error {
            StagingError::Retry { .. } => Failure::retry(error),
            StagingError::Misconfigured { .. } | StagingError::TooLarge { .. } => {
                Failure::last(failure::CONFIGURATION_INVALID, error)
            }
            // Another worker may have the key, or this one soon.
            StagingError::Sealed {
                error: VaultError::NoKeys | VaultError::UnknownKey { .. },
                ..
            } => Failure::retry(error),
            StagingError::Missing { .. }
            | StagingError::Damaged { .. }
            | StagingError::Redacted { .. }
            | StagingError::Sealed { .. } => Failure::last(failure::STAGING_DAMAGED, error),
        }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Retry { .. } => Failure::retry(error),
            InputError::Staging(error) => error.into(),
            InputError::NotFound { .. } => Failure::last(failure::INPUT_NOT_FOUND, error),
            InputError::Unusable { .. } => Failure::last(failure::INPUT_QUARANTINED, error),
            InputError::Refused { .. } => Failure::last(failure::LEDGER_REFUSED, error),
            InputError::Misconfigured(_) => Failure::last(failure::CONFIGURATION_INVALID, error),
        }
    }
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Staging(error) => error.into(),
            // The same step reads all lines when it is tried again without a scan.
            StageError::Interrupted | StageError::NotPlain(_) => Failure::retry(error),
            StageError::Mapping(_) => Failure::last(failure::CONFIGURATION_INVALID, error),
            StageError::Quarantined { .. } | StageError::SumTooLarge { .. } => {
                Failure::last(failure::INPUT_QUARANTINED, error)
            }
        }
    }
}

/// The cause that says it: errors of the transport wrap each other without adding anything.
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
