//! What the review of a run takes and answers.

use proto::wire::{ReviewReply, RunTotals};
use serde::{Deserialize, Serialize};

use super::run::{AuditHead, Run};

/// How a run is reviewed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Review {
    /// Material discrepancies of this run whose case is open or proposed. None: no review.
    pub material_open: u32,
    /// When it ends by itself: workflow time, RFC 3339.
    pub ends_at: String,
}

/// Input of [`BeginReview`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewBeginning {
    /// The run.
    pub run: Run,
    /// Counts and sums.
    pub totals: RunTotals,
    /// The review.
    pub review: Review,
    /// End of the run's audit stream.
    pub audit: AuditHead,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Input of [`LookAtReview`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewLook {
    /// The run.
    pub run: Run,
}

/// Input of [`DecideReview`]: somebody signs off or cancels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewDecision {
    /// The run.
    pub run: Run,
    /// `sign_off` or `cancel_review`.
    pub action: String,
    /// Who.
    pub by: String,
    /// Why; may be empty.
    pub note: String,
    /// End of the run's audit stream.
    pub audit: AuditHead,
    /// Workflow time, RFC 3339.
    pub at: String,
}

/// Answer of [`DecideReview`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewDecided {
    /// What the person is told.
    pub reply: ReviewReply,
    /// End of the run's audit stream.
    pub audit: AuditHead,
}
