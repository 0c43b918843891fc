//! Comparing some buckets: the first rule on their records.

use std::sync::Arc;

use domain::audit::Hash;
use domain::conservation::Conservation;
use domain::matching::{self, Matched, Pool, bucket_of};
use domain::money::MoneyError;
use domain::open_items::{self, Received};
use domain::policy::SourcePolicy;
use proto::staged::{Encoder, MatchLine};
use proto::totals::conservation_to_wire;
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Compare, Run, Stored};

use super::admit::{context, source};
use super::parts::{self, Compared};
use crate::Trueup;
use crate::audit::seal;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive, compute};
use crate::positions::{self, Standing, during_turn};
use crate::staging::{Folder, SideManifest, load_buckets};

pub(crate) async fn compare(
    trueup: Arc<Trueup>,
    ctx: &ActivityContext,
    input: Compare,
) -> Result<Stored, Failure> {
    let progress = Progress::new("loading");
    let run = input.run.clone();
    let attempt = ctx.info().workflow_run_id.clone().unwrap_or_default();
    let work = work(Arc::clone(&trueup), &progress, input, attempt);
    alive(ctx, &progress, during_turn(&trueup, ctx, &run, work)).await
}

pub(super) async fn work(
    trueup: Arc<Trueup>,
    progress: &Progress<&'static str>,
    input: Compare,
    attempt: String,
) -> Result<Stored, Failure> {
    let stored = input.position.as_ref();
    let standing = Standing::load(&trueup, &input.run, &attempt, stored).await?;
    let pool = load(&trueup, &input, &standing).await?;
    let context = standing.context()?;
    progress.set("matching");
    let findings = {
        let (trueup, run) = (Arc::clone(&trueup), input.run.clone());
        compute(move || {
            let policy = &source(&trueup, &run)?.policy;
            Ok(matching::match_buckets(policy, &context, pool))
        })
        .await?
    };
    progress.set("writing");
    let mut conservation = Conservation::default();
    conservation.decide(&findings).map_err(too_large)?;
    let policy = &source(&trueup, &input.run)?.policy;
    let folder = Folder::Compared {
        run_id: &input.run.run_id,
    };
    let staging = &trueup.staging;
    let matches = matches(policy, &findings.matched);
    let compared = Compared {
        matches: staging.put(folder, matches.lines).await?,
        leaves: Some(staging.put(folder, seal::to_bytes(&matches.leaves)).await?),
        matched: findings.matched.len() as u64,
        conservation: conservation_to_wire(&conservation).map_err(too_large)?,
        discrepancies: staging.put_all(folder, &findings.discrepancies).await?,
        left: staging.put_all(folder, findings.left.records()).await?,
        out_of_scope: findings.out_of_scope.records().count() as u64,
        settled: gone(policy, &input.run, &findings.matched),
        used: match standing.makes_position {
            true => {
                let used = open_items::used_up(&received_by(&input.run)?, &findings.matched);
                Some(positions::put_used(staging, folder, used).await?)
            }
            false => None,
        },
    };
    parts::put(staging, folder, &compared).await
}

/// The records of these buckets: received, open, and open again.
pub(super) async fn load(
    trueup: &Trueup,
    input: &Compare,
    standing: &Standing,
) -> Result<Pool, Failure> {
    let staging = &trueup.staging;
    let buckets = input.bucket_from..input.bucket_to;
    let partner = SideManifest::load(staging, &input.partner).await?;
    let ledger = SideManifest::load(staging, &input.ledger).await?;
    let mut pool = Pool::default();
    for side in [&partner, &ledger] {
        for record in load_buckets(staging, side, buckets.clone()).await? {
            pool.push(record);
        }
    }
    let policy = &source(trueup, &input.run)?.policy;
    for record in standing.undone(staging, [&partner, &ledger]).await?.records {
        if buckets.contains(&bucket_of(policy, &record)) {
            pool.push(record);
        }
    }
    Ok(pool)
}

/// The run that receives what no earlier one had.
pub(super) fn received_by(run: &Run) -> Result<Received, Failure> {
    Ok(Received {
        run: Arc::from(run.run_id.as_str()),
        business_date: context(run)?.business_date,
    })
}

/// What these pairs show about discrepancies of earlier runs.
fn gone(policy: &SourcePolicy, run: &Run, pairs: &[Matched]) -> Vec<(String, String)> {
    let gone = open_items::of_matches(policy, &run.run_id, pairs).into_iter();
    gone.map(|gone| (gone.discrepancy.to_string(), gone.evidence))
        .collect()
}

/// A sum that is no longer exact is no sum.
pub(super) fn too_large(error: MoneyError) -> Failure {
    Failure::last(
        failure::INPUT_QUARANTINED,
        format!("the run's amounts can't be added: {error}"),
    )
}

/// Matched pairs, written down.
pub(super) struct Matches {
    /// As lines of the file of matches.
    pub(super) lines: Vec<u8>,
    /// The hash of each as a leaf.
    pub(super) leaves: Vec<Hash>,
}

/// Writes matched pairs down.
pub(super) fn matches(policy: &SourcePolicy, pairs: &[Matched]) -> Matches {
    let mut lines = Encoder::default();
    let mut leaves = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let rule = policy.rule(pair.rule);
        let rule = rule.expect("matching names a rule of the policy that it was given");
        let line = MatchLine::new(rule, pair);
        leaves.push(seal::of_match(&line).leaf());
        lines.push(&line);
    }
    let lines = lines.finish();
    Matches { lines, leaves }
}
