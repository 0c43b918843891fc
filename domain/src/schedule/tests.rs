//! A table written by hand, and the laws that any schedule keeps.

use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn business_day(zone: &str, cut_off: Option<Time>) -> BusinessDay {
    BusinessDay {
        time_zone: TimeZone::get(zone).expect(zone),
        cut_off,
    }
}

fn rule(days_back: u32, holidays: Holidays) -> ScheduleRule {
    ScheduleRule {
        days_back,
        holidays,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// What is planned, in one word: the business date, with the time when that moved, or `-`.
fn planned(
    instant: &str,
    day: &BusinessDay,
    calendar: &BusinessCalendar,
    rule: ScheduleRule,
) -> String {
    match plan(at(instant), day, calendar, rule).expect(instant) {
        Planned::LeftOut { .. } => "-".to_owned(),
        Planned::Run {
            business_date,
            start_at,
        } if start_at == at(instant) => business_date.to_string(),
        Planned::Run {
            business_date,
            start_at,
        } => format!("{business_date} at {start_at}"),
    }
}

#[test]
fn an_instant_belongs_to_a_day_by_zone_and_cut_off() {
    let cut_off = |hour| Some(time(hour, 0, 0, 0));
    for (zone, cut_off, instant, expected) in [
        // One second before the cut-off, at it, after it: Thursday, then Friday.
        (
            "Europe/Berlin",
            cut_off(23),
            "2026-11-19T21:59:59Z",
            "2026-11-19",
        ),
        (
            "Europe/Berlin",
            cut_off(23),
            "2026-11-19T22:00:00Z",
            "2026-11-20",
        ),
        (
            "Europe/Berlin",
            cut_off(23),
            "2026-11-19T22:00:01Z",
            "2026-11-20",
        ),
        // Without a cut-off, midnight is.
        ("Europe/Berlin", None, "2026-11-19T22:59:59Z", "2026-11-19"),
        ("Europe/Berlin", None, "2026-11-19T23:00:00Z", "2026-11-20"),
        // 06:30 before and after the clocks went forward on 2026-03-29 and back on 2026-10-25.
        ("Europe/Berlin", None, "2026-03-27T05:30:00Z", "2026-03-27"),
        ("Europe/Berlin", None, "2026-03-30T04:30:00Z", "2026-03-30"),
        ("Europe/Berlin", None, "2026-10-23T04:30:00Z", "2026-10-23"),
        ("Europe/Berlin", None, "2026-10-26T05:30:00Z", "2026-10-26"),
        // The same second of UTC is before the cut-off in winter, and at it in summer.
        (
            "America/New_York",
            cut_off(17),
            "2026-03-06T21:00:00Z",
            "2026-03-06",
        ),
        (
            "America/New_York",
            cut_off(17),
            "2026-03-06T21:59:59Z",
            "2026-03-06",
        ),
        (
            "America/New_York",
            cut_off(17),
            "2026-03-09T20:59:59Z",
            "2026-03-09",
        ),
        (
            "America/New_York",
            cut_off(17),
            "2026-03-09T21:00:00Z",
            "2026-03-10",
        ),
        (
            "America/New_York",
            cut_off(17),
            "2026-11-02T21:59:59Z",
            "2026-11-02",
        ),
        (
            "America/New_York",
            cut_off(17),
            "2026-11-02T22:00:00Z",
            "2026-11-03",
        ),
        // Half an hour: +11:00 until 2026-04-05, then +10:30, from 2026-10-04 on +11:00 again.
        (
            "Australia/Lord_Howe",
            None,
            "2026-04-02T12:59:59Z",
            "2026-04-02",
        ),
        (
            "Australia/Lord_Howe",
            None,
            "2026-04-02T13:00:00Z",
            "2026-04-03",
        ),
        (
            "Australia/Lord_Howe",
            None,
            "2026-04-06T13:29:59Z",
            "2026-04-06",
        ),
        (
            "Australia/Lord_Howe",
            None,
            "2026-04-06T13:30:00Z",
            "2026-04-07",
        ),
        (
            "Australia/Lord_Howe",
            None,
            "2026-10-05T12:59:59Z",
            "2026-10-05",
        ),
        (
            "Australia/Lord_Howe",
            None,
            "2026-10-05T13:00:00Z",
            "2026-10-06",
        ),
        ("Asia/Kolkata", None, "2026-11-19T18:29:59Z", "2026-11-19"),
        ("Asia/Kolkata", None, "2026-11-19T18:30:00Z", "2026-11-20"),
        // The first hour of Sunday 2026-09-06 does not exist there.
        ("America/Santiago", None, "2026-09-07T02:59:59Z", "-"),
        (
            "America/Santiago",
            None,
            "2026-09-07T03:00:00Z",
            "2026-09-07",
        ),
        // The ends of years.
        (
            "Pacific/Auckland",
            None,
            "2026-12-31T10:59:59Z",
            "2026-12-31",
        ),
        (
            "Pacific/Auckland",
            None,
            "2026-12-31T11:00:00Z",
            "2027-01-01",
        ),
        (
            "Pacific/Honolulu",
            None,
            "2027-01-01T09:59:59Z",
            "2026-12-31",
        ),
    ] {
        let day = business_day(zone, cut_off);
        let calendar = BusinessCalendar::default();
        let found = planned(instant, &day, &calendar, rule(0, Holidays::Skip));
        assert_eq!(found, expected, "{instant} in {zone}");
    }
}

#[test]
fn days_without_business_are_left_out_moved_or_not_asked_about() {
    let day = business_day("Europe/Berlin", None);
    let calendar = BusinessCalendar {
        holidays: [
            date(2026, 1, 1),
            date(2026, 4, 3),
            date(2026, 4, 6),
            date(2026, 12, 25),
        ]
        .into(),
        ..BusinessCalendar::default()
    };
    // Always 06:30 in Berlin.
    for (instant, days_back, skip, moved, run) in [
        // Friday.
        (
            "2026-11-20T05:30:00Z",
            0,
            "2026-11-20",
            "2026-11-20",
            "2026-11-20",
        ),
        (
            "2026-11-20T05:30:00Z",
            1,
            "2026-11-19",
            "2026-11-19",
            "2026-11-19",
        ),
        // Saturday and Sunday.
        (
            "2026-11-21T05:30:00Z",
            0,
            "-",
            "2026-11-23 at 2026-11-23T05:30:00Z",
            "2026-11-21",
        ),
        (
            "2026-11-21T05:30:00Z",
            1,
            "-",
            "2026-11-20 at 2026-11-23T05:30:00Z",
            "2026-11-20",
        ),
        (
            "2026-11-22T05:30:00Z",
            1,
            "-",
            "2026-11-20 at 2026-11-23T05:30:00Z",
            "2026-11-21",
        ),
        // Monday: the Friday before; with `run` the Sunday.
        (
            "2026-11-23T05:30:00Z",
            1,
            "2026-11-20",
            "2026-11-20",
            "2026-11-22",
        ),
        (
            "2026-11-23T05:30:00Z",
            3,
            "2026-11-18",
            "2026-11-18",
            "2026-11-20",
        ),
        // The weekend on which the clocks go forward: half past six comes an hour earlier in UTC.
        (
            "2026-03-28T05:30:00Z",
            0,
            "-",
            "2026-03-30 at 2026-03-30T04:30:00Z",
            "2026-03-28",
        ),
        (
            "2026-10-24T04:30:00Z",
            0,
            "-",
            "2026-10-26 at 2026-10-26T05:30:00Z",
            "2026-10-24",
        ),
        // Easter: Good Friday to Easter Monday, then Tuesday.
        (
            "2026-04-03T04:30:00Z",
            0,
            "-",
            "2026-04-07 at 2026-04-07T04:30:00Z",
            "2026-04-03",
        ),
        (
            "2026-04-06T04:30:00Z",
            1,
            "-",
            "2026-04-02 at 2026-04-07T04:30:00Z",
            "2026-04-05",
        ),
        (
            "2026-04-07T04:30:00Z",
            1,
            "2026-04-02",
            "2026-04-02",
            "2026-04-06",
        ),
        // New Year's Day, and the last day of the year before it.
        (
            "2026-01-01T05:30:00Z",
            1,
            "-",
            "2025-12-31 at 2026-01-02T05:30:00Z",
            "2025-12-31",
        ),
        (
            "2026-01-02T05:30:00Z",
            1,
            "2025-12-31",
            "2025-12-31",
            "2026-01-01",
        ),
        (
            "2026-01-02T05:30:00Z",
            2,
            "2025-12-30",
            "2025-12-30",
            "2025-12-31",
        ),
        // The ends of February, with and without a leap day.
        (
            "2028-02-29T05:30:00Z",
            0,
            "2028-02-29",
            "2028-02-29",
            "2028-02-29",
        ),
        (
            "2028-03-01T05:30:00Z",
            1,
            "2028-02-29",
            "2028-02-29",
            "2028-02-29",
        ),
        (
            "2027-03-01T05:30:00Z",
            1,
            "2027-02-26",
            "2027-02-26",
            "2027-02-28",
        ),
    ] {
        for (holidays, expected) in [
            (Holidays::Skip, skip),
            (Holidays::Move, moved),
            (Holidays::Run, run),
        ] {
            let found = planned(instant, &day, &calendar, rule(days_back, holidays));
            assert_eq!(found, expected, "{instant}, {days_back} back, {holidays}");
        }
    }
}

/// At 23:30, after a cut-off at 23:00: Friday night belongs to Saturday, Sunday night to Monday.
#[test]
fn a_night_after_the_cut_off_is_the_next_day() {
    let day = business_day("Europe/Berlin", Some(time(23, 0, 0, 0)));
    let calendar = BusinessCalendar::default();
    let one_back = |instant| planned(instant, &day, &calendar, rule(1, Holidays::Skip));
    assert_eq!(one_back("2026-11-19T22:30:00Z"), "2026-11-19", "Thursday");
    assert_eq!(one_back("2026-11-20T22:30:00Z"), "-", "Friday");
    assert_eq!(one_back("2026-11-21T22:30:00Z"), "-", "Saturday");
    assert_eq!(one_back("2026-11-22T22:30:00Z"), "2026-11-20", "Sunday");
    assert_eq!(one_back("2026-11-23T22:30:00Z"), "2026-11-23", "Monday");
    let moved = planned(
        "2026-11-20T22:30:00Z",
        &day,
        &calendar,
        rule(1, Holidays::Move),
    );
    assert_eq!(
        moved, "2026-11-20 at 2026-11-22T22:30:00Z",
        "to Sunday night"
    );
}

#[test]
fn beyond_the_calendar_there_is_no_day() {
    let day = business_day("UTC", None);
    let never_open = BusinessCalendar {
        days_off: jiff::civil::Weekday::Monday
            .cycle_forward()
            .take(7)
            .collect(),
        ..BusinessCalendar::default()
    };
    let instant = at("2026-11-20T06:30:00Z");
    let open = BusinessCalendar::default();
    for (instant, calendar, rule) in [
        (instant, &never_open, rule(0, Holidays::Move)),
        (Timestamp::MIN, &open, rule(366, Holidays::Run)),
    ] {
        assert!(plan(instant, &day, calendar, rule).is_err(), "{instant}");
    }
    let many = rule(u32::MAX, Holidays::Run);
    let found = plan(instant, &day, &open, many);
    let expected = Planned::Run {
        business_date: date(2025, 11, 19),
        start_at: instant,
    };
    assert_eq!(found, Ok(expected), "never more than a year back");
}

const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Santiago",
    "Pacific/Auckland",
];

/// A year or so of a schedule that fires once a day, at a time that every day has.
#[derive(Clone, Debug)]
struct Daily {
    first: Date,
    firings: Vec<Timestamp>,
    day: BusinessDay,
    calendar: BusinessCalendar,
    days_back: u32,
}

const DAYS: i64 = 420;

fn daily() -> impl Strategy<Value = Daily> {
    let cut_off = proptest::option::of((6i8..24, 0i8..60));
    let holidays = proptest::collection::vec(0i64..DAYS, 0..30);
    (
        0usize..6,
        0i64..3000,
        (6i8..24, 0i8..60),
        cut_off,
        holidays,
        0u32..6,
    )
        .prop_map(
            |(zone, start, (hour, minute), cut_off, holidays, days_back)| {
                let day = business_day(ZONES[zone], cut_off.map(|(h, m)| time(h, m, 0, 0)));
                let first = date(2020, 1, 1) + Span::new().days(start);
                let on = |number: i64| first + Span::new().days(number);
                let firings = (0..DAYS).map(|number| {
                    let local = on(number).to_datetime(time(hour, minute, 0, 0));
                    local
                        .to_zoned(day.time_zone.clone())
                        .expect("a time")
                        .timestamp()
                });
                Daily {
                    first,
                    firings: firings.collect(),
                    calendar: BusinessCalendar {
                        holidays: holidays.into_iter().map(on).collect(),
                        ..BusinessCalendar::default()
                    },
                    day,
                    days_back,
                }
            },
        )
}

impl Daily {
    fn plan(&self, instant: Timestamp, holidays: Holidays) -> Planned {
        let rule = rule(self.days_back, holidays);
        plan(instant, &self.day, &self.calendar, rule).expect("a day")
    }

    fn dates(&self, holidays: Holidays) -> Vec<Date> {
        let planned = self
            .firings
            .iter()
            .map(|instant| self.plan(*instant, holidays));
        let dates = planned.filter_map(|planned| match planned {
            Planned::Run { business_date, .. } => Some(business_date),
            Planned::LeftOut { .. } => None,
        });
        dates.collect()
    }

    /// Days well inside of the year: none of theirs lies before or after it.
    fn inside(&self) -> impl Iterator<Item = Date> {
        let first = self.first;
        (40..DAYS - 40).map(move |number| first + Span::new().days(number))
    }
}

proptest! {
    #[test]
    fn a_daily_schedule_reconciles_each_business_day_once(daily in daily()) {
        let left_out = daily.dates(Holidays::Skip);
        let any = daily.dates(Holidays::Run);
        for day in daily.inside() {
            let times = |dates: &[Date]| dates.iter().filter(|date| **date == day).count();
            let expected = usize::from(daily.calendar.is_business_day(day));
            prop_assert_eq!(times(&left_out), expected, "{} with skip", day);
            prop_assert_eq!(times(&any), 1, "{} with run", day);
        }
    }

    #[test]
    fn what_moved_is_what_is_scheduled_there(daily in daily()) {
        for instant in &daily.firings {
            let Planned::Run { business_date, start_at } = daily.plan(*instant, Holidays::Move)
            else { return Err(TestCaseError::fail("nothing that moves is left out")) };
            prop_assert!(start_at >= *instant);
            let there = Planned::Run { business_date, start_at };
            prop_assert_eq!(daily.plan(start_at, Holidays::Move), there);
            prop_assert_eq!(daily.plan(start_at, Holidays::Skip), there);
            prop_assert!(business_date <= daily.day.date_at(start_at), "not of the future");
        }
    }
}
