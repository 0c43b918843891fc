//! What did not happen, and who is told: a report that does not come, a run that fails. Each once,
//! and over when the day is reconciled after all.

use domain::alert::{self, AlertRun, IncidentKind};
use domain::policy::Scope;
use domain::record::Side;
use jiff::civil::Date;
use workflows::failure;
use workflows::ports::{IncidentRaised, IncidentRaising, ReportLook, ReportLooked, Run};

use crate::Trueup;
use crate::cases::clear;
use crate::failures::Failure;
use crate::inputs::{self, InputError};
use crate::runs::{context, input_request, source, timestamp};
use crate::schedules::REQUESTED_BY;
use crate::store::{Incident, RunFilter, RunRow, RunState};

/// Whether a run's report is there, or somebody sees to the day already.
pub(crate) async fn look(trueup: &Trueup, input: &ReportLook) -> Result<ReportLooked, Failure> {
    let source = source(trueup, &input.run)?;
    let context = context(&input.run)?;
    let request = input_request(trueup, source, &context);
    let found = inputs::is_there(&source.side(Side::Partner).transport, &request).await;
    let problem = match found {
        Ok(()) => return Ok(ReportLooked::Arrived),
        // A folder that can't be looked into for so long is told like a report that is missing.
        Err(error @ (InputError::NotFound { .. } | InputError::Retry { .. })) => error.to_string(),
        // What is wrong is for the run to say, and then told.
        Err(_) => return Ok(ReportLooked::Arrived),
    };
    let name = &source.policy.source;
    let runs = runs_of_day(trueup, name, context.business_date).await?;
    let has_failed = |run: &RunRow| matches!(run.state, RunState::Failed | RunState::Quarantined);
    let is_seen_to = runs.iter().any(|run| !has_failed(run));
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
    let cases = raise_of_day(trueup, incident, &input.at).await?;
    Ok(IncidentRaised { cases })
}

/// Puts on record that there is no run of a day, and gives the cases to be started. A run that came
/// between looking and writing ends it at once.
pub(crate) async fn raise_of_day(
    trueup: &Trueup,
    incident: Option<Incident>,
    at: &str,
) -> Result<Vec<String>, Failure> {
    let cases = cases(incident.as_ref());
    let Some(incident) = incident else {
        return Ok(cases);
    };
    let (source, date) = (incident.source.clone(), incident.business_date);
    trueup.store.raise(incident, timestamp(at)?).await?;
    let mut runs = runs_of_day(trueup, &source, date).await?.into_iter();
    if let Some(run) = runs.find(|run| run.state.has_result()) {
        over_by(trueup, &source, date, &run.run_id, at).await?;
    }
    Ok(cases)
}

/// Runs of the whole source for a day.
pub(crate) async fn runs_of_day(
    trueup: &Trueup,
    source: &str,
    business_date: Date,
) -> Result<Vec<RunRow>, Failure> {
    let of_day = RunFilter {
        source: Some(source.to_owned()),
        business_date: Some(business_date),
        ..RunFilter::default()
    };
    let mut runs = trueup.store.runs(of_day).await?;
    runs.retain(|run| run.scope == Scope::Whole);
    Ok(runs)
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
    let (source, date) = (&run.request.source, context.business_date);
    over_by(trueup, source, date, &run.run_id, at).await
}

async fn over_by(
    trueup: &Trueup,
    source: &str,
    business_date: Date,
    run_id: &str,
    at: &str,
) -> Result<(), Failure> {
    let open = trueup.store.open_incidents(source, business_date).await?;
    let ids: Vec<String> = open.into_iter().map(|(_, id)| id).collect();
    let evidence = format!("{run_id} reconciled the day");
    clear(trueup, run_id, &ids, &evidence, at).await
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
