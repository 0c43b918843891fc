//! `trueup dev`: everything on one machine, with the real server and the real worker.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use activities::alerts::ChannelConfig;
use activities::store::{AlertFilter, AlertState, Store};
use anyhow::{Context, bail};
use jiff::civil::Date;
use proto::wire::ReconciliationInput;
use temporalio_client::Client;
use tokio::sync::oneshot;

use super::run::follow;
use super::values;
use crate::cli::configuration;
use crate::config::{Configuration, DEMO_FOLDER, choose_folder};
use crate::dev::{AlertInbox, TemporalServer, account};
use crate::exit::Exit;
use crate::output::say;
use crate::process::{Interruption, run_worker};
use crate::temporal::{Patience, connect, start_run};
use crate::wiring;

/// Starts a Temporal server, a worker and an alert inbox, and runs every source once.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Run the sources, print the account and exit: 0 when every run is completed or in review, 2
    /// otherwise
    #[arg(long)]
    once: bool,
    /// Business date to reconcile (the sample's, or today in each source's time zone)
    #[arg(long, value_parser = values::date)]
    date: Option<Date>,
    /// Keep what an earlier `trueup dev` on the sample configuration left
    #[arg(long)]
    keep: bool,
}

/// The day that the sample data is about.
const DEMO_DATE: Date = jiff::civil::date(2026, 11, 20);
/// Everything that `dev` writes, inside the configuration folder.
const DATA_FOLDER: &str = "data";

/// How long the account waits for alerts.
const ALERTS_WITHIN: Duration = Duration::from_secs(15);

/// Runs until Ctrl-C, or once.
///
/// # Errors
/// Wrong configuration, no `temporal` program, or a server that does not start.
pub async fn run(folder: Option<PathBuf>, arguments: Arguments) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let (folder, is_sample) = choose(folder);
    let mut configuration = configuration(Some(folder.clone()))?;
    let data = prepare(&folder, is_sample && !arguments.keep)?;
    say!("starting a Temporal server, a worker and an alert inbox …");
    let mut interruption = Interruption::listen()?;
    let server = tokio::select! {
        server = TemporalServer::start(&data) => server?,
        () = interruption.wait() => return Ok(Exit::Error),
    };
    let inbox = AlertInbox::start().await?;
    configuration.temporal.address.clone_from(&server.address);
    for source in configuration.sources.values_mut() {
        // An alert leads to its case, which is in the Temporal UI.
        let cases = || format!("{}/namespaces/default/workflows", server.ui);
        source.alerts.link_base.get_or_insert_with(cases);
    }
    let requests = requests(
        &configuration,
        arguments.date.or(is_sample.then_some(DEMO_DATE)),
    )?;
    let secret = secrets(&configuration, &inbox);
    let vault = wiring::vault_with(&configuration, &secret)?;
    let client = connect(&configuration.temporal, &vault, Patience::Starting).await?;
    let activities = wiring::activities_with(configuration, secret).await?;
    let store = activities.store.clone();
    let (ready, is_ready) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let showing = async {
        is_ready.await.context("the worker did not start")?;
        let completed = reconcile(&client, &requests).await?;
        alerts_delivered(&store).await?;
        let account = account(&store, &requests, &inbox, &server, &folder).await?;
        say!("{account}");
        say!("ready after {:.1} s", started.elapsed().as_secs_f64());
        anyhow::Ok(completed)
    };
    let session = async {
        let completed = tokio::select! {
            completed = showing => Some(completed?),
            () = interruption.wait() => None,
        };
        if completed.is_some() && !arguments.once {
            say!("running until Ctrl-C");
            interruption.wait().await;
        }
        // The worker may be gone already; then it needs no telling.
        let _ = stop.send(());
        anyhow::Ok(completed)
    };
    let until_stopped = async {
        let _ = stopped.await;
    };
    let worked = tokio::try_join!(
        session,
        run_worker(client.clone(), activities, Some(ready), until_stopped)
    );
    server.stop().await;
    let (completed, ()) = worked?;
    Ok(match completed {
        Some(true) => Exit::Clean,
        Some(false) => Exit::Error,
        None => bail!("stopped before all was reconciled"),
    })
}

/// The environment; where it names no Slack, the inbox stands in.
fn secrets(
    configuration: &Configuration,
    inbox: &AlertInbox,
) -> impl Fn(&str) -> Option<String> + use<> {
    let channels = configuration.channels.values();
    let webhooks: BTreeSet<String> = channels
        .filter_map(|channel| match channel {
            ChannelConfig::Slack(slack) => Some(slack.webhook_url_env.clone()),
            ChannelConfig::Email(_) => None,
        })
        .collect();
    let url = inbox.url.clone();
    move |name| {
        let set = std::env::var(name).ok();
        set.or_else(|| webhooks.contains(name).then(|| url.clone()))
    }
}

/// The configuration folder, and whether it is the sample.
fn choose(folder: Option<PathBuf>) -> (PathBuf, bool) {
    let chosen = choose_folder(folder.clone());
    let named = folder.is_some() || std::env::var_os(crate::config::FOLDER_VARIABLE).is_some();
    if named || chosen.join("trueup.toml").is_file() {
        return (chosen, false);
    }
    (PathBuf::from(DEMO_FOLDER), true)
}

/// The data folder; that of the sample begins empty, so that the story is the same every time.
fn prepare(folder: &Path, empty: bool) -> anyhow::Result<PathBuf> {
    let data = folder.join(DATA_FOLDER);
    if empty && data.exists() {
        std::fs::remove_dir_all(&data)
            .with_context(|| format!("can't empty {}", data.display()))?;
    }
    std::fs::create_dir_all(&data).with_context(|| format!("can't make {}", data.display()))?;
    Ok(data)
}

fn requests(
    configuration: &Configuration,
    date: Option<Date>,
) -> anyhow::Result<Vec<ReconciliationInput>> {
    let now = jiff::Timestamp::now();
    let mut requests = Vec::new();
    for name in configuration.sources.keys() {
        let source = configuration.source(name)?;
        requests.push(ReconciliationInput {
            source: name.clone(),
            business_date: date
                .unwrap_or_else(|| source.business_day.date_at(now))
                .to_string(),
            generation: 1,
            requested_by: format!("{} (trueup dev)", values::person()),
            ..ReconciliationInput::default()
        });
    }
    if requests.is_empty() {
        bail!("no source is configured");
    }
    Ok(requests)
}

/// Waits until no alert is on its way, or long enough to tell that one won't get through soon.
async fn alerts_delivered(store: &Store) -> anyhow::Result<()> {
    let started = Instant::now();
    while started.elapsed() < ALERTS_WITHIN {
        let alerts = store.alerts(AlertFilter::default()).await?;
        let is_over = |state| {
            matches!(
                state,
                AlertState::Sent | AlertState::Dead | AlertState::Diverted
            )
        };
        if alerts.iter().all(|alert| is_over(alert.state)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Starts all runs, then waits for each; whether all completed or are in review.
async fn reconcile(client: &Client, requests: &[ReconciliationInput]) -> anyhow::Result<bool> {
    let mut started = Vec::new();
    for request in requests {
        started.push(start_run(client, request).await?);
    }
    let mut completed = true;
    for run in &started {
        if let Err(error) = follow(run.run()).await {
            eprintln!("{error}");
            completed = false;
        }
    }
    Ok(completed)
}
