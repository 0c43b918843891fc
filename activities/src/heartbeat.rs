//! Signs of life of a long activity: by the clock, whatever the work is waiting for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use temporalio_sdk::activities::ActivityContext;

use crate::failures::Failure;

/// Often enough for any heartbeat time-out; the SDK sends on only what the time-out needs.
const INTERVAL: Duration = Duration::from_secs(1);

/// What an activity says of its progress, shared between the work and the clock.
pub(crate) struct Progress<P>(Mutex<P>);

impl<P: Clone> Progress<P> {
    pub(crate) fn new(first: P) -> Self {
        Progress(Mutex::new(first))
    }

    pub(crate) fn set(&self, progress: P) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    fn get(&self) -> P {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Does the work, telling Temporal how far it is, until it is done or no longer wanted.
pub(crate) async fn alive<T, P: Clone + Serialize + 'static>(
    ctx: &ActivityContext,
    progress: &Progress<P>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::pin!(work);
    let mut clock = tokio::time::interval(INTERVAL);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = ctx.cancelled() => return Err(Failure::Cancelled),
            _ = clock.tick() => {
                if let Err(error) = ctx.record_heartbeat(progress.get()).await {
                    tracing::warn!(%error, "can't record a heartbeat");
                }
            }
        }
    }
}

/// Runs long computations off the threads that keep the worker's connections alive.
pub(crate) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Failure::retry(format!(
            "the computation was cut off: {error}"
        ))),
    }
}
