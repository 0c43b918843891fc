//! `TxDtls`: one payment inside an entry, as the bank wrote it.

use super::entry::{Charge, keep, non_empty, read_charges};
use super::mapping::Element;
use super::values::{self, Direction, Stated};
use super::xml::{Tag, Xml};
use crate::formats::FormatError;
use crate::formats::lines::Fault;

/// `TxDtls`.
#[derive(Default)]
pub(super) struct Transaction<'a> {
    pub(super) line: u32,
    pub(super) raw: &'a str,
    /// `Amt`: what this payment contributes to the entry.
    pub(super) amount: Option<Result<Stated, Fault>>,
    /// `AmtDtls`: transaction amount, counter value, instructed amount, in this order of trust. In
    /// version 2 there is no other amount; with an exchange they are in other currencies.
    pub(super) underlying: [Option<Stated>; 3],
    pub(super) direction: Option<Result<Direction, Fault>>,
    pub(super) references: Vec<(Element, Box<str>)>,
    pub(super) debtor: Party,
    pub(super) creditor: Party,
    pub(super) unstructured: Vec<Box<str>>,
    pub(super) additional: Option<Box<str>>,
    pub(super) charges: Vec<Charge>,
    /// Whether there is return information (`RtrInf`).
    pub(super) returned: bool,
}

/// One of the two who pay and are paid.
#[derive(Default, Clone, Debug)]
pub(super) struct Party {
    pub(super) name: Option<Box<str>>,
    /// `UltmtDbtr`, `UltmtCdtr`
    pub(super) ultimate_name: Option<Box<str>>,
    /// IBAN or other identification of its account.
    pub(super) account: Option<Box<str>>,
}

/// Reads the `TxDtls` that was just entered.
pub(super) fn read_transaction<'a>(
    xml: &mut Xml<'a>,
    tag: &Tag<'a>,
) -> Result<Transaction<'a>, FormatError> {
    let mut transaction = Transaction {
        line: xml.line_of(tag.offset),
        ..Transaction::default()
    };
    while let Some(child) = xml.child()? {
        match child.name() {
            "Refs" => read_references(xml, &mut transaction.references)?,
            "Amt" => {
                transaction.amount = Some(values::amount(xml, &child, "Ntry/NtryDtls/TxDtls/Amt")?);
            }
            "CdtDbtInd" => {
                let path = "Ntry/NtryDtls/TxDtls/CdtDbtInd";
                transaction.direction = Some(values::direction(&xml.text()?, path));
            }
            "AmtDtls" => read_underlying(xml, &mut transaction.underlying)?,
            "Chrgs" => read_charges(xml, &mut transaction.charges)?,
            "RltdPties" => read_parties(xml, &mut transaction)?,
            "RmtInf" => read_remittance(xml, &mut transaction)?,
            "RtrInf" => {
                transaction.returned = true;
                read_references(xml, &mut transaction.references)?;
            }
            "AddtlTxInf" => transaction.additional = non_empty(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    transaction.raw = xml.raw_from(tag.offset);
    Ok(transaction)
}

/// Reads references below the element that was just entered.
fn read_references(
    xml: &mut Xml<'_>,
    references: &mut Vec<(Element, Box<str>)>,
) -> Result<(), FormatError> {
    while let Some(child) = xml.child()? {
        let element = match child.name() {
            "EndToEndId" => Element::EndToEndId,
            "TxId" => Element::TransactionId,
            "InstrId" => Element::InstructionId,
            "UETR" => Element::Uetr,
            "AcctSvcrRef" => Element::ServicerReference,
            "MndtId" => Element::MandateId,
            "MsgId" => Element::MessageId,
            "PmtInfId" => Element::PaymentInformationId,
            "OrgnlEndToEndId" | "OrgnlTxId" | "OrgnlInstrId" => Element::OriginalReference,
            _ => {
                xml.skip()?;
                continue;
            }
        };
        keep(references, element, &xml.text()?);
    }
    Ok(())
}

fn read_underlying(
    xml: &mut Xml<'_>,
    underlying: &mut [Option<Stated>; 3],
) -> Result<(), FormatError> {
    while let Some(child) = xml.child()? {
        let place = match child.name() {
            "TxAmt" => 0,
            "CntrValAmt" => 1,
            "InstdAmt" => 2,
            _ => {
                xml.skip()?;
                continue;
            }
        };
        while let Some(inner) = xml.child()? {
            match inner.name() {
                "Amt" => underlying[place] = values::amount(xml, &inner, "AmtDtls")?.ok(),
                _ => xml.skip()?,
            }
        }
    }
    Ok(())
}

fn read_parties(xml: &mut Xml<'_>, transaction: &mut Transaction<'_>) -> Result<(), FormatError> {
    while let Some(child) = xml.child()? {
        match child.name() {
            "Dbtr" => transaction.debtor.name = read_name(xml)?,
            "Cdtr" => transaction.creditor.name = read_name(xml)?,
            "UltmtDbtr" => transaction.debtor.ultimate_name = read_name(xml)?,
            "UltmtCdtr" => transaction.creditor.ultimate_name = read_name(xml)?,
            "DbtrAcct" => transaction.debtor.account = read_account(xml)?,
            "CdtrAcct" => transaction.creditor.account = read_account(xml)?,
            _ => xml.skip()?,
        }
    }
    Ok(())
}

/// `Nm`, since version 8 `Pty/Nm`; a bank as a party has `Agt/FinInstnId/Nm`.
fn read_name(xml: &mut Xml<'_>) -> Result<Option<Box<str>>, FormatError> {
    let mut name = None;
    while let Some(child) = xml.child()? {
        match child.name() {
            "Nm" => name = non_empty(&xml.text()?).or(name),
            "Pty" | "Agt" | "FinInstnId" => name = read_name(xml)?.or(name),
            _ => xml.skip()?,
        }
    }
    Ok(name)
}

/// `Id/IBAN`, else `Id/Othr/Id`.
pub(super) fn read_account(xml: &mut Xml<'_>) -> Result<Option<Box<str>>, FormatError> {
    let mut account = None;
    while let Some(child) = xml.child()? {
        match child.name() {
            "Id" => account = read_account_id(xml)?.or(account),
            _ => xml.skip()?,
        }
    }
    Ok(account)
}

fn read_account_id(xml: &mut Xml<'_>) -> Result<Option<Box<str>>, FormatError> {
    let mut id = None;
    while let Some(child) = xml.child()? {
        match child.name() {
            "IBAN" => id = non_empty(&xml.text()?.replace(' ', "")),
            "Othr" => {
                while let Some(inner) = xml.child()? {
                    match inner.name() {
                        "Id" => id = id.or(non_empty(&xml.text()?)),
                        _ => xml.skip()?,
                    }
                }
            }
            _ => xml.skip()?,
        }
    }
    Ok(id)
}

fn read_remittance(
    xml: &mut Xml<'_>,
    transaction: &mut Transaction<'_>,
) -> Result<(), FormatError> {
    while let Some(child) = xml.child()? {
        match child.name() {
            "Ustrd" => transaction.unstructured.extend(non_empty(&xml.text()?)),
            "Strd" => read_structured(xml, &mut transaction.references)?,
            _ => xml.skip()?,
        }
    }
    Ok(())
}

/// `CdtrRefInf/Ref` and `RfrdDocInf/Nb` of one `Strd`.
fn read_structured(
    xml: &mut Xml<'_>,
    references: &mut Vec<(Element, Box<str>)>,
) -> Result<(), FormatError> {
    while let Some(child) = xml.child()? {
        let (wanted, element) = match child.name() {
            "CdtrRefInf" => ("Ref", Element::CreditorReference),
            "RfrdDocInf" => ("Nb", Element::DocumentNumber),
            _ => {
                xml.skip()?;
                continue;
            }
        };
        while let Some(inner) = xml.child()? {
            match inner.name() {
                name if name == wanted => keep(references, element, &xml.text()?),
                _ => xml.skip()?,
            }
        }
    }
    Ok(())
}
