//! Which request is disturbed, and how: decided by rates and chance alone.

use serde_json::Value;

use super::partial;
use crate::random::Random;

/// What the proxy does to a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// `ThrottlingException`; nothing is done.
    Throttled,
    /// `ProvisionedThroughputExceededException`; nothing is done.
    ProvisionedThroughputExceeded,
    /// A transaction is cancelled for `ThrottlingError`; nothing is done.
    TransactionThrottled,
    /// A transaction is cancelled for `TransactionConflict`; nothing is done.
    TransactionConflict,
    /// A part of a batch is done, and the rest comes back as unprocessed.
    PartialAnswer,
    /// It is done; the answer is 500.
    FailedAfterwards,
    /// It is done; there is no answer until the client gives up.
    SilentAfterwards,
    /// Nothing is done; the connection ends.
    CutBefore,
    /// It is done; the connection ends without an answer.
    CutAfterwards,
}

/// How many in a thousand requests are disturbed. Together they are at most a thousand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaultRates {
    /// Throttled, in one of the ways that the request can be.
    pub throttled: usize,
    /// Done and answered by 500.
    pub failed_afterwards: usize,
    /// Done and not answered. Each costs the client its time-out.
    pub silent_afterwards: usize,
    /// Cut off before anything is done.
    pub cut_before: usize,
    /// Done and cut off.
    pub cut_afterwards: usize,
}

impl FaultRates {
    /// A very bad day: 30 % throttled, 5 % done and failed, and some of everything else.
    pub const BAD_DAY: FaultRates = FaultRates {
        throttled: 300,
        failed_afterwards: 50,
        silent_afterwards: 4,
        cut_before: 20,
        cut_afterwards: 20,
    };

    /// What happens to this request.
    pub(super) fn decide(
        &self,
        operation: &str,
        body: &Value,
        random: &mut Random,
    ) -> Option<Fault> {
        if !is_about_items(operation) {
            return None;
        }
        // Each fault has a stretch of the thousand of its own.
        let place = random.below(1000);
        let mut end = self.throttled;
        if place < end {
            let ways = throttles(operation, body);
            return Some(ways[random.below(ways.len())]);
        }
        let others = [
            (self.failed_afterwards, Fault::FailedAfterwards),
            (self.silent_afterwards, Fault::SilentAfterwards),
            (self.cut_before, Fault::CutBefore),
            (self.cut_afterwards, Fault::CutAfterwards),
        ];
        let hit = others.into_iter().find(|(rate, _)| {
            end += rate;
            place < end
        });
        hit.map(|(_, fault)| fault)
    }
}

/// The ways in which DynamoDB throttles such a request.
fn throttles(operation: &str, body: &Value) -> Vec<Fault> {
    let mut ways = vec![Fault::Throttled, Fault::ProvisionedThroughputExceeded];
    if operation.starts_with("Transact") {
        // More often than the others: of all requests, few are transactions.
        ways.extend([Fault::TransactionThrottled, Fault::TransactionConflict].repeat(2));
    }
    if partial::can_split(operation, body) {
        ways.extend([Fault::PartialAnswer; 6]);
    }
    ways
}

/// Whether the request reads or writes items, rather than tables.
pub(super) fn is_about_items(operation: &str) -> bool {
    let prefixes = ["Transact", "Batch", "Query", "Scan"];
    operation.ends_with("Item") || prefixes.iter().any(|start| operation.starts_with(start))
}
