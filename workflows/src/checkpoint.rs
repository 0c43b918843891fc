//! What is new on the audit trail, signed from time to time.

use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::ports::{self, CheckpointMade, CheckpointMaking, MakeCheckpoint};
use crate::{failure, time};

/// Workflow type `Checkpoint`, started by the schedule `checkpoint/audit`.
#[workflow]
#[derive(Default)]
pub struct Checkpoint;

#[workflow_methods]
impl Checkpoint {
    /// Takes nothing that matters: an input is not looked at.
    #[run(name = "Checkpoint")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        _: RawValue,
    ) -> WorkflowResult<CheckpointMade> {
        let making = CheckpointMaking { at: time::now(ctx) };
        let options = ports::long("sign what is new on the trail", ports::BATCH_HEARTBEAT);
        let made = ctx.execute_activity(MakeCheckpoint, making, options).await;
        made.map_err(failure::surface)
    }
}
