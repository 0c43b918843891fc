//! Trouble with money that goes back, or did not come at first: reversals, chargebacks with a fee of their
//! own, and attempts that failed.

use domain::discrepancy::Kind;
use domain::record::Status;
use domain::severity::Severity;
use jiff::ToSpan;

use super::super::currencies::CurrencyFacts;
use super::super::scenario::Teller;

impl Teller<'_> {
    /// A payment and its reversal under one reference: on both sides, then the reversal at the
    /// partner only, then in the ledger only, then the payment again at a partner that calls it reversed.
    pub(super) fn reversal(&mut self, nth: usize) {
        let (mut partner, mut ledger) = self.payment_by_reference();
        let (mut reversed, mut booked) =
            (partner.clone().taken_back(), ledger.clone().taken_back());
        let (paid, back) = (self.days_before(20, 30), self.days_before(7, 15));
        (partner.value_date, ledger.value_date) = (paid, paid);
        (reversed.value_date, booked.value_date) = (back, back);
        let severity = severity_of_lone(partner.gross, partner.currency);
        let mut restated = partner.clone();
        restated.transaction_id.push('R');
        restated.status = Status::Reversed;
        self.agree([partner], [ledger]);
        // A statement knows money only, not what became of a payment.
        let ways = if self.plan.states_fees { 4 } else { 3 };
        match nth % ways {
            0 => self.agree([reversed], [booked]),
            1 => self.differ(Kind::MissingInLedger, severity, [reversed], []),
            2 => self.differ(Kind::MissingAtPartner, severity, [], [booked]),
            _ => self.differ(Kind::MissingInLedger, severity, [restated], []),
        }
    }

    /// An attempt that failed, and the payment a day later: both sides know of both, or one side lacks the
    /// attempt. No money is missing then. A statement has what was paid.
    pub(super) fn failed_at_first(&mut self, nth: usize) {
        let (mut partner, mut ledger) = self.payment_by_reference();
        let (mut attempt, mut noted) = (partner.clone(), ledger.clone());
        attempt.transaction_id.push('F');
        (attempt.status, noted.status) = (Status::Failed, Status::Failed);
        let paid = self.days_before(7, 15);
        let before = paid.saturating_sub(1.day());
        (partner.value_date, ledger.value_date) = (paid, paid);
        (attempt.value_date, noted.value_date) = (before, before);
        self.agree([partner], [ledger]);
        match (self.plan.states_fees, nth % 3) {
            (true, 0) => self.agree([attempt], [noted]),
            (true, 1) => self.differ(Kind::MissingInLedger, Severity::Low, [attempt], []),
            _ => self.differ(Kind::MissingAtPartner, Severity::Low, [], [noted]),
        }
    }

    /// The partner takes the money back and a fee for it. Both sides have it, or we have not heard
    /// of it.
    pub(super) fn chargeback(&mut self, nth: usize) {
        let (partner, ledger) = self.payment_by_reference();
        let mut charged_back = partner.clone().taken_back();
        if self.plan.states_fees {
            charged_back.status = Status::Reversed;
            charged_back.fee = 50 * partner.currency.fee_fixed;
            charged_back.net = charged_back.gross - charged_back.fee;
        }
        charged_back.description = "Chargeback".to_owned();
        let mut booked = ledger.clone().taken_back();
        booked.status = charged_back.status;
        let severity = severity_of_lone(partner.gross, partner.currency);
        self.agree([partner], [ledger]);
        match nth.is_multiple_of(2) {
            true => self.differ(Kind::MissingInLedger, severity, [charged_back], []),
            false => self.agree([charged_back], [booked]),
        }
    }
}

/// How urgent it is that one side lacks this amount, unless the policy says otherwise.
fn severity_of_lone(amount: i64, currency: &CurrencyFacts) -> Severity {
    match amount >= currency.materiality {
        true => Severity::Critical,
        false => Severity::High,
    }
}
