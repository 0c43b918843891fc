//! What an answer of a channel means: delivered, try again, or never. Pure: no network, no clock.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use super::DeliveryError;

/// How long to wait when a channel says "too many" without saying for how long.
pub(crate) const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(30);
/// Longest wait that a channel may ask for; an alert must not be put off for days by one header.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);
/// Most of an answer's text that a reason quotes, in characters.
const QUOTE_CHARS_MAX: usize = 300;

/// An HTTP answer, as far as it matters.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// Header `Retry-After`.
    pub(crate) retry_after: Option<&'a str>,
    /// Header `Date`: the server's idea of now, which a `Retry-After` date is measured from.
    pub(crate) date: Option<&'a str>,
    /// The beginning of the body.
    pub(crate) body: &'a str,
}

/// Whether a webhook took the message.
///
/// Slack says `200 ok`; relays that speak its protocol answer with other 2xx and texts, which are
/// taken as a yes, except a web page (a login page in between) and JSON that says `"ok": false`.
pub(crate) fn of_webhook(answer: &Answer<'_>) -> Result<(), DeliveryError> {
    let said = quote(answer.body);
    let status = answer.status;
    match status {
        200..=299 if answer.body.trim_start().starts_with('<') => {
            Err(DeliveryError::Refused(format!(
                "a web page answered instead of the webhook (HTTP {status}): check its address \
                 and any proxy in between{said}"
            )))
        }
        200..=299 if denies(answer.body) => Err(DeliveryError::Refused(format!(
            "the webhook said no (HTTP {status}){said}"
        ))),
        200..=299 => Ok(()),
        300..=399 => Err(DeliveryError::Refused(format!(
            "the webhook redirects (HTTP {status}), which is not followed: set its final address"
        ))),
        429 => Err(DeliveryError::Throttled {
            retry_after: wait(answer),
        }),
        503 if answer.retry_after.is_some() => Err(DeliveryError::Throttled {
            retry_after: wait(answer),
        }),
        408 | 425 | 500..=599 => Err(DeliveryError::Unavailable(format!(
            "the webhook answered HTTP {status}{said}"
        ))),
        _ => Err(DeliveryError::Refused(format!(
            "the webhook answered HTTP {status}{said}"
        ))),
    }
}

/// What a failed SMTP delivery means: 4xx and every kind of lost connection can be tried again,
/// 5xx and what our own side can't do (no STARTTLS, no common login) can't.
pub(crate) fn of_smtp(error: &lettre::transport::smtp::Error) -> DeliveryError {
    let reason = format!("mail server: {}", one_line(&error.to_string()));
    if error.is_permanent() || error.is_client() {
        DeliveryError::Refused(reason)
    } else {
        DeliveryError::Unavailable(reason)
    }
}

/// `Retry-After` in either of its forms (RFC 9110, section 10.2.3), within our limit.
fn wait(answer: &Answer<'_>) -> Duration {
    let Some(text) = answer.retry_after.map(str::trim) else {
        return RETRY_AFTER_DEFAULT;
    };
    let seconds = text.parse::<u64>().ok().or_else(|| {
        let now = timestamp(answer.date?)?;
        u64::try_from(timestamp(text)?.as_second() - now.as_second()).ok()
    });
    seconds
        .map_or(RETRY_AFTER_DEFAULT, Duration::from_secs)
        .min(RETRY_AFTER_MAX)
}

fn timestamp(http_date: &str) -> Option<jiff::Timestamp> {
    DateTimeParser::new().parse_timestamp(http_date.trim()).ok()
}

/// JSON with `"ok": false` or `"success": false`.
fn denies(body: &str) -> bool {
    let Ok(serde_json::Value::Object(answer)) = serde_json::from_str(body) else {
        return false;
    };
    ["ok", "success"]
        .iter()
        .any(|key| answer.get(*key) == Some(&serde_json::Value::Bool(false)))
}

fn quote(body: &str) -> String {
    match one_line(body) {
        empty if empty.is_empty() => String::new(),
        text => format!(": {text}"),
    }
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    line.chars().take(QUOTE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, retry_after: Option<&str>, body: &str) -> String {
        let date = Some("Fri, 20 Nov 2026 06:30:00 GMT");
        match of_webhook(&Answer {
            status,
            retry_after,
            date,
            body,
        }) {
            Ok(()) => "delivered".to_owned(),
            Err(DeliveryError::Throttled { retry_after }) => {
                format!("wait {}", retry_after.as_secs())
            }
            Err(DeliveryError::Unavailable(reason)) => format!("again: {reason}"),
            Err(DeliveryError::Refused(reason)) => format!("never: {reason}"),
        }
    }

    #[test]
    fn webhook_answers() {
        for (status, retry_after, body, expected) in [
            (200, None, "ok", "delivered"),
            (200, None, "", "delivered"),
            (204, None, "", "delivered"),
            (200, None, r#"{"success":true}"#, "delivered"),
            (
                200,
                None,
                r#"{"ok":false,"error":"x"}"#,
                r#"never: the webhook said no (HTTP 200): {"ok":false,"error":"x"}"#,
            ),
            (
                302,
                None,
                "moved",
                "never: the webhook redirects (HTTP 302), which is not followed: \
                 set its final address",
            ),
            (
                400,
                None,
                "invalid_payload",
                "never: the webhook answered HTTP 400: invalid_payload",
            ),
            (
                403,
                None,
                "action_prohibited",
                "never: the webhook answered HTTP 403: action_prohibited",
            ),
            (
                404,
                None,
                "no_service",
                "never: the webhook answered HTTP 404: no_service",
            ),
            (
                410,
                None,
                "channel_is_archived\n",
                "never: the webhook answered HTTP 410: channel_is_archived",
            ),
            (408, None, "", "again: the webhook answered HTTP 408"),
            (
                500,
                None,
                "rollup_error",
                "again: the webhook answered HTTP 500: rollup_error",
            ),
            (503, None, "", "again: the webhook answered HTTP 503"),
            (503, Some("7"), "", "wait 7"),
            (429, Some("12"), "rate_limited", "wait 12"),
            (429, Some(" 0 "), "", "wait 0"),
            (429, None, "", "wait 30"),
            (429, Some("soon"), "", "wait 30"),
            (429, Some("-5"), "", "wait 30"),
            (429, Some("999999"), "", "wait 3600"),
            (429, Some("Fri, 20 Nov 2026 06:31:05 GMT"), "", "wait 65"),
            (429, Some("Fri, 20 Nov 2026 06:29:00 GMT"), "", "wait 30"),
        ] {
            assert_eq!(
                outcome(status, retry_after, body),
                expected,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_login_page_is_not_a_delivery() {
        assert!(outcome(200, None, "\n<!DOCTYPE html><p>sign in").starts_with("never: a web page"));
    }

    #[test]
    fn long_answers_are_cut() {
        assert!(outcome(400, None, &"x".repeat(9000)).len() < 400);
    }
}
