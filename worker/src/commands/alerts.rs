//! `trueup alerts`: what people were told, what is still on its way, what no channel takes.

use activities::store::{AlertFilter, AlertRow, AlertState, Page, Redrive, Store};
use jiff::{Timestamp, Zoned};
use serde_json::json;

use super::values::{self, alert_state};
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::table::{self, Column};
use crate::temporal::wake_case;
use crate::wiring;

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
    /// Only pending, sending, sent, dead or diverted ones
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
        Command::List(arguments) => list(store, configuration, arguments, json).await,
        Command::Redrive(arguments) => redrive(store, configuration, arguments, json).await,
    }
}

async fn list(
    store: &Store,
    configuration: &Configuration,
    arguments: ListArguments,
    json: bool,
) -> anyhow::Result<Exit> {
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
        let listed = alerts.iter().map(|alert| {
            let mut listed = to_json(alert);
            let until = held_until(configuration, alert);
            listed["held_until"] = json!(until.map(|until| until.timestamp().to_string()));
            listed
        });
        let listed: Vec<_> = listed.collect();
        say!("{}", serde_json::to_string_pretty(&listed)?);
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
    let rows = alerts.iter().map(|alert| row(configuration, alert));
    let rows = rows.collect();
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
    let client = wiring::client(configuration).await?;
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

/// The end of the quiet hours that a pending alert waits for, where its channel is.
fn held_until(configuration: &Configuration, alert: &AlertRow) -> Option<Zoned> {
    let intent = &alert.intent;
    if alert.state != AlertState::Pending {
        return None;
    }
    let rules = configuration.channel_rules.get(&intent.channel)?;
    let calendar = &configuration.sources.get(&intent.source)?.policy.calendar;
    let until = rules.held_until(intent.severity, Timestamp::now(), calendar)?;
    let zone = rules.quiet_hours.as_ref()?.time_zone.clone();
    Some(until.to_zoned(zone))
}

fn row(configuration: &Configuration, alert: &AlertRow) -> Vec<String> {
    let state = match held_until(configuration, alert) {
        Some(until) => format!("held until {}", until.strftime("%a %H:%M")),
        None => alert.state.to_string(),
    };
    vec![
        alert.intent.id.clone(),
        state,
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
        "occasion": alert.intent.content.occasion,
        "state": alert.state.name(),
        "attempts": alert.attempts,
        "intended_at": alert.intended_at.to_string(),
        "sent_at": alert.sent_at.map(|at| at.to_string()),
        "provider_reference": alert.provider_reference,
        "problem": alert.last_error,
    })
}
