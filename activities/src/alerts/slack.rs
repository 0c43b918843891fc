//! Delivery to a Slack incoming webhook.
//!
//! The webhook's address is a secret: it appears in no message and no error. Follows no redirect,
//! speaks plain HTTP to this machine only, and reads no more of an answer than its setting says.

use std::error::Error;
use std::time::{Duration, Instant};

use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, Url};

use super::outcome::{self, Answer};
use super::pace::{Pace, TURN_WAIT_MAX, Turn};
use super::text::AlertText;
use super::{
    ChannelProblem, Delivered, DeliveryError, SlackConfig, is_loopback, required_secret,
    slack_blocks,
};

/// Headers in which Slack, or a relay, names a request; for asking them about it.
const REQUEST_ID_HEADERS: [&str; 3] = ["x-slack-req-id", "x-slack-unique-id", "x-request-id"];

pub(crate) struct SlackChannel {
    client: Client,
    webhook: Url,
    answer_bytes_max: usize,
    pace: Pace,
    /// One message at a time: a pause that Slack asks for holds for the next one already.
    lane: tokio::sync::Mutex<()>,
}

impl SlackChannel {
    pub(crate) fn open(
        configuration: &SlackConfig,
        secret: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ChannelProblem> {
        let variable = &configuration.webhook_url_env;
        let address = required_secret(secret, variable, "the address of the Slack webhook")?;
        let webhook = webhook(&address).map_err(|problem| {
            ChannelProblem::Value(
                "webhook_url_env",
                format!("the address in {variable} {problem}"),
            )
        })?;
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(ChannelProblem::Tls(
                "no crypto provider is installed".to_owned(),
            ));
        }
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(seconds(configuration.connect_timeout_seconds))
            .timeout(seconds(configuration.timeout_seconds))
            .user_agent(concat!("trueup/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ChannelProblem::Tls(error.to_string()))?;
        let interval = Duration::from_millis(configuration.interval_milliseconds.into());
        Ok(SlackChannel {
            client,
            webhook,
            answer_bytes_max: configuration.answer_bytes_max as usize,
            pace: Pace::new(interval),
            lane: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) async fn deliver(
        &self,
        alert_id: &str,
        text: &AlertText,
    ) -> Result<Delivered, DeliveryError> {
        match self.pace.take(Instant::now()) {
            Turn::After(wait) => tokio::time::sleep(wait).await,
            Turn::ComeBack(retry_after) => return Err(DeliveryError::Throttled { retry_after }),
        }
        let throttled = |retry_after| Err(DeliveryError::Throttled { retry_after });
        let Ok(_lane) = tokio::time::timeout(TURN_WAIT_MAX, self.lane.lock()).await else {
            return throttled(TURN_WAIT_MAX);
        };
        // Whoever was first may have been told to wait.
        if let Some(left) = self.pace.quiet_for(Instant::now()) {
            return throttled(left);
        }
        let sent = self.send(alert_id, text).await;
        if let Err(DeliveryError::Throttled { retry_after }) = &sent {
            self.pace.hold(Instant::now(), *retry_after);
        }
        sent
    }

    async fn send(&self, alert_id: &str, text: &AlertText) -> Result<Delivered, DeliveryError> {
        let mut request = self
            .client
            .post(self.webhook.clone())
            .json(&slack_blocks::message(text));
        if let Ok(key) = HeaderValue::from_str(alert_id) {
            request = request.header("Idempotency-Key", key);
        }
        let mut response = request.send().await.map_err(unavailable)?;
        let body = self.beginning(&mut response).await?;
        let headers = response.headers();
        outcome::of_webhook(&Answer {
            status: response.status().as_u16(),
            retry_after: header(headers, RETRY_AFTER.as_str()),
            date: header(headers, DATE.as_str()),
            body: &body,
        })?;
        let request_id = REQUEST_ID_HEADERS
            .into_iter()
            .find_map(|name| header(headers, name));
        let status = response.status().as_u16();
        Ok(Delivered {
            provider_reference: match request_id {
                Some(id) => super::text::one_line(id, PROVIDER_REFERENCE_CHARS_MAX),
                None => format!("HTTP {status}"),
            },
        })
    }

    /// The answer's body, as far as we read it.
    async fn beginning(&self, response: &mut Response) -> Result<String, DeliveryError> {
        let mut body = Vec::new();
        while body.len() < self.answer_bytes_max {
            let Some(chunk) = response.chunk().await.map_err(unavailable)? else {
                break;
            };
            body.extend_from_slice(&chunk);
        }
        body.truncate(self.answer_bytes_max);
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// Longest id of a request that we keep, in characters.
const PROVIDER_REFERENCE_CHARS_MAX: usize = 200;

/// The webhook's address, or what is wrong with it in words that don't show it.
fn webhook(address: &str) -> Result<Url, &'static str> {
    let url = Url::parse(address).map_err(|_| "is not a URL")?;
    let loopback = url.host_str().is_some_and(is_loopback);
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err("must begin with https:// (http:// is for this machine only)"),
        _ => return Err("must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password");
    }
    Ok(url)
}

/// A request that got no full answer; it may have arrived all the same.
fn unavailable(error: reqwest::Error) -> DeliveryError {
    let what = if error.is_timeout() {
        "no answer in time"
    } else {
        "no answer"
    };
    let error = error.without_url();
    let mut reason = format!("webhook: {what}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        reason.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    DeliveryError::Unavailable(reason)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhook_addresses() {
        for (address, accepted) in [
            ("https://hooks.example/services/T0/B0/x", true),
            ("http://127.0.0.1:8080/hook", true),
            ("http://localhost/hook", true),
            ("http://[::1]:9/hook", true),
            ("http://hooks.example/x", false),
            ("http://127.0.0.1.example/x", false),
            ("http://localhost.example/x", false),
            ("https://user:pass@hooks.example/x", false),
            ("ftp://hooks.example/x", false),
            ("hooks.example/x", false),
        ] {
            assert_eq!(webhook(address).is_ok(), accepted, "{address}");
        }
    }
}
