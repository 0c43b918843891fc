//! What a Schedule was told about a source, into the domain's rule.

use domain::schedule::{DAYS_BACK_MAX, Holidays, ScheduleRule};

use crate::convert::{RequestError, identifier};
use crate::wire::ScheduledInput;

/// The rule of a scheduled start, as far as it can be checked without the configuration.
///
/// # Errors
/// The first field at fault.
pub fn schedule_rule(input: &ScheduledInput) -> Result<ScheduleRule, RequestError> {
    identifier("source", &input.source)?;
    let holidays = match input.holidays.as_str() {
        "" => Holidays::Skip,
        text => Holidays::parse(text).ok_or_else(|| RequestError::Invalid {
            field: "holidays",
            problem: "must be skip, move or run",
            value: text.to_owned(),
        })?,
    };
    if input.days_back > DAYS_BACK_MAX {
        return Err(RequestError::Invalid {
            field: "days_back",
            problem: "must be at most 366",
            value: input.days_back.to_string(),
        });
    }
    Ok(ScheduleRule {
        days_back: input.days_back,
        holidays,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ScheduleRule, String> {
        let input = serde_json::from_str(json).map_err(|error| error.to_string())?;
        schedule_rule(&input).map_err(|error| error.to_string())
    }

    #[test]
    fn a_source_is_enough_and_days_off_are_left_out() {
        let rule = ScheduleRule {
            days_back: 0,
            holidays: Holidays::Skip,
        };
        assert_eq!(read(r#"{"source":"shop"}"#), Ok(rule));
        let given = r#"{"source":"shop","days_back":366,"holidays":"move"}"#;
        let rule = ScheduleRule {
            days_back: 366,
            holidays: Holidays::Move,
        };
        assert_eq!(read(given), Ok(rule));
    }

    #[test]
    fn a_mistake_is_named() {
        for (json, expected) in [
            ("{}", "missing field `source`"),
            (
                r#"{"source":"a","holidays":"shift"}"#,
                "field `holidays`: must be skip, move or run, given `shift`",
            ),
            (
                r#"{"source":"a","days_back":367}"#,
                "field `days_back`: must be at most 366, given `367`",
            ),
        ] {
            assert_eq!(read(json), Err(expected.to_owned()));
        }
    }
}
