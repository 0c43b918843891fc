//! The account of a run: where all the money went, and what reports state about themselves.

use domain::conservation::{Conservation, CountAndSum};
use domain::control::{ControlCheck, out_of_balance};
use domain::discrepancy::Discrepancy;
use domain::money::Currency;
use domain::record::{Record, Side};
use workflows::failure;
use workflows::ports::Run;

use super::admit::source;
use super::before::summed;
use super::compare::too_large;
use crate::Trueup;
use crate::failures::Failure;
use crate::staging::SideManifest;

/// The discrepancies that are open must be what the next run begins with, to the cent.
pub(super) fn carried_forward_is(
    conservation: &Conservation,
    open: &[Record],
) -> Result<(), Failure> {
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
pub(super) fn received(sides: [&SideManifest; 2]) -> Result<Conservation, Failure> {
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
pub(super) fn carry_all_forward(conservation: &mut Conservation) -> Result<(), Failure> {
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
pub(super) fn balanced(conservation: &Conservation) -> Result<(), Failure> {
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
pub(super) fn broken_controls(
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
