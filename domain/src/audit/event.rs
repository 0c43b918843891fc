//! What an entry can say.

use crate::named_enum;

named_enum! {
    /// What happened. Names are part of the hashed bytes: never rename one.
    AuditEvent {
        /// A run began.
        RunOpened = "run_opened",
        /// An input was read whole: its hash, counts and totals.
        InputSealed = "input_sealed",
        /// An input could not be used.
        InputQuarantined = "input_quarantined",
        /// The rules and the policy that decide in this run, by hash.
        RulesVersioned = "rules_versioned",
        /// Both sides were compared: counts and conservation.
        Compared = "compared",
        /// Somebody has to be told.
        AlertIntended = "alert_intended",
        /// A run ended with a result.
        RunCompleted = "run_completed",
        /// A run ended without one.
        RunFailed = "run_failed",
        /// A discrepancy's case began.
        CaseOpened = "case_opened",
        /// A channel took an alert.
        AlertSent = "alert_sent",
        /// A channel refused an alert for good.
        AlertDead = "alert_dead",
        /// A channel did not take an alert in time, and another one is told.
        AlertDiverted = "alert_diverted",
        /// Somebody asked for a dead alert to be sent again.
        AlertRedriven = "alert_redriven",
        /// A later run found the same discrepancy.
        CaseSeenAgain = "case_seen_again",
        /// Somebody is to look at a case.
        CaseAssigned = "case_assigned",
        /// Somebody saw a case.
        CaseAcknowledged = "case_acknowledged",
        /// Somebody wrote something down.
        CaseCommented = "case_commented",
        /// A resolution waits for a second person.
        CaseProposed = "case_proposed",
        /// A second person sent a proposal back.
        CaseRejected = "case_rejected",
        /// A case was resolved, by one person or by a second one's approval.
        CaseResolved = "case_resolved",
        /// A later run found that the difference is gone.
        CaseCleared = "case_cleared",
        /// A resolved or cleared case was opened again.
        CaseReopened = "case_reopened",
        /// Somebody tried what they may not.
        CaseDenied = "case_denied",
        /// Somebody is reminded, or somebody else is told.
        CaseEscalated = "case_escalated",
        /// What was found is on record, and the review of it begins.
        ReviewBegun = "review_begun",
        /// The run was signed off: frozen with its totals, hashes and rule version.
        RunSignedOff = "run_signed_off",
        /// Somebody tried to sign off, or to cancel the review, and may not.
        ReviewDenied = "review_denied",
        /// The review was cancelled.
        ReviewCancelled = "review_cancelled",
        /// Many discrepancies of a run may have one cause.
        CauseFound = "cause_found",
        /// Open items of earlier runs were taken over.
        PositionTaken = "position_taken",
        /// A generation took the place of an earlier one: what changed.
        RunRestated = "run_restated",
        /// A person's data was erased, or an object is about to be redacted for that.
        DataErased = "data_erased",
    }
}
