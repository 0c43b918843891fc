//! When a schedule fires: as people say it, and as the Temporal server takes it.
//!
//! Times of day are those of the schedule's zone. The server, and nobody else, computes when a
//! schedule fires; here is only said which of its times a change of clocks swallows.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use temporalio_common::protos::temporal::api::schedule::v1::{CalendarSpec, ScheduleSpec};

use crate::config::{FromText, WEEKDAYS, weekday};

/// How far ahead a day is looked for that does not have the time of day.
const LOOK_AHEAD_DAYS: usize = 400;

/// When a schedule fires.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Timing {
    /// Every day.
    Daily(Time),
    /// On these days of the week.
    Weekly(Vec<Weekday>, Time),
    /// On these days of the month.
    Monthly(Vec<MonthDay>, Time),
    /// A cron expression of five to seven fields; the server reads it.
    Cron(String),
}

/// A day of the month.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MonthDay {
    /// By number, 1 to 31. A month without it is left out.
    Number(i8),
    /// The last one, whatever its number.
    Last,
}

impl Timing {
    /// `--daily 06:30`
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn daily(time: &str) -> Result<Self, String> {
        Ok(Timing::Daily(Time::from_text(time)?))
    }

    /// `--weekly mon,thu 06:30`
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn weekly(days: &str, time: &str) -> Result<Self, String> {
        let mut days = days
            .split(',')
            .map(weekday)
            .collect::<Result<Vec<_>, _>>()?;
        days.sort_by_key(|day| day.to_monday_one_offset());
        days.dedup();
        Ok(Timing::Weekly(days, Time::from_text(time)?))
    }

    /// `--monthly 1,15,last 06:30`
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn monthly(days: &str, time: &str) -> Result<Self, String> {
        let mut days = days
            .split(',')
            .map(month_day)
            .collect::<Result<Vec<_>, _>>()?;
        days.sort_unstable();
        days.dedup();
        Ok(Timing::Monthly(days, Time::from_text(time)?))
    }

    /// `--cron "30 6 * * 1-5"`
    ///
    /// # Errors
    /// What is wrong with its shape; the server says what is wrong with its values.
    pub fn cron(expression: &str) -> Result<Self, String> {
        let expression = expression.trim();
        let fields = expression.split_whitespace().count();
        let says_more = expression.contains(['=', '#', '@']);
        if says_more || !(5..=7).contains(&fields) {
            return Err(format!(
                "`{expression}` is not a cron expression: write minute, hour, day of the month, \
                 month and day of the week, as `30 6 * * 1-5`; the zone is --time-zone"
            ));
        }
        Ok(Timing::Cron(expression.to_owned()))
    }

    /// What the server is to compute with.
    #[must_use]
    pub fn spec(&self, time_zone: &str) -> ScheduleSpec {
        let words = self.to_string();
        let at = |time: &Time| CalendarSpec {
            second: time.second().to_string(),
            minute: time.minute().to_string(),
            hour: time.hour().to_string(),
            comment: words.clone(),
            ..CalendarSpec::default()
        };
        let calendar = match self {
            Timing::Daily(time) => vec![at(time)],
            Timing::Weekly(days, time) => vec![CalendarSpec {
                day_of_week: listed(days.iter().map(|day| day.to_sunday_zero_offset())),
                ..at(time)
            }],
            Timing::Monthly(days, time) => days
                .iter()
                .flat_map(|day| day.calendars())
                .map(|(day_of_month, month, year)| CalendarSpec {
                    day_of_month,
                    month: month.to_owned(),
                    year: year.to_owned(),
                    ..at(time)
                })
                .collect(),
            Timing::Cron(_) => Vec::new(),
        };
        let cron_string = match self {
            Timing::Cron(expression) => vec![format!("{expression} # {words}")],
            _ => Vec::new(),
        };
        ScheduleSpec {
            calendar,
            cron_string,
            timezone_name: time_zone.to_owned(),
            ..ScheduleSpec::default()
        }
    }

    /// The first day from `from` on, within a year or so, on which this schedule should fire and
    /// can't: the clocks go forward over its time of day. Nothing is known of a cron expression.
    #[must_use]
    pub fn swallowed(&self, zone: &TimeZone, from: Date) -> Option<Date> {
        let time = match self {
            Timing::Daily(time) | Timing::Weekly(_, time) | Timing::Monthly(_, time) => *time,
            Timing::Cron(_) => return None,
        };
        from.series(jiff::Span::new().days(1))
            .take(LOOK_AHEAD_DAYS)
            .filter(|day| self.is_on(*day))
            .find(|day| {
                let local = zone.to_ambiguous_timestamp(day.to_datetime(time));
                matches!(local.offset(), AmbiguousOffset::Gap { .. })
            })
    }

    fn is_on(&self, day: Date) -> bool {
        match self {
            Timing::Daily(_) | Timing::Cron(_) => true,
            Timing::Weekly(days, _) => days.contains(&day.weekday()),
            Timing::Monthly(days, _) => days.iter().any(|listed| match listed {
                MonthDay::Number(number) => *number == day.day(),
                MonthDay::Last => day.last_of_month() == day,
            }),
        }
    }
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Timing::Daily(time) => write!(f, "daily at {}", clock(*time)),
            Timing::Weekly(days, time) => {
                let names = days
                    .iter()
                    .map(|day| weekday_name(*day))
                    .collect::<Vec<_>>();
                write!(f, "weekly on {} at {}", names.join(", "), clock(*time))
            }
            Timing::Monthly(days, time) => {
                let days = days.iter().map(|day| match day {
                    MonthDay::Number(number) => format!("day {number}"),
                    MonthDay::Last => "the last day".to_owned(),
                });
                let days = days.collect::<Vec<_>>().join(", ");
                write!(f, "monthly on {days} at {}", clock(*time))
            }
            Timing::Cron(expression) => write!(f, "cron {expression}"),
        }
    }
}

impl MonthDay {
    /// Days, months and years of the calendars that match this day. The server has no last day of
    /// the month: it is spelled out, up to the last year that the server knows.
    fn calendars(self) -> Vec<(String, &'static str, &'static str)> {
        const NO_LEAP_YEARS: &str = "2001-2097/4,2002-2098/4,2003-2099/4,2100";
        match self {
            MonthDay::Number(number) => vec![(number.to_string(), "", "")],
            MonthDay::Last => vec![
                ("31".to_owned(), "1,3,5,7,8,10,12", ""),
                ("30".to_owned(), "4,6,9,11", ""),
                ("29".to_owned(), "2", ""),
                ("28".to_owned(), "2", NO_LEAP_YEARS),
            ],
        }
    }
}

fn weekday_name(day: Weekday) -> &'static str {
    let known = WEEKDAYS.iter().find(|(_, known)| *known == day);
    known.map_or("", |(name, _)| &name[..3])
}

fn month_day(text: &str) -> Result<MonthDay, String> {
    let text = text.trim();
    if text == "last" {
        return Ok(MonthDay::Last);
    }
    let number = text.parse().ok().filter(|day| (1..=31).contains(day));
    number
        .map(MonthDay::Number)
        .ok_or_else(|| format!("`{text}` is not a day of the month: write 1 to 31, or last"))
}

fn clock(time: Time) -> String {
    match time.second() {
        0 => time.strftime("%H:%M").to_string(),
        _ => time.strftime("%H:%M:%S").to_string(),
    }
}

fn listed(numbers: impl Iterator<Item = i8>) -> String {
    numbers.map(|n| n.to_string()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn what_people_say_is_said_back() {
        for (timing, words) in [
            (Timing::daily("06:30"), "daily at 06:30"),
            (
                Timing::weekly("thu,monday,Thu", "23:00"),
                "weekly on mon, thu at 23:00",
            ),
            (
                Timing::monthly("last,15,1", "06:30:05"),
                "monthly on day 1, day 15, the last day at 06:30:05",
            ),
            (Timing::cron(" 30 6 * * 1-5 "), "cron 30 6 * * 1-5"),
        ] {
            assert_eq!(
                timing.map(|timing| timing.to_string()),
                Ok(words.to_owned())
            );
        }
    }

    #[test]
    fn a_slip_is_refused_with_what_would_be_right() {
        for (timing, expected) in [
            (Timing::daily("24:00"), "`24:00` is not a time of day"),
            (Timing::daily("noon"), "`noon` is not a time of day"),
            (
                Timing::weekly("mo", "06:30"),
                "`mo` is not a day of the week",
            ),
            (Timing::weekly("", "06:30"), "`` is not a day of the week"),
            (
                Timing::monthly("0", "06:30"),
                "`0` is not a day of the month",
            ),
            (
                Timing::monthly("32", "06:30"),
                "`32` is not a day of the month",
            ),
            (
                Timing::monthly("first", "06:30"),
                "`first` is not a day of the month",
            ),
            (
                Timing::cron("30 6 * *"),
                "`30 6 * *` is not a cron expression",
            ),
            (
                Timing::cron("@every 1h"),
                "`@every 1h` is not a cron expression",
            ),
            (
                Timing::cron("CRON_TZ=UTC 0 6 * * *"),
                "the zone is --time-zone",
            ),
        ] {
            let problem = timing.expect_err(expected);
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_jump_over_is_found() {
        let zone = |name: &str| TimeZone::get(name).expect("a zone");
        let from = date(2026, 11, 23);
        for (timing, name, expected) in [
            (
                Timing::daily("02:30"),
                "Europe/Berlin",
                Some(date(2027, 3, 28)),
            ),
            (Timing::daily("03:00"), "Europe/Berlin", None),
            (Timing::daily("01:59"), "Europe/Berlin", None),
            (Timing::daily("02:30"), "Asia/Kolkata", None),
            (
                Timing::daily("02:15"),
                "Australia/Lord_Howe",
                Some(date(2027, 10, 3)),
            ),
            (
                Timing::daily("00:00"),
                "America/Santiago",
                Some(date(2027, 9, 5)),
            ),
            (Timing::weekly("mon", "02:30"), "Europe/Berlin", None),
            (
                Timing::weekly("sun", "02:30"),
                "Europe/Berlin",
                Some(date(2027, 3, 28)),
            ),
            (
                Timing::monthly("28", "02:30"),
                "Europe/Berlin",
                Some(date(2027, 3, 28)),
            ),
            (Timing::monthly("last", "02:30"), "Europe/Berlin", None),
        ] {
            let timing = timing.expect("a timing");
            assert_eq!(
                timing.swallowed(&zone(name), from),
                expected,
                "{timing} {name}"
            );
        }
    }
}
