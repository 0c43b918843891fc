//! What schedules start: the run of the day that the scheduled time is about, once.

use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts};
use tests::shop;

use crate::schedules::{SCHEDULE, WEEKEND, ZONE, files_of, schedule, shop};

/// Results of what the schedule started, once there are as many as this.
async fn launched(shop: &Installation, count: usize) -> Result<Vec<Value>> {
    let query = format!("TemporalScheduledById = '{SCHEDULE}'");
    let list = ["workflow", "list", "--query", &query, "-o", "json"];
    let executions = eventually("the end of what was started", RUN_WITHIN, async || {
        let list = shop.temporal(&list).await?.json()?;
        let list = list.as_array().cloned().context("a list")?;
        let is_over =
            |execution: &Value| execution["status"] != "WORKFLOW_EXECUTION_STATUS_RUNNING";
        Ok((list.len() >= count && list.iter().all(is_over)).then_some(list))
    })
    .await?;
    assert_eq!(executions.len(), count, "{executions:?}");
    let mut results = Vec::new();
    for execution in executions {
        let execution = &execution["execution"];
        let id = |key: &str| execution[key].as_str().context("an id");
        let (id, run) = (id("workflowId")?, id("runId")?);
        assert!(id.starts_with("scheduled/shop-"), "{id}");
        let result = ["workflow", "result", "-w", id, "-r", run, "-o", "json"];
        results.push(shop.temporal(&result).await?.json()?["result"].clone());
    }
    Ok(results)
}

fn outcomes(results: &[Value], outcome: &str) -> usize {
    let of = |result: &&Value| result["outcome"] == outcome;
    results.iter().filter(of).count()
}

/// Ids of the runs on record, once all of them are completed.
async fn completed_runs(shop: &Installation, count: usize) -> Result<Vec<String>> {
    let runs = eventually("the end of the runs", RUN_WITHIN, async || {
        let said = shop.trueup(&["runs", "--json"]).await?;
        // Before the first run there is nothing to read from.
        let runs = if said.code == Some(0) {
            said.json()?
        } else {
            json!([])
        };
        let are_completed = texts(&runs, "state")
            .iter()
            .all(|state| *state == "completed");
        Ok((texts(&runs, "run_id").len() >= count && are_completed).then_some(runs))
    })
    .await?;
    let attempts = runs.as_array().context("a list")?.iter();
    let once = attempts
        .map(|run| &run["attempt"])
        .all(|attempt| *attempt == 1);
    assert!(once, "{runs}");
    let mut ids: Vec<_> = texts(&runs, "run_id")
        .into_iter()
        .map(str::to_owned)
        .collect();
    ids.sort();
    Ok(ids)
}

#[tokio::test]
async fn a_triggered_schedule_starts_the_run_of_the_day() -> Result<()> {
    let mut shop = shop(&WEEKEND, &[]).await?;
    shop.start_worker()?;
    schedule(
        &shop,
        &["set", "shop", "--daily", "06:30", "--holidays", "run"],
    )
    .await?;
    schedule(&shop, &["pause", "shop"]).await?;
    // Midnight may come in between.
    let today = Timestamp::now().to_zoned(TimeZone::get(ZONE)?).date();
    for day in [today, today.tomorrow()?] {
        files_of(&shop, &day.to_string())?;
    }
    let triggered = schedule(&shop, &["trigger", "shop"]).await?;
    let run = &triggered["runs"][0];
    assert_eq!(run["outcome"], "starts", "{triggered}");
    let result = launched(&shop, 1).await?.remove(0);
    assert_eq!(result["outcome"], "started", "{result}");
    let runs = completed_runs(&shop, 1).await?;
    assert_eq!(runs, [result["run_id"].as_str().context("a run")?]);
    assert_eq!(run["run_id"], result["run_id"]);
    let on_record = shop.json(&["runs"]).await?;
    assert_eq!(on_record[0]["requested_by"], "schedule");

    let date = result["business_date"].as_str().context("a date")?;
    let by_hand = shop.run_to_the_end(&["shop", "--date", date]).await?;
    assert_eq!(by_hand["run_id"], result["run_id"]);
    assert_eq!(completed_runs(&shop, 1).await?, runs, "one run of the day");
    let listed = schedule(&shop, &["list", "shop"]).await?;
    assert_eq!(listed[0]["last"][0]["result"], result, "{listed}");
    let words = shop.text(&["schedule", "list"]).await?;
    assert!(words.contains(&format!("started {}", runs[0])), "{words}");
    Ok(())
}

#[tokio::test]
async fn a_backfill_makes_each_run_once_over_a_change_of_clocks() -> Result<()> {
    let mut shop = shop(&WEEKEND, &[]).await?;
    shop.start_worker()?;
    let days = ["2024-10-26", "2024-10-27", "2024-10-28"];
    for day in days {
        files_of(&shop, day)?;
    }
    shop.run_to_the_end(&["shop", "--date", days[1]]).await?;
    schedule(
        &shop,
        &["set", "shop", "--daily", "06:30", "--holidays", "run"],
    )
    .await?;
    let backfill = ["backfill", "shop", "--from", days[0], "--to", days[2]];
    let said = schedule(&shop, &backfill).await?;
    assert_eq!(
        texts(&said["runs"], "scheduled_at"),
        [
            "2024-10-26T04:30:00Z",
            "2024-10-27T05:30:00Z",
            "2024-10-28T05:30:00Z"
        ]
    );
    let expected = ["starts", "already_completed", "starts"];
    assert_eq!(texts(&said["runs"], "outcome"), expected);
    let results = launched(&shop, 3).await?;
    let started = (
        outcomes(&results, "started"),
        outcomes(&results, "already_started"),
    );
    assert_eq!(started, (2, 1), "{results:?}");
    let runs = days.map(|day| format!("recon/shop/{day}"));
    assert_eq!(completed_runs(&shop, 3).await?, runs);

    let said = schedule(&shop, &backfill).await?;
    assert_eq!(texts(&said["runs"], "outcome"), ["already_completed"; 3]);
    let results = launched(&shop, 6).await?;
    assert_eq!(outcomes(&results, "already_started"), 4, "{results:?}");
    assert_eq!(completed_runs(&shop, 3).await?, runs);
    Ok(())
}

/// Good Friday to Easter Monday of 2024, with a change of clocks in between.
#[tokio::test]
async fn holidays_are_left_out_or_moved() -> Result<()> {
    let mut shop = shop(&WEEKEND, &["2024-03-29", "2024-04-01"]).await?;
    shop.start_worker()?;
    for day in ["2024-03-28", "2024-04-02"] {
        files_of(&shop, day)?;
    }
    schedule(&shop, &["set", "shop", "--daily", "06:30"]).await?;
    let range = ["--from", "2024-03-28", "--to", "2024-04-02"];
    let backfill = [&["backfill", "shop"][..], &range].concat();
    let said = schedule(&shop, &backfill).await?;
    let expected = [
        "starts", "skipped", "skipped", "skipped", "skipped", "starts",
    ];
    assert_eq!(texts(&said["runs"], "outcome"), expected);
    let results = launched(&shop, 6).await?;
    assert_eq!(
        (outcomes(&results, "started"), outcomes(&results, "skipped")),
        (2, 4)
    );
    let left_out = results
        .iter()
        .find(|result| result["business_date"] == "2024-04-01");
    let left_out = left_out.context("Easter Monday")?;
    assert_eq!(left_out["summary"], "2024-04-01 is no business day of shop");
    let runs = ["recon/shop/2024-03-28", "recon/shop/2024-04-02"];
    assert_eq!(completed_runs(&shop, 2).await?, runs);

    schedule(
        &shop,
        &["set", "shop", "--daily", "06:30", "--holidays", "move"],
    )
    .await?;
    let said = schedule(&shop, &backfill).await?;
    let moved = &said["runs"][1];
    assert_eq!(moved["run_id"], runs[1], "Good Friday's");
    assert_eq!(
        moved["start_at"], "2024-04-02T04:30:00Z",
        "an hour earlier: it is summer"
    );
    let results = launched(&shop, 12).await?;
    assert_eq!(outcomes(&results, "already_started"), 6, "{results:?}");
    assert_eq!(completed_runs(&shop, 2).await?, runs);
    Ok(())
}

/// Yesterday was a holiday: what was scheduled then waits until today at the same time of day.
#[tokio::test]
async fn what_a_holiday_moved_waits_for_its_day() -> Result<()> {
    let mut shop = Installation::start().await?;
    shop::install(&shop, "", &[])?;
    let (source, yesterday) = shop::closed_yesterday();
    shop.write("sources/shop.toml", source)?;
    let today = yesterday.date().tomorrow()?;
    files_of(&shop, &today.to_string())?;
    shop.start_worker()?;
    shop.worker_says("worker polls").await?;
    let moved_to = Timestamp::now().checked_add(4.seconds())?;
    let scheduled_at = moved_to.checked_sub(24.hours())?;
    let nominal = format!("TemporalScheduledStartTime=\"{scheduled_at}\"");
    let start = [
        "workflow",
        "execute",
        "--task-queue",
        "trueup",
        "-o",
        "json",
    ];
    let what = [
        "--type",
        "ScheduledReconciliation",
        "--workflow-id",
        "scheduled/shop-moved",
    ];
    let input = ["--input", r#"{"source":"shop","holidays":"move"}"#];
    let nominal = ["--search-attribute", &nominal];
    let said = shop
        .temporal(&[&start[..], &what, &input, &nominal].concat())
        .await?;
    let result = &said.json()?["result"];
    assert!(
        Timestamp::now() >= moved_to,
        "not before its time: {said:?}"
    );
    assert_eq!(result["outcome"], "started", "{said:?}");
    assert_eq!(result["business_date"], today.to_string());
    completed_runs(&shop, 1).await?;
    Ok(())
}

#[tokio::test]
async fn a_mistake_in_what_a_schedule_starts_fails_at_once() -> Result<()> {
    let mut shop = shop(&[], &[]).await?;
    shop.start_worker()?;
    shop.worker_says("worker polls").await?;
    for (id, input, failure, problem) in [
        (
            "unknown-source",
            r#"{"source":"shpo"}"#,
            "UnknownSource",
            "no source `shpo`",
        ),
        (
            "unknown-field",
            r#"{"source":"shop","dayz":1}"#,
            "InvalidInput",
            "unknown field `dayz`",
        ),
        (
            "missing-field",
            "{}",
            "InvalidInput",
            "missing field `source`",
        ),
        (
            "wrong-value",
            r#"{"source":"shop","holidays":"work"}"#,
            "InvalidInput",
            "field `holidays`: must be skip, move or run, given `work`",
        ),
    ] {
        let failed = shop
            .execute_type("ScheduledReconciliation", id, &[input])
            .await?;
        assert_eq!(
            (failed.status.as_str(), failed.failure.as_str()),
            ("FAILED", failure)
        );
        assert!(failed.problem.contains(problem), "{failed:?}");
    }
    // By hand, without a scheduled time: it is that of the start.
    let by_hand = shop.execute_type(
        "ScheduledReconciliation",
        "by-hand",
        &[r#"{"source":"shop"}"#],
    );
    let by_hand = by_hand.await?;
    assert_eq!(by_hand.result["outcome"], "started", "{by_hand:?}");
    Ok(())
}
