//! The paths on which people act: at cases, in batches, in reviews.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually};
use tests::shop::{self, DATE, RUN};

use super::{Recorded, export};

/// Acts on cases, by update and signal, and by batches, on a site whose shop has run.
pub(super) async fn acts(site: &Installation) -> Result<Vec<Recorded>> {
    let mut paths = Vec::new();
    let id = id_of(site, "P-3").await?;
    let case = format!("case/{id}");
    for (name, input) in [
        ("comment", r#"{"by":"ann"}"#),
        ("assign", r#"{"by":"ann","to":"ben"}"#),
        ("approve", r#"{"by":"ann"}"#),
    ] {
        let signal = ["workflow", "signal", "-w", &case, "--name", name];
        let said = site
            .temporal(&[&signal[..], &["--input", input]].concat())
            .await?;
        ensure!(said.code == Some(0), "{said:?}");
    }
    done(site, &["case", "comment", &id, "--note", "asked"]).await?;
    done(site, &["case", "acknowledge", &id]).await?;
    let resolve = ["case", "resolve", &id, "--as", "not_an_error"];
    done(site, &[&resolve[..], &["--note", "agreed"]].concat()).await?;
    ended(site, &case).await?;
    paths.push(("case-acts-and-mistakes", export(site, &case).await?));

    let id = id_of(site, "P-6").await?;
    let resolve = ["case", "resolve", &id, "--as", "in_transit", "--until"];
    let until = in_a_month()?;
    done(site, &[&resolve[..], &[&until, "--note", "soon"]].concat()).await?;
    done(site, &["case", "reopen", &id, "--note", "no"]).await?;
    let case = format!("case/{id}");
    paths.push(("case-until-a-day", export(site, &case).await?));

    let good = json!({
        "action": "comment", "by": "ann", "input": r#"{"note":"checked"}"#,
        "filter": { "source": "shop" },
    });
    for (name, workflow_id, input) in [
        ("batch-done", "batch/done", good.to_string()),
        ("batch-invalid-input", "batch/wrong", "{}".to_owned()),
    ] {
        site.execute_type("CaseBatch", workflow_id, &[&input])
            .await?;
        paths.push((name, export(site, workflow_id).await?));
    }
    Ok(paths)
}

/// Every way in which a review ends. Each has an installation of its own: the run has one id.
pub(super) async fn reviews() -> Result<Vec<Recorded>> {
    let mut paths = Vec::new();
    let signed_off = in_review("3 days").await?;
    let early = r#"{"by":"ann","resolution":"void","note":"x","discrepancy_id":"nobody"}"#;
    let signal = ["workflow", "signal", "-w", RUN, "--name", "resolve"];
    let said = signed_off
        .temporal(&[&signal[..], &["--input", early]].concat())
        .await?;
    ensure!(said.code == Some(0), "{said:?}");
    done(&signed_off, &["review", "sign-off", RUN]).await?;
    ended(&signed_off, RUN).await?;
    paths.push(("reconciliation-signed-off", export(&signed_off, RUN).await?));

    let nothing_open = in_review("3 days").await?;
    let resolve = ["case", "resolve", "--run", RUN, "--as", "not_an_error"];
    let how = ["--note", "agreed", "--yes"];
    done(&nothing_open, &[&resolve[..], &how].concat()).await?;
    ended(&nothing_open, RUN).await?;
    paths.push((
        "reconciliation-review-nothing-open",
        export(&nothing_open, RUN).await?,
    ));

    let over = in_review("10 seconds").await?;
    ended(&over, RUN).await?;
    paths.push(("reconciliation-review-ended", export(&over, RUN).await?));

    let back = in_review("3 days").await?;
    let terminate = ["workflow", "terminate", "-w", RUN];
    ensure!(
        back.temporal(&terminate).await?.code == Some(0),
        "terminate"
    );
    back.run_to_the_end(&["shop", "--date", DATE]).await?;
    done(&back, &["review", "cancel", RUN]).await?;
    ended(&back, RUN).await?;
    paths.push((
        "reconciliation-review-back-and-cancelled",
        export(&back, RUN).await?,
    ));
    Ok(paths)
}

async fn in_review(window: &str) -> Result<Installation> {
    let mut site = Installation::start().await?;
    shop::install(&site, "", &[])?;
    let source = format!("review_window = \"{window}\"\n{}", shop::source(&[]));
    site.write("sources/shop.toml", source)?;
    site.start_worker()?;
    let waited = site.run_to_the_end(&["shop", "--date", DATE]).await?;
    ensure!(waited["outcome"] == "in_review", "{waited}");
    Ok(site)
}

async fn done(site: &Installation, arguments: &[&str]) -> Result<()> {
    let said = site.trueup(arguments).await?;
    ensure!(said.code == Some(0), "{arguments:?}: {said:?}");
    Ok(())
}

fn in_a_month() -> Result<String> {
    let now = jiff::Timestamp::now();
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    Ok(day.checked_add(jiff::Span::new().days(30))?.to_string())
}

async fn ended(site: &Installation, workflow_id: &str) -> Result<()> {
    let describe = ["workflow", "describe", "-w", workflow_id, "-o", "json"];
    eventually("the end of the workflow", RUN_WITHIN, async || {
        let described = site.temporal(&describe).await?.json()?;
        let status = &described["workflowExecutionInfo"]["status"];
        Ok((status == "WORKFLOW_EXECUTION_STATUS_COMPLETED").then_some(()))
    })
    .await
}

pub(super) async fn id_of(site: &Installation, reference: &str) -> Result<String> {
    let list = site
        .json(&[
            "discrepancies",
            "--source",
            "shop",
            "--reference",
            reference,
        ])
        .await?;
    let id: Option<&str> = list[0]["discrepancy_id"].as_str();
    let found = id.map(str::to_owned);
    found.with_context(|| format!("{reference}: {}", Value::to_string(&list)))
}
