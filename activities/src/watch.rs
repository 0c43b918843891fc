//! Whether the run of a day is there when it has to be, and who is told when it is not.

use domain::alert::IncidentKind;
use workflows::ports::{RunCheck, RunChecked};

use crate::Trueup;
use crate::failures::Failure;
use crate::incidents;
use crate::runs::{context, source};
use crate::store::{RunRow, RunState};

pub(crate) async fn check(trueup: &Trueup, input: RunCheck) -> Result<RunChecked, Failure> {
    let name = &source(trueup, &input.run)?.policy.source;
    let date = context(&input.run)?.business_date;
    let runs = incidents::runs_of_day(trueup, name, date).await?;
    if let Some(run) = runs.iter().find(|run| run.state.has_result()) {
        return Ok(answer(
            "reconciled",
            format!("{} is {}", run.run_id, run.state),
        ));
    }
    let told = trueup.store.open_incidents(name, date).await?;
    let mut told = told.iter();
    // One message about one thing: who knows why there is no run knows that there is none.
    if let Some((kind, _)) = told.find(|(kind, _)| *kind != IncidentKind::RunMissing) {
        let summary = format!("{date} is not reconciled; people know: {kind}");
        return Ok(answer("already_told", summary));
    }
    let problem = problem(&input.run.run_id, runs.first());
    let kind = IncidentKind::RunMissing;
    let incident = incidents::incident(trueup, &input.run, kind, problem.clone())?;
    Ok(RunChecked {
        cases: incidents::raise_of_day(trueup, incident, &input.at).await?,
        ..answer(kind.name(), problem)
    })
}

fn problem(run_id: &str, last: Option<&RunRow>) -> String {
    match last {
        None => format!("Nobody started {run_id}, or it waits for the partner's report."),
        Some(run) => match (run.state, &run.problem) {
            (RunState::Failed | RunState::Quarantined, Some(problem)) => {
                format!("{} failed: {problem}", run.run_id)
            }
            _ => format!(
                "{} is {} since {:.0}.",
                run.run_id, run.state, run.opened_at
            ),
        },
    }
}

fn answer(outcome: &str, summary: String) -> RunChecked {
    RunChecked {
        outcome: outcome.to_owned(),
        summary,
        cases: Vec::new(),
    }
}
