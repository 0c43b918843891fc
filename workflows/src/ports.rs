//! Every outside call of the workflows: typed activity definitions, implemented in `activities`.
//!
//! Payloads are small whatever the size of the data: rows stay in the object store and travel as
//! [`Stored`] references. All activities may run more than once; each is idempotent by its keys.
//! A field that was added later has a default, so that recorded histories still replay.

mod case;
mod checkpoint;
mod incident;
mod review;
mod run;
mod schedule;

use std::time::Duration;

use proto::wire::{AlertStatus, CaseBatchResult, CaseReply, ReviewStatus};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use temporalio_workflow::{ActivityOptions, RetryPolicy};

use crate::failure;

pub use case::{
    BatchAct, BatchSelected, BatchSelection, CaseAct, CaseActed, CaseOpened, CaseOpening, Delivery,
    Forwarding, TimePassing,
};
pub use checkpoint::{CheckpointMade, CheckpointMaking};
pub use incident::{
    Closed, DigestMade, DigestMaking, IncidentRaised, IncidentRaising, ReportLook, ReportLooked,
    RunCheck, RunChecked,
};
pub use review::{Review, ReviewBeginning, ReviewDecided, ReviewDecision, ReviewLook};
pub use run::{
    AuditHead, CasesStarting, Closing, Compare, Conclude, Concluded, Done, Ending, Fetch, Fetched,
    Opened, Opening, Plan, Record, Recorded, Run, Sides, Stored, Telling,
};
pub use schedule::{Scheduled, Scheduling};

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
    pub fn close_run(_: Closing) -> Result<Closed, ActivityError> {
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
    /// Has another channel told what the alert's own has not taken in time; not once it was sent.
    #[activity(name = "fall_back")]
    pub fn fall_back(_: Delivery) -> Result<AlertStatus, ActivityError> {
        unimplemented!()
    }
    /// Starts the workflows of cases that have something to tell; those that run are told of it.
    /// Heartbeats.
    #[activity(name = "start_cases")]
    pub fn start_cases(_: CasesStarting) -> Result<(), ActivityError> {
        unimplemented!()
    }
    /// Tells the workflows of earlier cases that they were seen again or cleared. Heartbeats.
    #[activity(name = "tell_cases")]
    pub fn tell_cases(_: Telling) -> Result<(), ActivityError> {
        unimplemented!()
    }
    /// Puts a run into review in the store.
    #[activity(name = "begin_review")]
    pub fn begin_review(_: ReviewBeginning) -> Result<AuditHead, ActivityError> {
        unimplemented!()
    }
    /// Counts what is still open of a run in review.
    #[activity(name = "look_at_review")]
    pub fn look_at_review(_: ReviewLook) -> Result<ReviewStatus, ActivityError> {
        unimplemented!()
    }
    /// Signs a run off, or cancels its review, if that may be; a refusal is an answer.
    #[activity(name = "decide_review")]
    pub fn decide_review(_: ReviewDecision) -> Result<ReviewDecided, ActivityError> {
        unimplemented!()
    }
    /// Does one act to a case, if that may be; a refusal is an answer, and on the audit trail.
    #[activity(name = "act_on_case")]
    pub fn act_on_case(_: CaseAct) -> Result<CaseActed, ActivityError> {
        unimplemented!()
    }
    /// Does an act on a cause to all discrepancies behind it. Heartbeats, resumes.
    #[activity(name = "act_behind")]
    pub fn act_behind(_: CaseAct) -> Result<CaseActed, ActivityError> {
        unimplemented!()
    }
    /// Does what is due at a case: reminds, escalates, opens what was resolved until a day.
    #[activity(name = "pass_time")]
    pub fn pass_time(_: TimePassing) -> Result<CaseActed, ActivityError> {
        unimplemented!()
    }
    /// Gives an act to the case's own workflow, starting it if need be, and waits for its answer.
    #[activity(name = "forward_act")]
    pub fn forward_act(_: Forwarding) -> Result<CaseReply, ActivityError> {
        unimplemented!()
    }
    /// Freezes which cases a batch is about.
    #[activity(name = "select_cases")]
    pub fn select_cases(_: BatchSelection) -> Result<BatchSelected, ActivityError> {
        unimplemented!()
    }
    /// Does an act to every case of a batch. Heartbeats, resumes.
    #[activity(name = "act_on_cases")]
    pub fn act_on_cases(_: BatchAct) -> Result<CaseBatchResult, ActivityError> {
        unimplemented!()
    }
    /// The business date of a scheduled time, and the run that it asks for.
    #[activity(name = "plan_scheduled")]
    pub fn plan_scheduled(_: Scheduling) -> Result<Scheduled, ActivityError> {
        unimplemented!()
    }
    /// Looks whether the partner's report is there, and touches nothing.
    #[activity(name = "look_for_report")]
    pub fn look_for_report(_: ReportLook) -> Result<ReportLooked, ActivityError> {
        unimplemented!()
    }
    /// Looks whether the run of a day is there, and puts on record that it is not, once.
    #[activity(name = "check_run")]
    pub fn check_run(_: RunCheck) -> Result<RunChecked, ActivityError> {
        unimplemented!()
    }
    /// Puts on record what a digest says, once for a day.
    #[activity(name = "make_digest")]
    pub fn make_digest(_: DigestMaking) -> Result<DigestMade, ActivityError> {
        unimplemented!()
    }
    /// Signs what is new on the audit trail, publishes and tells it. Heartbeats.
    #[activity(name = "make_checkpoint")]
    pub fn make_checkpoint(_: CheckpointMaking) -> Result<CheckpointMade, ActivityError> {
        unimplemented!()
    }
    /// Puts an incident on record, once.
    #[activity(name = "raise_incident")]
    pub fn raise_incident(_: IncidentRaising) -> Result<IncidentRaised, ActivityError> {
        unimplemented!()
    }
}

pub use ports::{
    ActBehind, ActOnCase, ActOnCases, AdmitRun, BeginReview, CheckRun, CloseRun, CompareBuckets,
    ConcludeRun, DecideReview, DeliverAlert, FallBack, FetchSide, ForwardAct, LookAtReview,
    LookForReport, MakeCheckpoint, MakeDigest, OpenCase, OpenRun, PassTime, PlanScheduled,
    RaiseIncident, RecordFindings, SelectCases, StartCases, TellCases,
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

/// How often a batch gives a sign at least: so long another worker waits before it takes over.
pub(crate) const BATCH_HEARTBEAT: Duration = Duration::from_secs(15);

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
