//! Payments that failed after they were matched as announced, and went through after all: that they failed is no
//! difference any more.

use std::collections::BTreeMap;

use super::paid::{Payment, Payments};
use crate::discrepancy::Kind;
use crate::matching::{Pool, is_asked_for};
use crate::policy::{RunContext, SourcePolicy};
use crate::record::Side;

/// What is open of payments of which the end is among `taken`, by their places: that they failed before. Each with
/// what says otherwise.
pub(super) fn retried(
    policy: &SourcePolicy,
    context: &RunContext,
    pool: &Pool,
    taken: &[(Side, usize, String)],
) -> Vec<(Side, usize, String)> {
    let mut payments = Payments::of(policy);
    let mut ends: BTreeMap<(Side, Payment), String> = BTreeMap::new();
    for (side, at, _) in taken {
        let record = &pool.side(*side)[*at];
        if let Some(payment) = payments.of_record(record).filter(|_| record.is_settled()) {
            let says = format!("{} says settled", record.origin.place());
            ends.entry((*side, payment)).or_insert(says);
        }
    }
    if ends.is_empty() {
        return Vec::new();
    }
    let mut retried = Vec::new();
    for side in Side::BOTH {
        for (at, record) in pool.side(side).iter().enumerate() {
            let found_in = record.found_in().map(|(_, kind)| *kind);
            let is_open = record.has_failed() && found_in == Some(Kind::StatusMismatch);
            if is_open
                && is_asked_for(&context.scope, record)
                && let Some(payment) = payments.of_record(record)
                && let Some(says) = ends.get(&(side, payment))
            {
                retried.push((side, at, says.clone()));
            }
        }
    }
    retried
}
