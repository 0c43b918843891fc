//! The paths on which time passes: a reminder, a channel that takes nothing, quiet hours.

use anyhow::{Context, Result, ensure};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tests::installation::{Installation, RUN_WITHIN, eventually};
use tests::servers::slack::SlackMode;
use tests::servers::{SlackReceiver, SmtpSink};
use tests::shop::{self, DATE};

use super::people::id_of;
use super::{Recorded, export};

const SOURCE: &str = "
[[alerts]]
severity_from = \"high\"
channels = [\"night\"]

[[escalation]]
severity_from = \"critical\"
after = \"2 seconds\"
repeat = \"2 seconds\"
channels = [\"desk\"]
";

/// One case that is reminded of and told by another channel, and one that waits for the morning.
pub(super) async fn cases() -> Result<Vec<Recorded>> {
    let (slack, mail) = (SlackReceiver::start().await?, SmtpSink::start().await?);
    slack.set_mode(SlackMode::Status(503));
    let mut site = Installation::start().await?;
    let now = Timestamp::now();
    let time = |seconds| {
        let then = now + SignedDuration::from_secs(seconds);
        let then = then.to_zoned(TimeZone::UTC);
        then.strftime("%H:%M:%S").to_string()
    };
    let night = format!(
        "fallback = \"desk\"\nfallback_after = \"2 seconds\"\n\n\
         [alerts.channels.night.quiet_hours]\nfrom = \"{}\"\nto = \"{}\"\n",
        time(-3600),
        time(20)
    );
    let settings = format!("{}\n{night}\n", shop::SLACK.trim_end());
    shop::install(
        &site,
        &format!("{settings}{}", shop::email(mail.port)),
        &["night"],
    )?;
    site.write(
        "sources/shop.toml",
        format!("{}{SOURCE}", shop::source(&["night"])),
    )?;
    let high = "P-10,INV-10";
    site.write(
        &shop::partner_file(DATE),
        format!("{}{high},30.00,EUR,{DATE}\n", shop::PARTNER),
    )?;
    site.write(
        &shop::ledger_file(DATE),
        format!("{}{high},C-1,20.00,EUR,{DATE}\n", shop::LEDGER),
    )?;
    site.set_variable("SHOP_SLACK", &slack.url);
    site.start_worker()?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    let id = id_of(&site, "P-3").await?;
    sent(&site, &format!("{id}/night/via/desk")).await?;
    // Whichever comes first of the reminders that don't have to wait for that.
    sent(&site, &format!("{id}/desk/reminder-")).await?;
    slack.set_mode(SlackMode::Ok);
    let mut paths = vec![(
        "case-reminded-and-diverted",
        export(&site, &format!("case/{id}")).await?,
    )];
    let id = id_of(&site, "P-10").await?;
    sent(&site, &format!("{id}/night")).await?;
    paths.push(("case-held", export(&site, &format!("case/{id}")).await?));
    for (name, history) in &paths {
        let history = String::from_utf8_lossy(history);
        let waited = history.contains("TimerFiredEventAttributes");
        ensure!(waited, "{name} did not wait");
    }
    let (_, diverted) = paths.first().context("the first")?;
    let diverted = String::from_utf8_lossy(diverted);
    for step in ["pass_time", "fall_back"] {
        ensure!(diverted.contains(step), "there is no {step}");
    }
    Ok(paths)
}

/// Waits until an alert whose id begins like this was sent.
async fn sent(site: &Installation, alert_id: &str) -> Result<()> {
    eventually(alert_id, RUN_WITHIN, async || {
        let alerts = site.alerts().await?;
        let mut alerts = alerts.iter();
        let is_sent = alerts.any(|it| {
            let id = it["alert_id"].as_str().unwrap_or_default();
            id.starts_with(alert_id) && it["state"] == "sent"
        });
        Ok(is_sent.then_some(()))
    })
    .await
}
