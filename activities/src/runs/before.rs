//! What was open when a run began, as its conclusion accounts for it.

use std::collections::BTreeSet;

use domain::conservation::{Conservation, CountAndSum};
use domain::discrepancy::DiscrepancyId;
use domain::money::{Amount, Currency, MoneyError};
use domain::open_items::{Gone, Settled, Undone};
use domain::record::{Record, Side};
use workflows::failure;

use super::compare::too_large;
use crate::Trueup;
use crate::failures::Failure;
use crate::positions::{BegunWith, Standing};
use crate::staging::{Received, SideManifest};

/// What earlier runs left open.
#[derive(Default)]
pub(super) struct Before {
    /// Discrepancies that nobody has settled.
    pub(super) open: BTreeSet<DiscrepancyId>,
    /// Discrepancies whose records are gone.
    pub(super) gone: Vec<Gone>,
    /// What is not used up any more because of what amended inputs withdrew.
    pub(super) undone: Undone,
    opening: Conservation,
    voided: Vec<(Side, Currency, CountAndSum)>,
    /// Records that resolutions settled since the run before was final.
    settled: Vec<Record>,
    how: Settled,
}

impl Before {
    pub(super) async fn load(
        trueup: &Trueup,
        standing: &Standing,
        sides: [&SideManifest; 2],
    ) -> Result<Self, Failure> {
        let mut before = Before::default();
        let Some(BegunWith { position, resolved }) = &standing.begun_with else {
            return Ok(before);
        };
        let staging = &trueup.staging;
        for (side, manifest) in Side::BOTH.into_iter().zip(sides) {
            let Some(opening) = &manifest.opening else {
                continue;
            };
            for part in opening.items.iter().chain(&opening.voided) {
                let (currency, sum) = summed(part)?;
                let line = before.opening.line_mut(side, currency);
                line.opening.merge(sum).map_err(too_large)?;
            }
            for part in &opening.voided {
                let (currency, sum) = summed(part)?;
                before.voided.push((side, currency, sum));
            }
            if let Some(stored) = &opening.gone {
                let bytes = staging.get(stored).await?;
                let told = serde_json::from_slice(&bytes)
                    .map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))?;
                before.gone.extend(gone(told)?);
            }
        }
        let undone = standing.undone(staging, sides).await?;
        before
            .opening
            .open_with(&undone.records)
            .map_err(too_large)?;
        for item in position.all_open_items(staging).await? {
            let Some((id, _)) = item.found_in() else {
                continue;
            };
            if undone.unsettled.contains(id) {
                continue;
            }
            if resolved.settles(id).is_none() {
                before.open.insert(*id);
            } else if resolved.now.contains_key(id) {
                before.settled.push(item);
            }
        }
        // What somebody opened again after a run was over it.
        let returned = resolved.returned.iter();
        let returned = returned.filter(|id| !undone.unsettled.contains(*id));
        before.open.extend(returned.copied());
        let settled = &before.settled;
        before.opening.open_with(settled).map_err(too_large)?;
        before.how = resolved.now.clone();
        before.undone = undone;
        Ok(before)
    }

    /// Counts what the run began with.
    pub(super) fn count(&self, conservation: &mut Conservation) -> Result<(), Failure> {
        conservation.merge(&self.opening).map_err(too_large)
    }

    /// Counts what of it was settled, or taken back.
    pub(super) fn settle(&self, conservation: &mut Conservation) -> Result<(), Failure> {
        for (side, currency, sum) in &self.voided {
            let line = conservation.line_mut(*side, *currency);
            line.voided.merge(*sum).map_err(too_large)?;
        }
        for record in &self.settled {
            let settles = record.found_in().and_then(|(id, _)| self.how.get(id));
            if let Some(settles) = settles {
                conservation.settle([record], *settles).map_err(too_large)?;
            }
        }
        Ok(())
    }
}

/// Discrepancies that are over, as documents tell of them.
pub(super) fn gone(told: Vec<(String, String)>) -> Result<Vec<Gone>, Failure> {
    let gone = told.into_iter().map(|(id, evidence)| {
        let discrepancy = DiscrepancyId::parse(&id).ok_or_else(|| {
            Failure::last(
                failure::STAGING_DAMAGED,
                format!("{id:?} names no discrepancy"),
            )
        })?;
        Ok(Gone {
            discrepancy,
            evidence,
        })
    });
    gone.collect()
}

/// A currency's count and sum, as a manifest states them.
pub(super) fn summed(part: &Received) -> Result<(Currency, CountAndSum), Failure> {
    let currency = Currency::parse(&part.currency).map_err(too_large)?;
    let sum = part.sum.as_deref().ok_or(MoneyError::Overflow);
    let sum = sum.and_then(Amount::parse).map_err(too_large)?;
    let sum = CountAndSum::new(part.count, sum).map_err(too_large)?;
    Ok((currency, sum))
}
