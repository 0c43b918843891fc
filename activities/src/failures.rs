//! Adapter errors as Temporal failures: what is retried by its nature, and what never is, by name.

use std::time::Duration;

use temporalio_sdk::activities::ActivityError;
use workflows::failure;

use crate::inputs::InputError;
use crate::staging::{StageError, StagingError};
use crate::store::StoreError;

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
    fn from(failed: Failure) -> Self {
        match failed {
            Failure::Cancelled => ActivityError::cancelled(),
            Failure::Final { name, problem } => {
                ActivityError::application(failure::non_retryable(name, problem))
            }
            Failure::Retry { problem, after } => {
                ActivityError::application(failure::unavailable(problem, after))
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Failure::retry(error),
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
            StagingError::Missing { .. } | StagingError::Damaged { .. } => {
                Failure::last(failure::STAGING_DAMAGED, error)
            }
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
            StageError::Interrupted => Failure::retry(error),
            StageError::Mapping(_) => Failure::last(failure::CONFIGURATION_INVALID, error),
            StageError::Quarantined { .. } | StageError::SumTooLarge { .. } => {
                Failure::last(failure::INPUT_QUARANTINED, error)
            }
        }
    }
}
