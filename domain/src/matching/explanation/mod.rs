//! A discrepancy explained: what was compared, how much of it agrees, and the smallest change of a
//! rule by which its records would have matched.
//!
//! All of it follows from the discrepancy and the rules that found it; nothing of it is stored.

mod change;
mod compared;
mod proposal;

pub use change::{RuleChange, WouldMatch};
pub use compared::Compared;

use crate::discrepancy::Discrepancy;
use crate::policy::SourcePolicy;

/// Why a discrepancy is one, in parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What was compared: the rule's texts, then amounts, value dates and statuses. Of a record that
    /// is alone, with what came closest; with nothing, where nothing did, and where it is one too many.
    /// Empty when the discrepancy is about no records.
    pub compared: Vec<Compared>,
    /// The smallest change of a rule by which these records would have matched. None where no change
    /// of one rule does that: a duplicate stays one too many, another currency is another.
    pub would_match: Option<WouldMatch>,
}

impl Explanation {
    /// Explains a discrepancy by the rules that found it.
    #[must_use]
    pub fn of(policy: &SourcePolicy, discrepancy: &Discrepancy) -> Self {
        Explanation {
            compared: compared::compared(policy, discrepancy),
            would_match: proposal::would_match(policy, discrepancy),
        }
    }

    /// How much of what was compared agrees: `3 of 4`.
    #[must_use]
    pub fn score(&self) -> String {
        let agreeing = self.compared.iter().filter(|it| it.agrees).count();
        format!("{agreeing} of {}", self.compared.len())
    }
}
