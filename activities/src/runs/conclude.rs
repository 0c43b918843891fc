//! The end of the comparison: further rules, what is alone, and where all the money went.

use std::sync::Arc;

use domain::conservation::{Conservation, CountAndSum};
use domain::control::{ControlCheck, out_of_balance};
use domain::discrepancy::Discrepancy;
use domain::matching::{self, Comparison, Pool};
use domain::money::{Amount, Currency, MoneyError};
use domain::record::{Record, Side};
use proto::totals::{add_conservation, conservation_to_wire, count_discrepancies};
use proto::wire::RunTotals;
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Conclude, Concluded, Run, Stored};

use super::admit::{context, source};
use super::compare;
use super::compare::too_large;
use super::parts::{self, Compared, Found};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive, compute};
use crate::staging::{Folder, SideManifest};

pub(crate) async fn conclude(
    trueup: Arc<Trueup>,
    ctx: &ActivityContext,
    input: Conclude,
) -> Result<Concluded, Failure> {
    let progress = Progress::new("loading");
    alive(ctx, &progress, work(trueup, &progress, input)).await
}

async fn work(
    trueup: Arc<Trueup>,
    progress: &Progress<&'static str>,
    input: Conclude,
) -> Result<Concluded, Failure> {
    let partner = SideManifest::load(&trueup.staging, &input.sides.partner.manifest).await?;
    let ledger = SideManifest::load(&trueup.staging, &input.sides.ledger.manifest).await?;
    let mut conservation = received([&partner, &ledger])?;
    let broken = broken_controls(&trueup, &input.run, [&partner, &ledger])?;
    let mut all = gather(&trueup, &input.compared).await?;
    conservation.merge(&all.conservation).map_err(too_large)?;
    progress.set("classifying");
    let outcome = match broken.is_empty() {
        true => classify(&trueup, &input.run, all.left).await?,
        false => {
            carry_all_forward(&mut conservation)?;
            Comparison {
                discrepancies: broken,
                ..Comparison::default()
            }
        }
    };
    conservation.conclude(&outcome).map_err(too_large)?;
    balanced(&conservation)?;
    progress.set("writing");
    let folder = Folder::Compared {
        run_id: &input.run.run_id,
    };
    let policy = &source(&trueup, &input.run)?.policy;
    let last = compare::matches(policy, &outcome.matched);
    all.matches.push(trueup.staging.put(folder, last).await?);
    all.discrepancies.extend(outcome.discrepancies);
    matching::sort_for_people(&mut all.discrepancies);
    let found = Found {
        discrepancies: trueup.staging.put_all(folder, &all.discrepancies).await?,
        matches: all.matches,
    };
    let mut totals = RunTotals {
        partner: Some(input.sides.partner.counts),
        ledger: Some(input.sides.ledger.counts),
        matched: all.matched + outcome.matched.len() as u64,
        in_transit: outcome.in_transit.len() as u64,
        out_of_scope: all.out_of_scope + outcome.out_of_scope.records().count() as u64,
        conservation: conservation_to_wire(&conservation).map_err(too_large)?,
        ..RunTotals::default()
    };
    count_discrepancies(&mut totals, &all.discrepancies);
    let findings = parts::put(&trueup.staging, folder, &found).await?;
    Ok(Concluded { findings, totals })
}

/// What both sides delivered, as counted while reading: held against where it all went.
fn received(sides: [&SideManifest; 2]) -> Result<Conservation, Failure> {
    let mut conservation = Conservation::default();
    for (side, manifest) in Side::BOTH.into_iter().zip(sides) {
        for received in &manifest.received {
            let currency = Currency::parse(&received.currency).map_err(too_large)?;
            let sum = received.sum.as_deref().ok_or(MoneyError::Overflow);
            let sum = sum.and_then(Amount::parse).map_err(too_large)?;
            let received = CountAndSum::new(received.count, sum).map_err(too_large)?;
            conservation.line_mut(side, currency).received = received;
        }
    }
    Ok(conservation)
}

/// Of a report that is not matched, everything stays open.
fn carry_all_forward(conservation: &mut Conservation) -> Result<(), Failure> {
    let lines: Vec<_> = conservation
        .lines()
        .map(|(s, c, line)| (s, c, line.received))
        .collect();
    for (side, currency, received) in lines {
        let line = conservation.line_mut(side, currency);
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
#[derive(Default)]
struct Gathered {
    matches: Vec<Stored>,
    matched: u64,
    conservation: Conservation,
    discrepancies: Vec<Discrepancy>,
    left: Pool,
    out_of_scope: u64,
}

async fn gather(trueup: &Trueup, compared: &[Stored]) -> Result<Gathered, Failure> {
    let mut all = Gathered::default();
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
    }
    Ok(all)
}

async fn classify(trueup: &Arc<Trueup>, run: &Run, left: Pool) -> Result<Comparison, Failure> {
    let context = context(run)?;
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
