//! Which day a scheduled time reconciles, if any, and from when on.
//!
//! A scheduled time is an instant. It belongs to a day by the source's zone and cut-off
//! ([`BusinessDay::date_at`]); that day decides whether there is anything to do, and the business
//! date lies `days_back` days before it. Nothing here knows what time it is, or when a schedule
//! fires.
//!
//! In this order, and not the other way round: days are counted back by business days, so that the
//! day they lead to is always one, and every morning of a long weekend would reconcile the same
//! Friday. So a schedule that fires once a day reconciles each business day exactly once.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::business_day::BusinessDay;
use crate::calendar::{BusinessCalendar, days_between};

/// Longest way back from a scheduled time to the day that it reconciles.
pub const DAYS_BACK_MAX: u32 = 366;

crate::named_enum! {
    /// What becomes of a scheduled time on a day without business.
    Holidays {
        /// It is left out: the next business day has its own.
        Skip = "skip",
        /// It moves to the same time of day on the next business day, and is then what a time
        /// scheduled there is. A schedule that fires on that day anyway asks for the same run.
        Move = "move",
        /// The calendar is not asked: every day is a business day, also for counting back.
        Run = "run",
    }
}

/// How a schedule reads the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduleRule {
    /// Days from the day of the scheduled time back to the one that is reconciled: business days,
    /// or days of any kind with [`Holidays::Run`]. At most [`DAYS_BACK_MAX`].
    pub days_back: u32,
    /// What becomes of a day without business.
    pub holidays: Holidays,
}

/// What a scheduled time asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planned {
    /// To reconcile a day.
    Run {
        /// Which.
        business_date: Date,
        /// The scheduled time, or the one that it moved to.
        start_at: Timestamp,
    },
    /// Nothing.
    LeftOut {
        /// The day without business that the scheduled time belongs to.
        day: Date,
    },
}

/// The calendar has no such day: the time scheduled is thousands of years away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the scheduled time {0} is too far away for a calendar")]
pub struct BeyondTheCalendar(Timestamp);

/// What `scheduled_at` asks for.
///
/// # Errors
/// [`BeyondTheCalendar`].
pub fn plan(
    scheduled_at: Timestamp,
    business_day: &BusinessDay,
    calendar: &BusinessCalendar,
    rule: ScheduleRule,
) -> Result<Planned, BeyondTheCalendar> {
    let beyond = || BeyondTheCalendar(scheduled_at);
    let day = business_day.date_at(scheduled_at);
    let (day, start_at) = match rule.holidays {
        Holidays::Run => {
            let back = Span::new().days(i64::from(rule.days_back.min(DAYS_BACK_MAX)));
            let business_date = day.checked_sub(back).map_err(|_| beyond())?;
            return Ok(Planned::Run {
                business_date,
                start_at: scheduled_at,
            });
        }
        _ if calendar.is_business_day(day) => (day, scheduled_at),
        Holidays::Skip => return Ok(Planned::LeftOut { day }),
        Holidays::Move => {
            let moved_to = calendar.business_day_from(day).ok_or_else(beyond)?;
            let local = scheduled_at.to_zoned(business_day.time_zone.clone());
            let later = Span::new().days(days_between(day, moved_to));
            let start_at = local.checked_add(later).map_err(|_| beyond())?;
            (moved_to, start_at.timestamp())
        }
    };
    let business_date = calendar
        .business_days_before(day, rule.days_back.min(DAYS_BACK_MAX))
        .ok_or_else(beyond)?;
    Ok(Planned::Run {
        business_date,
        start_at,
    })
}

#[cfg(test)]
mod tests;
