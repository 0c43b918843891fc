//! All records of a run once more, for what was left alone and may be a payment that is there again.

use std::slice;
use std::sync::Arc;

use domain::matching::sieve::KeptRow;
use domain::matching::{BUCKETS, Comparison, LookAgain};
use workflows::ports::Run;

use super::admit::source;
use super::compare::{made, rows};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::compute;
use crate::positions::Standing;
use crate::staging::SideManifest;

/// As many records are looked at in one go; of more, bucket by bucket.
const AT_ONCE: u64 = 100_000;

/// Shows the records of both sides to those that a comparison left alone, if it has to be.
pub(super) async fn look_again(
    trueup: &Arc<Trueup>,
    run: &Run,
    standing: &Standing,
    sides: [&SideManifest; 2],
    comparison: Comparison,
) -> Result<Comparison, Failure> {
    let (mut comparison, asked) = {
        let (trueup, run) = (Arc::clone(trueup), run.clone());
        compute(move || {
            let policy = &source(&trueup, &run)?.policy;
            let asked = LookAgain::of(policy, slice::from_ref(&comparison));
            Ok((comparison, asked))
        })
        .await?
    };
    let Some(mut look) = asked else {
        return Ok(comparison);
    };
    let records: u64 = sides.iter().map(|side| side.rows_in(0..BUCKETS)).sum();
    let step = if records > AT_ONCE { 1 } else { BUCKETS };
    for bucket in (0..BUCKETS).step_by(step as usize) {
        let buckets = bucket..bucket + step;
        let made = made(trueup, run, standing, sides, buckets.clone()).await?;
        let rows = rows(trueup, sides, buckets).await?;
        look = compute(move || {
            made.records().for_each(|record| look.see(record));
            for rows in rows.into_iter().flatten() {
                let mut wanted = Vec::new();
                let wanted_money = look.wanted();
                let is_wanted =
                    |row: &KeptRow<'_>| wanted_money.is_of_row(row.amount, row.currency);
                rows.read_wanted(is_wanted, |record| wanted.push(record))?;
                wanted.iter().for_each(|record| look.see(record));
            }
            Ok(look)
        })
        .await?;
    }
    let (context, trueup, run) = (standing.context()?, Arc::clone(trueup), run.clone());
    compute(move || {
        let policy = &source(&trueup, &run)?.policy;
        look.settle(policy, &context, slice::from_mut(&mut comparison));
        Ok(comparison)
    })
    .await
}
