//! Opening a run: on record before anything is read.

use domain::audit::{AuditCursor, AuditHead, Hash};
use jiff::Timestamp;
use workflows::failure;
use workflows::ports::{self, Opened, Opening, Plan, Run};

use super::admit::{self, context};
use super::review;
use crate::Trueup;
use crate::failures::Failure;
use crate::store::{self, RunOpening, RunRow};

/// How often a run asks whether it is its turn.
const ASKED_EVERY_SECONDS: u32 = 5;

pub(super) async fn open(trueup: &Trueup, input: &Opening) -> Result<Opened, Failure> {
    admit::source(trueup, &input.run)?;
    let opened_at = timestamp(&input.at)?;
    if input.run.request.dry_run {
        return proceed(trueup, &input.run, AuditHead::EMPTY).await;
    }
    match trueup.store.open_run(opening(input, opened_at)?).await? {
        store::Opened::Closed(run) => {
            let totals = run.totals.unwrap_or_default();
            // Another attempt at this step may have gone through it, and its answer was lost.
            match run.workflow_run_id == input.workflow_run_id {
                true => Ok(Opened::Completed { totals }),
                false => Ok(Opened::AlreadyCompleted { totals }),
            }
        }
        store::Opened::InReview(run, head) => in_review(trueup, &input.run, *run, head).await,
        store::Opened::New(head) | store::Opened::Resumed(head) => {
            proceed(trueup, &input.run, head).await
        }
        store::Opened::Waiting { for_run } => Ok(Opened::Waiting {
            for_run,
            seconds: ASKED_EVERY_SECONDS,
        }),
    }
}

/// An earlier execution compared and recorded; what is left is the review.
async fn in_review(
    trueup: &Trueup,
    run: &Run,
    row: RunRow,
    head: AuditHead,
) -> Result<Opened, Failure> {
    let review = review::under_way(trueup, run).await?;
    let review = review.ok_or_else(|| {
        let problem = format!(
            "{} is in review, and no review of it is on record",
            run.run_id
        );
        Failure::last(failure::STORE_CONFLICT, problem)
    })?;
    Ok(Opened::InReview {
        totals: row.totals.unwrap_or_default(),
        audit: to_port(head),
        review,
    })
}

async fn proceed(trueup: &Trueup, run: &Run, head: AuditHead) -> Result<Opened, Failure> {
    let position = trueup.store.position(&run.request.source).await?;
    Ok(Opened::Proceed(Plan {
        audit: to_port(head),
        compare_tasks_max: trueup.pace.compare_tasks_max,
        records_per_task: trueup.pace.records_per_task,
        heartbeat_timeout_seconds: trueup.pace.heartbeat_timeout_seconds,
        position,
    }))
}

fn opening(input: &Opening, opened_at: Timestamp) -> Result<RunOpening, Failure> {
    let Run { run_id, request } = &input.run;
    let context = context(&input.run)?;
    Ok(RunOpening {
        run_id: run_id.clone(),
        workflow_run_id: input.workflow_run_id.clone(),
        source: request.source.clone(),
        business_date: context.business_date,
        scope: context.scope,
        generation: request.generation,
        requested_by: request.requested_by.clone(),
        opened_at,
        now: Timestamp::now(),
    })
}

/// Workflow time, as the workflow wrote it.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp, Failure> {
    text.parse()
        .map_err(|error| Failure::last(failure::INVALID_INPUT, format!("{text}: {error}")))
}

/// The end of an audit stream, as it travels through the workflow.
pub(crate) fn to_port(head: AuditHead) -> ports::AuditHead {
    ports::AuditHead {
        sequence: head.length,
        hash: head.hash.to_string(),
    }
}

/// Where the workflow's audit stream goes on.
pub(crate) fn cursor(
    stream: &str,
    head: &ports::AuditHead,
    at: &str,
    actor: &str,
) -> Result<AuditCursor, Failure> {
    let hash = Hash::parse(&head.hash)
        .ok_or_else(|| Failure::last(failure::INVALID_INPUT, "the audit head is no hash"))?;
    Ok(AuditCursor {
        stream: stream.to_owned(),
        head: AuditHead {
            length: head.sequence,
            hash,
        },
        at: timestamp(at)?,
        actor: actor.to_owned(),
    })
}
