//! What a past run would have given by other rules.

use std::sync::Arc;

use domain::backtest::Outcome;
use domain::{matching, open_items};

use super::admit::source;
use super::compare::{both, load, too_large};
use super::past::{Again, PastProblem, PastRun, failed};
use crate::Trueup;
use crate::heartbeat::compute;
use crate::positions::{GatheredUse, Standing};

/// The matches and discrepancies of a past run by the rules that `trueup` is configured with; none
/// where a side breaks its own arithmetic, since nothing is compared then. All of the run's records
/// are in memory.
///
/// What `trueup` stores is to be thrown away: see [`crate::staging::Staging::over`].
///
/// # Errors
/// [`PastProblem`].
pub async fn outcome(trueup: Arc<Trueup>, past: &PastRun) -> Result<Option<Outcome>, PastProblem> {
    let again = Again::read(&trueup, past).await?;
    if again.sides.break_controls() {
        return Ok(None);
    }
    let attempt = &past.row.workflow_run_id;
    let position = again.position.as_ref();
    let standing = Standing::load(&trueup, &again.run, attempt, position).await;
    let standing = standing.map_err(failed)?;
    let mut pool = load(&trueup, &again.all(), &standing)
        .await
        .map_err(failed)?;
    let context = standing.context().map_err(failed)?;
    let sides = both(&trueup, &again.all()).await.map_err(failed)?;
    let of = source(&trueup, &again.run).map_err(failed)?;
    let (staging, sides) = (&trueup.staging, sides.each_ref());
    let settled = standing.settled(staging).await.map_err(failed)?;
    let none_used = GatheredUse::default();
    let undone = standing.undone(staging, sides).await.map_err(failed)?;
    let marked = standing.mark_paid(staging, of, &context, sides, &none_used, &mut pool);
    marked.await.map_err(failed)?;
    let found = compute(move || {
        let policy = &source(&trueup, &again.run)?.policy;
        let mut found = matching::compare(policy, &context, pool);
        open_items::keep_ids(&mut found.discrepancies);
        let discrepancies = &mut found.discrepancies;
        open_items::hold_against_settled(policy, discrepancies, &settled, &undone);
        Outcome::of(policy, found).map_err(too_large)
    });
    found.await.map(Some).map_err(failed)
}
