//! The case of a cause: what is done to it is done to all discrepancies behind it, and it stands as
//! they do.
//!
//! What is at stake is what its open discrepancies are worth together: nobody resolves by one act
//! what they could not resolve in one piece. Sums of different currencies are held against the
//! rules one by one, and never added.

use super::act::{Act, Applied, Change, Refusal};
use super::resolution::{Resolution, ResolutionKind};
use super::transition::apply_to_cause;
use super::{Case, CaseState, Decision, Subject};
use crate::money::Money;

/// How the discrepancies behind a cause stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Behind {
    /// How many there are.
    pub count: u64,
    /// How many are open or proposed.
    pub open: u64,
    /// How many are cleared.
    pub cleared: u64,
    /// What is at stake in those that are open, in each currency once; in all of them when none is.
    pub sums: Vec<Money>,
}

/// What `change` makes of the case of a cause, whose discrepancies are to follow. It must be allowed
/// for the sum of each currency; where the sum of one takes a second person, the whole does.
///
/// # Errors
/// As [`apply`](super::apply); and what each discrepancy has to be asked for on its own.
pub fn apply_together(
    case: &Case,
    change: &Change<'_>,
    behind: &Behind,
) -> Result<Applied, Refusal> {
    let mut all: Option<Applied> = None;
    for sum in &behind.sums {
        let subject = Subject {
            currency: sum.currency,
            at_stake: sum.amount,
            ..change.subject.clone()
        };
        let change = Change {
            subject: &subject,
            ..*change
        };
        let applied = apply_to_cause(case, &change).or_else(|refusal| match refusal {
            // Said of the whole, if there is something to say.
            Refusal::Invalid(_) => fits_all(change.act, behind).and(Err(refusal)),
            refusal => Err(refusal),
        })?;
        let is_stricter = applied.case.state == CaseState::Proposed;
        match &all {
            Some(known) if known.case.state == CaseState::Proposed || !is_stricter => {}
            _ => all = Some(applied),
        }
    }
    let mut applied = match all {
        Some(applied) => applied,
        None => apply_to_cause(case, change)?,
    };
    fits_all(change.act, behind)?;
    if applied.event.is_some() {
        let sums: Vec<String> = behind.sums.iter().map(ToString::to_string).collect();
        applied.fields.push(("members", behind.open.to_string()));
        applied.fields.push(("sums", sums.join("; ")));
    }
    Ok(applied)
}

/// Whether a resolution means the same for each of them.
fn fits_all(act: &Act, behind: &Behind) -> Result<(), Refusal> {
    let Act::Resolve { resolution, .. } = act else {
        return Ok(());
    };
    let problem = match resolution {
        Resolution::WriteOff { amount, .. } => match behind.sums[..] {
            [_, _, ..] => {
                "its discrepancies are in several currencies, which have no amount together; \
                 write off those of one currency at a time"
            }
            [sum] if sum.amount.abs() != *amount => {
                "each discrepancy is written off by its own amount; leave `amount` out"
            }
            _ => return Ok(()),
        },
        Resolution::Match { .. } | Resolution::DuplicateConfirmed | Resolution::Void => {
            let kind = resolution.kind();
            return Err(Refusal::Invalid(format!(
                "`{kind}` is decided for each discrepancy on its own; for all together there are \
                 {}",
                TOGETHER.map(|kind| format!("`{kind}`")).join(", ")
            )));
        }
        _ => return Ok(()),
    };
    Err(Refusal::Invalid(problem.to_owned()))
}

/// The resolutions that mean the same for each discrepancy of a cause.
const TOGETHER: [ResolutionKind; 6] = [
    ResolutionKind::Accept,
    ResolutionKind::WriteOff,
    ResolutionKind::InTransit,
    ResolutionKind::PartnerToCorrect,
    ResolutionKind::LedgerToCorrect,
    ResolutionKind::NotAnError,
];

/// Whether a discrepancy's decision is the one that was made for its cause. Amounts differ.
#[must_use]
pub fn carries(member: &Case, decided: &Decision) -> bool {
    member.decision.as_ref().is_some_and(|own| {
        own.by == decided.by
            && own.at == decided.at
            && own.note == decided.note
            && own.resolution.kind() == decided.resolution.kind()
    })
}

/// What has to happen to the case of a cause, so that it stands as its discrepancies do; none when
/// it does.
#[must_use]
pub fn follow(case: &Case, behind: &Behind) -> Option<Act> {
    let Behind {
        count,
        open,
        cleared,
        ..
    } = *behind;
    let is_open = case.state.is_open();
    if open > 0 {
        let evidence = format!("{open} of its {count} discrepancies are open");
        return (!is_open).then_some(Act::MemberOpen { evidence });
    }
    let is_over = is_open || (case.state == CaseState::Resolved && cleared == count);
    let resolved = count.saturating_sub(cleared);
    let evidence = format!(
        "none of its {count} discrepancies is open: {cleared} are gone, {resolved} were resolved"
    );
    (is_over && count > 0).then_some(Act::MembersClosed { evidence })
}
