//! Wire values into domain values, and back: the one place where a request that people or other
//! services typed becomes something that can be trusted.

use domain::policy::{RunContext, Scope};
use jiff::civil::Date;

use crate::wire;

/// Longest text of an identifier in a request, in bytes: ids become workflow ids (at most 1,000).
pub const IDENTIFIER_BYTES_MAX: usize = 200;

/// A request that can't be taken. The message names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A required field is not there or empty.
    #[error("missing field `{0}`")]
    Missing(&'static str),
    /// A field has a value that it can't have.
    #[error("field `{field}`: {problem}, given `{value}`")]
    Invalid {
        /// Its name in the JSON.
        field: &'static str,
        /// What would be right.
        problem: &'static str,
        /// What was given.
        value: String,
    },
    /// The JSON is not of the message's form: an unknown field, or a value of another type.
    #[error("{0}")]
    Unreadable(String),
}

/// Checks what can be checked without the configuration.
///
/// # Errors
/// The first field at fault.
pub fn validate_request(request: &wire::ReconciliationInput) -> Result<(), RequestError> {
    identifier("source", &request.source)?;
    run_context(request).map(|_| ())
}

/// The date and scope of a request.
///
/// # Errors
/// The first field at fault.
pub fn run_context(request: &wire::ReconciliationInput) -> Result<RunContext, RequestError> {
    let business_date = business_date(&request.business_date)?;
    let scope = match &request.scope {
        None => Scope::Whole,
        Some(scope) => self::scope(scope)?,
    };
    Ok(RunContext {
        business_date,
        scope,
    })
}

/// A date as `YYYY-MM-DD`, and no other way.
///
/// # Errors
/// Missing, or not such a date.
pub fn business_date(text: &str) -> Result<Date, RequestError> {
    day("business_date", text)
}

/// The date in the field `field`.
pub(crate) fn day(field: &'static str, text: &str) -> Result<Date, RequestError> {
    if text.is_empty() {
        return Err(RequestError::Missing(field));
    }
    let shaped = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    text.parse()
        .ok()
        .filter(|_| shaped)
        .ok_or_else(|| RequestError::Invalid {
            field,
            problem: "must be a day of the calendar as YYYY-MM-DD",
            value: text.to_owned(),
        })
}

fn scope(scope: &wire::Scope) -> Result<Scope, RequestError> {
    match (&scope.client, &scope.invoice) {
        (Some(client), None) => {
            identifier("scope.client", client).map(|()| Scope::Client(client.clone()))
        }
        (None, Some(invoice)) => {
            identifier("scope.invoice", invoice).map(|()| Scope::Invoice(invoice.clone()))
        }
        (client, _) => Err(RequestError::Invalid {
            field: "scope",
            problem: "must name either a client or an invoice",
            value: client.as_ref().map_or("neither", |_| "both").to_owned(),
        }),
    }
}

/// A name in the field `field`: not empty, not too long, without control characters.
pub(crate) fn identifier(field: &'static str, value: &str) -> Result<(), RequestError> {
    if value.is_empty() {
        return Err(RequestError::Missing(field));
    }
    if value.len() > IDENTIFIER_BYTES_MAX || value.chars().any(char::is_control) {
        return Err(RequestError::Invalid {
            field,
            problem: "must be at most 200 bytes without control characters",
            value: value.chars().take(40).collect(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(json: &str) -> String {
        serde_json::from_str::<wire::ReconciliationInput>(json)
            .map_err(|error| error.to_string())
            .and_then(|request| validate_request(&request).map_err(|error| error.to_string()))
            .expect_err(json)
    }

    #[test]
    fn a_mistake_in_a_request_is_named() {
        for (json, expected) in [
            (r#"{}"#, "missing field `source`"),
            (r#"{"source":"a"}"#, "missing field `business_date`"),
            (
                r#"{"source":"a","business_date":"20.11.2026"}"#,
                "field `business_date`: must be a day of the calendar as YYYY-MM-DD, given \
                 `20.11.2026`",
            ),
            (
                r#"{"source":"a","business_date":"2026-11-20","scope":{}}"#,
                "field `scope`: must name either a client or an invoice, given `neither`",
            ),
        ] {
            assert_eq!(problem(json), expected);
        }
        let unknown = problem(r#"{"source":"a","busines_date":"2026-11-20"}"#);
        assert!(
            unknown.starts_with("unknown field `busines_date`, expected one of"),
            "{unknown}"
        );
    }

    #[test]
    fn a_date_is_a_date() {
        for text in [
            "2026-02-30",
            "2026-11-20T00:00",
            "20261120",
            "2026-1-20",
            " 2026-11-20",
        ] {
            assert!(business_date(text).is_err(), "{text}");
        }
        assert!(business_date("2024-02-29").is_ok());
    }
}
