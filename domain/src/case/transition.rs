//! The state machine itself: which act leads from where to where.
//!
//! Refusals come in one order: a name that is none, who may not do this at all, what the case's
//! state does not allow, what the act itself lacks. Who may not act learns that and nothing else.

use jiff::civil::Date;

use super::act::{Act, Applied, Change, Refusal};
use super::authority::Wanted;
use super::resolution::{Resolution, Settles};
use super::{Case, CaseState, Decision, SYSTEM, Subject, content, trail};
use crate::audit::AuditEvent;
use crate::money::Amount;

/// What `change` makes of `case`.
///
/// # Errors
/// The case stays as it is; the refusal is for the person and, by [`denied`](super::denied), for the
/// audit trail.
pub fn apply(case: &Case, change: &Change<'_>) -> Result<Applied, Refusal> {
    let acting_for = entitled(case, change)?;
    if case.state == CaseState::Cleared && matches!(change.act, Act::Reopen { .. }) {
        return Err(Refusal::Gone);
    }
    done(case, change, acting_for)
}

/// The same of the case of a cause: what people resolved behind it may be opened again, though the rest is gone.
pub(super) fn apply_to_cause(case: &Case, change: &Change<'_>) -> Result<Applied, Refusal> {
    let acting_for = entitled(case, change)?;
    done(case, change, acting_for)
}

fn done(case: &Case, change: &Change<'_>, acting_for: Option<&str>) -> Result<Applied, Refusal> {
    let Some((event, after)) = step(case, change)? else {
        return Ok(Applied {
            case: case.clone(),
            event: None,
            fields: Vec::new(),
        });
    };
    let after = Case {
        version: case.version.saturating_add(1),
        ..after
    };
    let fields = trail::fields(case, &after, change, acting_for);
    Ok(Applied {
        case: after,
        event: Some(event),
        fields,
    })
}

/// Whether what was decided has run out on `today`: an `in_transit` whose last day has passed is
/// opened again, by this act of [`SYSTEM`].
#[must_use]
pub fn due(case: &Case, today: Date) -> Option<Act> {
    match decided(case)?.resolution {
        Resolution::InTransit { until } if until < today => Some(Act::Reopen {
            note: format!("it was to arrive by {until}, and has not been seen"),
        }),
        _ => None,
    }
}

/// Whether a run that finds the discrepancy again opens its case with that.
#[must_use]
pub fn opens_again(case: &Case, subject: &Subject, run_id: &str) -> bool {
    case.last_seen_run.as_deref() != Some(run_id) && is_settled(case, subject)
}

/// Whether the author may do it at all; whose rights they use, if not their own.
fn entitled<'a>(case: &Case, change: &Change<'a>) -> Result<Option<&'a str>, Refusal> {
    let Some(action) = change.act.action() else {
        return match change.by {
            SYSTEM => Ok(None),
            _ => Err(content::only_runs(change.act)),
        };
    };
    if change.by == SYSTEM && due(case, change.today).as_ref() == Some(change.act) {
        return Ok(None);
    }
    content::check_person("by", change.by)?;
    let proposal = proposed(case);
    let resolution = match change.act {
        Act::Resolve { resolution, .. } => Some(resolution.kind()),
        Act::Approve { .. } => proposal.map(|decision| decision.resolution.kind()),
        _ => None,
    };
    let proposer = match change.act {
        Act::Approve { .. } => proposal.map(|decision| decision.by.as_str()),
        _ => None,
    };
    let wanted = Wanted {
        person: change.by,
        action,
        source: &change.subject.source,
        subject: Some(change.subject),
        resolution,
        proposer,
        today: change.today,
    };
    change
        .authority
        .right(&wanted)
        .map_err(|why| Refusal::NotAllowed {
            by: change.by.to_owned(),
            action,
            why,
        })
}

/// The event and the case after it; none when nothing changes.
fn step(case: &Case, change: &Change<'_>) -> Result<Option<(AuditEvent, Case)>, Refusal> {
    match change.act {
        Act::Assign { to, note } => {
            still_open(case)?;
            content::check_person("to", to)?;
            content::note(note, false)?;
            let assigned = Case {
                assigned_to: Some(to.clone()),
                ..case.clone()
            };
            let is_new = case.assigned_to != assigned.assigned_to;
            Ok(is_new.then_some((AuditEvent::CaseAssigned, assigned)))
        }
        Act::Acknowledge { note } => {
            still_open(case)?;
            content::note(note, false)?;
            let acknowledged = Case {
                acknowledged_by: Some(change.by.to_owned()),
                ..case.clone()
            };
            let is_new = case.acknowledged_by != acknowledged.acknowledged_by;
            Ok(is_new.then_some((AuditEvent::CaseAcknowledged, acknowledged)))
        }
        Act::Comment { note } => {
            content::note(note, true)?;
            Ok(Some((AuditEvent::CaseCommented, case.clone())))
        }
        Act::Resolve { resolution, note } => resolve(case, change, resolution, note),
        Act::Approve { note } => approve(case, change, note).map(Some),
        Act::Reject { note } => {
            proposed(case).ok_or(Refusal::NothingProposed { state: case.state })?;
            content::note(note, true)?;
            let open = Case {
                state: CaseState::Open,
                decision: None,
                ..case.clone()
            };
            Ok(Some((AuditEvent::CaseRejected, open)))
        }
        Act::Reopen { note } => {
            if case.state.is_open() {
                return Err(Refusal::NotClosed);
            }
            content::note(note, true)?;
            Ok(Some((AuditEvent::CaseReopened, reopened(case))))
        }
        Act::SeenAgain { run_id } => {
            content::run(run_id)?;
            Ok(seen_again(case, change.subject, run_id))
        }
        Act::AutoClear {
            run_id,
            evidence,
            undoes,
        } => {
            content::run(run_id)?;
            content::evidence(evidence)?;
            match undoes {
                true => Ok((case.state != CaseState::Cleared).then(|| cleared(case))),
                false => Ok(clear(case, change.subject)),
            }
        }
        Act::MemberOpen { evidence } => {
            content::evidence(evidence)?;
            let is_closed = !case.state.is_open();
            Ok(is_closed.then(|| (AuditEvent::CaseReopened, reopened(case))))
        }
        Act::MembersClosed { evidence } => {
            content::evidence(evidence)?;
            // What was written off of it was all that was open then, and may be a part of the whole.
            let nothing_left = Subject {
                at_stake: Amount::ZERO,
                ..change.subject.clone()
            };
            Ok(clear(case, &nothing_left))
        }
    }
}

fn resolve(
    case: &Case,
    change: &Change<'_>,
    resolution: &Resolution,
    note: &str,
) -> Result<Option<(AuditEvent, Case)>, Refusal> {
    if let Some(waiting) = proposed(case) {
        return Err(Refusal::ProposalWaits {
            by: waiting.by.clone(),
            proposed: waiting.resolution.kind(),
        });
    }
    if decided(case).is_some_and(|it| it.resolution == *resolution && it.by == change.by) {
        return Ok(None);
    }
    still_open(case)?;
    content::resolution(resolution, change.subject, change.today)?;
    content::note(note, true)?;
    let takes_two = change.approval.is_needed(change.subject, resolution.kind());
    let (state, event) = match takes_two {
        true => (CaseState::Proposed, AuditEvent::CaseProposed),
        false => (CaseState::Resolved, AuditEvent::CaseResolved),
    };
    let decision = Decision {
        resolution: resolution.clone(),
        note: note.to_owned(),
        by: change.by.to_owned(),
        at: change.at,
        approved_by: None,
    };
    let after = Case {
        state,
        decision: Some(decision),
        ..case.clone()
    };
    Ok(Some((event, after)))
}

/// The second person is another natural person, whoever's rights they use.
fn approve(case: &Case, change: &Change<'_>, note: &str) -> Result<(AuditEvent, Case), Refusal> {
    let waiting = proposed(case).ok_or(Refusal::NothingProposed { state: case.state })?;
    if content::is_same_person(&waiting.by, change.by) {
        return Err(Refusal::OwnProposal {
            by: change.by.to_owned(),
        });
    }
    // What was sound when it was proposed need not be any more: a later run may have changed the
    // amount, and days pass.
    content::resolution(&waiting.resolution, change.subject, change.today)?;
    content::note(note, false)?;
    let agreed = Decision {
        approved_by: Some(change.by.to_owned()),
        ..waiting.clone()
    };
    let after = Case {
        state: CaseState::Resolved,
        decision: Some(agreed),
        ..case.clone()
    };
    Ok((AuditEvent::CaseResolved, after))
}

/// A discrepancy that is back although it was closed is open again; one that waits, or is waited
/// for, is only noted.
fn seen_again(case: &Case, subject: &Subject, run_id: &str) -> Option<(AuditEvent, Case)> {
    if case.last_seen_run.as_deref() == Some(run_id) {
        return None;
    }
    let (event, after) = match opens_again(case, subject, run_id) {
        true => (AuditEvent::CaseReopened, reopened(case)),
        false => (AuditEvent::CaseSeenAgain, case.clone()),
    };
    let after = Case {
        last_seen_run: Some(run_id.to_owned()),
        ..after
    };
    Some((event, after))
}

/// What people settled stays as they settled it.
fn clear(case: &Case, subject: &Subject) -> Option<(AuditEvent, Case)> {
    (!is_settled(case, subject)).then(|| cleared(case))
}

fn cleared(case: &Case) -> (AuditEvent, Case) {
    let cleared = Case {
        state: CaseState::Cleared,
        decision: None,
        ..case.clone()
    };
    (AuditEvent::CaseCleared, cleared)
}

/// Whoever saw it before it was closed has not seen it now.
fn reopened(case: &Case) -> Case {
    Case {
        state: CaseState::Open,
        acknowledged_by: None,
        decision: None,
        ..case.clone()
    }
}

/// Whether the discrepancy is over: it is cleared, or what was decided leaves nothing to wait for.
fn is_settled(case: &Case, subject: &Subject) -> bool {
    case.state == CaseState::Cleared
        || decided(case).is_some_and(|decision| {
            let Subject {
                has_both_sides,
                at_stake,
                ..
            } = *subject;
            decision.resolution.settles(has_both_sides, at_stake) != Settles::Nothing
        })
}

fn still_open(case: &Case) -> Result<(), Refusal> {
    match case.state.is_open() {
        true => Ok(()),
        false => Err(Refusal::Closed {
            state: case.state,
            by: decided(case).map(|decision| decision.by.clone()),
        }),
    }
}

/// The resolution in force.
fn decided(case: &Case) -> Option<&Decision> {
    let decision = case.decision.as_ref();
    decision.filter(|_| case.state == CaseState::Resolved)
}

/// The resolution that waits for a second person.
fn proposed(case: &Case) -> Option<&Decision> {
    let decision = case.decision.as_ref();
    decision.filter(|_| case.state == CaseState::Proposed)
}
