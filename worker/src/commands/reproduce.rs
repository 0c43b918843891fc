//! `trueup reproduce`: a past run, done again from what was sealed.

use activities::past::{PastProblem, PastRun};
use activities::reproduce::{Difference, reproduce};
use serde_json::json;

use super::past_runs;
use crate::config::Configuration;
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
        Err(PastProblem::Gone { what, reason }) => vec![Difference {
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
) -> Result<Vec<Difference>, PastProblem> {
    let store = wiring::recorded(configuration).await;
    let store = store.map_err(|error| PastProblem::Failed(format!("{error:#}")))?;
    let staging = past_runs::staging(configuration)?;
    let past = PastRun::load(&store, &staging, run_id).await?;
    let trueup = past_runs::with_its_rules(configuration, store, &staging, &past)?;
    reproduce(trueup, &past).await
}
