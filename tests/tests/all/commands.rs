//! What people type, at our command line and at the `temporal` program, and what they are told.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use temporalio_client::WorkflowStartOptions;
use temporalio_common::data_converters::RawValue;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tests::installation::{Installation, RUN_WITHIN, eventually, texts, trueup_alone};
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE, INPUT, RUN};
use workflows::Reconciliation;

/// A wrong input is told of within this time, on a busy machine too.
const AT_ONCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_temporal_program_starts_and_asks_with_plain_json() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let execution = shop.execute(RUN, &[INPUT]).await?;
    assert_eq!(execution.status, "COMPLETED", "{execution:?}");
    assert_eq!(execution.result["outcome"], "completed");
    assert_eq!(execution.result["run_id"], RUN);
    assert_eq!(
        execution.result["summary"],
        "3 matched, 5 discrepancies, 0 in transit"
    );
    assert_eq!(
        execution.result["totals"]["by_severity"],
        json!({"critical": 4, "low": 1})
    );

    let query = [
        "workflow", "query", "-w", RUN, "--type", "status", "-o", "json",
    ];
    let answer = shop.temporal(&query).await?.json()?;
    let status = &answer["queryResult"][0];
    assert_eq!(status["phase"], "completed", "{answer}");
    assert_eq!(status["source"], "shop");
    assert_eq!(status["steps_done"], status["steps_total"], "{status}");
    assert_eq!(status["totals"]["partner"]["read"], 7);
    assert_eq!(status["totals"]["by_kind"]["missing_in_ledger"], 1);

    let query = "TrueupSource = 'shop' AND TrueupPhase = 'completed' \
                 AND TrueupOpenDiscrepancies = 5 AND TrueupHighestSeverity = 'critical' \
                 AND TrueupBusinessDate = '2026-11-20' \
                 AND TrueupBusinessDate BETWEEN '2026-11-01' AND '2026-11-30'";
    eventually(
        "the run among those with its search attributes",
        RUN_WITHIN,
        async || {
            let list = ["workflow", "list", "--query", query, "-o", "json"];
            let list = shop.temporal(&list).await?.json()?;
            Ok((list[0]["execution"]["workflowId"] == RUN).then_some(()))
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_input_fails_at_once_and_the_field_is_named() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    shop.worker_says("worker polls").await?;
    let both = r#"{"source":"shop","business_date":"2026-11-20",
        "scope":{"client":"C-1","invoice":"INV-1"}}"#;
    let cases: [(&str, &str, &[&str], &str); 9] = [
        (
            RUN,
            "InvalidInput",
            &[r#"{"source":"shop"}"#],
            "missing field `business_date`",
        ),
        (
            RUN,
            "InvalidInput",
            &[r#"{"business_date":"2026-11-20"}"#],
            "missing field `source`",
        ),
        (
            RUN,
            "InvalidInput",
            &[r#"{"source":"shop","date":"2026-11-20"}"#],
            "unknown field `date`, expected one of",
        ),
        (
            RUN,
            "InvalidInput",
            &[r#"{"source":"shop","business_date":"20.11.2026"}"#],
            "field `business_date`: must be a day of the calendar as YYYY-MM-DD, given",
        ),
        (
            RUN,
            "InvalidInput",
            &[both],
            "field `scope`: must name either a client or an invoice",
        ),
        (RUN, "InvalidInput", &[r#""shop""#], "invalid type: string"),
        (
            RUN,
            "InvalidInput",
            &[INPUT, INPUT],
            "expected one JSON object as input, 2 arguments",
        ),
        (
            RUN,
            "InvalidInput",
            &[],
            "expected one JSON object as input",
        ),
        (
            "recon/shopp/2026-11-20",
            "UnknownSource",
            &[r#"{"source":"shopp","business_date":"2026-11-20"}"#],
            "field `source`: no source `shopp` is configured; known are: shop",
        ),
    ];
    for (id, failure, inputs, expected) in cases {
        assert_fails(&shop, "Reconciliation", id, failure, inputs, expected).await?;
    }
    let unknown = &[r#"{"source":"shopp","business_date":"2026-11-20"}"#];
    assert_fails(
        &shop,
        "Reconciliation",
        "by-hand",
        "UnknownSource",
        unknown,
        "known are: shop",
    )
    .await?;
    let nobody = &[r#"{"discrepancy_id":"00000000000000000000000000000000"}"#];
    let id = "case/00000000000000000000000000000000";
    let expected = "00000000000000000000000000000000";
    assert_fails(&shop, "Case", id, "UnknownDiscrepancy", nobody, expected).await?;
    assert_fails(
        &shop,
        "Case",
        id,
        "InvalidInput",
        &["{}"],
        "missing field `discrepancy_id`",
    )
    .await?;
    let runs = shop.json(&["runs"]).await?;
    assert_eq!(runs, json!([]), "nothing was opened");
    Ok(())
}

async fn assert_fails(
    shop: &Installation,
    workflow_type: &str,
    id: &str,
    failure: &str,
    inputs: &[&str],
    expected: &str,
) -> Result<()> {
    let started = Instant::now();
    let execution = shop.execute_type(workflow_type, id, inputs).await?;
    assert_eq!(execution.status, "FAILED", "{inputs:?}: {execution:?}");
    assert_eq!(execution.failure, failure, "{inputs:?}: {execution:?}");
    assert!(
        execution.problem.contains(expected),
        "{inputs:?}: {execution:?}"
    );
    assert!(
        started.elapsed() < AT_ONCE,
        "{inputs:?} took {:?}",
        started.elapsed()
    );
    Ok(())
}

/// The `temporal` program refuses to send what is no JSON; other clients may not.
#[tokio::test]
async fn an_input_that_is_no_json_fails_at_once() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let client = shop.client().await?;
    let cases = [
        ("json/plain", r#"{"source":"#, "EOF while parsing"),
        ("json/plain", "", "EOF while parsing"),
        ("json/plain", "source: shop", "expected value"),
        (
            "binary/plain",
            INPUT,
            "input must be JSON (encoding json/plain), not binary/plain",
        ),
        ("binary/null", "", "expected one JSON object as input"),
    ];
    for (encoding, data, expected) in cases {
        let mut payload = Payload::default();
        payload
            .metadata
            .insert("encoding".to_owned(), encoding.into());
        payload.data = data.into();
        let options = WorkflowStartOptions::new("trueup", RUN).build();
        let input = RawValue::new(vec![payload]);
        let started = client
            .start_workflow(Reconciliation::run, input, options)
            .await?;
        let result = tokio::time::timeout(AT_ONCE, started.get_result(Default::default())).await?;
        let error = format!("{:?}", result.err().context("it must fail")?);
        assert!(
            error.contains("InvalidInput") && error.contains(expected),
            "{data}: {error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_on_record_is_listed_shown_and_verified() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mut shop = Installation::start().await?;
    shop::install(&shop, shop::SLACK, &["night"])?;
    shop.write("sources/other.toml", shop::source(&[]))?;
    shop.set_variable("SHOP_SLACK", &slack.url);
    shop.start_worker()?;
    let said = shop
        .trueup(&["run", "shop", "--date", DATE, "--wait", "--json"])
        .await?;
    assert_eq!(said.code, Some(1), "discrepancies were found: {said:?}");
    assert_eq!(said.json()?["run_id"], RUN);
    shop.alerts_settled().await?;

    let runs = shop
        .json(&["runs", "--source", "shop", "--state", "completed"])
        .await?;
    assert_eq!(texts(&runs, "run_id"), [RUN]);
    assert_eq!(texts(&runs, "requested_by"), ["tester"]);
    assert_eq!(
        shop.json(&["runs", "--date", "2026-11-19"]).await?,
        json!([])
    );

    let all = shop.json(&["discrepancies", "--run", RUN]).await?;
    let mut references = texts(&all, "reference");
    references.sort_unstable();
    assert_eq!(references, shop::DIFFERENT);
    let csv = shop.text(&["discrepancies", "--run", RUN, "--csv"]).await?;
    let header = "discrepancy_id,kind,severity,reference,currency,partner_amount,ledger_amount,\
                  difference,partner_value_date,ledger_value_date,partner_line,ledger_line,rule,\
                  reason";
    assert_eq!(csv.lines().next(), Some(header));
    assert_eq!(csv.lines().count(), 1 + shop::DIFFERENT.len());
    let one = shop
        .json(&["discrepancies", "--kind", "amount_mismatch"])
        .await?;
    assert_eq!(texts(&one, "reference"), ["P-3"]);

    let id = one[0]["discrepancy_id"].as_str().context("an id")?;
    let shown = shop.text(&["show", id]).await?;
    for part in [
        "CRITICAL amount_mismatch  P-3",
        "partner is 90.00 EUR higher",
        "shop-2026-11-20.csv line 4",
        "P-3,INV-3,C-2,900.00,EUR,2026-11-20",
        RUN,
    ] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let run = shop.json(&["show", RUN]).await?;
    assert_eq!(run["state"], "completed");
    assert_eq!(run["inputs"].as_array().map(Vec::len), Some(2), "{run}");
    let alerts = shop.json(&["alerts", "list", "--state", "sent"]).await?;
    assert_eq!(texts(&alerts, "alert_id").len(), shop::CRITICAL.len());

    let audit = shop.text(&["audit", "show", RUN]).await?;
    assert!(
        audit.contains("run_opened") && audit.contains("by tester"),
        "{audit}"
    );
    let verified = shop.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]), "{verified}");
    assert_eq!(
        verified["streams"],
        1 + shop::CRITICAL.len(),
        "the run's and each case's"
    );
    wrong_commands(&shop).await?;
    nothing_found(&shop).await?;
    altered(&shop).await
}

/// Exit code 0 is for a day without differences, of a source without open items.
async fn nothing_found(shop: &Installation) -> Result<()> {
    let day = "2026-11-25";
    let lines = "P-20,INV-20,5.00,EUR,2026-11-25\n";
    let header = "reference,invoice,amount,currency,value_date\n";
    shop.write(&shop::partner_file(day), format!("{header}{lines}"))?;
    let header = "reference,invoice,amount,currency,value_date,client\n";
    let lines = lines.replace('\n', ",C-1\n");
    shop.write(&shop::ledger_file(day), format!("{header}{lines}"))?;
    let said = shop
        .trueup(&["run", "shop", "--date", day, "--wait"])
        .await?;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("1 matched, 5 discrepancies"), "{said:?}");
    let said = shop
        .trueup(&["run", "other", "--date", day, "--wait"])
        .await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("1 matched, 0 discrepancies"), "{said:?}");
    Ok(())
}

/// Somebody with access to the file of the store changes who asked for the run.
async fn altered(shop: &Installation) -> Result<()> {
    let alter = "import sqlite3, sys\n\
                 store = sqlite3.connect(sys.argv[1])\n\
                 store.execute('DROP TRIGGER audit_entries_are_never_changed')\n\
                 store.execute(\"UPDATE audit_entries SET actor = 'nobody' WHERE stream = ?1 AND \
                 sequence = 0\", [sys.argv[2]])\n\
                 assert store.total_changes == 1\n\
                 store.commit()\n";
    let store = shop.folder().join("data/trueup.db");
    let mut python = std::process::Command::new("python3");
    let python = python.args(["-c", alter]).arg(&store).arg(RUN).output()?;
    ensure!(python.status.success(), "{python:?}");
    for arguments in [&["audit", "verify"][..], &["audit", "verify", RUN]] {
        let said = shop.trueup(arguments).await?;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            said.out.contains("BROKEN") && said.out.contains(RUN),
            "{said:?}"
        );
    }
    Ok(())
}

/// Mistakes at the command line: exit code 2, and what to do.
async fn wrong_commands(shop: &Installation) -> Result<()> {
    let cases: [(&[&str], &str); 8] = [
        (&["run", "shpo", "--date", DATE], "shop"),
        (&["run", "shop", "--date", "yesterday"], "YYYY-MM-DD"),
        (
            &["run", "shop", "--client", "a", "--invoice", "b"],
            "--client",
        ),
        (&["show", "recon/shop/2026-01-01"], "trueup runs"),
        (&["discrepancies", "--kind", "mismatch"], "amount_mismatch"),
        (&["discrepancies", "--run", "recon/nothing"], "trueup runs"),
        (&["audit", "show", "case/nothing"], "case/nothing"),
        (&["alerts", "redrive", "nothing/night"], "nothing/night"),
    ];
    for (arguments, expected) in cases {
        let said = shop.trueup(arguments).await?;
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.err.contains(expected), "{arguments:?}: {said:?}");
        assert!(said.out.is_empty(), "{arguments:?}: {said:?}");
    }
    Ok(())
}

#[tokio::test]
async fn without_a_server_people_are_told_what_to_do() -> Result<()> {
    let (mut shop, _slack) = shop::start_with_slack().await?;
    shop.worker_says("worker polls").await?;
    shop.kill_worker()?;
    shop.temporal.kill()?;
    let said = shop.trueup(&["run", "shop", "--date", DATE]).await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    for part in [
        shop.temporal.address.as_str(),
        "trueup dev",
        "TEMPORAL_ADDRESS",
    ] {
        assert!(said.err.contains(part), "{part}: {said:?}");
    }
    let said = shop.trueup(&["runs"]).await?;
    assert_eq!(
        said.code,
        Some(0),
        "what is on record needs no server: {said:?}"
    );
    assert!(said.out.contains("trueup run SOURCE"), "{said:?}");
    Ok(())
}

#[test]
fn before_anything_ran_there_is_no_store() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("sources"))?;
    std::fs::write(folder.path().join("trueup.toml"), "")?;
    std::fs::write(folder.path().join("sources/shop.toml"), shop::source(&[]))?;
    for command in [
        &["runs"][..],
        &["discrepancies"],
        &["alerts", "list"],
        &["audit", "verify"],
    ] {
        let said = trueup_alone(folder.path(), command)?;
        assert_eq!(said.code, Some(2), "{command:?}: {said:?}");
        assert!(said.err.contains("trueup.db"), "{command:?}: {said:?}");
    }
    Ok(())
}

/// Waiting is not needed for a run to go on, and a run without a worker waits for one.
#[tokio::test]
async fn a_run_waits_for_a_worker() -> Result<()> {
    let mut shop = Installation::start().await?;
    shop::install(&shop, "", &[])?;
    shop.start_worker()?;
    shop.worker_says("worker polls").await?;
    shop.kill_worker()?;
    let started = shop.json(&["run", "shop", "--date", DATE]).await?;
    assert_eq!(started["outcome"], "started");
    let again = shop.json(&["run", "shop", "--date", DATE]).await?;
    assert_eq!(again["outcome"], "already_running");
    assert_eq!(again["execution"], started["execution"]);
    shop.start_worker()?;
    eventually("the end of the run", RUN_WITHIN, async || {
        let runs = shop.json(&["runs", "--state", "completed"]).await?;
        Ok((texts(&runs, "run_id") == [RUN]).then_some(()))
    })
    .await
}
