//! By when things have to happen for a source, as its file says it.

use std::time::Duration;

/// By when what has to happen. By default nobody is waited for, and nobody told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Punctuality {
    /// How long a scheduled run waits for the partner's report before people are told that it is
    /// missing; none when it does not wait.
    pub wait_for_report: Option<Duration>,
}
