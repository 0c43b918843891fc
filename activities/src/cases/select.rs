//! Freezing which cases a batch is about: what is found later is not acted on.

use proto::case::Selection;
use proto::wire::CaseBatchInput;
use workflows::failure;
use workflows::ports::{BatchSelected, BatchSelection};

use crate::Trueup;
use crate::failures::Failure;
use crate::staging::Folder;
use crate::store::DiscrepancyFilter;

/// Most cases of one batch.
const BATCH_MAX: u64 = 100_000;

pub(crate) async fn select(
    trueup: &Trueup,
    input: BatchSelection,
) -> Result<BatchSelected, Failure> {
    let ids = match read(&input.request)?.selection {
        Selection::Ids(ids) => ids,
        Selection::Filter(filter) => found(trueup, (*filter).into()).await?,
    };
    if ids.len() as u64 > BATCH_MAX {
        return Err(too_many(ids.len() as u64));
    }
    let count = ids.len() as u64;
    let mut lines = ids.join("\n");
    if count > 0 {
        lines.push('\n');
    }
    let folder = Folder::Batch {
        batch_id: &input.batch_id,
    };
    let selection = trueup.staging.put(folder, lines.into_bytes()).await?;
    Ok(BatchSelected { selection, count })
}

/// The batch that was asked for.
pub(super) fn read(request: &CaseBatchInput) -> Result<proto::case::Batch, Failure> {
    proto::case::batch(request).map_err(|error| Failure::last(failure::INVALID_INPUT, error))
}

async fn found(trueup: &Trueup, filter: DiscrepancyFilter) -> Result<Vec<String>, Failure> {
    let store = &trueup.store;
    let ids = store.discrepancy_ids(filter.clone(), BATCH_MAX + 1).await?;
    if ids.len() as u64 > BATCH_MAX {
        let all = store.count_and_sums(filter).await?;
        return Err(too_many(all.iter().map(|total| total.count).sum()));
    }
    Ok(ids)
}

fn too_many(count: u64) -> Failure {
    let problem =
        format!("{count} cases are selected, a batch takes {BATCH_MAX} at most; select fewer");
    Failure::last(failure::INVALID_INPUT, problem)
}
