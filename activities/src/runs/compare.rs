//! Comparing some buckets: the first rule on their records.

use std::ops::Range;
use std::sync::Arc;

use domain::conservation::Conservation;
use domain::matching::{self, MatchedPair, Pool};
use domain::money::MoneyError;
use domain::policy::SourcePolicy;
use domain::record::Record;
use proto::staged::{Encoder, MatchLine};
use proto::totals::conservation_to_wire;
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Compare, Stored};

use super::admit::{context, source};
use super::parts::{self, Compared};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive, compute};
use crate::staging::{Folder, SideManifest, load_buckets};

pub(crate) async fn compare(
    trueup: Arc<Trueup>,
    ctx: &ActivityContext,
    input: Compare,
) -> Result<Stored, Failure> {
    let progress = Progress::new("loading");
    alive(ctx, &progress, work(trueup, &progress, input)).await
}

async fn work(
    trueup: Arc<Trueup>,
    progress: &Progress<&'static str>,
    input: Compare,
) -> Result<Stored, Failure> {
    let buckets = input.bucket_from..input.bucket_to;
    let partner = load(&trueup, &input.partner, buckets.clone()).await?;
    let ledger = load(&trueup, &input.ledger, buckets).await?;
    let context = context(&input.run)?;
    progress.set("matching");
    let findings = {
        let (trueup, run) = (Arc::clone(&trueup), input.run.clone());
        compute(move || {
            let policy = &source(&trueup, &run)?.policy;
            Ok(matching::match_buckets(
                policy,
                &context,
                Pool { partner, ledger },
            ))
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
    let compared = Compared {
        matches: staging
            .put(folder, matches(policy, &findings.matched))
            .await?,
        matched: findings.matched.len() as u64,
        conservation: conservation_to_wire(&conservation).map_err(too_large)?,
        discrepancies: staging.put_all(folder, &findings.discrepancies).await?,
        left: staging.put_all(folder, findings.left.records()).await?,
        out_of_scope: findings.out_of_scope.records().count() as u64,
    };
    parts::put(staging, folder, &compared).await
}

async fn load(
    trueup: &Trueup,
    manifest: &Stored,
    buckets: Range<u32>,
) -> Result<Vec<Record>, Failure> {
    let manifest = SideManifest::load(&trueup.staging, manifest).await?;
    Ok(load_buckets(&trueup.staging, &manifest, buckets).await?)
}

/// A sum that is no longer exact is no sum.
pub(super) fn too_large(error: MoneyError) -> Failure {
    Failure::last(
        failure::INPUT_QUARANTINED,
        format!("the run's amounts can't be added: {error}"),
    )
}

/// Matched pairs as lines of the file of matches.
pub(super) fn matches(policy: &SourcePolicy, pairs: &[MatchedPair]) -> Vec<u8> {
    let mut lines = Encoder::default();
    for pair in pairs {
        let rule = usize::try_from(pair.rule)
            .ok()
            .and_then(|rule| policy.rules.get(rule));
        let rule = rule.expect("matching names a rule of the policy that it was given");
        lines.push(&MatchLine::new(rule, &pair.partner, &pair.ledger));
    }
    lines.finish()
}
