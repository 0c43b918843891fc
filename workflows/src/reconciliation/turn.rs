//! Runs of one source that carry open items forward come one after the other: a run asks until it
//! is its turn.

use std::time::Duration;

use temporalio_workflow::{
    ActivityExecutionError, WorkflowContext, WorkflowResult, WorkflowTermination,
};

use super::progress::Phase;
use super::steps::{self, Cause, Stopped};
use super::{Reconciliation, progress};
use crate::ports::{Opened, Plan, Run};
use crate::{failure, time};

type Context = WorkflowContext<Reconciliation>;

/// Opens the run, however long other runs of the source take.
pub(super) async fn open(ctx: &mut Context, run: &Run) -> WorkflowResult<Opened> {
    let opened = wait(ctx, run, false).await;
    steps::step_done(ctx);
    opened.map_err(|stopped| match stopped {
        Some(error) => failure::surface(error),
        None => WorkflowTermination::cancelled(),
    })
}

/// Opens a run again that others overtook.
pub(super) async fn again(ctx: &mut Context, run: &Run) -> Result<Plan, Stopped> {
    let stopped = |cause| Stopped { cause, audit: None };
    match wait(ctx, run, true).await {
        Ok(Opened::Proceed(plan)) => Ok(plan),
        // Nobody else can end this run while it goes on.
        Ok(_) => Err(overtaken()),
        Err(Some(error)) => Err(error.into()),
        Err(None) => Err(stopped(Cause::Cancelled)),
    }
}

/// Others came first each time.
pub(super) fn overtaken() -> Stopped {
    Stopped {
        cause: Cause::Overtaken,
        audit: None,
    }
}

/// Asks until it is the run's turn; no error means that it was cancelled meanwhile.
async fn wait(
    ctx: &mut Context,
    run: &Run,
    in_steps: bool,
) -> Result<Opened, Option<ActivityExecutionError>> {
    let mut is_waiting = false;
    loop {
        let opened = steps::ask(ctx, run, in_steps).await.map_err(Some)?;
        let Opened::Waiting { for_run, seconds } = opened else {
            if is_waiting {
                ctx.state_mut(|state| state.progress.wait_for(None));
                steps::enter(ctx, Phase::Opening);
            }
            return Ok(opened);
        };
        ctx.state_mut(|state| state.progress.wait_for(Some(&for_run)));
        if !is_waiting {
            steps::enter(ctx, Phase::Waiting);
            is_waiting = true;
        }
        let wait = Duration::from_secs(u64::from(seconds.max(1)));
        let waited = time::sleep(ctx, wait, progress::waiting(&for_run)).await;
        waited.map_err(|_| None)?;
    }
}
