//! A small run, gone through at once when it is opened: read, compared, recorded and, when nobody has
//! to look at it, closed.
//!
//! Each step that Temporal knows of has its price, and most runs are so small that doing all of it
//! again costs less. What the run begins with is pinned, so that another attempt at the step finds and
//! writes the same. Whatever is out of the ordinary is left to the usual steps: they may take their
//! time, and say what is wrong.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use domain::record::Side;
use workflows::failure;
use workflows::ports::{
    Closing, Concluded, Done, Ending, Fetch, Opened, Opening, Plan, Record, Run, Sides, Stored,
};

use super::admit::{context, source};
use super::{close, conclude, fetch, open as opening, record};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::Progress;
use crate::inputs;
use crate::staging::Folder;

/// Discrepancies of a small run at most: what is recorded in a moment, by any store.
const DISCREPANCIES_MAX: u64 = 100;

/// Reading and comparing may take so long, of the ten seconds that opening a run has.
const PATIENCE: Duration = Duration::from_secs(4);

/// Attempts at it, before it is left to the usual steps.
const ATTEMPTS_MAX: u32 = 3;

/// Opens a run, and goes through it at once if it is small. The step's first attempt is 1.
pub(crate) async fn open(
    trueup: &Arc<Trueup>,
    input: Opening,
    attempt: u32,
) -> Result<Opened, Failure> {
    let plan = match opening::open(trueup, &input).await? {
        Opened::Proceed(plan) => plan,
        other => return Ok(other),
    };
    if input.in_steps || trueup.pace.small_run_bytes == 0 || attempt > ATTEMPTS_MAX {
        return Ok(Opened::Proceed(plan));
    }
    match tokio::time::timeout(PATIENCE, find(trueup, &input, &plan)).await {
        Ok(Ok(Some(found))) => return finish(trueup, input, found).await,
        Ok(Ok(None)) => tracing::debug!("not small"),
        Ok(Err(failure)) => tracing::debug!(problem = failure.problem(), "not in one step"),
        Err(_) => tracing::debug!("not in a moment"),
    }
    Ok(Opened::Proceed(plan))
}

/// What this execution of the run began with, however often it is opened.
async fn pinned(trueup: &Trueup, input: &Opening, plan: &Plan) -> Result<Plan, Failure> {
    let folder = Folder::Compared {
        run_id: &input.run.run_id,
    };
    let name = format!("begun-{}.json", input.workflow_run_id);
    let damaged = |error| Failure::last(failure::STAGING_DAMAGED, error);
    let bytes = serde_json::to_vec(plan).map_err(damaged)?;
    let first = trueup.staging.put_first(folder, &name, bytes).await?;
    serde_json::from_slice(&first).map_err(damaged)
}

/// What a small run found, not on record yet.
struct Found {
    plan: Plan,
    sides: Sides,
    concluded: Concluded,
}

/// Reads and compares, unless that shows that the run is not small.
async fn find(
    trueup: &Arc<Trueup>,
    input: &Opening,
    plan: &Plan,
) -> Result<Option<Found>, Failure> {
    if !has_small_inputs(trueup, input).await? {
        return Ok(None);
    }
    let Opening {
        run,
        workflow_run_id,
        ..
    } = input;
    let plan = pinned(trueup, input, plan).await?;
    let position = || plan.position.clone();
    let fetched = |side: Side| {
        let side = Fetch {
            run: run.clone(),
            side: side.name().to_owned(),
            position: position(),
        };
        fetch::from_the_start(trueup, side, workflow_run_id)
    };
    let (partner, ledger) = tokio::try_join!(fetched(Side::Partner), fetched(Side::Ledger))?;
    let sides = Sides { partner, ledger };
    let Some(concluded) = compare(trueup, run, &sides, position(), workflow_run_id).await? else {
        return Ok(None);
    };
    Ok(Some(Found {
        plan,
        sides,
        concluded,
    }))
}

/// Compares both sides, and stores what is read later. What steps only leave for each other stays in
/// memory; all of it, when the run is not small.
async fn compare(
    trueup: &Arc<Trueup>,
    run: &Run,
    sides: &Sides,
    position: Option<Stored>,
    workflow_run_id: &str,
) -> Result<Option<Concluded>, Failure> {
    let folder = Folder::Compared {
        run_id: &run.run_id,
    };
    let holding = Arc::new(Trueup {
        staging: trueup.staging.holding(folder),
        ..Trueup::clone(trueup)
    });
    let (run, sides) = (run.clone(), sides.clone());
    let concluded = conclude::both_sides(&holding, run, sides, position, workflow_run_id).await?;
    if concluded.totals.discrepancies > DISCREPANCIES_MAX {
        return Ok(None);
    }
    for stored in conclude::read_later(&holding.staging, &concluded).await? {
        holding.staging.keep(&stored).await?;
    }
    Ok(Some(concluded))
}

async fn has_small_inputs(trueup: &Trueup, input: &Opening) -> Result<bool, Failure> {
    let source = source(trueup, &input.run)?;
    let context = context(&input.run)?;
    let request = fetch::request(trueup, source, &context);
    let mut bytes = 0;
    for side in Side::BOTH {
        let size = inputs::size(&source.side(side).transport, &request).await?;
        bytes += size.unwrap_or(0);
    }
    Ok(bytes <= trueup.pace.small_run_bytes)
}

/// Puts it on record, and closes the run when nobody is to be told.
async fn finish(trueup: &Trueup, input: Opening, found: Found) -> Result<Opened, Failure> {
    let Found {
        plan,
        sides,
        concluded,
    } = found;
    let Opening { run, at, .. } = &input;
    let record = Record {
        run: run.clone(),
        findings: concluded.findings,
        sides,
        totals: concluded.totals.clone(),
        audit: plan.audit.clone(),
        at: at.clone(),
        position: plan.position.clone(),
    };
    let recorded = match record::work(trueup, &Progress::new(0), record).await {
        Ok(recorded) if !recorded.is_overtaken => recorded,
        // It begins again, with what is on record by now.
        Ok(_) | Err(Failure::Final { .. }) => return opening::open(trueup, &input).await,
        Err(failure) => return Err(failure),
    };
    let totals = recorded.totals.clone().unwrap_or(concluded.totals);
    if recorded.concerns_people() {
        return Ok(Opened::Recorded(Done {
            plan,
            totals,
            recorded,
        }));
    }
    let closing = Closing {
        run: run.clone(),
        ending: Ending::Completed {
            totals: totals.clone(),
            review: String::new(),
        },
        audit: recorded.audit,
        at: at.clone(),
    };
    close::work(trueup, closing).await?;
    Ok(Opened::Completed { totals })
}
