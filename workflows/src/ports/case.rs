//! What the steps of a case, and of a batch of them, take and answer.

use proto::wire::{AlertStatus, CaseBatchInput, CaseReply, CaseStatus};
use serde::{Deserialize, Serialize};

use super::run::Stored;

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
    /// How the case stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseStatus>,
    /// An act on a cause that was cut off before it was done to all discrepancies behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Box<CaseAct>>,
}

/// Input of [`ActOnCase`] and [`ActBehind`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseAct {
    /// The discrepancy's or summary's id.
    pub discrepancy_id: String,
    /// Names this act for ever: the same one twice is answered the same twice.
    pub act_id: String,
    /// `assign`, `comment`, `resolve`, `approve`, `reject`, `reopen`, `acknowledge`, `seen_again`
    /// or `auto_clear`.
    pub action: String,
    /// Its input, the message of `proto` for that action.
    pub input: serde_json::Value,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`ActOnCase`], [`ActBehind`] and [`PassTime`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseActed {
    /// What the person is told. Its case has all alerts, whatever their state.
    pub reply: CaseReply,
    /// As [`CaseOpened::stays_open`].
    pub stays_open: bool,
    /// What is to be done to the discrepancies behind a cause now, by [`ActBehind`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Box<CaseAct>>,
}

/// Input of [`PassTime`]: a case's `due_at` has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimePassing {
    /// The discrepancy's or summary's id.
    pub discrepancy_id: String,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Input of [`ForwardAct`]: an act on a case, given to a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forwarding {
    /// The discrepancy's id.
    pub discrepancy_id: String,
    /// Names this act for ever.
    pub act_id: String,
    /// As [`CaseAct::action`].
    pub action: String,
    /// As [`CaseAct::input`].
    pub input: serde_json::Value,
}

/// Input of [`SelectCases`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchSelection {
    /// Names the batch for ever.
    pub batch_id: String,
    /// What was asked for.
    pub request: CaseBatchInput,
}

/// Answer of [`SelectCases`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchSelected {
    /// Their ids, one per line, in the object store.
    pub selection: Stored,
    /// How many.
    pub count: u64,
}

/// Input of [`ActOnCases`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchAct {
    /// Names the batch for ever.
    pub batch_id: String,
    /// What was asked for.
    pub request: CaseBatchInput,
    /// [`BatchSelected::selection`].
    pub selection: Stored,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Input of [`DeliverAlert`] and [`FallBack`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The alert.
    pub alert_id: String,
    /// Workflow time of the decision, RFC 3339.
    pub at: String,
}
