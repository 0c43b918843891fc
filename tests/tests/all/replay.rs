//! Histories of runs and cases replay with the workflows of today, on every path.
//!
//! `tests/histories` holds what earlier versions recorded; a change of the workflows that would
//! break what is under way fails here. `TRUEUP_RECORD=1` with `every_path_replays` writes those of
//! today in their place: only right for a path that nobody has under way.

mod attention;
mod causes;
mod checkpoints;
mod people;
mod punctual;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use temporalio_client::WorkflowHistory;
use temporalio_sdk::workflow_replayer::{
    WorkflowReplayError, WorkflowReplayFailure, WorkflowReplayer, WorkflowReplayerOptions,
};
use tests::generated::{Generated, Kind};
use tests::installation::{Installation, RUN_WITHIN, eventually};
use tests::servers::SlackReceiver;
use tests::servers::program::crate_folder;
use tests::servers::slack::SlackMode;
use tests::shop::{self, DATE, INPUT, RUN};
use workflows::{
    Case, CaseBatch, Checkpoint, Digest, Reconciliation, ScheduledReconciliation, Watch, update_id,
};

/// Set to replace the recorded histories.
const RECORD_VARIABLE: &str = "TRUEUP_RECORD";
/// Every path through the workflows, one history each.
const PATHS: [&str; 45] = [
    "batch-done",
    "batch-invalid-input",
    "case-acts-and-mistakes",
    "case-dead-redriven",
    "case-held",
    "case-of-a-cause",
    "case-reminded-and-diverted",
    "case-sent",
    "case-summary-closed",
    "case-until-a-day",
    "checkpoint-made",
    "checkpoint-without-key",
    "digest-already-told",
    "digest-nothing-open",
    "digest-sent",
    "reconciliation-already-completed",
    "reconciliation-completed",
    "reconciliation-dry-run",
    "reconciliation-failure-told",
    "reconciliation-handed-over",
    "reconciliation-input-not-found",
    "reconciliation-invalid-input",
    "reconciliation-many-comparisons",
    "reconciliation-out-of-balance",
    "reconciliation-quarantined",
    "reconciliation-retried-after-kill",
    "reconciliation-review-back-and-cancelled",
    "reconciliation-review-ended",
    "reconciliation-review-nothing-open",
    "reconciliation-signed-off",
    "reconciliation-small-clean",
    "reconciliation-small-told",
    "reconciliation-started-by-schedule",
    "reconciliation-unknown-source",
    "scheduled-already-started",
    "scheduled-invalid-input",
    "scheduled-moved",
    "scheduled-report-late",
    "scheduled-skipped",
    "scheduled-started",
    "scheduled-unknown-source",
    "watch-reconciled",
    "watch-run-missing",
    "watch-skipped",
    "watch-unknown-source",
];

#[tokio::test]
async fn recorded_histories_replay() -> Result<()> {
    let mut replayed = Vec::new();
    for entry in std::fs::read_dir(histories())? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .context("a name")?
            .to_string_lossy()
            .into_owned();
        replay(&std::fs::read(&path)?)
            .await
            .with_context(|| name.clone())?;
        replayed.push(name);
    }
    let missing: Vec<_> = PATHS
        .iter()
        .filter(|path| !replayed.iter().any(|name| name == *path))
        .collect();
    assert!(missing.is_empty(), "no history of {missing:?}");
    Ok(())
}

/// Replaying means nothing if it can't fail.
#[tokio::test]
async fn a_history_of_other_steps_does_not_replay() -> Result<()> {
    let renamed = [
        ("reconciliation-completed", "conclude_run", "conclude_all"),
        ("case-sent", "deliver_alert", "deliver_mail"),
    ];
    for (name, from, to) in renamed {
        let history = std::fs::read_to_string(histories().join(format!("{name}.json")))?;
        ensure!(history.contains(from), "{name} has no {from}");
        let replayed = replay(history.replace(from, to).as_bytes()).await;
        let failure = replayed
            .expect_err(name)
            .downcast::<WorkflowReplayError>()?;
        let is_nondeterminism = matches!(
            failure,
            WorkflowReplayError::Replay(WorkflowReplayFailure::Nondeterminism { .. })
        );
        assert!(is_nondeterminism, "{name}: {failure:?}");
    }
    Ok(())
}

#[tokio::test]
async fn every_path_replays() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mut site = site(&slack).await?;
    let mut paths = runs(&site).await?;
    paths.extend(mistakes(&site).await?);
    paths.extend(scheduled(&site).await?);
    paths.extend(cases(&site, &slack).await?);
    paths.push(kill_in_a_run(&mut site).await?);
    paths.extend(people::acts(&site).await?);
    paths.extend(people::reviews().await?);
    paths.extend(punctual::incidents(&slack).await?);
    paths.extend(checkpoints::made().await?);
    paths.extend(causes::resolved(&slack).await?);
    paths.extend(attention::cases().await?);
    paths.sort();
    let names: Vec<&str> = paths.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, PATHS);
    for (name, history) in paths {
        replay(&history).await.with_context(|| name.to_owned())?;
        if std::env::var_os(RECORD_VARIABLE).is_some() {
            std::fs::create_dir_all(histories())?;
            std::fs::write(histories().join(format!("{name}.json")), history)?;
        }
    }
    Ok(())
}

/// A path's name and its history.
type Recorded = (&'static str, Vec<u8>);

/// Six sources: one so small that its runs are gone through at once, one that goes step by step, one
/// of several comparisons with many alerts, one that does not add up, one that was closed yesterday,
/// and one that takes long enough to be cut off.
async fn site(slack: &SlackReceiver) -> Result<Installation> {
    let mut site = Installation::start().await?;
    let work = "[alerts]\nsummary_above = 5\n\n[work]\nrecords_per_task = 100\n\
                compare_tasks_max = 4\nsmall_run_kibibytes = 1\n\
                heartbeat_timeout_seconds = 2\n\n";
    shop::install(&site, &format!("{work}{}", shop::SLACK), &["night"])?;
    let few = ["--rows", "40", "--per-kind", "1"];
    Generated::make("few", Kind::Csv, &few)?
        .alerting("night")
        .install(&site)?;
    let many = ["--rows", "400", "--per-kind", "2"];
    Generated::make("many", Kind::Csv, &many)?
        .alerting("night")
        .install(&site)?;
    let broken = ["--rows", "40", "--per-kind", "1", "--out-of-balance"];
    Generated::make("broken", Kind::Camt053, &broken)?.install(&site)?;
    Generated::make("long", Kind::Camt053, &["--rows", "20000"])?.install(&site)?;
    site.write("sources/moved.toml", shop::closed_yesterday().0)?;
    site.set_variable("SHOP_SLACK", &slack.url);
    site.start_worker()?;
    Ok(site)
}

async fn runs(site: &Installation) -> Result<Vec<Recorded>> {
    let mut paths = Vec::new();
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    paths.push(("reconciliation-small-told", export(site, RUN).await?));
    let clean = "2026-11-18";
    shop::agree(site, clean)?;
    site.run_to_the_end(&["shop", "--date", clean]).await?;
    let clean = format!("recon/shop/{clean}");
    paths.push(("reconciliation-small-clean", export(site, &clean).await?));
    site.run_to_the_end(&["few", "--date", DATE]).await?;
    let few = format!("recon/few/{DATE}");
    paths.push(("reconciliation-completed", export(site, &few).await?));
    site.execute(RUN, &[INPUT]).await?;
    paths.push(("reconciliation-already-completed", export(site, RUN).await?));
    site.execute("by-hand", &[INPUT]).await?;
    paths.push(("reconciliation-handed-over", export(site, "by-hand").await?));
    site.run_to_the_end(&["many", "--date", DATE]).await?;
    let many = format!("recon/many/{DATE}");
    paths.push((
        "reconciliation-many-comparisons",
        export(site, &many).await?,
    ));
    site.run_to_the_end(&["many", "--date", DATE, "--dry-run"])
        .await?;
    paths.push((
        "reconciliation-dry-run",
        export(site, &format!("{many}/dry")).await?,
    ));
    site.run_to_the_end(&["broken", "--date", DATE]).await?;
    let broken = format!("recon/broken/{DATE}");
    paths.push((
        "reconciliation-out-of-balance",
        export(site, &broken).await?,
    ));
    Ok(paths)
}

async fn mistakes(site: &Installation) -> Result<Vec<Recorded>> {
    let mut paths = Vec::new();
    let day = "2026-11-24";
    let run = format!("recon/shop/{day}");
    let input = format!(r#"{{"source":"shop","business_date":"{day}"}}"#);
    site.execute(&run, &[&input]).await?;
    paths.push(("reconciliation-input-not-found", export(site, &run).await?));
    site.write(&shop::partner_file(day), "no,such,columns\n1,2,3\n")?;
    site.write(&shop::ledger_file(day), shop::LEDGER)?;
    let failed = site.execute(&run, &[&input]).await?;
    assert_eq!(failed.failure, "InputQuarantined", "{failed:?}");
    paths.push(("reconciliation-quarantined", export(site, &run).await?));
    site.execute("wrong", &["{}"]).await?;
    paths.push(("reconciliation-invalid-input", export(site, "wrong").await?));
    let unknown = r#"{"source":"nobody","business_date":"2026-11-20"}"#;
    site.execute("recon/nobody/2026-11-20", &[unknown]).await?;
    let unknown = export(site, "recon/nobody/2026-11-20").await?;
    paths.push(("reconciliation-unknown-source", unknown));
    Ok(paths)
}

/// Started by hand, at times of which the server is told that a Schedule meant them.
async fn scheduled(site: &Installation) -> Result<Vec<Recorded>> {
    let mut paths = Vec::new();
    let known = r#"{"source":"shop"}"#;
    let mut started = async |name: &'static str, at: &str, input: &str| -> Result<()> {
        let start = [
            "workflow",
            "execute",
            "--task-queue",
            "trueup",
            "--workflow-id",
            name,
        ];
        let kind = ["--type", "ScheduledReconciliation", "--input", input];
        let nominal = format!("TemporalScheduledStartTime=\"{at}\"");
        let nominal = ["--search-attribute", &nominal];
        site.temporal(&[&start[..], &kind, &nominal].concat())
            .await?;
        paths.push((name, export(site, name).await?));
        Ok(())
    };
    // A day without files: its run fails, and is started again.
    started("scheduled-started", "2026-11-25T06:30:00Z", known).await?;
    let launched = [
        "workflow",
        "result",
        "-w",
        "scheduled-started",
        "-o",
        "json",
    ];
    let launched = site.temporal(&launched).await?.json()?["result"]["run_id"].clone();
    let launched = launched.as_str().context("the run that it started")?;
    let ended = site
        .temporal(&["workflow", "result", "-w", launched])
        .await?;
    assert_ne!(ended.code, Some(0), "{ended:?}");
    let launched = export(site, launched).await?;
    started("scheduled-already-started", "2026-11-20T06:30:00Z", known).await?;
    started("scheduled-skipped", "2026-11-21T06:30:00Z", known).await?;
    started("scheduled-invalid-input", "2026-11-20T06:30:00Z", "{}").await?;
    let unknown = r#"{"source":"nobody"}"#;
    started("scheduled-unknown-source", "2026-11-20T06:30:00Z", unknown).await?;
    let moved = r#"{"source":"moved","holidays":"move"}"#;
    let soon = Timestamp::now().checked_add(SignedDuration::from_secs(4))?;
    let yesterday = soon.checked_sub(SignedDuration::from_hours(24))?;
    started("scheduled-moved", &yesterday.to_string(), moved).await?;
    let (_, moved) = paths.last().context("the last one")?;
    ensure!(
        String::from_utf8_lossy(moved).contains("TimerFiredEventAttributes"),
        "it did not wait"
    );
    paths.push(("reconciliation-started-by-schedule", launched));
    Ok(paths)
}

async fn cases(site: &Installation, slack: &SlackReceiver) -> Result<Vec<Recorded>> {
    let mut paths = Vec::new();
    let case_of = async |run: &str| {
        let alerts = site.json(&["alerts", "list", "--run", run]).await?;
        let alert = alerts.get(0).context("an alert")?.clone();
        anyhow::Ok(alert["case_id"].as_str().context("a case")?.to_owned())
    };
    site.alerts_settled().await?;
    paths.push(("case-sent", export(site, &case_of(RUN).await?).await?));
    let summary = case_of(&format!("recon/many/{DATE}")).await?;
    let ended = site
        .temporal(&["workflow", "result", "-w", &summary])
        .await?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    paths.push(("case-summary-closed", export(site, &summary).await?));

    let day = "2026-11-23";
    slack.set_mode(SlackMode::Refuse);
    let header = shop::PARTNER.lines().next().context("a header")?;
    let one_more = format!("{header}\nP-8,INV-8,500.00,EUR,{day}\n");
    site.write(&shop::partner_file(day), one_more)?;
    site.write(&shop::ledger_file(day), shop::LEDGER)?;
    site.run_to_the_end(&["shop", "--date", day]).await?;
    site.alerts_settled().await?;
    slack.set_mode(SlackMode::Ok);
    site.json(&["alerts", "redrive", "--all"]).await?;
    let alerts = site.alerts_settled().await?;
    assert!(
        alerts.iter().all(|alert| alert["state"] == "sent"),
        "{alerts:?}"
    );
    let redriven = case_of(&format!("recon/shop/{day}")).await?;
    eventually(
        "the end of the delivery in the history",
        RUN_WITHIN,
        async || {
            let query = [
                "workflow", "query", "-w", &redriven, "--type", "status", "-o", "json",
            ];
            let status = site.temporal(&query).await?.json()?;
            Ok((status["queryResult"][0]["alerts"][0]["state"] == "sent").then_some(()))
        },
    )
    .await?;
    paths.push(("case-dead-redriven", export(site, &redriven).await?));
    Ok(paths)
}

async fn kill_in_a_run(site: &mut Installation) -> Result<Recorded> {
    let run = format!("recon/long/{DATE}");
    site.json(&["run", "long", "--date", DATE]).await?;
    let describe = ["workflow", "describe", "-w", &run, "-o", "json"];
    eventually("a step to cut off", RUN_WITHIN, async || {
        let described = site.temporal(&describe).await?.json()?;
        let pending = described["pendingActivities"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let is_started = |activity: &Value| {
            activity["state"]
                .as_str()
                .is_some_and(|state| state.ends_with("STARTED"))
        };
        Ok(pending.iter().any(is_started).then_some(()))
    })
    .await?;
    site.kill_worker()?;
    site.start_worker()?;
    site.run_to_the_end(&["long", "--date", DATE]).await?;
    Ok((
        "reconciliation-retried-after-kill",
        export(site, &run).await?,
    ))
}

/// The latest history of this workflow id, as `trueup history` exports it.
async fn export(site: &Installation, workflow_id: &str) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("history.json");
    let out = file.to_str().context("UTF-8")?;
    site.text(&["history", workflow_id, "--out", out]).await?;
    let history = std::fs::read_to_string(&file)?;
    // Where this test happened to run is in the words of some failures.
    let here = site.folder().to_string_lossy().into_owned();
    Ok(history.replace(&here, "/installation").into_bytes())
}

async fn replay(history: &[u8]) -> Result<()> {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<Reconciliation>()?
        .register_workflow::<ScheduledReconciliation>()?
        .register_workflow::<Watch>()?
        .register_workflow::<Digest>()?
        .register_workflow::<Checkpoint>()?
        .register_workflow::<Case>()?
        .register_workflow::<CaseBatch>()?
        .workflow_interceptor(update_id::interceptor())
        .build();
    let history = WorkflowHistory::from_json(history)?;
    Ok(WorkflowReplayer::new(options)?
        .replay_workflow(history)
        .await?)
}

fn histories() -> PathBuf {
    crate_folder().join("histories")
}
