//! Business days: which days a partner settles on, and counting by them.
//!
//! A calendar is data from the source's file. Nothing here knows what today is.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};

/// What a window of days counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayUnit {
    /// Every day.
    Calendar,
    /// Days on which the partner settles.
    Business,
}

/// Weekly days off and single holidays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusinessCalendar {
    /// Days of the week without settlement.
    pub days_off: Vec<Weekday>,
    /// Single days without settlement.
    pub holidays: BTreeSet<Date>,
}

impl Default for BusinessCalendar {
    /// Saturday and Sunday off, no holidays.
    fn default() -> Self {
        let days_off = vec![Weekday::Saturday, Weekday::Sunday];
        BusinessCalendar {
            days_off,
            holidays: BTreeSet::new(),
        }
    }
}

impl BusinessCalendar {
    /// Whether the partner settles on this day.
    #[must_use]
    pub fn is_business_day(&self, date: Date) -> bool {
        !self.days_off.contains(&date.weekday()) && !self.holidays.contains(&date)
    }

    /// This day, or the next one on which the partner settles; none before the calendar ends.
    #[must_use]
    pub fn business_day_from(&self, date: Date) -> Option<Date> {
        let mut day = date;
        while !self.is_business_day(day) {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }

    /// The day that lies this many business days before `date`; none before the calendar begins.
    #[must_use]
    pub fn business_days_before(&self, date: Date, count: u32) -> Option<Date> {
        let mut day = date;
        for _ in 0..count {
            day = day.yesterday().ok()?;
            while !self.is_business_day(day) {
                day = day.yesterday().ok()?;
            }
        }
        Some(day)
    }

    /// Business days after `from`, up to and including `to`; negative when `to` is earlier.
    #[must_use]
    pub fn business_days_between(&self, from: Date, to: Date) -> i64 {
        if to < from {
            return -self.business_days_between(to, from);
        }
        let days = days_between(from, to);
        let whole_weeks = days / 7;
        let open_days_a_week = 7 - self.distinct_days_off();
        let rest = from.checked_add(jiff::Span::new().days(whole_weeks * 7));
        let mut count = whole_weeks * open_days_a_week;
        let mut day = rest.unwrap_or(to);
        while day < to {
            day = day.tomorrow().unwrap_or(to);
            if !self.days_off.contains(&day.weekday()) {
                count += 1;
            }
        }
        let holidays = self.holidays.iter().filter(|holiday| {
            **holiday > from && **holiday <= to && !self.days_off.contains(&holiday.weekday())
        });
        count - holidays.count() as i64
    }

    /// Days after `from`, up to and including `to`, counted in `unit`; negative when earlier.
    #[must_use]
    pub fn days_between(&self, from: Date, to: Date, unit: DayUnit) -> i64 {
        match unit {
            DayUnit::Calendar => days_between(from, to),
            DayUnit::Business => self.business_days_between(from, to),
        }
    }

    fn distinct_days_off(&self) -> i64 {
        let mut seen: Vec<i8> = self
            .days_off
            .iter()
            .map(|d| d.to_monday_one_offset())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len() as i64
    }
}

/// Calendar days from `from` to `to`; negative when `to` is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn counts_business_days() {
        let calendar = BusinessCalendar {
            holidays: [date(2026, 12, 25), date(2026, 12, 26)].into(),
            ..BusinessCalendar::default()
        };
        let between = |from, to| calendar.business_days_between(from, to);
        assert_eq!(between(date(2026, 11, 20), date(2026, 11, 20)), 0);
        assert_eq!(
            between(date(2026, 11, 20), date(2026, 11, 22)),
            0,
            "a weekend"
        );
        assert_eq!(
            between(date(2026, 11, 20), date(2026, 11, 23)),
            1,
            "Friday to Monday"
        );
        assert_eq!(
            between(date(2026, 12, 24), date(2026, 12, 28)),
            1,
            "over Christmas"
        );
        assert_eq!(between(date(2026, 11, 23), date(2026, 11, 20)), -1);
    }

    proptest! {
        #[test]
        fn equals_counting_one_by_one(start in 0i64..3000, length in 0i64..200, off in 0i64..200) {
            let from = date(2020, 1, 1) + jiff::Span::new().days(start);
            let to = from + jiff::Span::new().days(length);
            let holiday = from + jiff::Span::new().days(off);
            let calendar =
                BusinessCalendar { holidays: [holiday].into(), ..BusinessCalendar::default() };
            let mut counted = 0;
            let mut day = from;
            while day < to {
                day = day.tomorrow().unwrap();
                counted += i64::from(calendar.is_business_day(day));
            }
            prop_assert_eq!(calendar.business_days_between(from, to), counted);
        }
    }
}
