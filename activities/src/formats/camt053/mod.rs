//! ISO 20022 `camt.053`, the end-of-day bank statement, versions 001.02 to 001.13.
//!
//! Elements are known by their local name, whatever their namespace. Only booked entries become
//! records; what banks announce (`PDNG`, `INFO`, `FUTR`) is counted as skipped. Amounts come from
//! `Amt` only: what an exchange was instructed in (`AmtDtls` in another currency) never is the
//! amount. The neighbours `camt.052` (intraday) and `camt.054` (notification) are refused by name:
//! they hold the same payments, and reading them too would count money twice.

mod balance;
mod entry;
mod mapping;
mod records;
mod references;
mod statement;
mod summary;
#[cfg(test)]
mod tests;
mod transaction;
mod values;
mod xml;

use std::borrow::Cow;

use encoding_rs::Encoding;

pub use mapping::{Camt053Mapping, Element, Extraction, ReversalIndicator};

use super::decode::decode;
use super::lines::{Input, Output};
use super::{FormatError, Line, ReadSummary};
use xml::{Tag, Xml};

/// The message, as `Document` holds it.
const MESSAGE: &str = "BkToCstmrStmt";
/// Versions of the message that were looked at.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=13;
const EXPECTED: &str = "an ISO 20022 camt.053 bank statement";

/// Reads one file of statements.
pub(super) fn read(
    mapping: &Camt053Mapping,
    input: Input<'_>,
    bytes: &[u8],
    emit: &mut dyn FnMut(Line),
) -> Result<ReadSummary, FormatError> {
    let text = decode(input, bytes, declared_encoding(bytes))?;
    if text.trim().is_empty() {
        return Err(FormatError::Empty {
            file: input.file_name(),
        });
    }
    if !text.trim_start().starts_with('<') {
        return Err(not_this(
            input,
            "it is no XML: look at the source's format".to_owned(),
        ));
    }
    let mut output = Output::new(input, emit);
    let mut xml = Xml::new(input, &text);
    let mut messages = 0;
    while let Some(tag) = xml.child()? {
        messages += read_outer(&mut xml, &tag, mapping, &mut output)?;
    }
    match messages {
        0 => Err(not_this(
            input,
            format!("it is XML without {MESSAGE}: look at the source's format"),
        )),
        _ => Ok(output.summary),
    }
}

/// Looks for the message in the element that was just entered: `Document`, or an envelope around
/// it.
fn read_outer(
    xml: &mut Xml<'_>,
    tag: &Tag<'_>,
    mapping: &Camt053Mapping,
    output: &mut Output<'_>,
) -> Result<u64, FormatError> {
    match tag.name() {
        MESSAGE => {
            read_message(xml, mapping, output)?;
            return Ok(1);
        }
        "Document" => check_version(tag, output.input)?,
        name if is_other_message(name) => return Err(other_message(output.input, name)),
        "AppHdr" => {
            xml.skip()?;
            return Ok(0);
        }
        _ => {}
    }
    let mut messages = 0;
    while let Some(child) = xml.child()? {
        messages += read_outer(xml, &child, mapping, output)?;
    }
    Ok(messages)
}

/// Reads the `BkToCstmrStmt` that was just entered.
fn read_message(
    xml: &mut Xml<'_>,
    mapping: &Camt053Mapping,
    output: &mut Output<'_>,
) -> Result<(), FormatError> {
    let mut statements = 0;
    while let Some(child) = xml.child()? {
        match child.name() {
            "GrpHdr" => {
                while let Some(inner) = xml.child()? {
                    match inner.name() {
                        "MsgId" => {
                            let id = xml.text()?.into_owned();
                            output.summary.declared_id.get_or_insert(id);
                        }
                        _ => xml.skip()?,
                    }
                }
            }
            "Stmt" => {
                statement::read_statement(xml, mapping, output)?;
                statements += 1;
            }
            _ => xml.skip()?,
        }
    }
    // ISO 20022 wants at least one; a day without business has a statement without entries.
    match statements {
        0 => Err(not_this(
            output.input,
            format!("its {MESSAGE} holds no statement (Stmt): ask for it to be sent again"),
        )),
        _ => Ok(()),
    }
}

/// Another message of the same family or of payments.
fn is_other_message(name: &str) -> bool {
    [
        "BkToCstmr",
        "CstmrPmtStsRpt",
        "CstmrCdtTrf",
        "CstmrDrctDbt",
        "FIToFI",
        "NtfctnTo",
    ]
    .iter()
    .any(|family| name.starts_with(family))
}

fn other_message(input: Input<'_>, name: &str) -> FormatError {
    let message = match name {
        "BkToCstmrAcctRpt" => "camt.052, an intraday report",
        "BkToCstmrDbtCdtNtfctn" => "camt.054, a debit or credit notification",
        "CstmrPmtStsRpt" => "pain.002, a payment status report",
        _ => "another ISO 20022 message",
    };
    not_this(
        input,
        format!("the message is {name} ({message}): deliver the end-of-day statement"),
    )
}

/// Refuses a version that was not looked at; a namespace of another form says nothing.
fn check_version(tag: &Tag<'_>, input: Input<'_>) -> Result<(), FormatError> {
    let Some(namespace) = tag.namespace() else {
        return Ok(());
    };
    let Some((_, message)) = namespace.rsplit_once(":xsd:") else {
        return Ok(());
    };
    let version = message.strip_prefix("camt.053.001.").map(str::parse::<u32>);
    match version {
        Some(Ok(version)) if VERSIONS.contains(&version) => Ok(()),
        _ => Err(not_this(
            input,
            format!("its namespace says {message}: camt.053.001.02 to .13 are known"),
        )),
    }
}

fn not_this(input: Input<'_>, found: String) -> FormatError {
    FormatError::NotThisFormat {
        file: input.file_name(),
        expected: EXPECTED,
        found,
    }
}

/// The encoding that the XML declaration names, when it can be read as ASCII.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(200)];
    let head: Cow<'_, str> = String::from_utf8_lossy(head);
    let declaration = head.trim_start().strip_prefix("<?xml")?;
    let declaration = &declaration[..declaration.find("?>")?];
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?;
    let value = value.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|quote| "\"'".contains(*quote))?;
    let label = value[1..].split(quote).next()?;
    let encoding = Encoding::for_label(label.as_bytes())?;
    // A declaration that can be read as ASCII is not in UTF-16, whatever it says.
    let is_wide = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    (!is_wide).then_some(encoding)
}
