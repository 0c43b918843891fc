//! One business key, started from everywhere at once and again afterwards: one run.

use anyhow::{Context, Result, bail};
use futures::future::{BoxFuture, join_all};
use serde_json::{Value, json};
use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{Client, WorkflowIdReusePolicy, WorkflowStartOptions};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use tests::installation::{Installation, RUN_WITHIN, eventually};
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE, INPUT, RUN};
use workflows::Reconciliation;

const STARTS: usize = 50;

#[tokio::test]
async fn fifty_starts_at_once_are_one_run_and_later_ones_change_nothing() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    shop.worker_says("worker polls").await?;
    let client = shop.client().await?;

    let answers = join_all((0..STARTS).map(|number| start(&shop, &client, number))).await;
    for answer in answers {
        assert_eq!(answer?, RUN, "every caller is told which run answers");
    }
    let result = shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(result["totals"]["discrepancies"], 5);
    assert_one_run(&shop, &slack).await?;

    let before = on_record(&shop).await?;
    for number in 0..4 {
        assert_eq!(start(&shop, &client, number).await?, RUN);
    }
    let again = shop.execute(RUN, &[INPUT]).await?;
    assert_eq!(again.status, "COMPLETED", "{again:?}");
    assert_eq!(again.result["outcome"], "already_completed");
    assert_eq!(
        again.result["totals"]["discrepancies"], 5,
        "and it says what was found"
    );
    let elsewhere = shop.execute("typed-by-hand", &[INPUT]).await?;
    assert_eq!(elsewhere.result["outcome"], "handed_over");
    let said = shop.trueup(&["run", "shop", "--date", DATE]).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("already reconciled"), "{said:?}");
    assert!(said.out.contains("--generation 2"), "{said:?}");

    assert_eq!(on_record(&shop).await?, before);
    assert_one_run(&shop, &slack).await
}

/// Starts the run in one of four ways, and gives the run that the answer names.
fn start<'s>(
    shop: &'s Installation,
    client: &'s Client,
    number: usize,
) -> BoxFuture<'s, Result<String>> {
    match number % 4 {
        0 => Box::pin(by_our_command_line(shop)),
        1 => Box::pin(by_the_temporal_program(shop)),
        2 => Box::pin(under_another_id(shop, number)),
        _ => Box::pin(by_the_client_library(client)),
    }
}

async fn by_our_command_line(shop: &Installation) -> Result<String> {
    let answer = shop.json(&["run", "shop", "--date", DATE]).await?;
    let outcome = answer["outcome"].as_str().context("an outcome")?;
    let known = ["started", "already_running", "already_completed"];
    assert!(known.contains(&outcome), "{answer}");
    named(&answer["run_id"])
}

/// The server allows a closed id to be started again: then the workflow itself says so.
async fn by_the_temporal_program(shop: &Installation) -> Result<String> {
    let start = [
        "workflow",
        "start",
        "--type",
        "Reconciliation",
        "--task-queue",
        "trueup",
    ];
    let rest = ["--workflow-id", RUN, "--input", INPUT, "-o", "json"];
    let said = shop.temporal(&[&start[..], &rest].concat()).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    named(&said.json()?["workflowId"])
}

async fn under_another_id(shop: &Installation, number: usize) -> Result<String> {
    let execution = shop.execute(&format!("by-hand-{number}"), &[INPUT]).await?;
    assert_eq!(execution.status, "COMPLETED", "{execution:?}");
    assert_eq!(execution.result["outcome"], "handed_over");
    named(&execution.result["run_id"])
}

async fn by_the_client_library(client: &Client) -> Result<String> {
    let input: Value = serde_json::from_str(INPUT)?;
    let input = RawValue::from_value(&input, &PayloadConverter::default());
    let options = WorkflowStartOptions::new("trueup", RUN)
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicateFailedOnly)
        .build();
    match client
        .start_workflow(Reconciliation::run, input, options)
        .await
    {
        Ok(_)
        | Err(WorkflowStartError::AlreadyStarted {
            run_id: Some(_), ..
        }) => Ok(RUN.to_owned()),
        Err(error) => bail!("{error}"),
    }
}

fn named(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a run is named")
}

async fn assert_one_run(shop: &Installation, slack: &SlackReceiver) -> Result<()> {
    let runs = shop.json(&["runs"]).await?;
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "{runs}");
    assert_eq!(
        (&runs[0]["run_id"], &runs[0]["attempt"]),
        (&json!(RUN), &json!(1))
    );

    let audit = shop.json(&["audit", "show", RUN]).await?;
    let entries = audit.as_array().context("entries")?;
    let count = |event| {
        entries
            .iter()
            .filter(|entry| entry["event"] == event)
            .count()
    };
    assert_eq!(
        (count("run_opened"), count("run_completed")),
        (1, 1),
        "{audit}"
    );

    let alerts = shop.alerts_settled().await?;
    assert_eq!(alerts.len(), shop::CRITICAL.len());
    let mut keys: Vec<_> = slack
        .posts()
        .iter()
        .map(|post| post.headers["idempotency-key"].clone())
        .collect();
    keys.sort();
    let mut ids: Vec<_> = alerts
        .iter()
        .filter_map(|alert| alert["alert_id"].as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(keys, ids, "each alert arrived once");
    assert_one_completed(shop).await
}

/// Of the executions of the id, one did the work; any other found that done, or is none.
async fn assert_one_completed(shop: &Installation) -> Result<()> {
    let query = format!("WorkflowId = '{RUN}'");
    let list = ["workflow", "list", "--query", &query, "-o", "json"];
    let executions = eventually("the executions in the list", RUN_WITHIN, async || {
        let list = shop.temporal(&list).await?.json()?;
        let list = list.as_array().cloned().context("a list")?;
        let is_completed =
            |execution: &Value| execution["status"] == "WORKFLOW_EXECUTION_STATUS_COMPLETED";
        Ok((!list.is_empty() && list.iter().all(is_completed)).then_some(list))
    })
    .await?;
    let mut did_the_work = 0;
    for execution in executions {
        let id = execution["execution"]["runId"]
            .as_str()
            .context("a run id")?;
        let result = ["workflow", "result", "-w", RUN, "-r", id, "-o", "json"];
        let result = shop.temporal(&result).await?.json()?;
        match result["result"]["outcome"].as_str() {
            Some("completed") => did_the_work += 1,
            outcome => assert_eq!(outcome, Some("already_completed"), "{result}"),
        }
    }
    assert_eq!(did_the_work, 1);
    Ok(())
}

/// All that is on record, with its times: nothing of it may move.
async fn on_record(shop: &Installation) -> Result<Vec<Value>> {
    let commands: [&[&str]; 4] = [
        &["runs"],
        &["discrepancies"],
        &["alerts", "list"],
        &["audit", "show", RUN],
    ];
    let mut all = Vec::new();
    for command in commands {
        all.push(shop.json(command).await?);
    }
    Ok(all)
}
