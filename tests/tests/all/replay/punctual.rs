//! The paths on which something does not happen: reports that come late, runs that are missing or
//! fail, digests with and without anything open.

use anyhow::{Context, Result, ensure};
use tests::installation::{Installation, RUN_WITHIN, eventually};
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE, INPUT, RUN};

use super::{Recorded, export};

/// All of them, on a site of their own.
pub(super) async fn incidents(slack: &SlackReceiver) -> Result<Vec<Recorded>> {
    let mut site = Installation::start().await?;
    site.write("trueup.toml", shop::SLACK)?;
    let source = shop::source(&["night"]);
    let digest = "[digest]\nchannel = \"night\"\ndaily = \"08:00\"\n";
    site.write("sources/shop.toml", format!("{source}\n{digest}"))?;
    site.write(&shop::ledger_file(DATE), shop::LEDGER)?;
    let waits = "[partner]\nwait_for_report = \"2 seconds\"\n\n[partner.transport]";
    let patient = source.replace("[partner.transport]", waits);
    site.write(
        "sources/patient.toml",
        patient.replace("shop-{", "patient-{"),
    )?;
    site.set_variable("SHOP_SLACK", &slack.url);
    site.start_worker()?;
    site.worker_says("worker polls").await?;

    let mut paths = Vec::new();
    let mut started = async |kind: &str, name: &'static str, source: &str, at: &str| {
        let input = format!(r#"{{"source":"{source}"}}"#);
        execute(&site, kind, name, &input, at).await?;
        paths.push((name, export(&site, name).await?));
        anyhow::Ok(())
    };
    started(
        "Digest",
        "digest-nothing-open",
        "shop",
        &format!("{DATE}T08:00:00Z"),
    )
    .await?;
    started(
        "Watch",
        "watch-run-missing",
        "shop",
        &format!("{DATE}T10:00:00Z"),
    )
    .await?;
    started("Watch", "watch-skipped", "shop", "2026-11-21T10:00:00Z").await?;
    started(
        "Watch",
        "watch-unknown-source",
        "nobody",
        "2026-11-20T10:00:00Z",
    )
    .await?;

    site.write(&shop::partner_file(DATE), "no,such,columns\n1,2,3\n")?;
    site.execute(RUN, &[INPUT]).await?;
    paths.push(("reconciliation-failure-told", export(&site, RUN).await?));
    site.write(&shop::partner_file(DATE), shop::PARTNER)?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    let mut started = async |kind: &str, name: &'static str, at: &str| {
        execute(&site, kind, name, r#"{"source":"shop"}"#, at).await?;
        paths.push((name, export(&site, name).await?));
        anyhow::Ok(())
    };
    started("Watch", "watch-reconciled", &format!("{DATE}T10:00:00Z")).await?;
    started("Digest", "digest-sent", "2026-11-23T08:00:00Z").await?;
    started("Digest", "digest-already-told", "2026-11-23T08:00:00Z").await?;
    paths.push(late_report(&site).await?);
    Ok(paths)
}

/// A report that arrives when people have been told that it is missing.
async fn late_report(site: &Installation) -> Result<Recorded> {
    let name = "scheduled-report-late";
    let report = async {
        eventually("the alert", RUN_WITHIN, async || {
            let alerts = site.alerts().await?;
            let is_told = alerts
                .iter()
                .any(|alert| alert["headline"] == "the report of 2026-11-20 did not arrive");
            Ok(is_told.then_some(()))
        })
        .await?;
        site.write("ledger/patient-2026-11-20.csv", shop::LEDGER)?;
        site.write("partner/patient-2026-11-20.csv", shop::PARTNER)
    };
    let input = r#"{"source":"patient"}"#;
    let at = format!("{DATE}T06:30:00Z");
    let run = execute(site, "ScheduledReconciliation", name, input, &at);
    let (ran, arrived) = tokio::join!(run, report);
    ran?;
    arrived?;
    Ok((name, export(site, name).await?))
}

/// Starts a workflow at a time of which the server is told that a Schedule meant it.
async fn execute(
    site: &Installation,
    kind: &str,
    workflow_id: &str,
    input: &str,
    at: &str,
) -> Result<()> {
    let nominal = format!("TemporalScheduledStartTime=\"{at}\"");
    let start = ["workflow", "execute", "--task-queue", "trueup"];
    let what = ["--type", kind, "--workflow-id", workflow_id];
    let more = ["--input", input, "--search-attribute", &nominal];
    let all = [&start[..], &what, &more].concat();
    let ended = tokio::time::timeout(RUN_WITHIN, site.temporal(&all));
    let said = ended.await.context("it does not end")??;
    ensure!(!said.out.is_empty(), "{said:?}");
    Ok(())
}
