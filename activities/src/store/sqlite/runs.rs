//! Runs: opened once per business key, closed once with a result, as often as it takes without.

use domain::policy::Scope;
use rusqlite::{Row, Transaction, params};

use super::audit;
use super::{incidents, positions, reviews, value};
use crate::store::note::Note;
use crate::store::{
    Opened, RunCompletion, RunFailure, RunOpening, RunRow, RunState, StoreError, run_rules, text,
};

pub(in crate::store) fn open(
    transaction: &Transaction<'_>,
    opening: &RunOpening,
) -> Result<Opened, StoreError> {
    let known = find(transaction, &opening.run_id)?;
    if opening.scope == Scope::Whole && !known.as_ref().is_some_and(|run| run.state.has_result()) {
        let turn = run_rules::turn(opening);
        if let Some(for_run) = positions::take(transaction, &turn)? {
            return Ok(Opened::Waiting { for_run });
        }
    }
    let Some(run) = known else {
        insert(transaction, opening)?;
        audit::note(transaction, Note::run_opened(opening, 1))?;
        return Ok(Opened::New(audit::head(transaction, &opening.run_id)?));
    };
    run_rules::same_business(&run, opening)?;
    match run.state {
        RunState::Completed => return Ok(Opened::Closed(Box::new(run))),
        RunState::InReview => {
            let head = audit::head(transaction, &opening.run_id)?;
            return Ok(Opened::InReview(Box::new(run), head));
        }
        RunState::Running | RunState::Failed | RunState::Quarantined => {}
    }
    if run.state != RunState::Running || run.workflow_run_id != opening.workflow_run_id {
        let attempt = run.attempt + 1;
        transaction.execute(
            "UPDATE runs SET workflow_run_id = ?2, attempt = ?3, requested_by = ?4,
                             state = 'running', problem = NULL, closed_at = NULL
             WHERE run_id = ?1",
            params![
                opening.run_id,
                opening.workflow_run_id,
                attempt,
                opening.requested_by
            ],
        )?;
        audit::note(transaction, Note::run_opened(opening, attempt))?;
    }
    Ok(Opened::Resumed(audit::head(transaction, &opening.run_id)?))
}

pub(in crate::store) fn complete(
    transaction: &Transaction<'_>,
    run_id: &str,
    completion: &RunCompletion,
) -> Result<(), StoreError> {
    let run = get(transaction, run_id)?;
    if run_rules::completes(&run, completion)? {
        transaction.execute(
            "UPDATE runs SET state = ?2, totals = ?3, closed_at = ?4 WHERE run_id = ?1",
            params![
                run_id,
                RunState::Completed.name(),
                text::json(&completion.totals)?,
                text::time_text(completion.completed_at),
            ],
        )?;
    }
    if !completion.review.is_empty() {
        reviews::end(transaction, run_id, &completion.review, None)?;
    }
    if let Some(restatement) = &completion.restatement {
        reviews::restate(transaction, restatement)?;
    }
    positions::give_back(transaction, run_id)?;
    audit::append(transaction, &completion.audit)
}

pub(in crate::store) fn fail(
    transaction: &Transaction<'_>,
    run_id: &str,
    failure: &RunFailure,
) -> Result<(), StoreError> {
    let run = get(transaction, run_id)?;
    if let Some(failed) = run_rules::fails(&run, failure)? {
        transaction.execute(
            "UPDATE runs SET state = ?2, problem = ?3, closed_at = ?4 WHERE run_id = ?1",
            params![
                run_id,
                failed.name(),
                failure.problem,
                text::time_text(failure.failed_at),
            ],
        )?;
    }
    if let Some(incident) = &failure.incident {
        incidents::raise(transaction, incident, failure.failed_at)?;
    }
    positions::give_back(transaction, run_id)?;
    audit::append(transaction, &failure.audit)
}

/// The run of this id.
pub(in crate::store) fn get(
    transaction: &Transaction<'_>,
    run_id: &str,
) -> Result<RunRow, StoreError> {
    find(transaction, run_id)?.ok_or_else(|| run_rules::no_run(run_id))
}

/// Which attempt at this run writes now.
pub(super) fn attempt(transaction: &Transaction<'_>, run_id: &str) -> Result<u32, StoreError> {
    get(transaction, run_id).map(|run| run.attempt)
}

pub(super) fn from_row(row: &Row<'_>) -> Result<RunRow, StoreError> {
    let totals: Option<String> = value::get(row, "totals")?;
    let scope_id = value::get(row, "scope_id")?;
    Ok(RunRow {
        run_id: value::get(row, "run_id")?,
        workflow_run_id: value::get(row, "workflow_run_id")?,
        source: value::get(row, "source")?,
        business_date: value::parse(row, "business_date", |text| text.parse().ok())?,
        scope: value::parse(row, "scope", |name| text::scope(name, scope_id))?,
        generation: value::number(row, "generation")?,
        requested_by: value::get(row, "requested_by")?,
        attempt: value::number(row, "attempt")?,
        opened_at: value::parse(row, "opened_at", |text| text.parse().ok())?,
        state: value::parse(row, "state", RunState::parse)?,
        problem: value::get(row, "problem")?,
        totals: totals
            .map(|totals| text::from_json("totals", &totals))
            .transpose()?,
        closed_at: value::time(row, "closed_at")?,
    })
}

fn find(transaction: &Transaction<'_>, run_id: &str) -> Result<Option<RunRow>, StoreError> {
    let mut statement = transaction.prepare_cached("SELECT * FROM runs WHERE run_id = ?1")?;
    let mut rows = statement.query([run_id])?;
    rows.next()?.map(from_row).transpose()
}

fn insert(transaction: &Transaction<'_>, opening: &RunOpening) -> Result<(), StoreError> {
    let (scope, scope_id) = text::scope_columns(&opening.scope);
    transaction.execute(
        "INSERT INTO runs (run_id, workflow_run_id, source, business_date, scope, scope_id,
                           generation, requested_by, attempt, opened_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9, 'running')",
        params![
            opening.run_id,
            opening.workflow_run_id,
            opening.source,
            opening.business_date.to_string(),
            scope,
            scope_id,
            opening.generation,
            opening.requested_by,
            text::time_text(opening.opened_at),
        ],
    )?;
    Ok(())
}
