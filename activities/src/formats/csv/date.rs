//! Written dates and times to days.
//!
//! All formats of the mapping are tried: a text that two of them read as different days is refused,
//! not guessed. Years outside 1970 to 2100 are refused too: they come from a format that does not
//! fit (`%Y` reading `26`), or from a spreadsheet's day zero.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;

use super::mapping::CsvMapping;

/// Years that a payment can be of.
pub(crate) const YEARS: std::ops::RangeInclusive<i16> = 1970..=2100;
/// Texts whose day is remembered; reports repeat few of them.
const REMEMBERED_MAX: usize = 1024;

/// Reads the dates of one mapping.
pub(super) struct DateReader<'m> {
    formats: Vec<DateFormat<'m>>,
    time_zone: Option<&'m TimeZone>,
    date_zone: Option<&'m TimeZone>,
    zone_names: &'m std::collections::BTreeMap<String, crate::formats::settings::Zone>,
    remembered: HashMap<Box<str>, Date>,
}

struct DateFormat<'m> {
    text: &'m str,
    has_time: bool,
    has_offset: bool,
    /// Seconds since 1970: a day only in a zone.
    is_instant: bool,
    /// Length of every text of this format, when its parts are not kept apart by separators:
    /// `2026123` is no `%Y%m%d`.
    fixed_length: Option<usize>,
}

impl<'m> DateReader<'m> {
    /// Checks the formats by writing and reading back a known time.
    pub(super) fn new(mapping: &'m CsvMapping) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut formats = Vec::new();
        for format in &mapping.dates {
            match DateFormat::new(format) {
                Ok(format) => formats.push(format),
                Err(problem) => problems.push(problem),
            }
        }
        if mapping.dates.is_empty() {
            problems.push("dates is empty: give at least one format such as \"%Y-%m-%d\"".into());
        }
        let zone_known = mapping.time_zone.is_some() || mapping.fields.time_zone.is_some();
        for format in &formats {
            if format.is_instant && mapping.date_zone.is_none() {
                problems.push(format!(
                    "date format {:?} gives a day only in a zone: set date_zone",
                    format.text
                ));
            }
            if mapping.date_zone.is_some() && format.has_time && !format.has_offset && !zone_known {
                problems.push(format!(
                    "date_zone needs to know the zone of times such as {:?}: set time_zone",
                    format.text
                ));
            }
        }
        if mapping.date_zone.is_none() && zone_known {
            problems.push(
                "time_zone does nothing without date_zone, the zone whose day counts".to_owned(),
            );
        }
        match problems.is_empty() {
            true => Ok(DateReader {
                formats,
                time_zone: mapping.time_zone.as_ref().map(|zone| &zone.0),
                date_zone: mapping.date_zone.as_ref().map(|zone| &zone.0),
                zone_names: &mapping.zone_names,
                remembered: HashMap::new(),
            }),
            false => Err(problems),
        }
    }

    /// The day that `text` means. `zone_name` is the row's own zone.
    pub(super) fn read(&mut self, text: &str, zone_name: Option<&str>) -> Result<Date, String> {
        if zone_name.is_none()
            && let Some(date) = self.remembered.get(text)
        {
            return Ok(*date);
        }
        let date = self.read_anew(text, zone_name)?;
        if zone_name.is_none() && self.remembered.len() < REMEMBERED_MAX {
            self.remembered.insert(text.into(), date);
        }
        Ok(date)
    }

    fn read_anew(&self, text: &str, zone_name: Option<&str>) -> Result<Date, String> {
        let mut found: Option<(Date, &str)> = None;
        for format in &self.formats {
            let Some(parsed) = format.parse(text) else {
                continue;
            };
            let Some(date) = self.day(format, &parsed, zone_name)? else {
                continue;
            };
            match found {
                Some((other, by)) if other != date => {
                    return Err(format!(
                        "ambiguous: {other} by {by:?}, {date} by {:?}",
                        format.text
                    ));
                }
                _ => found = Some((date, format.text)),
            }
        }
        let formats: Vec<String> = self
            .formats
            .iter()
            .map(|f| format!("{:?}", f.text))
            .collect();
        found
            .map(|(date, _)| date)
            .ok_or_else(|| format!("not a date by {}", formats.join(" or ")))
    }

    /// The day of a parsed text; `None` when it is no real or plausible one.
    fn day(
        &self,
        format: &DateFormat<'_>,
        parsed: &BrokenDownTime,
        zone_name: Option<&str>,
    ) -> Result<Option<Date>, String> {
        let as_written = || parsed.to_date().ok();
        let date = match self.date_zone {
            Some(date_zone) if format.has_time => {
                let instant = match format.has_offset {
                    true => parsed.to_timestamp().ok(),
                    false => {
                        let zone = self.zone_of(zone_name)?;
                        let civil = parsed.to_datetime().ok();
                        civil
                            .and_then(|c| c.to_zoned(zone).ok())
                            .map(|z| z.timestamp())
                    }
                };
                instant.map(|instant| instant.to_zoned(date_zone.clone()).date())
            }
            _ => as_written(),
        };
        Ok(date.filter(|date| YEARS.contains(&date.year())))
    }

    fn zone_of(&self, name: Option<&str>) -> Result<TimeZone, String> {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        match (name, self.time_zone) {
            (Some(name), _) => match self.zone_names.get(name) {
                Some(zone) => Ok(zone.0.clone()),
                None => TimeZone::get(name).map_err(|_| {
                    format!("its time zone {name:?} is not an IANA name: add it to zone_names")
                }),
            },
            (None, Some(zone)) => Ok(zone.clone()),
            (None, None) => Err("the row does not say its time zone".to_owned()),
        }
    }
}

impl<'m> DateFormat<'m> {
    fn new(text: &'m str) -> Result<Self, String> {
        let example = jiff::civil::date(2026, 11, 23)
            .at(14, 35, 56, 0)
            .to_zoned(TimeZone::fixed(jiff::tz::offset(2)))
            .map_err(|error| error.to_string())?;
        let written = strtime::format(text, &example)
            .map_err(|error| format!("date format {text:?}: {error}"))?;
        let parsed = strtime::parse(text, &written)
            .map_err(|error| format!("date format {text:?} cannot be read: {error}"))?;
        let date = match parsed.to_date() {
            Ok(date) => Some(date),
            Err(_) => parsed
                .to_timestamp()
                .ok()
                .map(|t| t.to_zoned(TimeZone::UTC).date()),
        };
        if date != Some(example.date()) {
            return Err(format!(
                "date format {text:?} does not give a full date: it needs a year, a month and a day"
            ));
        }
        let has_offset = parsed.to_timestamp().is_ok();
        Ok(DateFormat {
            text,
            has_time: has_offset || parsed.hour().is_some(),
            has_offset,
            is_instant: parsed.to_date().is_err(),
            fixed_length: has_adjacent_numbers(text).then_some(written.len()),
        })
    }

    fn parse(&self, text: &str) -> Option<BrokenDownTime> {
        if self.fixed_length.is_some_and(|length| length != text.len()) {
            return None;
        }
        strtime::parse(self.text, text).ok()
    }
}

/// Whether two numbers follow each other without a separator: `%Y%m`.
fn has_adjacent_numbers(format: &str) -> bool {
    let mut parts = format.split('%').skip(1).peekable();
    let is_number = |part: &str| part.starts_with(['Y', 'y', 'm', 'd', 'H', 'M', 'S', 'j']);
    while let Some(part) = parts.next() {
        let followed = parts.peek().is_some_and(|next| is_number(next));
        if part.len() == 1 && is_number(part) && followed {
            return true;
        }
    }
    false
}
