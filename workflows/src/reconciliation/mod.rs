//! One reconciliation of one source for one business date.

mod cases;
pub(crate) mod launch;
mod messages;
mod progress;
mod review;
mod small;
mod steps;
mod turn;

use proto::wire::{ReconciliationInput, ReconciliationResult};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::workflow;
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::ports::{Opened, Run};
use crate::{failure, identity, intake, search};
use progress::{Phase, Progress};
use review::Desk;

/// Workflow type `Reconciliation`. Its id is the business identity of the run
/// ([`identity::run_id`]); started under any other id, it hands over to that one.
#[workflow]
#[derive(Default)]
pub struct Reconciliation {
    progress: Progress,
    desk: Desk,
}

async fn run(
    ctx: &mut WorkflowContext<Reconciliation>,
    input: RawValue,
) -> WorkflowResult<ReconciliationResult> {
    let request = intake::reconciliation(&input)
        .map_err(|problem| failure::non_retryable(failure::INVALID_INPUT, problem))?;
    let run = Run {
        run_id: identity::run_id(&request),
        request,
    };
    if ctx.workflow_id() != run.run_id {
        return launch::hand_over(ctx, run).await;
    }
    begin(ctx, &run.request);
    match turn::open(ctx, &run).await? {
        Opened::AlreadyCompleted { totals } => Ok(progress::already_completed(&run, totals)),
        Opened::Proceed(plan) => steps::to_the_end(ctx, run, plan, input).await,
        Opened::Recorded(done) => small::to_the_end(ctx, run, done, input).await,
        Opened::Completed { totals } => Ok(small::completed(ctx, &run, totals)),
        Opened::InReview {
            totals,
            audit,
            review,
        } => {
            let found = steps::Found {
                totals,
                audit,
                review: Some(review),
            };
            steps::back_in_review(ctx, run, found, input).await
        }
        Opened::Waiting { .. } => unreachable!("the turn is waited for"),
    }
}

fn begin(ctx: &mut WorkflowContext<Reconciliation>, request: &ReconciliationInput) {
    ctx.state_mut(|state| state.progress = Progress::begin(request));
    if search::were_given(&ctx.search_attributes()) {
        return review::show(ctx);
    }
    ctx.upsert_search_attributes(search::opening(request));
    steps::enter(ctx, Phase::Opening);
}
