//! `trueup alerts`: what people were told, what is still on its way, what no channel takes.

use activities::store::{AlertFilter, AlertRow, AlertState, Page, Redrive, Store};
use serde_json::json;

use super::values::{self, alert_state};
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::table::{self, Column};
use crate::temporal::{Patience, connect, wake_case};

/// Lists alerts, or sends dead ones again.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Alerts on record, newest first
    List(ListArguments),
    /// Sends dead alerts again, after their channel was put right
    Redrive(RedriveArguments),
}

/// Which alerts.
#[derive(clap::Args, Debug)]
pub struct ListArguments {
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// Only those that this run intended
    #[arg(long)]
    run: Option<String>,
    /// Only pending, sending, sent or dead ones
    #[arg(long, value_parser = alert_state)]
    state: Option<AlertState>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// Which dead alerts.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
pub struct RedriveArguments {
    /// Their ids, as listed
    ids: Vec<String>,
    /// All dead ones
    #[arg(long)]
    all: bool,
}

/// Does it.
///
/// # Errors
/// When the store, or for a redrive the Temporal server, does not answer.
pub async fn run(
    store: &Store,
    configuration: &Configuration,
    command: Command,
    json: bool,
) -> anyhow::Result<Exit> {
    match command {
        Command::List(arguments) => list(store, arguments, json).await,
        Command::Redrive(arguments) => redrive(store, configuration, arguments, json).await,
    }
}

async fn list(store: &Store, arguments: ListArguments, json: bool) -> anyhow::Result<Exit> {
    let ListArguments {
        source,
        run,
        state,
        limit,
    } = arguments;
    let page = Page { limit, offset: 0 };
    let alerts = store
        .alerts(AlertFilter {
            source,
            run_id: run,
            state,
            page,
        })
        .await?;
    if json {
        let alerts: Vec<_> = alerts.iter().map(to_json).collect();
        say!("{}", serde_json::to_string_pretty(&alerts)?);
        return Ok(Exit::Clean);
    }
    let columns = [
        Column::Left("alert"),
        Column::Left("state"),
        Column::Right("attempts"),
        Column::Left("severity"),
        Column::Left("about"),
        Column::Left("problem"),
    ];
    let rows = alerts.iter().map(row).collect();
    table::print(&columns, rows, "no such alerts on record");
    if alerts.iter().any(|alert| alert.state == AlertState::Dead) {
        say!("\ndead alerts are sent again by: trueup alerts redrive <alert>  (or --all)");
    }
    Ok(Exit::Clean)
}

async fn redrive(
    store: &Store,
    configuration: &Configuration,
    arguments: RedriveArguments,
    json: bool,
) -> anyhow::Result<Exit> {
    // First the server: an alert that is pending again while nobody delivers it would be lost.
    let client = connect(&configuration.temporal, Patience::None).await?;
    let which = match arguments.all {
        true => Redrive::All,
        false => Redrive::Ids(arguments.ids),
    };
    let now = jiff::Timestamp::now();
    let cases = store.redrive(which, &values::person(), now).await?;
    for case in &cases {
        wake_case(&client, case.trim_start_matches("case/")).await?;
    }
    if json {
        say!("{}", json!({ "cases_woken": cases }));
    } else if cases.is_empty() {
        say!("no dead alerts: nothing to send again");
    } else {
        let cases: Vec<_> = cases.into_iter().collect();
        say!("sending again: {}", cases.join(", "));
        say!("watch them: trueup alerts list");
    }
    Ok(Exit::Clean)
}

fn row(alert: &AlertRow) -> Vec<String> {
    vec![
        alert.intent.id.clone(),
        alert.state.to_string(),
        alert.attempts.to_string(),
        alert.intent.severity.to_string(),
        alert.intent.content.headline.clone(),
        alert.last_error.clone().unwrap_or_default(),
    ]
}

/// An alert as scripts see it.
pub(super) fn to_json(alert: &AlertRow) -> serde_json::Value {
    json!({
        "alert_id": alert.intent.id,
        "case_id": alert.intent.case_id,
        "run_id": alert.intent.run_id,
        "source": alert.intent.source,
        "channel": alert.intent.channel,
        "severity": alert.intent.severity.name(),
        "headline": alert.intent.content.headline,
        "state": alert.state.name(),
        "attempts": alert.attempts,
        "intended_at": alert.intended_at.to_string(),
        "sent_at": alert.sent_at.map(|at| at.to_string()),
        "provider_reference": alert.provider_reference,
        "problem": alert.last_error,
    })
}
