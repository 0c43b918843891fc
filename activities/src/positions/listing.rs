//! What a run left open, for people: with that the next run of its source begins.

use domain::open_items;
use domain::record::Record;

use super::Position;
use super::resolutions::resolutions;
use crate::failures::Failure;
use crate::past::PastProblem;
use crate::staging::Staging;
use crate::store::Store;

/// The open items of a run, or of a source's last one: records that nothing was found for, or that are in a
/// discrepancy, without those that were settled since. One that is in no discrepancy is in transit. By side,
/// value date and reference. None where no run left a position.
///
/// # Errors
/// The store or the object store can't be read, or has no such run.
pub async fn open_items_of(
    store: &Store,
    staging: &Staging,
    run_or_source: &str,
) -> Result<Option<Vec<Record>>, PastProblem> {
    let stored = match run_or_source.contains('/') {
        true => {
            store.run(run_or_source).await?;
            store.position_of_run(run_or_source).await?
        }
        false => store.position(run_or_source).await?,
    };
    let Some(stored) = stored else {
        return Ok(None);
    };
    let failed = |failure: Failure| PastProblem::Failed(failure.problem().to_owned());
    let position = Position::load(staging, &stored).await.map_err(failed)?;
    let mut items = position.all_open_items(staging).await.map_err(failed)?;
    let asked = open_items::discrepancies_of(&items).into_keys();
    let in_force = resolutions(store, asked.copied().collect()).await?;
    let settled = open_items::settle(&items, |id| in_force.get(id).cloned());
    items.retain(|item| {
        item.found_in()
            .is_none_or(|(id, _)| !settled.contains_key(id))
    });
    items.sort_by(|one, other| {
        let key = |item: &Record| (item.side, item.value_date);
        let by_place = |item: &Record| item.origin.line;
        let by_reference = one.display_reference().cmp(&other.display_reference());
        let by_day = key(one).cmp(&key(other)).then(by_reference);
        by_day.then_with(|| by_place(one).cmp(&by_place(other)))
    });
    Ok(Some(items))
}
