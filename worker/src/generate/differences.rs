//! The stories of plain discrepancies: one of every kind, with nothing else about them.

use domain::discrepancy::Kind;
use domain::record::Status;
use domain::severity::Severity;
use jiff::ToSpan;

use super::currencies::GROSS_STEP;
use super::scenario::Teller;

impl Teller<'_> {
    pub(super) fn differs(&mut self, kind: Kind, nth: usize) {
        match kind {
            Kind::DuplicateAtPartner | Kind::DuplicateInLedger => self.duplicate(kind),
            Kind::CurrencyMismatch => self.other_currency(),
            Kind::MissingInLedger | Kind::MissingAtPartner => self.missing(kind, nth),
            Kind::AmountMismatch => self.other_amount(nth),
            Kind::Rounding => self.rounded(nth),
            Kind::StatusMismatch => self.other_status(),
            Kind::FeeMismatch => self.wrong_fee(nth),
            Kind::DateMismatch => self.other_date(nth),
            Kind::Ambiguous => self.ambiguous(),
            // Made when the file is written: it is about a report, not about a payment.
            Kind::StatementOutOfBalance => {}
        }
    }

    /// The same again. In labelled data a day later, so that it is plain which one is too many.
    pub(super) fn duplicate(&mut self, kind: Kind) {
        let (mut partner, mut ledger) = self.payment();
        let (mut again, booked_again) = (partner.clone(), ledger.clone());
        again.transaction_id.push('R');
        if self.plan.is_labelled() {
            let day_before = self.plan.business_date.saturating_sub(1.day());
            (partner.value_date, ledger.value_date) = (day_before, day_before);
        }
        self.agree([partner], [ledger]);
        match kind {
            Kind::DuplicateAtPartner => self.differ(kind, Severity::Critical, [again], []),
            _ => self.differ(kind, Severity::Critical, [], [booked_again]),
        }
    }

    fn other_currency(&mut self) {
        let (partner, mut ledger) = self.payment();
        let others = self.plan.currencies.iter().copied();
        let others: Vec<_> = others.filter(|other| *other != partner.currency).collect();
        ledger.currency = self.random.pick(&others);
        let kind = Kind::CurrencyMismatch;
        self.differ(kind, Severity::Critical, [partner], [ledger]);
    }

    fn missing(&mut self, kind: Kind, nth: usize) {
        let currency = self.random.pick(self.plan.currencies);
        let is_material = nth.is_multiple_of(2);
        let (partner, mut ledger) = self.payment_of(currency, is_material);
        let severity = match is_material {
            true => Severity::Critical,
            false => Severity::High,
        };
        match kind {
            Kind::MissingInLedger => self.differ(kind, severity, [partner], []),
            _ => {
                ledger.value_date = self.days_before(7, 30);
                self.differ(kind, severity, [], [ledger]);
            }
        }
    }

    fn other_amount(&mut self, nth: usize) {
        let (partner, mut ledger) = self.large_payment();
        let (rounding, materiality) = (partner.currency.rounding, partner.currency.materiality);
        let (severity, difference) = match nth.is_multiple_of(2) {
            true => (
                Severity::Critical,
                self.random.between(materiality, 2 * materiality),
            ),
            false => (
                Severity::High,
                self.random.between(rounding + 1, materiality - 1),
            ),
        };
        ledger.amount += if self.random.chance(50) {
            difference
        } else {
            -difference
        };
        self.differ(Kind::AmountMismatch, severity, [partner], [ledger]);
    }

    fn rounded(&mut self, nth: usize) {
        let (partner, mut ledger) = self.payment();
        let difference = self.random.between(1, partner.currency.rounding);
        ledger.amount += if nth.is_multiple_of(2) {
            difference
        } else {
            -difference
        };
        self.differ(Kind::Rounding, Severity::Low, [partner], [ledger]);
    }

    fn other_status(&mut self) {
        let (partner, mut ledger) = self.payment();
        ledger.status = self.random.pick(&[Status::Failed, Status::Reversed]);
        self.differ(Kind::StatusMismatch, Severity::High, [partner], [ledger]);
    }

    /// A fee that does not add up, one that was not agreed, and a large one that was not agreed.
    pub(super) fn wrong_fee(&mut self, nth: usize) {
        let (mut partner, ledger) = self.large_payment();
        let materiality = partner.currency.materiality;
        let small = self.random.between(1, materiality - 1);
        let severity = match nth % 3 {
            0 => {
                partner.net -= small;
                Severity::Low
            }
            1 => {
                partner.fee += small;
                partner.net -= small;
                Severity::Low
            }
            _ => {
                partner.fee += materiality;
                partner.net -= materiality;
                Severity::High
            }
        };
        self.differ(Kind::FeeMismatch, severity, [partner], [ledger]);
    }

    /// Later than the window allows, or earlier.
    fn other_date(&mut self, nth: usize) {
        let (mut partner, mut ledger) = self.payment();
        match nth % 2 {
            0 => ledger.value_date = self.days_before(10, 20),
            _ => partner.value_date = self.days_before(10, 20),
        }
        self.differ(Kind::DateMismatch, Severity::Low, [partner], [ledger]);
    }

    /// Two and two under one reference, with amounts that nobody can pair.
    fn ambiguous(&mut self) {
        let (first, booked) = self.payment_of(self.plan.currencies[0], false);
        let (mut second, mut other) = (first.clone(), booked.clone());
        second.transaction_id.push('B');
        let step = 20 * GROSS_STEP;
        let gross = second.gross + step;
        second = second.resized(gross);
        let mut booked = booked;
        booked.amount += 2 * step;
        other.amount += 3 * step;
        let kind = Kind::Ambiguous;
        self.differ(kind, Severity::High, [first, second], [booked, other]);
    }
}
