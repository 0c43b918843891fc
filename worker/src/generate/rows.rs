//! One line of each side, before any file format. Amounts are minor units.

use domain::record::Status;
use jiff::civil::Date;

use super::currencies::CurrencyFacts;

/// One line of the partner's report.
#[derive(Clone, Debug)]
pub(super) struct PartnerRow {
    /// Its place among the rows as they were told, by which the truth knows it.
    pub(super) number: u32,
    /// Empty when the report names none.
    pub(super) reference: String,
    pub(super) transaction_id: String,
    /// Empty when the report names none.
    pub(super) invoice: String,
    pub(super) status: Status,
    pub(super) value_date: Date,
    pub(super) currency: &'static CurrencyFacts,
    pub(super) gross: i64,
    pub(super) fee: i64,
    pub(super) net: i64,
    pub(super) customer: &'static str,
    /// Free text; only in labelled data.
    pub(super) description: String,
    /// The payout that it stands for; only in labelled data.
    pub(super) batch: String,
}

/// One record of ours.
#[derive(Clone, Debug)]
pub(super) struct LedgerRow {
    /// Its place among the rows as they were told, by which the truth knows it.
    pub(super) number: u32,
    pub(super) reference: String,
    pub(super) invoice: String,
    pub(super) client: String,
    pub(super) customer: &'static str,
    pub(super) amount: i64,
    pub(super) currency: &'static CurrencyFacts,
    pub(super) value_date: Date,
    pub(super) status: Status,
    /// The payout that it is expected in; only in labelled data.
    pub(super) batch: String,
}

impl PartnerRow {
    /// The same payment of another size, with the agreed fee.
    pub(super) fn resized(mut self, gross: i64) -> Self {
        (self.gross, self.fee) = (gross, self.currency.fee(gross));
        self.net = self.gross - self.fee;
        self
    }

    /// The same money the other way, without a fee.
    pub(super) fn taken_back(mut self) -> Self {
        (self.gross, self.fee) = (-self.gross, 0);
        self.net = self.gross;
        self.transaction_id.push('R');
        self
    }
}

impl LedgerRow {
    /// The same money the other way.
    pub(super) fn taken_back(mut self) -> Self {
        self.amount = -self.amount;
        self
    }
}
