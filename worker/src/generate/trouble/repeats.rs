//! Trouble with payments that resemble each other: rightly the same again, wrongly the same again,
//! and two that only look the same.

use domain::discrepancy::Kind;
use domain::severity::Severity;
use jiff::ToSpan;

use super::super::scenario::Teller;

/// The days on which look-alikes are dated: past every window.
const DAYS_AGO: (i64, i64) = (7, 30);

impl Teller<'_> {
    /// The same client pays the same amount twice, and both sides have both: for two invoices, or
    /// under one reference on two days.
    pub(super) fn repeat(&mut self, nth: usize) {
        let (partner, ledger) = self.payment_by_reference();
        match nth.is_multiple_of(2) {
            true => {
                let (mut again, mut booked) = self.payment_of(ledger.currency, false);
                again.invoice.clear();
                again = again.resized(ledger.amount);
                again.customer = partner.customer;
                (booked.amount, booked.customer) = (ledger.amount, ledger.customer);
                booked.client.clone_from(&ledger.client);
                self.agree([partner], [ledger]);
                self.agree([again], [booked]);
            }
            false => {
                let (mut before, mut booked) = (partner.clone(), ledger.clone());
                before.transaction_id.push('A');
                booked.invoice.push('A');
                let week_before = self.plan.business_date.saturating_sub(7.days());
                (before.value_date, booked.value_date) = (week_before, week_before);
                self.agree([partner], [ledger]);
                self.agree([before], [booked]);
            }
        }
    }

    /// Two customers, one amount, one day, and references of which only the last digit differs. The
    /// ledger lacks the one, the partner the other.
    pub(super) fn look_alike(&mut self) {
        let (mut partner, mut ledger) = self.payment_by_reference();
        let day = self.days_before(DAYS_AGO.0, DAYS_AGO.1);
        (partner.value_date, ledger.value_date) = (day, day);
        let (customer, client) = self.other_customer(partner.customer);
        (ledger.customer, ledger.client) = (customer, client);
        ledger.reference = with_another_last_digit(&ledger.reference);
        let severity = match partner.gross >= partner.currency.materiality {
            true => Severity::Critical,
            false => Severity::High,
        };
        let booked_as = ledger.reference.clone();
        self.differ(Kind::MissingInLedger, severity, [partner], []);
        let rows = self.out.tell([], [ledger]);
        self.differs_under(booked_as, Kind::MissingAtPartner, severity, rows);
    }

    /// One side has a payment twice: at the partner, in the ledger.
    pub(super) fn repeated_by_mistake(&mut self, nth: usize) {
        self.duplicate(match nth.is_multiple_of(2) {
            true => Kind::DuplicateAtPartner,
            false => Kind::DuplicateInLedger,
        });
    }
}

/// No reference of another payment: the digits that check it do not fit.
fn with_another_last_digit(reference: &str) -> String {
    let mut changed = reference.to_owned();
    let last = changed.pop().and_then(|digit| digit.to_digit(10));
    let digit = last.map_or(0, |digit| (digit + 1) % 10);
    changed.push_str(&digit.to_string());
    changed
}
