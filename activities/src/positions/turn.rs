//! Keeping a run's turn while one of its steps goes on.

use std::time::Duration;

use domain::policy::Scope;
use jiff::Timestamp;
use temporalio_sdk::activities::ActivityContext;
use workflows::ports::Run;

use crate::Trueup;
use crate::failures::Failure;
use crate::runs::context;
use crate::store::{Store, Turn};

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
    let turn = Turn {
        source: run.request.source.clone(),
        run_id: run.run_id.clone(),
        workflow_run_id: ctx.info().workflow_run_id.clone().unwrap_or_default(),
        at: Timestamp::now(),
    };
    renewed(&trueup.store, RENEWED_EVERY, turn, work).await
}

/// The work goes on while a renewal waits for the store: it may be next in line there, in front of
/// the renewal, and would hold up everybody for ever if nobody looked after it.
async fn renewed<T>(
    store: &Store,
    every: Duration,
    mut turn: Turn,
    work: impl Future<Output = T>,
) -> T {
    let renewing = async {
        let mut clock = tokio::time::interval(every);
        loop {
            clock.tick().await;
            turn.at = Timestamp::now();
            // The next minute will do as well; what may not happen is checked in the end.
            if let Err(error) = store.renew_turn(turn.clone()).await {
                tracing::warn!(%error, "can't renew the run's turn");
            }
        }
    };
    tokio::select! {
        done = work => done,
        never = renewing => never,
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn steps_that_write_go_on_while_their_turns_are_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::sqlite(folder.path().join("store.db"));
        let store = store.await.unwrap();
        let turn = |source: &str| Turn {
            source: source.to_owned(),
            run_id: format!("recon/{source}/2026-11-20"),
            workflow_run_id: "1".to_owned(),
            at: Timestamp::now(),
        };
        let steps = ["a", "b", "c", "d"].map(|source| {
            let writing = async {
                for _ in 0..25 {
                    store.renew_turn(turn(source)).await.unwrap();
                }
            };
            renewed(&store, Duration::from_millis(1), turn(source), writing)
        });
        let ended = tokio::time::timeout(Duration::from_secs(60), join_all(steps)).await;
        assert!(
            ended.is_ok(),
            "a step and the renewal of its turn wait for each other"
        );
    }
}
