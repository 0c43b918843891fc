//! When people are reminded of a case, and when others are told: steps by severity and time.
//!
//! A source's file states the steps. Pure: the case's beginning and how many reminders there were
//! come in, the next one goes out. Whether somebody has acknowledged the case is asked before.

use jiff::{SignedDuration, Timestamp};

use crate::business_day::BusinessDay;
use crate::calendar::BusinessCalendar;
use crate::severity::Severity;

/// Most reminders of one case: after so many nobody reads them any more.
pub const REMINDERS_MAX: u32 = 100;

/// How long to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// By the clock.
    Elapsed(SignedDuration),
    /// So many business days later, at the same time of day.
    BusinessDays(u32),
}

/// One step of a source's escalation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// For cases from this severity up.
    pub severity_from: Severity,
    /// After the case began.
    pub after: Wait,
    /// After the step's first reminder, again and again until the next step; none: once.
    pub repeat: Option<Wait>,
    /// Who is told.
    pub channels: Vec<String>,
}

/// A source's escalation: its steps, in any order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Escalation {
    /// See [`Step`].
    pub steps: Vec<Step>,
}

/// The clock that business days are counted by.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// The source's zone and cut-off.
    pub day: &'a BusinessDay,
    /// Its business days.
    pub calendar: &'a BusinessCalendar,
}

/// A reminder that is to come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reminder {
    /// Which one: 1 for the first.
    pub level: u32,
    /// When it is due.
    pub at: Timestamp,
    /// Who is told.
    pub channels: Vec<String>,
}

impl Escalation {
    /// The reminder after `level` earlier ones, of a case of this severity that began at `since`.
    /// None when there is no further one.
    #[must_use]
    pub fn next(
        &self,
        severity: Severity,
        since: Timestamp,
        level: u32,
        clock: Clock<'_>,
    ) -> Option<Reminder> {
        if level >= REMINDERS_MAX {
            return None;
        }
        let mut steps: Vec<(Timestamp, &Step)> = self
            .steps
            .iter()
            .filter(|step| severity >= step.severity_from)
            .filter_map(|step| Some((step.after.from(since, clock)?, step)))
            .collect();
        steps.sort_by_key(|(at, _)| *at);
        let mut passed = 0;
        for (index, (begins, step)) in steps.iter().enumerate() {
            let ends = steps.get(index + 1).map(|(at, _)| *at);
            let mut at = Some(*begins);
            while let Some(due) = at.filter(|due| *due == *begins || ends.is_none_or(|e| *due < e))
            {
                if passed == level {
                    return Some(Reminder {
                        level: level + 1,
                        at: due,
                        channels: step.channels.clone(),
                    });
                }
                passed += 1;
                let again = step.repeat.and_then(|repeat| repeat.from(due, clock));
                at = again.filter(|again| *again > due);
            }
        }
        None
    }
}

impl Escalation {
    /// The reminder that is due by `now`, as [`Escalation::next`]. Those that were missed
    /// meanwhile are made up for by one: the last of them, to everybody whom they were for.
    #[must_use]
    pub fn due(
        &self,
        severity: Severity,
        since: Timestamp,
        level: u32,
        now: Timestamp,
        clock: Clock<'_>,
    ) -> Option<Reminder> {
        let next = |level| {
            let next = self.next(severity, since, level, clock);
            next.filter(|reminder| reminder.at <= now)
        };
        let mut due = next(level)?;
        while let Some(later) = next(due.level) {
            let mut channels = std::mem::take(&mut due.channels);
            let is_new = |channel: &String| !channels.contains(channel);
            let new: Vec<String> = later.channels.into_iter().filter(is_new).collect();
            channels.extend(new);
            due = Reminder { channels, ..later };
        }
        Some(due)
    }
}

impl Reminder {
    /// Why people are told, in one sentence: of a case that has been open for so long, in which a
    /// resolution waits for a second person or not.
    #[must_use]
    pub fn occasion(&self, open_for: SignedDuration, is_proposed: bool) -> String {
        let missing = match is_proposed {
            true => "nobody has agreed to what is proposed",
            false => "nobody has acknowledged it",
        };
        let open_for = in_words(open_for);
        format!("Reminder {}: open for {open_for}; {missing}.", self.level)
    }
}

/// How long, in whole days from two days up, in whole hours from two hours up, and so on.
#[must_use]
pub fn in_words(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (count, unit) = [(86_400, "days"), (3_600, "hours"), (60, "minutes")]
        .into_iter()
        .map(|(length, unit)| (seconds / length, unit))
        .find(|(count, _)| *count >= 2)
        .unwrap_or((seconds, "seconds"));
    match count {
        1 => "1 second".to_owned(),
        count => format!("{count} {unit}"),
    }
}

impl Wait {
    /// The instant this long after `start`; none when that is beyond all calendars.
    #[must_use]
    pub fn from(self, start: Timestamp, clock: Clock<'_>) -> Option<Timestamp> {
        match self {
            Wait::Elapsed(duration) => start.checked_add(duration).ok(),
            Wait::BusinessDays(days) => {
                let local = start.to_zoned(clock.day.time_zone.clone());
                let mut date = local.date();
                let mut left = days;
                while left > 0 {
                    date = date.tomorrow().ok()?;
                    left -= u32::from(clock.calendar.is_business_day(date));
                }
                // A time that a change of the clocks skips is moved behind it.
                let then = date.to_datetime(local.time());
                Some(then.to_zoned(clock.day.time_zone.clone()).ok()?.timestamp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    const HOUR: i64 = 3600;

    fn hours(hours: i64) -> Wait {
        Wait::Elapsed(SignedDuration::from_secs(hours * HOUR))
    }

    fn step(severity_from: Severity, after: Wait, repeat: Option<Wait>, channel: &str) -> Step {
        Step {
            severity_from,
            after,
            repeat,
            channels: vec![channel.to_owned()],
        }
    }

    fn berlin() -> (BusinessDay, BusinessCalendar) {
        let time_zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let day = BusinessDay {
            time_zone,
            cut_off: None,
        };
        (day, BusinessCalendar::default())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// All reminders of a case, as `+<hours> <channel>`.
    fn reminders(escalation: &Escalation, severity: Severity, count: usize) -> Vec<String> {
        let (day, calendar) = berlin();
        let clock = Clock {
            day: &day,
            calendar: &calendar,
        };
        let since = at("2026-11-20T10:00:00Z");
        let mut found = Vec::new();
        let mut level = 0;
        while let Some(next) = escalation.next(severity, since, level, clock)
            && found.len() < count
        {
            assert_eq!(next.level, level + 1);
            let hours = (next.at.as_second() - since.as_second()) / HOUR;
            found.push(format!("+{hours} {}", next.channels.join(" ")));
            level = next.level;
        }
        found
    }

    #[test]
    fn a_case_is_handed_up_step_by_step() {
        let escalation = Escalation {
            steps: vec![
                step(Severity::Critical, hours(24), Some(hours(24)), "head"),
                step(Severity::High, hours(4), Some(hours(8)), "desk"),
            ],
        };
        assert_eq!(
            reminders(&escalation, Severity::Critical, 6),
            [
                "+4 desk", "+12 desk", "+20 desk", "+24 head", "+48 head", "+72 head"
            ]
        );
        assert_eq!(
            reminders(&escalation, Severity::High, 3),
            ["+4 desk", "+12 desk", "+20 desk"]
        );
        assert!(reminders(&escalation, Severity::Low, 3).is_empty());
    }

    #[test]
    fn a_step_without_repeat_reminds_once_and_no_case_for_ever() {
        let once = Escalation {
            steps: vec![step(Severity::Low, hours(1), None, "desk")],
        };
        assert_eq!(reminders(&once, Severity::Low, 9), ["+1 desk"]);
        let again = Escalation {
            steps: vec![step(Severity::Low, hours(1), Some(hours(1)), "desk")],
        };
        let all = reminders(&again, Severity::Low, 1_000);
        assert_eq!(all.len(), REMINDERS_MAX as usize);
        let never = Escalation {
            steps: vec![step(Severity::Low, hours(1), Some(hours(0)), "desk")],
        };
        assert_eq!(reminders(&never, Severity::Low, 9), ["+1 desk"]);
    }

    #[test]
    fn reminders_that_were_missed_are_made_up_for_by_one() {
        let escalation = Escalation {
            steps: vec![
                step(Severity::High, hours(24), Some(hours(24)), "head"),
                step(Severity::High, hours(4), Some(hours(8)), "desk"),
            ],
        };
        let (day, calendar) = berlin();
        let clock = Clock {
            day: &day,
            calendar: &calendar,
        };
        let since = at("2026-11-20T10:00:00Z");
        let due = |level, after: i64| {
            let now = since + SignedDuration::from_hours(after);
            let due = escalation.due(Severity::High, since, level, now, clock)?;
            Some((due.level, due.channels.join(" ")))
        };
        assert_eq!(due(0, 3), None);
        assert_eq!(due(0, 4), Some((1, "desk".to_owned())));
        assert_eq!(due(1, 11), None);
        assert_eq!(due(1, 50), Some((5, "desk head".to_owned())));
        assert_eq!(due(5, 50), None);
    }

    #[test]
    fn an_occasion_says_how_long_in_words() {
        let reminder = Reminder {
            level: 2,
            at: at("2026-11-20T18:00:00Z"),
            channels: Vec::new(),
        };
        for (seconds, expected) in [
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (8 * HOUR + 59, "8 hours"),
            (47 * HOUR, "47 hours"),
            (72 * HOUR, "3 days"),
        ] {
            let open_for = SignedDuration::from_secs(seconds);
            assert_eq!(
                reminder.occasion(open_for, false),
                format!("Reminder 2: open for {expected}; nobody has acknowledged it.")
            );
        }
        assert_eq!(
            reminder.occasion(SignedDuration::from_hours(8), true),
            "Reminder 2: open for 8 hours; nobody has agreed to what is proposed."
        );
    }

    #[test]
    fn business_days_skip_weekends_and_follow_the_local_clock() {
        let (day, mut calendar) = berlin();
        calendar.holidays.insert(jiff::civil::date(2026, 11, 23));
        let clock = Clock {
            day: &day,
            calendar: &calendar,
        };
        let friday = at("2026-11-20T09:00:00Z");
        assert_eq!(
            Wait::BusinessDays(1).from(friday, clock),
            Some(at("2026-11-24T09:00:00Z")),
            "Monday is a holiday"
        );
        let before_summer = at("2027-03-26T09:00:00Z");
        assert_eq!(
            Wait::BusinessDays(1).from(before_summer, clock),
            Some(at("2027-03-29T08:00:00Z")),
            "ten o'clock in Berlin on both days"
        );
    }
}
