//! Where runs, cases and alerts stand, by the names that the store, JSON and tables use.

pub use domain::case::CaseState;
use domain::named_enum;

named_enum! {
    /// Where a run stands.
    RunState {
        /// Under way.
        Running = "running",
        /// Compared and on record; people look at what was found.
        InReview = "in_review",
        /// Ended with a result.
        Completed = "completed",
        /// Ended without one; may be run again.
        Failed = "failed",
        /// Ended because of an input that can't be used; may be run again.
        Quarantined = "quarantined",
    }
}

impl RunState {
    /// Whether it has compared its inputs, and all that it found is on record.
    #[must_use]
    pub fn has_result(self) -> bool {
        matches!(self, RunState::Completed | RunState::InReview)
    }
}

named_enum! {
    /// Where an alert stands.
    AlertState {
        /// To be sent.
        Pending = "pending",
        /// A delivery began; whether it arrived is not known yet.
        Sending = "sending",
        /// The channel took it.
        Sent = "sent",
        /// The channel refused it for good.
        Dead = "dead",
        /// The channel did not take it in time; another one is told.
        Diverted = "diverted",
    }
}
