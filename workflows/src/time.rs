//! Workflow time as a timestamp: the same on every replay.

use std::time::Duration;

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

/// How long it is until a time, RFC 3339: nothing when it has passed; none when it is no time.
pub(crate) fn until<W>(ctx: &WorkflowContext<W>, time: &str) -> Option<Duration> {
    let time: Timestamp = time.parse().ok()?;
    let wait = time.duration_since(current(ctx));
    Some(Duration::try_from(wait).unwrap_or_default())
}
