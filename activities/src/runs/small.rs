//! A small run, gone through at once when it is opened: read, compared, recorded and, when nobody has
//! to look at it, closed.
//!
//! Each step that Temporal knows of has its price, and most runs are so small that doing all of it
//! again costs less. Before the first word of it is on record, what was found is kept: another attempt
//! at the step writes that, and finds nothing anew. Whatever is out of the ordinary is left to the usual
//! steps: they may take their time, and say what is wrong. Which of the two it is, is decided once.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use domain::record::Side;
use serde::{Deserialize, Serialize};
use workflows::failure;
use workflows::ports::{
    Closing, Concluded, Done, Ending, Fetch, Opened, Opening, Plan, Record, Run, Sides,
};

use super::admit::{context, source};
use super::{close, conclude, fetch, open as opening, record};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::Progress;
use crate::inputs;
use crate::staging::{Folder, Staging};

/// Discrepancies of a small run at most: what is recorded in a moment, by any store.
const DISCREPANCIES_MAX: u64 = 100;

/// Reading and comparing may take so long, of the ten seconds that opening a run has.
const PATIENCE: Duration = Duration::from_secs(4);

/// Attempts to find something, before it is left to the usual steps.
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
    if input.in_steps || trueup.pace.small_run_bytes == 0 {
        return Ok(Opened::Proceed(plan));
    }
    let holding = with_staging(trueup, trueup.staging.holding());
    let way = match Way::decided(trueup, &input, attempt).await? {
        Some(way) => way,
        None => {
            let way = find_way(&holding, &input, &plan, attempt).await;
            way.decide(trueup, &input).await?
        }
    };
    match way {
        // What is read again is still in memory, what is written is for good.
        Way::AtOnce(found) => {
            let kept = with_staging(trueup, holding.staging.kept());
            finish(&kept, input, *found).await
        }
        Way::InSteps => Ok(Opened::Proceed(plan)),
    }
}

/// The same installation, with other eyes on the object store.
fn with_staging(trueup: &Trueup, staging: Staging) -> Arc<Trueup> {
    Arc::new(Trueup {
        staging,
        ..trueup.clone()
    })
}

/// How an opened run goes on. An attempt that was thought dead may still be at it: whoever decides
/// first, decides for all attempts, and only then anything is put on record.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    AtOnce(Box<Found>),
    InSteps,
}

impl Way {
    /// What an earlier attempt decided.
    async fn decided(
        trueup: &Trueup,
        input: &Opening,
        attempt: u32,
    ) -> Result<Option<Way>, Failure> {
        if attempt == 1 {
            return Ok(None);
        }
        let (folder, name) = (of_run(&input.run), Way::name(input));
        let decided = trueup.staging.get_named(folder, &name).await?;
        decided.as_deref().map(Way::read).transpose()
    }

    /// Decides for this way, unless another attempt was first.
    async fn decide(&self, trueup: &Trueup, input: &Opening) -> Result<Way, Failure> {
        let (folder, name) = (of_run(&input.run), Way::name(input));
        let bytes = serde_json::to_vec(self).map_err(damaged)?;
        Way::read(&trueup.staging.put_first(folder, &name, bytes).await?)
    }

    fn read(bytes: &[u8]) -> Result<Way, Failure> {
        serde_json::from_slice(bytes).map_err(damaged)
    }

    /// Each execution of the workflow decides for itself.
    fn name(input: &Opening) -> String {
        format!("way-{}.json", input.workflow_run_id)
    }
}

fn of_run(run: &Run) -> Folder<'_> {
    Folder::Compared {
        run_id: &run.run_id,
    }
}

fn damaged(error: serde_json::Error) -> Failure {
    Failure::last(failure::STAGING_DAMAGED, error)
}

/// Goes through the run, up to what would be put on record, if that is quickly done.
async fn find_way(trueup: &Arc<Trueup>, input: &Opening, plan: &Plan, attempt: u32) -> Way {
    if attempt > ATTEMPTS_MAX {
        return Way::InSteps;
    }
    match tokio::time::timeout(PATIENCE, find(trueup, input, plan)).await {
        Ok(Ok(Some(found))) => return Way::AtOnce(Box::new(found)),
        Ok(Ok(None)) => tracing::debug!("not small"),
        Ok(Err(failure)) => tracing::debug!(problem = failure.problem(), "not in one step"),
        Err(_) => tracing::debug!("not in a moment"),
    }
    Way::InSteps
}

/// What a small run found, not on record yet.
#[derive(Serialize, Deserialize)]
struct Found {
    plan: Plan,
    sides: Sides,
    concluded: Concluded,
}

/// Reads and compares, unless that shows that the run is not small, and stores what is read later.
/// What steps only leave for each other stays in memory; nearly all of it, when the run is not small.
async fn find(
    holding: &Arc<Trueup>,
    input: &Opening,
    plan: &Plan,
) -> Result<Option<Found>, Failure> {
    if !has_small_inputs(holding, input).await? {
        return Ok(None);
    }
    let Opening {
        run,
        workflow_run_id,
        ..
    } = input;
    let position = || plan.position.clone();
    let fetched = |side: Side| {
        let side = Fetch {
            run: run.clone(),
            side: side.name().to_owned(),
            position: position(),
        };
        fetch::from_the_start(holding, side, workflow_run_id)
    };
    let (partner, ledger) = tokio::try_join!(fetched(Side::Partner), fetched(Side::Ledger))?;
    let sides = Sides { partner, ledger };
    let concluded = {
        let (run, sides) = (run.clone(), sides.clone());
        conclude::both_sides(holding, run, sides, position(), workflow_run_id).await?
    };
    if concluded.totals.discrepancies > DISCREPANCIES_MAX {
        return Ok(None);
    }
    let later = conclude::read_later(&holding.staging, &concluded).await?;
    holding.staging.keep(of_run(run), &later).await?;
    Ok(Some(Found {
        plan: plan.clone(),
        sides,
        concluded,
    }))
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
