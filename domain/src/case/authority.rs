//! Who may do what: an authority matrix of roles, kinds and amounts, delegations with an end, and
//! from where on a second person has to agree.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::resolution::ResolutionKind;
use super::{Act, Subject};
use crate::discrepancy::Kind;
use crate::money::{Amount, Currency};
use crate::named_enum;

named_enum! {
    /// What a person does.
    Action {
        /// Says who is to look at a case.
        Assign = "assign",
        /// Writes something down.
        Comment = "comment",
        /// Resolves, or proposes to.
        Resolve = "resolve",
        /// Agrees to what another person proposed.
        Approve = "approve",
        /// Sends a proposal back.
        Reject = "reject",
        /// Opens a resolved case again.
        Reopen = "reopen",
        /// Says that they saw it.
        Acknowledge = "acknowledge",
        /// Signs a run off.
        SignOff = "sign_off",
    }
}

/// One line of the authority matrix: what a role may do. All conditions given must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Whose right it is.
    pub role: String,
    /// What may be done. Never empty.
    pub actions: BTreeSet<Action>,
    /// Only in these sources; empty is any.
    pub sources: BTreeSet<String>,
    /// Only for these kinds; empty is any.
    pub kinds: BTreeSet<Kind>,
    /// Only these resolutions (of `resolve`, `approve`); empty is any.
    pub resolutions: BTreeSet<ResolutionKind>,
    /// Only up to these amounts at stake. Empty is any amount; a currency that is not listed in a
    /// list is not granted.
    pub amount_up_to: BTreeMap<Currency, Amount>,
}

/// One person acts for another for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delegation {
    /// Whose rights.
    pub from: String,
    /// Who has them too.
    pub to: String,
    /// The last day.
    pub until: Date,
}

/// From where on a second person has to agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApprovalRule {
    /// Only for these kinds; empty is any.
    pub kinds: BTreeSet<Kind>,
    /// Only these resolutions; empty is any.
    pub resolutions: BTreeSet<ResolutionKind>,
    /// Only this currency; none is any.
    pub currency: Option<Currency>,
    /// Only from this amount at stake up; none is any amount.
    pub amount_from: Option<Amount>,
}

/// A source's rules for a second person.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Approval {
    /// A resolution that fits any of these is proposed first.
    pub rules: Vec<ApprovalRule>,
}

/// Who may do what, in the whole installation. Without any grant, everybody may do everything;
/// that nobody approves their own holds always.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Authority {
    /// Roles of each person.
    pub people: BTreeMap<String, BTreeSet<String>>,
    /// What roles may do.
    pub grants: Vec<Grant>,
    /// Who acts for whom.
    pub delegations: Vec<Delegation>,
}

impl Approval {
    /// Whether this resolution of this subject takes a second person.
    #[must_use]
    pub fn is_needed(&self, subject: &Subject, resolution: ResolutionKind) -> bool {
        let _ = (subject, resolution);
        todo!("case helper")
    }
}

impl Authority {
    /// Whether `person` may do `act` to `subject` on the day `today`: by a role of their own, or of
    /// somebody who delegated to them. For an approval `proposed` is what is approved.
    #[must_use]
    pub fn allows(
        &self,
        person: &str,
        act: &Act,
        proposed: Option<ResolutionKind>,
        subject: &Subject,
        today: Date,
    ) -> bool {
        let _ = (person, act, proposed, subject, today);
        todo!("case helper")
    }

    /// Whether `person` may sign off runs of `source` on the day `today`.
    #[must_use]
    pub fn allows_sign_off(&self, person: &str, source: &str, today: Date) -> bool {
        let _ = (person, source, today);
        todo!("case helper")
    }
}
