//! What a run says to cases: those it starts, those of earlier runs, and acts that people gave to
//! the run.

use proto::wire::CaseReply;
use serde_json::Value;
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{
    ActivityExecutionError, ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy,
    WorkflowContext, WorkflowIdReusePolicy, WorkflowSignalError, join_all,
};

use super::Reconciliation;
use super::steps::{Cause, Stopped};
use crate::case::Case;
use crate::ports::{self, ForwardAct, Forwarding, Plan, Recorded, Run, TellCases, Telling};
use crate::{failure, identity, intake};

type Context = WorkflowContext<Reconciliation>;

/// Starts and signals of one case that cross each other, before a run gives up.
const ATTEMPTS_MAX: u32 = 5;

/// Starts one case per alerted discrepancy. One that is under way already delivers the new alerts.
pub(super) async fn start(ctx: &mut Context, recorded: &Recorded) -> Result<u32, Cause> {
    let starts = recorded.cases.iter().map(|discrepancy_id| {
        let ctx = ctx.clone();
        async move { start_one(&ctx, discrepancy_id).await }
    });
    for started in join_all(starts).await {
        started?;
    }
    Ok(u32::try_from(recorded.cases.len()).unwrap_or(u32::MAX))
}

async fn start_one(ctx: &Context, discrepancy_id: &str) -> Result<(), Cause> {
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
            Err(error) => return Err(Cause::Case(Box::new(error))),
        }
        // Histories of before end here: whoever started the case had its alerts delivered.
        if !ctx.patched("an open case delivers new alerts") {
            return Ok(());
        }
        let reason = json(
            ctx,
            &serde_json::json!({ "reason": "a run has new alerts" }),
        );
        let case = ctx.external_workflow(case_id.clone(), None);
        match case
            .signal(Case::redeliver, reason, Default::default())
            .await
        {
            // It ended between the two: start it again.
            Err(WorkflowSignalError::NotFound(_)) => {}
            Ok(()) => return Ok(()),
            Err(error) => return Err(Cause::Signal(error.to_string())),
        }
    }
    Err(Cause::Signal(format!(
        "{case_id} ends and begins all the time"
    )))
}

/// Tells the cases of earlier runs what became of them, where this run knows.
pub(super) async fn tell(
    ctx: &Context,
    run: &Run,
    plan: &Plan,
    recorded: &Recorded,
) -> Result<(), Stopped> {
    let Some(told) = &recorded.told else {
        return Ok(());
    };
    let telling = Telling {
        run: run.clone(),
        told: told.clone(),
    };
    let options = ports::long("tell earlier cases", plan.heartbeat());
    Ok(ctx.execute_activity(TellCases, telling, options).await?)
}

/// A resolution that people gave to the run: whose case, and the case's own message.
///
/// # Errors
/// One sentence that names the field at fault.
pub(super) fn resolution(input: &RawValue) -> Result<(String, Value), String> {
    let input: Value = intake::message(input)?;
    proto::case::act("resolve", &input).map_err(|error| error.to_string())?;
    match input.get("discrepancy_id").and_then(Value::as_str) {
        None | Some("") => Err("missing field `discrepancy_id`".to_owned()),
        Some(id) => Ok((id.to_owned(), input)),
    }
}

/// Gives a resolution to its case, and waits for the answer.
pub(super) async fn forward(ctx: &Context, act_id: String, asked: (String, Value)) -> CaseReply {
    let (discrepancy_id, input) = asked;
    let options = ports::delivery(format!("resolve {discrepancy_id}"));
    let forwarding = Forwarding {
        discrepancy_id,
        act_id,
        action: "resolve".to_owned(),
        input,
    };
    let forwarded = ctx.execute_activity(ForwardAct, forwarding, options).await;
    forwarded.unwrap_or_else(|error| CaseReply {
        outcome: "refused".to_owned(),
        reason: match error {
            ActivityExecutionError::Cancelled(_) => {
                "the run was cancelled; ask the case".to_owned()
            }
            error => failure::explain(&error).1,
        },
        case: None,
    })
}

fn json(ctx: &Context, value: &Value) -> RawValue {
    RawValue::from_value(value, &ctx.payload_converter().clone())
}
