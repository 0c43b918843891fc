//! Every outside call of the workflows: typed activity definitions, implemented in `activities`.
//!
//! Payloads are small whatever the size of the data: rows stay in the object store and travel as
//! [`Stored`] references. All activities may run more than once; each is idempotent by its keys.

use std::time::Duration;

use proto::wire::{AlertStatus, ReconciliationInput, RunTotals};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use temporalio_workflow::{ActivityOptions, RetryPolicy};

use crate::failure;

/// An object in the object store, by what it must contain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Key in the object store.
    pub key: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

/// The run that an activity works for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Workflow id and name in the store.
    pub run_id: String,
    /// What was asked for.
    pub request: ReconciliationInput,
}

/// Where a stream of audit entries ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Number of entries.
    pub sequence: u64,
    /// Hash of the last one, hexadecimal.
    pub hash: String,
}

/// Input of [`OpenRun`] and [`AdmitRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opening {
    /// The run to open.
    pub run: Run,
    /// Which attempt at the workflow id this is.
    pub workflow_run_id: String,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`OpenRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    /// The run is ours to do.
    Proceed(Plan),
    /// The same business key was reconciled before; nothing is done again.
    AlreadyCompleted {
        /// What it found.
        totals: RunTotals,
    },
}

/// How a run is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// End of the run's audit stream.
    pub audit: AuditHead,
    /// How many comparisons may go on side by side.
    pub compare_tasks_max: u32,
    /// Records per comparison, both sides together, before another one is started.
    pub records_per_task: u64,
    /// A long step that gives no sign for this long is taken over by another worker.
    pub heartbeat_timeout_seconds: u32,
}

impl Plan {
    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_secs(u64::from(self.heartbeat_timeout_seconds.max(1)))
    }
}

/// Input of [`FetchSide`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetch {
    /// The run.
    pub run: Run,
    /// `partner` or `ledger`.
    pub side: String,
}

/// Answer of [`FetchSide`]: the side is staged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetched {
    /// The list of staged objects, control checks, totals and rejects.
    pub manifest: Stored,
    /// Lines of its inputs.
    pub counts: proto::wire::SideCounts,
    /// Identities that the inputs state about themselves and break: then nothing is matched.
    pub broken_controls: u32,
}

/// Both sides, staged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sides {
    /// The partner's report.
    pub partner: Fetched,
    /// Our records.
    pub ledger: Fetched,
}

/// Input of [`CompareBuckets`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Compare {
    /// The run.
    pub run: Run,
    /// Manifest of the partner's side.
    pub partner: Stored,
    /// Manifest of the ledger's side.
    pub ledger: Stored,
    /// First bucket.
    pub bucket_from: u32,
    /// One after the last bucket.
    pub bucket_to: u32,
}

/// Input of [`ConcludeRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conclude {
    /// The run.
    pub run: Run,
    /// Both sides.
    pub sides: Sides,
    /// What the comparisons of buckets found and left.
    pub compared: Vec<Stored>,
}

/// Answer of [`ConcludeRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Concluded {
    /// All discrepancies, ready to be recorded.
    pub findings: Stored,
    /// Counts and sums.
    pub totals: RunTotals,
}

/// Input of [`RecordFindings`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub run: Run,
    /// What to record.
    pub findings: Stored,
    /// Both sides, for the audit trail.
    pub sides: Sides,
    /// Counts and sums.
    pub totals: RunTotals,
    /// End of the run's audit stream.
    pub audit: AuditHead,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`RecordFindings`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// Discrepancies (or the summary) whose case is to be started. Bounded by the source's limit.
    pub cases: Vec<String>,
    /// End of the run's audit stream.
    pub audit: AuditHead,
}

/// Input of [`CloseRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Closing {
    /// The run.
    pub run: Run,
    /// How it ended.
    pub ending: Ending,
    /// End of the run's audit stream.
    pub audit: AuditHead,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// How a run ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Everything is on record.
    Completed {
        /// Counts and sums.
        totals: RunTotals,
    },
    /// It can't go on.
    Failed {
        /// One of the names in [`failure`], or `Cancelled`.
        name: String,
        /// What happened and what to do.
        problem: String,
    },
}

/// Input of [`OpenCase`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseOpening {
    /// The discrepancy's or summary's id.
    pub discrepancy_id: String,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`OpenCase`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseOpened {
    /// Alerts of this case, in whatever state.
    pub alerts: Vec<AlertStatus>,
    /// Whether there is a discrepancy to wait for; a summary's case ends with its alerts.
    pub stays_open: bool,
}

/// Input of [`DeliverAlert`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The alert.
    pub alert_id: String,
    /// Workflow time of the decision to deliver, RFC 3339: the date of an e-mail.
    pub at: String,
}

/// The activities. Only a namespace for their definitions.
#[derive(Debug)]
pub struct Ports;

#[activity_definitions]
impl Ports {
    /// Checks a request against the configuration, and does nothing.
    #[activity(name = "admit_run")]
    pub fn admit_run(_: Opening) -> Result<(), ActivityError> {
        unimplemented!()
    }
    /// Opens the run in the store, or finds it completed.
    #[activity(name = "open_run")]
    pub fn open_run(_: Opening) -> Result<Opened, ActivityError> {
        unimplemented!()
    }
    /// Seals one side's input, reads it and stages its records. Heartbeats, resumes.
    #[activity(name = "fetch_side")]
    pub fn fetch_side(_: Fetch) -> Result<Fetched, ActivityError> {
        unimplemented!()
    }
    /// Matches the records of some buckets by the first rule.
    #[activity(name = "compare_buckets")]
    pub fn compare_buckets(_: Compare) -> Result<Stored, ActivityError> {
        unimplemented!()
    }
    /// Applies the other rules to what is left, classifies, adds up.
    #[activity(name = "conclude_run")]
    pub fn conclude_run(_: Conclude) -> Result<Concluded, ActivityError> {
        unimplemented!()
    }
    /// Writes discrepancies, cases, audit entries and alert intents together.
    #[activity(name = "record_findings")]
    pub fn record_findings(_: Record) -> Result<Recorded, ActivityError> {
        unimplemented!()
    }
    /// Closes the run in the store.
    #[activity(name = "close_run")]
    pub fn close_run(_: Closing) -> Result<AuditHead, ActivityError> {
        unimplemented!()
    }
    /// Finds a case and its alerts in the store.
    #[activity(name = "open_case")]
    pub fn open_case(_: CaseOpening) -> Result<CaseOpened, ActivityError> {
        unimplemented!()
    }
    /// Delivers one alert and records that; a permanent refusal is recorded, not failed.
    #[activity(name = "deliver_alert")]
    pub fn deliver_alert(_: Delivery) -> Result<AlertStatus, ActivityError> {
        unimplemented!()
    }
}

pub use ports::{
    AdmitRun, CloseRun, CompareBuckets, ConcludeRun, DeliverAlert, FetchSide, OpenCase, OpenRun,
    RecordFindings,
};

/// A step of milliseconds that touches the store only.
///
/// Ten seconds are how long a run waits at most when the worker was killed in the middle of one.
pub(crate) fn short(summary: impl Into<String>) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(10))
        .retry_policy(retry(Duration::from_secs(30)))
        .summary(summary)
        .build()
}

/// A step over all rows: for up to six hours, as long as it gives a sign in every `heartbeat`.
pub(crate) fn long(summary: impl Into<String>, heartbeat: Duration) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(6 * 3600))
        .heartbeat_timeout(heartbeat)
        .retry_policy(retry(Duration::from_secs(60)))
        .summary(summary)
        .build()
}

/// Longest that one attempt at a delivery may take; channels give up well before.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// An alert: tried for ever, every five minutes in the end.
pub(crate) fn delivery(summary: impl Into<String>) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(DELIVERY_TIMEOUT)
        .retry_policy(retry(Duration::from_secs(300)))
        .summary(summary)
        .build()
}

/// For ever, with growing pauses, except for what retrying can't fix.
fn retry(pause_max: Duration) -> RetryPolicy {
    RetryPolicy::builder()
        .initial_interval(Duration::from_secs(1))
        .backoff_coefficient(2.0)
        .maximum_interval(pause_max)
        .maximum_attempts(0)
        .non_retryable_error_types(failure::NON_RETRYABLE.iter().copied())
        .build()
}
