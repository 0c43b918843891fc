//! What every store holds runs to: which openings and endings are the same one told twice.

use domain::discrepancy::Discrepancy;
use jiff::{SignedDuration, Timestamp};

use super::{
    FailureCause, InputRow, RunCompletion, RunFailure, RunOpening, RunRow, RunState, SignOff,
    StoreError, TURN_KEPT_SECONDS, Turn,
};

pub(super) fn no_run(run_id: &str) -> StoreError {
    StoreError::NotFound(format!(
        "no run is called {run_id}; `trueup runs` lists them"
    ))
}

/// The turn that an opening asks for.
pub(super) fn turn(opening: &RunOpening) -> Turn {
    Turn {
        source: opening.source.clone(),
        run_id: opening.run_id.clone(),
        workflow_run_id: opening.workflow_run_id.clone(),
        at: opening.now,
    }
}

/// Whether another run than the one that asks still has its turn.
pub(super) fn has_turn(holder: &str, renewed_at: Timestamp, asks: &Turn) -> bool {
    let kept = SignedDuration::from_secs(TURN_KEPT_SECONDS);
    holder != asks.run_id && asks.at.duration_since(renewed_at) < kept
}

/// Another source, date, scope or generation under the same id is refused.
pub(super) fn same_business(run: &RunRow, opening: &RunOpening) -> Result<(), StoreError> {
    let known = (&run.source, run.business_date, &run.scope, run.generation);
    let asked = (
        &opening.source,
        opening.business_date,
        &opening.scope,
        opening.generation,
    );
    if known == asked {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "run {} is on record with another source, date, scope or generation",
        run.run_id
    )))
}

/// Whether a completion changes the run; one that is told twice does not.
pub(super) fn completes(run: &RunRow, completion: &RunCompletion) -> Result<bool, StoreError> {
    match run.state {
        RunState::Running | RunState::InReview => Ok(true),
        RunState::Completed if run.totals.as_ref() == Some(&completion.totals) => Ok(false),
        _ => Err(closed_otherwise(run, RunState::Completed)),
    }
}

/// The state that a failure brings a run into; none when it is told twice.
pub(super) fn fails(run: &RunRow, failure: &RunFailure) -> Result<Option<RunState>, StoreError> {
    let failed = match failure.cause {
        FailureCause::Other => RunState::Failed,
        FailureCause::Input => RunState::Quarantined,
    };
    match run.state {
        RunState::Running => Ok(Some(failed)),
        state if state == failed && run.problem.as_ref() == Some(&failure.problem) => Ok(None),
        _ => Err(closed_otherwise(run, failed)),
    }
}

/// Whether the beginning of a review changes the run; one that is told twice does not.
pub(super) fn begins_review(run: &RunRow) -> Result<bool, StoreError> {
    match run.state {
        RunState::Running => Ok(true),
        RunState::InReview => Ok(false),
        state => Err(StoreError::Conflict(format!(
            "run {} is {state}, it can't be reviewed any more",
            run.run_id
        ))),
    }
}

fn closed_otherwise(run: &RunRow, wanted: RunState) -> StoreError {
    StoreError::Conflict(format!(
        "run {} is {} with another result, it can't become {wanted}",
        run.run_id, run.state
    ))
}

/// Of an input that is on record with other content.
pub(super) fn sealed_otherwise(run_id: &str, known: &InputRow, input: &InputRow) -> StoreError {
    StoreError::Conflict(format!(
        "{} input {} of run {run_id} was sealed with SHA-256 {} and other counts; it is {} now: \
         start a new generation for an amended report",
        input.side, input.name, known.sha256, input.sha256
    ))
}

/// Of a discrepancy that this attempt has on record with other content.
pub(super) fn found_otherwise(run_id: &str, found: &Discrepancy) -> StoreError {
    StoreError::Conflict(format!(
        "discrepancy {} of run {run_id} is on record with other content",
        found.id
    ))
}

/// Of a run that somebody else signed off.
pub(super) fn signed_off_otherwise(known: &SignOff) -> StoreError {
    StoreError::Conflict(format!(
        "run {} was signed off by {} at {}",
        known.run_id, known.by, known.at
    ))
}
