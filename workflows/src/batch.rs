//! The same act on many cases: which ones is frozen first, then each is acted on once.

use proto::wire::CaseBatchResult;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::ports::{self, ActOnCases, BatchAct, BatchSelected, BatchSelection, SelectCases};
use crate::{failure, intake, time};

/// Workflow type `CaseBatch`, id `batch/<anything>`: the id names the batch for ever. Selects and
/// acts; cases with a workflow of their own hear of it, the others need none.
#[workflow]
#[derive(Default)]
pub struct CaseBatch;

#[workflow_methods]
impl CaseBatch {
    /// Takes one JSON object, a `CaseBatchInput`.
    #[run(name = "CaseBatch")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<CaseBatchResult> {
        let request = intake::batch(&input)
            .map_err(|problem| failure::non_retryable(failure::INVALID_INPUT, problem))?;
        let batch_id = ctx.workflow_id().to_owned();
        let selection = BatchSelection {
            batch_id: batch_id.clone(),
            request: request.clone(),
        };
        let options = ports::long("which cases", ports::BATCH_HEARTBEAT);
        let selected: BatchSelected = ctx
            .execute_activity(SelectCases, selection, options)
            .await
            .map_err(failure::surface)?;
        let what = format!("{} by {}", request.action, request.by);
        ctx.set_current_details(format!("**{what}**\n\n{} cases", selected.count));
        let act = BatchAct {
            batch_id,
            request,
            selection: selected.selection,
            at: time::now(ctx),
        };
        let result: CaseBatchResult = ctx
            .execute_activity(ActOnCases, act, ports::long(what, ports::BATCH_HEARTBEAT))
            .await
            .map_err(failure::surface)?;
        Ok(result)
    }
}
