//! `Ntry`: one line of a statement with its transactions, as the bank wrote it.
//!
//! Reads every version from 02 to 13 by local name. What cannot be read is kept as a fault, so that
//! the rest of the entry is still known.

use jiff::civil::Date;

use super::mapping::{Camt053Mapping, Element};
use super::transaction::{Transaction, read_transaction};
use super::values::{self, Direction, Stated};
use super::xml::{Tag, Xml};
use crate::formats::FormatError;
use crate::formats::lines::Fault;

/// `Ntry`.
pub(super) struct Entry<'a> {
    pub(super) line: u32,
    pub(super) raw: &'a str,
    pub(super) amount: Result<Stated, Fault>,
    pub(super) direction: Result<Direction, Fault>,
    /// `RvslInd`.
    pub(super) reversal: bool,
    pub(super) status: Result<EntryStatus, Fault>,
    pub(super) booking_date: Option<Result<Date, Fault>>,
    pub(super) value_date: Option<Result<Date, Fault>>,
    /// `NtryRef` and `AcctSvcrRef`.
    pub(super) references: Vec<(Element, Box<str>)>,
    pub(super) additional: Option<Box<str>>,
    pub(super) charges: Vec<Charge>,
    pub(super) batches: Vec<Batch>,
    pub(super) transactions: Vec<Transaction<'a>>,
}

/// `Sts`, or `Sts/Cd` from version 8 on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EntryStatus {
    /// `BOOK`
    Booked,
    /// `PDNG`, `INFO`, `FUTR`: announced, not in the balance.
    NotBooked,
}

/// `Chrgs`, or one `Chrgs/Rcrd` from version 3 on.
pub(super) struct Charge {
    pub(super) amount: Option<Stated>,
    pub(super) direction: Direction,
    /// `ChrgInclInd`: whether it is part of the entry's amount. False: booked on its own.
    pub(super) included: Option<bool>,
}

/// `NtryDtls/Btch`, with the transactions that follow it.
#[derive(Default)]
pub(super) struct Batch {
    /// `NbOfTxs`
    pub(super) count: Option<u64>,
    /// `TtlAmt`
    pub(super) total: Option<Stated>,
    /// `PmtInfId`, else `MsgId`
    pub(super) id: Option<Box<str>>,
    /// Places of its transactions in the entry.
    pub(super) transactions: std::ops::Range<usize>,
}

/// Reads the `Ntry` that was just entered.
pub(super) fn read_entry<'a>(
    xml: &mut Xml<'a>,
    tag: &Tag<'a>,
    mapping: &Camt053Mapping,
    transactions_max: u64,
) -> Result<Entry<'a>, FormatError> {
    let missing = |path, what: &str| Fault::new(path, "", format!("missing: an entry has {what}"));
    let zone = mapping.date_zone.as_ref().map(|zone| &zone.0);
    let mut entry = Entry {
        line: xml.line_of(tag.offset),
        raw: "",
        amount: Err(missing("Ntry/Amt", "an amount")),
        direction: Err(missing("Ntry/CdtDbtInd", "a direction")),
        reversal: false,
        status: Err(missing("Ntry/Sts", "a status")),
        booking_date: None,
        value_date: None,
        references: Vec::new(),
        additional: None,
        charges: Vec::new(),
        batches: Vec::new(),
        transactions: Vec::new(),
    };
    while let Some(child) = xml.child()? {
        match child.name() {
            "Amt" => entry.amount = values::amount(xml, &child, "Ntry/Amt")?,
            "CdtDbtInd" => {
                entry.direction = values::direction(&xml.text()?, "Ntry/CdtDbtInd");
            }
            "RvslInd" => match values::indicator(&xml.text()?, "Ntry/RvslInd") {
                Ok(reversal) => entry.reversal = reversal,
                Err(fault) => entry.direction = Err(fault),
            },
            "Sts" => entry.status = status(&xml.text()?),
            "BookgDt" => {
                entry.booking_date = Some(values::date(&xml.text()?, "Ntry/BookgDt", zone));
            }
            "ValDt" => entry.value_date = Some(values::date(&xml.text()?, "Ntry/ValDt", zone)),
            "NtryRef" => keep(&mut entry.references, Element::EntryReference, &xml.text()?),
            "AcctSvcrRef" => {
                keep(
                    &mut entry.references,
                    Element::ServicerReference,
                    &xml.text()?,
                );
            }
            "AddtlNtryInf" => entry.additional = non_empty(&xml.text()?),
            "Chrgs" => read_charges(xml, &mut entry.charges)?,
            "NtryDtls" => read_details(xml, &mut entry, transactions_max)?,
            _ => xml.skip()?,
        }
    }
    entry.raw = xml.raw_from(tag.offset);
    Ok(entry)
}

/// Reads the `NtryDtls` that was just entered.
fn read_details<'a>(
    xml: &mut Xml<'a>,
    entry: &mut Entry<'a>,
    transactions_max: u64,
) -> Result<(), FormatError> {
    let first = entry.transactions.len();
    let mut batch = None;
    while let Some(child) = xml.child()? {
        match child.name() {
            "Btch" => batch = Some(read_batch(xml)?),
            "TxDtls" if entry.transactions.len() as u64 >= transactions_max => {
                return Err(xml.too_many_rows(transactions_max));
            }
            "TxDtls" => entry.transactions.push(read_transaction(xml, &child)?),
            _ => xml.skip()?,
        }
    }
    if let Some(batch) = batch {
        entry.batches.push(Batch {
            transactions: first..entry.transactions.len(),
            ..batch
        });
    }
    Ok(())
}

fn read_batch(xml: &mut Xml<'_>) -> Result<Batch, FormatError> {
    let mut batch = Batch::default();
    let mut message_id = None;
    while let Some(child) = xml.child()? {
        match child.name() {
            "NbOfTxs" => batch.count = xml.text()?.parse().ok(),
            "TtlAmt" => batch.total = values::amount(xml, &child, "Btch/TtlAmt")?.ok(),
            "PmtInfId" => batch.id = non_empty(&xml.text()?),
            "MsgId" => message_id = non_empty(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    batch.id = batch.id.or(message_id);
    Ok(batch)
}

/// Reads the `Chrgs` that was just entered: one charge itself (version 2), or a list of `Rcrd`.
pub(super) fn read_charges(
    xml: &mut Xml<'_>,
    charges: &mut Vec<Charge>,
) -> Result<(), FormatError> {
    let mut own = Charge {
        amount: None,
        direction: Direction::Debit,
        included: None,
    };
    while let Some(child) = xml.child()? {
        match child.name() {
            "Rcrd" => read_charges(xml, charges)?,
            "Amt" => own.amount = values::amount(xml, &child, "Chrgs/Amt")?.ok(),
            "CdtDbtInd" => {
                own.direction = values::direction(&xml.text()?, "").unwrap_or(Direction::Debit);
            }
            "ChrgInclInd" => own.included = values::indicator(&xml.text()?, "").ok(),
            _ => xml.skip()?,
        }
    }
    if own.amount.is_some() {
        charges.push(own);
    }
    Ok(())
}

fn status(text: &str) -> Result<EntryStatus, Fault> {
    match text {
        "BOOK" => Ok(EntryStatus::Booked),
        "PDNG" | "INFO" | "FUTR" => Ok(EntryStatus::NotBooked),
        _ => Err(Fault::new(
            "Ntry/Sts",
            text,
            "unknown entry status: BOOK counts, PDNG, INFO and FUTR are left out",
        )),
    }
}

/// Keeps a reference unless it is empty.
pub(super) fn keep(references: &mut Vec<(Element, Box<str>)>, element: Element, text: &str) {
    if !text.is_empty() {
        references.push((element, text.into()));
    }
}

pub(super) fn non_empty(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}
