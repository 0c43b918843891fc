//! The review of a run: open until somebody signs it off or cancels it, until nothing material is
//! left, or until its time is over.

use std::collections::{BTreeMap, VecDeque};

use futures::FutureExt;
use futures::future::{Fuse, LocalBoxFuture};
use proto::wire::{ReviewInput, ReviewReply, ReviewStatus, RunTotals};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{
    ActivityExecutionError, ActivityOptions, TimerOptions, TimerResult, WorkflowCancellationToken,
    WorkflowContext, select,
};

use super::Reconciliation;
use super::progress::Phase;
use super::steps;
use crate::ports::{
    self, AuditHead, BeginReview, DecideReview, LookAtReview, Review, ReviewBeginning,
    ReviewDecided, ReviewDecision, ReviewLook, Run,
};
use crate::{failure, intake, time};

type Context = WorkflowContext<Reconciliation>;

/// The time that people have.
type Window = Fuse<LocalBoxFuture<'static, TimerResult>>;

/// Mistakes of signals that people are shown: the latest ones.
const PROBLEMS_MAX: usize = 5;

/// Whether somebody can decide about the review.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Stage {
    #[default]
    NotYet,
    Open,
    Over,
}

/// A decision that somebody asks for.
struct Asked {
    ticket: u64,
    action: &'static str,
    input: ReviewInput,
}

/// What lies in front of the reviewer: what people and cases said, and what they are answered.
#[derive(Default)]
pub(super) struct Desk {
    stage: Stage,
    asked: VecDeque<Asked>,
    tickets: u64,
    answers: BTreeMap<u64, ReviewReply>,
    /// A case was closed.
    pub(super) look: bool,
    /// Acts that were given to the run for its cases.
    pub(super) forwarded: u64,
    problems: VecDeque<String>,
}

/// How a review ended.
pub(super) struct Reviewed {
    /// `signed_off`, `nothing_open`, `review_ended`, `review_cancelled`; empty when there was none.
    pub(super) how: &'static str,
    /// End of the run's audit stream.
    pub(super) audit: AuditHead,
    /// The workflow itself is to end: cancelled, or to go on in a new execution.
    pub(super) leave: Option<Leave>,
}

impl Reviewed {
    /// There was none.
    pub(super) fn none(audit: AuditHead) -> Self {
        Reviewed::ended("", audit)
    }

    fn ended(how: &'static str, audit: AuditHead) -> Self {
        Reviewed {
            how,
            audit,
            leave: None,
        }
    }
}

/// Why a review leaves the execution that it is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leave {
    /// Somebody cancelled the workflow: the review is cancelled with it.
    Cancelled,
    /// The history is long: a new execution finds the run in review.
    NewExecution,
}

/// Puts the run into review.
pub(super) async fn begin(
    ctx: &Context,
    run: &Run,
    totals: &RunTotals,
    review: &Review,
    audit: &AuditHead,
) -> Result<AuditHead, ActivityExecutionError> {
    let beginning = ReviewBeginning {
        run: run.clone(),
        totals: totals.clone(),
        review: review.clone(),
        audit: audit.clone(),
        at: time::now(ctx),
    };
    let options = whole(ports::short("begin the review"));
    ctx.execute_activity(BeginReview, beginning, options).await
}

/// Sees a review through that has begun, here or in an earlier execution.
pub(super) async fn see_through(
    ctx: &mut Context,
    run: &Run,
    review: &Review,
    mut audit: AuditHead,
) -> Reviewed {
    open(ctx, review);
    let mut window = window(ctx, review);
    loop {
        match next(ctx, &mut window).await {
            Next::Decide(asked) => {
                let (how, head) = decide(ctx, run, asked, audit).await;
                audit = head;
                if let Some(how) = how {
                    return Reviewed::ended(how, audit);
                }
            }
            Next::Look => {
                if let Some(how) = look(ctx, run).await {
                    return Reviewed::ended(how, audit);
                }
            }
            Next::WindowIsOver => return Reviewed::ended("review_ended", audit),
            Next::Leave(leave) => {
                return Reviewed {
                    leave: Some(leave),
                    ..Reviewed::ended("review_cancelled", audit)
                };
            }
        }
    }
}

fn open(ctx: &mut Context, review: &Review) {
    let status = ReviewStatus {
        material_open: review.material_open,
        ends_at: review.ends_at.clone(),
        signed_off_by: String::new(),
    };
    ctx.state_mut(|run| {
        run.progress.review = Some(status);
        run.desk.stage = Stage::Open;
        // What was closed before it began, nobody told.
        run.desk.look = true;
    });
    steps::enter(ctx, Phase::InReview);
}

fn window(ctx: &Context, review: &Review) -> Window {
    let wait = time::until(ctx, &review.ends_at).unwrap_or_default();
    let options = TimerOptions::builder(wait)
        .summary(format!("the review ends at {}", review.ends_at))
        .build();
    let ctx = ctx.clone();
    let timer = async move { ctx.timer(options).await };
    timer.boxed_local().fuse()
}

enum Next {
    Decide(Asked),
    Look,
    WindowIsOver,
    Leave(Leave),
}

/// Waits for the next thing that bears on the review.
async fn next(ctx: &Context, window: &mut Window) -> Next {
    let handle = ctx.clone();
    let is_long = move || handle.continue_as_new_suggested() && handle.all_handlers_finished();
    loop {
        if let Some(asked) = ctx.state_mut(|run| run.desk.asked.pop_front()) {
            return Next::Decide(asked);
        }
        if ctx.state_mut(|run| std::mem::take(&mut run.desk.look)) {
            return Next::Look;
        }
        if is_long() {
            return Next::Leave(Leave::NewExecution);
        }
        let is_something = |run: &Reconciliation| run.desk.look || !run.desk.asked.is_empty();
        let moved = ctx.wait_condition(|run| is_something(run) || is_long());
        let mut moved = Box::pin(moved);
        let mut window = &mut *window;
        select! {
            moved = moved => if moved.is_err() {
                return Next::Leave(Leave::Cancelled);
            },
            timer = window => return match timer {
                TimerResult::Fired => Next::WindowIsOver,
                TimerResult::Cancelled => Next::Leave(Leave::Cancelled),
            },
        }
    }
}

/// Signs off or cancels, if that may be; how the review ended, if it did.
async fn decide(
    ctx: &Context,
    run: &Run,
    asked: Asked,
    audit: AuditHead,
) -> (Option<&'static str>, AuditHead) {
    let Asked {
        ticket,
        action,
        input,
    } = asked;
    let decision = ReviewDecision {
        run: run.clone(),
        action: action.to_owned(),
        by: input.by.clone(),
        note: input.note,
        audit: audit.clone(),
        at: time::now(ctx),
    };
    let options = whole(ports::short(format!("{action} by {}", input.by)));
    let decided = ctx.execute_activity(DecideReview, decision, options).await;
    let (reply, audit) = match decided {
        Ok(ReviewDecided { reply, audit }) => (reply, audit),
        // A decision that can't be made is no reason to end the review.
        Err(error) => (refused(&failure::explain(&error).1, None), audit),
    };
    let is_done = reply.outcome == "done";
    ctx.state_mut(|state| {
        if let Some(status) = &reply.review {
            state.progress.review = Some(status.clone());
        }
        state.desk.answers.insert(ticket, reply);
    });
    show(ctx);
    let how = match action {
        "sign_off" => "signed_off",
        _ => "review_cancelled",
    };
    (is_done.then_some(how), audit)
}

/// How the review has ended by what is on record: nothing material is open any more, or an earlier
/// execution signed it off and got no further. When that can't be told, it goes on.
async fn look(ctx: &Context, run: &Run) -> Option<&'static str> {
    let look = ReviewLook { run: run.clone() };
    let options = whole(ports::short("what is still open"));
    match ctx.execute_activity(LookAtReview, look, options).await {
        Ok(status) => {
            let how = match (status.signed_off_by.is_empty(), status.material_open) {
                (false, _) => Some("signed_off"),
                (true, 0) => Some("nothing_open"),
                (true, _) => None,
            };
            ctx.state_mut(|run| run.progress.review = Some(status));
            show(ctx);
            how
        }
        Err(error) => {
            complain(ctx, failure::explain(&error).1);
            None
        }
    }
}

/// Not cut off when the workflow is cancelled: what it wrote on the audit trail must be known.
fn whole(mut options: ActivityOptions) -> ActivityOptions {
    options.cancellation_token = Some(WorkflowCancellationToken::new());
    options
}

/// An update: takes its place in the row, and waits for the answer.
pub(super) async fn ask(ctx: &mut Context, action: &'static str, input: &RawValue) -> ReviewReply {
    let input = match intake::review(input) {
        Ok(input) => input,
        Err(problem) => return refused(&problem, None),
    };
    let (stage, review) = ctx.state(|run| (run.desk.stage, run.progress.review.clone()));
    match stage {
        Stage::Open => {}
        Stage::NotYet => {
            let phase = ctx.state(|run| run.progress.phase().name());
            let problem = format!(
                "there is nothing to review yet: the run is {phase}; ask again once it is in review"
            );
            return refused(&problem, review);
        }
        Stage::Over => return refused("the review of this run is over", review),
    }
    let ticket = ctx.state_mut(|run| {
        let desk = &mut run.desk;
        desk.tickets += 1;
        desk.asked.push_back(Asked {
            ticket: desk.tickets,
            action,
            input,
        });
        desk.tickets
    });
    let answered = ctx.wait_condition(|run| run.desk.answers.contains_key(&ticket));
    let answered = answered.await.is_ok();
    let answer = ctx.state_mut(|run| run.desk.answers.remove(&ticket));
    match answer {
        Some(answer) if answered => answer,
        _ => refused("the run was cancelled", review),
    }
}

/// Nobody can decide any more; whoever still asks is told.
pub(super) fn over(ctx: &Context) {
    ctx.state_mut(|run| {
        run.desk.stage = Stage::Over;
        let review = run.progress.review.clone();
        for asked in std::mem::take(&mut run.desk.asked) {
            let reply = refused("the review of this run is over", review.clone());
            run.desk.answers.insert(asked.ticket, reply);
        }
    });
}

/// Shows a mistake of a signal with the run: there is nobody to answer.
pub(super) fn complain(ctx: &Context, problem: String) {
    if !ctx.is_replaying() {
        tracing::warn!(run = ctx.workflow_id(), "{problem}");
    }
    ctx.state_mut(|run| {
        run.desk.problems.push_back(problem);
        if run.desk.problems.len() > PROBLEMS_MAX {
            run.desk.problems.pop_front();
        }
    });
    show(ctx);
}

/// Puts the run on its page in the Temporal UI.
pub(super) fn show(ctx: &Context) {
    let run_id = ctx.workflow_id().to_owned();
    let details = ctx.state(|run| {
        let problems: String = run
            .desk
            .problems
            .iter()
            .map(|problem| format!("- not done: {problem}\n"))
            .collect();
        run.progress.details(&run_id) + &problems
    });
    ctx.set_current_details(details);
}

fn refused(problem: &str, review: Option<ReviewStatus>) -> ReviewReply {
    ReviewReply {
        outcome: "refused".to_owned(),
        reason: problem.to_owned(),
        review,
    }
}
