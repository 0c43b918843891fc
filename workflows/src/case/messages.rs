//! What people, runs and other services say to a case.
//!
//! Each act is an update, which answers, and a signal of the same name, for the Temporal UI. Both
//! take one JSON object. A malformed one is refused before it enters the history of an update; that
//! of a signal is shown with the case, and stops nothing.

use proto::case::refused;
use proto::wire::{CaseReply, CaseStatus};
use serde_json::Value;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::workflow_methods;
use temporalio_workflow::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
};

use super::inbox::Asked;
use super::{Case, life, progress};
use crate::{intake, update_id};

type Refused = Box<dyn std::error::Error + Send + Sync>;

/// The workflow's methods, with a signal, an update and its validator for each act.
macro_rules! messages {
    ($($action:tt: $signal:ident $update:ident $validate:ident)+) => {
        #[workflow_methods]
        impl Case {
            /// Takes one JSON object, a `CaseInput`.
            #[run(name = "Case")]
            pub async fn run(
                ctx: &mut WorkflowContext<Self>,
                input: RawValue,
            ) -> WorkflowResult<CaseStatus> {
                life::live(ctx, input).await
            }

            /// Where the case and its alerts stand.
            #[query]
            pub fn status(&self, ctx: &WorkflowContextView) -> CaseStatus {
                progress::status(self, ctx.workflow_id())
            }

            /// Looks at the case and its alerts again, and delivers those that are pending.
            /// Takes anything.
            #[signal]
            pub fn redeliver(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _reason: RawValue) {
                self.look_again = true;
            }

            $(
                #[signal]
                pub fn $signal(&mut self, ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
                    self.tell(ctx, $action, &input);
                }

                #[update_validator($update)]
                fn $validate(
                    &self,
                    ctx: &WorkflowContextView,
                    input: &RawValue,
                ) -> Result<(), Refused> {
                    Ok(message($action, input, ctx.workflow_id()).map(|_| ())?)
                }

                #[update(name = $action)]
                pub async fn $update(ctx: &mut WorkflowContext<Self>, input: RawValue) -> CaseReply {
                    ask(ctx, $action, &input).await
                }
            )+
        }
    };
}

messages! {
    "assign": assign update_assign validate_assign
    "comment": comment update_comment validate_comment
    "resolve": resolve update_resolve validate_resolve
    "approve": approve update_approve validate_approve
    "reject": reject update_reject validate_reject
    "reopen": reopen update_reopen validate_reopen
    "acknowledge": acknowledge update_acknowledge validate_acknowledge
    "seen_again": seen_again update_seen_again validate_seen_again
    "auto_clear": auto_clear update_auto_clear validate_auto_clear
}

/// The message of an act, if it is one.
///
/// # Errors
/// One sentence that names the field at fault.
fn message(action: &str, input: &RawValue, workflow_id: &str) -> Result<Value, String> {
    let input: Value = intake::message(input)?;
    proto::case::act(action, &input).map_err(|error| error.to_string())?;
    match input.get("discrepancy_id").and_then(Value::as_str) {
        None | Some("") => Ok(input),
        Some(id) if crate::identity::case_id(id) == workflow_id => Ok(input),
        Some(id) => Err(format!(
            "field `discrepancy_id`: must be that of this case, {workflow_id}, given `{id}`"
        )),
    }
}

/// An update: takes its place in the row, and waits for the answer.
async fn ask(ctx: &mut WorkflowContext<Case>, action: &str, input: &RawValue) -> CaseReply {
    let input = match message(action, input, ctx.workflow_id()) {
        Ok(input) => input,
        Err(problem) => return refused(problem),
    };
    let number = ctx.state(|case| case.inbox.next_number());
    let asked = Asked {
        act_id: update_id::act_id(ctx, number),
        action: action.to_owned(),
        input,
    };
    let ticket = ctx.state_mut(|case| case.inbox.ask(asked));
    let answered = ctx.wait_condition(|case| case.inbox.is_answered(ticket));
    if answered.await.is_err() {
        return refused("the workflow of the case was cancelled; ask again");
    }
    let answer = ctx.state_mut(|case| case.inbox.take_answer(ticket));
    answer.unwrap_or_else(|| refused("the answer was lost; look at the case"))
}

impl Case {
    /// A signal: takes its place in the row, unless it is malformed.
    fn tell(&mut self, ctx: &mut SyncWorkflowContext<Self>, action: &str, input: &RawValue) {
        match message(action, input, ctx.workflow_id()) {
            Ok(input) => {
                let act_id = update_id::numbered(ctx.run_id(), self.inbox.next_number());
                self.inbox.tell(Asked {
                    act_id,
                    action: action.to_owned(),
                    input,
                });
            }
            Err(problem) => {
                if !ctx.is_replaying() {
                    let case = ctx.workflow_id();
                    tracing::warn!(case, "signal `{action}` is malformed: {problem}");
                }
                self.inbox.complain(format!("signal `{action}`: {problem}"));
                ctx.set_current_details(progress::details(&self.status, &self.inbox));
            }
        }
    }
}
