//! What goes for a channel beside how it is reached: when it is not disturbed, who is told when it
//! takes nothing. Configured per channel; what becomes of an alert by it is decided here, once.

use domain::calendar::BusinessCalendar;
use domain::quiet_hours::QuietHours;
use domain::severity::Severity;
use jiff::{SignedDuration, Timestamp};

/// The rules of one channel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChannelRules {
    /// When it is not disturbed.
    pub quiet_hours: Option<QuietHours>,
    /// Who is told when it takes nothing.
    pub fallback: Option<Fallback>,
}

/// Who is told when a channel takes nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fallback {
    /// Name of another channel.
    pub channel: String,
    /// How long it is tried before.
    pub after: SignedDuration,
}

impl ChannelRules {
    /// Until when an alert of this severity has to wait that is to be told at `now`; none when it
    /// is told at once.
    #[must_use]
    pub fn held_until(
        &self,
        severity: Severity,
        now: Timestamp,
        calendar: &BusinessCalendar,
    ) -> Option<Timestamp> {
        let quiet = self.quiet_hours.as_ref()?;
        let told_at = quiet.told_at(severity, now, calendar);
        (told_at > now).then_some(told_at)
    }
}
