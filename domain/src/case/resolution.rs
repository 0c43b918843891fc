//! What people can make of a discrepancy, and what that means for the money in it.

use jiff::civil::Date;

use crate::money::Amount;
use crate::named_enum;

named_enum! {
    /// The ways to resolve a discrepancy.
    ResolutionKind {
        /// The record belongs to one on the other side that the rules did not find.
        Match = "match",
        /// Both records belong together, and the difference is taken as it is.
        Accept = "accept",
        /// The money is given up: a reason, an amount, an account.
        WriteOff = "write_off",
        /// It is there twice, once too often.
        DuplicateConfirmed = "duplicate_confirmed",
        /// The other side will have it by some day.
        InTransit = "in_transit",
        /// The partner has to correct their records.
        PartnerToCorrect = "partner_to_correct",
        /// We have to correct ours.
        LedgerToCorrect = "ledger_to_correct",
        /// Nothing is wrong: a legitimate repeat, an agreed exception.
        NotAnError = "not_an_error",
        /// The record should not exist.
        Void = "void",
    }
}

/// A way to resolve, with what it takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// See [`ResolutionKind::Match`].
    Match {
        /// Reference of the record on the other side.
        with: String,
    },
    /// See [`ResolutionKind::Accept`].
    Accept,
    /// See [`ResolutionKind::WriteOff`].
    WriteOff {
        /// Why, by a code of the accounting team.
        reason_code: String,
        /// How much, without sign; in the discrepancy's currency.
        amount: Amount,
        /// Where it is booked.
        account: String,
    },
    /// See [`ResolutionKind::DuplicateConfirmed`].
    DuplicateConfirmed,
    /// See [`ResolutionKind::InTransit`].
    InTransit {
        /// The last day to wait for.
        until: Date,
    },
    /// See [`ResolutionKind::PartnerToCorrect`].
    PartnerToCorrect,
    /// See [`ResolutionKind::LedgerToCorrect`].
    LedgerToCorrect,
    /// See [`ResolutionKind::NotAnError`].
    NotAnError,
    /// See [`ResolutionKind::Void`].
    Void,
}

/// A resolution in force, and what it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InForce {
    /// What somebody decided.
    pub resolution: Resolution,
    /// What could be lost, without sign.
    pub at_stake: Amount,
}

impl InForce {
    /// See [`Resolution::settles`].
    #[must_use]
    pub fn settles(&self, has_both_sides: bool) -> Settles {
        self.resolution.settles(has_both_sides, self.at_stake)
    }
}

named_enum! {
    /// Where the records of a resolved discrepancy go in the conservation of money.
    Settles {
        /// They count as matched.
        Matched = "matched",
        /// They count as written off.
        WrittenOff = "written_off",
        /// They count as voided.
        Voided = "voided",
        /// They stay open items: carried forward until the other side arrives.
        Nothing = "nothing",
    }
}

impl Settles {
    /// As it is said of a record that was alone when it was settled.
    #[must_use]
    pub(crate) fn words(self) -> &'static str {
        match self {
            Settles::Matched => "was matched by hand",
            Settles::WrittenOff => "was written off",
            Settles::Voided => "was voided",
            Settles::Nothing => "is open",
        }
    }
}

impl Resolution {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ResolutionKind {
        match self {
            Resolution::Match { .. } => ResolutionKind::Match,
            Resolution::Accept => ResolutionKind::Accept,
            Resolution::WriteOff { .. } => ResolutionKind::WriteOff,
            Resolution::DuplicateConfirmed => ResolutionKind::DuplicateConfirmed,
            Resolution::InTransit { .. } => ResolutionKind::InTransit,
            Resolution::PartnerToCorrect => ResolutionKind::PartnerToCorrect,
            Resolution::LedgerToCorrect => ResolutionKind::LedgerToCorrect,
            Resolution::NotAnError => ResolutionKind::NotAnError,
            Resolution::Void => ResolutionKind::Void,
        }
    }

    /// Where the discrepancy's records go, when so much is at stake. A difference between two records
    /// that is written off leaves both matched; a lone record that is written off is written off whole.
    /// Where less than all is written off, the rest is still to come: they stay open.
    #[must_use]
    pub fn settles(&self, has_both_sides: bool, at_stake: Amount) -> Settles {
        match self {
            Resolution::Match { .. } | Resolution::Accept => Settles::Matched,
            Resolution::WriteOff { amount, .. } if *amount < at_stake.abs() => Settles::Nothing,
            Resolution::NotAnError | Resolution::WriteOff { .. } if has_both_sides => {
                Settles::Matched
            }
            Resolution::WriteOff { .. } => Settles::WrittenOff,
            Resolution::DuplicateConfirmed | Resolution::Void | Resolution::NotAnError => {
                Settles::Voided
            }
            Resolution::InTransit { .. }
            | Resolution::PartnerToCorrect
            | Resolution::LedgerToCorrect => Settles::Nothing,
        }
    }
}
