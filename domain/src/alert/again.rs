//! Telling people again: only when what they were told has changed materially.

use crate::discrepancy::Discrepancy;
use crate::money::{Amount, Money};
use crate::policy::SourcePolicy;
use crate::severity::Severity;

/// What people were told of a discrepancy last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// How urgent it was then.
    pub severity: Severity,
    /// What was at stake then.
    pub at_stake: Money,
    /// How often they were told, on any one channel.
    pub times: u32,
}

/// Why people are told again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Again {
    /// The how many-eth time this is: 2 for the first repetition.
    pub number: u32,
    /// Why, in one sentence.
    pub occasion: String,
}

/// Why people have to be told again of `now`; none when it is what they were told already: no more
/// urgent, and the same amount but for rounding.
#[must_use]
pub fn change(policy: &SourcePolicy, told: &Told, now: &Discrepancy) -> Option<Again> {
    let occasion = if now.severity > told.severity {
        format!("It is {} now; it was {}.", now.severity, told.severity)
    } else if amount_changed(policy, told, now) {
        let at_stake = Money {
            amount: now.at_stake.abs(),
            currency: now.currency,
        };
        format!("{at_stake} are at stake now; it was {}.", told.at_stake)
    } else {
        return None;
    };
    Some(Again {
        number: told.times.saturating_add(1),
        occasion,
    })
}

fn amount_changed(policy: &SourcePolicy, told: &Told, now: &Discrepancy) -> bool {
    if told.at_stake.currency != now.currency {
        return true;
    }
    let tolerance = policy.tolerances.of(now.currency);
    let allowed = tolerance.accepted.max(tolerance.rounding);
    let gap = now.at_stake.abs().checked_sub(told.at_stake.amount);
    gap.map_or(true, |gap: Amount| gap.abs() > allowed)
}
