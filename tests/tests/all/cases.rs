//! What people do with cases, through both command lines: each message as an update and as a
//! signal, two people at once, a second person where one is needed, many cases at once, and a
//! worker that dies in the middle of it.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures::future::join_all;
use serde_json::{Value, json};
use tests::generated::{Generated, Kind};
use tests::installation::{Installation, RUN_WITHIN, Said, eventually, texts};
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE, id_of};

/// Write-offs take a second person.
const APPROVAL: &str = "\n[[approval]]\nresolutions = [\"write_off\"]\n";
/// An accountant resolves what is small, a controller approves.
const AUTHORITY: &str = "
[people.ann]
roles = [\"accountant\"]

[people.ben]
roles = [\"accountant\"]

[people.carol]
roles = [\"controller\"]

[[authority]]
role = \"accountant\"
actions = [\"resolve\", \"comment\", \"assign\"]
amount_up_to = { EUR = \"100.00\" }

[[authority]]
role = \"controller\"
actions = [\"resolve\", \"approve\", \"reject\", \"reopen\"]
";
const WRITE_OFF: &str =
    r#"{"by":"ann","resolution":"write_off","note":"fee","reason_code":"fx","account":"4711"}"#;

/// The shop after its run, whose critical findings have a case each.
async fn after_a_run(settings: &str, source: &str) -> Result<(Installation, SlackReceiver)> {
    let slack = SlackReceiver::start().await?;
    let mut site = Installation::start().await?;
    shop::install(&site, &format!("{}{settings}", shop::SLACK), &["night"])?;
    let source = format!("{}{source}", shop::source(&["night"]));
    site.write("sources/shop.toml", source)?;
    site.set_variable("SHOP_SLACK", &slack.url);
    site.start_worker()?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    site.alerts_settled().await?;
    Ok((site, slack))
}

/// One update by the `temporal` program.
async fn update(site: &Installation, id: &str, name: &str, input: &str) -> Result<Said> {
    let case = format!("case/{id}");
    let arguments = ["workflow", "update", "execute", "-w", &case, "--name", name];
    site.temporal(&[&arguments[..], &["--input", input, "-o", "json"]].concat())
        .await
}

/// As [`update`]; it must be answered, and the answer is a `CaseReply`.
async fn reply(site: &Installation, id: &str, name: &str, input: &str) -> Result<Value> {
    let said = update(site, id, name, input).await?;
    ensure!(said.code == Some(0), "{name}: {said:?}");
    Ok(said.json()?["result"].clone())
}

async fn signal(site: &Installation, id: &str, name: &str, input: &str) -> Result<()> {
    let case = format!("case/{id}");
    let arguments = ["workflow", "signal", "-w", &case, "--name", name];
    let said = site
        .temporal(&[&arguments[..], &["--input", input]].concat())
        .await?;
    ensure!(said.code == Some(0), "{name}: {said:?}");
    Ok(())
}

/// What the case's audit trail says, in order, but for its alerts.
async fn events(site: &Installation, id: &str) -> Result<Vec<String>> {
    let trail = site.json(&["audit", "show", &format!("case/{id}")]).await?;
    let events = texts(&trail, "event").into_iter();
    let of_people = events.filter(|event| !event.starts_with("alert_"));
    Ok(of_people.map(str::to_owned).collect())
}

async fn state(site: &Installation, id: &str) -> Result<Value> {
    Ok(site.json(&["case", "show", id]).await?["case"]["state"].clone())
}

#[tokio::test]
async fn every_message_works_as_an_update() -> Result<()> {
    let (site, _slack) = after_a_run("", APPROVAL).await?;
    let id = id_of(&site, "P-3").await?;
    let done = async |name: &str, input: &str, state: &str| -> Result<Value> {
        let reply = reply(&site, &id, name, input).await?;
        ensure!(reply["outcome"] == "done", "{name}: {reply}");
        ensure!(reply["case"]["state"] == state, "{name}: {reply}");
        Ok(reply["case"].clone())
    };
    let case = done("assign", r#"{"by":"ann","to":"ben"}"#, "open").await?;
    assert_eq!(case["assigned_to"], "ben");
    assert_eq!(case["at_stake"], "90.00");
    done("comment", r#"{"by":"ann","note":"asked"}"#, "open").await?;
    let case = done("acknowledge", r#"{"by":"ben"}"#, "open").await?;
    assert_eq!(case["acknowledged_by"], "ben");
    done(
        "seen_again",
        r#"{"run_id":"recon/shop/2026-11-23"}"#,
        "open",
    )
    .await?;
    let case = done("resolve", WRITE_OFF, "proposed").await?;
    assert_eq!(case["decision"]["amount"], "90.00", "all that is at stake");
    let own = reply(&site, &id, "approve", r#"{"by":"ann"}"#).await?;
    assert_eq!(own["outcome"], "refused");
    let reason = own["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("another person"), "{own}");
    done("reject", r#"{"by":"carol","note":"which fee?"}"#, "open").await?;
    done("resolve", WRITE_OFF, "proposed").await?;
    let case = done("approve", r#"{"by":"carol"}"#, "resolved").await?;
    assert_eq!(case["decision"]["approved_by"], "carol");

    // The workflow has ended; the first act starts it again, with all it knew.
    let said = site
        .trueup(&["case", "reopen", &id, "--note", "wrong fee", "--by", "ann"])
        .await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("owner        ben"), "{said:?}");
    let gone = r#"{"run_id":"recon/shop/2026-11-24","evidence":"both say 900.00"}"#;
    done("auto_clear", gone, "cleared").await?;
    assert_eq!(
        events(&site, &id).await?,
        [
            "case_opened",
            "case_assigned",
            "case_commented",
            "case_acknowledged",
            "case_seen_again",
            "case_proposed",
            "case_denied",
            "case_rejected",
            "case_proposed",
            "case_resolved",
            "case_reopened",
            "case_cleared",
        ]
    );
    let shown = site.text(&["case", "show", &id[..8]]).await?;
    assert!(shown.contains("ann assigned it to ben"), "{shown}");
    assert!(
        shown.contains("carol approved write_off of 90.00 EUR"),
        "{shown}"
    );
    assert!(shown.contains("both say 900.00"), "{shown}");
    assert_eq!(site.json(&["audit", "verify"]).await?["broken"], json!([]));
    Ok(())
}

#[tokio::test]
async fn every_message_works_as_a_signal_and_a_malformed_one_stops_nothing() -> Result<()> {
    let (site, _slack) = after_a_run("", APPROVAL).await?;
    let id = id_of(&site, "P-4").await?;
    let messages = [
        ("assign", r#"{"by":"ann","to":"ben"}"#),
        ("comment", r#"{"by":"ann","note":"asked"}"#),
        ("acknowledge", r#"{"by":"ben"}"#),
        ("seen_again", r#"{"run_id":"recon/shop/2026-11-23"}"#),
        ("resolve", r#"{"by":"ann","resolution":"acept","note":"-"}"#),
        ("comment", "[]"),
        ("resolve", WRITE_OFF),
        ("reject", r#"{"by":"carol","note":"which fee?"}"#),
        ("resolve", WRITE_OFF),
        ("approve", r#"{"by":"carol"}"#),
    ];
    for (name, input) in messages {
        signal(&site, &id, name, input).await?;
    }
    eventually("the end of the acts", RUN_WITHIN, async || {
        Ok((state(&site, &id).await? == "resolved").then_some(()))
    })
    .await?;
    assert_eq!(
        events(&site, &id).await?,
        [
            "case_opened",
            "case_assigned",
            "case_commented",
            "case_acknowledged",
            "case_seen_again",
            "case_proposed",
            "case_rejected",
            "case_proposed",
            "case_resolved",
        ],
        "in the order in which they came"
    );

    // People at the UI see what was wrong with a signal, and the case goes on.
    let id = id_of(&site, "P-7").await?;
    signal(&site, &id, "reopen", r#"{"by":"ann"}"#).await?;
    let case = format!("case/{id}");
    let metadata = ["workflow", "metadata", "-w", &case, "-o", "json"];
    eventually("the mistake on the case's page", RUN_WITHIN, async || {
        let said = site.temporal(&metadata).await?;
        let is_shown = said.out.contains("signal `reopen`: missing field `note`");
        Ok(is_shown.then_some(()))
    })
    .await?;
    signal(&site, &id, "reopen", r#"{"by":"ann","note":"why not"}"#).await?;
    let gone = r#"{"run_id":"recon/shop/2026-11-24","evidence":"it arrived"}"#;
    signal(&site, &id, "auto_clear", gone).await?;
    eventually("the clearing", RUN_WITHIN, async || {
        Ok((state(&site, &id).await? == "cleared").then_some(()))
    })
    .await?;
    let said = site
        .trueup(&["case", "reopen", &id, "--note", "gone again"])
        .await?;
    assert_ne!(said.code, Some(0), "{said:?}");
    let why = "(cleared by recon/shop/2026-11-24: it arrived)";
    assert!(
        said.err.contains("would not undo") && said.err.contains(why),
        "{said:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_malformed_update_is_refused_with_the_field_at_fault() -> Result<()> {
    let (site, _slack) = after_a_run("", "").await?;
    let id = id_of(&site, "P-3").await?;
    for (name, input, problem) in [
        ("assign", r#"{"by":"ann"}"#, "missing field `to`"),
        ("comment", r#"{"by":"ann"}"#, "missing field `note`"),
        (
            "comment",
            r#"{"by":"ann","not":"x"}"#,
            "unknown field `not`",
        ),
        (
            "resolve",
            r#"{"by":"ann","resolution":"acept","note":"x"}"#,
            "field `resolution`: must be match, accept",
        ),
        (
            "resolve",
            r#"{"by":"ann","resolution":"accept","note":"x","discrepancy_id":"0"}"#,
            "field `discrepancy_id`: must be that of this case",
        ),
    ] {
        let said = update(&site, &id, name, input).await?;
        assert_ne!(said.code, Some(0), "{said:?}");
        let all = format!("{}{}", said.out, said.err);
        assert!(all.contains(problem), "{name} {input}: {said:?}");
    }
    let said = site
        .trueup(&["case", "resolve", &id, "--as", "match", "--note", "x"])
        .await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("missing field `match_with`"), "{said:?}");
    assert_eq!(events(&site, &id).await?, ["case_opened"]);
    Ok(())
}

#[tokio::test]
async fn of_two_people_at_once_one_resolves_and_the_other_is_told_by_whom() -> Result<()> {
    let (site, _slack) = after_a_run("", "").await?;
    let id = id_of(&site, "P-5").await?;
    let resolve = async |by: &'static str| {
        let how = ["--as", "duplicate_confirmed", "--note", "paid once"];
        let all = [&["case", "resolve", &id], &how[..], &["--by", by]].concat();
        site.trueup(&all).await.map(|said| (by, said))
    };
    let answers = join_all([resolve("ann"), resolve("ben")]).await;
    let mut answers = answers.into_iter().collect::<Result<Vec<_>>>()?;
    answers.sort_by_key(|(_, said)| said.code);
    let [(winner, first), (_, second)] = answers.as_slice() else {
        unreachable!("two were asked");
    };
    assert_eq!((first.code, second.code), (Some(0), Some(1)), "{answers:?}");
    let told = format!("already, by {winner}");
    assert!(second.err.contains(&told), "{second:?}");
    let resolved = events(&site, &id).await?;
    let count = resolved.iter().filter(|event| *event == "case_resolved");
    assert_eq!(count.count(), 1, "{resolved:?}");
    Ok(())
}

#[tokio::test]
async fn the_authority_matrix_decides_and_what_it_denies_is_audited() -> Result<()> {
    let (site, _slack) = after_a_run(AUTHORITY, APPROVAL).await?;
    let (small, large) = (id_of(&site, "P-3").await?, id_of(&site, "P-4").await?);
    let accept = ["--as", "not_an_error", "--note", "agreed"];
    let resolve = |id: &str, by: &str| {
        let command = ["case", "resolve", id].map(str::to_owned);
        let rest = accept.iter().copied().chain(["--by", by]);
        let rest = rest.map(str::to_owned);
        command.into_iter().chain(rest).collect::<Vec<_>>()
    };
    let said = site.trueup(&resolve(&large, "ann")).await?;
    assert_eq!(said.code, Some(1), "400 EUR are too much for ann: {said:?}");
    assert!(said.err.contains("ann may not resolve this"), "{said:?}");
    let denied = events(&site, &large).await?;
    assert_eq!(denied, ["case_opened", "case_denied"]);
    let said = site.trueup(&resolve(&large, "carol")).await?;
    assert_eq!(said.code, Some(0), "{said:?}");

    let write_off = reply(&site, &small, "resolve", WRITE_OFF).await?;
    assert_eq!(write_off["case"]["state"], "proposed", "{write_off}");
    let said = site
        .trueup(&["case", "approve", &small, "--by", "ben"])
        .await?;
    assert_eq!(said.code, Some(1), "ben is no controller: {said:?}");
    let said = site
        .trueup(&["case", "approve", &small, "--by", "carol"])
        .await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("approved by carol"), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn the_first_act_on_a_case_starts_its_workflow_and_ids_may_be_short() -> Result<()> {
    let (site, _slack) = after_a_run("", "").await?;
    let id = id_of(&site, "P-6").await?;
    let case = format!("case/{id}");
    let describe = ["workflow", "describe", "-w", &case, "-o", "json"];
    assert_ne!(
        site.temporal(&describe).await?.code,
        Some(0),
        "low ones have none"
    );
    let said = site
        .trueup(&["case", "assign", &id[..6], "--to", "ann"])
        .await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("owner        ann"), "{said:?}");
    let described = site.temporal(&describe).await?.json()?;
    let status = &described["workflowExecutionInfo"]["status"];
    assert_eq!(status, "WORKFLOW_EXECUTION_STATUS_RUNNING");
    let listed = site.json(&["case", "list", "--assigned-to", "ann"]).await?;
    assert_eq!(texts(&listed, "reference"), ["P-6"]);

    let said = site.trueup(&["case", "show", &id[..5]]).await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("at least 6 digits"), "{said:?}");
    let said = site.trueup(&["case", "show", "ffffffffff"]).await?;
    assert!(said.err.contains("no case begins with"), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn many_at_once_are_counted_first_and_answered_one_by_one() -> Result<()> {
    let (site, _slack) = after_a_run("", "").await?;
    let comment = ["case", "comment", "--source", "shop", "--severity"];
    let comment = [&comment[..], &["critical", "--note", "asked the partner"]].concat();
    let said = site.trueup(&comment).await?;
    assert_eq!(said.code, Some(2), "nobody is here to ask: {said:?}");
    assert!(said.err.contains("comment 4 cases"), "{said:?}");
    assert!(said.err.contains("635.00"), "EUR at stake: {said:?}");
    assert!(said.err.contains("--yes"), "{said:?}");
    for reference in shop::CRITICAL {
        let id = id_of(&site, reference).await?;
        assert_eq!(events(&site, &id).await?, ["case_opened"]);
    }
    let said = site
        .trueup(&[&comment[..], &["--yes", "--json"]].concat())
        .await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines: Vec<Value> = said
        .out
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    assert_eq!(lines.len(), 4);
    assert!(
        lines.iter().all(|line| line["outcome"] == "done"),
        "{said:?}"
    );

    let (open, closed) = (id_of(&site, "P-3").await?, id_of(&site, "P-4").await?);
    let resolve = |resolution: &'static str, ids: &[&str]| {
        let how = ["--as", resolution, "--note", "agreed", "--yes"];
        let all = ["case", "resolve"].iter().chain(ids).chain(&how);
        all.map(|text| (*text).to_owned()).collect::<Vec<_>>()
    };
    let said = site.trueup(&resolve("void", &[&closed])).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = site
        .trueup(&resolve("not_an_error", &[&open, &closed]))
        .await?;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out.contains("1 done, 0 unchanged, 1 refused"),
        "{said:?}"
    );
    assert!(said.out.contains("already"), "{said:?}");
    assert_eq!(state(&site, &open).await?, "resolved");

    let said = site
        .trueup(&["case", "comment", "--note", "everything?", "--yes"])
        .await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("which cases?"), "{said:?}");
    let wrong = r#"{"action":"comment","by":"ann","input":"{\"note\":\"x\"}"}"#;
    let failed = site
        .execute_type("CaseBatch", "batch/wrong", &[wrong])
        .await?;
    assert_eq!(failed.failure, "InvalidInput", "{failed:?}");
    assert!(failed.problem.contains("`ids`"), "{failed:?}");
    Ok(())
}

/// Ten thousand and more at once; then again, while the worker dies twice.
#[tokio::test]
async fn ten_thousand_at_once_go_through_and_kills_lose_and_double_nothing() -> Result<()> {
    let mut site = Installation::start().await?;
    let arguments = ["--rows", "30000", "--per-kind", "1000"];
    Generated::make("bulk", Kind::Csv, &arguments)?.install(&site)?;
    site.write("trueup.toml", "[work]\nheartbeat_timeout_seconds = 2\n")?;
    site.start_worker()?;
    let run = site.run_to_the_end(&["bulk", "--date", DATE]).await?;
    let count = run["totals"]["discrepancies"].as_u64().context("a count")?;
    assert!(count >= 10_000, "{run}");
    let before = entries(&site).await?;
    let resolve = ["case", "resolve", "--source", "bulk", "--as"];
    let how = ["not_an_error", "--note", "a test", "--yes", "--json"];
    let started = Instant::now();
    let said = site.trueup(&[&resolve[..], &how].concat()).await?;
    println!("{count} cases resolved in {:?}", started.elapsed());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let done = said.out.lines().filter(|line| line.contains("\"done\""));
    assert_eq!(done.count() as u64, count, "one line each, and all done");
    let after = entries(&site).await?;
    assert_eq!(after - before, 2 * count, "opened and resolved, each once");
    let open = site.json(&["case", "list"]).await?;
    assert_eq!(open, json!([]), "nothing is left");

    let input = r#"{"action":"comment","by":"ann","input":"{\"note\":\"checked\"}",
                    "filter":{"source":"bulk"}}"#;
    let start = [
        "workflow",
        "start",
        "--task-queue",
        "trueup",
        "--type",
        "CaseBatch",
    ];
    let start = [&start[..], &["-w", "batch/twice", "--input", input]].concat();
    assert_eq!(site.temporal(&start).await?.code, Some(0));
    for _ in 0..2 {
        under_way(&site, "batch/twice", "act_on_cases").await?;
        site.kill_worker()?;
        site.start_worker()?;
    }
    let result = ["workflow", "result", "-w", "batch/twice", "-o", "json"];
    let result = site.temporal(&result).await?.json()?["result"].clone();
    assert_eq!(result["done"], count, "{result}");
    assert_eq!(
        entries(&site).await? - after,
        count,
        "each was commented once"
    );
    Ok(())
}

/// How many audit entries there are; all of them hold.
async fn entries(site: &Installation) -> Result<u64> {
    let verified = site.json(&["audit", "verify"]).await?;
    ensure!(verified["broken"] == json!([]), "{verified}");
    verified["entries"].as_u64().context("a count")
}

/// Waits until a worker is in the middle of this step.
async fn under_way(site: &Installation, workflow_id: &str, step: &str) -> Result<()> {
    let describe = ["workflow", "describe", "-w", workflow_id, "-o", "json"];
    eventually("a step to cut off", RUN_WITHIN, async || {
        let described = site.temporal(&describe).await?.json()?;
        let pending = described["pendingActivities"].as_array().cloned();
        let is_it = |activity: &Value| {
            let state = activity["state"].as_str().unwrap_or_default();
            activity["activityType"]["name"] == step && state.ends_with("STARTED")
        };
        Ok(pending.unwrap_or_default().iter().any(is_it).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_worker_that_dies_between_acts_loses_and_doubles_none() -> Result<()> {
    const ACTS: usize = 12;
    let (mut site, _slack) = after_a_run("", "").await?;
    let id = id_of(&site, "P-3").await?;
    for number in 0..ACTS {
        let input = json!({ "by": "ann", "note": number.to_string() }).to_string();
        signal(&site, &id, "comment", &input).await?;
        if number % 4 == 2 {
            site.kill_worker()?;
            site.start_worker()?;
        }
    }
    // An update waits for the worker that comes back, and for all that stands before it.
    let last = reply(&site, &id, "comment", r#"{"by":"ann","note":"last"}"#).await?;
    assert_eq!(last["outcome"], "done", "{last}");
    let trail = site.json(&["audit", "show", &format!("case/{id}")]).await?;
    let entries = trail.as_array().context("entries")?.iter();
    let notes: Vec<&str> = entries
        .filter(|entry| entry["event"] == "case_commented")
        .filter_map(|entry| entry["fields"]["note"].as_str())
        .collect();
    let mut expected: Vec<String> = (0..ACTS).map(|number| number.to_string()).collect();
    expected.push("last".to_owned());
    assert_eq!(notes, expected, "each once, in order");
    Ok(())
}
