//! A match by hand is one decision about two cases: that of the record, and that of the one on the other
//! side that it belongs to, if that is alone, too. What is done to the one is done to the other, by the same
//! person, checked for itself, and on its own audit trail. Nothing is done where it is not plain which
//! record is meant; people are told then.

use domain::case::{Act, CaseState, Resolution};
use domain::discrepancy::Kind;
use domain::money::Money;
use jiff::Timestamp;
use proto::case::Asked;

use super::act::known;
use super::deciding::Deciding;
use super::{follow, review};
use crate::Trueup;
use crate::failures::Failure;
use crate::store::{ActOutcome, Acted, Acting, CaseRow, DiscrepancyFilter, Reopening};

/// Records of one reference that are looked at.
const CALLED_MAX: u64 = 100;

/// Does to the counterpart's case what is about to be done to this one, and tells people what became of
/// it; nothing where the act is not about a match by hand. May be repeated.
pub(super) async fn act(
    trueup: &Trueup,
    row: &CaseRow,
    asked: &Asked,
    acting: &Acting,
    (by, at): (&str, Timestamp),
) -> Result<Option<String>, Failure> {
    let Some(with) = matched_with(row, asked) else {
        return Ok(None);
    };
    let other = match counterpart(trueup, row, asked, with).await? {
        Ok(other) => other,
        Err(told) => return Ok(told),
    };
    let asked = seen_from_there(asked, row);
    let acting = Acting {
        id: other.id.clone(),
        // As the act on the first is called there: an id names one act on one case.
        act_id: format!("{}/{}", row.id, acting.act_id),
        request: acting.request.clone(),
    };
    let deciding = Deciding::new(trueup, by, at);
    let telling = deciding.clone();
    let decide = {
        let asked = asked.clone();
        move |row: &CaseRow| deciding.decide(row, &asked)
    };
    let tell = move |reopening: &Reopening| telling.tell(reopening);
    let store = &trueup.store;
    let acted = store.act_on_cases_and_tell(vec![acting], by, at, decide, tell);
    let Some(acted) = acted.await?.into_iter().flatten().next() else {
        return Ok(None);
    };
    if acted.outcome == ActOutcome::Done {
        hear(trueup, &acted.case, &asked).await?;
        review::look(trueup, [&acted.case]).await?;
        follow::after(trueup, [acted.case.id.as_str()], at).await?;
    }
    Ok(Some(told(row, &acted)))
}

/// Its workflow hears that its case changed; one that is opened again may have alerts to deliver.
async fn hear(trueup: &Trueup, other: &CaseRow, asked: &Asked) -> Result<(), Failure> {
    if matches!(asked, Asked::Act(Act::Reopen { .. })) {
        return trueup.workflows.start_case(&other.id).await;
    }
    if other.has_workflow {
        follow::hear(trueup, &other.id).await?;
    }
    Ok(())
}

/// The reference of the record on the other side, where the act decides about a match by hand.
fn matched_with<'a>(row: &'a CaseRow, asked: &'a Asked) -> Option<&'a str> {
    let resolution = match asked {
        Asked::Act(Act::Resolve { resolution, .. }) => Some(resolution),
        Asked::Act(Act::Approve { .. } | Act::Reject { .. } | Act::Reopen { .. }) => {
            row.case.decision.as_ref().map(|made| &made.resolution)
        }
        _ => None,
    };
    match resolution? {
        Resolution::Match { with } => Some(with),
        _ => None,
    }
}

/// What a lone record on the other side is.
fn across(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::MissingInLedger | Kind::DuplicateAtPartner => Some(Kind::MissingAtPartner),
        Kind::MissingAtPartner | Kind::DuplicateInLedger => Some(Kind::MissingInLedger),
        _ => None,
    }
}

/// The case that is meant; else what people are told.
async fn counterpart(
    trueup: &Trueup,
    row: &CaseRow,
    asked: &Asked,
    with: &str,
) -> Result<Result<CaseRow, Option<String>>, Failure> {
    let Some(kind) = across(row.subject.kind) else {
        return Ok(Err(None));
    };
    let filter = DiscrepancyFilter {
        source: Some(row.subject.source.clone()),
        kind: Some(kind),
        reference: Some(with.to_owned()),
        currency: Some(row.subject.currency),
        ..DiscrepancyFilter::default()
    };
    let is_new = matches!(asked, Asked::Act(Act::Resolve { .. }));
    let mut meant = Vec::new();
    for id in trueup.store.discrepancy_ids(filter, CALLED_MAX).await? {
        let other = known(trueup, &id).await?;
        let is_meant = match is_new {
            // Also where an attempt before this one did it.
            true => other.case.state == CaseState::Open || is_matched_with(&other, row),
            false => other.case.state == row.case.state && is_matched_with(&other, row),
        };
        meant.extend(is_meant.then_some(other));
    }
    if meant.len() > 1 {
        meant.retain(|other| other.subject.at_stake == row.subject.at_stake);
        if meant.len() != 1 {
            let told = format!(
                "several open records on the other side are called {with}, and which of them it is is not \
                 plain: resolve theirs, too"
            );
            return Ok(Err(is_new.then_some(told)));
        }
    }
    Ok(meant.pop().ok_or_else(|| {
        let told = format!(
            "no open discrepancy on the other side is called {with}: only this record is settled"
        );
        is_new.then_some(told)
    }))
}

fn is_matched_with(other: &CaseRow, row: &CaseRow) -> bool {
    let made = other.case.decision.as_ref().map(|made| &made.resolution);
    matches!(made, Some(Resolution::Match { with }) if *with == row.reference)
}

fn seen_from_there(asked: &Asked, row: &CaseRow) -> Asked {
    match asked {
        Asked::Act(Act::Resolve { note, .. }) => Asked::Act(Act::Resolve {
            resolution: Resolution::Match {
                with: row.reference.clone(),
            },
            note: note.clone(),
        }),
        asked => asked.clone(),
    }
}

fn told(row: &CaseRow, acted: &Acted) -> String {
    let Acted {
        outcome,
        reason,
        case: other,
    } = acted;
    let called = format!("{} {}", other.subject.kind, other.reference);
    if *outcome == ActOutcome::Refused {
        return format!("{called} was not, and has to be resolved, too: {reason}");
    }
    let state = other.case.state;
    let mut told = format!("{called} is {state} with it");
    let (here, there) = (row.subject.at_stake, other.subject.at_stake);
    let difference = here
        .checked_sub(there)
        .ok()
        .filter(|difference| !difference.is_zero());
    if let Some(difference) = difference.filter(|_| !state.is_open()) {
        let difference = Money {
            amount: difference.abs(),
            currency: row.subject.currency,
        };
        told += &format!("; they differ by {difference}, which is taken as it is");
    }
    told
}
