//! What the query `status` tells, and the result in words.

use proto::wire::{ReconciliationInput, ReconciliationResult, ReviewStatus, RunStatus, RunTotals};

use crate::ports::Run;

/// Where a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Phase {
    #[default]
    Opening,
    Waiting,
    Fetching,
    Comparing,
    Recording,
    Alerting,
    InReview,
    Completed,
    Failed,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Phase::Opening => "opening",
            Phase::Waiting => "waiting",
            Phase::Fetching => "fetching",
            Phase::Comparing => "comparing",
            Phase::Recording => "recording",
            Phase::Alerting => "alerting",
            Phase::InReview => "in_review",
            Phase::Completed => "completed",
            Phase::Failed => "failed",
        }
    }
}

/// State of a run, as far as people see it.
#[derive(Default)]
pub(crate) struct Progress {
    source: String,
    business_date: String,
    phase: Phase,
    steps_done: u32,
    steps_total: u32,
    pub(crate) totals: RunTotals,
    pub(crate) review: Option<ReviewStatus>,
    problem: String,
}

/// Open, fetch twice, compare, conclude, record, close: before the number of comparisons is known.
const STEPS_AT_FIRST: u32 = 7;

impl Progress {
    pub(crate) fn begin(request: &ReconciliationInput) -> Self {
        Progress {
            source: request.source.clone(),
            business_date: request.business_date.clone(),
            steps_total: STEPS_AT_FIRST,
            ..Progress::default()
        }
    }

    pub(crate) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// All steps but the last are done: by an earlier execution, or at once.
    pub(crate) fn all_but_the_last(&mut self, totals: RunTotals) {
        self.totals = totals;
        self.steps_done = self.steps_total - 1;
    }

    /// For the Temporal UI, in Markdown: where it stands and, in review, what one can do.
    pub(crate) fn details(&self, run_id: &str) -> String {
        let mut text = format!("Phase: **{}**\n", self.phase.name());
        if let (Phase::InReview, Some(review)) = (self.phase, &self.review) {
            let ReviewStatus {
                material_open,
                ends_at,
                ..
            } = review;
            text += &format!(
                "\n{}\n\n{material_open} material discrepancies are open. The review ends by \
                 itself at {ends_at}.\n\n```\ntemporal workflow update execute -w {run_id} --name \
                 sign_off --input '{{\"by\":\"you\",\"note\":\"why\"}}'\n```\n",
                sentence(&self.totals)
            );
        }
        text
    }

    /// Says whom it waits for; nobody any more.
    pub(crate) fn wait_for(&mut self, run_id: Option<&str>) {
        self.problem = run_id.map(waiting).unwrap_or_default();
    }

    pub(crate) fn step_done(&mut self) {
        self.steps_done += 1;
    }

    pub(crate) fn comparisons(&mut self, count: u32) {
        self.steps_total = STEPS_AT_FIRST + count.saturating_sub(1);
    }

    pub(crate) fn fail(&mut self, problem: &str) {
        self.phase = Phase::Failed;
        self.problem = problem.to_owned();
    }

    pub(crate) fn status(&self, run_id: &str) -> RunStatus {
        RunStatus {
            run_id: run_id.to_owned(),
            source: self.source.clone(),
            business_date: self.business_date.clone(),
            phase: self.phase.name().to_owned(),
            steps_done: self.steps_done,
            steps_total: self.steps_total,
            totals: Some(self.totals.clone()),
            problem: self.problem.clone(),
            review: self.review.clone(),
        }
    }
}

/// What a run waits for, in words.
pub(crate) fn waiting(run_id: &str) -> String {
    format!("waits for {run_id}: runs of one source come one after the other")
}

/// The result of a run whose review ended like this.
pub(crate) fn completed(run: &Run, totals: RunTotals, review: &str) -> ReconciliationResult {
    let (outcome, end) = match review {
        "signed_off" => (review, "; signed off"),
        "review_ended" => (
            review,
            "; the review ended, what is left is carried forward",
        ),
        "review_cancelled" => (review, "; the review was cancelled"),
        _ => ("completed", ""),
    };
    ReconciliationResult {
        run_id: run.run_id.clone(),
        outcome: outcome.to_owned(),
        summary: sentence(&totals) + end,
        totals: Some(totals),
    }
}

pub(crate) fn already_completed(run: &Run, totals: RunTotals) -> ReconciliationResult {
    ReconciliationResult {
        run_id: run.run_id.clone(),
        outcome: "already_completed".to_owned(),
        summary: format!(
            "{} was reconciled before: {}",
            run.run_id,
            sentence(&totals)
        ),
        totals: Some(totals),
    }
}

pub(crate) fn handed_over(run: &Run) -> ReconciliationResult {
    ReconciliationResult {
        run_id: run.run_id.clone(),
        outcome: "handed_over".to_owned(),
        summary: format!("this business key is reconciled by workflow {}", run.run_id),
        totals: None,
    }
}

fn sentence(totals: &RunTotals) -> String {
    let RunTotals {
        matched,
        discrepancies,
        in_transit,
        ..
    } = totals;
    format!("{matched} matched, {discrepancies} discrepancies, {in_transit} in transit")
}
