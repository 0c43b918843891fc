//! Fetching one side: its input sealed, read, staged and on record.

use std::collections::BTreeMap;

use domain::matching::sieve::key_of;
use domain::money::{Amount, Currency, Money};
use domain::policy::RunContext;
use domain::record::{Reject, Side};
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Fetch, Fetched, Run};

use super::admit::{context, source};
use crate::Trueup;
use crate::failures::Failure;
use crate::formats;
use crate::heartbeat::{Progress, alive};
use crate::inputs::{InputPin, InputRequest, acquire_once, environment};
use crate::positions::{self, during_turn};
use crate::source::{RepeatedReport, Source};
use crate::staging::{
    Folder, ROWS_PER_CHUNK, RowsReader, ScanBy, SideManifest, StageError, StageProgress,
    StageRequest, StagedInput, load_rejects, stage,
};
use crate::store::{InputRow, REJECTS_PER_INPUT_MAX, RowCounts, RunFilter, SeenInput};

pub(crate) async fn fetch(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: Fetch,
) -> Result<Fetched, Failure> {
    // Not worth failing over: without it, staging begins at the first chunk.
    let resume = ctx
        .heartbeat_details()
        .deserialize::<StageProgress>()
        .ok()
        .flatten();
    let resume = resume.unwrap_or_default();
    let progress = Progress::new(resume);
    let attempt = ctx.info().workflow_run_id.clone().unwrap_or_default();
    let run = input.run.clone();
    let work = work(trueup, &progress, input, resume, &attempt);
    alive(ctx, &progress, during_turn(trueup, ctx, &run, work)).await
}

/// All of it, whatever an earlier attempt at the step did.
pub(super) async fn from_the_start(
    trueup: &Trueup,
    input: Fetch,
    attempt: &str,
) -> Result<Fetched, Failure> {
    let first = StageProgress::default();
    work(trueup, &Progress::new(first), input, first, attempt).await
}

async fn work(
    trueup: &Trueup,
    progress: &Progress<StageProgress>,
    input: Fetch,
    resume: StageProgress,
    attempt: &str,
) -> Result<Fetched, Failure> {
    let source = source(trueup, &input.run)?;
    let context = context(&input.run)?;
    let side = Side::parse(&input.side).ok_or_else(|| {
        let problem = format!("`{}` is no side", input.side);
        Failure::last(failure::INVALID_INPUT, problem)
    })?;
    let configured = source.side(side);
    let request = request(trueup, source, &context);
    let pin = InputPin {
        run_id: &input.run.run_id,
        side,
        attempt,
    };
    let sealed = acquire_once(
        pin,
        &configured.transport,
        &request,
        &trueup.staging,
        &mut |_| {},
    )
    .await?;
    let scan_by = scan_by(trueup, source, &context).await?;
    let mut request = StageRequest {
        run_id: &input.run.run_id,
        source: &source.policy.source,
        side,
        inputs: &sealed,
        format: &configured.format,
        policy: &source.policy,
        limits: trueup.limits,
        rows_per_chunk: ROWS_PER_CHUNK,
        scan_by: scan_by.as_ref(),
        resume,
    };
    let position = input.position.as_ref();
    let staged = loop {
        let recognition = positions::begin(trueup, &input.run, attempt, side, position).await?;
        let mut set = |so_far| progress.set(so_far);
        match stage(&trueup.staging, &request, recognition, &mut set).await {
            Err(StageError::NotPlain(why)) if request.scan_by.is_some() => {
                tracing::debug!(run_id = input.run.run_id, %side, why, "all lines are read");
                request.scan_by = None;
            }
            other => break other?,
        }
    };
    // A dry run counts for nothing: it may look at a report again, to see what other rules find.
    if !input.run.request.dry_run {
        if side == Side::Partner {
            refuse_repeated(trueup, source, &input.run, &staged.manifest).await?;
        }
        put_on_record(trueup, &input.run, side, &staged.manifest).await?;
    }
    refuse_unreadable(trueup, side, &staged.manifest).await?;
    let controls = staged.manifest.controls.iter();
    let broken_controls = controls
        .filter(|control| control.stated != control.computed)
        .count();
    Ok(Fetched {
        manifest: staged.stored,
        counts: staged.manifest.counts,
        broken_controls: u32::try_from(broken_controls).unwrap_or(u32::MAX),
    })
}

/// How both sides are scanned, where they can be, as far as is known before they are read.
async fn scan_by(
    trueup: &Trueup,
    source: &Source,
    context: &RunContext,
) -> Result<Option<ScanBy>, Failure> {
    let Ok(key) = key_of(&source.policy, &context.scope) else {
        return Ok(None);
    };
    let obstacle = |side| formats::scan_obstacle(&source.side(side).format, key);
    let is_obstructed = Side::BOTH.into_iter().any(|side| obstacle(side).is_some());
    if is_obstructed || !RowsReader::understands(&source.text) {
        return Ok(None);
    }
    let folder = Folder::Rules {
        of: &source.policy.source,
    };
    let rules = source.text.clone().into_bytes();
    let rules = trueup.staging.put_known(folder, rules).await?;
    Ok(Some(ScanBy { key, rules }))
}

/// What a run wants of its inputs.
pub(crate) fn request<'a>(
    trueup: &'a Trueup,
    source: &'a Source,
    context: &'a RunContext,
) -> InputRequest<'a> {
    let (from_date, to_date) = source.policy.value_dates(context.business_date);
    InputRequest {
        source: &source.policy.source,
        folder: &trueup.folder,
        business_date: context.business_date,
        from_date,
        to_date,
        scope: &context.scope,
        secret: &environment,
    }
}

/// A report that was reconciled before is recognised by its bytes: for another business date it is
/// the wrong file, for the same one there is nothing new in it, unless another one was reconciled after it: a
/// partner may take an amendment back.
async fn refuse_repeated(
    trueup: &Trueup,
    source: &Source,
    run: &Run,
    manifest: &SideManifest,
) -> Result<(), Failure> {
    let context = context(run)?;
    if manifest.counts.accepted == 0 {
        // Every report of a day without business may look the same.
        return Ok(());
    }
    for StagedInput { sealed, .. } in &manifest.inputs {
        let sha256 = &sealed.stored.sha256;
        let seen = trueup
            .store
            .input_seen(&run.request.source, sha256, &run.run_id)
            .await?;
        let is_of_this_day = |earlier: &&SeenInput| earlier.business_date == context.business_date;
        let same = |earlier: &SeenInput| {
            let (name, of_it, run_id) = (&sealed.name, &earlier.name, &earlier.run_id);
            format!(
                "{name} is the same file as {of_it} of {run_id} (SHA-256 {sha256}): nothing to reconcile again"
            )
        };
        let of_other_days = seen.iter().find(|earlier| !is_of_this_day(earlier));
        let of_this_day = seen.iter().filter(is_of_this_day);
        let of_this_day = of_this_day
            .filter(|earlier| earlier.scope == context.scope)
            .max_by_key(|earlier| earlier.generation);
        let problem = if let Some(earlier) = of_this_day
            && last_generation(trueup, run, &context).await? <= earlier.generation
        {
            format!("{}; an amended report differs from it", same(earlier))
        } else if let Some(earlier) = of_other_days
            && source.repeated_report == RepeatedReport::Refuse
        {
            format!(
                "{}; put the report of {} in its place, or set repeated_report = \"accept\" for this \
                 source if its reports may be equal",
                same(earlier),
                context.business_date
            )
        } else {
            continue;
        };
        return Err(Failure::last(failure::INPUT_REPEATED, problem));
    }
    Ok(())
}

/// The last generation of the same day and scope that has a result, before this run; 0 when there is none.
async fn last_generation(trueup: &Trueup, run: &Run, context: &RunContext) -> Result<u32, Failure> {
    let filter = RunFilter {
        source: Some(run.request.source.clone()),
        business_date: Some(context.business_date),
        ..RunFilter::default()
    };
    let runs = trueup.store.runs(filter).await?.into_iter();
    let of_scope = runs.filter(|row| row.scope == context.scope && row.run_id != run.run_id);
    let with_result = of_scope.filter(|row| row.state.has_result());
    let generations = with_result.map(|row| row.generation);
    Ok(generations.max().unwrap_or_default())
}

/// An input of which no line could be read is not what the source's file says: to go on without it would be to
/// miss everything that it reports.
async fn refuse_unreadable(
    trueup: &Trueup,
    side: Side,
    manifest: &SideManifest,
) -> Result<(), Failure> {
    let mut inputs = manifest.inputs.iter();
    let unreadable = inputs.find(|it| it.counts.accepted == 0 && it.counts.rejected > 0);
    let Some(StagedInput { sealed, counts, .. }) = unreadable else {
        return Ok(());
    };
    let rejects = load_rejects(&trueup.staging, manifest, 1).await?;
    let first = rejects.iter().find(|it| *it.origin.file == *sealed.name);
    let first = first.map_or_else(
        String::new,
        |Reject {
             origin,
             column,
             reason,
             ..
         }| {
            let column = match column.is_empty() {
                true => String::new(),
                false => format!(", {column}"),
            };
            format!("; line {}{column}: {reason}", origin.line)
        },
    );
    let lines = match counts.rejected {
        1 => "its only line could not be read".to_owned(),
        several => format!("none of its {several} lines could be read"),
    };
    let name = &sealed.name;
    Err(Failure::last(
        failure::INPUT_QUARANTINED,
        format!(
            "{name}: {lines}{first}; put a file in its place that is as [{side}.format] says, or change that"
        ),
    ))
}

async fn put_on_record(
    trueup: &Trueup,
    run: &Run,
    side: Side,
    manifest: &SideManifest,
) -> Result<(), Failure> {
    let mut rejects = load_rejects(&trueup.staging, manifest, REJECTS_PER_INPUT_MAX).await?;
    for input in &manifest.inputs {
        let name = &input.sealed.name;
        let (own, others) = rejects.into_iter().partition(|r| *r.origin.file == **name);
        rejects = others;
        let row = row(side, input, manifest)?;
        trueup
            .store
            .seal_input(&run.run_id, row, own, Vec::new())
            .await?;
    }
    Ok(())
}

fn row(side: Side, input: &StagedInput, manifest: &SideManifest) -> Result<InputRow, Failure> {
    let counts = &input.counts;
    // Sums are known for the side: with several inputs, no single one of them has these.
    let totals = match manifest.inputs.len() {
        1 => accepted(manifest)?,
        _ => Vec::new(),
    };
    Ok(InputRow {
        side,
        name: input.sealed.name.clone(),
        sha256: input.sealed.stored.sha256.clone(),
        bytes: input.sealed.stored.bytes,
        rows: RowCounts {
            read: counts.read,
            accepted: counts.accepted,
            rejected: counts.rejected,
            skipped: counts.skipped,
        },
        totals,
        declared_id: input.declared_id.clone(),
    })
}

/// Sums of all accepted records, also of those that an earlier run had received.
fn accepted(manifest: &SideManifest) -> Result<Vec<Money>, Failure> {
    let damaged = |error| Failure::last(failure::STAGING_DAMAGED, error);
    let mut sums: BTreeMap<Currency, Option<Amount>> = BTreeMap::new();
    for part in manifest.received.iter().chain(&manifest.known) {
        let currency = Currency::parse(&part.currency).map_err(damaged)?;
        let sum = part.sum.as_deref().map(Amount::parse).transpose();
        let sum = sum.map_err(damaged)?;
        let total = sums.entry(currency).or_insert(Some(Amount::ZERO));
        *total = total
            .zip(sum)
            .and_then(|(total, sum)| total.checked_add(sum).ok());
    }
    let exact = sums.into_iter();
    let exact = exact.filter_map(|(currency, amount)| {
        Some(Money {
            amount: amount?,
            currency,
        })
    });
    Ok(exact.collect())
}
