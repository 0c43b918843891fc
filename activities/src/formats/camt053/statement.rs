//! `Stmt`: one account's statement, or one page of it.
//!
//! Entries are handed on as they come. From the first reversal on they are kept back until the
//! balances have decided how reversals are to be read, if the mapping leaves it to them.

use super::balance::{BalanceKind, Ledger, signed};
use super::entry::{Entry, EntryStatus, read_entry};
use super::mapping::{Camt053Mapping, ReversalIndicator};
use super::records::{Context, Converter, Reversals};
use super::summary::Summary;
use super::transaction::read_account;
use super::values;
use super::xml::Xml;
use crate::formats::FormatError;
use crate::formats::lines::Output;

/// Reads the `Stmt` that was just entered.
pub(super) fn read_statement<'a>(
    xml: &mut Xml<'a>,
    mapping: &Camt053Mapping,
    output: &mut Output<'_>,
) -> Result<(), FormatError> {
    let mut context = Context::default();
    let mut ledger = Ledger::default();
    let mut held: Vec<Entry<'a>> = Vec::new();
    while let Some(child) = xml.child()? {
        match child.name() {
            "Id" => context.statement = xml.text()?.into(),
            "ElctrncSeqNb" => context.sequence = super::entry::non_empty(&xml.text()?),
            "StmtPgntn" => context.page = read_page(xml)?,
            "Acct" => context.account = read_account(xml)?,
            "Bal" => read_balance(xml, &mut ledger)?,
            "TxsSummry" => ledger.summary = Some(Summary::read(xml)?),
            "Ntry" => {
                let rows_max = output.input.limits.rows_max;
                let entry = read_entry(xml, &child, mapping, rows_max)?;
                ledger.add(&entry, output.input.file);
                let undecided = mapping.reversal_indicator == ReversalIndicator::BalanceDecides
                    && (entry.reversal || !held.is_empty());
                match undecided {
                    true => held.push(entry),
                    false => hand_on(&entry, mapping, &context, fixed(mapping), output)?,
                }
            }
            _ => xml.skip()?,
        }
    }
    let reversals = match mapping.reversal_indicator {
        ReversalIndicator::BalanceDecides => ledger.reversals_by_balance(),
        ReversalIndicator::AsBooked | ReversalIndicator::Original => fixed(mapping),
    };
    for entry in &held {
        hand_on(entry, mapping, &context, reversals, output)?;
    }
    let checks = ledger.checks(output.input.file, &context.subject(), reversals);
    output.summary.controls.extend(checks);
    Ok(())
}

/// How reversals are read as long as no balance is asked.
fn fixed(mapping: &Camt053Mapping) -> Reversals {
    match mapping.reversal_indicator {
        ReversalIndicator::Original => Reversals::Original,
        ReversalIndicator::AsBooked | ReversalIndicator::BalanceDecides => Reversals::AsBooked,
    }
}

fn hand_on(
    entry: &Entry<'_>,
    mapping: &Camt053Mapping,
    context: &Context,
    reversals: Reversals,
    output: &mut Output<'_>,
) -> Result<(), FormatError> {
    let input = output.input;
    match &entry.status {
        Ok(EntryStatus::Booked) => {}
        Ok(EntryStatus::NotBooked) => {
            output.row(entry.line)?;
            output.skip();
            return Ok(());
        }
        Err(fault) => {
            output.row(entry.line)?;
            output.reject(input.origin(entry.line, entry.raw), fault.clone());
            return Ok(());
        }
    }
    let converter = Converter {
        input,
        mapping,
        context,
        reversals,
    };
    for line in converter.lines(entry) {
        output.row(entry.line)?;
        match line {
            Ok(record) => output.accept(record),
            Err((origin, fault)) => output.reject(origin, fault),
        }
    }
    Ok(())
}

/// `PgNb`
fn read_page(xml: &mut Xml<'_>) -> Result<Option<Box<str>>, FormatError> {
    let mut page = None;
    while let Some(child) = xml.child()? {
        match child.name() {
            "PgNb" => page = super::entry::non_empty(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    Ok(page)
}

/// A `Bal`, if it is of a type that counts.
fn read_balance(xml: &mut Xml<'_>, ledger: &mut Ledger) -> Result<(), FormatError> {
    let (mut kind, mut amount, mut direction) = (None, None, None);
    while let Some(child) = xml.child()? {
        match child.name() {
            "Tp" => kind = read_balance_kind(xml)?,
            "Amt" => amount = values::amount(xml, &child, "Bal/Amt")?.ok(),
            "CdtDbtInd" => direction = values::direction(&xml.text()?, "Bal/CdtDbtInd").ok(),
            _ => xml.skip()?,
        }
    }
    if let Some(kind) = kind {
        let money = amount
            .zip(direction)
            .map(|(amount, direction)| signed(amount, direction));
        ledger.add_balance(kind, money);
    }
    Ok(())
}

/// `CdOrPrtry/Cd`
fn read_balance_kind(xml: &mut Xml<'_>) -> Result<Option<BalanceKind>, FormatError> {
    let mut kind = None;
    while let Some(child) = xml.child()? {
        match child.name() {
            "CdOrPrtry" => kind = BalanceKind::parse(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    Ok(kind)
}
