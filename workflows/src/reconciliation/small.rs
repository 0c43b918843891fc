//! What is left to do of a small run, which its opening went through at once.

use proto::wire::{ReconciliationResult, RunTotals};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use super::progress::{self, Phase};
use super::{Reconciliation, review, steps};
use crate::ports::{Done, Run};
use crate::search;

type Context = WorkflowContext<Reconciliation>;

/// Tells what was found, and goes on as any other run.
pub(super) async fn to_the_end(
    ctx: &mut Context,
    run: Run,
    done: Done,
    input: RawValue,
) -> WorkflowResult<ReconciliationResult> {
    steps::all_but_the_last(ctx, &done.totals);
    let audit = done.recorded.audit.clone();
    let found = steps::tell(ctx, &run, done).await;
    steps::end(ctx, run, found, audit, input).await
}

/// Nothing is left to do.
pub(super) fn completed(ctx: &mut Context, run: &Run, totals: RunTotals) -> ReconciliationResult {
    ctx.state_mut(|state| {
        state.progress.all_but_the_last(totals.clone());
        state.progress.step_done();
        state.progress.enter(Phase::Completed);
    });
    ctx.upsert_search_attributes(search::completed(&totals));
    review::show(ctx);
    progress::completed(run, totals, "")
}
