//! The steps of a run, in order.

use std::time::Duration;

use proto::wire::{ReconciliationResult, RunTotals};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{
    ActivityExecutionError, ChildWorkflowStartError, ContinueAsNewOptions, WaitConditionOptions,
    WorkflowCancellationToken, WorkflowContext, WorkflowResult, WorkflowTermination, join,
    join_all,
};

use super::progress::{self, Phase};
use super::review::{self, Leave, Reviewed};
use super::{Reconciliation, cases, turn};
use crate::ports::{
    AdmitRun, AuditHead, CloseRun, Closed, Closing, Compare, CompareBuckets, Conclude, ConcludeRun,
    Concluded, Done, Ending, Fetch, FetchSide, Fetched, OpenRun, Opened, Opening, Plan, Record,
    RecordFindings, Recorded, Review, Run, Sides, Stored,
};
use crate::{failure, ports, search, time};

type Context = WorkflowContext<Reconciliation>;

/// A close that gives no sign for this long is taken over by another worker.
const CLOSE_HEARTBEAT: Duration = Duration::from_secs(10);

/// Times that other runs may come first, before a run gives up.
const OVERTAKEN_MAX: u32 = 3;

/// Runs all steps after the opening, and closes the run in the store however they end.
pub(super) async fn to_the_end(
    ctx: &mut Context,
    run: Run,
    plan: Plan,
    input: RawValue,
) -> WorkflowResult<ReconciliationResult> {
    let audit = plan.audit.clone();
    let found = reconcile(ctx, &run, plan).await;
    end(ctx, run, found, audit, input).await
}

/// Reviews and closes a run that found something, and closes one that could not go on.
pub(super) async fn end(
    ctx: &mut Context,
    run: Run,
    found: Result<Found, Stopped>,
    audit: AuditHead,
    input: RawValue,
) -> WorkflowResult<ReconciliationResult> {
    match found {
        Ok(found) => review_and_close(ctx, run, found, input).await,
        Err(stopped) => fail(ctx, &run, stopped, audit).await,
    }
}

/// Goes on with the review of a run that an earlier execution compared and recorded.
pub(super) async fn back_in_review(
    ctx: &mut Context,
    run: Run,
    found: Found,
    input: RawValue,
) -> WorkflowResult<ReconciliationResult> {
    all_but_the_last(ctx, &found.totals);
    review_and_close(ctx, run, found, input).await
}

/// Shows a run that was compared and recorded before.
pub(super) fn all_but_the_last(ctx: &mut Context, totals: &RunTotals) {
    ctx.upsert_search_attributes(search::findings(totals));
    ctx.state_mut(|state| state.progress.all_but_the_last(totals.clone()));
}

async fn review_and_close(
    ctx: &mut Context,
    run: Run,
    found: Found,
    input: RawValue,
) -> WorkflowResult<ReconciliationResult> {
    let Found {
        totals,
        audit,
        review,
    } = found;
    let reviewed = match review {
        Some(review) => review::see_through(ctx, &run, &review, audit).await,
        None => Reviewed::none(audit),
    };
    match reviewed.leave {
        Some(Leave::NewExecution) => {
            match ctx.continue_as_new(input, ContinueAsNewOptions::default())? {}
        }
        _ => complete(ctx, run, totals, reviewed).await,
    }
}

/// Closes a run whose review is over, or that had none.
async fn complete(
    ctx: &mut Context,
    run: Run,
    totals: RunTotals,
    reviewed: Reviewed,
) -> WorkflowResult<ReconciliationResult> {
    let Reviewed { how, audit, leave } = reviewed;
    review::over(ctx);
    let ending = Ending::Completed {
        totals: totals.clone(),
        review: how.to_owned(),
    };
    close(ctx, &run, ending, audit).await?;
    enter(ctx, Phase::Completed);
    handlers_finished(ctx).await;
    match leave {
        Some(_) => Err(WorkflowTermination::cancelled()),
        None => Ok(progress::completed(&run, totals, how)),
    }
}

/// Closes a run that can't go on, with the reason that people see.
async fn fail(
    ctx: &mut Context,
    run: &Run,
    stopped: Stopped,
    audit: AuditHead,
) -> WorkflowResult<ReconciliationResult> {
    let (name, problem) = stopped.explain();
    ctx.state_mut(|state| state.progress.fail(&problem));
    review::over(ctx);
    let ending = Ending::Failed {
        name: name.clone(),
        problem: problem.clone(),
    };
    let closed = close(ctx, run, ending, stopped.audit.clone().unwrap_or(audit)).await?;
    // That nobody can be told is no reason to hide why it failed; the alerts stay on record.
    let _ = cases::start_all(ctx, &closed.cases).await;
    ctx.upsert_search_attributes([search::PHASE.value_set("failed".to_owned())]);
    handlers_finished(ctx).await;
    Err(stopped.termination(&name, &problem))
}

/// What a run found and put on record.
pub(super) struct Found {
    /// Counts and sums.
    pub(super) totals: RunTotals,
    /// End of the run's audit stream.
    pub(super) audit: AuditHead,
    /// How it is reviewed; none when it is not.
    pub(super) review: Option<Review>,
}

async fn reconcile(ctx: &mut Context, run: &Run, plan: Plan) -> Result<Found, Stopped> {
    let done = find(ctx, run, plan).await?;
    tell(ctx, run, done).await
}

/// Tells people and cases what is on record.
pub(super) async fn tell(ctx: &mut Context, run: &Run, done: Done) -> Result<Found, Stopped> {
    enter(ctx, Phase::Alerting);
    match alert(ctx, run, &done).await {
        Ok(found) => Ok(found),
        Err(stopped) => Err(Stopped {
            audit: Some(done.recorded.audit),
            ..stopped
        }),
    }
}

/// Tells cases what was found, and begins the review where there is one.
async fn alert(ctx: &mut Context, run: &Run, done: &Done) -> Result<Found, Stopped> {
    let Done {
        plan,
        recorded,
        totals,
    } = done;
    let cases_started = cases::start(ctx, run, plan, recorded).await?;
    cases::tell(ctx, run, plan, recorded).await?;
    let totals = recorded.totals.as_ref().unwrap_or(totals);
    let totals = RunTotals {
        cases_started,
        ..totals.clone()
    };
    ctx.state_mut(|state| state.progress.totals = totals.clone());
    let is_needed = |review: &&Review| review.material_open > 0;
    let review = recorded.review.as_ref().filter(is_needed).cloned();
    let audit = match &review {
        Some(review) => review::begin(ctx, run, &totals, review, &recorded.audit).await?,
        None => recorded.audit.clone(),
    };
    Ok(Found {
        totals,
        audit,
        review,
    })
}

/// Reads, compares and records; again from the opening, when another run of the source was
/// concluded meanwhile.
async fn find(ctx: &mut Context, run: &Run, mut plan: Plan) -> Result<Done, Stopped> {
    for _ in 0..OVERTAKEN_MAX {
        enter(ctx, Phase::Fetching);
        let sides = fetch(ctx, run, &plan).await?;
        enter(ctx, Phase::Comparing);
        let compared = compare(ctx, run, &plan, &sides).await?;
        let concluded = conclude(ctx, run, &plan, &sides, compared).await?;
        enter(ctx, Phase::Recording);
        let recorded = record(ctx, run, &plan, sides, &concluded).await?;
        if !recorded.is_overtaken {
            let totals = concluded.totals;
            return Ok(Done {
                plan,
                recorded,
                totals,
            });
        }
        plan = turn::again(ctx, run).await?;
    }
    Err(turn::overtaken())
}

/// Fails at once for a source that is not configured.
pub(super) async fn admit(ctx: &mut Context, run: &Run) -> WorkflowResult<()> {
    let opening = opening(ctx, run, false);
    let options = ports::short(format!("is {} known", run.request.source));
    ctx.execute_activity(AdmitRun, opening, options)
        .await
        .map_err(failure::surface)
}

/// Opens the run in the store, or learns whom it has to wait for.
pub(super) async fn ask(
    ctx: &Context,
    run: &Run,
    in_steps: bool,
) -> Result<Opened, ActivityExecutionError> {
    let opening = opening(ctx, run, in_steps);
    let options = ports::short(format!("open {}", run.run_id));
    ctx.execute_activity(OpenRun, opening, options).await
}

async fn fetch(ctx: &mut Context, run: &Run, plan: &Plan) -> Result<Sides, Stopped> {
    let side = |name: &str| {
        let input = Fetch {
            run: run.clone(),
            side: name.to_owned(),
            position: plan.position.clone(),
        };
        let options = ports::long(format!("read the {name}'s side"), plan.heartbeat());
        ctx.execute_activity(FetchSide, input, options)
    };
    let (partner, ledger) = join!(side("partner"), side("ledger"));
    let (partner, ledger): (Fetched, Fetched) = (partner?, ledger?);
    ctx.state_mut(|state| {
        state.progress.totals.partner = Some(partner.counts.clone());
        state.progress.totals.ledger = Some(ledger.counts.clone());
        state.progress.step_done();
        state.progress.step_done();
    });
    Ok(Sides { partner, ledger })
}

async fn compare(
    ctx: &mut Context,
    run: &Run,
    plan: &Plan,
    sides: &Sides,
) -> Result<Vec<Stored>, Stopped> {
    if sides.break_controls() {
        // A report that breaks its own arithmetic is not matched.
        return Ok(Vec::new());
    }
    let rows = sides.partner.counts.accepted + sides.ledger.counts.accepted;
    let tasks = task_count(rows, plan);
    ctx.state_mut(|state| state.progress.comparisons(tasks));
    let comparisons = (0..tasks).map(|task| {
        let input = Compare::part(run, sides, plan.position.clone(), task, tasks);
        let options = ports::long(
            format!("match part {} of {tasks}", task + 1),
            plan.heartbeat(),
        );
        let comparison = ctx.execute_activity(CompareBuckets, input, options);
        let ctx = ctx.clone();
        async move {
            let compared = comparison.await;
            ctx.state_mut(|state| state.progress.step_done());
            compared
        }
    });
    let compared = join_all(comparisons).await;
    Ok(compared.into_iter().collect::<Result<Vec<Stored>, _>>()?)
}

fn task_count(rows: u64, plan: &Plan) -> u32 {
    let wanted = rows.div_ceil(plan.records_per_task.max(1));
    let limit = plan.compare_tasks_max.clamp(1, domain::matching::BUCKETS);
    u32::try_from(wanted).unwrap_or(limit).clamp(1, limit)
}

async fn conclude(
    ctx: &mut Context,
    run: &Run,
    plan: &Plan,
    sides: &Sides,
    compared: Vec<Stored>,
) -> Result<Concluded, Stopped> {
    let input = Conclude {
        run: run.clone(),
        sides: sides.clone(),
        compared,
        position: plan.position.clone(),
    };
    let options = ports::long("classify what did not match", plan.heartbeat());
    let concluded: Concluded = ctx.execute_activity(ConcludeRun, input, options).await?;
    ctx.upsert_search_attributes(search::findings(&concluded.totals));
    ctx.state_mut(|state| {
        state.progress.totals = concluded.totals.clone();
        state.progress.step_done();
    });
    Ok(concluded)
}

async fn record(
    ctx: &mut Context,
    run: &Run,
    plan: &Plan,
    sides: Sides,
    concluded: &Concluded,
) -> Result<Recorded, Stopped> {
    let input = Record {
        run: run.clone(),
        findings: concluded.findings.clone(),
        sides,
        totals: concluded.totals.clone(),
        audit: plan.audit.clone(),
        at: time::now(ctx),
        position: plan.position.clone(),
    };
    let options = ports::long(
        "record discrepancies, audit entries and alerts",
        plan.heartbeat(),
    );
    let recorded = ctx.execute_activity(RecordFindings, input, options).await?;
    step_done(ctx);
    Ok(recorded)
}

/// Closes the run in the store, also when the workflow was cancelled.
async fn close(
    ctx: &mut Context,
    run: &Run,
    ending: Ending,
    audit: AuditHead,
) -> WorkflowResult<Closed> {
    // It adds up what resolutions settled: as long as there are open items, it gives signs of life.
    let mut options = ports::long("close the run", CLOSE_HEARTBEAT);
    options.cancellation_token = Some(WorkflowCancellationToken::new());
    let input = Closing {
        run: run.clone(),
        ending,
        audit,
        at: time::now(ctx),
    };
    let closed = ctx
        .execute_activity(CloseRun, input, options)
        .await
        .map_err(failure::surface)?;
    step_done(ctx);
    Ok(closed)
}

pub(super) fn enter(ctx: &mut Context, phase: Phase) {
    ctx.state_mut(|state| state.progress.enter(phase));
    ctx.upsert_search_attributes([search::PHASE.value_set(phase.name().to_owned())]);
    review::show(ctx);
}

pub(super) fn step_done(ctx: &mut Context) {
    ctx.state_mut(|state| state.progress.step_done());
}

fn opening(ctx: &Context, run: &Run, in_steps: bool) -> Opening {
    Opening {
        in_steps,
        run: run.clone(),
        workflow_run_id: ctx.run_id().to_owned(),
        at: time::now(ctx),
    }
}

/// Waits until everybody has their answer.
async fn handlers_finished(ctx: &Context) {
    let handle = ctx.clone();
    let options = WaitConditionOptions::builder()
        .cancellation_token(WorkflowCancellationToken::new())
        .build();
    // With a token of its own it can't be cancelled.
    let _ = ctx
        .wait_condition_with_options(move |_| handle.all_handlers_finished(), options)
        .await;
}

/// Why a run stopped half way, and where its audit stream ended then, if that moved.
pub(super) struct Stopped {
    pub(super) cause: Cause,
    pub(super) audit: Option<AuditHead>,
}

pub(super) enum Cause {
    Activity(Box<ActivityExecutionError>),
    /// Other runs of the source came first each time.
    Overtaken,
    /// It was cancelled while it waited for its turn.
    Cancelled,
    Case(Box<ChildWorkflowStartError>),
    Signal(String),
}

impl From<Cause> for Stopped {
    fn from(cause: Cause) -> Self {
        Stopped { cause, audit: None }
    }
}

impl From<ActivityExecutionError> for Stopped {
    fn from(error: ActivityExecutionError) -> Self {
        Stopped {
            cause: Cause::Activity(Box::new(error)),
            audit: None,
        }
    }
}

impl Stopped {
    /// The failure's name and sentence, as people get to see them.
    fn explain(&self) -> (String, String) {
        match &self.cause {
            _ if self.is_cancelled() => cancelled(),
            Cause::Activity(error) => failure::explain(error),
            Cause::Case(error) => ("CaseNotStarted".to_owned(), error.to_string()),
            Cause::Signal(problem) => ("CaseNotStarted".to_owned(), problem.clone()),
            Cause::Overtaken | Cause::Cancelled => (
                failure::OVERTAKEN.to_owned(),
                "other runs of the source were concluded first each time; start it again"
                    .to_owned(),
            ),
        }
    }

    fn termination(&self, name: &str, problem: &str) -> WorkflowTermination {
        match self.is_cancelled() {
            true => WorkflowTermination::cancelled(),
            false => failure::with_name(name.to_owned(), problem).into(),
        }
    }

    fn is_cancelled(&self) -> bool {
        match &self.cause {
            Cause::Activity(error) => matches!(**error, ActivityExecutionError::Cancelled(_)),
            Cause::Case(error) => matches!(**error, ChildWorkflowStartError::Cancelled(_)),
            Cause::Signal(_) => false,
            Cause::Cancelled => true,
            Cause::Overtaken => false,
        }
    }
}

fn cancelled() -> (String, String) {
    (
        "Cancelled".to_owned(),
        "the run was cancelled; nothing half done is kept".to_owned(),
    )
}
