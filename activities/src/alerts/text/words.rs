//! Each kind of discrepancy in words: what it is, and the first thing to do about it.

use domain::alert::{DiscrepancyFacts, IncidentKind};
use domain::cause::CauseKind;
use domain::discrepancy::Kind;
use domain::record::Status;

/// What a kind is, in words that need no manual.
pub(super) fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::StatementOutOfBalance => "report does not add up",
        Kind::DuplicateAtPartner => "reported again by the partner",
        Kind::DuplicateInLedger => "booked again in the ledger",
        Kind::Ambiguous => "several possible matches",
        Kind::MissingInLedger => "missing in the ledger",
        Kind::MissingAtPartner => "missing at the partner",
        Kind::CurrencyMismatch => "currencies differ",
        Kind::AmountMismatch => "amounts differ",
        Kind::StatusMismatch => "status differs",
        Kind::FeeMismatch => "fee does not agree",
        Kind::Rounding => "rounding difference",
        Kind::DateMismatch => "value dates differ",
    }
}

/// The first thing to do about one discrepancy.
pub(super) fn advice(facts: &DiscrepancyFacts) -> &'static str {
    let reported = facts.partner.as_ref().and_then(|record| record.status);
    let booked = facts.ledger.as_ref().and_then(|record| record.status);
    match facts.kind {
        Kind::MissingInLedger | Kind::MissingAtPartner if facts.at_stake.amount.is_zero() => {
            "Nothing, if it is right that no money moved."
        }
        Kind::MissingInLedger if reported == Some(Status::Reversed) => {
            "Find out who took the money back and why; then book the reversal."
        }
        Kind::StatementOutOfBalance => {
            "Do not use this report: nothing of it was matched. Ask the partner for a corrected one."
        }
        Kind::DuplicateAtPartner => {
            "Do not book or refund it again before the partner says whether it is a second payment."
        }
        Kind::DuplicateInLedger => {
            "Check whether it was booked twice; if so, reverse one booking before it is paid out."
        }
        Kind::Ambiguous => "Choose the right counterpart by hand: nothing was matched here.",
        Kind::MissingInLedger => {
            "Look for it in the ledger under another reference; if it is not there, book it."
        }
        Kind::MissingAtPartner if booked == Some(Status::Reversed) => {
            "Ask the partner whether the payment was taken back there, too; if it stands, correct the \
             ledger."
        }
        Kind::MissingAtPartner => {
            "Ask the partner where the payment is: its time to settle has passed."
        }
        Kind::CurrencyMismatch => {
            "Find out which currency was agreed before anything is booked or paid out."
        }
        Kind::AmountMismatch => {
            "Compare both records with the invoice, and have the wrong side corrected."
        }
        Kind::StatusMismatch => {
            "Hold what depends on this payment until it is clear which side is right."
        }
        Kind::FeeMismatch => "Compare the fee with the contract, and claim the difference back.",
        Kind::Rounding => "Nothing, unless it keeps happening: then one side rounds wrongly.",
        Kind::DateMismatch => "Check that the money counts on the right day on both sides.",
    }
}

/// The first thing to do about many discrepancies with one cause.
pub(super) fn cause_advice(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::ReportIncomplete => {
            "Check that all of the partner's files are there and whole; ask for what is missing. A \
             complete report makes a new generation, and what is settled closes by itself."
        }
        CauseKind::LedgerIncomplete => {
            "Check that the ledger export is whole and that all payments of the day are booked."
        }
        CauseKind::CutOffShifted => {
            "Ask the partner whether the cut-off moved; if so, change the date window (`[dates]`) of \
             this source."
        }
        CauseKind::FeesChanged => {
            "Compare the fees with the contract: either claim the difference back, or change the \
             agreed fee of this source."
        }
    }
}

/// The first thing to do about something that did not happen.
pub(super) fn incident_advice(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::ReportMissing => "Ask the partner for the report.",
        IncidentKind::RunMissing => {
            "Check that the schedule is not paused and that a worker runs (trueup schedule list)."
        }
        IncidentKind::RunFailed => "Mend what it says above.",
    }
}
