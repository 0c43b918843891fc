//! Alert channels against receivers that accept, throttle, stall, refuse and lie.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use activities::alerts::{Channels, DeliveryError};
use anyhow::{Context, Result};
use domain::alert::{AlertBody, AlertContent, DiscrepancyFacts, SideFacts};
use domain::discrepancy::{DiscrepancyId, Kind};
use domain::money::{Amount, Currency, Money};
use domain::severity::Severity;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::json;
use tests::servers::slack::SlackMode;
use tests::servers::smtp::SmtpMode;
use tests::servers::{SlackReceiver, SmtpSink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ALERT_ID: &str = "0f3a9c51d2e84b7796ab01cd23ef4567/night";
/// No answer of a local receiver takes this long unless it stalls.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn slack_shows_an_alert_that_a_person_can_act_on() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let delivered = deliver(&slack_channel(&slack.url)?).await?;
    assert_eq!(delivered.provider_reference, "HTTP 200");

    let posts = slack.posts();
    assert_eq!(posts.len(), 1);
    let post = &posts[0];
    assert_eq!(post.headers["content-type"], "application/json");
    assert_eq!(post.headers["idempotency-key"], ALERT_ID);
    let text = post.body["text"].as_str().context("a text")?;
    assert!(text.starts_with("CRITICAL acme-pay: PAY-17: "), "{text}");
    assert!(text.contains("0f3a9c51"), "the alert's id: {text}");
    let blocks = post.body["blocks"].to_string();
    for expected in [
        "*Partner:* 220.00 EUR, value date 2026-11-19, settlement.csv line 18",
        "*Ledger:* 100.00 EUR, value date 2026-11-19, ledger.csv line 4",
        "*Difference:* 120.00 EUR",
        "&lt;!channel&gt; M&amp;S",
        "`trueup show 0f3a9c51d2e84b7796ab01cd23ef4567`",
        "https://trueup.example/case",
    ] {
        assert!(blocks.contains(expected), "{expected} is not in {blocks}");
    }
    Ok(())
}

#[tokio::test]
async fn slack_throttles_everybody_until_it_says_otherwise() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    slack.set_mode(SlackMode::Throttle {
        retry_after_secs: 300,
        times: 1,
    });
    let channels = slack_channel(&slack.url)?;
    let wait = Duration::from_secs(300);
    assert_eq!(
        deliver(&channels).await,
        Err(DeliveryError::Throttled { retry_after: wait })
    );

    let second = deliver(&channels).await;
    let Err(DeliveryError::Throttled { retry_after }) = second else {
        panic!("the pause holds for the next alert too: {second:?}");
    };
    assert!(
        retry_after > wait - SOON && retry_after <= wait,
        "{retry_after:?}"
    );
    assert_eq!(slack.posts().len(), 1, "and Slack is left alone");
    Ok(())
}

#[tokio::test]
async fn slack_takes_it_after_a_short_pause() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    slack.set_mode(SlackMode::Throttle {
        retry_after_secs: 1,
        times: 1,
    });
    let channels = slack_channel(&slack.url)?;
    let wait = Duration::from_secs(1);
    assert_eq!(
        deliver(&channels).await,
        Err(DeliveryError::Throttled { retry_after: wait })
    );
    let asked = Instant::now();
    deliver(&channels).await?;
    assert!(
        asked.elapsed() > Duration::from_millis(900),
        "the next one waits for the pause"
    );
    assert_eq!(slack.delivered().len(), 1);
    Ok(())
}

#[tokio::test]
async fn messages_to_slack_keep_their_distance() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let configuration = json!({
        "kind": "slack", "webhook_url_env": "HOOK", "interval_milliseconds": 200,
    });
    let channels = channels(configuration, &slack.url)?;
    let started = Instant::now();
    let four = futures::future::join_all((0..4).map(|_| deliver(&channels))).await;
    assert!(four.iter().all(Result::is_ok), "{four:?}");
    assert!(
        started.elapsed() >= Duration::from_millis(600),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(slack.delivered().len(), 4);
    Ok(())
}

#[tokio::test]
async fn slack_outages_can_be_tried_again() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let channels = slack_channel(&slack.url)?;
    slack.set_mode(SlackMode::Status(503));
    assert!(unavailable(&deliver(&channels).await, "HTTP 503"));
    slack.set_mode(SlackMode::DropAfterAccept);
    assert!(unavailable(&deliver(&channels).await, "no answer"));
    slack.set_mode(SlackMode::Stall);
    let asked = Instant::now();
    assert!(unavailable(&deliver(&channels).await, "no answer in time"));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let url = slack.url.clone();
    drop(slack);
    let down = deliver(&slack_channel(&url)?).await;
    assert!(unavailable(&down, "no answer"), "{down:?}");
    assert!(
        !format!("{down:?}").contains("not-a-secret"),
        "the address is a secret: {down:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_slack_refuses_is_refused_for_good() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    slack.set_mode(SlackMode::Refuse);
    let refused = deliver(&slack_channel(&slack.url)?).await;
    let expected = "the webhook answered HTTP 404: no_service".to_owned();
    assert_eq!(refused, Err(DeliveryError::Refused(expected)));
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_not_followed() -> Result<()> {
    let canary = SlackReceiver::start().await?;
    let head = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        canary.url
    );
    let (url, server) =
        raw_server(move |mut stream| async move { stream.write_all(head.as_bytes()).await })
            .await?;
    let refused = deliver(&slack_channel(&url)?).await;
    assert!(matches!(&refused, Err(DeliveryError::Refused(why)) if why.contains("redirect")));
    assert_eq!(canary.posts().len(), 0);
    server.abort();
    Ok(())
}

#[tokio::test]
async fn an_endless_answer_is_not_read() -> Result<()> {
    let (url, server) = raw_server(|mut stream| async move {
        stream
            .write_all(b"HTTP/1.1 500 Broken\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await?;
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        loop {
            stream.write_all(chunk.as_bytes()).await?;
        }
    })
    .await?;
    let asked = Instant::now();
    let failed = deliver(&slack_channel(&url)?).await;
    assert!(unavailable(&failed, "HTTP 500: xxx"), "{failed:?}");
    assert!(format!("{failed:?}").len() < 1000, "the reason is short");
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    server.abort();
    Ok(())
}

#[tokio::test]
async fn mail_arrives_and_a_repeat_is_recognisable() -> Result<()> {
    let sink = SmtpSink::start().await?;
    let channels = mail_channel(sink.port)?;
    let delivered = deliver(&channels).await?;
    assert_eq!(delivered.provider_reference, "250 2.0.0 kept");
    deliver(&channels).await?;

    let mails = sink.wait_for(2, SOON).await?;
    assert_eq!(mails[0], mails[1], "byte for byte the same");
    let mail = &mails[0];
    assert_eq!(mail.from, "trueup@books.example");
    assert_eq!(mail.to, ["night@books.example", "controller@books.example"]);
    assert_eq!(
        mail.subject,
        "CRITICAL acme-pay: PAY-17: the partner reports 120.00 EUR more than the ledger"
    );
    assert!(
        mail.message_id.ends_with("@books.example>"),
        "{}",
        mail.message_id
    );
    for expected in [
        "Partner     220.00 EUR, value date 2026-11-19, settlement.csv line 18, <!channel> M&S",
        "    trueup show 0f3a9c51d2e84b7796ab01cd23ef4567",
    ] {
        assert!(
            mail.body.contains(expected),
            "{expected} is not in {}",
            mail.body
        );
    }
    Ok(())
}

#[tokio::test]
async fn mail_servers_that_fail() -> Result<()> {
    let sink = SmtpSink::start().await?;
    let channels = mail_channel(sink.port)?;
    sink.set_mode(SmtpMode::TempFail)?;
    let later = deliver(&channels).await;
    assert!(unavailable(&later, "451"), "{later:?}");
    sink.set_mode(SmtpMode::Reject)?;
    let refused = deliver(&channels).await;
    assert!(
        matches!(&refused, Err(DeliveryError::Refused(why)) if why.contains("not wanted here")),
        "{refused:?}"
    );
    sink.set_mode(SmtpMode::Stall)?;
    let asked = Instant::now();
    let stalled = deliver(&channels).await;
    assert!(unavailable(&stalled, "no answer within 2 s"), "{stalled:?}");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_eq!(sink.messages()?.len(), 0);

    drop(sink);
    let down = deliver(&channels).await;
    assert!(unavailable(&down, "mail server"), "{down:?}");
    Ok(())
}

#[tokio::test]
async fn mail_is_not_sent_without_the_tls_that_was_asked_for() -> Result<()> {
    let sink = SmtpSink::start().await?;
    let configuration = json!({
        "kind": "email", "host": "127.0.0.1", "port": sink.port, "tls": "starttls",
        "from": "trueup@books.example", "to": ["night@books.example"],
    });
    let refused = deliver(&channels(configuration, "")?).await;
    assert!(
        matches!(&refused, Err(DeliveryError::Refused(why)) if why.contains("STARTTLS")),
        "{refused:?}"
    );
    assert_eq!(sink.attempts()?.len(), 0);
    Ok(())
}

async fn deliver(channels: &Channels) -> Result<activities::alerts::Delivered, DeliveryError> {
    let raised_at = Timestamp::from_second(1_795_156_200).expect("a time in 2026");
    channels
        .deliver("night", ALERT_ID, raised_at, &content())
        .await
}

fn slack_channel(url: &str) -> Result<Channels> {
    let configuration = json!({
        "kind": "slack", "webhook_url_env": "HOOK", "timeout_seconds": 3,
        "interval_milliseconds": 0,
    });
    channels(configuration, url)
}

fn mail_channel(port: u16) -> Result<Channels> {
    let configuration = json!({
        "kind": "email", "host": "127.0.0.1", "port": port, "tls": "none",
        "from": "Trueup <trueup@books.example>",
        "to": ["night@books.example", "controller@books.example"], "timeout_seconds": 2,
    });
    channels(configuration, "")
}

/// One channel, `night`, with this secret in whatever variable it names.
fn channels(configuration: serde_json::Value, secret: &str) -> Result<Channels> {
    // The binary does this when it starts; a second time is refused, which changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let configuration = serde_json::from_value(configuration)?;
    let configurations = BTreeMap::from([("night".to_owned(), configuration)]);
    Ok(Channels::open(&configurations, |_| {
        Some(secret.to_owned())
    })?)
}

fn unavailable<T>(outcome: &Result<T, DeliveryError>, because: &str) -> bool {
    matches!(outcome, Err(DeliveryError::Unavailable(why)) if why.contains(because))
}

/// A server that reads the beginning of one request and then does as it likes.
async fn raw_server<F>(
    behaviour: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> Result<(String, tokio::task::JoinHandle<std::io::Result<()>>)>
where
    F: Future<Output = std::io::Result<()>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hook", listener.local_addr()?);
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut beginning = [0; 1024];
        let _ = stream.read(&mut beginning).await?;
        behaviour(stream).await
    });
    Ok((url, server))
}

fn content() -> AlertContent {
    let money = |amount: &str| Money {
        amount: Amount::parse(amount).expect("an amount"),
        currency: Currency::parse("EUR").expect("a currency"),
    };
    let side = |file: &str, line, amount, counterparty: Option<&str>| SideFacts {
        money: money(amount),
        value_date: date(2026, 11, 19),
        status: None,
        file: file.to_owned(),
        line,
        counterparty: counterparty.map(str::to_owned),
    };
    AlertContent {
        source: "acme-pay".to_owned(),
        run_id: "recon/acme-pay/2026-11-20".to_owned(),
        business_date: date(2026, 11, 20),
        severity: Severity::Critical,
        headline: "PAY-17: the partner reports 120.00 EUR more than the ledger".to_owned(),
        occasion: None,
        case_id: "case/0f3a9c51d2e84b7796ab01cd23ef4567".to_owned(),
        link: Some("https://trueup.example/case".to_owned()),
        body: AlertBody::Discrepancy(Box::new(DiscrepancyFacts {
            id: DiscrepancyId::parse("0f3a9c51d2e84b7796ab01cd23ef4567").expect("an id"),
            kind: Kind::AmountMismatch,
            reference: "PAY-17".to_owned(),
            at_stake: money("120"),
            difference: Some(money("120")),
            partner: Some(side("settlement.csv", 18, "220", Some("<!channel> M&S"))),
            ledger: Some(side("ledger.csv", 4, "100", None)),
            rule: "by reference".to_owned(),
            reason: "the amounts differ by 120.00 EUR".to_owned(),
            nearest: None,
        })),
    }
}
