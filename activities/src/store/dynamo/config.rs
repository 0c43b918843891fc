//! Where the table is, and the client that reaches it.
//!
//! Credentials come from the standard AWS environment alone (variables, profile, container or
//! machine role); the configuration holds none. Makes no request to DynamoDB.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use serde::Deserialize;

/// Tries of one request, so that a moment of throttling is over before the caller hears of it.
/// What lasts longer is for Temporal, which waits longer and shows it.
const ATTEMPTS_MAX: u32 = 8;
/// The first wait before another try, on average half of it: a throttled partition has room again
/// within a second.
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
/// The longest wait before another try: eight tries stay well within [`OPERATION_TIMEOUT`].
const BACKOFF_MAX: Duration = Duration::from_secs(2);
/// How many tries beyond the first all requests of a process have in store: a try after throttling
/// takes five, one after another failure fourteen. The SDK's own store of 500 is used up by one long
/// minute of throttling, and from then on each throttled request fails at once.
const RETRY_TOKENS: usize = 5_000;
/// How many come back each second: a table that is throttled for long is asked fifty times a second
/// more, whatever the number of requests.
const RETRY_TOKENS_PER_SECOND: f32 = 250.0;
/// How long a connection may take: within a region it takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one try may take. A transaction of a hundred items takes tens of milliseconds, so that
/// a longer silence is a broken connection.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take with all its tries: less than a heartbeat's time-out, so that an
/// activity learns of an outage before it counts as dead.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// `[dynamodb]`: the table that a DynamoDB store is in.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DynamoConfig {
    /// The table's name.
    pub table: String,
    /// Where DynamoDB is, when it is not the AWS endpoint of the region: DynamoDB Local, a VPC
    /// endpoint.
    pub endpoint: Option<String>,
    /// The AWS region; that of the AWS environment (`AWS_REGION`, the profile) when not given.
    pub region: Option<String>,
}

impl Default for DynamoConfig {
    fn default() -> Self {
        DynamoConfig {
            table: "trueup".to_owned(),
            endpoint: None,
            region: None,
        }
    }
}

/// A client for the table of `config`. Refuses nothing: what is wrong with credentials, region or
/// endpoint is the error of the first request.
pub async fn dynamo_client(config: &DynamoConfig) -> Client {
    client(&loader(config).load().await)
}

/// As [`dynamo_client`], with these credentials instead of those of the AWS environment.
pub async fn dynamo_client_as(config: &DynamoConfig, credentials: Credentials) -> Client {
    let loader = loader(config).credentials_provider(credentials);
    client(&loader.load().await)
}

fn client(config: &SdkConfig) -> Client {
    let tokens = TokenBucket::builder()
        .capacity(RETRY_TOKENS)
        .refill_rate(RETRY_TOKENS_PER_SECOND);
    let retries = RetryPartition::custom("trueup").token_bucket(tokens.build());
    let config = aws_sdk_dynamodb::config::Builder::from(config);
    Client::from_conf(config.retry_partition(retries.build()).build())
}

fn loader(config: &DynamoConfig) -> ConfigLoader {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(BACKOFF_FIRST)
        .with_max_backoff(BACKOFF_MAX);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .retry_config(retries)
        .timeout_config(timeouts);
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &config.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    loader
}
