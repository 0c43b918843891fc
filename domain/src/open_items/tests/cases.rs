//! How cases stand, as far as runs ask.

use crate::case::{InForce, Resolution};
use crate::money::Amount;

/// What is at stake in each discrepancy, as far as write-offs ask: so many cents.
pub(super) const CENTS_AT_STAKE: i128 = 200;

/// How a case stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum CaseNow {
    Open,
    Cleared,
    Resolved(Resolution),
}

impl CaseNow {
    pub(super) fn in_force(&self) -> Option<InForce> {
        match self {
            CaseNow::Resolved(resolution) => Some(InForce {
                resolution: resolution.clone(),
                at_stake: Amount::from_scaled(CENTS_AT_STAKE, 2).unwrap(),
            }),
            _ => None,
        }
    }
}
