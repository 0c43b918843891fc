//! The life of one discrepancy across runs, as a state machine: who may do what to a case, and what
//! that makes of it.
//!
//! Pure: a case, an act, the rules of who may do what, and the time come in; a changed case and the
//! words for the audit trail go out, or a refusal. Remembers nothing, tells nobody.

mod act;
mod authority;
mod content;
mod resolution;
#[cfg(test)]
mod tests;
mod together;
mod trail;
mod transition;

use jiff::Timestamp;

use crate::discrepancy::Kind;
use crate::money::{Amount, Currency};
use crate::named_enum;
use crate::severity::Severity;

pub use act::{Act, Applied, Change, Refusal};
pub use authority::{Action, Approval, ApprovalRule, Authority, Delegation, EVERYBODY, Grant};
pub use content::{check_person, is_same_person};
pub use resolution::{InForce, Resolution, ResolutionKind, Settles};
pub use together::{Behind, apply_together, carries, follow};
pub use trail::denied;
pub use transition::{apply, due, opens_again};

/// Who acts where no person does: what runs say of a case, and what time does to it.
pub const SYSTEM: &str = "trueup";

named_enum! {
    /// Where a case stands.
    CaseState {
        /// Somebody has to look.
        Open = "open",
        /// A resolution waits for a second person.
        Proposed = "proposed",
        /// Dealt with by people.
        Resolved = "resolved",
        /// A later run found that the difference is gone.
        Cleared = "cleared",
    }
}

impl CaseState {
    /// Whether somebody still has to do something.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, CaseState::Open | CaseState::Proposed)
    }
}

/// A case as it stands. The default is a case that nobody has touched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Where it stands.
    pub state: CaseState,
    /// Who is to look at it.
    pub assigned_to: Option<String>,
    /// Who said that they saw it.
    pub acknowledged_by: Option<String>,
    /// The resolution in force (`Resolved`) or waiting for a second person (`Proposed`); none in
    /// every other state.
    pub decision: Option<Decision>,
    /// The last later run that found the discrepancy again. What it says twice changes nothing.
    pub last_seen_run: Option<String>,
    /// Counts every change.
    pub version: u64,
}

impl Default for Case {
    fn default() -> Self {
        Case {
            state: CaseState::Open,
            assigned_to: None,
            acknowledged_by: None,
            decision: None,
            last_seen_run: None,
            version: 0,
        }
    }
}

/// What somebody decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What is to become of the discrepancy.
    pub resolution: Resolution,
    /// Why.
    pub note: String,
    /// Who proposed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The second person; none when none was needed, or before they agreed.
    pub approved_by: Option<String>,
}

/// What a case is about, as far as acting on it depends on that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    /// The source.
    pub source: String,
    /// What is different.
    pub kind: Kind,
    /// How urgent it is.
    pub severity: Severity,
    /// Currency of the amount at stake.
    pub currency: Currency,
    /// What could be lost, without sign.
    pub at_stake: Amount,
    /// Whether both sides have a record in it.
    pub has_both_sides: bool,
}
