//! One reconciliation of one source for one business date.

pub(crate) mod launch;
mod progress;
mod steps;
mod turn;

use proto::wire::{ReconciliationInput, ReconciliationResult, RunStatus};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};

use crate::ports::{Opened, Run};
use crate::{failure, identity, intake, search};
use progress::{Phase, Progress};

/// Workflow type `Reconciliation`. Its id is the business identity of the run
/// ([`identity::run_id`]); started under any other id, it hands over to that one.
#[workflow]
#[derive(Default)]
pub struct Reconciliation {
    progress: Progress,
}

#[workflow_methods]
impl Reconciliation {
    /// Takes one JSON object, a `ReconciliationInput`.
    #[run(name = "Reconciliation")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
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
            Opened::Proceed(plan) => steps::to_the_end(ctx, run, plan).await,
            Opened::Waiting { .. } => unreachable!("the turn is waited for"),
            Opened::InReview { .. } => unimplemented!("case workflow helper"),
        }
    }

    /// Where the run stands.
    #[query]
    pub fn status(&self, ctx: &WorkflowContextView) -> RunStatus {
        self.progress.status(ctx.workflow_id())
    }
}

fn begin(ctx: &mut WorkflowContext<Reconciliation>, request: &ReconciliationInput) {
    ctx.upsert_search_attributes(search::opening(request));
    ctx.state_mut(|state| state.progress = Progress::begin(request));
    steps::enter(ctx, Phase::Opening);
}
