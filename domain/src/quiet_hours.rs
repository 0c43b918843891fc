//! Hours in which only what is urgent is told: the rest waits until they end.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::calendar::BusinessCalendar;
use crate::severity::Severity;

/// Days that are looked ahead for the end of quiet: a calendar without any business day has none.
const DAYS_AHEAD_MAX: u32 = 366;

/// When a channel is not disturbed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuietHours {
    /// From this time of day.
    pub from: Time,
    /// To this one, on the next day when it is earlier. Equal: no hours at all.
    pub to: Time,
    /// The zone of both.
    pub time_zone: TimeZone,
    /// Whole days off are quiet too.
    pub days_off: bool,
    /// What is at least this urgent is told anyway.
    pub except_from: Severity,
}

impl QuietHours {
    /// When something of this severity may be told that came up at `now`: at once, or when quiet
    /// ends. A calendar that never ends it does not hold anything back.
    #[must_use]
    pub fn told_at(
        &self,
        severity: Severity,
        now: Timestamp,
        calendar: &BusinessCalendar,
    ) -> Timestamp {
        if severity >= self.except_from || self.from == self.to && !self.days_off {
            return now;
        }
        let mut local = now.to_zoned(self.time_zone.clone());
        let last_day = i64::from(DAYS_AHEAD_MAX);
        while let Some(end) = self.end_of_quiet(&local, calendar) {
            let days = crate::calendar::days_between(
                now.to_zoned(self.time_zone.clone()).date(),
                end.date(),
            );
            if end.timestamp() <= local.timestamp() || days > last_day {
                return now;
            }
            local = end;
        }
        local.timestamp()
    }

    /// When the quiet that `local` is in ends; none when it is not quiet then.
    fn end_of_quiet(&self, local: &Zoned, calendar: &BusinessCalendar) -> Option<Zoned> {
        let midnight = || {
            local
                .start_of_day()
                .ok()?
                .tomorrow()
                .ok()?
                .start_of_day()
                .ok()
        };
        if self.days_off && !calendar.is_business_day(local.date()) {
            return midnight();
        }
        let time = local.time();
        let ends_today = || {
            let end = local.date().to_datetime(self.to);
            end.to_zoned(self.time_zone.clone()).ok()
        };
        let in_hours = match self.from.cmp(&self.to) {
            std::cmp::Ordering::Equal => false,
            std::cmp::Ordering::Less => self.from <= time && time < self.to,
            std::cmp::Ordering::Greater => time >= self.from || time < self.to,
        };
        match in_hours {
            false => None,
            true if time < self.to => ends_today(),
            true => midnight(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use jiff::civil::time;
    use proptest::prelude::*;

    fn quiet(from: Time, to: Time, days_off: bool) -> QuietHours {
        QuietHours {
            from,
            to,
            time_zone: TimeZone::get("Europe/Berlin").expect("a zone"),
            days_off,
            except_from: Severity::Critical,
        }
    }

    fn told(quiet: &QuietHours, severity: Severity, now: &str) -> String {
        let now = now.parse().expect("an instant");
        quiet
            .told_at(severity, now, &BusinessCalendar::default())
            .to_string()
    }

    #[test]
    fn what_is_not_urgent_waits_for_the_morning() {
        let nights = quiet(time(20, 0, 0, 0), time(7, 0, 0, 0), true);
        for (now, at, why) in [
            ("2026-11-19T12:00:00Z", "2026-11-19T12:00:00Z", "by day"),
            (
                "2026-11-19T18:59:59Z",
                "2026-11-19T18:59:59Z",
                "a second before",
            ),
            ("2026-11-19T19:00:00Z", "2026-11-20T06:00:00Z", "evening"),
            ("2026-11-20T03:00:00Z", "2026-11-20T06:00:00Z", "night"),
            (
                "2026-11-20T06:00:00Z",
                "2026-11-20T06:00:00Z",
                "seven o'clock",
            ),
            (
                "2026-11-20T19:30:00Z",
                "2026-11-23T06:00:00Z",
                "Friday evening",
            ),
            ("2026-11-21T12:00:00Z", "2026-11-23T06:00:00Z", "Saturday"),
            (
                "2027-03-26T20:00:00Z",
                "2027-03-29T05:00:00Z",
                "the clocks go forward",
            ),
        ] {
            assert_eq!(told(&nights, Severity::High, now), at, "{why}");
            assert_eq!(told(&nights, Severity::Critical, now), now, "{why}");
        }
        let lunch = quiet(time(12, 0, 0, 0), time(13, 0, 0, 0), false);
        assert_eq!(
            told(&lunch, Severity::Low, "2026-11-21T11:30:00Z"),
            "2026-11-21T12:00:00Z"
        );
    }

    #[test]
    fn a_calendar_without_business_days_holds_nothing_back() {
        use jiff::civil::Weekday;
        let never = BusinessCalendar {
            days_off: Weekday::Monday.cycle_forward().take(7).collect(),
            ..BusinessCalendar::default()
        };
        let now = "2026-11-20T12:00:00Z".parse().expect("an instant");
        let days = quiet(time(0, 0, 0, 0), time(0, 0, 0, 0), true);
        assert_eq!(days.told_at(Severity::Low, now, &never), now);
    }

    proptest! {
        #[test]
        fn it_is_told_at_the_first_minute_that_is_not_quiet(
            start in 1_700_000_000i64..1_900_000_000,
            from in 0i8..24, to in 0i8..24, days_off: bool,
        ) {
            let quiet = quiet(time(from, 0, 0, 0), time(to, 0, 0, 0), days_off);
            let calendar = BusinessCalendar::default();
            let now = Timestamp::from_second(start - start % 3600).expect("an instant");
            let at = quiet.told_at(Severity::High, now, &calendar);
            let is_quiet = |instant: Timestamp| {
                let local = instant.to_zoned(quiet.time_zone.clone());
                let hour = local.hour();
                let in_hours = match from.cmp(&to) {
                    std::cmp::Ordering::Equal => false,
                    std::cmp::Ordering::Less => from <= hour && hour < to,
                    std::cmp::Ordering::Greater => hour >= from || hour < to,
                };
                in_hours || days_off && !calendar.is_business_day(local.date())
            };
            let mut first = now;
            while is_quiet(first) {
                first += SignedDuration::from_hours(1);
            }
            prop_assert_eq!(at, first);
        }
    }
}
