//! What the store charges for a run, step by step: in the log, and on the run's account.

use workflows::ports::Run;

use crate::Trueup;
use crate::store::{Capacity, metered};

/// Does a step of a run. That its costs can't be written down is no reason to do it again.
pub(crate) async fn charged<T>(
    trueup: &Trueup,
    run: &Run,
    step: &'static str,
    work: impl Future<Output = T>,
) -> T {
    let (done, used) = metered(work).await;
    if used == Capacity::default() {
        return done;
    }
    let run_id = run.run_id.as_str();
    let (read, written) = (used.read_units(), used.write_units());
    tracing::info!(run_id, step, read, written, "capacity units used");
    if let Err(error) = trueup.store.charge(run_id, used).await {
        tracing::warn!(run_id, step, %error, "can't write down the capacity used");
    }
    done
}
