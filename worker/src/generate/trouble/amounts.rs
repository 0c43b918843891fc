//! Trouble with amounts: fees that were taken, and money of another currency.

use domain::discrepancy::Kind;
use domain::severity::Severity;

use super::super::currencies::{CurrencyFacts, GROSS_STEP};
use super::super::scenario::Teller;

impl Teller<'_> {
    /// The agreed fee, which is no discrepancy, or another one. A statement knows no fees of single
    /// payments: there the money comes short of one that nobody booked.
    pub(super) fn fees(&mut self, nth: usize) {
        match (nth.is_multiple_of(2), self.plan.states_fees) {
            (true, true) => {
                let (partner, ledger) = self.payment_by_reference();
                self.agree([partner], [ledger]);
            }
            (true, false) => {
                // The fee is a record of its own in our books, under the reference of the payment.
                let (mut partner, ledger) = self.payment_by_reference();
                let mut fee = ledger.clone();
                fee.amount = -partner.fee;
                partner.gross = partner.net;
                self.agree([partner], [ledger, fee]);
            }
            (false, true) => self.wrong_fee(nth / 2),
            (false, false) => {
                let (mut partner, ledger) = self.payment_by_reference();
                partner.gross = partner.net;
                let kind = Kind::AmountMismatch;
                self.differ(kind, Severity::High, [partner], [ledger]);
            }
        }
    }

    /// The partner was paid in another currency, at the day's rate.
    pub(super) fn other_money(&mut self) {
        let (mut partner, ledger) = self.payment_by_reference();
        let others = self.plan.currencies.iter().copied();
        let others: Vec<_> = others.filter(|other| *other != ledger.currency).collect();
        partner.currency = self.random.pick(&others);
        let gross = exchanged(ledger.amount, ledger.currency, partner.currency);
        let partner = partner.resized(gross);
        let kind = Kind::CurrencyMismatch;
        self.differ(kind, Severity::Critical, [partner], [ledger]);
    }
}

/// At rates that follow from the currencies' limits, which are meant to be worth about the same.
fn exchanged(amount: i64, from: &CurrencyFacts, to: &CurrencyFacts) -> i64 {
    let exact = amount * to.materiality / from.materiality;
    (exact / GROSS_STEP).max(1) * GROSS_STEP
}
