//! What is down comes back: nothing is lost meanwhile, nothing is told twice, and people can see
//! what it waits for.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually};
use tests::servers::slack::{SlackMode, SlackPost};
use tests::servers::smtp::SmtpMode;
use tests::servers::{Postgres, Relay, SlackReceiver, SmtpSink};
use tests::shop::{self, DATE, RUN};

const CRITICAL: usize = shop::CRITICAL.len();

/// A shop whose alerts go to Slack at this address.
async fn shop(slack_url: &str) -> Result<Installation> {
    let mut shop = Installation::start().await?;
    shop::install(&shop, shop::SLACK, &["night"])?;
    shop.set_variable("SHOP_SLACK", slack_url);
    shop.start_worker()?;
    Ok(shop)
}

fn keys(posts: &[SlackPost]) -> BTreeSet<String> {
    posts
        .iter()
        .filter_map(|post| post.headers.get("idempotency-key").cloned())
        .collect()
}

/// Waits until every alert is undelivered for a reason that contains `problem`.
async fn all_pending_because(shop: &Installation, problem: &str) -> Result<Vec<Value>> {
    eventually(
        &format!("alerts that wait because of `{problem}`"),
        RUN_WITHIN,
        async || {
            let alerts = shop.alerts().await?;
            let waits = |alert: &Value| {
                let is_open = alert["state"] == "pending" || alert["state"] == "sending";
                is_open
                    && alert["problem"]
                        .as_str()
                        .is_some_and(|text| text.contains(problem))
            };
            Ok((alerts.len() == CRITICAL && alerts.iter().all(waits)).then_some(alerts))
        },
    )
    .await
}

#[tokio::test]
async fn alerts_survive_a_dead_slack_and_arrive_once() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mut relay = Relay::to(slack.port)?;
    let url = slack
        .url
        .replace(&slack.port.to_string(), &relay.port.to_string());
    let shop = shop(&url).await?;
    let result = shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(result["outcome"], "completed", "a run waits for no channel");
    let waiting = all_pending_because(&shop, "refused").await?;
    let case = waiting[0]["case_id"].as_str().context("a case")?;
    let query = [
        "workflow", "query", "-w", case, "--type", "status", "-o", "json",
    ];
    let status = shop.temporal(&query).await?.json()?;
    assert_eq!(
        status["queryResult"][0]["alerts"][0]["state"], "pending",
        "{status}"
    );

    slack.set_mode(SlackMode::Status(503));
    relay.open().await?;
    all_pending_because(&shop, "503").await?;
    slack.set_mode(SlackMode::Stall);
    let is_stalled = |post: &SlackPost| post.mode == SlackMode::Stall;
    eventually("a post that stalls", RUN_WITHIN, async || {
        Ok(slack.posts().iter().any(is_stalled).then_some(()))
    })
    .await?;
    slack.set_mode(SlackMode::Ok);
    let alerts = shop.alerts_settled().await?;
    assert!(
        alerts.iter().all(|alert| alert["state"] == "sent"),
        "{alerts:?}"
    );
    assert!(
        alerts
            .iter()
            .all(|alert| alert["attempts"].as_u64() > Some(1)),
        "{alerts:?}"
    );
    let delivered = slack.delivered();
    assert_eq!(
        (delivered.len(), keys(&delivered).len()),
        (CRITICAL, CRITICAL),
        "each once"
    );
    Ok(())
}

/// Slack showed the message, and the answer got lost: it has to be sent again, and people can tell
/// by its id that they know it already.
#[tokio::test]
async fn an_alert_whose_answer_got_lost_comes_again_as_the_same() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    slack.set_mode(SlackMode::DropAfterAccept);
    let shop = shop(&slack.url).await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    slack.wait_for(CRITICAL, RUN_WITHIN).await?;
    slack.set_mode(SlackMode::Ok);
    let alerts = shop.alerts_settled().await?;
    assert!(
        alerts.iter().all(|alert| alert["state"] == "sent"),
        "{alerts:?}"
    );
    let posts = slack.posts();
    assert_eq!(keys(&posts).len(), CRITICAL);
    for key in keys(&posts) {
        let mut same = posts
            .iter()
            .filter(|post| post.headers["idempotency-key"] == key);
        let first = &same.next().context("a post")?.body;
        assert!(same.all(|post| post.body == *first), "{key} says one thing");
        assert!(first.to_string().contains(key.trim_end_matches("/night")));
    }
    Ok(())
}

#[tokio::test]
async fn slack_is_left_alone_for_as_long_as_it_asks() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let wait = 4;
    slack.set_mode(SlackMode::Throttle {
        retry_after_secs: wait,
        times: 1,
    });
    let shop = shop(&slack.url).await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    shop.alerts_settled().await?;
    let posts = slack.posts();
    let pause = posts[1].received_at.duration_since(posts[0].received_at)?;
    assert!(
        pause >= Duration::from_secs(wait),
        "the next post came after {pause:?}"
    );
    assert_eq!(
        posts.len(),
        1 + CRITICAL,
        "one was throttled, nothing came twice"
    );
    assert_eq!(keys(&slack.delivered()).len(), CRITICAL);
    Ok(())
}

#[tokio::test]
async fn what_slack_refuses_for_good_is_listed_and_sent_again_on_request() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    slack.set_mode(SlackMode::Refuse);
    let shop = shop(&slack.url).await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let alerts = shop.alerts_settled().await?;
    assert!(
        alerts.iter().all(|alert| alert["state"] == "dead"),
        "{alerts:?}"
    );
    assert!(
        alerts.iter().all(|alert| alert["attempts"] == 1),
        "not retried: {alerts:?}"
    );
    let listed = shop.text(&["alerts", "list", "--state", "dead"]).await?;
    for part in ["404", "trueup alerts redrive"] {
        assert!(listed.contains(part), "{part} is not in\n{listed}");
    }
    let case = alerts[0]["case_id"].as_str().context("a case")?;
    let audit = shop.text(&["audit", "show", case]).await?;
    assert!(audit.contains("alert_dead"), "{audit}");

    slack.set_mode(SlackMode::Ok);
    let first = alerts[0]["alert_id"].as_str().context("an id")?;
    let woken = shop.json(&["alerts", "redrive", first]).await?;
    assert_eq!(woken, json!({ "cases_woken": [case] }));
    eventually("the first alert again", RUN_WITHIN, async || {
        let sent = shop.json(&["alerts", "list", "--state", "sent"]).await?;
        Ok((sent[0]["alert_id"] == first).then_some(()))
    })
    .await?;
    let woken = shop.json(&["alerts", "redrive", "--all"]).await?;
    assert_eq!(
        woken["cases_woken"].as_array().map(Vec::len),
        Some(CRITICAL - 1)
    );
    let alerts = shop.alerts_settled().await?;
    assert!(
        alerts.iter().all(|alert| alert["state"] == "sent"),
        "{alerts:?}"
    );
    let delivered = slack.delivered();
    assert_eq!(
        (delivered.len(), keys(&delivered).len()),
        (CRITICAL, CRITICAL),
        "each once"
    );
    let nothing = shop.text(&["alerts", "redrive", "--all"]).await?;
    assert!(nothing.contains("nothing to send again"), "{nothing}");
    let audit = shop.text(&["audit", "show", case]).await?;
    assert!(
        audit.contains("alert_redriven") && audit.contains("by tester"),
        "{audit}"
    );
    Ok(())
}

#[tokio::test]
async fn many_alerts_are_one_summary_on_each_channel() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mail = SmtpSink::start().await?;
    let mut shop = Installation::start().await?;
    let settings = format!(
        "[alerts]\nsummary_above = 3\n\n{}{}",
        shop::SLACK,
        shop::email(mail.port)
    );
    shop::install(&shop, &settings, &["night", "desk"])?;
    shop.set_variable("SHOP_SLACK", &slack.url);
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let alerts = shop.alerts_settled().await?;
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert_eq!((slack.posts().len(), mail.attempts()?.len()), (1, 1));
    let text = slack.posts()[0].body.to_string();
    assert!(text.contains(RUN) && text.contains("4"), "{text}");

    let found = shop
        .json(&["discrepancies", "--run", RUN, "--severity", "critical"])
        .await?;
    let found = found.as_array().context("a list")?;
    assert_eq!(found.len(), CRITICAL);
    for discrepancy in found {
        let told_by = discrepancy["alerts"].as_array().context("alerts")?;
        assert_eq!(told_by.len(), 2, "by both summaries: {discrepancy}");
    }
    // There is nothing to wait for: the case of a summary ends with its alerts.
    let case = alerts[0]["case_id"].as_str().context("a case")?;
    let result = ["workflow", "result", "-w", case, "-o", "json"];
    let result = shop.temporal(&result).await?.json()?;
    assert_eq!(result["result"]["state"], "closed", "{result}");
    Ok(())
}

#[tokio::test]
async fn a_channel_that_is_down_holds_up_no_other() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mail = SmtpSink::start().await?;
    mail.set_mode(SmtpMode::TempFail)?;
    let mut shop = Installation::start().await?;
    let settings = format!("{}{}", shop::SLACK, shop::email(mail.port));
    shop::install(&shop, &settings, &["night", "desk"])?;
    shop.set_variable("SHOP_SLACK", &slack.url);
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    slack.wait_for(CRITICAL, RUN_WITHIN).await?;
    eventually("mail that waits", RUN_WITHIN, async || {
        let alerts = shop.alerts().await?;
        let waits = |alert: &&Value| {
            let problem = alert["problem"].as_str().unwrap_or_default();
            alert["channel"] == "desk" && problem.contains("try again later")
        };
        Ok((alerts.iter().filter(waits).count() == CRITICAL).then_some(()))
    })
    .await?;
    assert!(mail.messages()?.is_empty());

    mail.set_mode(SmtpMode::Accept)?;
    let alerts = shop.alerts_settled().await?;
    assert!(
        alerts.iter().all(|alert| alert["state"] == "sent"),
        "{alerts:?}"
    );
    let messages = mail.messages()?;
    let ids: BTreeSet<_> = messages.iter().map(|message| &message.message_id).collect();
    assert_eq!(
        (messages.len(), ids.len()),
        (CRITICAL, CRITICAL),
        "each once"
    );
    let p4 = messages
        .iter()
        .find(|message| message.subject.contains("P-4"))
        .context("P-4")?;
    for part in ["400.00 EUR", "line 5", "trueup show"] {
        assert!(p4.body.contains(part), "{part} is not in\n{}", p4.body);
    }
    assert_eq!(
        slack.posts().len(),
        CRITICAL,
        "and Slack was not asked again"
    );
    Ok(())
}

#[tokio::test]
async fn a_run_waits_for_a_ledger_that_is_down() -> Result<()> {
    let postgres = Postgres::start().await?;
    let rows = shop::LEDGER.lines().skip(1).map(|line| {
        let fields: Vec<String> = line.split(',').map(|field| format!("'{field}'")).collect();
        format!("({})", fields.join(","))
    });
    let rows: Vec<String> = rows.collect();
    let table = "CREATE TABLE entries (reference text, invoice text, client text, \
                 amount numeric(12,2), currency text, value_date date)";
    postgres
        .execute(&format!(
            "{table}; INSERT INTO entries VALUES {}",
            rows.join(",")
        ))
        .await?;
    let port: u16 = postgres
        .url
        .rsplit(':')
        .next()
        .context("a port")?
        .trim_end_matches("/postgres")
        .parse()?;
    let mut relay = Relay::to(port)?;

    let url = postgres
        .url
        .replace(&port.to_string(), &relay.port.to_string());
    let shop = shop_on_postgres(url).await?;
    let started = shop.json(&["run", "shop", "--date", DATE]).await?;
    assert_eq!(started["outcome"], "started");
    waits_for_its_ledger(&shop).await?;
    let status = [
        "workflow", "query", "-w", RUN, "--type", "status", "-o", "json",
    ];
    let status = shop.temporal(&status).await?.json()?;
    assert_eq!(status["queryResult"][0]["phase"], "fetching", "{status}");
    relay.open().await?;
    let result = shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(result["totals"]["discrepancies"], shop::DIFFERENT.len());
    Ok(())
}

/// A shop whose ledger is a query on this PostgreSQL.
async fn shop_on_postgres(url: String) -> Result<Installation> {
    let mut shop = Installation::start().await?;
    shop::install(&shop, "", &[])?;
    let transport = "[ledger.transport]\nkind = \"postgres\"\nurl_env = \"SHOP_LEDGER\"\n\
                     query_file = \"ledger.sql\"\n";
    shop.write(
        "sources/shop.toml",
        shop::source_with_ledger(transport, &[]),
    )?;
    shop.write(
        "ledger.sql",
        "select reference, invoice, client, amount, currency, value_date from entries\n\
         where value_date <= :to_date order by reference",
    )?;
    shop.set_variable("SHOP_LEDGER", url);
    shop.start_worker()?;
    Ok(shop)
}

async fn waits_for_its_ledger(shop: &Installation) -> Result<()> {
    eventually("a second attempt at the ledger", RUN_WITHIN, async || {
        let describe = ["workflow", "describe", "-w", RUN, "-o", "json"];
        let described = shop.temporal(&describe).await?.json()?;
        let pending = described["pendingActivities"].as_array().cloned();
        let waits = |activity: &Value| {
            let problem = &activity["lastFailure"]["message"];
            let is_refused = problem
                .as_str()
                .is_some_and(|text| text.contains("refused"));
            activity["attempt"].as_u64() > Some(1) && is_refused
        };
        Ok(pending.unwrap_or_default().iter().any(waits).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_run_that_waits_can_be_cancelled_or_ended_and_asked_for_again() -> Result<()> {
    let nothing = Relay::to(1)?;
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", nothing.port);
    let mut shop = shop_on_postgres(url).await?;
    shop.json(&["run", "shop", "--date", DATE]).await?;
    waits_for_its_ledger(&shop).await?;
    let said = shop.temporal(&["workflow", "cancel", "-w", RUN]).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    // On record it has ended a moment before it has for Temporal.
    let describe = ["workflow", "describe", "-w", RUN, "-o", "json"];
    eventually("the end of the cancelled run", RUN_WITHIN, async || {
        let run = shop.json(&["show", RUN]).await?;
        let described = shop.temporal(&describe).await?.json()?;
        let status = &described["workflowExecutionInfo"]["status"];
        let is_over = status != "WORKFLOW_EXECUTION_STATUS_RUNNING";
        Ok((run["state"] == "failed" && is_over).then_some(()))
    })
    .await?;
    let run = shop.json(&["show", RUN]).await?;
    let problem = run["problem"].as_str().context("a problem")?;
    assert!(problem.contains("cancelled"), "{problem}");
    let said = shop
        .trueup(&["run", "shop", "--date", DATE, "--json"])
        .await?;
    assert_eq!(said.json()?["outcome"], "started", "{said:?}");

    // Ended by force, nobody can tell the store; the next attempt takes over.
    waits_for_its_ledger(&shop).await?;
    let said = shop.temporal(&["workflow", "terminate", "-w", RUN]).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    shop.write("sources/shop.toml", shop::source(&[]))?;
    shop.kill_worker()?;
    shop.start_worker()?;
    let result = shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(result["totals"]["discrepancies"], shop::DIFFERENT.len());
    let run = shop.json(&["show", RUN]).await?;
    assert_eq!(
        (&run["state"], &run["attempt"]),
        (&json!("completed"), &json!(3))
    );
    let verified = shop.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_worker_waits_for_its_server() -> Result<()> {
    let mut shop = Installation::start().await?;
    shop::install(&shop, "", &[])?;
    shop.temporal.kill()?;
    shop.start_worker()?;
    shop.worker_says("Temporal does not answer, trying again")
        .await?;
    shop.temporal.restart().await?;
    let result = shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    assert_eq!(result["outcome"], "completed");

    // And it gets over a server that goes away while it works.
    shop.temporal.restart().await?;
    shop.write(
        &shop::partner_file("2026-11-23"),
        shop::PARTNER.replace("P-1", "Q-1"),
    )?;
    shop.write(&shop::ledger_file("2026-11-23"), shop::LEDGER)?;
    let result = shop
        .run_to_the_end(&["shop", "--date", "2026-11-23"])
        .await?;
    assert_eq!(result["outcome"], "completed");
    Ok(())
}
