//! Alert channels: one small port through which people are told, and its two kinds.
//!
//! Delivers one rendered alert to one channel, once per call, and says what became of it. Decides
//! nothing about who is told or how often, retries nothing and remembers nothing: the workflow
//! does. Delivery is at least once. Between a channel's "yes" and our record of it, a crash makes
//! the workflow send again; Slack's webhooks have no key against that, so the alert's id stands in
//! the text and in an `Idempotency-Key` header, and mail repeats carry the same `Message-ID`.

mod config;
mod email;
mod outcome;
mod pace;
mod rules;
mod slack;
mod slack_blocks;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::alert::AlertContent;
use domain::audit::SignedCheckpoint;

pub use config::{ChannelConfig, EmailConfig, QuietHoursConfig, SlackConfig, SmtpTls};
pub use rules::{ChannelRules, Fallback};

/// All channels of an installation, ready to deliver.
pub struct Channels {
    channels: BTreeMap<String, Channel>,
    rules: BTreeMap<String, ChannelRules>,
}

enum Channel {
    Slack(slack::SlackChannel),
    Email(email::EmailChannel),
}

/// A channel took the alert.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// What the channel calls it: the request id of a webhook, the last answer of a mail server.
    pub provider_reference: String,
}

/// A channel did not take the alert, as far as we know.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Too many; try again after this time.
    #[error("the channel asks to wait {} s", retry_after.as_millis().div_ceil(1000))]
    Throttled {
        /// How long to leave it alone.
        retry_after: Duration,
    },
    /// Not now; try again with backoff. It may have arrived all the same.
    #[error("{0}")]
    Unavailable(String),
    /// Never like this: for the dead-letter list and a person.
    #[error("{0}")]
    Refused(String),
}

/// A channel that can't be used as configured.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("alert channel `{channel}`: {problem}")]
pub struct ChannelError {
    /// Its name.
    pub channel: String,
    /// What is wrong, and what to do.
    pub problem: ChannelProblem,
}

/// What is wrong with a channel's configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChannelProblem {
    /// The secret is not there.
    #[error("the environment variable {0} is not set: it must hold {1}")]
    MissingSecret(String, &'static str),
    /// A key has an unusable value.
    #[error("{0}: {1}")]
    Value(&'static str, String),
    /// The TLS library is not set up; our own mistake.
    #[error("no TLS: {0}")]
    Tls(String),
}

impl Channels {
    /// Makes every channel ready. `secret` looks up the environment variables that the
    /// configuration names. Nothing is connected yet.
    ///
    /// # Errors
    /// The first channel that can't work as configured, and why. Never shows a secret.
    pub fn open(
        configurations: &BTreeMap<String, ChannelConfig>,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ChannelError> {
        let open = |(name, configuration): (&String, &ChannelConfig)| {
            let channel = match configuration {
                ChannelConfig::Slack(slack) => {
                    slack::SlackChannel::open(slack, &secret).map(Channel::Slack)
                }
                ChannelConfig::Email(email) => {
                    email::EmailChannel::open(email, &secret).map(Channel::Email)
                }
            };
            channel
                .map(|channel| (name.clone(), channel))
                .map_err(|problem| ChannelError {
                    channel: name.clone(),
                    problem,
                })
        };
        configurations
            .iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map(|channels| Channels {
                channels,
                rules: BTreeMap::new(),
            })
    }

    /// The same channels under these rules, by name; those that are not named have none.
    #[must_use]
    pub fn under(self, rules: BTreeMap<String, ChannelRules>) -> Self {
        Channels { rules, ..self }
    }

    /// What goes for the channel of this name.
    #[must_use]
    pub fn rules(&self, channel: &str) -> ChannelRules {
        self.rules.get(channel).cloned().unwrap_or_default()
    }

    /// Delivers one alert to the channel of this name. `alert_id` is the same for the same alert,
    /// `raised_at` when it was first raised: repeats are then alike to the last byte.
    ///
    /// # Errors
    /// Says whether and when to try again.
    pub async fn deliver(
        &self,
        channel: &str,
        alert_id: &str,
        raised_at: jiff::Timestamp,
        content: &AlertContent,
    ) -> Result<Delivered, DeliveryError> {
        let text = text::compose(alert_id, content);
        self.send(channel, alert_id, raised_at, &text).await
    }

    /// Tells the channel of this name of a checkpoint, so that it is kept where the store's keepers
    /// can't change it.
    ///
    /// # Errors
    /// As [`Channels::deliver`].
    pub async fn tell_checkpoint(
        &self,
        channel: &str,
        signed: &SignedCheckpoint,
    ) -> Result<Delivered, DeliveryError> {
        let id = format!("checkpoint/{}", signed.checkpoint.number);
        let text = text::of_checkpoint(signed);
        self.send(channel, &id, signed.checkpoint.at, &text).await
    }

    async fn send(
        &self,
        channel: &str,
        alert_id: &str,
        raised_at: jiff::Timestamp,
        text: &text::AlertText,
    ) -> Result<Delivered, DeliveryError> {
        match self.channels.get(channel) {
            Some(Channel::Slack(slack)) => slack.deliver(alert_id, text).await,
            Some(Channel::Email(email)) => email.deliver(alert_id, raised_at, text).await,
            None => Err(DeliveryError::Refused(format!(
                "there is no alert channel `{channel}` in the configuration"
            ))),
        }
    }
}

/// The secret in this environment variable; blank counts as not set.
fn required_secret(
    secret: &impl Fn(&str) -> Option<String>,
    variable: &str,
    holds: &'static str,
) -> Result<String, ChannelProblem> {
    secret(variable)
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ChannelProblem::MissingSecret(variable.to_owned(), holds))
}

/// Whether `host` is this machine, where a connection needs no encryption.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
