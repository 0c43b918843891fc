//! Telling people again: only when what they were told has changed materially, or is back after it
//! was closed.

use super::facts;
use crate::case::{Case, SYSTEM};
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
    let number = told.times.saturating_add(1);
    changed(policy, told, now).map(|occasion| Again { number, occasion })
}

/// What has changed materially since people were told, in one sentence.
fn changed(policy: &SourcePolicy, told: &Told, now: &Discrepancy) -> Option<String> {
    if now.severity > told.severity {
        let (now, before) = (now.severity, told.severity);
        Some(format!("It is {now} now; it was {before}."))
    } else if amount_changed(policy, told, now) {
        let at_stake = Money {
            amount: now.at_stake.abs(),
            currency: now.currency,
        };
        let before = told.at_stake;
        Some(format!("{at_stake} are at stake now; it was {before}."))
    } else {
        None
    }
}

/// Why people are told again of a discrepancy that a run finds again, although its case was
/// `closed` after they were told. What is back under its reference need not be what was there.
#[must_use]
pub fn back(policy: &SourcePolicy, told: &Told, closed: &Case, now: &Discrepancy) -> Again {
    let mut occasion = match &closed.decision {
        Some(decision) => {
            let (kind, by) = (decision.resolution.kind(), &decision.by);
            let by = facts::one_line(by, super::TEXT_CHARACTERS_MAX);
            format!("{by} resolved it as {kind}, and it is back.")
        }
        None => "It was cleared, and is back.".to_owned(),
    };
    if let Some(changed) = changed(policy, told, now) {
        occasion += &format!(" {changed}");
    }
    Again {
        number: told.times.saturating_add(1),
        occasion,
    }
}

/// Why people are told again of a discrepancy whose case is opened again, by a person or by
/// [`SYSTEM`], after they were told so often.
#[must_use]
pub fn opened_again(times: u32, by: &str, note: &str) -> Again {
    let occasion = match (by, note) {
        (SYSTEM, "") => "It is open again: a later run found it.".to_owned(),
        (SYSTEM, note) => format!("It is open again: {note}."),
        (by, note) => format!("{by} opened it again: {note}"),
    };
    Again {
        number: times.saturating_add(1),
        occasion: facts::one_line(&occasion, super::TEXT_CHARACTERS_MAX),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_again_says_by_whom_and_why() {
        let again = opened_again(0, "ann", "not\nso");
        assert_eq!(
            (again.number, &*again.occasion),
            (1, "ann opened it again: not so")
        );
        let late = opened_again(3, SYSTEM, "it was to arrive by 2026-11-20");
        assert_eq!(
            (late.number, &*late.occasion),
            (4, "It is open again: it was to arrive by 2026-11-20.")
        );
        assert_eq!(
            opened_again(1, SYSTEM, "").occasion,
            "It is open again: a later run found it."
        );
    }
}
