//! Started under another id than the business identity (the UI invents one, a Schedule appends a
//! time): the run is started, or found, under its own id, and this workflow only says which.

use proto::wire::ReconciliationResult;
use temporalio_workflow::{
    ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy, WorkflowContext,
    WorkflowIdReusePolicy, WorkflowResult,
};

use super::{Reconciliation, progress, steps};
use crate::failure;
use crate::ports::Run;

pub(super) async fn hand_over(
    ctx: &mut WorkflowContext<Reconciliation>,
    run: Run,
) -> WorkflowResult<ReconciliationResult> {
    steps::admit(ctx, &run).await?;
    let input = serde_json::to_value(&run.request)
        .map_err(|error| failure::non_retryable(failure::INVALID_INPUT, error.to_string()))?;
    let options = ChildWorkflowOptions::builder()
        .workflow_id(run.run_id.clone())
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicateFailedOnly)
        .parent_close_policy(ParentClosePolicy::Abandon)
        .build();
    let converter = ctx.payload_converter().clone();
    let input = temporalio_common::data_converters::RawValue::from_value(&input, &converter);
    match ctx
        .start_child_workflow(Reconciliation::run, input, options)
        .await
    {
        // Already running, or completed: either way it is the one that answers.
        Ok(_) | Err(ChildWorkflowStartError::StartFailed { .. }) => Ok(progress::handed_over(&run)),
        Err(error) => Err(error.into()),
    }
}
