//! Workflow time as a timestamp: the same on every replay.

use std::time::Duration;

use jiff::Timestamp;
use temporalio_workflow::{
    TimerOptions, TimerResult, WorkflowContext, WorkflowResult, WorkflowTermination,
};

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
    Some(left(ctx, time.parse().ok()?))
}

/// How long it is until a time: nothing when it has passed.
pub(crate) fn left<W>(ctx: &WorkflowContext<W>, time: Timestamp) -> Duration {
    let wait = time.duration_since(current(ctx));
    Duration::try_from(wait).unwrap_or_default()
}

/// Waits by a durable timer; fails when the workflow is cancelled meanwhile. `summary` is for the
/// Temporal UI.
pub(crate) async fn sleep<W>(
    ctx: &WorkflowContext<W>,
    wait: Duration,
    summary: String,
) -> WorkflowResult<()> {
    let options = TimerOptions::builder(wait).summary(summary).build();
    match ctx.timer(options).await {
        TimerResult::Fired => Ok(()),
        TimerResult::Cancelled => Err(WorkflowTermination::cancelled()),
    }
}
