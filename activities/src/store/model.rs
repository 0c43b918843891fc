//! What goes into a store and what comes out of it, whatever the store is.

use domain::alert::AlertIntent;
use domain::audit::{AuditEntry, AuditHead};
use domain::case::Case;
use domain::cause::Cause;
use domain::discrepancy::Discrepancy;
use domain::money::Money;
use domain::policy::Scope;
use domain::record::{Reject, Side};
use jiff::Timestamp;
use jiff::civil::Date;
use proto::wire::RunTotals;

use super::incidents::Incident;
use super::reviews::Restatement;
use super::state::{AlertState, RunState};

/// Rejects of one input that are kept in the store, in order; the input's counts tell of the rest,
/// which the staged reject file holds.
pub const REJECTS_PER_INPUT_MAX: usize = 10_000;
/// Earlier runs that are named when an input was seen before.
pub const SEEN_MAX: u32 = 20;

/// A run that a workflow asks to begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunOpening {
    /// Workflow id, such as `recon/acme-pay/2026-11-20`.
    pub run_id: String,
    /// Temporal's id of this execution of the workflow.
    pub workflow_run_id: String,
    /// What is reconciled.
    pub source: String,
    /// The day that is reconciled.
    pub business_date: Date,
    /// Which part of the source.
    pub scope: Scope,
    /// 1, or more for an amended report.
    pub generation: u32,
    /// Who asked for it; empty for nobody in particular.
    pub requested_by: String,
    /// By the workflow's clock.
    pub opened_at: Timestamp,
    /// Now, by the clock that turns are kept by.
    pub now: Timestamp,
}

/// What became of a [`RunOpening`].
#[derive(Clone, PartialEq, Debug)]
pub enum Opened {
    /// Nothing was known of this run.
    New(AuditHead),
    /// It was begun before and has not completed: by this execution, or by one that has failed or
    /// is gone, whose inputs and findings are set aside.
    Resumed(AuditHead),
    /// It has completed; nothing was changed.
    Closed(Box<RunRow>),
    /// It is compared and on record, and in review; nothing was changed.
    InReview(Box<RunRow>, AuditHead),
    /// Another run of the source has its turn; nothing was changed.
    Waiting {
        /// That run.
        for_run: String,
    },
}

/// A run on record.
#[derive(Clone, PartialEq, Debug)]
pub struct RunRow {
    /// Workflow id.
    pub run_id: String,
    /// Temporal's id of the execution that has it now.
    pub workflow_run_id: String,
    /// What is reconciled.
    pub source: String,
    /// The day that is reconciled.
    pub business_date: Date,
    /// Which part of the source.
    pub scope: Scope,
    /// 1, or more for an amended report.
    pub generation: u32,
    /// Who asked for it.
    pub requested_by: String,
    /// How many executions of the workflow have had it.
    pub attempt: u32,
    /// When its first attempt began.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub state: RunState,
    /// What went wrong, when it failed.
    pub problem: Option<String>,
    /// What it found, once completed.
    pub totals: Option<RunTotals>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// How a run ends with a result.
#[derive(Clone, PartialEq, Debug)]
pub struct RunCompletion {
    /// What it found, with its conservation lines.
    pub totals: RunTotals,
    /// By the workflow's clock.
    pub completed_at: Timestamp,
    /// How its review ended; empty when there was none.
    pub review: String,
    /// What it changed of a generation that was signed off.
    pub restatement: Option<Restatement>,
    /// Entries of the run's stream that say so.
    pub audit: Vec<AuditEntry>,
}

/// How a run ends without a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunFailure {
    /// Whether an input is to blame.
    pub cause: FailureCause,
    /// What happened and what to do.
    pub problem: String,
    /// By the workflow's clock.
    pub failed_at: Timestamp,
    /// Alerts of the incident that this is; none when nobody has to be told.
    pub incident: Option<Incident>,
    /// Entries of the run's stream that say so.
    pub audit: Vec<AuditEntry>,
}

/// What ended a run without a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureCause {
    /// Anything but an input.
    Other,
    /// An input that can't be used.
    Input,
}

/// Lines of an input. read = accepted + rejected + skipped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RowCounts {
    /// All of them.
    pub read: u64,
    /// Became records.
    pub accepted: u64,
    /// Could not.
    pub rejected: u64,
    /// Were not meant to.
    pub skipped: u64,
}

/// One sealed input of a run: what exactly was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputRow {
    /// Whose it is.
    pub side: Side,
    /// File or query name.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its lines.
    pub rows: RowCounts,
    /// Sums of the accepted records, at most one per currency.
    pub totals: Vec<Money>,
    /// The id that the report gives itself, such as the statement's.
    pub declared_id: Option<String>,
}

/// A completed run that read the same bytes before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenInput {
    /// The run.
    pub run_id: String,
    /// The day it reconciled.
    pub business_date: Date,
    /// Which part of the source.
    pub scope: Scope,
    /// Its generation.
    pub generation: u32,
    /// The input's name there.
    pub name: String,
}

/// A discrepancy that a run found, and the alerts of that run that tell about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The discrepancy.
    pub discrepancy: Discrepancy,
    /// Ids of alerts; intents of these ids are on record or in the same [`Findings`].
    pub alert_ids: Vec<String>,
    /// Its cause, on record or in the same [`Findings`].
    pub cause: Option<String>,
}

/// Some findings of a run, written in one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Findings {
    /// The discrepancies.
    pub findings: Vec<Finding>,
    /// Causes behind some of them.
    pub causes: Vec<Cause>,
    /// Alerts to be sent about them.
    pub alerts: Vec<AlertIntent>,
    /// Entries of the run's stream about them.
    pub audit: Vec<AuditEntry>,
    /// By the workflow's clock.
    pub at: Timestamp,
}

/// A discrepancy on record, as the run found it, with the state of its case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiscrepancyRow {
    /// The run that found it like this.
    pub run_id: String,
    /// The source.
    pub source: String,
    /// The discrepancy.
    pub discrepancy: Discrepancy,
    /// How its case stands.
    pub case: Case,
    /// The run that found it first.
    pub first_seen_run: String,
    /// The run that found it last.
    pub last_seen_run: String,
    /// Alerts that tell about it, in order.
    pub alert_ids: Vec<String>,
    /// Id of the cause that it may have in common with others.
    pub cause: Option<String>,
}

/// An alert on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertRow {
    /// What is to be told to whom.
    pub intent: AlertIntent,
    /// Where it stands.
    pub state: AlertState,
    /// When it was decided.
    pub intended_at: Timestamp,
    /// Deliveries begun so far.
    pub attempts: u32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When the channel took it.
    pub sent_at: Option<Timestamp>,
    /// What the channel calls it.
    pub provider_reference: Option<String>,
}

/// Whether a delivery that is about to begin is still wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// Send it; it counts as `sending` now.
    Due(Box<AlertRow>),
    /// It was sent, is dead, or another channel is told; don't.
    Over(Box<AlertRow>),
}

/// Which dead alerts to send again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Redrive {
    /// All of them.
    All,
    /// These.
    Ids(Vec<String>),
}

/// A stream as stored: to be held against [`domain::audit::verify`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditStream {
    /// In order of sequence.
    pub entries: Vec<AuditEntry>,
    /// Kept apart from them.
    pub head: AuditHead,
}

/// A reject on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectRow {
    /// Name of the input it stands in.
    pub input: String,
    /// The line and what is wrong with it.
    pub reject: Reject,
}
