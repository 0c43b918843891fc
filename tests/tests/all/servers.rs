//! The servers that the other tests stand on: each starts, does its work and leaves nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use hyper::{Method, StatusCode};
use tests::random::Random;
use tests::servers::slack::SlackMode;
use tests::servers::smtp::SmtpMode;
use tests::servers::{
    DynamoDb, Fault, FaultProxy, FaultRates, Postgres, S3, SlackReceiver, SmtpSink, TemporalServer,
    http, is_running, wait_until,
};
use tokio_postgres::NoTls;

const SOON: Duration = Duration::from_secs(20);
/// Tells `holds_a_server_until_it_is_killed` where to write the process id of its server.
const HOLD_VARIABLE: &str = "TRUEUP_TEST_HOLDS_A_SERVER";

#[tokio::test]
async fn temporal_keeps_a_workflow_through_a_kill_and_a_restart() -> Result<()> {
    let mut server = TemporalServer::start(&[("TrueupSource", "Keyword")]).await?;
    let start = [
        "workflow",
        "start",
        "--type",
        "T",
        "--task-queue",
        "q",
        "--workflow-id",
        "kept",
    ];
    let output = server.cli(&start).await?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let first = server.pid();
    server.kill()?;
    assert!(!is_running(first));
    server.restart().await?;
    assert_ne!(server.pid(), first);

    let output = server
        .cli(&["workflow", "describe", "--workflow-id", "kept"])
        .await?;
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("kept"),
        "{output:?}"
    );
    let output = server
        .cli(&["operator", "search-attribute", "list"])
        .await?;
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("TrueupSource"),
        "{output:?}"
    );

    let last = server.pid();
    drop(server);
    assert!(!is_running(last));
    Ok(())
}

#[tokio::test]
async fn postgres_stores_rows_and_stops() -> Result<()> {
    let server = Postgres::start().await?;
    server
        .execute("create table ledger (id int); insert into ledger values (1), (2)")
        .await?;
    let (client, connection) = tokio_postgres::connect(&server.url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let count: i64 = client
        .query_one("select count(*) from ledger", &[])
        .await?
        .get(0);
    assert_eq!(count, 2);
    let refused = server.execute("select nothing").await.unwrap_err();
    assert!(refused.to_string().contains("select nothing"), "{refused}");

    drop(client);
    connection.await??;
    let pid = server.pid();
    drop(server);
    assert!(!is_running(pid));
    Ok(())
}

#[tokio::test]
async fn smtp_keeps_accepted_messages_and_refuses_when_told() -> Result<()> {
    let sink = SmtpSink::start().await?;
    assert_eq!(send_mail(sink.port, "first")?, "250 2.0.0 kept");
    sink.set_mode(SmtpMode::TempFail)?;
    assert_eq!(send_mail(sink.port, "second")?, "451 4.3.0 try again later");
    sink.set_mode(SmtpMode::Reject)?;
    assert_eq!(send_mail(sink.port, "third")?, "550 5.7.1 not wanted here");
    sink.set_mode(SmtpMode::Stall)?;
    let port = sink.port;
    let stalled = tokio::task::spawn_blocking(move || send_mail(port, "fourth"));
    wait_until("the stalled message", SOON, || {
        Ok((sink.attempts()?.len() == 4).then_some(()))
    })
    .await?;

    let kept = sink.wait_for(1, SOON).await?;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].from, "trueup@example.org");
    assert_eq!(kept[0].to, ["accounting@example.org"]);
    assert_eq!(kept[0].subject, "Überzahlung first");
    assert_eq!(kept[0].message_id, "<first@example.org>");
    assert_eq!(kept[0].body, "Please look.\n.hidden\n");

    let pid = sink.pid();
    drop(sink);
    assert!(!is_running(pid));
    assert!(stalled.await?.is_err(), "the stalled message was answered");
    Ok(())
}

#[tokio::test]
async fn slack_answers_fails_throttles_and_hangs_up_when_told() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    assert_eq!(post(slack.port).await?, (StatusCode::OK, "ok".to_owned()));
    slack.set_mode(SlackMode::Status(503));
    assert_eq!(post(slack.port).await?.0, StatusCode::SERVICE_UNAVAILABLE);
    slack.set_mode(SlackMode::Throttle {
        retry_after_secs: 7,
        times: 2,
    });
    assert_eq!(post(slack.port).await?.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(post(slack.port).await?.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(post(slack.port).await?.0, StatusCode::OK);
    slack.set_mode(SlackMode::Refuse);
    assert_eq!(
        post(slack.port).await?,
        (StatusCode::NOT_FOUND, "no_service".to_owned())
    );
    slack.set_mode(SlackMode::DropAfterAccept);
    assert!(post(slack.port).await.is_err());
    slack.set_mode(SlackMode::Stall);
    let stalled = tokio::spawn(post(slack.port));

    let posts = slack.wait_for(8, SOON).await?;
    assert_eq!(posts.len(), 8);
    assert_eq!(posts[0].body, serde_json::json!({"text": "hello"}));
    assert_eq!(posts[0].path, "/services/T0/B0/x");
    assert_eq!(slack.delivered().len(), 3);
    drop(slack);
    assert!(stalled.await?.is_err(), "the stalled post was answered");
    Ok(())
}

#[tokio::test]
async fn s3_stores_an_object_in_a_bucket() -> Result<()> {
    let server = S3::start().await?;
    server.create_bucket("staging").await?;
    let port = server.port;
    let stored = http::send(Method::PUT, port, "/staging/run/1", "rows".to_owned()).await?;
    assert_eq!(stored.0, StatusCode::OK);
    let read = http::request(Method::GET, port, "/staging/run/1").await?;
    assert_eq!(read, (StatusCode::OK, "rows".to_owned()));
    let pid = server.pid();
    drop(server);
    assert!(!is_running(pid));
    Ok(())
}

/// One item through a proxy that always does the same: what the client sees, and what was done.
#[tokio::test]
async fn a_bad_day_of_dynamodb_does_what_it_says() -> Result<()> {
    let server = DynamoDb::start().await?;
    let none = FaultRates::default();
    let proxy = FaultProxy::start(server.port, none, Random::from_seed(1)).await?;
    server.create_table().await?;
    let client = DynamoDb::client(&proxy.endpoint).await;
    let client = impatient(&client);
    let always = |change: fn(&mut FaultRates)| {
        let mut rates = none;
        change(&mut rates);
        rates
    };
    // What happens, whether the client is told that it is done, and whether it is.
    let days = [
        ("nothing", none, true, true),
        (
            "throttled",
            always(|day| day.throttled = 1000),
            false,
            false,
        ),
        (
            "failed",
            always(|day| day.failed_afterwards = 1000),
            false,
            true,
        ),
        (
            "silent",
            always(|day| day.silent_afterwards = 1000),
            false,
            true,
        ),
        ("cut", always(|day| day.cut_before = 1000), false, false),
        (
            "cut late",
            always(|day| day.cut_afterwards = 1000),
            false,
            true,
        ),
    ];
    let text = |text: &str| AttributeValue::S(text.to_owned());
    for (name, rates, is_told, is_done) in days {
        proxy.set_rates(rates);
        let put = client.put_item().table_name("trueup");
        let put = put.item("pk", text(name)).item("sk", text("1"));
        let answer = put.send().await;
        assert_eq!(answer.is_ok(), is_told, "{name}: {answer:?}");
        proxy.set_rates(none);
        let get = client.get_item().table_name("trueup");
        let found = get.key("pk", text(name)).key("sk", text("1")).send();
        assert_eq!(found.await?.item.is_some(), is_done, "{name}");
    }
    let faults = proxy.faults();
    for fault in [
        Fault::FailedAfterwards,
        Fault::SilentAfterwards,
        Fault::CutBefore,
        Fault::CutAfterwards,
    ] {
        assert_eq!(faults.get(&fault), Some(&1), "{faults:?}");
    }
    assert_eq!(proxy.passed(), days.len() + 1);
    // One unit for each write that was done, a half for each read that found something small.
    assert_eq!(proxy.capacity().write_tenths, 40);
    assert_eq!(proxy.capacity().read_tenths, 30);

    let pid = server.pid();
    drop(server);
    assert!(!is_running(pid));
    Ok(())
}

/// The client, but with one try of a second.
fn impatient(client: &aws_sdk_dynamodb::Client) -> aws_sdk_dynamodb::Client {
    let one_second = TimeoutConfig::builder().operation_timeout(Duration::from_secs(1));
    let config = client.config().to_builder();
    let config = config.retry_config(RetryConfig::disabled());
    let config = config.timeout_config(one_second.build());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A test process that is killed can clean up nothing; its servers must go all the same.
#[tokio::test]
async fn a_server_goes_with_a_test_process_that_is_killed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pid_file = folder.path().join("pid");
    let mut holder = Command::new(std::env::current_exe()?)
        .args(["--exact", "servers::holds_a_server_until_it_is_killed"])
        .env(HOLD_VARIABLE, &pid_file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let pid: u32 = wait_until("a server in the other process", SOON, || {
        Ok(std::fs::read_to_string(&pid_file)
            .ok()
            .and_then(|pid| pid.parse().ok()))
    })
    .await?;
    assert!(is_running(pid));
    holder.kill()?;
    holder.wait()?;
    wait_until("the end of the server", SOON, || {
        Ok((!is_running(pid)).then_some(()))
    })
    .await
}

/// The process that the test above starts and kills. Run by itself it has nothing to do.
#[tokio::test]
async fn holds_a_server_until_it_is_killed() -> Result<()> {
    let Some(pid_file) = std::env::var_os(HOLD_VARIABLE) else {
        return Ok(());
    };
    let sink = SmtpSink::start().await?;
    let fresh = std::path::Path::new(&pid_file).with_extension("new");
    std::fs::write(&fresh, sink.pid().to_string())?;
    std::fs::rename(fresh, pid_file)?;
    std::future::pending().await
}

async fn post(port: u16) -> Result<(StatusCode, String)> {
    let body = r#"{"text": "hello"}"#.to_owned();
    http::send(Method::POST, port, "/services/T0/B0/x", body).await
}

/// Speaks SMTP, and returns the answer to the message itself.
fn send_mail(port: u16, id: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let mut answers = BufReader::new(stream.try_clone()?).lines();
    let mut answer = || {
        answers
            .next()
            .context("the server hung up")?
            .context("no answer")
    };
    let subject = format!("=?utf-8?q?=C3=9Cberzahlung_{id}?=");
    let message = format!(
        "Subject: {subject}\r\nMessage-ID: <{id}@example.org>\r\n\r\nPlease look.\r\n..hidden\r\n."
    );
    answer()?;
    for command in [
        "HELO test",
        "MAIL FROM:<trueup@example.org>",
        "RCPT TO:<accounting@example.org>",
        "DATA",
    ] {
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        answer()?;
    }
    stream.write_all(format!("{message}\r\n").as_bytes())?;
    answer()
}
