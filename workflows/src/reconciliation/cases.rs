//! What a run says to cases: those it starts, those of earlier runs, and acts that people gave to
//! the run.

use proto::wire::CaseReply;
use serde_json::Value;
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{ActivityExecutionError, WorkflowContext, join_all};

use super::Reconciliation;
use super::steps::{Cause, Stopped};
use crate::case::launch::{self, NotStarted};
use crate::ports::{
    self, CasesStarting, ForwardAct, Forwarding, Plan, Recorded, Run, StartCases, TellCases,
    Telling,
};
use crate::{failure, intake};

type Context = WorkflowContext<Reconciliation>;

/// Starts one case per alerted discrepancy. One that is under way already delivers the new alerts.
pub(super) async fn start(
    ctx: &mut Context,
    run: &Run,
    plan: &Plan,
    recorded: &Recorded,
) -> Result<u32, Stopped> {
    let cases = recorded.cases.clone();
    let count = u32::try_from(cases.len()).unwrap_or(u32::MAX);
    if cases.is_empty() {
        return Ok(0);
    }
    if recorded.cases_by_step {
        let run = run.clone();
        let options = ports::long("start what tells people", plan.heartbeat());
        ctx.execute_activity(StartCases, CasesStarting { run, cases }, options)
            .await?;
    } else {
        start_all(ctx, &cases).await?;
    }
    Ok(count)
}

/// Starts the cases of these discrepancies, summaries or incidents side by side.
pub(super) async fn start_all(ctx: &Context, cases: &[String]) -> Result<(), Cause> {
    let starts = cases.iter().map(|discrepancy_id| {
        let ctx = ctx.clone();
        async move { launch::start(&ctx, discrepancy_id).await }
    });
    for started in join_all(starts).await {
        started?;
    }
    Ok(())
}

impl From<NotStarted> for Cause {
    fn from(why: NotStarted) -> Self {
        match why {
            NotStarted::Case(error) => Cause::Case(error),
            NotStarted::Signal(problem) => Cause::Signal(problem),
        }
    }
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
    forwarded.unwrap_or_else(|error| {
        proto::case::refused(match error {
            ActivityExecutionError::Cancelled(_) => {
                "the run was cancelled; ask the case".to_owned()
            }
            error => failure::explain(&error).1,
        })
    })
}
