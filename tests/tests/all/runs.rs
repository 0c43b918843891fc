//! Runs as a whole: parts of a source, days after each other, reports that are missing, repeated or
//! bad, dry runs, and big ones that stay small for Temporal.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::generated::{Generated, Kind};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts, trueup_alone};
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE, RUN};

/// Of any run, whatever its size.
const EVENTS_MAX: usize = 120;
/// Of one event as JSON.
const EVENT_BYTES_MAX: usize = 64 * 1024;
const STOPS_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_dry_run_reports_and_leaves_nothing() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    let dry = shop
        .run_to_the_end(&["shop", "--date", DATE, "--dry-run"])
        .await?;
    assert_eq!(dry["run_id"], format!("{RUN}/dry"));
    assert_eq!(dry["totals"]["discrepancies"], shop::DIFFERENT.len());
    let commands: [&[&str]; 3] = [&["runs"], &["discrepancies"], &["alerts", "list"]];
    for command in commands {
        assert_eq!(shop.json(command).await?, json!([]), "{command:?}");
    }
    assert_eq!(shop.json(&["audit", "verify"]).await?["streams"], 0);

    let real = shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(
        real["outcome"], "completed",
        "the dry run does not stand in its way"
    );
    let dry_totals = dry["totals"].clone();
    let (mut dry, mut real) = (dry["totals"].clone(), real["totals"].clone());
    assert_eq!(real["cases_started"], shop::CRITICAL.len());
    dry["cases_started"].take();
    real["cases_started"].take();
    assert_eq!(dry, real);
    shop.alerts_settled().await?;
    assert_eq!(slack.posts().len(), shop::CRITICAL.len());

    // And a later one may look at the same report again, to see what other rules would find.
    let again = shop
        .run_to_the_end(&["shop", "--date", DATE, "--dry-run", "--generation", "2"])
        .await?;
    let mut again = again["totals"].clone();
    assert_eq!(again["seen_again"], shop::DIFFERENT.len(), "{again}");
    again["seen_again"] = dry_totals["seen_again"].clone();
    assert_eq!(again, dry_totals, "as if it were the first");
    Ok(())
}

/// 100,000 payments and thousands of discrepancies, and a worker that is told to stop half way.
#[tokio::test]
async fn a_big_run_outlives_a_stop_and_its_history_stays_small() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mut big = Installation::start().await?;
    let arguments = ["--rows", "100000", "--per-kind", "300"];
    Generated::make("big", Kind::Csv, &arguments)?
        .alerting("night")
        .install(&big)?;
    let work = "[work]\nrecords_per_task = 20000\nheartbeat_timeout_seconds = 10\n\n";
    big.write("trueup.toml", format!("{work}{}", shop::SLACK))?;
    big.set_variable("SHOP_SLACK", &slack.url);
    big.start_worker()?;
    let run = format!("recon/big/{DATE}");
    big.json(&["run", "big", "--date", DATE]).await?;
    let describe = ["workflow", "describe", "-w", &run, "-o", "json"];
    eventually("work to interrupt", RUN_WITHIN, async || {
        let described = big.temporal(&describe).await?.json()?;
        let pending = described["pendingActivities"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let is_reading = |activity: &Value| {
            activity["activityType"]["name"] == "fetch_side"
                && activity["state"]
                    .as_str()
                    .is_some_and(|state| state.ends_with("STARTED"))
        };
        Ok(pending.iter().any(is_reading).then_some(()))
    })
    .await?;
    let (took, well) = big.terminate_worker().await?;
    assert!(
        well && took < STOPS_WITHIN,
        "ended well: {well}, after {took:?}"
    );
    let described = big.temporal(&describe).await?.json()?;
    let status = &described["workflowExecutionInfo"]["status"];
    assert_eq!(
        status, "WORKFLOW_EXECUTION_STATUS_RUNNING",
        "it was stopped half way"
    );

    big.start_worker()?;
    let result = big.run_to_the_end(&["big", "--date", DATE]).await?;
    assert_eq!(
        result["totals"]["by_kind"]
            .as_object()
            .map(|kinds| kinds.len()),
        Some(11)
    );
    assert_eq!(result["totals"]["discrepancies"], 11 * 300, "{result}");
    assert_eq!(big.alerts_settled().await?.len(), 1, "one summary");

    let events = events_of(&big, &run).await?;
    let largest = events.iter().map(|event| event.to_string().len()).max();
    println!("{} events, the largest of {largest:?} bytes", events.len());
    assert!(events.len() <= EVENTS_MAX, "{} events", events.len());
    assert!(
        largest < Some(EVENT_BYTES_MAX),
        "an event of {largest:?} bytes"
    );
    Ok(())
}

async fn events_of(installation: &Installation, run: &str) -> Result<Vec<Value>> {
    let history = installation.history(run).await?;
    Ok(history["events"].as_array().context("events")?.clone())
}

/// As many comparisons side by side as there are by default, and nearly as many cases as are told one
/// by one.
#[tokio::test]
async fn many_comparisons_and_cases_leave_a_short_history() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mut many = Installation::start().await?;
    Generated::make("many", Kind::Csv, &["--rows", "400", "--per-kind", "4"])?
        .alerting("night")
        .install(&many)?;
    let work = "[work]\nrecords_per_task = 50\nsmall_run_kibibytes = 0\n\n";
    many.write("trueup.toml", format!("{work}{}", shop::SLACK))?;
    many.set_variable("SHOP_SLACK", &slack.url);
    many.start_worker()?;
    many.run_to_the_end(&["many", "--date", DATE]).await?;
    let told = many.alerts_settled().await?.len();
    assert!((15..=20).contains(&told), "{told} alerts");
    let events = events_of(&many, &format!("recon/many/{DATE}")).await?;
    let of = |kind: &str| {
        let is_of = |event: &&Value| event["eventType"] == kind;
        events.iter().filter(is_of).count()
    };
    let steps = of("EVENT_TYPE_ACTIVITY_TASK_SCHEDULED");
    assert!(
        steps >= 14,
        "{steps} steps: open, fetch twice, 8 comparisons, 3 more"
    );
    assert_eq!(of("EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED"), 0);
    assert!(events.len() <= EVENTS_MAX, "{} events", events.len());
    Ok(())
}

#[tokio::test]
async fn a_part_of_a_source_has_the_ids_of_the_whole_and_alerts_nobody_again() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let whole = shop.json(&["discrepancies", "--run", RUN]).await?;
    assert_eq!(shop.alerts_settled().await?.len(), shop::CRITICAL.len());

    let client = shop
        .run_to_the_end(&["shop", "--date", DATE, "--client", "C-2"])
        .await?;
    let run = format!("{RUN}/client/C-2");
    assert_eq!(client["run_id"], run);
    let of_client = shop.json(&["discrepancies", "--run", &run]).await?;
    let mut references = texts(&of_client, "reference");
    references.sort_unstable();
    assert!(
        references.contains(&"P-3") && references.contains(&"P-5"),
        "{references:?}"
    );
    assert!(
        !references.contains(&"P-6") && !references.contains(&"P-7"),
        "{references:?}"
    );
    assert_eq!(ids_of(&of_client, &references), ids_of(&whole, &references));

    shop.run_to_the_end(&["shop", "--date", DATE, "--invoice", "INV-4"])
        .await?;
    let of_invoice = shop
        .json(&["discrepancies", "--run", &format!("{RUN}/invoice/INV-4")])
        .await?;
    assert_eq!(texts(&of_invoice, "reference"), ["P-4"]);
    assert_eq!(ids_of(&of_invoice, &["P-4"]), ids_of(&whole, &["P-4"]));

    assert_eq!(shop.alerts_settled().await?.len(), shop::CRITICAL.len());
    assert_eq!(
        slack.posts().len(),
        shop::CRITICAL.len(),
        "nobody is told again"
    );
    Ok(())
}

#[tokio::test]
async fn a_later_day_sees_the_same_cases_and_a_report_counts_once() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    let later = "2026-11-23";
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    shop.alerts_settled().await?;

    // The same report under the name of another day is refused by its bytes.
    shop.write(&shop::partner_file(later), shop::PARTNER)?;
    shop.write(&shop::ledger_file(later), shop::LEDGER)?;
    let said = shop
        .trueup(&["run", "shop", "--date", later, "--wait"])
        .await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("InputRepeated") && said.err.contains(RUN),
        "{said:?}"
    );

    // The right one has what is new: one more difference.
    let header = shop::PARTNER.lines().next().context("a header")?;
    shop.write(
        &shop::partner_file(later),
        format!("{header}\nP-8,INV-8,500.00,EUR,{later}\n"),
    )?;
    shop.run_to_the_end(&["shop", "--date", later]).await?;
    let run = format!("recon/shop/{later}");
    let found = shop.json(&["discrepancies", "--run", &run]).await?;
    let before = shop.json(&["discrepancies", "--run", RUN]).await?;
    assert_eq!(
        ids_of(&found, &shop::DIFFERENT),
        ids_of(&before, &shop::DIFFERENT)
    );
    let alerts = shop.alerts_settled().await?;
    // The new difference, and that the run failed before.
    assert_eq!(alerts.len(), shop::CRITICAL.len() + 2, "{alerts:?}");
    assert_eq!(slack.posts().len(), shop::CRITICAL.len() + 2);
    let one = shop.json(&["discrepancies", "--reference", "P-3"]).await?;
    assert_eq!(
        (&one[0]["first_seen_run"], &one[0]["last_seen_run"]),
        (&json!(RUN), &json!(run))
    );

    // The amended report of the first day is its second generation.
    let amended = shop::PARTNER.replace("990.00", "900.00");
    shop.write(&shop::partner_file(DATE), amended)?;
    let again = shop
        .run_to_the_end(&["shop", "--date", DATE, "--generation", "2"])
        .await?;
    assert_eq!(again["run_id"], format!("{RUN}/g2"));
    assert_eq!(again["totals"]["matched"], 4, "P-3 agrees now: {again}");
    Ok(())
}

#[tokio::test]
async fn a_missing_file_is_named_and_the_run_goes_once_it_is_there() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    std::fs::rename(
        shop.folder().join(shop::partner_file(DATE)),
        shop.folder().join("partner/shop-2026-11-20.CSV"),
    )?;
    let parts = [
        "InputNotFound",
        "shop-2026-11-20.csv",
        "shop-2026-11-20.CSV",
    ];
    fails_saying(&shop, &parts).await?;
    let failed = shop.json(&["show", RUN]).await?;
    assert_eq!(
        (&failed["state"], &failed["attempt"]),
        (&json!("failed"), &json!(1))
    );
    let problem = failed["problem"].as_str().context("a problem")?;
    assert!(problem.contains("shop-2026-11-20.csv"), "{problem}");

    shop.write(&shop::partner_file(DATE), shop::PARTNER)?;
    let result = shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(result["outcome"], "completed");
    let run = shop.json(&["show", RUN]).await?;
    assert_eq!(
        (&run["state"], &run["attempt"]),
        (&json!("completed"), &json!(2))
    );
    assert_eq!(run["problem"], Value::Null);
    let verified = shop.json(&["audit", "verify", RUN]).await?;
    assert_eq!(verified["broken"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_bad_file_is_quarantined_and_goes_once_it_is_repaired() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    let bad = shop::PARTNER.replace("reference,invoice,amount", "reference,invoice,sum");
    shop.write(&shop::partner_file(DATE), &bad)?;
    let parts = [
        "InputQuarantined",
        "shop-2026-11-20.csv",
        "line 1",
        "amount",
    ];
    fails_saying(&shop, &parts).await?;
    let runs = shop.json(&["runs", "--state", "quarantined"]).await?;
    assert_eq!(texts(&runs, "run_id"), [RUN]);
    assert!(
        holds_a_copy(&shop.folder().join("data"), bad.as_bytes())?,
        "the file is kept"
    );
    shop.alerts_settled().await?;
    let posts = slack.posts();
    assert_eq!(posts.len(), 1, "that it failed");
    let failed = posts[0].body["text"].as_str().context("a text")?;
    assert!(failed.contains("the run of 2026-11-20 failed"), "{failed}");

    // Nor is one of use of which no line can be read: everything that it reports would be missing.
    let header = shop::PARTNER.lines().next().context("a header")?;
    let dotted = format!("{header}\nP-1,INV-1,\"100,00\",EUR,2026-11-20\n");
    shop.write(&shop::partner_file(DATE), &dotted)?;
    let parts = [
        "InputQuarantined",
        "its only line could not be read",
        "line 2",
    ];
    fails_saying(&shop, &parts).await?;

    shop.write(&shop::partner_file(DATE), shop::PARTNER)?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let audit = shop.json(&["audit", "show", RUN]).await?;
    let events = texts(&audit, "event");
    assert!(
        events.contains(&"input_quarantined") && events.contains(&"run_completed"),
        "{audit}"
    );
    let alerts = shop.alerts_settled().await?;
    assert_eq!(alerts.len(), shop::CRITICAL.len() + 1);
    Ok(())
}

/// The run of the day ends with exit code 2, and with an error that has all of these parts.
async fn fails_saying(shop: &Installation, parts: &[&str]) -> Result<()> {
    let said = shop
        .trueup(&["run", "shop", "--date", DATE, "--wait"])
        .await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    for part in parts {
        assert!(said.err.contains(part), "{part}: {said:?}");
    }
    Ok(())
}

/// Whether a file of this folder, however deep, has this content.
fn holds_a_copy(folder: &Path, content: &[u8]) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = match path.is_dir() {
            true => holds_a_copy(&path, content)?,
            false => std::fs::read(&path)? == content,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

#[tokio::test]
async fn a_report_that_breaks_its_own_sums_is_one_discrepancy() -> Result<()> {
    let mut bank = Installation::start().await?;
    let folder = bank.folder();
    let out = folder.to_str().context("UTF-8")?;
    let generate = ["generate", "--out", out, "--rows", "60", "--per-kind", "2"];
    let said = trueup_alone(&folder, &[&generate[..], &["--out-of-balance"]].concat())?;
    assert_eq!(said.code, Some(0), "{said:?}");
    bank.start_worker()?;
    for source in ["acme-pay", "acme-bank"] {
        let result = bank.run_to_the_end(&[source, "--date", DATE]).await?;
        let totals = &result["totals"];
        assert_eq!(totals["matched"], 0, "nothing of it is matched: {totals}");
        assert_eq!(totals["by_kind"], json!({"statement_out_of_balance": 1}));
        assert_eq!(totals["by_severity"], json!({"critical": 1}));
        let holds = totals["conservation"].as_array().context("lines")?;
        assert!(holds.iter().all(|line| line["holds"] == true), "{totals}");
    }
    Ok(())
}

fn ids_of(list: &Value, references: &[&str]) -> BTreeSet<String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter(|item| references.contains(&item["reference"].as_str().unwrap_or_default()))
        .filter_map(|item| item["discrepancy_id"].as_str())
        .map(str::to_owned)
        .collect()
}
