//! The end of the comparison: further rules, what is alone, and where all the money went.

use std::sync::Arc;

use domain::audit::Hash;
use domain::conservation::{Conservation, CountAndSum};
use domain::control::{ControlCheck, out_of_balance};
use domain::discrepancy::Discrepancy;
use domain::matching::{self, Comparison, Pool};
use domain::money::Currency;
use domain::open_items::{self, Gone};
use domain::policy::{RunContext, Scope};
use domain::record::{Record, Side};
use proto::totals::{add_conservation, conservation_to_wire, count_discrepancies};
use proto::wire::RunTotals;
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Compare, Conclude, Concluded, Run, Sides, Stored};

use super::admit::source;
use super::before::{Before, gone, summed};
use super::compare::{self, Matches, received_by, too_large};
use super::parts::{self, Compared, Found};
use crate::Trueup;
use crate::audit::seal;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive, compute};
use crate::positions::{self, GatheredUse, Outcome, Position, Standing, during_turn};
use crate::staging::{Folder, SideManifest, Staging};

pub(crate) async fn conclude(
    trueup: Arc<Trueup>,
    ctx: &ActivityContext,
    input: Conclude,
) -> Result<Concluded, Failure> {
    let progress = Progress::new("loading");
    let run = input.run.clone();
    let attempt = ctx.info().workflow_run_id.clone().unwrap_or_default();
    let work = work(Arc::clone(&trueup), &progress, input, attempt);
    alive(ctx, &progress, during_turn(&trueup, ctx, &run, work)).await
}

/// Compares both sides in one part, and concludes.
pub(super) async fn both_sides(
    trueup: &Arc<Trueup>,
    run: Run,
    sides: Sides,
    position: Option<Stored>,
    attempt: &str,
) -> Result<Concluded, Failure> {
    let progress = Progress::new("");
    let attempt = || attempt.to_owned();
    let mut compared = Vec::new();
    if !sides.break_controls() {
        let all = Compare::part(&run, &sides, position.clone(), 0, 1);
        compared.push(compare::work(Arc::clone(trueup), &progress, all, attempt()).await?);
    }
    let conclusion = Conclude {
        run,
        sides,
        compared,
        position,
    };
    work(Arc::clone(trueup), &progress, conclusion, attempt()).await
}

async fn work(
    trueup: Arc<Trueup>,
    progress: &Progress<&'static str>,
    input: Conclude,
    attempt: String,
) -> Result<Concluded, Failure> {
    let partner = SideManifest::load(&trueup.staging, &input.sides.partner.manifest).await?;
    let ledger = SideManifest::load(&trueup.staging, &input.sides.ledger.manifest).await?;
    let sides = [&partner, &ledger];
    let stored = input.position.as_ref();
    let standing = Standing::load(&trueup, &input.run, &attempt, stored).await?;
    let before = Before::load(&trueup, &standing, sides).await?;
    let mut conservation = received(sides)?;
    before.count(&mut conservation)?;
    let broken = broken_controls(&trueup, &input.run, sides)?;
    let is_broken = !broken.is_empty();
    let mut all = gather(&trueup, &input.compared).await?;
    conservation.merge(&all.conservation).map_err(too_large)?;
    progress.set("classifying");
    let policy = &source(&trueup, &input.run)?.policy;
    let mut outcome = match is_broken {
        false => classify(&trueup, &input.run, standing.context()?, all.left).await?,
        true => Comparison {
            discrepancies: broken,
            ..Comparison::default()
        },
    };
    match is_broken {
        false => before.settle(&mut conservation)?,
        true => carry_all_forward(&mut conservation)?,
    }
    conservation.conclude(&outcome).map_err(too_large)?;
    balanced(&conservation)?;
    progress.set("writing");
    let folder = Folder::Compared {
        run_id: &input.run.run_id,
    };
    let mut last = Matches::default();
    last.add(policy, &outcome.matched);
    if !last.leaves.is_empty() || all.matches.is_empty() {
        let lines = last.lines.finish();
        all.matches.push(trueup.staging.put(folder, lines).await?);
    }
    all.discrepancies.append(&mut outcome.discrepancies);
    open_items::keep_ids(&mut all.discrepancies);
    matching::sort_for_people(&mut all.discrepancies);
    let received = received_by(&input.run)?;
    let is_whole = standing.asked.scope == Scope::Whole;
    let cleared = match is_whole && !is_broken {
        true => {
            let run_id = &input.run.run_id;
            all.settled
                .extend(open_items::of_matches(policy, run_id, &outcome.matched));
            open_items::cleared(
                run_id,
                &before.open,
                &all.discrepancies,
                &outcome.in_transit,
                all.settled,
                before.gone,
            )
        }
        false => Vec::new(),
    };
    let position = match standing.makes_position && !is_broken {
        true => {
            let open = open_items::open_items(&received, &all.discrepancies, &outcome.in_transit);
            carried_forward_is(&conservation, &open)?;
            let used = open_items::used_up(&received, &outcome.matched);
            let used = positions::put_used(&trueup.staging, folder, used).await?;
            positions::gather(&trueup.staging, &mut all.used, used).await?;
            let outcome = Outcome {
                sides,
                ledger_side: &input.sides.ledger.manifest,
                open,
                used: all.used,
                reopened: before.reopened,
                taken_back: before.taken_back,
            };
            Some(positions::next(&trueup, &input.run, &received, &standing, outcome).await?)
        }
        false => None,
    };
    let seals = all.leaves.map(|mut leaves| {
        leaves.extend(last.leaves);
        let key = trueup.audit.commitments;
        seal::seals(leaves, &all.discrepancies, key).into()
    });
    let found = Found {
        seals,
        discrepancies: trueup.staging.put_all(folder, &all.discrepancies).await?,
        matches: all.matches,
        cleared: cleared
            .iter()
            .map(|gone| (gone.discrepancy.to_string(), gone.evidence.clone()))
            .collect(),
        open_before: before.open.iter().map(ToString::to_string).collect(),
        position,
    };
    let is_open_before = |found: &&Discrepancy| before.open.contains(&found.id);
    let known = sides.iter().flat_map(|side| &side.known);
    let mut totals = RunTotals {
        partner: Some(input.sides.partner.counts),
        ledger: Some(input.sides.ledger.counts),
        matched: all.matched + outcome.matched.len() as u64,
        in_transit: outcome.in_transit.len() as u64,
        out_of_scope: all.out_of_scope + outcome.out_of_scope.records().count() as u64,
        conservation: conservation_to_wire(&conservation).map_err(too_large)?,
        seen_again: all.discrepancies.iter().filter(is_open_before).count() as u64,
        cleared: cleared.len() as u64,
        known: known.map(|part| part.count).sum(),
        ..RunTotals::default()
    };
    count_discrepancies(&mut totals, &all.discrepancies);
    let findings = parts::put(&trueup.staging, folder, &found).await?;
    Ok(Concluded { findings, totals })
}

/// Of what a comparison stored for its run, the objects that are read after it.
pub(super) async fn read_later(
    staging: &Staging,
    concluded: &Concluded,
) -> Result<Vec<Stored>, Failure> {
    let found: Found = parts::get(staging, &concluded.findings).await?;
    let mut objects = vec![concluded.findings.clone(), found.discrepancies];
    objects.extend(found.matches);
    if let Some(position) = &found.position {
        objects.extend(Position::load(staging, position).await?.used_by_last());
    }
    Ok(objects)
}

/// The discrepancies that are open must be what the next run begins with, to the cent.
fn carried_forward_is(conservation: &Conservation, open: &[Record]) -> Result<(), Failure> {
    let mut stated = Conservation::default();
    stated.carry_forward(open).map_err(too_large)?;
    let mut sums = Conservation::default();
    for (side, currency, line) in conservation.lines() {
        if line.carried_forward != CountAndSum::default() {
            sums.line_mut(side, currency).carried_forward = line.carried_forward;
        }
    }
    match stated == sums {
        true => Ok(()),
        false => Err(Failure::last(
            failure::NOT_CONSERVED,
            "what is carried forward is not what was left open, please report this",
        )),
    }
}

/// What both sides delivered, as counted while reading: held against where it all went.
fn received(sides: [&SideManifest; 2]) -> Result<Conservation, Failure> {
    let mut conservation = Conservation::default();
    for (side, manifest) in Side::BOTH.into_iter().zip(sides) {
        for received in &manifest.received {
            let (currency, sum) = summed(received)?;
            conservation.line_mut(side, currency).received = sum;
        }
    }
    Ok(conservation)
}

/// Of a report that is not matched, everything stays open.
fn carry_all_forward(conservation: &mut Conservation) -> Result<(), Failure> {
    let lines: Vec<_> = conservation
        .lines()
        .map(|(s, c, line)| (s, c, line.opening, line.received))
        .collect();
    for (side, currency, opening, received) in lines {
        let line = conservation.line_mut(side, currency);
        line.carried_forward.merge(opening).map_err(too_large)?;
        line.carried_forward.merge(received).map_err(too_large)?;
    }
    Ok(())
}

/// A record lost or counted twice is our own mistake, and nothing may be built on it.
fn balanced(conservation: &Conservation) -> Result<(), Failure> {
    let imbalances: Vec<_> = conservation
        .imbalances()
        .iter()
        .map(ToString::to_string)
        .collect();
    match imbalances.is_empty() {
        true => Ok(()),
        false => Err(Failure::last(
            failure::NOT_CONSERVED,
            format!(
                "records were lost or doubled, please report this: {}",
                imbalances.join("; ")
            ),
        )),
    }
}

/// A discrepancy for each identity that a report states about itself and breaks.
fn broken_controls(
    trueup: &Trueup,
    run: &Run,
    sides: [&SideManifest; 2],
) -> Result<Vec<Discrepancy>, Failure> {
    let policy = &source(trueup, run)?.policy;
    let mut broken = Vec::new();
    for (side, manifest) in Side::BOTH.into_iter().zip(sides) {
        // A check of counts is told in the report's currency; ISO 4217 has a code for none.
        let currency = manifest
            .received
            .first()
            .map_or("XXX", |received| &received.currency);
        let currency = Currency::parse(currency).map_err(too_large)?;
        for control in &manifest.controls {
            let check = ControlCheck::try_from(control.clone()).map_err(|error| {
                Failure::last(
                    failure::STAGING_DAMAGED,
                    format!("{side} manifest: {error}"),
                )
            })?;
            broken.extend(out_of_balance(
                &policy.source,
                side,
                &check,
                currency,
                &policy.severity,
            ));
        }
    }
    Ok(broken)
}

/// What all comparisons of buckets found and left.
struct Gathered {
    matches: Vec<Stored>,
    /// None when an earlier version left a part without.
    leaves: Option<Vec<Hash>>,
    matched: u64,
    conservation: Conservation,
    discrepancies: Vec<Discrepancy>,
    left: Pool,
    out_of_scope: u64,
    used: GatheredUse,
    settled: Vec<Gone>,
}

async fn gather(trueup: &Trueup, compared: &[Stored]) -> Result<Gathered, Failure> {
    let mut all = Gathered {
        matches: Vec::new(),
        leaves: Some(Vec::new()),
        matched: 0,
        conservation: Conservation::default(),
        discrepancies: Vec::new(),
        left: Pool::default(),
        out_of_scope: 0,
        used: GatheredUse::default(),
        settled: Vec::new(),
    };
    for stored in compared {
        let part: Compared = parts::get(&trueup.staging, stored).await?;
        let mut discrepancies = trueup.staging.get_all(&part.discrepancies).await?;
        all.discrepancies.append(&mut discrepancies);
        for record in trueup.staging.get_all::<Record>(&part.left).await? {
            all.left.push(record);
        }
        add_conservation(&mut all.conservation, &part.conservation).map_err(too_large)?;
        all.matched += part.matched;
        all.out_of_scope += part.out_of_scope;
        all.matches.push(part.matches);
        all.leaves = match (all.leaves, &part.leaves) {
            (Some(mut leaves), Some(stored)) => {
                leaves.extend(read_leaves(&trueup.staging, stored).await?);
                Some(leaves)
            }
            _ => None,
        };
        all.settled.extend(gone(part.settled)?);
        if let Some(used) = part.used {
            positions::gather(&trueup.staging, &mut all.used, used).await?;
        }
    }
    Ok(all)
}

async fn read_leaves(staging: &Staging, stored: &Stored) -> Result<Vec<Hash>, Failure> {
    let leaves = seal::from_bytes(&staging.get(stored).await?);
    leaves.ok_or_else(|| {
        let problem = format!("{}: it is no list of hashes", stored.key);
        Failure::last(failure::STAGING_DAMAGED, problem)
    })
}

async fn classify(
    trueup: &Arc<Trueup>,
    run: &Run,
    context: RunContext,
    left: Pool,
) -> Result<Comparison, Failure> {
    let (trueup, run) = (Arc::clone(trueup), run.clone());
    compute(move || {
        Ok(matching::conclude(
            &source(&trueup, &run)?.policy,
            &context,
            left,
        ))
    })
    .await
}
