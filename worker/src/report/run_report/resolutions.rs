//! What people did about the discrepancies of a run: who decided what, who agreed, what was
//! written off and why.

use std::collections::BTreeMap;

use domain::case::{CaseState, Resolution, ResolutionKind};
use domain::money::{Amount, Currency};

use super::figures::Stake;
use super::model::Item;

/// What was decided, and by whom.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resolutions {
    /// Cases dealt with by people.
    pub resolved: u64,
    /// Cases that wait for a second person.
    pub proposed: u64,
    /// Cases that a later run found to be gone.
    pub cleared: u64,
    /// Resolved and proposed, by who decided.
    pub decisions: BTreeMap<DecisionKey, Stake>,
    /// Written off, by reason and account: what was given up, which may be less than was at stake.
    pub write_offs: BTreeMap<WriteOffKey, Stake>,
    /// What is open, by who is to look at it; those of nobody under none.
    pub assigned: BTreeMap<Option<String>, u64>,
}

/// Decisions that are counted together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DecisionKey {
    /// Who decided.
    pub by: String,
    /// The second person, where there was one.
    pub approved_by: Option<String>,
    /// What.
    pub resolution: ResolutionKind,
    /// Whether it is in force, or waits for a second person.
    pub is_in_force: bool,
    /// Currency of what was at stake.
    pub currency: Currency,
}

/// Write-offs that are counted together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WriteOffKey {
    /// Why.
    pub reason_code: String,
    /// Where it is booked.
    pub account: String,
    /// In which currency.
    pub currency: Currency,
}

impl Resolutions {
    /// Cases that people resolved, by who decided; the busiest first.
    #[must_use]
    pub fn people(&self) -> Vec<(&str, u64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for (key, stake) in self.decisions.iter().filter(|(key, _)| key.is_in_force) {
            *counts.entry(&key.by).or_default() += stake.count;
        }
        let mut people: Vec<_> = counts.into_iter().collect();
        people.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        people
    }
}

pub(super) fn resolutions(items: &[Item]) -> Resolutions {
    let mut all = Resolutions::default();
    for item in items {
        match item.case.state {
            CaseState::Open => {}
            CaseState::Proposed => all.proposed += 1,
            CaseState::Resolved => all.resolved += 1,
            CaseState::Cleared => all.cleared += 1,
        }
        if item.is_open() {
            *all.assigned
                .entry(item.case.assigned_to.clone())
                .or_default() += 1;
        }
        add_decision(&mut all, item);
    }
    all
}

fn add_decision(all: &mut Resolutions, item: &Item) {
    let is_in_force = match item.case.state {
        CaseState::Resolved => true,
        CaseState::Proposed => false,
        CaseState::Open | CaseState::Cleared => return,
    };
    let Some(decision) = item.decision() else {
        return;
    };
    let currency = item.discrepancy.currency;
    let key = DecisionKey {
        by: decision.by.clone(),
        approved_by: decision.approved_by.clone(),
        resolution: decision.resolution.kind(),
        is_in_force,
        currency,
    };
    let stake = all.decisions.entry(key).or_default();
    stake.add(item.discrepancy.at_stake.abs());
    if let (true, Some((reason_code, account, amount))) =
        (is_in_force, write_off(&decision.resolution))
    {
        let key = WriteOffKey {
            reason_code: reason_code.to_owned(),
            account: account.to_owned(),
            currency,
        };
        all.write_offs.entry(key).or_default().add(amount.abs());
    }
}

/// Reason, account and amount of a write-off.
pub(super) fn write_off(resolution: &Resolution) -> Option<(&str, &str, Amount)> {
    match resolution {
        Resolution::WriteOff {
            reason_code,
            amount,
            account,
        } => Some((reason_code, account, *amount)),
        _ => None,
    }
}
