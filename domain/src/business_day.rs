//! When a business day begins and ends: a zone, and the time of day at which the next one begins.
//!
//! The one place where an instant becomes a date. Value dates don't go by it: they are what the reports say.
//! Nothing here knows what time it is.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// When a source's business day ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusinessDay {
    /// The zone that its clock is in.
    pub time_zone: TimeZone,
    /// What happens from this time of day on belongs to the next day; without one, from midnight.
    pub cut_off: Option<Time>,
}

impl BusinessDay {
    /// The business date that `instant` belongs to.
    #[must_use]
    pub fn date_at(&self, instant: Timestamp) -> Date {
        let local = instant.to_zoned(self.time_zone.clone());
        match self.cut_off {
            Some(cut_off) if local.time() >= cut_off => {
                local.date().tomorrow().unwrap_or(local.date())
            }
            _ => local.date(),
        }
    }
}
