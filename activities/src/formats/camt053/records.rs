//! One booked entry to records: how it is split, which references count, who the other party is.
//!
//! The sum of an entry's records is the entry's amount, always:
//! - each transaction that states an amount is a record of that amount, never of the entry's;
//! - what then remains (charges, as a rule) is a record of its own;
//! - one transaction without an amount has the entry's;
//! - several of which some state none cannot be told apart: the entry is one record;
//! - an entry without transactions is one record.
//!
//! A transaction whose amount is there but unreadable is a reject, and no remainder is computed.

use domain::money::{Amount, Money, amount_text};
use domain::record::{Origin, Record, RecordFields, ReferenceKind, ShortText, Status};
use jiff::civil::Date;

use super::entry::{Charge, Entry};
use super::mapping::Camt053Mapping;
use super::references;
use super::transaction::{Party, Transaction};
use super::values::{Direction, Stated};
use crate::formats::lines::{Fault, Input};

/// What a statement says about all its entries.
#[derive(Clone, Default, Debug)]
pub(super) struct Context {
    /// `Stmt/Id`
    pub(super) statement: Box<str>,
    /// The account it is about.
    pub(super) account: Option<Box<str>>,
    /// `ElctrncSeqNb`
    pub(super) sequence: Option<Box<str>>,
    /// `StmtPgntn/PgNb`
    pub(super) page: Option<Box<str>>,
}

impl Context {
    /// What people call the statement; of the account, only the ends.
    pub(super) fn subject(&self) -> String {
        let mut subject = format!("statement {}", self.statement);
        for (what, text) in [("number", &self.sequence), ("page", &self.page)] {
            if let Some(text) = text {
                subject.push_str(&format!(", {what} {text}"));
            }
        }
        if let Some(account) = &self.account {
            subject.push_str(&format!(", account {}", masked(account)));
        }
        subject
    }
}

/// The first and last four characters of an account number.
fn masked(account: &str) -> String {
    let characters: Vec<char> = account.chars().collect();
    match characters.len() {
        0..=8 => account.to_owned(),
        length => {
            let head: String = characters[..4].iter().collect();
            let tail: String = characters[length - 4..].iter().collect();
            format!("{head}\u{2026}{tail}")
        }
    }
}

/// What `CdtDbtInd` means in a reversal, once that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reversals {
    /// The booked direction.
    AsBooked,
    /// That of the original payment.
    Original,
}

/// A record, or what is wrong with its text.
pub(super) type Line = Result<Record, (Origin, Fault)>;

/// Turns entries of one statement into records.
pub(super) struct Converter<'a> {
    pub(super) input: Input<'a>,
    pub(super) mapping: &'a Camt053Mapping,
    pub(super) context: &'a Context,
    pub(super) reversals: Reversals,
}

/// What all records of one entry share.
struct Shared {
    currency: domain::money::Currency,
    /// As `CdtDbtInd` has it.
    direction: Direction,
    value_date: Date,
    booking_date: Option<Date>,
}

impl Converter<'_> {
    /// The records of a booked entry, in its order.
    pub(super) fn lines(&self, entry: &Entry<'_>) -> Vec<Line> {
        let (amount, shared) = match shared(entry) {
            Ok(found) => found,
            Err(fault) => {
                return vec![Err((self.input.origin(entry.line, entry.raw), fault))];
            }
        };
        let total = shared.direction.applied_to(amount.amount);
        match entry.transactions.as_slice() {
            [] => vec![Ok(self.record(entry, None, &shared, total))],
            [only] => {
                let part = self.only_part(entry, only, &shared, amount);
                self.split(entry, &shared, total, [(only, part)])
            }
            several => match parts(several, &shared) {
                Some(parts) => self.split(entry, &shared, total, parts),
                None => vec![Ok(self.record(entry, None, &shared, total))],
            },
        }
    }

    /// What the only transaction of an entry contributes, signed.
    ///
    /// Its own amount when it has one. An underlying amount (all that version 2 has) only when that
    /// and the stated charges explain the entry exactly: it may be before an exchange or
    /// deductions.
    fn only_part(
        &self,
        entry: &Entry<'_>,
        only: &Transaction<'_>,
        shared: &Shared,
        stated: Stated,
    ) -> Result<Amount, Fault> {
        let total = shared.direction.applied_to(stated.amount);
        match own_amount(only, shared) {
            Some(own) => own,
            None => {
                let direction = match &only.direction {
                    Some(direction) => direction.clone()?,
                    None => shared.direction,
                };
                let underlying = only.underlying.iter().flatten();
                let mut parts = underlying
                    .filter(|under| under.currency == shared.currency)
                    .map(|under| direction.applied_to(under.amount));
                let explains = |part: &Amount| {
                    total
                        .checked_sub(*part)
                        .is_ok_and(|rest| !rest.is_zero() && is_charges(entry, rest, shared))
                };
                Ok(parts.find(explains).unwrap_or(total))
            }
        }
    }

    /// One record for each part, and one for what remains of the entry.
    fn split<'t>(
        &self,
        entry: &Entry<'_>,
        shared: &Shared,
        total: Amount,
        parts: impl IntoIterator<Item = (&'t Transaction<'t>, Result<Amount, Fault>)>,
    ) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut remainder = Ok(total);
        for (transaction, part) in parts {
            lines.push(match part {
                Ok(part) => {
                    remainder = remainder.and_then(|rest| rest.checked_sub(part).map_err(|_| ()));
                    Ok(self.record(entry, Some(transaction), shared, part))
                }
                Err(fault) => {
                    remainder = Err(());
                    Err((self.input.origin(transaction.line, transaction.raw), fault))
                }
            });
        }
        if let Ok(remainder) = remainder
            && !remainder.is_zero()
        {
            lines.push(Ok(self.remainder(entry, shared, total, remainder)));
        }
        lines
    }

    fn record(
        &self,
        entry: &Entry<'_>,
        transaction: Option<&Transaction<'_>>,
        shared: &Shared,
        amount: Amount,
    ) -> Record {
        let (line, raw) = match transaction {
            Some(transaction) => (transaction.line, transaction.raw),
            None => (entry.line, entry.raw),
        };
        let party = transaction.map(|transaction| self.counterparty(entry, transaction, shared));
        let texts = references::Texts {
            mapping: self.mapping,
            entry,
            transaction,
            counterparty: party,
            account: self.context.account.as_deref(),
        };
        Record::from(RecordFields {
            side: self.input.side,
            origin: self.input.origin(line, raw),
            references: texts.references(),
            money: self.money(entry, shared, amount),
            value_date: shared.value_date,
            booking_date: shared.booking_date,
            status: Some(status(entry, transaction)),
            fees: None,
            client: texts.client(),
            counterparty: party.and_then(Party::any_name).map(ShortText::from),
            description: texts.description(),
            past: None,
            has_namesake: false,
            takes_back: false,
        })
    }

    /// The record of what the transactions of an entry leave of its amount.
    fn remainder(
        &self,
        entry: &Entry<'_>,
        shared: &Shared,
        total: Amount,
        remainder: Amount,
    ) -> Record {
        let name = references::entry_name(entry, self.mapping, &self.context.statement);
        let currency = shared.currency;
        let what = match is_charges(entry, remainder, shared) {
            true => "charges",
            false => "remainder",
        };
        let explained = total.checked_sub(remainder).unwrap_or_default();
        let description = format!(
            "{what} of entry {name}: its transactions make {} of {} {currency}",
            amount_text(explained, currency),
            amount_text(total, currency),
        );
        Record::from(RecordFields {
            side: self.input.side,
            origin: self.input.origin(entry.line, entry.raw),
            references: [(ReferenceKind::Reference, format!("{name} {what}").into())].into(),
            money: self.money(entry, shared, remainder),
            value_date: shared.value_date,
            booking_date: shared.booking_date,
            status: Some(status(entry, None)),
            fees: None,
            client: None,
            counterparty: None,
            description: Some(description.into()),
            past: None,
            has_namesake: false,
            takes_back: false,
        })
    }

    fn money(&self, entry: &Entry<'_>, shared: &Shared, amount: Amount) -> Money {
        let turned = entry.reversal && self.reversals == Reversals::Original;
        Money {
            amount: if turned { amount.negated() } else { amount },
            currency: shared.currency,
        }
    }

    /// The other party: who pays a credit, who gets a debit.
    ///
    /// A reversal keeps the parties of the original payment, so they stand the other way round when
    /// its indicator is the booked direction. Whoever owns the statement's account is never the
    /// other party (returns keep the original parties too, without saying so).
    fn counterparty<'t>(
        &self,
        entry: &Entry<'_>,
        transaction: &'t Transaction<'_>,
        shared: &Shared,
    ) -> &'t Party {
        let stated = transaction.direction.as_ref().and_then(|d| d.as_ref().ok());
        let direction = stated.copied().unwrap_or(shared.direction);
        let turned = entry.reversal && self.reversals == Reversals::AsBooked;
        let (party, other) = match (direction, turned) {
            (Direction::Credit, false) | (Direction::Debit, true) => {
                (&transaction.debtor, &transaction.creditor)
            }
            (Direction::Debit, false) | (Direction::Credit, true) => {
                (&transaction.creditor, &transaction.debtor)
            }
        };
        let is_own = party.account.is_some() && party.account == self.context.account;
        if is_own { other } else { party }
    }
}

impl Party {
    pub(super) fn any_name(&self) -> Option<&str> {
        self.name.as_deref().or(self.ultimate_name.as_deref())
    }
}

/// What the records of an entry share, or the first reason why it cannot be one.
fn shared(entry: &Entry<'_>) -> Result<(Stated, Shared), Fault> {
    let amount = entry.amount.clone()?;
    let direction = entry.direction.clone()?;
    let booking_date = entry.booking_date.clone().transpose()?;
    let value_date = entry.value_date.clone().transpose()?;
    let value_date = value_date.or(booking_date).ok_or_else(|| {
        Fault::new(
            "Ntry/ValDt",
            "",
            "no date: neither ValDt nor BookgDt is there",
        )
    })?;
    Ok((
        amount,
        Shared {
            currency: amount.currency,
            direction,
            value_date,
            booking_date,
        },
    ))
}

/// What each of several transactions contributes; `None` when one does not say.
fn parts<'t>(
    transactions: &'t [Transaction<'t>],
    shared: &Shared,
) -> Option<Vec<(&'t Transaction<'t>, Result<Amount, Fault>)>> {
    let part = |transaction: &'t Transaction<'t>| {
        let underlying = transaction.underlying.iter().flatten();
        let mut underlying = underlying.filter(|under| under.currency == shared.currency);
        let amount = own_amount(transaction, shared).or_else(|| {
            let under = underlying.next()?;
            Some(directed(transaction, shared, *under))
        });
        Some((transaction, amount?))
    };
    transactions.iter().map(part).collect()
}

/// The amount that a transaction states as its own, signed; none when it is in another currency.
fn own_amount(transaction: &Transaction<'_>, shared: &Shared) -> Option<Result<Amount, Fault>> {
    match transaction.amount.clone()? {
        Ok(stated) if stated.currency == shared.currency => {
            Some(directed(transaction, shared, stated))
        }
        Ok(_) => None,
        Err(fault) => Some(Err(fault)),
    }
}

fn directed(
    transaction: &Transaction<'_>,
    shared: &Shared,
    stated: Stated,
) -> Result<Amount, Fault> {
    match &transaction.direction {
        Some(direction) => Ok(direction.clone()?.applied_to(stated.amount)),
        None => Ok(shared.direction.applied_to(stated.amount)),
    }
}

/// Whether stated charges that are part of the entry make exactly `rest`: those of the entry, or
/// those of its transactions, or both. `ChrgInclInd` false means booked elsewhere.
fn is_charges(entry: &Entry<'_>, rest: Amount, shared: &Shared) -> bool {
    let sum = |charges: &mut dyn Iterator<Item = &Charge>| {
        let included = charges.filter(|charge| charge.included != Some(false));
        included
            .filter_map(|c| Some((c.amount?, c.direction)))
            .try_fold(Amount::ZERO, |sum, (stated, direction)| {
                match stated.currency == shared.currency {
                    true => sum.checked_add(direction.applied_to(stated.amount)).ok(),
                    false => Some(sum),
                }
            })
    };
    let of_entry = sum(&mut entry.charges.iter());
    let of_transactions = sum(&mut entry.transactions.iter().flat_map(|t| &t.charges));
    let both = of_entry
        .zip(of_transactions)
        .and_then(|(entry, transactions)| entry.checked_add(transactions).ok());
    [of_entry, of_transactions, both].contains(&Some(rest))
}

fn status(entry: &Entry<'_>, transaction: Option<&Transaction<'_>>) -> Status {
    let returned = transaction.is_some_and(|transaction| transaction.returned);
    match entry.reversal || returned {
        true => Status::Reversed,
        false => Status::Settled,
    }
}
