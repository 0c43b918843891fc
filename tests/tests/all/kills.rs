//! SIGKILL of the worker at any moment, and of the Temporal server, change nothing in the result.
//!
//! The same sources run twice: undisturbed, and while the worker is killed 20 times at moments
//! that a seed decides. Then everything that is on record and everything that arrived at Slack is
//! compared. `TRUEUP_SEED=n` repeats the moments of an earlier run, as far as a machine can.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use temporalio_client::{Client, UntypedWorkflow, WorkflowExecutionStatus};
use tests::generated::{DATE, Generated, Kind};
use tests::installation::{Installation, eventually_every};
use tests::random::Random;
use tests::servers::SlackReceiver;
use tests::shop;

const KILLS: usize = 20;
/// Of them, so many must hit the worker in the middle of a step, and steps of so many kinds.
const HITS_MIN: usize = 12;
const KINDS_HIT_MIN: usize = 3;
/// Runs that are under way at the same time.
const RUNS_AT_ONCE: usize = 2;
/// Three of four kills come some milliseconds after the worker began a step, fewer than this.
const GOES_ON_FOR: usize = 500;
/// One of four is aimed at these steps, which are short, and comes within some milliseconds.
const LATE_STEPS: [&str; 3] = ["conclude_run", "record_findings", "close_run"];
const GOES_ON_FOR_AIMED: usize = 20;
/// To see the short steps.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A step that was cut off is taken over after at most 10 seconds, and then some on a busy machine.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(60);

const SETTINGS: &str = "
[alerts]
summary_above = 12

[work]
records_per_task = 5000
compare_tasks_max = 4
heartbeat_timeout_seconds = 2
";

#[tokio::test]
async fn twenty_kills_change_nothing() -> Result<()> {
    let mut random = Random::seeded()?;
    let sources = sources()?;
    let undisturbed = Site::start(&sources).await?;
    for (name, _) in &sources {
        undisturbed
            .installation
            .json(&["run", name, "--date", DATE])
            .await?;
    }
    undisturbed.all_end(&sources).await?;
    let expected = undisturbed.outcome(&sources).await?;
    assert_eq!(
        expected.repeats, 0,
        "nobody is told twice when nothing is wrong"
    );
    ensure!(
        expected.told.len() > 20,
        "too little is told: {:?}",
        expected.told.keys()
    );
    drop(undisturbed);

    let mut disturbed = Site::start(&sources).await?;
    let mut hits = disturb(&mut disturbed, &sources, &mut random).await?;
    disturbed.all_end(&sources).await?;
    let found = disturbed.outcome(&sources).await?;
    hits.insert("deliver_alert".to_owned(), found.cut_off_deliveries);
    println!(
        "steps that were cut off: {hits:?}; alerts that came again: {}",
        found.repeats
    );
    for (what, text) in &expected.on_record {
        assert_eq!(found.on_record.get(what), Some(text), "{what}");
    }
    assert_eq!(found.told, expected.told);
    assert_eq!(found.on_record.len(), expected.on_record.len());
    let cut_off: usize = hits.values().sum();
    assert!(
        cut_off >= HITS_MIN,
        "only {cut_off} kills hit a step: {hits:?}"
    );
    hits.retain(|_, count| *count > 0);
    assert!(
        hits.len() >= KINDS_HIT_MIN,
        "only these steps were hit: {hits:?}"
    );
    Ok(())
}

/// Kills the worker again and again while the sources are reconciled; counts the kinds of steps
/// that were cut off. In between, the server is killed too: once with the worker, once without.
async fn disturb(
    site: &mut Site,
    sources: &[(String, Generated)],
    random: &mut Random,
) -> Result<BTreeMap<String, usize>> {
    let (with_server, only_server) = (random.below(KILLS), random.below(KILLS));
    let mut supply = Supply::of(sources);
    let mut under_way = BTreeSet::new();
    let mut hits = BTreeMap::new();
    for kill in 0..KILLS {
        let mut client = site.installation.client().await?;
        under_way = open_runs(&client, &under_way).await?;
        while under_way.len() < RUNS_AT_ONCE {
            let answer = site.installation.json(&supply.next_run()).await?;
            under_way.insert(answer["run_id"].as_str().context("a run")?.to_owned());
        }
        let is_aimed = random.below(4) == 0;
        let (aim, goes_on_for) = match is_aimed {
            true => (&LATE_STEPS[..], GOES_ON_FOR_AIMED),
            false => (&[][..], GOES_ON_FOR),
        };
        begins(&client, &under_way, site.worker, aim).await?;
        if kill == only_server {
            site.installation.temporal.restart().await?;
            client = site.installation.client().await?;
            begins(&client, &under_way, site.worker, &[]).await?;
        }
        // Not a wait for something: this moment is what the test is about.
        let goes_on_for = random.below(goes_on_for) as u64;
        tokio::time::sleep(Duration::from_millis(goes_on_for)).await;
        site.installation.kill_worker()?;
        for step in steps_of(&client, &under_way, site.worker).await? {
            if !step.run.ends_with("/dry") {
                *hits.entry(step.name).or_default() += 1;
            }
        }
        if kill == with_server {
            site.installation.temporal.restart().await?;
        }
        site.worker = site.installation.start_worker()?;
    }
    Ok(hits)
}

/// What is run while the worker is killed: every source once, and after that, on a machine that is
/// faster than the kills, dry runs, which must leave nothing.
struct Supply<'s> {
    names: Vec<&'s str>,
    next: usize,
}

impl<'s> Supply<'s> {
    fn of(sources: &'s [(String, Generated)]) -> Self {
        let names = sources.iter().map(|(name, _)| name.as_str()).collect();
        Supply { names, next: 0 }
    }

    fn next_run(&mut self) -> Vec<&'s str> {
        let name = self.names[self.next % self.names.len()];
        let is_dry = self.next >= self.names.len();
        self.next += 1;
        let mut arguments = vec!["run", name, "--date", DATE];
        if is_dry {
            arguments.push("--dry-run");
        }
        arguments
    }
}

/// Waits until this worker is at one of the steps named, or at any if none is, or all runs ended.
async fn begins(client: &Client, runs: &BTreeSet<String>, worker: u32, aim: &[&str]) -> Result<()> {
    let what = format!("a step of {runs:?} in the hands of worker {worker}");
    eventually_every(LOOK_EVERY, &what, TAKEN_OVER_WITHIN, async || {
        let steps = steps_of(client, runs, worker).await?;
        let is_wanted = |step: &Step| aim.is_empty() || aim.contains(&step.name.as_str());
        let is_over = steps.iter().any(is_wanted) || open_runs(client, runs).await?.is_empty();
        Ok(is_over.then_some(()))
    })
    .await
}

/// A step of a run that a worker is at.
struct Step {
    run: String,
    name: String,
}

/// The steps that the server thinks this worker is at.
async fn steps_of(client: &Client, runs: &BTreeSet<String>, worker: u32) -> Result<Vec<Step>> {
    let identity = format!("trueup-{worker}");
    let mut steps = Vec::new();
    for run in runs {
        let handle = client.get_workflow_handle::<UntypedWorkflow>(run);
        let description = handle.describe(Default::default()).await?;
        for activity in &description.raw().pending_activities {
            let is_started = activity.state().as_str_name().ends_with("_STARTED");
            if is_started && activity.last_worker_identity == identity {
                let name = activity.activity_type.as_ref();
                steps.push(Step {
                    run: run.clone(),
                    name: name.map(|kind| kind.name.clone()).unwrap_or_default(),
                });
            }
        }
    }
    Ok(steps)
}

async fn open_runs(client: &Client, runs: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut open = BTreeSet::new();
    for run in runs {
        let handle = client.get_workflow_handle::<UntypedWorkflow>(run);
        let description = handle.describe(Default::default()).await?;
        if description.status() == WorkflowExecutionStatus::Running {
            open.insert(run.clone());
        }
    }
    Ok(open)
}

/// Both formats, some thousand payments each; the findings of the last are told as one summary.
fn sources() -> Result<Vec<(String, Generated)>> {
    let sources = [
        ("pay-1", Kind::Csv, "2"),
        ("bank-1", Kind::Camt053, "2"),
        ("pay-2", Kind::Csv, "2"),
        ("bank-2", Kind::Camt053, "2"),
        ("pay-3", Kind::Csv, "2"),
        ("bank-3", Kind::Camt053, "2"),
        ("pay-4", Kind::Csv, "2"),
        ("bank-4", Kind::Camt053, "40"),
    ];
    let made = sources
        .into_iter()
        .enumerate()
        .map(|(seed, (name, kind, per_kind))| {
            let seed = (seed + 1).to_string();
            let arguments = ["--rows", "15000", "--per-kind", per_kind, "--seed", &seed];
            Ok((
                name.to_owned(),
                Generated::make(name, kind, &arguments)?.alerting("night"),
            ))
        });
    made.collect()
}

fn run_id(source: &str) -> String {
    format!("recon/{source}/{DATE}")
}

/// An installation with all sources, and its Slack.
struct Site {
    installation: Installation,
    slack: SlackReceiver,
    worker: u32,
}

/// Everything that must not differ.
struct Outcome {
    /// What the commands print, without times, attempts and hashes that hold times.
    on_record: BTreeMap<String, String>,
    /// What arrived at Slack, by the alert's id.
    told: BTreeMap<String, Value>,
    /// How often something arrived that had arrived before.
    repeats: usize,
    /// Deliveries that were begun and did not end.
    cut_off_deliveries: usize,
}

impl Site {
    async fn start(sources: &[(String, Generated)]) -> Result<Self> {
        let slack = SlackReceiver::start().await?;
        let mut installation = Installation::start().await?;
        let channel =
            shop::SLACK.replace("interval_milliseconds = 10", "interval_milliseconds = 50");
        installation.write("trueup.toml", format!("{SETTINGS}\n{channel}"))?;
        installation.set_variable("SHOP_SLACK", &slack.url);
        sources
            .iter()
            .try_for_each(|(_, source)| source.install(&installation))?;
        let worker = installation.start_worker()?;
        installation.worker_says("worker polls").await?;
        Ok(Site {
            installation,
            slack,
            worker,
        })
    }

    /// Waits for the end of all runs, and starts those that nobody started.
    async fn all_end(&self, sources: &[(String, Generated)]) -> Result<()> {
        for (name, _) in sources {
            self.installation
                .run_to_the_end(&[name, "--date", DATE])
                .await?;
        }
        Ok(())
    }

    /// What is on record and was told once all alerts are delivered.
    async fn outcome(&self, sources: &[(String, Generated)]) -> Result<Outcome> {
        let alerts = self.installation.alerts_settled().await?;
        let mut on_record = BTreeMap::new();
        for (name, _) in sources {
            on_record.extend(self.of_run(&run_id(name)).await?);
        }
        for alert in &alerts {
            let case = alert["case_id"].as_str().context("a case")?;
            on_record.insert(format!("audit of {case}"), self.audit(case).await?);
        }
        let attempts: u64 = alerts
            .iter()
            .filter_map(|alert| alert["attempts"].as_u64())
            .sum();
        let cut_off_deliveries = usize::try_from(attempts)? - alerts.len();
        on_record.insert("alerts".to_owned(), of_alerts(alerts)?);
        let verified = self.installation.json(&["audit", "verify"]).await?;
        assert_eq!(verified["broken"], json!([]), "{verified}");
        on_record.insert("verified".to_owned(), verified.to_string());
        let (told, repeats) = self.told()?;
        Ok(Outcome {
            on_record,
            told,
            repeats,
            cut_off_deliveries,
        })
    }

    async fn of_run(&self, run: &str) -> Result<BTreeMap<String, String>> {
        let all = ["discrepancies", "--run", run, "--limit", "10000"];
        let json = self
            .installation
            .text(&[&all[..], &["--json"]].concat())
            .await?;
        let csv = self
            .installation
            .text(&[&all[..], &["--csv"]].concat())
            .await?;
        let mut shown = self.installation.json(&["show", run]).await?;
        without(&mut shown, &["opened_at", "closed_at", "attempt"]);
        Ok(BTreeMap::from([
            (format!("discrepancies of {run}"), json),
            (format!("CSV of {run}"), csv),
            (format!("show {run}"), shown.to_string()),
            (format!("audit of {run}"), self.audit(run).await?),
        ]))
    }

    async fn audit(&self, stream: &str) -> Result<String> {
        let mut entries = self.installation.json(&["audit", "show", stream]).await?;
        for entry in entries.as_array_mut().context("entries")? {
            without(entry, &["at", "previous", "hash"]);
            without(&mut entry["fields"], &["workflow_run_id"]);
        }
        Ok(entries.to_string())
    }

    /// Messages by alert, each with one text only.
    fn told(&self) -> Result<(BTreeMap<String, Value>, usize)> {
        let mut told: BTreeMap<String, Value> = BTreeMap::new();
        let posts = self.slack.posts();
        let count = posts.len();
        for post in posts {
            let key = post
                .headers
                .get("idempotency-key")
                .context("the alert's id")?
                .clone();
            let first = told.entry(key).or_insert_with(|| post.body.clone());
            assert_eq!(*first, post.body, "a repeat says the same");
        }
        let repeats = count - told.len();
        Ok((told, repeats))
    }
}

fn of_alerts(mut alerts: Vec<Value>) -> Result<String> {
    for alert in &mut alerts {
        without(alert, &["intended_at", "sent_at", "attempts", "problem"]);
    }
    alerts.sort_by_key(|alert| alert["alert_id"].to_string());
    Ok(serde_json::to_string_pretty(&alerts)?)
}

fn without(value: &mut Value, keys: &[&str]) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|key, _| !keys.contains(&key.as_str()));
    }
}
