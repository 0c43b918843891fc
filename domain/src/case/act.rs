//! What people and later runs do to a case, and what that makes of it.

use jiff::Timestamp;
use jiff::civil::Date;

use super::authority::{Action, Approval, Authority};
use super::resolution::{Resolution, ResolutionKind};
use super::{Case, CaseState, Subject};
use crate::audit::AuditEvent;

/// One act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Says who is to look at it.
    Assign {
        /// Who.
        to: String,
        /// Why; may be empty.
        note: String,
    },
    /// Writes something down.
    Comment {
        /// What. Never empty.
        note: String,
    },
    /// Resolves it, or proposes to.
    Resolve {
        /// How.
        resolution: Resolution,
        /// Why. Never empty.
        note: String,
    },
    /// Agrees to what is proposed.
    Approve {
        /// May be empty.
        note: String,
    },
    /// Sends what is proposed back.
    Reject {
        /// Why. Never empty.
        note: String,
    },
    /// Opens it again: the undo.
    Reopen {
        /// Why. Never empty.
        note: String,
    },
    /// Says that they saw it: reminders stop.
    Acknowledge {
        /// May be empty.
        note: String,
    },
    /// A later run found the same discrepancy.
    SeenAgain {
        /// The run.
        run_id: String,
    },
    /// A later run found that the difference is gone.
    AutoClear {
        /// The run.
        run_id: String,
        /// What shows it.
        evidence: String,
        /// Whether what people settled of it is void, too: an amended report no longer has the record that they
        /// settled.
        undoes: bool,
    },
    /// Of the discrepancies behind a cause one is open, so that its case is.
    MemberOpen {
        /// Which of how many, in one sentence.
        evidence: String,
    },
    /// Of the discrepancies behind a cause none is open any more.
    MembersClosed {
        /// What became of them, in one sentence.
        evidence: String,
    },
}

impl Act {
    /// What it takes the right to do; none for what runs do.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        match self {
            Act::Assign { .. } => Some(Action::Assign),
            Act::Comment { .. } => Some(Action::Comment),
            Act::Resolve { .. } => Some(Action::Resolve),
            Act::Approve { .. } => Some(Action::Approve),
            Act::Reject { .. } => Some(Action::Reject),
            Act::Reopen { .. } => Some(Action::Reopen),
            Act::Acknowledge { .. } => Some(Action::Acknowledge),
            Act::SeenAgain { .. }
            | Act::AutoClear { .. }
            | Act::MemberOpen { .. }
            | Act::MembersClosed { .. } => None,
        }
    }

    /// What it is called in messages and on the audit trail.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Act::SeenAgain { .. } => "seen_again",
            Act::AutoClear { .. } => "auto_clear",
            Act::MemberOpen { .. } => "member_open",
            Act::MembersClosed { .. } => "members_closed",
            _ => self.action().map_or("", Action::name),
        }
    }

    /// What its author wrote to it; empty for nothing.
    #[must_use]
    pub fn note(&self) -> &str {
        match self {
            Act::Assign { note, .. }
            | Act::Comment { note }
            | Act::Resolve { note, .. }
            | Act::Approve { note }
            | Act::Reject { note }
            | Act::Reopen { note }
            | Act::Acknowledge { note } => note,
            Act::SeenAgain { .. }
            | Act::AutoClear { .. }
            | Act::MemberOpen { .. }
            | Act::MembersClosed { .. } => "",
        }
    }
}

/// An act and all that decides about it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Who does it: a person, or [`SYSTEM`](super::SYSTEM).
    pub by: &'a str,
    /// What.
    pub act: &'a Act,
    /// What the case is about.
    pub subject: &'a Subject,
    /// Who may do what.
    pub authority: &'a Authority,
    /// From where on a second person has to agree.
    pub approval: &'a Approval,
    /// When.
    pub at: Timestamp,
    /// The day it is then, where the source is.
    pub today: Date,
}

/// What an act came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The case now; its version counts one more, unless nothing changed.
    pub case: Case,
    /// What goes on the audit trail; none when nothing changed.
    pub event: Option<AuditEvent>,
    /// The entry's fields, those that apply of: `note`; `before` and `after`, the whole case as
    /// [`Case::text`]; `resolution`, `match_with`, `reason_code`, `amount`, `account`, `until`,
    /// `at_stake` and `currency` of what is resolved, approved or rejected; `proposed_by`;
    /// `acting_for`, whose rights were used; `to`; `run`; `evidence`; of the case of a cause
    /// `members` and `sums`. None when nothing changed.
    pub fields: Vec<(&'static str, String)>,
}

/// Why an act was refused, in words for people.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// It is resolved or cleared.
    #[error("the case is {state} already{}", closed(*state, by.as_ref()))]
    Closed {
        /// How it stands.
        state: CaseState,
        /// Who resolved it.
        by: Option<String>,
    },
    /// There is no proposal to approve or reject.
    #[error("nothing is proposed that could be approved or rejected; the case is {state}")]
    NothingProposed {
        /// How it stands.
        state: CaseState,
    },
    /// Another resolution waits for a second person.
    #[error("{by} proposed {proposed}; approve or reject that first")]
    ProposalWaits {
        /// Who proposed.
        by: String,
        /// What.
        proposed: ResolutionKind,
    },
    /// Nobody approves their own.
    #[error("{by} proposed this; it takes another person to approve it")]
    OwnProposal {
        /// Who.
        by: String,
    },
    /// The authority matrix does not grant it.
    #[error("{by} may not {action} this: {why}")]
    NotAllowed {
        /// Who tried.
        by: String,
        /// What.
        action: Action,
        /// What would be needed.
        why: String,
    },
    /// It is open; there is nothing to reopen.
    #[error("the case is open")]
    NotClosed,
    /// A run found that the difference is gone, which no act on the case changes.
    #[error(
        "a run cleared the case, and to open it again would not undo what the run found; if that is wrong, have the \
         record corrected where it comes from, and reconcile its day again: a run that finds the difference again \
         opens the case"
    )]
    Gone,
    /// The act itself can't be meant.
    #[error("{0}")]
    Invalid(String),
}

fn closed(state: CaseState, by: Option<&String>) -> String {
    match (state, by) {
        (CaseState::Cleared, _) => "; a run that finds the difference again opens it".to_owned(),
        (_, Some(by)) => format!(", by {by}; reopen it first"),
        (_, None) => "; reopen it first".to_owned(),
    }
}
