//! What the steps of a run take and answer.

use std::time::Duration;

use domain::matching::BUCKETS;
use proto::wire::{ReconciliationInput, RunTotals, SideCounts};
use serde::{Deserialize, Serialize};

use super::review::Review;

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
    /// The run is not to be gone through at once, however small it is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_steps: bool,
}

/// Answer of [`OpenRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "one of them travels at a time, and most are the large one"
)]
pub enum Opened {
    /// The run is ours to do.
    Proceed(Plan),
    /// A small run that the opening went through at once: what it found is on record.
    Recorded(Done),
    /// A small run that the opening went through at once. Nothing was left to do: it is closed.
    Completed {
        /// What it found.
        totals: RunTotals,
    },
    /// The same business key was reconciled before; nothing is done again.
    AlreadyCompleted {
        /// What it found.
        totals: RunTotals,
    },
    /// Another run of the source takes its turn; ask again. Runs that carry open items forward
    /// come one after the other.
    Waiting {
        /// The other run.
        for_run: String,
        /// After how long to ask again.
        seconds: u32,
    },
    /// An earlier execution compared and recorded; what is left is the review.
    InReview {
        /// What it found.
        totals: RunTotals,
        /// End of the run's audit stream.
        audit: AuditHead,
        /// The review.
        review: Review,
    },
}

/// What a run did up to its record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// How it was done.
    pub plan: Plan,
    /// Counts and sums.
    pub totals: RunTotals,
    /// What it put on record.
    pub recorded: Recorded,
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
    /// What earlier runs left open and what they used up; none for the first run of a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Stored>,
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
    /// As [`Plan::position`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Stored>,
}

/// Answer of [`FetchSide`]: the side is staged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetched {
    /// The list of staged objects, control checks, totals and rejects.
    pub manifest: Stored,
    /// Lines of its inputs.
    pub counts: SideCounts,
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

impl Sides {
    /// Whether an input breaks its own arithmetic: then nothing is matched.
    #[must_use]
    pub fn break_controls(&self) -> bool {
        self.partner.broken_controls + self.ledger.broken_controls > 0
    }
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
    /// As [`Plan::position`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Stored>,
}

impl Compare {
    /// One of so many parts of both sides.
    #[must_use]
    pub fn part(run: &Run, sides: &Sides, position: Option<Stored>, part: u32, of: u32) -> Self {
        Compare {
            run: run.clone(),
            partner: sides.partner.manifest.clone(),
            ledger: sides.ledger.manifest.clone(),
            bucket_from: BUCKETS * part / of,
            bucket_to: BUCKETS * (part + 1) / of,
            position,
        }
    }
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
    /// As [`Plan::position`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Stored>,
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
    /// As [`Plan::position`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Stored>,
}

/// Answer of [`RecordFindings`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// Discrepancies (or the summary) whose case is to be started. Bounded by the source's limit.
    pub cases: Vec<String>,
    /// End of the run's audit stream.
    pub audit: AuditHead,
    /// Cases of earlier runs that were seen again or cleared and may have a workflow that has to
    /// hear of it: a list in the object store, for [`TellCases`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Stored>,
    /// The counts with what only the record knows: seen again, cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<RunTotals>,
    /// How the review goes; none when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Nothing was recorded: another run of the source was concluded since this one was opened. It
    /// is to be opened again, and to begin with that.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_overtaken: bool,
    /// The cases are started by one step, [`StartCases`]. Earlier versions had them started by the
    /// workflow, which left events for each in its history.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cases_by_step: bool,
}

impl Recorded {
    /// Nobody has to be told, and nothing to be reviewed.
    #[must_use]
    pub fn silently(audit: AuditHead) -> Self {
        Recorded {
            cases: Vec::new(),
            audit,
            told: None,
            totals: None,
            review: None,
            is_overtaken: false,
            cases_by_step: true,
        }
    }

    /// Whether somebody is told of it, or reviews it.
    #[must_use]
    pub fn concerns_people(&self) -> bool {
        !self.cases.is_empty() || self.told.is_some() || self.review.is_some()
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Input of [`StartCases`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CasesStarting {
    /// The run.
    pub run: Run,
    /// [`Recorded::cases`].
    pub cases: Vec<String>,
}

/// Input of [`TellCases`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Telling {
    /// The run.
    pub run: Run,
    /// [`Recorded::told`].
    pub told: Stored,
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
#[allow(
    clippy::large_enum_variant,
    reason = "one of them travels at a time, and most are the large one"
)]
pub enum Ending {
    /// Everything is on record.
    Completed {
        /// Counts and sums.
        totals: RunTotals,
        /// How the review ended: `signed_off`, `nothing_open`, `review_ended`,
        /// `review_cancelled`; empty when there was none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        review: String,
    },
    /// It can't go on.
    Failed {
        /// One of the names in [`failure`], or `Cancelled`.
        name: String,
        /// What happened and what to do.
        problem: String,
    },
}
