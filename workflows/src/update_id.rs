//! Lets the handler of an update know the id that its caller gave it: an act under the same id is
//! the same act, also in a later execution of the workflow.

use temporalio_workflow::workflow_interceptors::{
    HandleUpdateInput, HandleUpdateResult, WorkflowInterceptor, WorkflowInterceptorConstructor,
    WorkflowInterceptorContext, WorkflowInterceptorFuture, WorkflowNext,
};
use temporalio_workflow::{WorkflowContextKey, WorkflowContextView};

/// Where a handler finds the id of its update.
pub(crate) struct UpdateId;

impl WorkflowContextKey for UpdateId {
    type Value = String;
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
