//! The review of a run: signed off, cancelled, over by itself or because nothing is left; and what
//! a later generation changes of what was signed off.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, Said, eventually, texts};
use tests::shop::{self, DATE, RUN, id_of};

const APPROVAL: &str = "\n[[approval]]\nresolutions = [\"write_off\"]\n";
/// Everybody works on cases, a controller signs off.
const AUTHORITY: &str = "
[people.carol]
roles = [\"controller\"]

[[authority]]
role = \"*\"
actions = [\"resolve\", \"approve\", \"reject\", \"reopen\", \"comment\"]

[[authority]]
role = \"controller\"
actions = [\"sign_off\"]
";

/// The shop, with this long to review its runs, and a worker.
async fn site(window: &str, settings: &str) -> Result<Installation> {
    let mut site = Installation::start().await?;
    shop::install(&site, settings, &[])?;
    let source = shop::source(&[]);
    let source = format!("review_window = \"{window}\"\n{source}{APPROVAL}");
    site.write("sources/shop.toml", source)?;
    site.start_worker()?;
    Ok(site)
}

async fn update(site: &Installation, name: &str, input: &str) -> Result<Said> {
    let arguments = ["workflow", "update", "execute", "-w", RUN, "--name", name];
    site.temporal(&[&arguments[..], &["--input", input, "-o", "json"]].concat())
        .await
}

/// What the workflow of the run gives in the end.
async fn result(site: &Installation) -> Result<Value> {
    let said = site
        .temporal(&["workflow", "result", "-w", RUN, "-o", "json"])
        .await?;
    Ok(said.json()?["result"].clone())
}

async fn run_state(site: &Installation, run: &str) -> Result<Value> {
    Ok(site.json(&["show", run]).await?["state"].clone())
}

#[tokio::test]
async fn a_run_is_signed_off_by_who_may_once_nothing_waits() -> Result<()> {
    let site = site("3 days", AUTHORITY).await?;
    let waited = site.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(waited["outcome"], "in_review", "{waited}");
    assert_eq!(waited["totals"]["discrepancies"], 5);
    assert_eq!(run_state(&site, RUN).await?, "in_review");
    let listed = site.json(&["review", "list"]).await?;
    assert_eq!(texts(&listed, "run_id"), [RUN]);
    let said = site
        .trueup(&["run", "shop", "--date", DATE, "--wait"])
        .await?;
    assert!(
        said.out.contains("4 material discrepancies are open"),
        "{said:?}"
    );
    assert!(said.out.contains("trueup review sign-off"), "{said:?}");

    let said = site
        .trueup(&["review", "sign-off", RUN, "--by", "ann"])
        .await?;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("ann may not sign off runs of shop"),
        "{said:?}"
    );
    let id = id_of(&site, "P-3").await?;
    let write_off = ["case", "resolve", &id, "--as", "write_off", "--note", "fee"];
    let how = ["--reason-code", "fx", "--account", "4711", "--by", "ann"];
    let said = site.trueup(&[&write_off[..], &how].concat()).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let refused = update(&site, "sign_off", r#"{"by":"carol"}"#).await?;
    let refused = refused.json()?["result"].clone();
    assert_eq!(refused["outcome"], "refused", "{refused}");
    let reason = refused["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("1 proposed resolutions"), "{refused}");
    let nobody = update(&site, "sign_off", r#"{"note":"x"}"#).await?;
    let said = format!("{}{}", nobody.out, nobody.err);
    assert!(said.contains("missing field `by`"), "{nobody:?}");

    let said = site
        .trueup(&["case", "approve", &id, "--by", "ben"])
        .await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let sign_off = [
        "review",
        "sign-off",
        RUN,
        "--by",
        "carol",
        "--note",
        "as agreed",
    ];
    let said = site.trueup(&sign_off).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let ended = result(&site).await?;
    assert_eq!(ended["outcome"], "signed_off", "{ended}");
    let shown = site.json(&["review", "show", RUN]).await?;
    assert_eq!(shown["state"], "completed");
    assert_eq!(shown["review"]["ended"], "signed_off");
    let frozen = &shown["signed_off"]["content"];
    assert_eq!(shown["signed_off"]["by"], "carol");
    for hash in ["totals_sha256", "rules_sha256", "discrepancies_sha256"] {
        let length = frozen[hash].as_str().map(str::len);
        assert_eq!(length, Some(64), "{hash} of {frozen}");
    }
    let trail = site.json(&["audit", "show", RUN]).await?;
    let events = texts(&trail, "event");
    let of_review: Vec<_> = events
        .iter()
        .filter(|event| event.contains("review") || event.contains("signed"))
        .collect();
    assert_eq!(
        of_review,
        [
            &"review_begun",
            &"review_denied",
            &"review_denied",
            &"run_signed_off"
        ]
    );
    assert_eq!(events.last(), Some(&"run_completed"));
    assert_eq!(site.json(&["audit", "verify"]).await?["broken"], json!([]));
    let late = site.trueup(&sign_off).await?;
    assert_eq!(late.code, Some(2), "the run is not under way: {late:?}");
    Ok(())
}

#[tokio::test]
async fn a_review_ends_when_nothing_material_is_open_also_by_acts_given_to_the_run() -> Result<()> {
    let site = site("3 days", "").await?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    let resolution = async |reference: &str| -> Result<String> {
        let id = id_of(&site, reference).await?;
        let input = json!({
            "by": "ann", "resolution": "not_an_error", "note": "agreed", "discrepancy_id": id,
        });
        Ok(input.to_string())
    };
    let missing = r#"{"by":"ann","resolution":"not_an_error","note":"x"}"#;
    let said = update(&site, "resolve", missing).await?;
    let said = format!("{}{}", said.out, said.err);
    assert!(said.contains("missing field `discrepancy_id`"), "{said}");
    let unknown = r#"{"by":"ann","resolution":"void","note":"x","discrepancy_id":"nobody"}"#;
    let reply = update(&site, "resolve", unknown).await?.json()?["result"].clone();
    assert_eq!(reply["outcome"], "refused", "{reply}");

    let reply = update(&site, "resolve", &resolution("P-3").await?).await?;
    let reply = reply.json()?["result"].clone();
    assert_eq!(reply["outcome"], "done", "{reply}");
    assert_eq!(reply["case"]["state"], "resolved", "{reply}");
    let input = resolution("P-4").await?;
    let signal = [
        "workflow", "signal", "-w", RUN, "--name", "resolve", "--input",
    ];
    let said = site.temporal(&[&signal[..], &[&input]].concat()).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let status = [
        "workflow", "query", "-w", RUN, "--type", "status", "-o", "json",
    ];
    assert_eq!(
        site.temporal(&status).await?.json()?["queryResult"][0]["phase"],
        "in_review"
    );
    // The rest at once, the low one too: it does not hold the review.
    let rest = ["case", "resolve", "--run", RUN, "--state", "open"];
    let how = ["--as", "not_an_error", "--note", "agreed", "--yes"];
    eventually("the signal's resolution", RUN_WITHIN, async || {
        let open = site.json(&["case", "list", "--run", RUN]).await?;
        Ok((texts(&open, "reference").len() == 3).then_some(()))
    })
    .await?;
    let said = site.trueup(&[&rest[..], &how].concat()).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let ended = result(&site).await?;
    assert_eq!(ended["outcome"], "completed", "{ended}");
    let shown = site.json(&["review", "show", RUN]).await?;
    assert_eq!(shown["review"]["ended"], "nothing_open", "{shown}");
    Ok(())
}

#[tokio::test]
async fn a_review_is_cancelled_or_over_by_itself() -> Result<()> {
    let cancelled = site("36 hours", "").await?;
    cancelled.run_to_the_end(&["shop", "--date", DATE]).await?;
    let cancel = [
        "review",
        "cancel",
        RUN,
        "--by",
        "carol",
        "--note",
        "too early",
    ];
    let said = cancelled.trueup(&cancel).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let ended = result(&cancelled).await?;
    assert_eq!(ended["outcome"], "review_cancelled", "{ended}");
    assert_eq!(run_state(&cancelled, RUN).await?, "completed");

    let short = site("4 seconds", "").await?;
    short.run_to_the_end(&["shop", "--date", DATE]).await?;
    let ended = result(&short).await?;
    assert_eq!(ended["outcome"], "review_ended", "{ended}");
    assert_eq!(run_state(&short, RUN).await?, "completed");
    let open = short.json(&["case", "list"]).await?;
    assert_eq!(open.as_array().map(Vec::len), Some(5), "carried forward");
    Ok(())
}

#[tokio::test]
async fn a_cancelled_or_terminated_workflow_leaves_no_run_between() -> Result<()> {
    let site = site("3 days", "").await?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    let terminate = ["workflow", "terminate", "-w", RUN];
    assert_eq!(site.temporal(&terminate).await?.code, Some(0));
    let again = site.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(again["outcome"], "in_review", "the review goes on: {again}");
    let inputs = site.json(&["show", RUN]).await?;
    assert_eq!(inputs["attempt"], 1, "nothing was done again: {inputs}");
    let cancel = ["workflow", "cancel", "-w", RUN];
    assert_eq!(site.temporal(&cancel).await?.code, Some(0));
    eventually("the end of the run", RUN_WITHIN, async || {
        Ok((run_state(&site, RUN).await? == "completed").then_some(()))
    })
    .await?;
    let shown = site.json(&["review", "show", RUN]).await?;
    assert_eq!(shown["review"]["ended"], "review_cancelled", "{shown}");
    Ok(())
}

#[tokio::test]
async fn a_later_generation_restates_what_was_signed_off() -> Result<()> {
    let site = site("3 days", "").await?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    let said = site.trueup(&["review", "sign-off", RUN]).await?;
    ensure!(said.code == Some(0), "{said:?}");
    result(&site).await?;
    // P-4 was a mistake of the partner's, P-3 differs by less, P-8 is new.
    let amended = shop::PARTNER
        .replace("P-4,INV-4,400.00,EUR,2026-11-20\n", "")
        .replace("990.00", "980.00")
        + "P-8,INV-8,500.00,EUR,2026-11-20\n";
    site.write(&shop::partner_file(DATE), amended)?;
    let second = ["shop", "--date", DATE, "--generation", "2"];
    site.run_to_the_end(&second).await?;
    let run = format!("{RUN}/g2");
    let said = site.trueup(&["review", "cancel", &run]).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    eventually("the end of the run", RUN_WITHIN, async || {
        Ok((run_state(&site, &run).await? == "completed").then_some(()))
    })
    .await?;
    let shown = site.json(&["review", "show", &run]).await?;
    let restated = &shown["restatement"];
    assert_eq!(restated["of_run"], RUN, "{shown}");
    assert_eq!(texts(&restated["new"], "reference"), ["P-8"]);
    assert_eq!(texts(&restated["gone"], "reference"), ["P-4"]);
    let changed = &restated["changed"][0];
    assert_eq!(changed["before"]["at_stake"], "90.00", "{restated}");
    assert_eq!(changed["after"]["at_stake"], "80.00", "{restated}");
    let events = site.json(&["audit", "show", &run]).await?;
    assert!(
        texts(&events, "event").contains(&"run_restated"),
        "{events}"
    );
    let text = site.text(&["review", "show", &run]).await?;
    assert!(text.contains("restates recon/shop/2026-11-20"), "{text}");
    Ok(())
}
