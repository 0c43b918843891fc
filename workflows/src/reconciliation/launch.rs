//! Starting a run under its business id from another workflow, which does not wait for its end.
//!
//! A run that was started under another id (the UI invents one) is started, or found, under its
//! own, and the workflow with the other id only says which.

use proto::wire::{ReconciliationInput, ReconciliationResult};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{
    ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy, WorkflowContext,
    WorkflowIdReusePolicy, WorkflowResult,
};

use super::{Reconciliation, progress, steps};
use crate::ports::Run;
use crate::{failure, identity, search};

/// What a request to start a run came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Launched {
    /// This request started it.
    New,
    /// It runs, or it is completed: either way it is the one that answers.
    Found,
}

/// Starts the run under its business id, unless it runs or is completed. One that failed before
/// is started again.
pub(crate) async fn start<W>(
    ctx: &WorkflowContext<W>,
    request: &ReconciliationInput,
) -> WorkflowResult<Launched> {
    let input = serde_json::to_value(request)
        .map_err(|error| failure::non_retryable(failure::INVALID_INPUT, error.to_string()))?;
    let options = ChildWorkflowOptions::builder()
        .workflow_id(identity::run_id(request))
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicateFailedOnly)
        .parent_close_policy(ParentClosePolicy::Abandon)
        .search_attributes(search::at_start(request))
        .build();
    let input = RawValue::from_value(&input, ctx.payload_converter());
    match ctx
        .start_child_workflow(Reconciliation::run, input, options)
        .await
    {
        Ok(_) => Ok(Launched::New),
        Err(ChildWorkflowStartError::StartFailed { .. }) => Ok(Launched::Found),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn hand_over(
    ctx: &mut WorkflowContext<Reconciliation>,
    run: Run,
) -> WorkflowResult<ReconciliationResult> {
    steps::admit(ctx, &run).await?;
    start(ctx, &run.request).await?;
    Ok(progress::handed_over(&run))
}
