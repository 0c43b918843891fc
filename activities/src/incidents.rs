//! What did not happen, and who is told: a report that does not come, a run that fails. Each once,
//! and over when the day is reconciled after all.

use domain::alert::{self, AlertRun, IncidentKind};
use domain::policy::Scope;
use domain::record::Side;
use workflows::failure;
use workflows::ports::{IncidentRaised, IncidentRaising, ReportLook, ReportLooked, Run};

use crate::Trueup;
use crate::cases::clear;
use crate::failures::Failure;
use crate::inputs::{self, InputError};
use crate::runs::{context, input_request, source, timestamp};
use crate::schedules::REQUESTED_BY;
use crate::store::{Incident, RunFilter, RunState};

/// Whether a run's report is there, or somebody sees to the day already.
pub(crate) async fn look(trueup: &Trueup, input: &ReportLook) -> Result<ReportLooked, Failure> {
    let source = source(trueup, &input.run)?;
    let context = context(&input.run)?;
    let request = input_request(trueup, source, &context);
    let found = inputs::is_there(&source.side(Side::Partner).transport, &request).await;
    let problem = match found {
        Ok(()) => return Ok(ReportLooked::Arrived),
        Err(error @ InputError::NotFound { .. }) => error.to_string(),
        // It is there. What is wrong with it is for the run to say.
        Err(InputError::Unusable { .. }) => return Ok(ReportLooked::Arrived),
        Err(error) => return Err(error.into()),
    };
    let of_day = RunFilter {
        source: Some(source.policy.source.clone()),
        business_date: Some(context.business_date),
        ..RunFilter::default()
    };
    let runs = trueup.store.runs(of_day).await?;
    let is_seen_to = runs.iter().any(|run| {
        let failed = matches!(run.state, RunState::Failed | RunState::Quarantined);
        run.scope == Scope::Whole && !failed
    });
    Ok(match is_seen_to {
        true => ReportLooked::Arrived,
        false => ReportLooked::Missing { problem },
    })
}

/// Puts an incident on record.
pub(crate) async fn raise(
    trueup: &Trueup,
    input: IncidentRaising,
) -> Result<IncidentRaised, Failure> {
    let kind = IncidentKind::parse(&input.kind).ok_or_else(|| {
        let problem = format!("no incident is called {}", input.kind);
        Failure::last(failure::INVALID_INPUT, problem)
    })?;
    let incident = incident(trueup, &input.run, kind, input.problem)?;
    let cases = cases(incident.as_ref());
    if let Some(incident) = incident {
        trueup.store.raise(incident, timestamp(&input.at)?).await?;
    }
    Ok(IncidentRaised { cases })
}

/// The incident that a failed run is; none when somebody sees the failure anyway: a typo or a
/// missing file of a run that was started by hand, a run that was cancelled. Nobody waits for the
/// run of a part.
pub(crate) fn of_failure(
    trueup: &Trueup,
    run: &Run,
    name: &str,
    problem: &str,
) -> Result<Option<Incident>, Failure> {
    let is_whole = context(run)?.scope == Scope::Whole;
    let by_schedule = run.request.requested_by == REQUESTED_BY;
    let is_seen = match name {
        CANCELLED | failure::INVALID_INPUT | failure::UNKNOWN_SOURCE => true,
        failure::INPUT_NOT_FOUND => !by_schedule,
        _ => false,
    };
    if !is_whole || is_seen || run.request.dry_run {
        return Ok(None);
    }
    incident(trueup, run, IncidentKind::RunFailed, problem.to_owned())
}

/// The incidents of a day are over: `run` has compared what came.
pub(crate) async fn over(trueup: &Trueup, run: &Run, at: &str) -> Result<(), Failure> {
    let context = context(run)?;
    if run.request.dry_run || context.scope != Scope::Whole {
        return Ok(());
    }
    let source = &run.request.source;
    let open = trueup
        .store
        .open_incidents(source, context.business_date)
        .await?;
    let ids: Vec<String> = open.into_iter().map(|(_, id)| id).collect();
    let evidence = format!("{} reconciled the day", run.run_id);
    clear(trueup, run, &ids, &evidence, at).await
}

/// Incidents whose case is to be started.
pub(crate) fn cases(incident: Option<&Incident>) -> Vec<String> {
    let id = incident.and_then(Incident::id);
    id.map(str::to_owned).into_iter().collect()
}

/// How a run that was cancelled calls its failure.
const CANCELLED: &str = "Cancelled";

/// An incident, as the source's routes tell it; none when nothing critical is routed to anybody.
pub(crate) fn incident(
    trueup: &Trueup,
    run: &Run,
    kind: IncidentKind,
    problem: String,
) -> Result<Option<Incident>, Failure> {
    let source = source(trueup, run)?;
    let told = AlertRun {
        run_id: run.run_id.clone(),
        source: source.policy.source.clone(),
        business_date: context(run)?.business_date,
    };
    let alerts = alert::incident(kind, problem, &source.alerts, &told);
    let incident = Incident {
        kind,
        source: told.source,
        business_date: told.business_date,
        run_id: told.run_id,
        alerts,
    };
    Ok((!incident.alerts.is_empty()).then_some(incident))
}
