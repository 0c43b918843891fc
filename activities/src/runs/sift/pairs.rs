//! Pairs of simple rows, written down: what a run keeps of a match.

use domain::audit::{PairLeaves, PairedLine};
use domain::matching::sieve::{Day, Tally};
use domain::open_items::{Fingerprint, Own, Payments};
use domain::policy::SourcePolicy;
use domain::record::{Movement, ReferenceKind, Side, Status};
use proto::staged::PairLines;

use super::{Sifted, Told};
use crate::failures::Failure;
use crate::runs::compare::{Matches, too_large};

/// Writes pairs down.
pub(super) struct PairWriter {
    lines: PairLines,
    leaves: PairLeaves,
    payments: Payments,
    partner: Settled,
    ledger: Settled,
}

/// What is settled of one side.
#[derive(Default)]
struct Settled {
    /// The amount of the row that is being written.
    amount: String,
    sums: Tally,
    prints: Vec<Fingerprint>,
    /// First and last value date.
    days: Option<(Day, Day)>,
}

impl PairWriter {
    pub(super) fn new(policy: &SourcePolicy, kind: ReferenceKind) -> Self {
        let rule = policy.rules.first().map_or("", |rule| rule.name.as_str());
        PairWriter {
            lines: PairLines::new(rule, kind),
            leaves: PairLeaves::new(rule, kind),
            payments: Payments::of(policy),
            partner: Settled::default(),
            ledger: Settled::default(),
        }
    }

    pub(super) fn write(&mut self, partner: Told<'_>, ledger: Told<'_>, sifted: &mut Sifted) {
        self.partner.take(&partner);
        self.ledger.take(&ledger);
        let reference = String::from_utf8_lossy(partner.row.key);
        self.pay(&partner, &ledger, sifted);
        let partner = partner.line(&self.partner.amount);
        let ledger = ledger.line(&self.ledger.amount);
        let Matches { lines, leaves } = &mut sifted.matches;
        leaves.push(self.leaves.leaf(&reference, partner, ledger));
        self.lines.push(lines, &reference, partner, ledger);
    }

    /// Notes the payment, or both where the amounts differ by what is accepted; what failed paid nothing.
    fn pay(&mut self, partner: &Told<'_>, ledger: &Told<'_>, sifted: &mut Sifted) {
        let (key, currency) = (partner.row.key, partner.row.currency.code());
        let payments = &mut sifted.used.payments;
        let reported = &self.partner.amount;
        let has_failed = |told: &Told<'_>| Movement::of(told.row.status) == Movement::Failed;
        let is_paid = !has_failed(partner) && !has_failed(ledger);
        if is_paid {
            payments.extend(self.payments.of_key(key, reported, currency));
        }
        for (side, told, amount) in [
            (Side::Partner, partner, reported),
            (Side::Ledger, ledger, &self.ledger.amount),
        ] {
            if told.row.status == Some(Status::Pending) {
                let key = told.row.key;
                payments.extend(self.payments.of_announced(side, key, amount, currency));
            }
        }
        if is_paid && self.ledger.amount != *reported {
            let booked = &self.ledger.amount;
            payments.extend(self.payments.of_key(ledger.row.key, booked, currency));
        }
    }

    pub(super) fn finish(self, sifted: &mut Sifted) -> Result<(), Failure> {
        for (side, settled) in [(Side::Partner, &self.partner), (Side::Ledger, &self.ledger)] {
            for sum in settled.sums.lines() {
                let (currency, sum) = sum.map_err(too_large)?;
                let line = sifted.conservation.line_mut(side, currency);
                line.matched.merge(sum).map_err(too_large)?;
            }
        }
        sifted.used.partner = self.partner.used();
        sifted.used.ledger = self.ledger.used();
        Ok(())
    }
}

impl Settled {
    fn take(&mut self, told: &Told<'_>) {
        let row = told.row;
        self.amount.clear();
        row.amount.write_to(&mut self.amount);
        self.sums.add_kept(row);
        self.prints.push(told.print);
        if Movement::of(row.status) != Movement::Made {
            self.prints.push(told.print.undone());
        }
        self.days = match self.days {
            Some((first, last)) => Some((first.min(row.day), last.max(row.day))),
            None => Some((row.day, row.day)),
        };
    }

    fn used(self) -> Own {
        Own {
            fingerprints: self.prints,
            value_dates: self.days.map(|(first, last)| (first.date(), last.date())),
        }
    }
}

impl<'s> Told<'s> {
    fn line(&self, amount: &'s str) -> PairedLine<'s> {
        PairedLine {
            file: self.file,
            line: self.row.line,
            amount,
            currency: self.row.currency,
        }
    }
}
