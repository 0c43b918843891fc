//! The arithmetic that a statement carries: opening balance + booked entries = closing balance, the
//! totals of its summary, the counts and totals of its batches.
//!
//! Opening is `OPBD`, else `PRCD`, else the first of two `ITBD` (a page in the middle); closing is
//! `CLBD`, else the last `ITBD`. Other balances (available, forward, credit lines) are left alone.
//! A statement without an opening or a closing balance in a currency has no such check.

use domain::control::{Compared, ControlCheck};
use domain::money::{Amount, Currency, Money};

use super::entry::{Entry, EntryStatus};
use super::records::Reversals;
use super::summary::{Summary, Tally};
use super::values::{Direction, Stated};

/// Failed checks of batches that are listed one by one, for each statement.
const BATCH_CHECKS_MAX: usize = 100;

/// `Bal`, of one of the types that count.
struct Balance {
    kind: BalanceKind,
    /// Signed: negative when overdrawn.
    money: Money,
}

/// `Tp/CdOrPrtry/Cd`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BalanceKind {
    /// `OPBD`
    Opening,
    /// `PRCD`
    PreviousClosing,
    /// `CLBD`
    Closing,
    /// `ITBD`
    Interim,
}

impl BalanceKind {
    pub(super) fn parse(code: &str) -> Option<Self> {
        match code {
            "OPBD" => Some(BalanceKind::Opening),
            "PRCD" => Some(BalanceKind::PreviousClosing),
            "CLBD" => Some(BalanceKind::Closing),
            "ITBD" => Some(BalanceKind::Interim),
            _ => None,
        }
    }
}

/// What a statement says about itself, and what its entries come to.
#[derive(Default)]
pub(super) struct Ledger {
    balances: Vec<Balance>,
    pub(super) summary: Option<Summary>,
    booked: Tally,
    all: Tally,
    sums: Vec<BookedSum>,
    failed_batches: Vec<ControlCheck>,
    failed_batches_more: u64,
    unreadable_balances: u64,
}

/// Booked entries of one currency, signed as their indicators say.
struct BookedSum {
    currency: Currency,
    plain: Option<Amount>,
    /// Of entries with `RvslInd`.
    reversals: Option<Amount>,
}

impl BookedSum {
    fn total(&self, reversals: Reversals) -> Option<Amount> {
        match reversals {
            Reversals::AsBooked => self.plain?.checked_add(self.reversals?).ok(),
            Reversals::Original => self.plain?.checked_sub(self.reversals?).ok(),
        }
    }
}

impl Ledger {
    /// Takes note of a balance; one that cannot be read keeps the statement from being verified.
    pub(super) fn add_balance(&mut self, kind: BalanceKind, money: Option<Money>) {
        match money {
            Some(money) => self.balances.push(Balance { kind, money }),
            None => self.unreadable_balances += 1,
        }
    }

    /// Counts an entry in, as far as it can be read.
    pub(super) fn add(&mut self, entry: &Entry<'_>, file: &str) {
        let amount = entry.amount.as_ref().ok().copied();
        let direction = entry.direction.as_ref().ok().copied();
        let readable = amount.zip(direction);
        self.all.add(readable);
        if entry.status != Ok(EntryStatus::Booked) {
            return;
        }
        self.booked.add(readable);
        self.check_batches(entry, file);
        let Some((stated, direction)) = readable else {
            return;
        };
        let sum = self.sum_of(stated.currency);
        let part = match entry.reversal {
            true => &mut sum.reversals,
            false => &mut sum.plain,
        };
        let signed = direction.applied_to(stated.amount);
        *part = part.and_then(|sum| sum.checked_add(signed).ok());
    }

    /// The reading of reversals that makes the balances agree.
    pub(super) fn reversals_by_balance(&self) -> Reversals {
        let agrees = |reversals| {
            let mut pairs = self.balance_pairs().peekable();
            pairs.peek().is_some()
                && pairs.all(|(opening, closing)| {
                    self.computed_closing(opening, reversals) == Some(closing)
                })
        };
        match !agrees(Reversals::AsBooked) && agrees(Reversals::Original) {
            true => Reversals::Original,
            false => Reversals::AsBooked,
        }
    }

    /// All checks of the statement.
    pub(super) fn checks(
        self,
        file: &str,
        subject: &str,
        reversals: Reversals,
    ) -> Vec<ControlCheck> {
        let check = |identity: &str, compared| ControlCheck {
            file: file.to_owned(),
            subject: subject.to_owned(),
            identity: identity.to_owned(),
            compared,
        };
        let mut checks: Vec<ControlCheck> = self
            .balance_pairs()
            .map(
                |(opening, closing)| match self.computed_closing(opening, reversals) {
                    Some(computed) => check(
                        "opening balance + booked entries = closing balance",
                        Compared::Sums {
                            stated: closing,
                            computed,
                        },
                    ),
                    None => check(
                        "booked entries can be added up",
                        Compared::Counts {
                            stated: self.booked.count(),
                            computed: 0,
                        },
                    ),
                },
            )
            .collect();
        if let Some(summary) = &self.summary {
            let of_summary = summary.checks(&self.booked, &self.all);
            checks.extend(
                of_summary
                    .into_iter()
                    .map(|(text, found)| check(text, found)),
            );
        }
        if self.unreadable_balances > 0 {
            checks.push(check(
                "no opening or closing balance is unreadable",
                Compared::Counts {
                    stated: 0,
                    computed: self.unreadable_balances,
                },
            ));
        }
        if self.failed_batches_more > 0 {
            checks.push(check(
                "batches out of balance beyond those listed",
                Compared::Counts {
                    stated: 0,
                    computed: self.failed_batches_more,
                },
            ));
        }
        checks.extend(self.failed_batches);
        checks
    }

    /// Opening and closing balance of each currency that has both.
    fn balance_pairs(&self) -> impl Iterator<Item = (Money, Money)> {
        let mut currencies: Vec<Currency> = Vec::new();
        for balance in &self.balances {
            if !currencies.contains(&balance.money.currency) {
                currencies.push(balance.money.currency);
            }
        }
        currencies
            .into_iter()
            .filter_map(|currency| self.pair(currency))
    }

    fn pair(&self, currency: Currency) -> Option<(Money, Money)> {
        let of = |kind: BalanceKind| {
            let here = self.balances.iter();
            here.filter(move |b| b.kind == kind && b.money.currency == currency)
                .map(|b| b.money)
        };
        let mut interim = of(BalanceKind::Interim);
        let opening = of(BalanceKind::Opening)
            .chain(of(BalanceKind::PreviousClosing))
            .next()
            .or_else(|| interim.next())?;
        let closing = of(BalanceKind::Closing)
            .next_back()
            .or_else(|| interim.next_back())?;
        Some((opening, closing))
    }

    fn computed_closing(&self, opening: Money, reversals: Reversals) -> Option<Money> {
        let sum = self
            .sums
            .iter()
            .find(|sum| sum.currency == opening.currency);
        let booked = match sum {
            Some(sum) => sum.total(reversals)?,
            None => Amount::ZERO,
        };
        Some(Money {
            amount: opening.amount.checked_add(booked).ok()?,
            currency: opening.currency,
        })
    }

    fn sum_of(&mut self, currency: Currency) -> &mut BookedSum {
        let place = self.sums.iter().position(|sum| sum.currency == currency);
        let place = place.unwrap_or_else(|| {
            self.sums.push(BookedSum {
                currency,
                plain: Some(Amount::ZERO),
                reversals: Some(Amount::ZERO),
            });
            self.sums.len() - 1
        });
        &mut self.sums[place]
    }

    /// `Btch/NbOfTxs` and `TtlAmt` against the transactions that follow, where there are any.
    ///
    /// Only what does not hold is kept: a statement may have very many batches.
    fn check_batches(&mut self, entry: &Entry<'_>, file: &str) {
        for batch in &entry.batches {
            let transactions = &entry.transactions[batch.transactions.clone()];
            if transactions.is_empty() {
                continue;
            }
            let id = batch.id.as_deref().unwrap_or("without an identifier");
            let counts = batch.count.map(|stated| Compared::Counts {
                stated,
                computed: transactions.len() as u64,
            });
            let sums = batch.total.and_then(|stated| {
                let amounts = transactions.iter().map(|transaction| {
                    let own = transaction.amount.as_ref()?.as_ref().ok()?;
                    (own.currency == stated.currency).then_some(own.amount)
                });
                let mut amounts = amounts.collect::<Option<Vec<Amount>>>()?.into_iter();
                let sum = amounts.try_fold(Amount::ZERO, |sum, a| sum.checked_add(a).ok())?;
                let money = |amount| Money {
                    amount,
                    currency: stated.currency,
                };
                Some(Compared::Sums {
                    stated: money(stated.amount),
                    computed: money(sum),
                })
            });
            for (identity, compared) in [
                ("NbOfTxs = number of transactions", counts),
                ("TtlAmt = sum of the transactions", sums),
            ] {
                let Some(compared) = compared else { continue };
                let check = ControlCheck {
                    file: file.to_owned(),
                    subject: format!("batch {id} in line {}", entry.line),
                    identity: identity.to_owned(),
                    compared,
                };
                match check.holds() {
                    true => {}
                    false if self.failed_batches.len() < BATCH_CHECKS_MAX => {
                        self.failed_batches.push(check);
                    }
                    false => self.failed_batches_more += 1,
                }
            }
        }
    }
}

/// The balance of an amount and its indicator.
pub(super) fn signed(stated: Stated, direction: Direction) -> Money {
    Money {
        amount: direction.applied_to(stated.amount),
        currency: stated.currency,
    }
}
