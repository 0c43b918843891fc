//! Small runs are gone through at once: that is cheap, and changes nothing in what they find.

use anyhow::{Context, Result};
use serde_json::Value;
use tests::Installation;
use tests::generated::{Generated, Kind};
use tests::installation::{RUN_WITHIN, eventually};
use tests::shop;
use tests::site::{Site, run_id};

use crate::schedules::{SCHEDULE, WEEKEND, schedule, shop};

/// Of a Schedule's execution, besides the start of what it starts.
const OF_A_SCHEDULE: usize = 2;

/// What Temporal Cloud counts as Actions, by the events that they leave.
fn actions(history: &Value) -> Result<usize> {
    let events = history["events"].as_array().context("events")?;
    let of = |event: &Value| match event["eventType"].as_str().unwrap_or_default() {
        "EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED" => 2,
        "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"
        | "EVENT_TYPE_TIMER_STARTED"
        | "EVENT_TYPE_MARKER_RECORDED"
        | "EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"
        | "EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED"
        | "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"
        | "EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED" => 1,
        _ => 0,
    };
    // An attempt at an activity that did not come through counts as well.
    let retries = |event: &Value| {
        let attempt = &event["activityTaskStartedEventAttributes"]["attempt"];
        attempt.as_u64().map_or(0, |attempt| attempt as usize - 1)
    };
    Ok(events.iter().map(|event| of(event) + retries(event)).sum())
}

#[tokio::test]
async fn a_clean_scheduled_run_costs_eight_actions() -> Result<()> {
    let day = "2024-03-28";
    let mut shop = shop(&WEEKEND, &[]).await?;
    shop::agree(&shop, day)?;
    shop.start_worker()?;
    schedule(&shop, &["set", "shop", "--daily", "06:30"]).await?;
    schedule(&shop, &["backfill", "shop", "--from", day, "--to", day]).await?;
    let run = format!("recon/shop/{day}");
    let of_schedule = format!("TemporalScheduledById = '{SCHEDULE}'");
    let list = ["workflow", "list", "--query", &of_schedule, "-o", "json"];
    let scheduled = eventually("the end of the run", RUN_WITHIN, async || {
        let shown = shop.trueup(&["show", &run, "--json"]).await?;
        if shown.code != Some(0) || shown.json()?["state"] != "completed" {
            return Ok(None);
        }
        let list = shop.temporal(&list).await?.json()?;
        let id = list[0]["execution"]["workflowId"].as_str();
        Ok(id.map(str::to_owned))
    })
    .await?;
    let (scheduled, run) = (shop.history(&scheduled).await?, shop.history(&run).await?);
    // The child's start is counted by its parent, the workflow's own by the schedule.
    let (of_scheduled, of_run) = (actions(&scheduled)?, actions(&run)?);
    let all = OF_A_SCHEDULE + 1 + of_scheduled + of_run;
    assert_eq!(all, 8, "{of_scheduled} and {of_run}: {scheduled} {run}");
    Ok(())
}

#[tokio::test]
async fn a_small_run_finds_and_tells_what_its_steps_would() -> Result<()> {
    let arguments = |seed| ["--rows", "400", "--per-kind", "2", "--seed", seed];
    let made = |name: &str, kind, seed| {
        let made = Generated::make(name, kind, &arguments(seed))?.alerting("night");
        anyhow::Ok((name.to_owned(), made))
    };
    let sources = [
        made("pay", Kind::Csv, "1")?,
        made("bank", Kind::Camt053, "2")?,
    ];
    let in_steps = Site::start(Installation::start_with_sqlite().await?, &sources).await?;
    in_steps.all_begin(&sources).await?;
    in_steps.all_end(&sources).await?;
    let expected = in_steps.outcome(&sources).await?;
    assert!(
        expected.told.len() > 2,
        "too little is told: {:?}",
        expected.told.keys()
    );
    let steps = in_steps.installation.history(&run_id("pay")).await?;
    assert!(steps.to_string().contains("conclude_run"), "{steps}");
    drop(in_steps);

    let at_once = Site::start_at_once(Installation::start().await?, &sources).await?;
    at_once.all_begin(&sources).await?;
    at_once.all_end(&sources).await?;
    at_once.outcome(&sources).await?.must_equal(&expected);
    let steps = at_once.installation.history(&run_id("pay")).await?;
    assert!(!steps.to_string().contains("conclude_run"), "{steps}");
    Ok(())
}
