//! The one timer of a case: when something happens to it by itself.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{Fuse, LocalBoxFuture};
use temporalio_workflow::{TimerOptions, TimerResult, WorkflowCancellationToken, WorkflowContext};

use super::Case;
use crate::time;

/// Pause before the same time is looked at again, if that changed nothing.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Set to a case's `due_at`, if it has one.
pub(super) struct Alarm {
    due_at: String,
    timer: Fuse<LocalBoxFuture<'static, TimerResult>>,
    token: Option<WorkflowCancellationToken>,
    /// What it was set to when it went off last.
    went_off: String,
}

impl Alarm {
    /// An alarm that is not set.
    pub(super) fn unset() -> Self {
        Alarm {
            due_at: String::new(),
            timer: Fuse::terminated(),
            token: None,
            went_off: String::new(),
        }
    }

    /// Sets it to this time, RFC 3339; empty for never. Does nothing when it is set to that.
    pub(super) fn set(&mut self, ctx: &WorkflowContext<Case>, due_at: &str) {
        if self.due_at == due_at {
            return;
        }
        if let Some(token) = self.token.take() {
            token.cancel();
        }
        self.timer = Fuse::terminated();
        due_at.clone_into(&mut self.due_at);
        let Some(wait) = time::until(ctx, due_at) else {
            return;
        };
        let wait = match self.went_off == due_at {
            true => wait.max(AGAIN_AFTER),
            false => wait,
        };
        let token = ctx.cancellation_token().child_token();
        let options = TimerOptions::builder(wait)
            .cancellation_token(token.clone())
            .summary(format!("due {due_at}"))
            .build();
        let ctx = ctx.clone();
        let timer = async move { ctx.timer(options).await };
        self.timer = timer.boxed_local().fuse();
        self.token = Some(token);
    }

    /// Waits until it goes off; for ever while it is not set.
    pub(super) async fn goes_off(&mut self) -> TimerResult {
        let result = (&mut self.timer).await;
        self.went_off = std::mem::take(&mut self.due_at);
        self.token = None;
        result
    }
}
