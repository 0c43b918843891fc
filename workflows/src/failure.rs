//! Names of the failures that retrying can't fix. They are a contract: the Temporal UI shows them,
//! retry policies list them, other languages match on them.

use std::time::Duration;

use temporalio_common::error::{ApplicationFailure, IncomingError};
use temporalio_workflow::{ActivityExecutionError, WorkflowTermination};

macro_rules! failure_names {
    ($($(#[$meta:meta])* $name:ident = $text:literal,)+) => {
        $($(#[$meta])* pub const $name: &str = $text;)+

        /// All of them, for retry policies.
        pub const NON_RETRYABLE: &[&str] = &[$($text,)+];
    };
}

failure_names! {
    /// The JSON given is not what the workflow takes; the message names the field.
    INVALID_INPUT = "InvalidInput",
    /// No source of that name is configured; the message lists those that are.
    UNKNOWN_SOURCE = "UnknownSource",
    /// No discrepancy of that id is on record.
    UNKNOWN_DISCREPANCY = "UnknownDiscrepancy",
    /// The partner's report or the ledger's file is not there.
    INPUT_NOT_FOUND = "InputNotFound",
    /// The input as a whole can't be read; it is kept in quarantine.
    INPUT_QUARANTINED = "InputQuarantined",
    /// The ledger refused the query (syntax, rights, missing table).
    LEDGER_REFUSED = "LedgerRefused",
    /// Records were lost or counted twice: a mistake of trueup itself.
    NOT_CONSERVED = "NotConserved",
    /// The partner's report is one that was reconciled before.
    INPUT_REPEATED = "InputRepeated",
    /// The configuration of the source can't be used.
    CONFIGURATION_INVALID = "ConfigurationInvalid",
    /// What is stored contradicts what is about to be stored under the same key.
    STORE_CONFLICT = "StoreConflict",
    /// Another run of the source was concluded meanwhile; started again, the run begins with that.
    OVERTAKEN = "Overtaken",
    /// Staged data is not what was written.
    STAGING_DAMAGED = "StagingDamaged",
    /// What is published of the audit trail is another past than the store's.
    AUDIT_FORKED = "AuditForked",
}

/// A failure that is not retried, with one of the names above.
pub fn non_retryable(name: &'static str, message: impl Into<String>) -> ApplicationFailure {
    with_name(name.to_owned(), message)
}

/// A failure that Temporal retries: with its own growing pauses, or after the pause asked for.
pub fn unavailable(message: impl Into<String>, after: Option<Duration>) -> ApplicationFailure {
    ApplicationFailure::builder(Message(message.into()))
        .type_name("Unavailable".to_owned())
        .maybe_next_retry_delay(after)
        .build()
}

/// As [`non_retryable`], with a name that an activity gave.
pub(crate) fn with_name(name: String, message: impl Into<String>) -> ApplicationFailure {
    ApplicationFailure::builder(Message(message.into()))
        .type_name(name)
        .non_retryable(true)
        .build()
}

/// The activity's own failure as the workflow's, so that the first line people see says it all.
pub(crate) fn surface(error: ActivityExecutionError) -> WorkflowTermination {
    if matches!(error, ActivityExecutionError::Cancelled(_)) {
        return WorkflowTermination::cancelled();
    }
    let (name, problem) = explain(&error);
    with_name(name, problem).into()
}

/// Name and sentence of an activity's failure.
pub(crate) fn explain(error: &ActivityExecutionError) -> (String, String) {
    if let ActivityExecutionError::Failed(failed) = error
        && let Some(IncomingError::Application(application)) = failed.cause()
    {
        let name = application
            .type_name()
            .unwrap_or("ActivityFailed")
            .to_owned();
        return (name, application.to_string());
    }
    ("ActivityFailed".to_owned(), error.to_string())
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Message(String);
