//! Trouble with how payments are cut: one for two invoices, parts of one, payouts of a batch.

use super::super::currencies::GROSS_STEP;
use super::super::rows::LedgerRow;
use super::super::scenario::Teller;

/// Steps of which every part of a payment has some at least, so that it pays for its fee.
const PART_FEWEST: i64 = 10;
/// Payments of a batch.
const BATCH_FEWEST: i64 = 2;
const BATCH_MOST: i64 = 12;

impl Teller<'_> {
    /// One payment for two invoices of one client. Both references stand where one belongs.
    pub(super) fn merged(&mut self, nth: usize) {
        let (partner, first) = self.payment_by_reference();
        let second = self.another_of(&first);
        let mut partner = partner.resized(first.amount + second.amount);
        let (one, other) = (&first.reference, &second.reference);
        match nth % 4 {
            0 => partner.reference = format!("{one} {other}"),
            1 => partner.reference = format!("{one}/{other}"),
            2 => partner.reference = format!("{one},{other}"),
            _ => {
                partner.description = format!("Invoices {one} and {other}");
                partner.reference.clear();
            }
        }
        self.agree([partner], [first, second]);
    }

    /// Two or three payments under the one reference.
    pub(super) fn split(&mut self, nth: usize) {
        let (partner, ledger) = self.payment_by_reference();
        let mut parts = Vec::new();
        let mut rest = partner.gross;
        let count = if nth.is_multiple_of(2) { 2 } else { 3 };
        for following in (0..count).rev() {
            // Enough is left for every part that follows.
            let most = rest / GROSS_STEP - PART_FEWEST * following;
            let gross = match following {
                0 => rest,
                _ => self.random.between(PART_FEWEST, most) * GROSS_STEP,
            };
            rest -= gross;
            let mut part = partner.clone().resized(gross);
            part.transaction_id.push_str(&format!("P{following}"));
            parts.push(part);
        }
        self.agree(parts, [ledger]);
    }

    /// A payout that names its batch, and none of the payments in it. A report that states fees has
    /// the sum, the fee and what was paid; a statement has only what was paid, and the fee is in
    /// our books.
    pub(super) fn batched(&mut self) {
        let size = self.random.between(BATCH_FEWEST, BATCH_MOST);
        let (partner, first) = self.payment_by_reference();
        let mut ledger = vec![first];
        while (ledger.len() as i64) < size {
            let another = self.another_of(&ledger[0]);
            ledger.push(another);
        }
        let sum = ledger.iter().map(|row| row.amount).sum();
        let mut partner = partner.resized(sum);
        let batch = format!(
            "BATCH-{}",
            &ledger[0].reference[self.plan.prefix.len() + 1..]
        );
        if !self.plan.states_fees {
            let mut fee = ledger[0].clone();
            fee.reference = format!("FEE-{batch}");
            fee.invoice.clear();
            fee.amount = -partner.fee;
            ledger.push(fee);
            partner.gross = partner.net;
        }
        for row in &mut ledger {
            row.batch.clone_from(&batch);
        }
        partner.reference.clear();
        partner.description = format!("Payout {batch}");
        partner.batch = batch;
        self.agree([partner], ledger);
    }

    /// Another payment of the same client in the same currency, as we have it.
    fn another_of(&mut self, first: &LedgerRow) -> LedgerRow {
        let (_, mut another) = self.payment_of(first.currency, false);
        another.client.clone_from(&first.client);
        another.customer = first.customer;
        another
    }
}
