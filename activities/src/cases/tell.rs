//! Telling the workflows of earlier cases what a run made of them. The store knows already: a
//! workflow that does not run any more misses nothing.

use futures::future::try_join_all;
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::identity;
use workflows::ports::Telling;

use super::of_run::Told;
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};
use crate::temporal::Heard;

/// Signals on their way at once.
const AT_ONCE: usize = 16;

pub(crate) async fn tell(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: Telling,
) -> Result<(), Failure> {
    // Told twice is as good: without it, begin at the first.
    let told = ctx.heartbeat_details().deserialize::<usize>();
    let told = told.ok().flatten().unwrap_or_default();
    let progress = Progress::new(told);
    alive(ctx, &progress, work(trueup, &progress, input, told)).await
}

async fn work(
    trueup: &Trueup,
    progress: &Progress<usize>,
    input: Telling,
    mut done: usize,
) -> Result<(), Failure> {
    let lines = trueup.staging.get(&input.told).await?;
    let list = read(&lines)?;
    // In order, so that all before the last one counted are told.
    for some in list.get(done..).unwrap_or_default().chunks(AT_ONCE) {
        try_join_all(some.iter().map(|told| signal(trueup, told))).await?;
        done += some.len();
        progress.set(done);
    }
    Ok(())
}

async fn signal(trueup: &Trueup, told: &Told) -> Result<Heard, Failure> {
    let case_id = identity::case_id(&told.discrepancy_id);
    let workflows = &trueup.workflows;
    workflows.signal(&case_id, &told.action, &told.input).await
}

fn read(lines: &[u8]) -> Result<Vec<Told>, Failure> {
    let list = serde_json::Deserializer::from_slice(lines).into_iter();
    list.collect::<Result<_, _>>()
        .map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))
}
