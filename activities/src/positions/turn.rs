//! Keeping a run's turn while one of its steps goes on.

use std::time::Duration;

use domain::policy::Scope;
use jiff::Timestamp;
use temporalio_sdk::activities::ActivityContext;
use workflows::ports::Run;

use crate::Trueup;
use crate::failures::Failure;
use crate::runs::context;
use crate::store::Turn;

/// Often enough, whatever keeps a step waiting.
const RENEWED_EVERY: Duration = Duration::from_secs(60);

/// Does the work, and says every minute that the run is alive.
pub(crate) async fn during_turn<T>(
    trueup: &Trueup,
    ctx: &ActivityContext,
    run: &Run,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    if run.request.dry_run || context(run)?.scope != Scope::Whole {
        return work.await;
    }
    tokio::pin!(work);
    let mut clock = tokio::time::interval(RENEWED_EVERY);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = clock.tick() => {
                let turn = Turn {
                    source: run.request.source.clone(),
                    run_id: run.run_id.clone(),
                    workflow_run_id: ctx.info().workflow_run_id.clone().unwrap_or_default(),
                    at: Timestamp::now(),
                };
                // The next minute will do as well; what may not happen is checked in the end.
                if let Err(error) = trueup.store.renew_turn(turn).await {
                    tracing::warn!(%error, "can't renew the run's turn");
                }
            }
        }
    }
}
