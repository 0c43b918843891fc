//! Both sides as they were told, and the truth about them, written down with each story: what
//! belongs together and agrees, and what is different. Nothing is found by comparing.

use std::ops::Range;

use domain::discrepancy::Kind;
use domain::severity::Severity;

use super::currencies::CurrencyFacts;
use super::rows::{LedgerRow, PartnerRow};
use super::trouble::Trouble;

/// Both sides, and what is to be said of them.
#[derive(Debug, Default)]
pub(super) struct Scenario {
    pub(super) partner: Vec<PartnerRow>,
    pub(super) ledger: Vec<LedgerRow>,
    /// In the order of references.
    pub(super) truth: Vec<Truth>,
    /// Groups that belong together and agree, in the order they were told.
    pub(super) matches: Vec<Group>,
}

/// Rows that a story is about, by their numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Rows {
    pub(super) partner: Range<u32>,
    pub(super) ledger: Range<u32>,
}

/// Money that a story is about, in minor units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sum {
    pub(super) currency: &'static CurrencyFacts,
    pub(super) amount: i64,
}

/// Records that belong together and agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    /// None for a plain payment.
    pub(super) trouble: Option<Trouble>,
    /// What the partner reports, summed up.
    pub(super) sum: Sum,
    pub(super) rows: Rows,
}

/// One discrepancy that must be found, and no other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Truth {
    pub(super) reference: String,
    pub(super) kind: Kind,
    pub(super) severity: Severity,
    /// None for a plain discrepancy.
    pub(super) trouble: Option<Trouble>,
    /// What is at stake; none for what is about a whole report.
    pub(super) at_stake: Option<Sum>,
    pub(super) rows: Rows,
}

impl Truth {
    /// As discrepancies are shown to people; rows tell apart what is the same otherwise.
    pub(super) fn in_order_of_references(&self) -> impl Ord {
        let rows = (self.rows.partner.start, self.rows.ledger.start);
        (&*self.reference, self.kind, self.severity, rows)
    }
}

impl Scenario {
    /// Takes rows down and numbers them.
    pub(super) fn tell(
        &mut self,
        partner: impl IntoIterator<Item = PartnerRow>,
        ledger: impl IntoIterator<Item = LedgerRow>,
    ) -> Rows {
        let first = (self.partner.len() as u32, self.ledger.len() as u32);
        for (number, row) in (first.0..).zip(partner) {
            self.partner.push(PartnerRow { number, ..row });
        }
        for (number, row) in (first.1..).zip(ledger) {
            self.ledger.push(LedgerRow { number, ..row });
        }
        Rows {
            partner: first.0..self.partner.len() as u32,
            ledger: first.1..self.ledger.len() as u32,
        }
    }

    /// What the partner reports in these rows; none when they hold nothing of the partner's.
    pub(super) fn reported(&self, rows: &Rows) -> Option<Sum> {
        let rows = &self.partner[rows.partner.start as usize..rows.partner.end as usize];
        Some(Sum {
            currency: rows.first()?.currency,
            amount: rows.iter().map(|row| row.gross).sum(),
        })
    }

    /// What we have in these rows; none when they hold nothing of ours.
    fn booked(&self, rows: &Rows) -> Option<Sum> {
        let rows = &self.ledger[rows.ledger.start as usize..rows.ledger.end as usize];
        Some(Sum {
            currency: rows.first()?.currency,
            amount: rows.iter().map(|row| row.amount).sum(),
        })
    }

    /// The size of the difference, where both sides have an amount in one currency and these
    /// differ; else of the whole amount: what the partner reports, or what we have.
    pub(super) fn at_stake(&self, rows: &Rows) -> Option<Sum> {
        let (reported, booked) = (self.reported(rows), self.booked(rows));
        let sized = |sum: Sum, amount: i64| Sum {
            amount: amount.abs(),
            ..sum
        };
        match (reported, booked) {
            (Some(one), Some(other))
                if one.currency == other.currency && one.amount != other.amount =>
            {
                Some(sized(one, one.amount - other.amount))
            }
            (Some(sum), _) | (None, Some(sum)) => Some(sized(sum, sum.amount)),
            (None, None) => None,
        }
    }
}
