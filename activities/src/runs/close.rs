//! Closing a run: completed, or not and why.

use domain::audit::{AuditCursor, AuditEntry, AuditEvent};
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Closed, Closing, Ending};

use super::open::{cursor, timestamp, to_port};
use super::restate;
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};
use crate::incidents;
use crate::positions::adjusted;
use crate::store::{FailureCause, RunCompletion, RunFailure, TRUEUP};

pub(crate) async fn close(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: Closing,
) -> Result<Closed, Failure> {
    alive(ctx, &Progress::new(()), work(trueup, input)).await
}

pub(super) async fn work(trueup: &Trueup, input: Closing) -> Result<Closed, Failure> {
    if input.run.request.dry_run {
        return Ok(Closed::silently(input.audit));
    }
    let run_id = &input.run.run_id;
    let at = timestamp(&input.at)?;
    let cursor = cursor(run_id, &input.audit, &input.at, TRUEUP)?;
    match input.ending {
        Ending::Completed { mut totals, review } => {
            if let Some(position) = trueup.store.position_of_run(run_id).await? {
                let source = &input.run.request.source;
                let lines = &totals.conservation;
                totals.conservation = adjusted(trueup, source, &position, lines).await?;
            }
            let mut fields = vec![
                ("matched", totals.matched.to_string()),
                ("discrepancies", totals.discrepancies.to_string()),
                ("cases_started", totals.cases_started.to_string()),
            ];
            if !review.is_empty() {
                fields.push(("review", review.clone()));
            }
            // A run that was in review was restated when that began.
            let (restatement, restated, cursor) = match trueup.store.review(run_id).await? {
                None => restate::restate(trueup, &input.run, &totals, cursor).await?,
                Some(_) => (None, None, cursor),
            };
            let (entry, cursor) = cursor.entry(AuditEvent::RunCompleted, fields);
            let completion = RunCompletion {
                totals,
                completed_at: at,
                review,
                restatement,
                audit: restated.into_iter().chain([entry]).collect(),
            };
            trueup.store.complete_run(run_id, completion).await?;
            incidents::over(trueup, &input.run, &input.at).await?;
            Ok(Closed::silently(to_port(cursor.head)))
        }
        Ending::Failed { name, problem } => {
            let (cause, event) = match name.as_str() {
                failure::INPUT_QUARANTINED => (FailureCause::Input, AuditEvent::InputQuarantined),
                _ => (FailureCause::Other, AuditEvent::RunFailed),
            };
            let incident = incidents::of_failure(trueup, &input.run, &name, &problem)?;
            let cases = incidents::cases(incident.as_ref());
            let closed = |head| Closed {
                cases,
                ..Closed::silently(to_port(head))
            };
            let fields = [("failure", name), ("problem", problem.clone())];
            // A step that was cut off may have written entries that the workflow does not know of:
            // the end of the stream is where the store says.
            let stream = trueup.store.audit(run_id).await?;
            let is_this = |last: &AuditEntry| last.event == event && last.at == at;
            if stream.entries.last().is_some_and(is_this) {
                return Ok(closed(stream.head));
            }
            let cursor = AuditCursor {
                head: stream.head,
                ..cursor
            };
            let (entry, cursor) = cursor.entry(event, fields);
            let ended = RunFailure {
                cause,
                problem,
                failed_at: at,
                incident,
                audit: vec![entry],
            };
            trueup.store.fail_run(run_id, ended).await?;
            Ok(closed(cursor.head))
        }
    }
}
