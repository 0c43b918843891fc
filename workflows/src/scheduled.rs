//! What a Temporal Schedule starts: finds the business date of the scheduled time and starts the
//! run under its business id, so that a scheduled and a manual run of a day are one.
//!
//! A Schedule appends its time to the ids of what it starts, and starts the same time twice when it
//! is backfilled twice: hence this workflow in between. It may wait for the partner's report, and
//! never for the run's end.

mod report;

use std::time::Duration;

use domain::alert::IncidentKind;
use jiff::Timestamp;
use proto::wire::{ReconciliationInput, ScheduledResult};
use temporalio_common::data_converters::RawValue;
use temporalio_common::search_attributes::{self, SearchAttributeKey};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::ports::{PlanScheduled, Scheduled, Scheduling};
use crate::reconciliation::launch::{self, Launched};
use crate::{failure, identity, intake, ports, time};
use report::Awaited;

/// Set by the server on what a Schedule starts: the time that was meant, however late it is.
const SCHEDULED_START: SearchAttributeKey<search_attributes::Timestamp> =
    SearchAttributeKey::datetime("TemporalScheduledStartTime");

/// Workflow type `ScheduledReconciliation`. Started by hand, its scheduled time is its start.
#[workflow]
#[derive(Default)]
pub struct ScheduledReconciliation;

#[workflow_methods]
impl ScheduledReconciliation {
    /// Takes one JSON object, a `ScheduledInput`.
    #[run(name = "ScheduledReconciliation")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<ScheduledResult> {
        match plan(ctx, &input).await? {
            Scheduled::Skip { result } => Ok(result),
            Scheduled::Start {
                request,
                start_at,
                wait_for_report_seconds,
            } => {
                if let Some(start_at) = start_at {
                    wait_until(ctx, &start_at).await?;
                }
                if let Some(seconds) = wait_for_report_seconds {
                    let patience = Duration::from_secs(seconds);
                    if let Awaited::Never(problem) = report::wait(ctx, &request, patience).await? {
                        return Ok(never_came(&request, &problem));
                    }
                }
                let launched = launch::start(ctx, &request).await?;
                Ok(answer(&request, launched))
            }
        }
    }
}

type Context = WorkflowContext<ScheduledReconciliation>;

/// Which day the scheduled time is about, by the input of whatever a Schedule starts: a
/// `ScheduledInput`.
pub(crate) async fn plan<W>(
    ctx: &WorkflowContext<W>,
    input: &RawValue,
) -> WorkflowResult<Scheduled> {
    let request = intake::scheduled(input)
        .map_err(|problem| failure::non_retryable(failure::INVALID_INPUT, problem))?;
    let summary = format!("which day of {} is it", request.source);
    let scheduling = Scheduling {
        request,
        scheduled_at: scheduled_at(ctx).to_string(),
    };
    ctx.execute_activity(PlanScheduled, scheduling, ports::short(summary))
        .await
        .map_err(failure::surface)
}

/// The nominal time: a worker that was away, or a server that catches up, does not change the day.
fn scheduled_at<W>(ctx: &WorkflowContext<W>) -> Timestamp {
    let nominal = ctx.search_attributes().get(&SCHEDULED_START);
    let nominal = nominal.and_then(|at| Timestamp::new(at.seconds(), at.nanos()).ok());
    let started = || ctx.info().start_time()?.try_into().ok();
    nominal
        .or_else(started)
        .unwrap_or_else(|| time::current(ctx))
}

/// Waits for the time that a holiday moved the start to; no time at all when that is past.
async fn wait_until(ctx: &mut Context, start_at: &str) -> WorkflowResult<()> {
    let until: Timestamp = start_at.parse().map_err(|error| {
        failure::non_retryable(failure::INVALID_INPUT, format!("{start_at}: {error}"))
    })?;
    match time::left(ctx, until) {
        Duration::ZERO => Ok(()),
        wait => time::sleep(ctx, wait, format!("no business day: moved to {start_at}")).await,
    }
}

fn never_came(request: &ReconciliationInput, problem: &str) -> ScheduledResult {
    let run_id = identity::run_id(request);
    ScheduledResult {
        outcome: IncidentKind::ReportMissing.name().to_owned(),
        summary: format!(
            "{problem}; nobody looks for it any more: put it in its place and start {run_id}"
        ),
        run_id,
        business_date: request.business_date.clone(),
    }
}

fn answer(request: &ReconciliationInput, launched: Launched) -> ScheduledResult {
    let run_id = identity::run_id(request);
    let (outcome, summary) = match launched {
        Launched::New => ("started", format!("started {run_id}")),
        Launched::Found => (
            "already_started",
            format!("{run_id} runs or is completed already; not started again"),
        ),
    };
    ScheduledResult {
        outcome: outcome.to_owned(),
        run_id,
        business_date: request.business_date.clone(),
        summary,
    }
}
