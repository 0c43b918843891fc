//! Waiting for the partner's report: looks for it until it is there, tells people once when it is
//! overdue, and goes on looking for some days. Reads nothing: the run does.

use std::time::Duration;

use domain::alert::IncidentKind;
use jiff::{SignedDuration, Timestamp};
use proto::wire::ReconciliationInput;
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::case::launch;
use crate::ports::{
    self, IncidentRaised, IncidentRaising, LookForReport, RaiseIncident, ReportLook, ReportLooked,
    Run,
};
use crate::{failure, identity, time};

/// Shortest pause at first. A short wait begins with a tenth of it.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause until people are told.
const PAUSE_MAX: Duration = Duration::from_secs(5 * 60);
/// Longest pause from then on.
const OVERDUE_PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// How long it is looked for after people were told.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);

/// How the wait ended.
pub(super) enum Awaited {
    /// The report is there, or somebody started the run.
    Arrived,
    /// It never came. What was looked for, and where.
    Never(String),
}

/// Waits for the report of the run that `request` asks for. People are told when it is not there
/// after `patience`.
pub(super) async fn wait<W>(
    ctx: &WorkflowContext<W>,
    request: &ReconciliationInput,
    patience: Duration,
) -> WorkflowResult<Awaited> {
    let run = Run {
        run_id: identity::run_id(request),
        request: request.clone(),
    };
    let first_pause = (patience / 10).clamp(Duration::from_secs(1), FIRST_PAUSE);
    let overdue_at = after(time::current(ctx), patience);
    let Err(problem) = look_until(ctx, &run, overdue_at, first_pause, PAUSE_MAX).await? else {
        return Ok(Awaited::Arrived);
    };
    tell(ctx, run.clone(), &problem, overdue_at).await?;
    let give_up_at = time::current(ctx) + GIVEN_UP_AFTER;
    Ok(
        match look_until(ctx, &run, give_up_at, first_pause, OVERDUE_PAUSE_MAX).await? {
            Ok(()) => Awaited::Arrived,
            Err(problem) => Awaited::Never(problem),
        },
    )
}

/// Looks with growing pauses, the last time at `until`; then what was missing.
async fn look_until<W>(
    ctx: &WorkflowContext<W>,
    run: &Run,
    until: Timestamp,
    first_pause: Duration,
    pause_max: Duration,
) -> WorkflowResult<Result<(), String>> {
    let mut pause = first_pause;
    loop {
        let look = ReportLook { run: run.clone() };
        let options = ports::short("is the partner's report there");
        let looked = ctx.execute_activity(LookForReport, look, options).await;
        let problem = match looked.map_err(failure::surface)? {
            ReportLooked::Arrived => return Ok(Ok(())),
            ReportLooked::Missing { problem } => problem,
        };
        let left = time::left(ctx, until);
        if left.is_zero() {
            return Ok(Err(problem));
        }
        time::sleep(ctx, pause.min(left), problem).await?;
        pause = (pause * 2).min(pause_max);
    }
}

async fn tell<W>(
    ctx: &WorkflowContext<W>,
    run: Run,
    problem: &str,
    overdue_at: Timestamp,
) -> WorkflowResult<()> {
    let raising = IncidentRaising {
        kind: IncidentKind::ReportMissing.name().to_owned(),
        run,
        problem: format!(
            "It was to be there by {overdue_at:.0}: {problem}. The run begins by itself if it \
             arrives within 3 days."
        ),
        at: time::now(ctx),
    };
    let options = ports::short("tell that the report is missing");
    let raised = ctx.execute_activity(RaiseIncident, raising, options).await;
    let IncidentRaised { cases } = raised.map_err(failure::surface)?;
    for case in &cases {
        // The run is more important than the alert, which stays on record.
        let _ = launch::start(ctx, case).await;
    }
    Ok(())
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
