//! What people and runs ask of a case, from JSON to the domain's act, and how a case stands, back.
//!
//! Checks the form: fields that are required, known, readable, and that belong together. Whether an
//! act may be done, and by whom, is for the domain.

mod batch;
mod status;
#[cfg(test)]
mod tests;

use domain::case::{Act, Resolution, ResolutionKind, SYSTEM};
use domain::money::Amount;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::convert::{RequestError, day, identifier};
use crate::wire;

pub use batch::{Batch, Filter, Selection, batch, filter};
pub use status::{About, decision, decision_from_wire, status};

/// The answer to somebody whose act is not done, and why.
#[must_use]
pub fn refused(reason: impl Into<String>) -> wire::CaseReply {
    wire::CaseReply {
        outcome: "refused".to_owned(),
        reason: reason.into(),
        case: None,
    }
}

/// What is done to a case, by the names of its updates and signals. The last two are for runs.
pub const ACTIONS: &[&str] = &[
    "assign",
    "comment",
    "resolve",
    "approve",
    "reject",
    "reopen",
    "acknowledge",
    "seen_again",
    "auto_clear",
];

/// An act that was asked for, as far as it can be known without the case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// It is this.
    Act(Act),
    /// All that is at stake is to be written off, however much that is.
    WriteOffAll {
        /// Why, by a code of the accounting team.
        reason_code: String,
        /// Where it is booked.
        account: String,
        /// Why, in words.
        note: String,
    },
}

impl Asked {
    /// The act, to a case with this amount at stake.
    #[must_use]
    pub fn act(self, at_stake: Amount) -> Act {
        match self {
            Asked::Act(act) => act,
            Asked::WriteOffAll {
                reason_code,
                account,
                note,
            } => Act::Resolve {
                resolution: Resolution::WriteOff {
                    reason_code,
                    amount: at_stake.abs(),
                    account,
                },
                note,
            },
        }
    }

    /// The resolution that is asked for, if one is.
    #[must_use]
    pub fn resolution(&self) -> Option<ResolutionKind> {
        match self {
            Asked::Act(Act::Resolve { resolution, .. }) => Some(resolution.kind()),
            Asked::WriteOffAll { .. } => Some(ResolutionKind::WriteOff),
            Asked::Act(_) => None,
        }
    }
}

/// Who asks for what, by the name of the update or signal and its JSON. What runs ask for is done
/// by [`SYSTEM`].
///
/// # Errors
/// The first field at fault.
pub fn act(action: &str, input: &Value) -> Result<(String, Asked), RequestError> {
    let (by, act) = match action {
        "assign" => {
            let wire::CaseAssignment { by, to, note } = read(input)?;
            let (by, to) = (person("by", by)?, person("to", to)?);
            (by, Act::Assign { to, note })
        }
        "resolve" => return resolve(read(input)?),
        "comment" | "approve" | "reject" | "reopen" | "acknowledge" => {
            let wire::CaseNote { by, note } = read(input)?;
            (person("by", by)?, noted(action, note)?)
        }
        "seen_again" => {
            let wire::CaseSeenAgain { run_id } = read(input)?;
            let run_id = required("run_id", run_id)?;
            (SYSTEM.to_owned(), Act::SeenAgain { run_id })
        }
        "auto_clear" => {
            let wire::CaseClearing {
                run_id,
                evidence,
                undoes,
            } = read(input)?;
            let act = Act::AutoClear {
                run_id: required("run_id", run_id)?,
                evidence: required("evidence", evidence)?,
                undoes,
            };
            (SYSTEM.to_owned(), act)
        }
        _ => return Err(no_action(action)),
    };
    Ok((by, Asked::Act(act)))
}

fn noted(action: &str, note: String) -> Result<Act, RequestError> {
    Ok(match action {
        "approve" => Act::Approve { note },
        "acknowledge" => Act::Acknowledge { note },
        "comment" => Act::Comment {
            note: required("note", note)?,
        },
        "reject" => Act::Reject {
            note: required("note", note)?,
        },
        "reopen" => Act::Reopen {
            note: required("note", note)?,
        },
        _ => return Err(no_action(action)),
    })
}

fn resolve(asked: wire::CaseResolution) -> Result<(String, Asked), RequestError> {
    let by = person("by", asked.by)?;
    let name = required("resolution", asked.resolution)?;
    let kind = ResolutionKind::parse(&name).ok_or_else(|| {
        invalid(
            "resolution",
            "must be match, accept, write_off, duplicate_confirmed, in_transit, \
             partner_to_correct, ledger_to_correct, not_an_error or void",
            &name,
        )
    })?;
    let note = required("note", asked.note)?;
    let only = |field, value: &str, owner: ResolutionKind, problem| match value.is_empty()
        || kind == owner
    {
        true => Ok(()),
        false => Err(invalid(field, problem, value)),
    };
    let (transit, write_off) = (ResolutionKind::InTransit, ResolutionKind::WriteOff);
    let of_match = "belongs to the resolution match only";
    only(
        "match_with",
        &asked.match_with,
        ResolutionKind::Match,
        of_match,
    )?;
    let of_write_off = "belongs to the resolution write_off only";
    only("reason_code", &asked.reason_code, write_off, of_write_off)?;
    only("amount", &asked.amount, write_off, of_write_off)?;
    only("account", &asked.account, write_off, of_write_off)?;
    let of_transit = "belongs to the resolution in_transit only";
    only("until", &asked.until, transit, of_transit)?;
    let resolution = match kind {
        ResolutionKind::Match => Resolution::Match {
            with: required("match_with", asked.match_with)?,
        },
        ResolutionKind::WriteOff => {
            let reason_code = required("reason_code", asked.reason_code)?;
            let account = required("account", asked.account)?;
            if asked.amount.is_empty() {
                let all = Asked::WriteOffAll {
                    reason_code,
                    account,
                    note,
                };
                return Ok((by, all));
            }
            Resolution::WriteOff {
                reason_code,
                amount: amount("amount", &asked.amount)?,
                account,
            }
        }
        ResolutionKind::InTransit => Resolution::InTransit {
            until: day("until", &asked.until)?,
        },
        ResolutionKind::Accept => Resolution::Accept,
        ResolutionKind::DuplicateConfirmed => Resolution::DuplicateConfirmed,
        ResolutionKind::PartnerToCorrect => Resolution::PartnerToCorrect,
        ResolutionKind::LedgerToCorrect => Resolution::LedgerToCorrect,
        ResolutionKind::NotAnError => Resolution::NotAnError,
        ResolutionKind::Void => Resolution::Void,
    };
    Ok((by, Asked::Act(Act::Resolve { resolution, note })))
}

/// The message of an action, and nothing else.
fn read<T: DeserializeOwned>(input: &Value) -> Result<T, RequestError> {
    T::deserialize(input).map_err(|error| RequestError::Unreadable(error.to_string()))
}

/// A name of bounded size: it stands on the audit trail even when the domain refuses it.
fn person(field: &'static str, name: String) -> Result<String, RequestError> {
    let name = required(field, name)?;
    identifier(field, &name).map(|()| name)
}

fn required(field: &'static str, value: String) -> Result<String, RequestError> {
    match value.trim().is_empty() {
        true => Err(RequestError::Missing(field)),
        false => Ok(value),
    }
}

fn amount(field: &'static str, text: &str) -> Result<Amount, RequestError> {
    let problem = "must be a plain decimal number such as 12.50";
    Amount::parse(text).map_err(|_| invalid(field, problem, text))
}

fn no_action(action: &str) -> RequestError {
    let problem = "must be assign, comment, resolve, approve, reject, reopen or acknowledge";
    match action.is_empty() {
        true => RequestError::Missing("action"),
        false => invalid("action", problem, action),
    }
}

fn invalid(field: &'static str, problem: &'static str, value: &str) -> RequestError {
    RequestError::Invalid {
        field,
        problem,
        value: value.chars().take(40).collect(),
    }
}
