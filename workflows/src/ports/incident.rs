//! What the steps take and answer that notice what did not happen.

use proto::wire::AlertStatus;
use serde::{Deserialize, Serialize};

use super::run::{AuditHead, Run};

/// Input of [`LookForReport`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportLook {
    /// The run that waits for the partner's report.
    pub run: Run,
}

/// Answer of [`LookForReport`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportLooked {
    /// The report is there, or somebody started the run: there is nothing to wait for.
    Arrived,
    /// It is not there.
    Missing {
        /// What was looked for, and where.
        problem: String,
    },
}

/// Input of [`RaiseIncident`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IncidentRaising {
    /// `report_missing`, `run_missing` or `run_failed`.
    pub kind: String,
    /// The run that did not come.
    pub run: Run,
    /// What happened and what to do, for people.
    pub problem: String,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`RaiseIncident`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IncidentRaised {
    /// Incidents whose case is to be started; none when nobody is to be told.
    pub cases: Vec<String>,
}

/// Input of [`CheckRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunCheck {
    /// The run that should be completed by now.
    pub run: Run,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`CheckRun`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunChecked {
    /// `reconciled`, `already_told` or `run_missing`.
    pub outcome: String,
    /// The same in one sentence.
    pub summary: String,
    /// Incidents whose case is to be started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
}

/// Input of [`MakeDigest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DigestMaking {
    /// The source.
    pub source: String,
    /// The day of the digest.
    pub date: String,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`MakeDigest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DigestMade {
    /// The digest of the day as it stands; none when nothing is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertStatus>,
    /// What it says, in one line.
    pub summary: String,
}

/// Answer of [`CloseRun`]: the end of the run's audit stream, as ever, and what is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// As [`AuditHead::sequence`].
    pub sequence: u64,
    /// As [`AuditHead::hash`].
    pub hash: String,
    /// Incidents whose case is to be started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
}

impl Closed {
    /// A run whose end nobody is told of.
    #[must_use]
    pub fn silently(audit: AuditHead) -> Self {
        Closed {
            sequence: audit.sequence,
            hash: audit.hash,
            cases: Vec::new(),
        }
    }
}
