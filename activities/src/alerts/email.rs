//! Delivery by e-mail over SMTP.
//!
//! A repeat of an alert is the same message to the last byte, its `Message-ID` included, so that
//! mail systems and people recognise it. Never falls back from TLS to plain text.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest, Sha256};

use super::text::{self, AlertText};
use super::{
    ChannelProblem, Delivered, DeliveryError, EmailConfig, SmtpTls, is_loopback, outcome,
    required_secret,
};

/// Longest last answer of a mail server that we keep, in characters.
const PROVIDER_REFERENCE_CHARS_MAX: usize = 200;

pub(crate) struct EmailChannel {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailboxes,
    timeout: Duration,
}

impl EmailChannel {
    pub(crate) fn open(
        configuration: &EmailConfig,
        secret: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ChannelProblem> {
        let from = mailbox("from", &configuration.from)?;
        let to: Mailboxes = configuration
            .to
            .iter()
            .map(|to| mailbox("to", to))
            .collect::<Result<_, _>>()?;
        if configuration.to.is_empty() {
            return Err(ChannelProblem::Value(
                "to",
                "name at least one recipient".to_owned(),
            ));
        }
        let own_name = configuration
            .client_name
            .as_deref()
            .unwrap_or(from.email.domain());
        let connect_timeout = Duration::from_secs(configuration.connect_timeout_seconds.into());
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&configuration.host)
                .port(configuration.port())
                .tls(tls(configuration)?)
                .hello_name(ClientId::Domain(own_name.to_owned()))
                .timeout(Some(connect_timeout));
        if let Some(credentials) = credentials(configuration, secret)? {
            builder = builder.credentials(credentials);
        }
        Ok(EmailChannel {
            transport: builder.build(),
            from,
            to,
            timeout: Duration::from_secs(configuration.timeout_seconds.into()),
        })
    }

    pub(crate) async fn deliver(
        &self,
        alert_id: &str,
        raised_at: jiff::Timestamp,
        text: &AlertText,
    ) -> Result<Delivered, DeliveryError> {
        let message =
            message(&self.from, &self.to, alert_id, raised_at, text).map_err(|error| {
                DeliveryError::Refused(format!("the alert can't be put into an e-mail: {error}"))
            })?;
        let sent = tokio::time::timeout(self.timeout, self.transport.send(message));
        match sent.await {
            Ok(Ok(response)) => {
                let last_words = response.message().collect::<Vec<_>>().join(" ");
                let said = format!("{} {last_words}", response.code());
                Ok(Delivered {
                    provider_reference: text::one_line(&said, PROVIDER_REFERENCE_CHARS_MAX),
                })
            }
            Ok(Err(error)) => Err(outcome::of_smtp(&error)),
            Err(_) => Err(DeliveryError::Unavailable(format!(
                "mail server: no answer within {} s",
                self.timeout.as_secs()
            ))),
        }
    }
}

/// The alert as an e-mail.
pub(crate) fn message(
    from: &Mailbox,
    to: &Mailboxes,
    alert_id: &str,
    raised_at: jiff::Timestamp,
    text: &AlertText,
) -> Result<Message, lettre::error::Error> {
    let header = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
    };
    let builder: MessageBuilder = to
        .iter()
        .cloned()
        .fold(Message::builder(), MessageBuilder::to);
    builder
        .from(from.clone())
        .date(SystemTime::from(raised_at))
        .message_id(Some(message_id(alert_id, from.email.domain())))
        .subject(text::one_line(&text.title, text::TITLE_CHARS_MAX))
        // RFC 3834: out-of-office programs do not answer this.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .header(ContentType::TEXT_PLAIN)
        .body(text::plain(text))
}

/// The same for the same alert. Hashed, because ids may hold characters that a `Message-ID` may not.
fn message_id(alert_id: &str, domain: &str) -> String {
    let digest = Sha256::digest(alert_id.as_bytes());
    format!("<trueup.{}@{domain}>", hex::encode(&digest[..16]))
}

fn mailbox(key: &'static str, address: &str) -> Result<Mailbox, ChannelProblem> {
    address.parse().map_err(|error| {
        ChannelProblem::Value(
            key,
            format!("`{address}` is not an e-mail address: {error}"),
        )
    })
}

fn tls(configuration: &EmailConfig) -> Result<Tls, ChannelProblem> {
    let parameters = || {
        TlsParameters::new(configuration.host.clone())
            .map_err(|error| ChannelProblem::Tls(error.to_string()))
    };
    match configuration.tls {
        SmtpTls::None => Ok(Tls::None),
        SmtpTls::Starttls => parameters().map(Tls::Required),
        SmtpTls::Implicit => parameters().map(Tls::Wrapper),
    }
}

fn credentials(
    configuration: &EmailConfig,
    secret: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Credentials>, ChannelProblem> {
    let (username, variable) = match (&configuration.username, &configuration.password_env) {
        (None, None) => return Ok(None),
        (Some(username), Some(variable)) => (username, variable),
        (Some(_), None) => {
            let missing = "missing; it names the environment variable with the password";
            return Err(ChannelProblem::Value("password_env", missing.to_owned()));
        }
        (None, Some(_)) => {
            let missing = "missing; a password alone logs nobody in";
            return Err(ChannelProblem::Value("username", missing.to_owned()));
        }
    };
    if configuration.tls == SmtpTls::None && !is_loopback(&configuration.host) {
        let problem = "`none` would send the password unprotected: use `starttls` or `implicit`";
        return Err(ChannelProblem::Value("tls", problem.to_owned()));
    }
    let password = required_secret(secret, variable, "the password of the mail account")?;
    Ok(Some(Credentials::new(username.clone(), password)))
}
