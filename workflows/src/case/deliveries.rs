//! Alerts on their way, each on its own: a channel that is down holds up no other, nor any act. One
//! whose channel has quiet hours waits for their end; one that has a time limit says when it is over.

use std::future::poll_fn;
use std::task::Poll;

use futures::FutureExt;
use futures::future::{Fuse, LocalBoxFuture};
use proto::wire::AlertStatus;
use temporalio_workflow::{
    ActivityExecutionError, TimerOptions, TimerResult, WorkflowCancellationToken, WorkflowContext,
};

use super::Case;
use crate::ports::{self, DeliverAlert, Delivery};
use crate::time;

type Delivered = Result<AlertStatus, ActivityExecutionError>;
type Context = WorkflowContext<Case>;

/// One alert on its way.
struct OnTheWay {
    alert_id: String,
    /// It was found pending again meanwhile.
    wanted_again: bool,
    delivery: LocalBoxFuture<'static, Delivered>,
    limit: Limit,
}

/// The time that a channel has for an alert before another one is told.
struct Limit {
    timer: Fuse<LocalBoxFuture<'static, TimerResult>>,
    token: Option<WorkflowCancellationToken>,
}

/// What comes next of the alerts on their way.
pub(super) enum Arrival {
    /// One has arrived or is given up; whether it has to be looked at again: it was found pending
    /// while it was on its way, maybe after it was given up.
    Ended(Box<Delivered>, bool),
    /// The time of this one is over. It stays on its way.
    Overdue(String),
}

/// All of them. They end in any order; of those that have, the oldest comes first.
#[derive(Default)]
pub(super) struct Deliveries(Vec<OnTheWay>);

impl Deliveries {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sends those that are pending and not on their way.
    pub(super) fn start(&mut self, ctx: &Context, alerts: &[AlertStatus]) {
        for alert in alerts.iter().filter(|alert| alert.state == "pending") {
            let known = self.0.iter_mut().find(|it| it.alert_id == alert.alert_id);
            if let Some(known) = known {
                known.wanted_again = true;
                continue;
            }
            self.0.push(OnTheWay {
                alert_id: alert.alert_id.clone(),
                wanted_again: false,
                // Begins when it is waited for, which is at once, in this order.
                delivery: deliver(ctx.clone(), alert.clone()).boxed_local(),
                limit: Limit::of(ctx, alert),
            });
        }
    }

    /// The next one that ends, or whose time is over. For ever while there is none.
    pub(super) async fn next(&mut self) -> Arrival {
        poll_fn(|context| {
            for index in 0..self.0.len() {
                if let Poll::Ready(delivered) = self.0[index].delivery.poll_unpin(context) {
                    let mut ended = self.0.remove(index);
                    ended.limit.lift();
                    let is_dead = matches!(&delivered, Ok(alert) if alert.state == "dead");
                    let look_again = ended.wanted_again && is_dead;
                    return Poll::Ready(Arrival::Ended(Box::new(delivered), look_again));
                }
                let on_the_way = &mut self.0[index];
                if let Poll::Ready(over) = on_the_way.limit.timer.poll_unpin(context) {
                    on_the_way.limit.token = None;
                    if matches!(over, TimerResult::Fired) {
                        return Poll::Ready(Arrival::Overdue(on_the_way.alert_id.clone()));
                    }
                }
            }
            Poll::Pending
        })
        .await
    }
}

async fn deliver(ctx: Context, alert: AlertStatus) -> Delivered {
    let quiet = time::until(&ctx, &alert.deliver_after).filter(|wait| !wait.is_zero());
    if let Some(quiet) = quiet {
        // When the case is cancelled meanwhile, the delivery is, too.
        let _ = time::sleep(&ctx, quiet, format!("{} is quiet", alert.channel)).await;
    }
    let delivery = Delivery {
        alert_id: alert.alert_id,
        at: time::now(&ctx),
    };
    let options = ports::delivery(format!("alert by {}", alert.channel));
    ctx.execute_activity(DeliverAlert, delivery, options).await
}

impl Limit {
    fn of(ctx: &Context, alert: &AlertStatus) -> Self {
        let Some(wait) = time::until(ctx, &alert.fall_back_at) else {
            return Limit {
                timer: Fuse::terminated(),
                token: None,
            };
        };
        let token = ctx.cancellation_token().child_token();
        let options = TimerOptions::builder(wait)
            .cancellation_token(token.clone())
            .summary(format!("for {} to take an alert", alert.channel))
            .build();
        let ctx = ctx.clone();
        let timer = async move { ctx.timer(options).await };
        Limit {
            timer: timer.boxed_local().fuse(),
            token: Some(token),
        }
    }

    fn lift(&mut self) {
        if let Some(token) = self.token.take() {
            token.cancel();
        }
    }
}
