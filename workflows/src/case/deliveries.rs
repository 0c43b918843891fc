//! Alerts on their way, each on its own: a channel that is down holds up no other, nor any act.

use std::future::poll_fn;
use std::task::Poll;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use proto::wire::AlertStatus;
use temporalio_workflow::{ActivityExecutionError, WorkflowContext};

use super::Case;
use crate::ports::{self, DeliverAlert, Delivery};
use crate::time;

type Delivered = Result<AlertStatus, ActivityExecutionError>;

/// One alert on its way.
struct OnTheWay {
    alert_id: String,
    /// It was found pending again meanwhile.
    wanted_again: bool,
    delivery: LocalBoxFuture<'static, Delivered>,
}

/// All of them. They end in any order; of those that have, the oldest comes first.
#[derive(Default)]
pub(super) struct Deliveries(Vec<OnTheWay>);

impl Deliveries {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sends those that are pending and not on their way.
    pub(super) fn start(&mut self, ctx: &WorkflowContext<Case>, alerts: &[AlertStatus]) {
        let at = time::now(ctx);
        for alert in alerts.iter().filter(|alert| alert.state == "pending") {
            let known = self.0.iter_mut().find(|it| it.alert_id == alert.alert_id);
            if let Some(known) = known {
                known.wanted_again = true;
                continue;
            }
            let delivery = Delivery {
                alert_id: alert.alert_id.clone(),
                at: at.clone(),
            };
            let options = ports::delivery(format!("alert by {}", alert.channel));
            // Begins when it is waited for, which is at once, in this order.
            let ctx = ctx.clone();
            let delivery =
                async move { ctx.execute_activity(DeliverAlert, delivery, options).await };
            self.0.push(OnTheWay {
                alert_id: alert.alert_id.clone(),
                wanted_again: false,
                delivery: delivery.boxed_local(),
            });
        }
    }

    /// The next one that ends, and whether it has to be looked at again: it was found pending
    /// while it was on its way, maybe after it was given up. For ever while there is none.
    pub(super) async fn next(&mut self) -> (Delivered, bool) {
        poll_fn(|context| {
            for index in 0..self.0.len() {
                if let Poll::Ready(delivered) = self.0[index].delivery.poll_unpin(context) {
                    let ended = self.0.remove(index);
                    let is_dead = matches!(&delivered, Ok(alert) if alert.state == "dead");
                    return Poll::Ready((delivered, ended.wanted_again && is_dead));
                }
            }
            Poll::Pending
        })
        .await
    }
}
