//! What a scheduled start takes and answers.

use proto::wire::{ReconciliationInput, ScheduledInput, ScheduledResult};
use serde::{Deserialize, Serialize};

/// Input of [`PlanScheduled`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scheduling {
    /// As the Schedule gave it.
    pub request: ScheduledInput,
    /// The nominal time, RFC 3339.
    pub scheduled_at: String,
}

/// Answer of [`PlanScheduled`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheduled {
    /// A run is to be started.
    Start {
        /// The run.
        request: ReconciliationInput,
        /// When to start it, RFC 3339, if the scheduled time moved; at once when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_at: Option<String>,
        /// How long to wait for the partner's report before people are told that it is missing;
        /// when absent nobody looks, and the run starts at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_for_report_seconds: Option<u64>,
    },
    /// There is nothing to do on that day.
    Skip {
        /// What became of it.
        result: ScheduledResult,
    },
}
