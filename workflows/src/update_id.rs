//! Lets the handler of an update know the id that its caller gave it: an act under the same id is
//! the same act, also in a later execution of the workflow.

use temporalio_workflow::workflow_interceptors::{
    HandleUpdateInput, HandleUpdateResult, WorkflowInterceptor, WorkflowInterceptorConstructor,
    WorkflowInterceptorContext, WorkflowInterceptorFuture, WorkflowNext,
};
use temporalio_workflow::{WorkflowContext, WorkflowContextKey, WorkflowContextView};

/// Where a handler finds the id of its update.
struct UpdateId;

impl WorkflowContextKey for UpdateId {
    type Value = String;
}

/// Names the act that a handler does, for ever: by its caller's id, else by where it stands in this
/// execution.
pub(crate) fn act_id<W>(ctx: &WorkflowContext<W>, number: u64) -> String {
    match ctx.context_value::<UpdateId>() {
        Some(update_id) => (*update_id).clone(),
        None => numbered(ctx.run_id(), number),
    }
}

/// Names an act by where it stands in an execution.
pub(crate) fn numbered(execution: &str, number: u64) -> String {
    format!("{execution}/{number}")
}

/// To be registered with every worker.
#[must_use]
pub fn interceptor() -> WorkflowInterceptorConstructor {
    WorkflowInterceptorConstructor::new(|_: &WorkflowContextView| Interceptor)
}

struct Interceptor;

impl WorkflowInterceptor for Interceptor {
    fn handle_update<'a>(
        &'a self,
        ctx: WorkflowInterceptorContext,
        input: HandleUpdateInput,
        next: WorkflowNext<
            'a,
            HandleUpdateInput,
            WorkflowInterceptorFuture<'a, HandleUpdateResult>,
        >,
    ) -> WorkflowInterceptorFuture<'a, HandleUpdateResult> {
        let id = input.id().to_owned();
        let handled = next.run(input);
        WorkflowInterceptorFuture::new(ctx.with_context_value::<UpdateId, _>(id, handled))
    }
}
