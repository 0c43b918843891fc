//! One cause behind many discrepancies: one alert and one case stand for them, what is done to the
//! case is done to each of them, and it closes with the last.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts};
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE, RUN};

/// The business day after [`DATE`], a Friday.
const MONDAY: &str = "2026-11-23";
/// Payments that we have; the partner should have reported all of them long ago.
const PAYMENTS: u32 = 100;
/// How many of them the report has that was cut off. In the others 46 + 47 + … + 100 EUR are at stake.
const REPORTED: u32 = 45;
/// An accountant resolves up to 200 EUR, controllers all; write-offs from 1,000 EUR take two.
const AUTHORITY: &str = "
[people.ann]
roles = [\"accountant\"]

[people.carol]
roles = [\"controller\"]

[people.dora]
roles = [\"controller\"]

[[authority]]
role = \"accountant\"
actions = [\"resolve\"]
amount_up_to = { EUR = \"200.00\" }

[[authority]]
role = \"controller\"
actions = [\"resolve\", \"approve\", \"reject\", \"reopen\"]
";
const APPROVAL: &str =
    "\n[[approval]]\nresolutions = [\"write_off\"]\ncurrency = \"EUR\"\namount_from = \"1000\"\n";

/// Payments `1..=count` of as many euros each, as the partner reports them.
fn report(count: u32) -> String {
    let mut file = String::from("reference,invoice,amount,currency,value_date\n");
    for number in 1..=count {
        // Writing to a text can't fail.
        let _ = writeln!(file, "M-{number},INV-{number},{number}.00,EUR,2026-11-10");
    }
    file
}

/// As [`report`], as we have them.
fn ledger(count: u32) -> String {
    let mut file = String::from("reference,invoice,client,amount,currency,value_date\n");
    for number in 1..=count {
        let _ = writeln!(
            file,
            "M-{number},INV-{number},C-1,{number}.00,EUR,2026-11-10"
        );
    }
    file
}

/// The shop, whose report of the day was cut off half way, after its run.
async fn cut_off(settings: &str, source: &str) -> Result<(Installation, SlackReceiver, String)> {
    let slack = SlackReceiver::start().await?;
    let mut site = Installation::start().await?;
    shop::install(&site, &format!("{}{settings}", shop::SLACK), &["night"])?;
    let source = format!("{}{source}", shop::source(&["night"]));
    site.write("sources/shop.toml", source)?;
    site.write(&shop::partner_file(DATE), report(REPORTED))?;
    site.write(&shop::ledger_file(DATE), ledger(PAYMENTS))?;
    site.set_variable("SHOP_SLACK", &slack.url);
    site.start_worker()?;
    let run = site.run_to_the_end(&["shop", "--date", DATE]).await?;
    ensure!(run["totals"]["discrepancies"] == 55, "{run}");
    let cause = the_cause(&site).await?["cause_id"].clone();
    let cause = cause.as_str().context("a cause")?.to_owned();
    Ok((site, slack, cause))
}

/// The only cause that is open.
async fn the_cause(site: &Installation) -> Result<Value> {
    let list = site.json(&["case", "list", "--limit", "1000"]).await?;
    let causes = list.as_array().context("a list")?.iter();
    let causes: Vec<&Value> = causes.filter(|case| !case["cause_id"].is_null()).collect();
    ensure!(causes.len() == 1, "{causes:?}");
    Ok(causes[0].clone())
}

/// How a cause stands: state, discrepancies behind it, open ones.
async fn standing(site: &Installation, cause: &str) -> Result<Value> {
    let shown = site.json(&["show", &format!("case/{cause}")]).await?;
    Ok(json!([shown["case"], shown["members"], shown["open"]]))
}

async fn closes(site: &Installation, cause: &str) -> Result<()> {
    let describe = ["workflow", "describe", "-w", &format!("case/{cause}")];
    let describe = [&describe[..], &["-o", "json"]].concat();
    eventually("the end of the cause's workflow", RUN_WITHIN, async || {
        let described = site.temporal(&describe).await?.json()?;
        let status = &described["workflowExecutionInfo"]["status"];
        Ok((status == "WORKFLOW_EXECUTION_STATUS_COMPLETED").then_some(()))
    })
    .await
}

/// The events on a case's audit trail, after its alerts' deliveries are left out.
async fn events(site: &Installation, id: &str) -> Result<Vec<String>> {
    let trail = site.json(&["audit", "show", &format!("case/{id}")]).await?;
    let events = texts(&trail, "event").into_iter();
    let events = events.filter(|event| !event.starts_with("alert_"));
    Ok(events.map(str::to_owned).collect())
}

async fn behind(site: &Installation, cause: &str) -> Result<Value> {
    let list = ["discrepancies", "--cause", cause, "--limit", "1000"];
    site.json(&list).await
}

/// Runs `trueup case …` on the cause, which must be done, and gives what it printed.
async fn act(site: &Installation, action: &str, cause: &str, how: &[&str]) -> Result<String> {
    site.text(&[&["case", action, cause], how].concat()).await
}

#[tokio::test]
async fn a_report_cut_off_half_way_is_one_alert_that_ends_with_the_amended_report() -> Result<()> {
    let (site, slack, cause) = cut_off("", "").await?;
    let alerts = site.alerts_settled().await?;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(
        alerts[0]["alert_id"],
        format!("{cause}/night"),
        "{alerts:?}"
    );
    let told = slack.posts();
    assert_eq!(told.len(), 1);
    let told = told[0].body.to_string();
    for text in ["lacks 55 of 100 payments", "4015.00 EUR", "M-100"] {
        assert!(told.contains(text), "{text}: {told}");
    }

    let listed = site.text(&["case", "list"]).await?;
    assert!(listed.contains("1 cause, 55 discrepancies"), "{listed}");
    let first = listed.find("report_incomplete").context("the cause")?;
    let then = listed.find("missing_at_partner").context("a discrepancy")?;
    assert!(first < then, "{listed}");
    assert!(listed.contains(&cause[..8]), "{listed}");
    let shown = site.text(&["show", &format!("case/{cause}")]).await?;
    for text in ["55 discrepancies, 55 open", "4015.00 EUR", "cut off?", RUN] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let one = behind(&site, &cause).await?;
    let ids = texts(&one, "discrepancy_id");
    assert_eq!(ids.len(), 55);
    let member = site.text(&["show", ids[0]]).await?;
    assert!(
        member.contains(&format!("cause      case/{cause}")),
        "{member}"
    );
    let of_run = site.json(&["audit", "show", RUN]).await?;
    let of_run = of_run.as_array().context("entries")?.iter();
    let found: Vec<&Value> = of_run.filter(|it| it["event"] == "cause_found").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["fields"]["cause"], cause);
    assert_eq!(found[0]["fields"]["discrepancies"], "55");

    site.write(&shop::partner_file(DATE), report(PAYMENTS))?;
    let again = ["shop", "--date", DATE, "--generation", "2"];
    let again = site.run_to_the_end(&again).await?;
    assert_eq!(again["totals"]["cleared"], 55, "{again}");
    closes(&site, &cause).await?;
    assert_eq!(standing(&site, &cause).await?, json!(["cleared", 55, 0]));
    let why = site.text(&["case", "show", &cause]).await?;
    assert!(
        why.contains("none of its 55 discrepancies is open"),
        "{why}"
    );
    assert_eq!(
        events(&site, &cause).await?,
        ["case_opened", "case_cleared"]
    );
    assert_eq!(
        site.alerts_settled().await?.len(),
        1,
        "nobody hears of it again"
    );
    assert_eq!(site.json(&["case", "list"]).await?, json!([]));
    assert_eq!(site.json(&["audit", "verify"]).await?["broken"], json!([]));
    Ok(())
}

#[tokio::test]
async fn what_belongs_to_an_earlier_day_makes_no_cause_of_a_later_one() -> Result<()> {
    let (site, slack, cause) = cut_off("", "").await?;
    site.alerts_settled().await?;
    // Monday has ten payments of its own, one of which is missing, too.
    let header = report(0);
    let own = |from: u32| {
        let lines = (from..=210).map(|n| format!("M-{n},INV-{n},{n}.00,EUR,2026-11-10\n"));
        lines.collect::<String>()
    };
    site.write(&shop::partner_file(MONDAY), header + &own(202))?;
    let booked = ledger(210);
    let mut lines = booked.lines().map(|line| format!("{line}\n"));
    let booked: String = lines.by_ref().take(101).collect();
    let booked = booked + &lines.skip(100).collect::<String>();
    site.write(&shop::ledger_file(MONDAY), booked)?;
    let run = site.run_to_the_end(&["shop", "--date", MONDAY]).await?;
    assert_eq!(run["totals"]["discrepancies"], 56, "{run}");
    assert_eq!(run["totals"]["seen_again"], 55, "{run}");
    let alerts = site.alerts_settled().await?;
    assert_eq!(alerts.len(), 2, "the cause and the new one: {alerts:?}");
    assert_eq!(slack.posts().len(), 2);
    let shown = the_cause(&site).await?;
    assert_eq!(shown["cause_id"], cause);
    assert_eq!(shown["members"], 55);
    assert_eq!(shown["last_seen_run"], format!("recon/shop/{MONDAY}"));
    Ok(())
}

#[tokio::test]
async fn what_is_decided_for_the_cause_is_decided_for_each_of_its_discrepancies() -> Result<()> {
    let (site, _slack, cause) = cut_off(AUTHORITY, APPROVAL).await?;
    let ids = behind(&site, &cause).await?;
    let ids = texts(&ids, "discrepancy_id");

    // Each is within ann's limit, all together are not.
    let small = [
        "--as",
        "not_an_error",
        "--note",
        "their file",
        "--by",
        "ann",
    ];
    let said = site
        .trueup(&[&["case", "resolve", &cause], &small[..]].concat())
        .await?;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("4015.00 EUR is above the 200.00 EUR"),
        "{said:?}"
    );
    let void = ["--as", "void", "--note", "no", "--by", "carol"];
    let said = site
        .trueup(&[&["case", "resolve", &cause], &void[..]].concat())
        .await?;
    assert!(said.err.contains("on its own"), "{said:?}");
    assert_eq!(standing(&site, &cause).await?, json!(["open", 55, 55]));

    let one = ids[0];
    let own = [&["case", "resolve", one], &small[..]].concat();
    assert_eq!(site.trueup(&own).await?.code, Some(0));
    assert_eq!(standing(&site, &cause).await?, json!(["open", 55, 54]));

    let write_off = [
        "--as",
        "write_off",
        "--note",
        "their file is lost",
        "--by",
        "carol",
    ];
    let write_off = [
        &write_off[..],
        &["--reason-code", "file", "--account", "4711"],
    ]
    .concat();
    let said = act(&site, "resolve", &cause, &write_off).await?;
    assert!(said.contains("of its discrepancies 54 done"), "{said}");
    assert!(said.contains("proposed"), "{said}");
    let own = ["case", "approve", &cause, "--by", "carol"];
    let said = site.trueup(&own).await?;
    assert!(said.err.contains("takes another person"), "{said:?}");
    assert_eq!(standing(&site, &cause).await?, json!(["proposed", 55, 54]));
    let said = act(&site, "approve", &cause, &["--by", "dora"]).await?;
    assert!(said.contains("of its discrepancies 54 done"), "{said}");
    assert_eq!(standing(&site, &cause).await?, json!(["resolved", 55, 0]));
    closes(&site, &cause).await?;
    assert_eq!(
        events(&site, &cause).await?,
        [
            "case_opened",
            "case_denied",
            "case_denied",
            "case_proposed",
            "case_denied",
            "case_resolved",
        ]
    );
    let acts = ["case_opened", "case_proposed", "case_resolved"];
    for id in &ids[1..] {
        assert_eq!(events(&site, id).await?, acts, "{id}");
        let trail = site.json(&["audit", "show", &format!("case/{id}")]).await?;
        let by = texts(&trail, "actor");
        assert_eq!(by, ["trueup", "carol", "dora"], "each by the same people");
        let resolved = &trail[2]["fields"];
        assert_eq!(resolved["amount"], resolved["at_stake"], "its own amount");
    }

    // Undone for those that it was decided for; the one that ann decided stays.
    let why = ["--note", "the file is here", "--by", "carol"];
    act(&site, "reopen", &cause, &why).await?;
    assert_eq!(standing(&site, &cause).await?, json!(["open", 55, 54]));

    // All that it is behind, by the filter: the case of the cause closes with the last.
    let batch = [
        "case",
        "resolve",
        "--cause",
        &cause[..8],
        "--state",
        "open",
        "--yes",
    ];
    let said = site
        .trueup(&[&batch[..], &small[..4], &["--by", "carol"]].concat())
        .await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("54 done"), "{said:?}");
    closes(&site, &cause).await?;
    assert_eq!(standing(&site, &cause).await?, json!(["cleared", 55, 0]));
    assert_eq!(site.json(&["audit", "verify"]).await?["broken"], json!([]));
    Ok(())
}

/// Ten thousand behind one cause, and a worker that dies in the middle of resolving them.
#[tokio::test]
async fn ten_thousand_behind_one_cause_are_resolved_once_each() -> Result<()> {
    const ALL: u32 = 12_000;
    const GOT: u32 = 2_000;
    let slack = SlackReceiver::start().await?;
    let mut site = Installation::start().await?;
    shop::install(&site, shop::SLACK, &["night"])?;
    site.write(&shop::partner_file(DATE), report(GOT))?;
    site.write(&shop::ledger_file(DATE), ledger(ALL))?;
    site.set_variable("SHOP_SLACK", &slack.url);
    site.start_worker()?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(site.alerts_settled().await?.len(), 1);
    let listed = site.json(&["case", "list", "--limit", "1"]).await?;
    let cause = listed[0]["cause_id"].as_str().context("the cause first")?;
    let before = entries(&site).await?;

    let how = ["--as", "partner_to_correct", "--note", "asked for the file"];
    let resolve = [&["case", "resolve", cause], &how[..]].concat();
    let started = Instant::now();
    let said = site.trueup(&resolve).await?;
    let took = started.elapsed();
    println!("10,000 behind one cause resolved in {took:?}");
    assert!(said.out.contains("10000 done"), "{said:?}");
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert_eq!(
        standing(&site, cause).await?,
        json!(["resolved", 10_000, 0])
    );
    let resolved = entries(&site).await?;
    // Each is opened and resolved; the cause was opened when it was alerted.
    assert_eq!(resolved - before, 2 * 10_000 + 1);

    let reopen = ["case", "reopen", cause, "--note", "the file never came"];
    let said = site.trueup(&reopen).await?;
    assert!(said.out.contains("10000 done"), "{said:?}");
    assert_eq!(entries(&site).await? - resolved, 10_000 + 1);

    // Resolved again, and cut off in the middle.
    let input = r#"{"by":"ann","resolution":"not_an_error","note":"agreed"}"#;
    let case = format!("case/{cause}");
    let signal = ["workflow", "signal", "-w", &case, "--name", "resolve"];
    let signal = [&signal[..], &["--input", input]].concat();
    ensure!(site.temporal(&signal).await?.code == Some(0));
    eventually("some that are resolved", RUN_WITHIN, async || {
        let open = standing(&site, cause).await?[2]
            .as_u64()
            .unwrap_or_default();
        Ok((open < 10_000).then_some(()))
    })
    .await?;
    site.kill_worker()?;
    let left = standing(&site, cause).await?[2].as_u64();
    site.start_worker()?;
    closes(&site, cause).await?;
    println!("{left:?} were left when the worker died");
    assert_eq!(
        standing(&site, cause).await?,
        json!(["resolved", 10_000, 0])
    );
    assert_eq!(
        entries(&site).await? - resolved,
        2 * (10_000 + 1),
        "once each"
    );
    Ok(())
}

/// How many audit entries there are; all of them hold.
async fn entries(site: &Installation) -> Result<u64> {
    let verified = site.json(&["audit", "verify"]).await?;
    ensure!(verified["broken"] == json!([]), "{verified}");
    verified["entries"].as_u64().context("a count")
}
