//! What people and cases say to a run.

use proto::wire::{CaseReply, ReconciliationResult, ReviewReply, RunStatus};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::workflow_methods;
use temporalio_workflow::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
};

use super::{Reconciliation, cases, review, run};
use crate::{intake, update_id};

type Refused = Box<dyn std::error::Error + Send + Sync>;

#[workflow_methods]
impl Reconciliation {
    /// Takes one JSON object, a `ReconciliationInput`.
    #[run(name = "Reconciliation")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<ReconciliationResult> {
        run(ctx, input).await
    }

    /// Where the run stands.
    #[query]
    pub fn status(&self, ctx: &WorkflowContextView) -> RunStatus {
        self.progress.status(ctx.workflow_id())
    }

    /// A case of this run was closed: is anything left to review? Takes anything.
    #[signal]
    pub fn look(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _reason: RawValue) {
        self.desk.look = true;
    }

    /// Resolves one discrepancy: forwarded to its case. Takes a `CaseResolution`.
    #[signal]
    pub async fn resolve(ctx: &mut WorkflowContext<Self>, input: RawValue) {
        match cases::resolution(&input) {
            Ok(asked) => {
                let act_id = act_id(ctx);
                let reply = cases::forward(ctx, act_id, asked).await;
                if reply.outcome == "refused" {
                    review::complain(ctx, format!("`resolve`: {}", reply.reason));
                }
            }
            Err(problem) => review::complain(ctx, format!("signal `resolve`: {problem}")),
        }
    }

    #[update_validator(update_resolve)]
    fn validate_resolve(
        &self,
        _ctx: &WorkflowContextView,
        input: &RawValue,
    ) -> Result<(), Refused> {
        Ok(cases::resolution(input).map(|_| ())?)
    }

    /// As the signal, with an answer.
    #[update(name = "resolve")]
    pub async fn update_resolve(ctx: &mut WorkflowContext<Self>, input: RawValue) -> CaseReply {
        match cases::resolution(&input) {
            Ok(asked) => {
                let act_id = act_id(ctx);
                cases::forward(ctx, act_id, asked).await
            }
            Err(problem) => proto::case::refused(problem),
        }
    }

    #[update_validator(sign_off)]
    fn validate_sign_off(
        &self,
        _ctx: &WorkflowContextView,
        input: &RawValue,
    ) -> Result<(), Refused> {
        Ok(intake::review(input).map(|_| ())?)
    }

    /// Signs the run off. Takes a `ReviewInput`.
    #[update]
    pub async fn sign_off(ctx: &mut WorkflowContext<Self>, input: RawValue) -> ReviewReply {
        review::ask(ctx, "sign_off", &input).await
    }

    #[update_validator(cancel_review)]
    fn validate_cancel_review(
        &self,
        _ctx: &WorkflowContextView,
        input: &RawValue,
    ) -> Result<(), Refused> {
        Ok(intake::review(input).map(|_| ())?)
    }

    /// Ends the review without a sign-off. Takes a `ReviewInput`.
    #[update]
    pub async fn cancel_review(ctx: &mut WorkflowContext<Self>, input: RawValue) -> ReviewReply {
        review::ask(ctx, "cancel_review", &input).await
    }
}

fn act_id(ctx: &mut WorkflowContext<Reconciliation>) -> String {
    let number = ctx.state_mut(|run| {
        run.desk.forwarded += 1;
        run.desk.forwarded
    });
    update_id::act_id(ctx, number)
}
