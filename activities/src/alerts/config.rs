//! What the configuration says about alert channels. Secrets are named here, never held.

use serde::Deserialize;

/// One channel: `[alerts.channels.<name>]` in `trueup.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChannelConfig {
    /// A Slack incoming webhook, or a service that answers like one (Mattermost and others).
    Slack(SlackConfig),
    /// E-mail by SMTP.
    Email(EmailConfig),
}

/// A Slack incoming webhook.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackConfig {
    /// Environment variable that holds the webhook's address, which is a secret. `https`, or
    /// `http` to this machine only.
    pub webhook_url_env: String,
    /// Longest time to connect.
    #[serde(default = "default_connect_timeout_seconds")]
    pub connect_timeout_seconds: u32,
    /// Longest time for one delivery, from connecting to the end of the answer.
    #[serde(default = "default_slack_timeout_seconds")]
    pub timeout_seconds: u32,
    /// Most that is read of an answer.
    #[serde(default = "default_answer_bytes_max")]
    pub answer_bytes_max: u32,
    /// Shortest time between two messages. Slack allows one a second.
    #[serde(default = "default_interval_milliseconds")]
    pub interval_milliseconds: u32,
    /// The channel that is told when this one takes nothing.
    pub fallback: Option<String>,
    /// How long this one is tried before: `15 minutes`.
    pub fallback_after: Option<String>,
    /// When it is not disturbed.
    pub quiet_hours: Option<QuietHoursConfig>,
}

/// A mail server and who gets mail through it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Host name of the SMTP server; its certificate must be for this name.
    pub host: String,
    /// Its port; without one 25 for `none`, 587 for `starttls`, 465 for `implicit`.
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: SmtpTls,
    /// Who logs in; without one nobody does.
    pub username: Option<String>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// The sender: `trueup@example.com` or `Trueup <trueup@example.com>`.
    pub from: String,
    /// Who gets the alerts. The server must accept all of them, or the message reaches nobody.
    pub to: Vec<String>,
    /// The name that we greet the server with; without one the domain of `from`.
    pub client_name: Option<String>,
    /// Longest time to connect.
    #[serde(default = "default_connect_timeout_seconds")]
    pub connect_timeout_seconds: u32,
    /// Longest time for one delivery, from connecting to the server's last answer.
    #[serde(default = "default_email_timeout_seconds")]
    pub timeout_seconds: u32,
    /// The channel that is told when this one takes nothing.
    pub fallback: Option<String>,
    /// How long this one is tried before: `15 minutes`.
    pub fallback_after: Option<String>,
    /// When it is not disturbed.
    pub quiet_hours: Option<QuietHoursConfig>,
}

/// When a channel is not disturbed, as written: whoever reads the file checks it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHoursConfig {
    /// From this time of day: `20:00`.
    pub from: String,
    /// To this one: `07:00`.
    pub to: String,
    /// The zone of both: `Europe/Berlin`; UTC when not given.
    pub time_zone: Option<String>,
    /// Whether days without business are quiet as a whole.
    #[serde(default)]
    pub days_off: bool,
    /// What is told anyway: `critical` when not given.
    pub except_from: Option<String>,
}

/// How an SMTP connection is protected. There is no "if the server offers it".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Not at all: for a relay on this machine or in a closed network. No password is sent.
    None,
    /// The connection must be upgraded before anything is sent.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Implicit,
}

impl ChannelConfig {
    /// The channel that is told when this one takes nothing, and how long this one is tried before.
    #[must_use]
    pub fn fallback(&self) -> (Option<&str>, Option<&str>) {
        let (fallback, after) = match self {
            ChannelConfig::Slack(slack) => (&slack.fallback, &slack.fallback_after),
            ChannelConfig::Email(email) => (&email.fallback, &email.fallback_after),
        };
        (fallback.as_deref(), after.as_deref())
    }

    /// When it is not disturbed.
    #[must_use]
    pub fn quiet_hours(&self) -> Option<&QuietHoursConfig> {
        match self {
            ChannelConfig::Slack(slack) => slack.quiet_hours.as_ref(),
            ChannelConfig::Email(email) => email.quiet_hours.as_ref(),
        }
    }
}

impl EmailConfig {
    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            SmtpTls::None => 25,
            SmtpTls::Starttls => 587,
            SmtpTls::Implicit => 465,
        })
    }
}

fn default_connect_timeout_seconds() -> u32 {
    5
}

fn default_slack_timeout_seconds() -> u32 {
    15
}

/// RFC 5321 lets a server think for minutes; the workflow gives one delivery 45 seconds.
fn default_email_timeout_seconds() -> u32 {
    30
}

fn default_answer_bytes_max() -> u32 {
    4096
}

fn default_interval_milliseconds() -> u32 {
    1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> Result<ChannelConfig, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn short_configurations_get_defaults() {
        let slack = read(serde_json::json!({"kind": "slack", "webhook_url_env": "HOOK"}));
        let Ok(ChannelConfig::Slack(slack)) = slack else {
            panic!("{slack:?}")
        };
        assert_eq!(
            (slack.timeout_seconds, slack.interval_milliseconds),
            (15, 1000)
        );

        let email = serde_json::json!(
            {"kind": "email", "host": "mail", "from": "a@b.example", "to": ["c@d.example"]}
        );
        let Ok(ChannelConfig::Email(email)) = read(email) else {
            panic!("not read")
        };
        assert_eq!((email.tls, email.port()), (SmtpTls::Starttls, 587));
    }

    #[test]
    fn unknown_and_missing_keys_are_errors() {
        let unknown = serde_json::json!({"kind": "slack", "webhook_url": "https://secret"});
        assert!(read(unknown).unwrap_err().contains("webhook_url"));
        let missing = serde_json::json!({"kind": "slack"});
        assert!(read(missing).unwrap_err().contains("webhook_url_env"));
        let kind = serde_json::json!({"kind": "pager"});
        assert!(read(kind).unwrap_err().contains("slack"));
    }
}
