//! By when things have to happen for a source, as its file says it.

use std::time::Duration;

use jiff::civil::{Time, Weekday};

/// By when what has to happen. By default nobody is waited for, and nobody told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Punctuality {
    /// How long a scheduled run waits for the partner's report before people are told that it is
    /// missing; none when it does not wait.
    pub wait_for_report: Option<Duration>,
    /// When the run of a day has to be there; none when nobody watches.
    pub run_deadline: Option<RunDeadline>,
    /// Who hears regularly of what is open; none when nobody does.
    pub digest: Option<Digest>,
}

/// When the run of a day has to be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunDeadline {
    /// Time of day where the source is, on its business days.
    pub time: Time,
    /// Business days from the day of that time back to the one that has to be reconciled.
    pub days_back: u32,
}

/// Who hears regularly of what is open and below every alert route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digest {
    /// Name of the channel.
    pub channel: String,
    /// When.
    pub time: DigestTime,
}

/// When a digest is made, where the source is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DigestTime {
    /// On every business day.
    Daily(Time),
    /// On this day of the week, whether or not it is one of business.
    Weekly(Weekday, Time),
}
