//! What did not happen is told, once, and over when it did: reports that come late or never, runs
//! that fail.

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;
use tests::installation::{Execution, Installation, RUN_WITHIN, eventually};
use tests::servers::{SlackReceiver, SmtpSink};
use tests::shop::{self, DATE, INPUT, RUN};

/// A source whose critical findings and incidents go to Slack and by mail.
struct Desk {
    shop: Installation,
    slack: SlackReceiver,
    mail: SmtpSink,
}

/// The shop with a worker, waiting so long for its report, which is not there yet.
async fn desk(wait_for_report: Option<&str>) -> Result<Desk> {
    let source = shop::source(&["night", "desk"]);
    let source = match wait_for_report {
        None => source,
        Some(wait) => {
            let waits = format!("[partner]\nwait_for_report = \"{wait}\"\n\n[partner.transport]");
            source.replace("[partner.transport]", &waits)
        }
    };
    desk_of(&source).await
}

/// The source with a worker and our records.
async fn desk_of(source: &str) -> Result<Desk> {
    let (slack, mail) = (SlackReceiver::start().await?, SmtpSink::start().await?);
    let mut shop = Installation::start().await?;
    let settings = format!("{}{}", shop::SLACK, shop::email(mail.port));
    shop.write("trueup.toml", settings)?;
    shop.write("sources/shop.toml", source)?;
    shop.write(&shop::ledger_file(DATE), shop::LEDGER)?;
    shop.set_variable("SHOP_SLACK", &slack.url);
    shop.start_worker()?;
    shop.worker_says("worker polls").await?;
    Ok(Desk { shop, slack, mail })
}

impl Desk {
    fn report_arrives(&self) -> Result<()> {
        // In one step, as a transfer ends.
        let folder = self.shop.folder();
        self.shop.write("partner/part", shop::PARTNER)?;
        let arrived = folder.join(shop::partner_file(DATE));
        Ok(std::fs::rename(folder.join("partner/part"), arrived)?)
    }

    /// Starts what a Schedule starts on the morning of the day.
    async fn schedule_fires(&self, id: &str) -> Result<()> {
        let at = format!("{DATE}T06:30:00Z");
        self.start("ScheduledReconciliation", id, &at).await
    }

    /// Starts what a Schedule starts at this time.
    async fn start(&self, kind: &str, id: &str, at: &str) -> Result<()> {
        let start = ["workflow", "start", "--task-queue", "trueup", "-w", id];
        let input = ["--type", kind, "--input", r#"{"source":"shop"}"#];
        let nominal = format!("TemporalScheduledStartTime=\"{at}\"");
        let nominal = ["--search-attribute", &nominal];
        let all = [&start[..], &input, &nominal].concat();
        let said = self.shop.temporal(&all).await?;
        assert_eq!(said.code, Some(0), "{said:?}");
        Ok(())
    }

    /// What a Schedule starts at this time, and its answer.
    async fn outcome(&self, kind: &str, at: &str) -> Result<Value> {
        let id = format!("{kind}-{at}-{}", Timestamp::now());
        self.start(kind, &id, at).await?;
        self.result(&id).await
    }

    /// The schedule as the server has it; none when it has none.
    async fn schedule(&self, id: &str) -> Result<Option<Value>> {
        let describe = ["schedule", "describe", "-s", id, "-o", "json"];
        let said = self.shop.temporal(&describe).await?;
        match said.code {
            Some(0) => Ok(Some(said.json()?)),
            _ => Ok(None),
        }
    }

    async fn result(&self, id: &str) -> Result<Value> {
        let result = ["workflow", "result", "-w", id, "-o", "json"];
        let said = tokio::time::timeout(RUN_WITHIN, self.shop.temporal(&result)).await;
        Ok(said.context("it does not end")??.json()?["result"].clone())
    }

    /// Waits until the workflow has looked and waits.
    async fn waits(&self, id: &str) -> Result<()> {
        let show = ["workflow", "show", "-w", id, "-o", "json"];
        eventually("a timer", RUN_WITHIN, async || {
            let history = self.shop.temporal(&show).await?.out;
            Ok(history.contains("TIMER_STARTED").then_some(()))
        })
        .await
    }

    /// The alerts about incidents, once all of them have arrived: as often on each channel.
    async fn incidents(&self, headline: &str) -> Result<usize> {
        self.shop.alerts_settled().await?;
        let posts = self.slack.delivered();
        let posts = posts.iter().map(|post| post.body.to_string());
        let posts = posts.filter(|post| post.contains(headline)).count();
        let mails = self.mail.messages()?;
        let mails = mails.iter().filter(|mail| mail.subject.contains(headline));
        assert_eq!(mails.count(), posts, "by Slack and by mail");
        Ok(posts)
    }

    /// The state of the case of an incident, and the last words of its trail.
    async fn case(&self, headline: &str) -> Result<(String, String)> {
        let alerts = self.shop.alerts().await?;
        let is_it = |alert: &&Value| alert["headline"] == headline;
        let alert = alerts.iter().find(is_it).context("its alert")?;
        let case_id = alert["case_id"].as_str().context("a case")?;
        let id = case_id.strip_prefix("case/").context("an id")?;
        let shown = self.shop.json(&["case", "show", id]).await?;
        let state = shown["case"]["state"].as_str().context("a state")?;
        let trail = shown["timeline"].as_array().context("a trail")?;
        let last = trail.last().context("an entry")?["words"].as_str();
        let verified = self.shop.trueup(&["audit", "verify"]).await?;
        assert_eq!(verified.code, Some(0), "{verified:?}");
        Ok((state.to_owned(), last.unwrap_or_default().to_owned()))
    }

    /// Ends the worker, and starts it anew with the files as they are now.
    async fn restart(&mut self) -> Result<()> {
        self.shop.terminate_worker().await?;
        let polls = |shop: &Installation| shop.worker_log().matches("worker polls").count();
        let before = polls(&self.shop);
        self.shop.start_worker()?;
        eventually("a worker that polls", RUN_WITHIN, async || {
            Ok((polls(&self.shop) > before).then_some(()))
        })
        .await
    }

    async fn run_of_the_day(&self) -> Result<Execution> {
        self.shop.execute(RUN, &[INPUT]).await
    }
}

const NOT_ARRIVED: &str = "the report of 2026-11-20 did not arrive";
const FAILED: &str = "the run of 2026-11-20 failed";

#[tokio::test]
async fn a_report_that_is_late_is_waited_for_and_nobody_told() -> Result<()> {
    let desk = desk(Some("100 seconds")).await?;
    desk.schedule_fires("scheduled/late").await?;
    desk.waits("scheduled/late").await?;
    desk.report_arrives()?;
    let result = desk.result("scheduled/late").await?;
    assert_eq!(result["outcome"], "started", "{result}");
    assert_eq!(result["run_id"], RUN);
    let run = desk.run_of_the_day().await?;
    assert_eq!(run.status, "COMPLETED", "{run:?}");
    assert_eq!(desk.incidents("did not arrive").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_report_that_does_not_come_is_told_once_and_begins_the_run_when_it_does() -> Result<()> {
    let desk = desk(Some("2 seconds")).await?;
    desk.schedule_fires("scheduled/one").await?;
    desk.schedule_fires("scheduled/two").await?;
    desk.mail.wait_for(1, RUN_WITHIN).await?;
    assert_eq!(desk.incidents(NOT_ARRIVED).await?, 1);
    let listed = desk.shop.text(&["case", "list"]).await?;
    assert!(listed.contains(NOT_ARRIVED), "{listed}");
    let mail = &desk.mail.messages()?[0];
    for expected in [
        "no file shop-2026-11-20.csv",
        "The run begins by itself",
        "Ask the partner for the report.",
        "trueup run shop --date 2026-11-20",
    ] {
        assert!(mail.body.contains(expected), "{expected}: {}", mail.body);
    }
    assert_eq!(desk.case(NOT_ARRIVED).await?.0, "open");
    desk.report_arrives()?;
    let mut outcomes = Vec::new();
    for id in ["scheduled/one", "scheduled/two"] {
        let result = desk.result(id).await?;
        outcomes.push(result["outcome"].as_str().unwrap_or_default().to_owned());
    }
    outcomes.sort();
    assert_eq!(outcomes, ["already_started", "started"]);
    let run = desk.run_of_the_day().await?;
    assert_eq!(run.status, "COMPLETED", "{run:?}");
    let (state, last) = desk.case(NOT_ARRIVED).await?;
    assert_eq!(state, "cleared");
    assert!(
        last.contains("recon/shop/2026-11-20 reconciled the day"),
        "{last}"
    );
    assert_eq!(desk.incidents(NOT_ARRIVED).await?, 1, "still once");
    Ok(())
}

#[tokio::test]
async fn a_run_that_fails_is_told_once_and_over_when_it_completes() -> Result<()> {
    let desk = desk(None).await?;
    let missing = desk.run_of_the_day().await?;
    assert_eq!(missing.failure, "InputNotFound", "{missing:?}");
    assert_eq!(desk.incidents(FAILED).await?, 0, "a person sees it");
    desk.shop
        .write(&shop::partner_file(DATE), "no,such,columns\n1,2,3\n")?;
    let part = r#"{"source":"shop","business_date":"2026-11-20","scope":{"client":"C-1"}}"#;
    let part = desk
        .shop
        .execute(&format!("{RUN}/client/C-1"), &[part])
        .await?;
    assert_eq!(part.failure, "InputQuarantined", "{part:?}");
    assert_eq!(desk.incidents(FAILED).await?, 0, "nobody waits for a part");
    for attempt in 1..=2 {
        let failed = desk.run_of_the_day().await?;
        assert_eq!(failed.failure, "InputQuarantined", "{failed:?}");
        desk.mail.wait_for(1, RUN_WITHIN).await?;
        assert_eq!(desk.incidents(FAILED).await?, 1, "attempt {attempt}");
        let mail = &desk.mail.messages()?[0];
        let problem = failed.problem.lines().next().context("why")?;
        assert!(
            mail.body.contains(&problem[..40]),
            "{problem}: {}",
            mail.body
        );
    }
    assert_eq!(desk.case(FAILED).await?.0, "open");
    desk.report_arrives()?;
    let run = desk.run_of_the_day().await?;
    assert_eq!(run.status, "COMPLETED", "{run:?}");
    assert_eq!(desk.case(FAILED).await?.0, "cleared");
    Ok(())
}

/// Nobody sees the failure of a run that a Schedule started.
#[tokio::test]
async fn a_scheduled_run_without_its_report_fails_and_is_told() -> Result<()> {
    let desk = desk(None).await?;
    desk.schedule_fires("scheduled/at-once").await?;
    let result = desk.result("scheduled/at-once").await?;
    assert_eq!(result["outcome"], "started", "{result}");
    desk.mail.wait_for(1, RUN_WITHIN).await?;
    assert_eq!(desk.incidents(FAILED).await?, 1);
    Ok(())
}

const MISSING: &str = "2026-11-20 was not reconciled";

#[tokio::test]
async fn a_run_that_is_not_there_in_time_is_told_once() -> Result<()> {
    let desk = desk(None).await?;
    let (deadline, saturday) = ("2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z");
    for _ in 0..2 {
        let missing = desk.outcome("Watch", deadline).await?;
        assert_eq!(missing["outcome"], "run_missing", "{missing}");
        assert_eq!(missing["run_id"], RUN);
        desk.mail.wait_for(1, RUN_WITHIN).await?;
        assert_eq!(desk.incidents(MISSING).await?, 1);
    }
    let skipped = desk.outcome("Watch", saturday).await?;
    assert_eq!(skipped["outcome"], "skipped", "{skipped}");
    assert_eq!(desk.case(MISSING).await?.0, "open");
    desk.report_arrives()?;
    let run = desk.run_of_the_day().await?;
    assert_eq!(run.status, "COMPLETED", "{run:?}");
    assert_eq!(desk.case(MISSING).await?.0, "cleared");
    let there = desk.outcome("Watch", deadline).await?;
    assert_eq!(there["outcome"], "reconciled", "{there}");
    assert_eq!(desk.incidents(MISSING).await?, 1, "still once");
    Ok(())
}

#[tokio::test]
async fn who_knows_why_there_is_no_run_is_not_told_that_there_is_none() -> Result<()> {
    let desk = desk(None).await?;
    desk.schedule_fires("scheduled/at-once").await?;
    desk.mail.wait_for(1, RUN_WITHIN).await?;
    let known = desk.outcome("Watch", "2026-11-20T10:00:00Z").await?;
    assert_eq!(known["outcome"], "already_told", "{known}");
    assert_eq!(desk.incidents(MISSING).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_digest_tells_of_what_is_open_below_the_alerts_once_a_day() -> Result<()> {
    let source = shop::source(&["night"]);
    let digest = "[digest]\nchannel = \"desk\"\ndaily = \"08:00\"\n";
    let desk = desk_of(&format!("{source}\n{digest}")).await?;
    let (monday, tuesday) = ("2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z");
    let nothing = desk.outcome("Digest", "2026-11-20T08:00:00Z").await?;
    assert_eq!(nothing["outcome"], "nothing_open", "{nothing}");
    let weekend = desk.outcome("Digest", "2026-11-21T08:00:00Z").await?;
    assert_eq!(weekend["outcome"], "skipped", "{weekend}");
    desk.report_arrives()?;
    let run = desk.run_of_the_day().await?;
    assert_eq!(run.status, "COMPLETED", "{run:?}");
    for outcome in ["sent", "already_told"] {
        let digest = desk.outcome("Digest", monday).await?;
        assert_eq!(digest["outcome"], outcome, "{digest}");
    }
    let mails = desk.mail.messages()?;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let expected = "1 discrepancy open, 1 of them new";
    assert!(mails[0].subject.contains(expected), "{:?}", mails[0]);
    for expected in [
        "P-6",
        "0.01 EUR in 1 discrepancy",
        "1 open for 0 to 1 business days",
        "trueup case list --source shop",
    ] {
        let body = &mails[0].body;
        assert!(body.contains(expected), "{expected}: {body}");
    }
    assert!(!mails[0].body.contains("P-3"), "that was alerted");
    let digest = desk.outcome("Digest", tuesday).await?;
    assert_eq!(digest["outcome"], "sent", "{digest}");
    let mails = desk.mail.messages()?;
    let expected = "1 discrepancy open, 0 of them new";
    assert!(mails[1].subject.contains(expected), "{:?}", mails[1]);
    Ok(())
}

/// The worker makes what the files say, and takes away what they do not say any more.
#[tokio::test]
async fn the_worker_keeps_the_schedules_of_the_configuration() -> Result<()> {
    let source = format!(
        "run_deadline = \"10:00\"\nrun_deadline_days_back = 1\ntime_zone = \"Europe/Berlin\"\n{}\n\
         [calendar]\ndays_off = []\n",
        shop::source(&["night"])
    );
    let digest = "[digest]\nchannel = \"desk\"\nweekly = \"mon 08:00\"\n";
    let mut desk = desk_of(&format!("{source}\n{digest}")).await?;
    let watch = desk.schedule("watch/shop").await?.context("a watch")?;
    let at = |watch: &Value| {
        let spec = &watch["schedule"]["spec"];
        let hour = spec["structuredCalendar"][0]["hour"][0]["start"].clone();
        (hour, spec["timezoneName"].clone())
    };
    assert_eq!(at(&watch), (10.into(), "Europe/Berlin".into()), "{watch}");
    let digest = desk.schedule("digest/shop").await?.context("a digest")?;
    assert_eq!(at(&digest).0, 8, "{digest}");

    let trigger = ["schedule", "trigger", "-s", "watch/shop"];
    let said = desk.shop.temporal(&trigger).await?;
    assert_eq!(said.code, Some(0), "{said:?}");
    desk.slack.wait_for(1, RUN_WITHIN).await?;
    let text = desk.slack.delivered()[0].body.to_string();
    assert!(text.contains("was not reconciled"), "{text}");
    let pause = ["schedule", "toggle", "-s", "watch/shop", "--pause"];
    let pause = [&pause[..], &["--reason", "month end"]].concat();
    desk.shop.temporal(&pause).await?;

    let later = source.replace("10:00", "11:00");
    desk.shop.write("sources/shop.toml", later)?;
    desk.restart().await?;
    let watch = desk.schedule("watch/shop").await?.context("a watch")?;
    assert_eq!(at(&watch).0, 11, "{watch}");
    assert_eq!(watch["schedule"]["state"]["paused"], true, "{watch}");
    eventually("the end of the digest", RUN_WITHIN, async || {
        let gone = desk.schedule("digest/shop").await?.is_none();
        Ok(gone.then_some(()))
    })
    .await?;
    desk.shop
        .write("sources/shop.toml", shop::source(&["night"]))?;
    desk.restart().await?;
    assert_eq!(desk.schedule("watch/shop").await?, None);
    Ok(())
}
