//! What makes people look at a case, and look again, on the real server: reminders, other channels,
//! what ends them, what is told again, quiet hours, fallbacks, and a worker that dies in the middle of
//! it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts};
use tests::servers::slack::SlackMode;
use tests::servers::{SlackReceiver, SmtpSink};
use tests::shop::{self, DATE};

/// The shop with a Slack `night` and a mail server behind `desk`; critical goes to `night`. P-10
/// differs by little: it is high.
struct Site {
    installation: Installation,
    slack: SlackReceiver,
    mail: SmtpSink,
}

impl Site {
    /// After its run, with this behind the source's file.
    async fn after_a_run(source: &str) -> Result<Self> {
        Site::after_a_run_under("", source, SlackMode::Ok).await
    }

    /// As [`Site::after_a_run`], with these rules of `night`, while Slack does this.
    async fn after_a_run_under(night: &str, source: &str, slack_does: SlackMode) -> Result<Self> {
        let (slack, mail) = (SlackReceiver::start().await?, SmtpSink::start().await?);
        slack.set_mode(slack_does);
        let mut installation = Installation::start().await?;
        let night = format!("{}\n{night}\n", shop::SLACK.trim_end());
        let settings = format!("{night}{}", shop::email(mail.port));
        shop::install(&installation, &settings, &["night"])?;
        let source = format!("{}\n{source}", shop::source(&["night"]));
        installation.write("sources/shop.toml", source)?;
        let (partner, ledger) = (shop::PARTNER, shop::LEDGER);
        let partner = format!("{partner}P-10,INV-10,30.00,EUR,{DATE}\n");
        let ledger = format!("{ledger}P-10,INV-10,C-1,20.00,EUR,{DATE}\n");
        installation.write(&shop::partner_file(DATE), partner)?;
        installation.write(&shop::ledger_file(DATE), ledger)?;
        installation.set_variable("SHOP_SLACK", &slack.url);
        installation.start_worker()?;
        installation
            .run_to_the_end(&["shop", "--date", DATE])
            .await?;
        Ok(Site {
            installation,
            slack,
            mail,
        })
    }

    async fn id_of(&self, reference: &str) -> Result<String> {
        shop::id_of(&self.installation, reference).await
    }

    /// What the workflow of a case answers.
    async fn status(&self, id: &str) -> Result<Value> {
        let case = format!("case/{id}");
        let query = ["workflow", "query", "-w", &case, "--type", "status"];
        let query = [&query[..], &["-o", "json"]].concat();
        let said = self.installation.temporal(&query).await?;
        Ok(said.json()?["queryResult"][0].clone())
    }

    /// The levels that a case was escalated to, in order.
    async fn levels(&self, id: &str) -> Result<Vec<u64>> {
        let stream = format!("case/{id}");
        let trail = self.installation.json(&["audit", "show", &stream]).await?;
        let entries = trail.as_array().context("entries")?.iter();
        let escalated = entries.filter(|entry| entry["event"] == "case_escalated");
        let level = |entry: &Value| {
            let level = entry["fields"]["level"].as_str().context("a level")?;
            Ok(level.parse()?)
        };
        escalated.map(level).collect()
    }

    async fn wait_for_level(&self, id: &str, level: u64) -> Result<()> {
        eventually(&format!("reminder {level}"), RUN_WITHIN, async || {
            let levels = self.levels(id).await?;
            Ok(levels
                .last()
                .is_some_and(|last| *last >= level)
                .then_some(()))
        })
        .await
    }

    /// How many alerts are in each state.
    async fn states(&self) -> Result<BTreeMap<String, usize>> {
        let mut states = BTreeMap::new();
        for alert in self.installation.alerts_settled().await? {
            let state = alert["state"].as_str().context("a state")?.to_owned();
            *states.entry(state).or_default() += 1;
        }
        Ok(states)
    }

    /// Waits until nobody tries to deliver an alert of a case any more.
    async fn nothing_is_on_its_way(&self, id: &str) -> Result<()> {
        let case = format!("case/{id}");
        let describe = ["workflow", "describe", "-w", &case, "-o", "json"];
        eventually("the end of all deliveries", RUN_WITHIN, async || {
            let described = self.installation.temporal(&describe).await?.json()?;
            let pending = described["pendingActivities"].as_array();
            Ok(pending.is_none_or(Vec::is_empty).then_some(()))
        })
        .await
    }

    /// How often each alert was shown in Slack.
    fn shown(&self) -> BTreeMap<String, usize> {
        let mut shown = BTreeMap::new();
        for post in self.slack.delivered() {
            *shown
                .entry(post.headers["idempotency-key"].clone())
                .or_default() += 1;
        }
        shown
    }
}

const REMINDERS: &str = "
[[escalation]]
severity_from = \"critical\"
after = \"2 seconds\"
repeat = \"2 seconds\"
channels = [\"night\"]

[[escalation]]
severity_from = \"high\"
after = \"5 seconds\"
repeat = \"3 seconds\"
channels = [\"night\", \"desk\"]
";

#[tokio::test]
async fn people_are_reminded_and_others_told_until_somebody_acknowledges() -> Result<()> {
    let site = Site::after_a_run(REMINDERS).await?;
    let (seen, unseen) = (site.id_of("P-3").await?, site.id_of("P-4").await?);
    site.wait_for_level(&seen, 1).await?;
    let acknowledged = site
        .installation
        .json(&["case", "acknowledge", &seen])
        .await?;
    let level = acknowledged["case"]["escalation_level"].clone();
    assert!(level.as_u64() >= Some(1), "{acknowledged}");
    assert_eq!(
        acknowledged["case"]["due_at"], "",
        "nobody is reminded any more"
    );

    // The other one goes on, to the second step and on from there.
    site.wait_for_level(&unseen, 4).await?;
    let mails = site.mail.wait_for(2, RUN_WITHIN).await?;
    let about = |mail: &&tests::servers::smtp::Mail| mail.subject.contains("P-4");
    let mail = mails.iter().find(about);
    let mail = match mail {
        Some(mail) => mail.clone(),
        None => {
            let found = eventually("mail about P-4", RUN_WITHIN, async || {
                Ok(site.mail.messages()?.iter().find(about).cloned())
            });
            found.await?
        }
    };
    assert!(mail.body.contains("Reminder "), "{}", mail.body);
    assert!(
        mail.body.contains("nobody has acknowledged it."),
        "{}",
        mail.body
    );
    let first = format!("{unseen}/night/reminder-1");
    eventually("the reminder in Slack", RUN_WITHIN, async || {
        Ok(site.shown().contains_key(&first).then_some(()))
    })
    .await?;
    let status = site.status(&unseen).await?;
    assert!(status["escalation_level"].as_u64() >= Some(4), "{status}");
    assert_ne!(status["due_at"], "", "{status}");

    let status = site.status(&seen).await?;
    assert_eq!(status["escalation_level"], level, "it stopped");
    assert_eq!(status["due_at"], "");
    let low = site.id_of("P-6").await?;
    let alerts = site.installation.alerts().await?;
    let alerts = json!(alerts);
    let ids = texts(&alerts, "alert_id");
    assert!(
        !ids.iter().any(|id| id.starts_with(&low)),
        "what is low has no reminders: {ids:?}"
    );
    let shown = site.installation.text(&["case", "show", &unseen]).await?;
    assert!(shown.contains("reminder 1 to night"), "{shown}");
    let verified = site.installation.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_worker_that_dies_around_a_reminder_reminds_once() -> Result<()> {
    let mut site = Site::after_a_run(
        "[[escalation]]\nseverity_from = \"critical\"\nafter = \"2 seconds\"\n\
         repeat = \"2 seconds\"\nchannels = [\"night\"]\n",
    )
    .await?;
    let id = site.id_of("P-3").await?;
    for level in [1, 2, 3] {
        site.wait_for_level(&id, level).await?;
        site.installation.kill_worker()?;
        site.installation.start_worker()?;
    }
    let last = site.levels(&id).await?.last().copied().unwrap_or_default();
    site.wait_for_level(&id, last + 2).await?;
    for reference in shop::CRITICAL {
        let id = site.id_of(reference).await?;
        let acknowledged = site
            .installation
            .json(&["case", "acknowledge", &id])
            .await?;
        let level = acknowledged["case"]["escalation_level"].as_u64();
        let levels = site.levels(&id).await?;
        assert!(levels.is_sorted_by(|a, b| a < b), "{reference}: {levels:?}");
        assert_eq!(levels.last().copied(), level, "{reference}");
    }
    let alerts = site.installation.alerts_settled().await?;
    ensure!(
        alerts.iter().all(|alert| alert["state"] == "sent"),
        "{alerts:?}"
    );
    for (alert, times) in site.shown() {
        // Slack's answer may be lost with the worker: then the same alert comes again, named.
        assert!(times <= 1 + 3, "{alert} came {times} times");
        assert!(
            alerts.iter().any(|it| it["alert_id"] == *alert),
            "{alert} is not on record"
        );
    }
    let of_case = alerts.iter().filter_map(|alert| alert["alert_id"].as_str());
    let mut numbers: Vec<u64> = of_case
        .filter_map(|alert| alert.strip_prefix(&format!("{id}/night/reminder-")))
        .map(|number| Ok(number.parse()?))
        .collect::<Result<_>>()?;
    numbers.sort_unstable();
    let levels = site.levels(&id).await?;
    assert!(numbers.len() <= levels.len(), "{numbers:?} for {levels:?}");
    assert!(
        numbers.last() <= Some(&(levels.len() as u64)),
        "{numbers:?} for {levels:?}"
    );
    let verified = site.installation.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]));
    Ok(())
}

/// The next business day, a Monday.
const NEXT: &str = "2026-11-23";

/// What people were told, as `<reference>/<times> <why>`, sorted.
async fn told(site: &Site, references: &[&str]) -> Result<Vec<String>> {
    let alerts = site.installation.alerts_settled().await?;
    let mut told = Vec::new();
    for reference in references {
        let id = site.id_of(reference).await?;
        for alert in &alerts {
            let alert_id = alert["alert_id"].as_str().unwrap_or_default();
            let Some(rest) = alert_id.strip_prefix(&format!("{id}/night")) else {
                continue;
            };
            ensure!(alert["state"] == "sent", "{alert}");
            let occasion = alert["occasion"].as_str().unwrap_or("new");
            let number = rest.trim_start_matches('/');
            told.push(format!("{reference}/{number} {occasion}"));
        }
    }
    told.sort();
    Ok(told)
}

#[tokio::test]
async fn people_are_told_again_only_of_what_changed_or_is_back() -> Result<()> {
    let site = Site::after_a_run("").await?;
    let shop = &site.installation;
    let header = "reference,invoice,amount,currency,value_date\n";
    let partner = |amount: &str| {
        format!("{header}P-8,INV-8,{amount},EUR,{NEXT}\nP-9,INV-9,400.00,EUR,{NEXT}\n")
    };
    // P-7 has arrived.
    let ledger = format!(
        "{}P-8,INV-8,C-1,300.00,EUR,{NEXT}\nP-9,INV-9,C-1,300.00,EUR,{NEXT}\n",
        shop::LEDGER
    );
    let arrived = format!("{}P-7,INV-7,75.00,EUR,2026-11-10\n", partner("500.00"));
    shop.write(&shop::partner_file(NEXT), arrived)?;
    shop.write(&shop::ledger_file(NEXT), ledger)?;
    shop.run_to_the_end(&["shop", "--date", NEXT]).await?;
    let all = ["P-3", "P-4", "P-5", "P-7", "P-8", "P-9"];
    let first = [
        "P-3/ new", "P-4/ new", "P-5/ new", "P-7/ new", "P-8/ new", "P-9/ new",
    ];
    assert_eq!(
        told(&site, &all).await?,
        first,
        "nobody is told twice of the same"
    );
    let cleared = site.id_of("P-7").await?;
    let case = shop.json(&["case", "show", &cleared]).await?;
    assert_eq!(case["case"]["state"], "cleared");

    // The amended report: P-8 is another amount, and P-7 has not arrived after all.
    shop.write(&shop::partner_file(NEXT), partner("600.00"))?;
    shop.run_to_the_end(&["shop", "--date", NEXT, "--generation", "2"])
        .await?;
    let again = [
        "P-3/ new",
        "P-4/ new",
        "P-5/ new",
        "P-7/ new",
        "P-7/2 It was cleared, and is back.",
        "P-8/ new",
        "P-8/2 300.00 EUR are at stake now; it was 200.00 EUR.",
        "P-9/ new",
    ];
    assert_eq!(told(&site, &all).await?, again);
    let posts = site.slack.delivered();
    let shown = posts
        .iter()
        .filter(|post| post.body.to_string().contains("it was 200.00 EUR."));
    assert_eq!(shown.count(), 1);
    assert_eq!(posts.len(), again.len(), "each once");
    Ok(())
}

#[tokio::test]
async fn people_are_told_when_somebody_opens_a_case_again() -> Result<()> {
    let site = Site::after_a_run("").await?;
    let shop = &site.installation;
    let id = site.id_of("P-3").await?;
    for round in [2, 3] {
        let resolve = ["case", "resolve", &id, "--as", "accept", "--note", "fine"];
        shop.json(&[&resolve[..], &["--by", "ann"]].concat())
            .await?;
        let reopen = ["case", "reopen", &id, "--note", "not so", "--by", "ben"];
        let reopened = shop.json(&reopen).await?;
        assert_eq!(reopened["outcome"], "done", "{reopened}");
        let last = format!("P-3/{round} ben opened it again: not so");
        assert_eq!(told(&site, &["P-3"]).await?.last(), Some(&last));
    }
    // What is low is routed to nobody.
    let low = site.id_of("P-6").await?;
    shop.json(&["case", "resolve", &low, "--as", "accept", "--note", "fine"])
        .await?;
    shop.json(&["case", "reopen", &low, "--note", "no"]).await?;
    assert_eq!(told(&site, &["P-6"]).await?, Vec::<String>::new());
    assert_eq!(site.slack.delivered().len(), shop::CRITICAL.len() + 2);
    Ok(())
}

const FALLBACK: &str = "fallback = \"desk\"\nfallback_after = \"3 seconds\"";

#[tokio::test]
async fn when_a_channel_is_down_another_one_is_told_once() -> Result<()> {
    let down = SlackMode::Status(503);
    let site = Site::after_a_run_under(FALLBACK, "", down).await?;
    let count = shop::CRITICAL.len();
    let mails = site.mail.wait_for(count, RUN_WITHIN).await?;
    for mail in &mails {
        let why = "Told here because night has not taken it for 3 seconds.";
        assert!(mail.body.contains(why), "{}", mail.body);
    }
    let expected = [("diverted".to_owned(), count), ("sent".to_owned(), count)];
    eventually("the end of all alerts", RUN_WITHIN, async || {
        Ok((site.states().await? == expected.clone().into()).then_some(()))
    })
    .await?;
    let id = site.id_of("P-3").await?;
    let alert = format!("{id}/night");
    let trail = site.installation.text(&["case", "show", &id]).await?;
    let diverted = format!("alert {alert} did not arrive in time: desk is told");
    assert!(trail.contains(&diverted), "{trail}");

    // Slack is back, and the deliveries that were still tried find that they are over.
    site.slack.set_mode(SlackMode::Ok);
    for reference in shop::CRITICAL {
        let id = site.id_of(reference).await?;
        site.nothing_is_on_its_way(&id).await?;
        let status = site.status(&id).await?;
        assert_eq!(status["alerts"][0]["state"], "diverted", "{status}");
        assert_eq!(status["alerts"][1]["state"], "sent", "{status}");
    }
    assert_eq!(site.shown(), BTreeMap::new(), "nobody is told twice");
    assert_eq!(site.mail.messages()?.len(), count);
    let verified = site.installation.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]));
    Ok(())
}

#[tokio::test]
async fn what_a_channel_refuses_is_told_by_another_one_and_stays_on_the_list() -> Result<()> {
    let refuses = SlackMode::Refuse;
    let site = Site::after_a_run_under("fallback = \"desk\"", "", refuses).await?;
    let count = shop::CRITICAL.len();
    let mails = site.mail.wait_for(count, RUN_WITHIN).await?;
    for mail in &mails {
        let why = "Told here because night refuses it.";
        assert!(mail.body.contains(why), "{}", mail.body);
    }
    let expected = [("dead".to_owned(), count), ("sent".to_owned(), count)];
    eventually("the end of all alerts", RUN_WITHIN, async || {
        Ok((site.states().await? == expected.clone().into()).then_some(()))
    })
    .await?;

    // Put right, the dead ones go out as always, and nobody is told instead once more.
    site.slack.set_mode(SlackMode::Ok);
    site.installation
        .json(&["alerts", "redrive", "--all"])
        .await?;
    eventually("the end of all alerts", RUN_WITHIN, async || {
        let all_sent = [("sent".to_owned(), 2 * count)];
        Ok((site.states().await? == all_sent.into()).then_some(()))
    })
    .await?;
    assert_eq!(site.shown().len(), count);
    assert_eq!(site.mail.messages()?.len(), count);
    Ok(())
}

#[tokio::test]
async fn at_night_only_what_is_critical_is_told() -> Result<()> {
    let now = Timestamp::now();
    let time = |seconds| {
        let then = now + SignedDuration::from_secs(seconds);
        then.to_zoned(TimeZone::UTC)
            .strftime("%H:%M:%S")
            .to_string()
    };
    // As long as the run and the alerts of what is critical may take, and then some.
    let ends_after = 45;
    let quiet = format!(
        "[alerts.channels.night.quiet_hours]\nfrom = \"{}\"\nto = \"{}\"\n",
        time(-3600),
        time(ends_after)
    );
    let high = "[[alerts]]\nseverity_from = \"high\"\nchannels = [\"night\"]\n";
    let site = Site::after_a_run_under(&quiet, high, SlackMode::Ok).await?;
    let count = shop::CRITICAL.len();
    site.slack.wait_for(count, RUN_WITHIN).await?;
    let id = site.id_of("P-10").await?;
    let alert = format!("{id}/night");
    assert!(
        !site.shown().contains_key(&alert),
        "it waits for the morning"
    );
    let listed = site.installation.text(&["alerts", "list"]).await?;
    let line = listed.lines().find(|line| line.contains(&alert));
    let line = line.context("the alert is listed")?;
    assert!(line.contains("held until "), "{line}");
    let status = site.status(&id).await?;
    let held = &status["alerts"][0];
    assert_eq!(held["state"], "pending", "{status}");
    let until: Timestamp = held["deliver_after"].as_str().context("a time")?.parse()?;
    ensure!(
        until > now && until <= now + SignedDuration::from_secs(ends_after),
        "{until}"
    );

    let all = site.installation.alerts_settled().await?;
    assert!(all.iter().all(|alert| alert["state"] == "sent"), "{all:?}");
    let found = all.iter().find(|it| it["alert_id"] == *alert);
    let sent_at = found.context("the alert")?["sent_at"].as_str();
    let sent_at: Timestamp = sent_at.context("a time")?.parse()?;
    assert!(sent_at >= until, "{sent_at} is before {until}");
    assert_eq!(site.shown().get(&alert), Some(&1));
    Ok(())
}
