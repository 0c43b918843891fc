//! Starting a case's workflow from another one, which does not wait for its end. One that is under
//! way already is told that there are new alerts.

use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{
    ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy, WorkflowContext,
    WorkflowIdReusePolicy, WorkflowSignalError, WorkflowTermination,
};

use super::Case;
use crate::{failure, identity};

/// Starts and signals of one case that cross each other, before the other workflow gives up.
const ATTEMPTS_MAX: u32 = 5;

/// Why a case could not be started.
pub(crate) enum NotStarted {
    /// The server says so.
    Case(Box<ChildWorkflowStartError>),
    /// It could not be told.
    Signal(String),
}

impl From<NotStarted> for WorkflowTermination {
    fn from(why: NotStarted) -> Self {
        match why {
            NotStarted::Case(error) => (*error).into(),
            NotStarted::Signal(problem) => {
                failure::with_name("CaseNotStarted".to_owned(), problem).into()
            }
        }
    }
}

/// Starts the case, or has it deliver its new alerts.
pub(crate) async fn start<W>(
    ctx: &WorkflowContext<W>,
    discrepancy_id: &str,
) -> Result<(), NotStarted> {
    let case_id = identity::case_id(discrepancy_id);
    for _ in 0..ATTEMPTS_MAX {
        let input = json(
            ctx,
            &serde_json::json!({ "discrepancy_id": discrepancy_id }),
        );
        let options = ChildWorkflowOptions::builder()
            .workflow_id(case_id.clone())
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .parent_close_policy(ParentClosePolicy::Abandon)
            .build();
        match ctx.start_child_workflow(Case::run, input, options).await {
            Ok(_) => return Ok(()),
            Err(ChildWorkflowStartError::StartFailed { .. }) => {}
            Err(error) => return Err(NotStarted::Case(Box::new(error))),
        }
        // Histories of before end here: whoever started the case had its alerts delivered.
        if !ctx.patched("an open case delivers new alerts") {
            return Ok(());
        }
        let reason = json(
            ctx,
            &serde_json::json!({ "reason": "there are new alerts" }),
        );
        let case = ctx.external_workflow(case_id.clone(), None);
        match case
            .signal(Case::redeliver, reason, Default::default())
            .await
        {
            // It ended between the two: start it again.
            Err(WorkflowSignalError::NotFound(_)) => {}
            Ok(()) => return Ok(()),
            Err(error) => return Err(NotStarted::Signal(error.to_string())),
        }
    }
    Err(NotStarted::Signal(format!(
        "{case_id} ends and begins all the time"
    )))
}

fn json<W>(ctx: &WorkflowContext<W>, value: &serde_json::Value) -> RawValue {
    RawValue::from_value(value, &ctx.payload_converter().clone())
}
