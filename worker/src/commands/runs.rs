//! `trueup runs`: the runs on record.

use activities::store::{Page, RunFilter, RunRow, RunState, Store};
use serde_json::json;

use super::values::{date, run_state};
use crate::exit::Exit;
use crate::output::say;
use crate::table::{self, Column};

/// Lists runs, newest first.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// Only for this business date, YYYY-MM-DD
    #[arg(long, value_parser = date)]
    date: Option<jiff::civil::Date>,
    /// Only running, in_review, completed, failed or quarantined ones
    #[arg(long, value_parser = run_state)]
    state: Option<RunState>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// Prints the runs.
///
/// # Errors
/// When the store can't be read.
pub async fn run(store: &Store, arguments: Arguments, json: bool) -> anyhow::Result<Exit> {
    let Arguments {
        source,
        date,
        state,
        limit,
    } = arguments;
    let page = Page { limit, offset: 0 };
    let runs = store
        .runs(RunFilter {
            source,
            business_date: date,
            state,
            page,
        })
        .await?;
    if json {
        let mut told = Vec::new();
        for run in &runs {
            told.push(to_json(store, run).await?);
        }
        say!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(Exit::Clean);
    }
    let columns = [
        Column::Left("run"),
        Column::Left("state"),
        Column::Right("matched"),
        Column::Right("discrepancies"),
        Column::Right("critical"),
        Column::Left("opened"),
        Column::Left("by"),
    ];
    let rows = runs.iter().map(row).collect();
    table::print(
        &columns,
        rows,
        "no runs on record; start one with `trueup run SOURCE`",
    );
    Ok(Exit::Clean)
}

fn row(run: &RunRow) -> Vec<String> {
    let totals = run.totals.clone().unwrap_or_default();
    let number = |count: u64| {
        run.totals
            .as_ref()
            .map_or("-".to_owned(), |_| count.to_string())
    };
    let critical = totals
        .by_severity
        .get("critical")
        .copied()
        .unwrap_or_default();
    vec![
        run.run_id.clone(),
        run.state.to_string(),
        number(totals.matched),
        number(totals.discrepancies),
        number(critical),
        format!("{:.0}", run.opened_at),
        run.requested_by.clone(),
    ]
}

/// A run as scripts see it, with what the store charged for it.
pub(super) async fn to_json(store: &Store, run: &RunRow) -> anyhow::Result<serde_json::Value> {
    let capacity = store
        .capacity(&run.run_id)
        .await?
        .map(|used| json!({ "read_units": used.read_units(), "write_units": used.write_units() }));
    Ok(json!({
        "capacity": capacity,
        "run_id": run.run_id,
        "source": run.source,
        "business_date": run.business_date.to_string(),
        "generation": run.generation,
        "state": run.state.name(),
        "problem": run.problem,
        "requested_by": run.requested_by,
        "opened_at": run.opened_at.to_string(),
        "closed_at": run.closed_at.map(|at| at.to_string()),
        "attempt": run.attempt,
        "totals": run.totals,
    }))
}
