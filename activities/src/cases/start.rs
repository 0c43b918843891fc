//! Starting the workflows of cases that have something to tell.

use futures::future::try_join_all;
use temporalio_sdk::activities::ActivityContext;
use workflows::ports::CasesStarting;

use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};

/// Starts on their way at once.
const AT_ONCE: usize = 8;

pub(crate) async fn start(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: CasesStarting,
) -> Result<(), Failure> {
    let work = async {
        // One that was started before only looks once more for what is to be delivered.
        for some in input.cases.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|id| trueup.workflows.start_case(id))).await?;
        }
        Ok(())
    };
    alive(ctx, &Progress::new(()), work).await
}
