//! What a case does, one thing after the other, until it is closed and nothing pends.

use proto::case::refused;
use proto::wire::{AlertStatus, CaseReply, CaseStatus};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{
    ActivityExecutionError, ContinueAsNewOptions, TimerResult, WaitConditionOptions,
    WorkflowCancellationToken, WorkflowContext, WorkflowResult, WorkflowTermination, select,
};

use super::Case;
use super::alarm::Alarm;
use super::deliveries::{Arrival, Deliveries};
use super::inbox::{Asked, Ticket};
use super::progress;
use crate::ports::{
    self, ActBehind, ActOnCase, CaseAct, CaseActed, CaseOpened, CaseOpening, Delivery, FallBack,
    OpenCase, PassTime, TimePassing,
};
use crate::{failure, intake, time};

type Context = WorkflowContext<Case>;

/// From so many events on the case goes on in a new execution even while an alert is on its way,
/// which may then arrive twice: it is named, and people see that it is the same.
const EVENTS_MAX: u32 = 20_000;

/// The whole execution. Whoever waits for an answer gets one, however it ends.
pub(super) async fn live(ctx: &mut Context, input: RawValue) -> WorkflowResult<CaseStatus> {
    let ended = match begin(ctx, &input) {
        Ok(life) => life.until_the_end(ctx, input).await,
        Err(problem) => Err(Stopped::of(failure::INVALID_INPUT, problem)),
    };
    match ended {
        Ok(status) => Ok(status),
        Err(Stopped::Ended(termination)) => Err(termination),
        Err(Stopped::Failed { name, problem }) => {
            ctx.state_mut(|case| case.inbox.refuse_all(&problem));
            handlers_finished(ctx).await;
            Err(failure::with_name(name, problem).into())
        }
    }
}

fn begin(ctx: &Context, input: &RawValue) -> Result<Life, String> {
    let (input, carried) = intake::case(input)?;
    ctx.state_mut(|case| {
        case.status.case_id = ctx.workflow_id().to_owned();
        case.look_again |= carried.look_again;
        case.inbox.take_over(carried);
    });
    Ok(Life {
        discrepancy_id: input.discrepancy_id,
        stays_open: true,
        in_turn: false,
        deliveries: Deliveries::default(),
        alarm: Alarm::unset(),
    })
}

/// Why an execution does not end with an answer.
enum Stopped {
    /// It was cancelled, or goes on in a new one.
    Ended(WorkflowTermination),
    /// It can't go on.
    Failed {
        /// One of the names in [`failure`].
        name: String,
        /// What happened.
        problem: String,
    },
}

impl Stopped {
    fn of(name: &str, problem: String) -> Self {
        Stopped::Failed {
            name: name.to_owned(),
            problem,
        }
    }
}

impl From<ActivityExecutionError> for Stopped {
    fn from(error: ActivityExecutionError) -> Self {
        if matches!(error, ActivityExecutionError::Cancelled(_)) {
            return Stopped::Ended(WorkflowTermination::cancelled());
        }
        let (name, problem) = failure::explain(&error);
        Stopped::Failed { name, problem }
    }
}

/// One execution's view of a case.
struct Life {
    discrepancy_id: String,
    /// As the store said last.
    stays_open: bool,
    /// The store's answers are those of a worker that did one thing after the other: look again
    /// only once every alert has arrived, as the history of such an execution says.
    in_turn: bool,
    deliveries: Deliveries,
    alarm: Alarm,
}

/// What comes next.
enum Next {
    /// An alert has arrived, is given up, or has run out of time.
    Alert(Arrival),
    /// Something is due.
    Due,
    /// Somebody asks for something, or everything is done.
    Moved,
}

impl Life {
    async fn until_the_end(
        mut self,
        ctx: &mut Context,
        input: RawValue,
    ) -> Result<CaseStatus, Stopped> {
        self.look(ctx).await?;
        loop {
            if self.has_to_go_on_in_a_new_execution(ctx) {
                return Err(self.go_on_in_a_new_execution(ctx, input));
            }
            if let Some((ticket, asked)) = ctx.state_mut(|case| case.inbox.next()) {
                self.act(ctx, ticket, asked).await?;
                continue;
            }
            if self.has_to_look(ctx) {
                self.look(ctx).await?;
                continue;
            }
            if self.is_over(ctx) {
                return Ok(ctx.state(|case| progress::ended(&case.status)));
            }
            match self.next(ctx).await? {
                Next::Alert(Arrival::Ended(delivered, look_again)) => {
                    self.delivered(ctx, *delivered, look_again)?;
                }
                Next::Alert(Arrival::Overdue(alert_id)) => self.fall_back(ctx, alert_id).await?,
                Next::Due => self.pass_time(ctx).await?,
                Next::Moved => {}
            }
        }
    }

    /// Waits until there is something to do.
    async fn next(&mut self, ctx: &Context) -> Result<Next, Stopped> {
        let is_quiet = self.deliveries.is_empty();
        let (stays_open, in_turn) = (self.stays_open, self.in_turn);
        let handle = ctx.clone();
        let something = ctx.wait_condition(move |case| {
            let may_look = case.look_again && (is_quiet || !in_turn);
            let may_end = !stays_open || handle.continue_as_new_suggested();
            !case.inbox.is_empty()
                || may_look
                || (may_end && is_quiet && !case.look_again && handle.all_handlers_finished())
        });
        let delivered = self.deliveries.next();
        let due = self.alarm.goes_off();
        let mut something = Box::pin(something);
        let mut delivered = Box::pin(futures::FutureExt::fuse(delivered));
        let mut due = Box::pin(futures::FutureExt::fuse(due));
        select! {
            arrival = delivered => Ok(Next::Alert(arrival)),
            due = due => match due {
                TimerResult::Fired => Ok(Next::Due),
                TimerResult::Cancelled => Err(Stopped::Ended(WorkflowTermination::cancelled())),
            },
            moved = something => match moved {
                Ok(()) => Ok(Next::Moved),
                Err(_) => Err(Stopped::Ended(WorkflowTermination::cancelled())),
            },
        }
    }

    fn has_to_look(&self, ctx: &Context) -> bool {
        ctx.state(|case| case.look_again) && (self.deliveries.is_empty() || !self.in_turn)
    }

    fn is_over(&self, ctx: &Context) -> bool {
        !self.stays_open && self.deliveries.is_empty() && ctx.all_handlers_finished()
    }

    fn has_to_go_on_in_a_new_execution(&self, ctx: &Context) -> bool {
        let is_quiet = self.deliveries.is_empty() || ctx.history_length() > EVENTS_MAX;
        ctx.continue_as_new_suggested() && is_quiet && ctx.all_handlers_finished()
    }

    fn go_on_in_a_new_execution(&self, ctx: &Context, input: RawValue) -> Stopped {
        let carried = ctx.state_mut(|case| {
            let look_again = case.look_again;
            case.inbox.hand_over(look_again)
        });
        let input = intake::carrying(input, &carried, ctx.payload_converter());
        let Err(termination) = ctx.continue_as_new(input, ContinueAsNewOptions::default());
        Stopped::Ended(termination)
    }

    /// Reads the case from the store, and sends what is pending.
    async fn look(&mut self, ctx: &Context) -> Result<(), Stopped> {
        ctx.state_mut(|case| case.look_again = false);
        let opening = CaseOpening {
            discrepancy_id: self.discrepancy_id.clone(),
            at: time::now(ctx),
        };
        let opened: CaseOpened = ctx
            .execute_activity(OpenCase, opening, ports::short("find the case"))
            .await?;
        self.in_turn = opened.case.is_none();
        let mut status = match opened.case {
            Some(status) => status,
            None => ctx.state(|case| case.status.clone()),
        };
        status.alerts = opened.alerts;
        self.adopt(ctx, status, opened.stays_open);
        if let Some(act) = opened.behind {
            self.act_behind(ctx, *act).await?;
        }
        Ok(())
    }

    /// Does one act, and answers whoever asked for it.
    async fn act(
        &mut self,
        ctx: &Context,
        ticket: Option<Ticket>,
        asked: Asked,
    ) -> Result<(), Stopped> {
        let act = CaseAct {
            discrepancy_id: self.discrepancy_id.clone(),
            act_id: asked.act_id.clone(),
            action: asked.action.clone(),
            input: asked.input.clone(),
            at: time::now(ctx),
        };
        let options = ports::short(asked.summary());
        let reply = match ctx.execute_activity(ActOnCase, act, options).await {
            Ok(mut acted) => match acted.behind.take() {
                Some(behind) => self.act_behind(ctx, *behind).await?,
                None => self.acted(ctx, acted),
            },
            Err(error @ ActivityExecutionError::Cancelled(_)) => return Err(error.into()),
            // One act that can't be done is no reason to end the case.
            Err(error) => refused(&failure::explain(&error).1),
        };
        ctx.state_mut(|case| case.inbox.answer(ticket, &asked, reply));
        progress::show(ctx);
        Ok(())
    }

    /// Does to the discrepancies behind a cause what was done to its case. The case changed: what
    /// fails here is gone on with by the next look.
    async fn act_behind(&mut self, ctx: &Context, act: CaseAct) -> Result<CaseReply, Stopped> {
        let summary = format!("{} behind the cause", act.action);
        let options = ports::long(summary, ports::BATCH_HEARTBEAT);
        match ctx.execute_activity(ActBehind, act, options).await {
            Ok(acted) => Ok(self.acted(ctx, acted)),
            Err(error @ ActivityExecutionError::Cancelled(_)) => Err(error.into()),
            Err(error) => Ok(refused(&failure::explain(&error).1)),
        }
    }

    /// Does what is due.
    async fn pass_time(&mut self, ctx: &Context) -> Result<(), Stopped> {
        let passing = TimePassing {
            discrepancy_id: self.discrepancy_id.clone(),
            at: time::now(ctx),
        };
        let acted: CaseActed = ctx
            .execute_activity(PassTime, passing, ports::short("what is due"))
            .await?;
        let behind = acted.behind.clone();
        self.acted(ctx, acted);
        if let Some(act) = behind {
            self.act_behind(ctx, *act).await?;
        }
        Ok(())
    }

    /// Has another channel told, if the alert has not arrived by now.
    async fn fall_back(&mut self, ctx: &Context, alert_id: String) -> Result<(), Stopped> {
        let overdue = Delivery {
            alert_id,
            at: time::now(ctx),
        };
        let options = ports::short("another channel");
        let told = ctx.execute_activity(FallBack, overdue, options).await;
        self.delivered(ctx, told, false)
    }

    fn acted(&mut self, ctx: &Context, acted: CaseActed) -> CaseReply {
        if let Some(status) = &acted.reply.case {
            self.adopt(ctx, status.clone(), acted.stays_open);
        }
        acted.reply
    }

    /// Takes over how the case stands now.
    fn adopt(&mut self, ctx: &Context, status: CaseStatus, stays_open: bool) {
        self.stays_open = stays_open;
        self.deliveries.start(ctx, &status.alerts);
        self.alarm.set(ctx, &status.due_at);
        if !self.in_turn {
            progress::tag(ctx, &status);
        }
        ctx.state_mut(|case| case.status = status);
        progress::show(ctx);
    }

    fn delivered(
        &mut self,
        ctx: &Context,
        delivered: Result<AlertStatus, ActivityExecutionError>,
        look_again: bool,
    ) -> Result<(), Stopped> {
        let delivered = delivered?;
        // What another channel is told instead is on record by now.
        let is_told_instead = !delivered.told_by.is_empty();
        ctx.state_mut(|case| {
            case.look_again |= look_again || is_told_instead;
            case.note(delivered);
        });
        progress::show(ctx);
        Ok(())
    }
}

impl Case {
    fn note(&mut self, delivered: AlertStatus) {
        let mut alerts = self.status.alerts.iter_mut();
        if let Some(alert) = alerts.find(|alert| alert.alert_id == delivered.alert_id) {
            *alert = delivered;
        }
    }
}

/// Waits until everybody has fetched their answer.
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
