//! A dead man's switch: at a time of day somebody else than the run looks whether the run of the day
//! is there, and tells people when it is not. Starts no run.

use proto::wire::ScheduledResult;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::case::launch;
use crate::ports::{self, CheckRun, Run, RunCheck, RunChecked, Scheduled};
use crate::{failure, identity, scheduled, time};

/// Workflow type `Watch`. Which day it is about follows from its scheduled time, as for a
/// `ScheduledReconciliation`; on a day without business it does nothing.
#[workflow]
#[derive(Default)]
pub struct Watch;

#[workflow_methods]
impl Watch {
    /// Takes one JSON object, a `ScheduledInput`.
    #[run(name = "Watch")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<ScheduledResult> {
        let request = match scheduled::plan(ctx, &input).await? {
            Scheduled::Skip { result } => return Ok(result),
            Scheduled::Start { request, .. } => request,
        };
        let run_id = identity::run_id(&request);
        let business_date = request.business_date.clone();
        let check = RunCheck {
            run: Run {
                run_id: run_id.clone(),
                request,
            },
            at: time::now(ctx),
        };
        let options = ports::short(format!("is {business_date} reconciled"));
        let checked = ctx.execute_activity(CheckRun, check, options).await;
        let RunChecked {
            outcome,
            summary,
            cases,
        } = checked.map_err(failure::surface)?;
        for case in &cases {
            launch::start(ctx, case).await?;
        }
        Ok(ScheduledResult {
            outcome,
            run_id,
            business_date,
            summary,
        })
    }
}
