//! `trueup reproduce`: a past run, done again from what was sealed.

use std::collections::BTreeMap;
use std::sync::Arc;

use activities::alerts::Channels;
use activities::reproduce::{Difference, PastRun, ReproduceProblem, reproduce};
use activities::{Pace, Trueup, Workflows};
use domain::case::Authority;
use serde_json::json;

use crate::cli::unusable;
use crate::config::{Configuration, as_recorded};
use crate::exit::Exit;
use crate::output::say;
use crate::wiring;

/// Does a past run again from its sealed inputs, the rules of then and the position it began with,
/// and says whether it gives the same: exit 1 when not. Puts nothing on record
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The run (recon/…)
    run: String,
}

/// Does it.
///
/// # Errors
/// No such run, or a store that can't be read.
pub async fn run(
    configuration: Configuration,
    arguments: Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let run_id = &arguments.run;
    let differences = match again(&configuration, run_id).await {
        Ok(differences) => differences,
        Err(ReproduceProblem::Gone { what, reason }) => vec![Difference {
            what,
            recorded: "sealed".to_owned(),
            now: reason,
        }],
        Err(problem) => return Err(problem.into()),
    };
    let is_same = differences.is_empty();
    if json {
        let answer = json!({ "run": run_id, "same": is_same, "differences": differences });
        say!("{}", serde_json::to_string_pretty(&answer)?);
    } else if is_same {
        say!("{run_id} gives the same: matches, discrepancies and totals");
    } else {
        say!("{run_id} does not give the same");
        for Difference {
            what,
            recorded,
            now,
        } in &differences
        {
            say!("{what}");
            say!("  recorded  {recorded}");
            say!("  now       {now}");
        }
    }
    Ok(if is_same { Exit::Clean } else { Exit::Found })
}

async fn again(
    configuration: &Configuration,
    run_id: &str,
) -> Result<Vec<Difference>, ReproduceProblem> {
    let failed = |error: anyhow::Error| ReproduceProblem::Failed(format!("{error:#}"));
    let store = wiring::recorded(configuration).await.map_err(failed)?;
    let staging = wiring::staging(configuration).map_err(failed)?;
    let past = PastRun::load(&store, &staging, run_id).await?;
    let name = &past.row.source;
    let (source, limits) = as_recorded(name, &past.rules, &past.settings)
        .map_err(|problems| failed(unusable(&configuration.folder, &problems)))?;
    let channels = Channels::open(&BTreeMap::new(), |_| None);
    let trueup = Trueup {
        folder: configuration.folder.clone(),
        sources: BTreeMap::from([(name.clone(), source)]),
        authority: Authority::default(),
        limits,
        pace: Pace {
            records_per_task: configuration.work.records_per_task,
            compare_tasks_max: configuration.work.compare_tasks_max,
            heartbeat_timeout_seconds: configuration.work.heartbeat_timeout_seconds,
        },
        store,
        staging: staging.over(),
        channels: channels.map_err(|error| failed(error.into()))?,
        audit: wiring::audit_without_secrets(configuration).map_err(failed)?,
        settings: past.settings.clone(),
        workflows: Workflows::out_of_reach(),
    };
    reproduce(Arc::new(trueup), &past).await
}
