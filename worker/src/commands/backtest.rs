//! `trueup backtest`: past runs, done again by other rules.

use std::collections::BTreeMap;
use std::path::PathBuf;

use activities::backtest::outcome;
use activities::past::{PastProblem, PastRun};
use activities::staging::Staging;
use activities::store::{RunRow, Store};
use anyhow::{Context, bail};
use domain::backtest::backtest;
use domain::case::Resolution;
use domain::policy::Scope;
use jiff::civil::Date;

use super::past_runs;
use super::values::date;
use crate::backtest::{Days, Replayed, account, to_json};
use crate::config::{Configuration, RulesText};
use crate::exit::Exit;
use crate::output::say;
use crate::wiring;

/// Does past runs of a source again, each by the rules of then and by those of another file, from
/// what was sealed: new, lost and changed matches by count and value, and how that stands to what
/// people decided. Exit 1 when matches are lost or changed, or a decision is contradicted. Puts
/// nothing on record
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The source
    source: String,
    /// A whole source file with the new rules, as a changed copy of sources/SOURCE.toml
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// First business date, YYYY-MM-DD
    #[arg(long, value_name = "D", value_parser = date)]
    from: Date,
    /// Last business date, YYYY-MM-DD
    #[arg(long, value_name = "D", value_parser = date)]
    to: Date,
    /// Lists everything, not only the first 20 of each kind
    #[arg(long)]
    all: bool,
}

/// Does it.
///
/// # Errors
/// No run to do again, rules that can't be used, or a store that can't be read.
pub async fn run(
    configuration: &Configuration,
    arguments: &Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let Arguments {
        source,
        rules,
        from,
        to,
        all,
    } = arguments;
    let text = std::fs::read_to_string(rules).with_context(|| rules.display().to_string())?;
    let file = rules.display().to_string();
    let rules = RulesText {
        file: &file,
        text: &text,
    };
    let store = wiring::recorded(configuration).await?;
    let staging = past_runs::staging(configuration)?;
    let rows = runs(&store, source, *from, *to).await?;
    if rows.is_empty() {
        bail!("{source} has no run of the whole source on record from {from} to {to}");
    }
    let mut days = Days::new(source, (*from, *to), &file);
    for row in rows {
        let run_id = row.run_id.clone();
        match replayed(configuration, &store, &staging, &run_id, rules).await {
            Ok(replayed) => days.add(run_id, replayed)?,
            Err(PastProblem::Gone { what, reason }) => {
                days.left_out.push((run_id, format!("{what}: {reason}")));
            }
            Err(problem @ PastProblem::Unsaid(_)) => {
                days.left_out.push((run_id, problem.to_string()));
            }
            Err(problem) => return Err(problem.into()),
        }
    }
    if json {
        say!("{}", serde_json::to_string_pretty(&to_json(&days))?);
    } else {
        say!("{}", account(&days, *all));
    }
    Ok(match days.is_clean() {
        true => Exit::Clean,
        false => Exit::Found,
    })
}

/// The last generation of each day, oldest first.
async fn runs(store: &Store, source: &str, from: Date, to: Date) -> anyhow::Result<Vec<RunRow>> {
    let is_meant = |day: Date| from <= day && day <= to;
    let mut last: BTreeMap<Date, RunRow> = BTreeMap::new();
    for row in past_runs::with_result(store, Some(source), is_meant).await? {
        let day = row.business_date;
        let is_newer = |known: &RunRow| known.generation < row.generation;
        if row.scope == Scope::Whole && last.get(&day).is_none_or(is_newer) {
            last.insert(day, row);
        }
    }
    Ok(last.into_values().collect())
}

/// One run by both rules.
async fn replayed(
    configuration: &Configuration,
    store: &Store,
    staging: &Staging,
    run_id: &str,
    rules: RulesText<'_>,
) -> Result<Replayed, PastProblem> {
    let past = PastRun::load(store, staging, run_id).await?;
    let of_then = past_runs::with_its_rules(configuration, store.clone(), staging, &past)?;
    let other = past_runs::with_rules(configuration, store.clone(), staging, &past, rules)?;
    let (Some(then), Some(now)) = (outcome(of_then, &past).await?, outcome(other, &past).await?)
    else {
        return Err(PastProblem::Gone {
            what: "the comparison".to_owned(),
            reason: "a side breaks its own arithmetic, so nothing was compared".to_owned(),
        });
    };
    let ids = then.discrepancies.iter().map(|found| found.id.to_string());
    let in_force = store.resolutions(ids.collect()).await?.into_iter();
    let resolutions: BTreeMap<String, Resolution> = in_force
        .map(|(id, decided)| (id, decided.resolution))
        .collect();
    let discrepancies = (then.discrepancies.len(), now.discrepancies.len());
    let found = backtest(&then, now, &resolutions)
        .map_err(|error| PastProblem::Failed(format!("values can't be added: {error}")))?;
    Ok(Replayed {
        found,
        discrepancies,
    })
}
