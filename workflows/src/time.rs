//! Workflow time as a timestamp: the same on every replay.

use jiff::Timestamp;
use temporalio_workflow::WorkflowContext;

/// The time of the current workflow task.
pub(crate) fn current<W>(ctx: &WorkflowContext<W>) -> Timestamp {
    ctx.workflow_time()
        .and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The time of the current workflow task, RFC 3339, in UTC, to the millisecond.
pub(crate) fn now<W>(ctx: &WorkflowContext<W>) -> String {
    format!("{:.3}", current(ctx))
}
