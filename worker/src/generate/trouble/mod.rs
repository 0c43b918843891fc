//! Realistic trouble: what makes payments hard to bring together, one story-teller per family.
//!
//! Each story says what an accountant would say who has seen both files: what belongs together and
//! agrees, and what is a discrepancy. Whether some rule can find it is not asked here.

mod amounts;
mod dates;
mod groups;
mod mix;
mod references;
mod repeats;
mod reversals;

#[cfg(test)]
mod tests;

pub use mix::Mix;

use super::rows::{LedgerRow, PartnerRow};
use super::scenario::Teller;

domain::named_enum! {
    /// What a story is about; `docs/accuracy.md` tells each.
    Trouble {
        /// A slip in the reference: two characters changed places, one is missing or one too many.
        Typo = "typo",
        /// The partner keeps only the beginning of the reference.
        Truncated = "truncated",
        /// The reference in other letters: case, separators, leading zeros, a prefix.
        Spelled = "spelled",
        /// The reference stands in a free text.
        Embedded = "embedded",
        /// One payment for two invoices, one text for both references.
        Merged = "merged",
        /// One ledger record, paid in two or three parts.
        Split = "split",
        /// One payout for the records of a batch, less fees.
        Batched = "batched",
        /// A fee was taken: the agreed one, or another.
        Fees = "fees",
        /// Paid in another currency.
        Fx = "fx",
        /// A payment that was taken back, on both sides or on one.
        Reversal = "reversal",
        /// The customer took the money back through the bank.
        Chargeback = "chargeback",
        /// The same client pays the same amount again, rightly.
        Repeat = "repeat",
        /// Two payments that look alike, each of which one side lacks.
        LookAlike = "look-alike",
        /// Value dates that are just within the window, or one day beyond.
        OffByOne = "off-by-one",
        /// Booked on the last day of a month, reported on the first business day of the next.
        MonthEnd = "month-end",
        /// A payment that one side has twice by mistake.
        Duplicate = "duplicate",
        /// An attempt that failed, before the payment that went through.
        Failed = "failed",
    }
}

/// The label of whatever is about no trouble at all.
pub(crate) const PLAIN: &str = "plain";

impl Teller<'_> {
    /// Tells a story of this trouble; `nth` counts them, and varies them.
    pub(super) fn troubled(&mut self, trouble: Trouble, nth: usize) {
        match trouble {
            Trouble::Typo => self.typo(nth),
            Trouble::Truncated => self.truncated(),
            Trouble::Spelled => self.spelled(nth),
            Trouble::Embedded => self.embedded(nth),
            Trouble::Merged => self.merged(nth),
            Trouble::Split => self.split(nth),
            Trouble::Batched => self.batched(),
            Trouble::Fees => self.fees(nth),
            Trouble::Fx => self.other_money(),
            Trouble::Reversal => self.reversal(nth),
            Trouble::Chargeback => self.chargeback(nth),
            Trouble::Repeat => self.repeat(nth),
            Trouble::LookAlike => self.look_alike(),
            Trouble::OffByOne => self.off_by_one(nth),
            Trouble::MonthEnd => self.month_end(),
            Trouble::Duplicate => self.repeated_by_mistake(nth),
            Trouble::Failed => self.failed_at_first(nth),
        }
    }

    /// A payment of which the partner knows the reference only, not our invoice.
    fn payment_by_reference(&mut self) -> (PartnerRow, LedgerRow) {
        let (mut partner, ledger) = self.payment();
        partner.invoice.clear();
        (partner, ledger)
    }
}
