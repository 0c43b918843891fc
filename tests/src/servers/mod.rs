//! Real servers for tests: Temporal, PostgreSQL, SMTP, S3, DynamoDB and a receiver of Slack
//! webhooks.
//!
//! Each one listens on a free port of the loopback address, keeps its files in a temporary folder
//! and is gone when its value is dropped, or when the test process dies in whatever way. Nothing
//! here imitates a server that can be had: only Slack is ours, and the bad days of DynamoDB.
//! `tools/setup all` installs them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

pub mod dynamodb;
pub mod fault_proxy;
pub mod http;
pub mod postgres;
pub mod relay;
pub mod s3;
pub mod slack;
pub mod smtp;
pub mod temporal;
pub mod worker;

mod port;
mod process;
pub mod program;

pub use dynamodb::DynamoDb;
pub use fault_proxy::{Fault, FaultProxy, FaultRates};
pub use postgres::Postgres;
pub use process::is_running;
pub use relay::Relay;
pub use s3::S3;
pub use slack::SlackReceiver;
pub use smtp::SmtpSink;
pub use temporal::TemporalServer;
pub use worker::WorkerProcess;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until `look` returns something; fails after `timeout`, saying what it waited for.
pub async fn wait_until<T>(
    what: &str,
    timeout: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(
            started.elapsed() < timeout,
            "waited {timeout:?} in vain for {what}"
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
