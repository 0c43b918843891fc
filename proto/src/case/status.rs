//! How a case stands, as people and other services are told, and decisions as they are stored.

use domain::case::{Behind, Case, Decision, Resolution, ResolutionKind, Subject};
use domain::cause::CauseKind;
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency, amount_text};

use super::{invalid, required};
use crate::convert::{RequestError, day};
use crate::wire::{AlertStatus, CaseDecision, CaseStatus};

/// What a case is about, for people.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Its workflow id.
    pub case_id: String,
    /// What acting on it depends on.
    pub subject: &'a Subject,
    /// What is different; none for the summary of many discrepancies.
    pub kind: Option<Kind>,
    /// What many discrepancies may have in common, and how those stand.
    pub cause: Option<(CauseKind, &'a Behind)>,
    /// What people call it.
    pub reference: &'a str,
    /// When something happens by itself, RFC 3339; empty when nothing will.
    pub due_at: String,
}

/// How a case stands.
#[must_use]
pub fn status(about: About<'_>, case: &Case, alerts: Vec<AlertStatus>) -> CaseStatus {
    let subject = about.subject;
    let (cause, behind) = about.cause.unzip();
    let kind = about.kind.map(Kind::name).or(cause.map(CauseKind::name));
    CaseStatus {
        case_id: about.case_id,
        state: case.state.name().to_owned(),
        alerts,
        source: subject.source.clone(),
        kind: kind.unwrap_or_default().to_owned(),
        severity: subject.severity.name().to_owned(),
        reference: about.reference.to_owned(),
        currency: subject.currency.code().to_owned(),
        at_stake: amount_text(subject.at_stake, subject.currency),
        assigned_to: case.assigned_to.clone().unwrap_or_default(),
        acknowledged_by: case.acknowledged_by.clone().unwrap_or_default(),
        decision: case
            .decision
            .as_ref()
            .map(|decided| decision(decided, subject.currency)),
        version: case.version,
        due_at: about.due_at,
        escalation_level: 0,
        members: behind.map_or(0, |behind| behind.count),
        members_open: behind.map_or(0, |behind| behind.open),
    }
}

/// A decision over money in `currency`.
#[must_use]
pub fn decision(decided: &Decision, currency: Currency) -> CaseDecision {
    let mut message = CaseDecision {
        resolution: decided.resolution.kind().name().to_owned(),
        note: decided.note.clone(),
        by: decided.by.clone(),
        at: decided.at.to_string(),
        approved_by: decided.approved_by.clone().unwrap_or_default(),
        ..CaseDecision::default()
    };
    match &decided.resolution {
        Resolution::Match { with } => message.match_with.clone_from(with),
        Resolution::WriteOff {
            reason_code,
            amount,
            account,
        } => {
            message.reason_code.clone_from(reason_code);
            message.amount = amount_text(*amount, currency);
            message.account.clone_from(account);
        }
        Resolution::InTransit { until } => message.until = until.to_string(),
        Resolution::Accept
        | Resolution::DuplicateConfirmed
        | Resolution::PartnerToCorrect
        | Resolution::LedgerToCorrect
        | Resolution::NotAnError
        | Resolution::Void => {}
    }
    message
}

/// A decision that [`decision`] wrote.
///
/// # Errors
/// The first field that holds something else.
pub fn decision_from_wire(message: &CaseDecision) -> Result<Decision, RequestError> {
    let text = |field, value: &String| required(field, value.clone());
    let kind = ResolutionKind::parse(&message.resolution).ok_or_else(|| {
        invalid(
            "resolution",
            "is not one that there is",
            &message.resolution,
        )
    })?;
    let resolution = match kind {
        ResolutionKind::Match => Resolution::Match {
            with: text("match_with", &message.match_with)?,
        },
        ResolutionKind::Accept => Resolution::Accept,
        ResolutionKind::WriteOff => Resolution::WriteOff {
            reason_code: text("reason_code", &message.reason_code)?,
            amount: Amount::parse_computed(&message.amount)
                .map_err(|_| invalid("amount", "is no amount", &message.amount))?,
            account: text("account", &message.account)?,
        },
        ResolutionKind::DuplicateConfirmed => Resolution::DuplicateConfirmed,
        ResolutionKind::InTransit => Resolution::InTransit {
            until: day("until", &message.until)?,
        },
        ResolutionKind::PartnerToCorrect => Resolution::PartnerToCorrect,
        ResolutionKind::LedgerToCorrect => Resolution::LedgerToCorrect,
        ResolutionKind::NotAnError => Resolution::NotAnError,
        ResolutionKind::Void => Resolution::Void,
    };
    let at = message.at.parse();
    Ok(Decision {
        resolution,
        note: message.note.clone(),
        by: text("by", &message.by)?,
        at: at.map_err(|_| invalid("at", "is no time", &message.at))?,
        approved_by: Some(message.approved_by.clone()).filter(|name| !name.is_empty()),
    })
}
