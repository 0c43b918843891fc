//! Values of a mapping that check themselves while the TOML is read, so that the error names the
//! line.

use jiff::tz::TimeZone;
use regex::Regex;
use serde::Deserialize;

/// An IANA time zone: `Europe/Berlin`, `UTC`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone(pub(super) TimeZone);

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        TimeZone::get(&name).map(Zone).map_err(|_| {
            format!("{name:?} is not an IANA time zone: write one such as \"Europe/Berlin\"")
        })
    }
}

/// Most bytes that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A regular expression (syntax of the Rust crate `regex`: no look-around, linear time).
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(pub(super) Regex);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        regex::RegexBuilder::new(&text)
            .size_limit(PATTERN_BYTES_MAX)
            .build()
            .map(Pattern)
            .map_err(|error| format!("{text:?} is not a regular expression: {error}"))
    }
}
