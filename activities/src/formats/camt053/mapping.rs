//! What a source's file says about bank statements: `[partner.format.camt053]`. All of it has a
//! default; an empty table is a complete mapping.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use crate::formats::no_reference;
use crate::formats::settings::{Pattern, Zone};

/// How bank statements become records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Camt053Mapping {
    /// The elements that may hold the common reference, in order of trust: the first that is there
    /// becomes the record's `reference`.
    pub reference: Extraction,
    /// Where our invoice number is.
    pub invoice: Option<Extraction>,
    /// Where our order number is.
    pub order: Option<Extraction>,
    /// Where our client's identifier is.
    pub client: Option<Extraction>,
    /// Texts that banks write where there is no reference; case does not count.
    pub no_reference: Vec<String>,
    /// What `CdtDbtInd` says in an entry with `RvslInd`.
    pub reversal_indicator: ReversalIndicator,
    /// Zone whose day counts for dates given as a time with offset. Without it, the day as written.
    pub date_zone: Option<Zone>,
}

impl Default for Camt053Mapping {
    fn default() -> Self {
        Camt053Mapping {
            reference: Extraction {
                from: vec![
                    Element::EndToEndId,
                    Element::CreditorReference,
                    Element::TransactionId,
                    Element::InstructionId,
                    Element::Uetr,
                    Element::ServicerReference,
                ],
                pattern: None,
            },
            invoice: None,
            order: None,
            client: None,
            no_reference: [
                "NOTPROVIDED",
                "NOT PROVIDED",
                "NOTAVAILABLE",
                "NONREF",
                "NOREF",
            ]
            .map(str::to_owned)
            .to_vec(),
            reversal_indicator: ReversalIndicator::default(),
            date_zone: None,
        }
    }
}

impl Camt053Mapping {
    /// Mistakes that only show when settings are seen together.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let others = [&self.invoice, &self.order, &self.client];
        let extractions = others.into_iter().flatten().chain([&self.reference]);
        let mut problems: Vec<String> = extractions
            .filter(|extraction| extraction.from.is_empty())
            .map(|_| "an extraction names no element: give at least one in from".to_owned())
            .collect();
        problems.extend(no_reference::problem(&self.no_reference));
        problems
    }
}

/// Which way the money of a reversal went. ISO 20022 says that the indicator already is the booked
/// direction; some banks write that of the original payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReversalIndicator {
    /// As ISO 20022 has it.
    AsBooked,
    /// That of the original payment: the booking is the other way.
    Original,
    /// Whichever makes opening balance + entries = closing balance; as booked when neither does, or
    /// when the statement has no balances.
    #[default]
    BalanceDecides,
}

/// A text of an entry or one of its transactions, by its ISO 20022 element.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// `Refs/EndToEndId`
    EndToEndId,
    /// `Refs/TxId`
    TransactionId,
    /// `Refs/InstrId`
    InstructionId,
    /// `Refs/UETR`
    Uetr,
    /// `Refs/AcctSvcrRef`, else that of an entry with one transaction
    ServicerReference,
    /// `RmtInf/Strd/CdtrRefInf/Ref`
    CreditorReference,
    /// `Refs/MndtId`
    MandateId,
    /// `OrgnlEndToEndId` and its like; for returns and reversals else `Refs/EndToEndId`
    OriginalReference,
    /// `Refs/MsgId`
    MessageId,
    /// `Refs/PmtInfId`, `Btch/PmtInfId`
    PaymentInformationId,
    /// `NtryRef`
    EntryReference,
    /// `RmtInf/Strd/RfrdDocInf/Nb`
    DocumentNumber,
    /// `RmtInf/Ustrd`
    Unstructured,
    /// `AddtlTxInf`, `AddtlNtryInf`
    AdditionalInformation,
    /// Name of the other party
    Counterparty,
    /// Account of the other party
    CounterpartyAccount,
    /// The account that the statement is about
    Account,
}

/// Elements to look into, in order, and what to take from them.
///
/// `"end_to_end_id"`, `["end_to_end_id", "unstructured"]`, or
/// `{ from = ["unstructured"], pattern = "INV-[0-9]+" }`: the only match, or its first group.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// Where to look.
    pub from: Vec<Element>,
    /// What to take; everything when there is none.
    pub pattern: Option<Pattern>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtractionTable {
    from: Vec<Element>,
    pattern: Option<Pattern>,
}

impl<'de> Deserialize<'de> for Extraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExtractionVisitor)
    }
}

struct ExtractionVisitor;

impl<'de> Visitor<'de> for ExtractionVisitor {
    type Value = Extraction;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element, a list of elements, or a table with from and pattern")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Extraction, E> {
        Ok(Extraction {
            from: vec![Element::deserialize(name.into_deserializer())?],
            pattern: None,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Extraction, A::Error> {
        Ok(Extraction {
            from: Vec::deserialize(SeqAccessDeserializer::new(names))?,
            pattern: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Extraction, A::Error> {
        let table = ExtractionTable::deserialize(MapAccessDeserializer::new(table))?;
        Ok(Extraction {
            from: table.from,
            pattern: table.pattern,
        })
    }
}
