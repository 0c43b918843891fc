//! Comparing some buckets: the first rule on their records.

use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use domain::audit::Hash;
use domain::matching::{self, Buckets, Findings, Matched, Pool};
use domain::money::MoneyError;
use domain::open_items::{self, Received};
use domain::policy::SourcePolicy;
use proto::staged::{Encoder, MatchLine};
use proto::totals::conservation_to_wire;
use temporalio_sdk::activities::ActivityContext;
use tokio::sync::Semaphore;
use workflows::failure;
use workflows::ports::{Compare, Run, Stored};

use super::admit::{context, source};
use super::parts::{self, Compared};
use super::sift::{SideRows, Sifted, sift};
use crate::Trueup;
use crate::audit::seal;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive, compute};
use crate::positions::{self, Standing, during_turn};
use crate::staging::{Folder, SideManifest, load_records};

/// Comparisons that are in memory at the same time: more of them than processors gain nothing. Small
/// runs, which are over in a moment, don't wait behind them.
static IN_MEMORY: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, usize::from)));

pub(crate) async fn compare(
    trueup: Arc<Trueup>,
    ctx: &ActivityContext,
    input: Compare,
) -> Result<Stored, Failure> {
    let progress = Progress::new("loading");
    let run = input.run.clone();
    let attempt = ctx.info().workflow_run_id.clone().unwrap_or_default();
    let work = async {
        progress.set("waiting for a processor");
        // Closed by nobody.
        let _turn = IN_MEMORY.acquire().await;
        progress.set("loading");
        work(Arc::clone(&trueup), &progress, input, attempt).await
    };
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
    let sides = both(&trueup, &input).await?;
    let (sides, buckets) = (sides.each_ref(), input.bucket_from..input.bucket_to);
    let mut pool = made(&trueup, &input.run, &standing, sides, buckets.clone()).await?;
    let rows = rows(&trueup, sides, buckets).await?;
    let context = standing.context()?;
    progress.set("matching");
    let (sifted, findings) = {
        let (trueup, run) = (Arc::clone(&trueup), input.run.clone());
        let buckets = input.bucket_from..input.bucket_to;
        compute(move || {
            let policy = &source(&trueup, &run)?.policy;
            let sifted = sift(policy, rows, buckets, &mut pool)?;
            Ok((sifted, matching::match_buckets(policy, &context, pool)))
        })
        .await?
    };
    progress.set("writing");
    let Sifted {
        mut matches,
        mut conservation,
        mut used,
    } = sifted;
    conservation.decide(&findings).map_err(too_large)?;
    let policy = &source(&trueup, &input.run)?.policy;
    let folder = Folder::Compared {
        run_id: &input.run.run_id,
    };
    let staging = &trueup.staging;
    matches.add(policy, &findings.matched);
    used.append(open_items::used_up(
        policy,
        &received_by(&input.run)?,
        &findings.matched,
        &findings.superseded,
    ));
    let compared = Compared {
        matched: matches.leaves.len() as u64,
        matches: staging.put(folder, matches.lines.finish()).await?,
        leaves: Some(staging.put(folder, seal::to_bytes(&matches.leaves)).await?),
        conservation: conservation_to_wire(&conservation).map_err(too_large)?,
        discrepancies: staging.put_all(folder, &findings.discrepancies).await?,
        left: staging.put_all(folder, findings.left.records()).await?,
        superseded: findings.superseded.len() as u64,
        out_of_scope: findings.out_of_scope.records().count() as u64,
        settled: gone(policy, &input.run, &findings),
        used: match standing.makes_position {
            true => Some(positions::put_used(staging, folder, used).await?),
            false => None,
        },
    };
    parts::put(staging, folder, &compared).await
}

/// What is staged of both sides.
pub(super) async fn both(trueup: &Trueup, input: &Compare) -> Result<[SideManifest; 2], Failure> {
    let partner = SideManifest::load(&trueup.staging, &input.partner).await?;
    let ledger = SideManifest::load(&trueup.staging, &input.ledger).await?;
    Ok([partner, ledger])
}

/// The records of these buckets: received, open, and open again.
pub(super) async fn load(
    trueup: &Trueup,
    input: &Compare,
    standing: &Standing,
) -> Result<Pool, Failure> {
    let sides = both(trueup, input).await?;
    let (sides, buckets) = (sides.each_ref(), input.bucket_from..input.bucket_to);
    let mut pool = made(trueup, &input.run, standing, sides, buckets.clone()).await?;
    for rows in rows(trueup, sides, buckets).await?.into_iter().flatten() {
        rows.read_all(&mut pool)?;
    }
    Ok(pool)
}

/// Of those, the ones that were made before.
pub(super) async fn made(
    trueup: &Trueup,
    run: &Run,
    standing: &Standing,
    sides: [&SideManifest; 2],
    buckets: Range<u32>,
) -> Result<Pool, Failure> {
    let staging = &trueup.staging;
    let mut pool = Pool::default();
    for side in sides {
        for record in load_records(staging, side, buckets.clone()).await? {
            pool.push(record);
        }
    }
    let bucket_of = Buckets::of(&source(trueup, run)?.policy);
    let undone = standing.undone(staging, sides).await?;
    for record in undone.records {
        if buckets.contains(&bucket_of.of_record(&record)) {
            pool.push(record);
        }
    }
    Ok(pool)
}

/// The simple rows of these buckets.
pub(super) async fn rows(
    trueup: &Trueup,
    [partner, ledger]: [&SideManifest; 2],
    buckets: Range<u32>,
) -> Result<[Option<SideRows>; 2], Failure> {
    Ok([
        SideRows::load(&trueup.staging, partner, buckets.clone()).await?,
        SideRows::load(&trueup.staging, ledger, buckets).await?,
    ])
}

/// The run that receives what no earlier one had.
pub(super) fn received_by(run: &Run) -> Result<Received, Failure> {
    Ok(Received {
        run: Arc::from(run.run_id.as_str()),
        business_date: context(run)?.business_date,
    })
}

/// What these findings show about discrepancies of earlier runs.
fn gone(policy: &SourcePolicy, run: &Run, findings: &Findings) -> Vec<(String, String)> {
    let mut gone = open_items::of_matches(policy, &run.run_id, &findings.matched);
    gone.extend(open_items::of_superseded(&findings.superseded));
    let gone = gone.into_iter();
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

/// Matches, written down.
#[derive(Default)]
pub(super) struct Matches {
    /// As lines of the file of matches.
    pub(super) lines: Encoder,
    /// The hash of each as a leaf.
    pub(super) leaves: Vec<Hash>,
}

impl Matches {
    /// Writes matches down behind the others.
    pub(super) fn add(&mut self, policy: &SourcePolicy, pairs: &[Matched]) {
        for pair in pairs {
            let rule = policy.rule(pair.rule);
            let rule = rule.expect("matching names a rule of the policy that it was given");
            let line = MatchLine::new(rule, pair);
            self.leaves.push(seal::of_match(&line).leaf());
            self.lines.push(&line);
        }
    }
}
