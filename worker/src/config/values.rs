//! Texts of the configuration that are values of the domain: amounts, currencies, kinds, days.
//!
//! The domain knows no serde; here its own parsers are put behind [`Parsed`], so that a wrong
//! value is reported at its place in the file like any other mistake.

use std::fmt;
use std::marker::PhantomData;

use domain::calendar::DayUnit;
use domain::case::{Action, ResolutionKind};
use domain::discrepancy::Kind;
use domain::escalation::Wait;
use domain::money::{Amount, Currency};
use domain::open_items::Records;
use domain::severity::Severity;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::suggest::closest;

/// Longest wait in business days; more is a slip, not a policy.
const WAIT_BUSINESS_DAYS_MAX: u32 = 366;

/// A value that a text of the configuration stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Parsed<T>(pub(crate) T);

/// How a text becomes a value.
pub(crate) trait FromText: Sized {
    /// What is expected, for messages: `an amount in quotes ("0.01")`.
    const EXPECTED: &'static str;

    /// Reads it, or says what is wrong and what would be right.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl<'de, T: FromText> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor(PhantomData))
    }
}

struct TextVisitor<T>(PhantomData<T>);

impl<'de, T: FromText> Visitor<'de> for TextVisitor<T> {
    type Value = Parsed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Parsed<T>, E> {
        T::from_text(text).map(Parsed).map_err(E::custom)
    }

    /// TOML's own dates and times (`2026-12-25` without quotes) arrive as a map.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Parsed<T>, A::Error> {
        let date = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| A::Error::custom(format!("expected {}, found a table", T::EXPECTED)))?;
        self.visit_str(&date.to_string())
    }
}

/// A value that is written as a text, or as a table where there is more to say.
pub(crate) trait TextOrTable: Sized {
    /// The table.
    type Table: for<'de> Deserialize<'de>;

    /// What is expected, for messages.
    const EXPECTED: &'static str;

    /// Reads a text, or says what is wrong and what would be right.
    fn from_text(text: &str) -> Result<Self, String>;

    /// Takes a table, or says what is wrong with it.
    fn from_table(table: Self::Table) -> Result<Self, String>;
}

/// Reads such a value, keeping the place of a mistake in the file, which an untagged enum would lose.
pub(crate) fn text_or_table<'de, T: TextOrTable, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(TextOrTableVisitor(PhantomData))
}

struct TextOrTableVisitor<T>(PhantomData<T>);

impl<'de, T: TextOrTable> Visitor<'de> for TextOrTableVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let table = T::Table::deserialize(MapAccessDeserializer::new(map))?;
        T::from_table(table).map_err(A::Error::custom)
    }
}

impl FromText for Amount {
    const EXPECTED: &'static str = "an amount in quotes (\"0.01\")";

    fn from_text(text: &str) -> Result<Self, String> {
        Amount::parse(text)
            .map_err(|e| format!("`{text}` is not an amount: {e}; write digits as in `1234.56`"))
    }
}

impl FromText for SignedDuration {
    const EXPECTED: &'static str = "a duration in quotes (\"3 days\")";

    fn from_text(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a duration: write how many days, hours, minutes or seconds, as \
                 `3 days` or `36 hours`; a day is 24 hours"
            )
        };
        let span: Span = text.parse().map_err(|_| wrong())?;
        let days = SpanRelativeTo::days_are_24_hours();
        match span.to_duration(days) {
            Ok(duration) if duration.is_positive() => Ok(duration),
            _ => Err(wrong()),
        }
    }
}

impl FromText for Wait {
    const EXPECTED: &'static str = "how long to wait, in quotes (\"4 hours\", \"2 business days\")";

    fn from_text(text: &str) -> Result<Self, String> {
        let count = ["business days", "business day"]
            .into_iter()
            .find_map(|unit| text.trim_end().strip_suffix(unit));
        let Some(count) = count else {
            return SignedDuration::from_text(text).map(Wait::Elapsed);
        };
        match count.trim().parse() {
            Ok(days @ 1..=WAIT_BUSINESS_DAYS_MAX) => Ok(Wait::BusinessDays(days)),
            _ => Err(format!(
                "`{text}` is not so many business days: write a number from 1 to \
                 {WAIT_BUSINESS_DAYS_MAX}, as `2 business days`"
            )),
        }
    }
}

impl FromText for Currency {
    const EXPECTED: &'static str = "a currency code (\"EUR\")";

    fn from_text(text: &str) -> Result<Self, String> {
        match Currency::parse(text) {
            Ok(currency) if currency.code() == text => Ok(currency),
            Ok(currency) => Err(format!("write the currency `{text}` as `{currency}`")),
            Err(_) => Err(format!(
                "`{text}` is not a currency: expected three capital letters, as `EUR`"
            )),
        }
    }
}

impl FromText for Date {
    const EXPECTED: &'static str = "a date (2026-12-25)";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("`{text}` is not a date: write year-month-day, as 2026-12-25"))
    }
}

impl FromText for Time {
    const EXPECTED: &'static str = "a time of day (\"23:30\")";

    fn from_text(text: &str) -> Result<Self, String> {
        let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b':');
        let time = digits.then(|| text.parse().ok()).flatten();
        time.ok_or_else(|| format!("`{text}` is not a time of day: write hours:minutes, as 23:30"))
    }
}

/// A day of the week and a time of day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DayAndTime(pub(crate) Weekday, pub(crate) Time);

impl FromText for DayAndTime {
    const EXPECTED: &'static str = "a day of the week and a time of day (\"mon 08:00\")";

    fn from_text(text: &str) -> Result<Self, String> {
        let Some((day, time)) = text.split_once(' ') else {
            return Err(format!(
                "`{text}` is not a day and a time: write them as in `mon 08:00`"
            ));
        };
        Ok(DayAndTime(weekday(day)?, Time::from_text(time.trim())?))
    }
}

/// A day of the week by its name, or at least its first three letters.
pub(crate) fn weekday(text: &str) -> Result<Weekday, String> {
    let text = text.trim().to_lowercase();
    let mut known = WEEKDAYS.iter();
    let found = known.find(|(name, _)| text.len() >= 3 && name.starts_with(&text));
    found.map(|(_, day)| *day).ok_or_else(|| {
        format!("`{text}` is not a day of the week: write mon, tue, wed, thu, fri, sat or sun")
    })
}

impl FromText for TimeZone {
    const EXPECTED: &'static str = "an IANA time zone (\"Europe/Berlin\")";

    fn from_text(text: &str) -> Result<Self, String> {
        TimeZone::get(text).map_err(|_| {
            let names: Vec<String> = jiff::tz::db()
                .available()
                .map(|name| name.to_string())
                .collect();
            match closest(text, names.iter().map(String::as_str)) {
                Some(name) => format!("unknown time zone `{text}`; did you mean `{name}`?"),
                None => format!("unknown time zone `{text}`; expected a name as `Europe/Berlin`"),
            }
        })
    }
}

impl FromText for Weekday {
    const EXPECTED: &'static str = "a day of the week (\"saturday\")";

    fn from_text(text: &str) -> Result<Self, String> {
        named("day of the week", text, &WEEKDAYS)
    }
}

impl FromText for DayUnit {
    const EXPECTED: &'static str = "\"calendar\" or \"business\"";

    fn from_text(text: &str) -> Result<Self, String> {
        named("unit of days", text, &DAY_UNITS)
    }
}

impl FromText for Records {
    const EXPECTED: &'static str = "\"new\", \"cumulative\" or \"snapshot\"";

    fn from_text(text: &str) -> Result<Self, String> {
        named(
            "way of sending records",
            text,
            &pairs(Records::ALL, Records::name),
        )
    }
}

impl FromText for Kind {
    const EXPECTED: &'static str = "a kind of discrepancy (\"amount_mismatch\")";

    fn from_text(text: &str) -> Result<Self, String> {
        named("kind of discrepancy", text, &pairs(Kind::ALL, Kind::name))
    }
}

impl FromText for Action {
    const EXPECTED: &'static str = "an action (\"resolve\")";

    fn from_text(text: &str) -> Result<Self, String> {
        named("action", text, &pairs(Action::ALL, Action::name))
    }
}

impl FromText for ResolutionKind {
    const EXPECTED: &'static str = "a resolution (\"write_off\")";

    fn from_text(text: &str) -> Result<Self, String> {
        let known = pairs(ResolutionKind::ALL, ResolutionKind::name);
        named("resolution", text, &known)
    }
}

impl FromText for Severity {
    const EXPECTED: &'static str = "\"low\", \"high\" or \"critical\"";

    fn from_text(text: &str) -> Result<Self, String> {
        named("severity", text, &pairs(Severity::ALL, Severity::name))
    }
}

/// The days of the week by name.
pub(crate) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

const DAY_UNITS: [(&str, DayUnit); 2] = [
    ("calendar", DayUnit::Calendar),
    ("business", DayUnit::Business),
];

fn pairs<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<(&'static str, T)> {
    all.iter().map(|value| (name(*value), *value)).collect()
}

/// The value called `text`, or what it could be instead.
pub(crate) fn named<T: Copy>(what: &str, text: &str, known: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, value)) = known.iter().find(|(name, _)| *name == text) {
        return Ok(*value);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let hint = closest(text, names.iter().copied())
        .map_or(String::new(), |name| format!("did you mean `{name}`? "));
    Err(format!(
        "unknown {what} `{text}`; {hint}one of: {}",
        names.join(", ")
    ))
}
