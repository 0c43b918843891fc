//! The activities as Temporal sees them: each implements one port of `workflows` and hands over to
//! the module that knows how.

#![allow(
    missing_docs,
    reason = "each method implements the port of its name, documented there"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use domain::case::Authority;
use proto::wire::{AlertStatus, CaseBatchResult, CaseReply, ReviewStatus};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflows::ports::{
    ActBehind, ActOnCase, ActOnCases, AdmitRun, AuditHead, BatchAct, BatchSelected, BatchSelection,
    BeginReview, CaseAct, CaseActed, CaseOpened, CaseOpening, CasesStarting, CheckRun,
    CheckpointMade, CheckpointMaking, CloseRun, Closed, Closing, Compare, CompareBuckets, Conclude,
    ConcludeRun, Concluded, DecideReview, DeliverAlert, Delivery, DigestMade, DigestMaking,
    FallBack, Fetch, FetchSide, Fetched, ForwardAct, Forwarding, IncidentRaised, IncidentRaising,
    LookAtReview, LookForReport, MakeCheckpoint, MakeDigest, OpenCase, OpenRun, Opened, Opening,
    PassTime, PlanScheduled, RaiseIncident, Record, RecordFindings, Recorded, ReportLook,
    ReportLooked, ReviewBeginning, ReviewDecided, ReviewDecision, ReviewLook, RunCheck, RunChecked,
    Scheduled, Scheduling, SelectCases, StartCases, Stored, TellCases, Telling, TimePassing,
};

use crate::alerts::Channels;
use crate::audit::{self, Audit};
use crate::formats::ReadLimits;
use crate::source::Source;
use crate::staging::Staging;
use crate::store::Store;
use crate::temporal::Workflows;
use crate::{cases, digests, incidents, runs, schedules, watch};

/// An installation, ready to work: what its configuration says, and everything it talks to.
#[derive(Clone)]
pub struct Trueup {
    /// Relative paths of the sources start here.
    pub folder: PathBuf,
    /// The sources by name.
    pub sources: Arc<BTreeMap<String, Source>>,
    /// Who may do what.
    pub authority: Authority,
    /// What is read at most.
    pub limits: ReadLimits,
    /// How the work is divided.
    pub pace: Pace,
    /// What is on record.
    pub store: Store,
    /// Inputs and staged records.
    pub staging: Staging,
    /// The alert channels.
    pub channels: Arc<Channels>,
    /// What the audit trail is signed and checked with.
    pub audit: Arc<Audit>,
    /// The text of `trueup.toml`.
    pub settings: String,
    /// Other workflows: cases, and runs in review.
    pub workflows: Workflows,
}

/// How the work of a run is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// Records of both sides per comparison, before another one is started beside it.
    pub records_per_task: u64,
    /// Comparisons side by side, at most.
    pub compare_tasks_max: u32,
    /// A long step that gives no sign for this long is taken over by another worker.
    pub heartbeat_timeout_seconds: u32,
    /// Inputs of up to this size together make a run that is gone through at once.
    pub small_run_bytes: u64,
}

#[activities]
impl Trueup {
    #[activity(definition = AdmitRun)]
    pub async fn admit_run(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: Opening,
    ) -> Result<(), ActivityError> {
        runs::admit(&self, &input)?;
        Ok(())
    }

    #[activity(definition = OpenRun)]
    pub async fn open_run(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Opening,
    ) -> Result<Opened, ActivityError> {
        let run = input.run.clone();
        let work = runs::open(&self, input, ctx.info().attempt);
        Ok(runs::charged(&self, &run, "open", work).await?)
    }

    #[activity(definition = FetchSide)]
    pub async fn fetch_side(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Fetch,
    ) -> Result<Fetched, ActivityError> {
        let run = input.run.clone();
        let work = runs::fetch(&self, &ctx, input);
        Ok(runs::charged(&self, &run, "fetch", work).await?)
    }

    #[activity(definition = CompareBuckets)]
    pub async fn compare_buckets(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Compare,
    ) -> Result<Stored, ActivityError> {
        let run = input.run.clone();
        let work = runs::compare(Arc::clone(&self), &ctx, input);
        Ok(runs::charged(&self, &run, "compare", work).await?)
    }

    #[activity(definition = ConcludeRun)]
    pub async fn conclude_run(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Conclude,
    ) -> Result<Concluded, ActivityError> {
        let run = input.run.clone();
        let work = runs::conclude(Arc::clone(&self), &ctx, input);
        Ok(runs::charged(&self, &run, "conclude", work).await?)
    }

    #[activity(definition = RecordFindings)]
    pub async fn record_findings(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Record,
    ) -> Result<Recorded, ActivityError> {
        let run = input.run.clone();
        let work = runs::record(&self, &ctx, input);
        Ok(runs::charged(&self, &run, "record", work).await?)
    }

    #[activity(definition = CloseRun)]
    pub async fn close_run(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Closing,
    ) -> Result<Closed, ActivityError> {
        let run = input.run.clone();
        let work = runs::close(&self, &ctx, input);
        Ok(runs::charged(&self, &run, "close", work).await?)
    }

    #[activity(definition = OpenCase)]
    pub async fn open_case(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: CaseOpening,
    ) -> Result<CaseOpened, ActivityError> {
        Ok(cases::open(&self, input).await?)
    }

    #[activity(definition = DeliverAlert)]
    pub async fn deliver_alert(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: Delivery,
    ) -> Result<AlertStatus, ActivityError> {
        Ok(cases::deliver(&self, input).await?)
    }

    #[activity(definition = FallBack)]
    pub async fn fall_back(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: Delivery,
    ) -> Result<AlertStatus, ActivityError> {
        Ok(cases::fall_back(&self, input).await?)
    }

    #[activity(definition = BeginReview)]
    pub async fn begin_review(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ReviewBeginning,
    ) -> Result<AuditHead, ActivityError> {
        let run = input.run.clone();
        let work = runs::begin_review(&self, input);
        Ok(runs::charged(&self, &run, "begin review", work).await?)
    }

    #[activity(definition = LookAtReview)]
    pub async fn look_at_review(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ReviewLook,
    ) -> Result<ReviewStatus, ActivityError> {
        let run = input.run.clone();
        let work = runs::look_at_review(&self, input);
        Ok(runs::charged(&self, &run, "look at review", work).await?)
    }

    #[activity(definition = DecideReview)]
    pub async fn decide_review(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ReviewDecision,
    ) -> Result<ReviewDecided, ActivityError> {
        let run = input.run.clone();
        let work = runs::decide_review(&self, input);
        Ok(runs::charged(&self, &run, "decide review", work).await?)
    }

    #[activity(definition = ActOnCase)]
    pub async fn act_on_case(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: CaseAct,
    ) -> Result<CaseActed, ActivityError> {
        Ok(cases::act(&self, input).await?)
    }

    #[activity(definition = ActBehind)]
    pub async fn act_behind(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: CaseAct,
    ) -> Result<CaseActed, ActivityError> {
        Ok(cases::act_behind(&self, &ctx, input).await?)
    }

    #[activity(definition = PassTime)]
    pub async fn pass_time(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: TimePassing,
    ) -> Result<CaseActed, ActivityError> {
        Ok(cases::pass(&self, input).await?)
    }

    #[activity(definition = ForwardAct)]
    pub async fn forward_act(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: Forwarding,
    ) -> Result<CaseReply, ActivityError> {
        Ok(cases::forward(&self, input).await?)
    }

    #[activity(definition = StartCases)]
    pub async fn start_cases(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: CasesStarting,
    ) -> Result<(), ActivityError> {
        cases::start(&self, &ctx, input).await?;
        Ok(())
    }

    #[activity(definition = TellCases)]
    pub async fn tell_cases(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Telling,
    ) -> Result<(), ActivityError> {
        cases::tell(&self, &ctx, input).await?;
        Ok(())
    }

    #[activity(definition = SelectCases)]
    pub async fn select_cases(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: BatchSelection,
    ) -> Result<BatchSelected, ActivityError> {
        Ok(cases::select(&self, input).await?)
    }

    #[activity(definition = ActOnCases)]
    pub async fn act_on_cases(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: BatchAct,
    ) -> Result<CaseBatchResult, ActivityError> {
        Ok(cases::act_on_many(&self, &ctx, input).await?)
    }

    #[activity(definition = PlanScheduled)]
    pub async fn plan_scheduled(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: Scheduling,
    ) -> Result<Scheduled, ActivityError> {
        Ok(schedules::plan(&self, &input)?)
    }

    #[activity(definition = LookForReport)]
    pub async fn look_for_report(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ReportLook,
    ) -> Result<ReportLooked, ActivityError> {
        Ok(incidents::look(&self, &input).await?)
    }

    #[activity(definition = CheckRun)]
    pub async fn check_run(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: RunCheck,
    ) -> Result<RunChecked, ActivityError> {
        Ok(watch::check(&self, input).await?)
    }

    #[activity(definition = MakeDigest)]
    pub async fn make_digest(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: DigestMaking,
    ) -> Result<DigestMade, ActivityError> {
        Ok(digests::make(&self, input).await?)
    }

    #[activity(definition = MakeCheckpoint)]
    pub async fn make_checkpoint(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: CheckpointMaking,
    ) -> Result<CheckpointMade, ActivityError> {
        Ok(audit::activity(&self, &ctx, input).await?)
    }

    #[activity(definition = RaiseIncident)]
    pub async fn raise_incident(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: IncidentRaising,
    ) -> Result<IncidentRaised, ActivityError> {
        Ok(incidents::raise(&self, input).await?)
    }
}
