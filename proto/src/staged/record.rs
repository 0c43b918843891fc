//! A record and its message.

use domain::money::{Amount, Currency, Money};
use domain::record::{
    FeePart, FeeSplit, Origin, Record, RecordFields, ReferenceKind, References, ShortText, Side,
    Status,
};
use jiff::civil::Date;

use super::past::{past_from_wire, past_to_wire};
use super::{Carry, Staged, WireError};
use crate::wire::{StagedFees, StagedOrigin, StagedRecord, StagedReference};

impl Staged for Record {
    type Wire = StagedRecord;

    fn to_wire(&self, carry: &mut Carry) -> StagedRecord {
        let text = |text: &Option<ShortText>| text.as_deref().map(str::to_owned);
        StagedRecord {
            origin: Some(origin_to_wire(self.side, &self.origin, carry)),
            references: references_to_wire(&self.references),
            amount: self.money.amount.to_string(),
            currency: self.money.currency.code().to_owned(),
            value_date: self.value_date.to_string(),
            booking_date: self.booking_date.map(|date| date.to_string()),
            status: self.status.map(|status| status.name().to_owned()),
            fees: self.fees.as_deref().map(fees_to_wire),
            client: text(&self.client),
            counterparty: text(&self.counterparty),
            description: text(&self.description),
            past: self.past.as_deref().map(past_to_wire),
            has_namesake: self.has_namesake.then_some(true),
            takes_back: self.takes_back.then_some(true),
        }
    }

    fn from_wire(wire: StagedRecord, carry: &mut Carry) -> Result<Self, WireError> {
        let (side, origin) = origin_from_wire(wire.origin, carry)?;
        Ok(Record::from(RecordFields {
            side,
            origin,
            references: references_from_wire(wire.references)?,
            money: money(&wire.amount, &wire.currency)?,
            value_date: date("value_date", &wire.value_date)?,
            booking_date: wire
                .booking_date
                .map(|text| date("booking_date", &text))
                .transpose()?,
            status: wire.status.map(|text| status(&text)).transpose()?,
            fees: wire.fees.map(fees_from_wire).transpose()?.map(Box::new),
            client: wire.client.map(ShortText::from),
            counterparty: wire.counterparty.map(ShortText::from),
            description: wire.description.map(ShortText::from),
            past: wire.past.map(past_from_wire).transpose()?.map(Box::new),
            has_namesake: wire.has_namesake.unwrap_or_default(),
            takes_back: wire.takes_back.unwrap_or_default(),
        }))
    }
}

impl From<&Record> for StagedRecord {
    /// On its own, with side and file: for rows of the store and JSON.
    fn from(record: &Record) -> Self {
        record.to_wire(&mut Carry::default())
    }
}

impl TryFrom<StagedRecord> for Record {
    type Error = WireError;

    fn try_from(wire: StagedRecord) -> Result<Self, WireError> {
        Record::from_wire(wire, &mut Carry::default())
    }
}

pub(super) fn origin_to_wire(side: Side, origin: &Origin, carry: &mut Carry) -> StagedOrigin {
    StagedOrigin {
        side: carry.side_to_wire(side),
        file: carry.file_to_wire(side, &origin.file),
        line: origin.line,
        raw: origin.raw.to_string(),
    }
}

pub(super) fn origin_from_wire(
    wire: Option<StagedOrigin>,
    carry: &mut Carry,
) -> Result<(Side, Origin), WireError> {
    let wire = wire.ok_or(WireError::Missing("origin"))?;
    let side = carry.side_from_wire(wire.side.as_deref())?;
    let origin = Origin {
        file: carry.file_from_wire(side, wire.file.as_deref())?,
        line: wire.line,
        raw: wire.raw.into_boxed_str(),
    };
    Ok((side, origin))
}

pub(super) fn references_to_wire(
    references: &[(ReferenceKind, ShortText)],
) -> Vec<StagedReference> {
    let to_wire = |(kind, text): &(ReferenceKind, ShortText)| StagedReference {
        kind: kind.name().to_owned(),
        text: text.to_string(),
    };
    references.iter().map(to_wire).collect()
}

/// Holds the record's invariant: sorted by kind, at most one of a kind, no empty text.
pub(super) fn references_from_wire(wire: Vec<StagedReference>) -> Result<References, WireError> {
    let mut references = References::with_capacity(wire.len());
    for StagedReference { kind: name, text } in wire {
        let expected = "a kind of reference";
        let kind = ReferenceKind::parse(&name)
            .ok_or_else(|| WireError::malformed("reference", &name, expected))?;
        if references.last().is_some_and(|(last, _)| *last >= kind) {
            return Err(WireError::malformed("reference", &name, "in order"));
        }
        if text.is_empty() {
            return Err(WireError::Missing("text of a reference"));
        }
        references.push((kind, text.into()));
    }
    Ok(references)
}

fn amount(field: &'static str, text: &str) -> Result<Amount, WireError> {
    Amount::parse(text)
        .map_err(|error| WireError::malformed(field, text, format_args!("an amount: {error}")))
}

/// A difference or a sum, which may have more digits than the amount of a record.
pub(super) fn computed_amount(field: &'static str, text: &str) -> Result<Amount, WireError> {
    Amount::parse_computed(text)
        .map_err(|error| WireError::malformed(field, text, format_args!("an amount: {error}")))
}

pub(super) fn currency(text: &str) -> Result<Currency, WireError> {
    Currency::parse(text).map_err(|_| WireError::malformed("currency", text, "a currency"))
}

pub(super) fn money(amount_text: &str, currency_code: &str) -> Result<Money, WireError> {
    Ok(Money {
        amount: amount("amount", amount_text)?,
        currency: currency(currency_code)?,
    })
}

pub(super) fn date(field: &'static str, text: &str) -> Result<Date, WireError> {
    text.parse()
        .map_err(|_| WireError::malformed(field, text, "a date (YYYY-MM-DD)"))
}

fn status(text: &str) -> Result<Status, WireError> {
    let expected = "a status (pending, settled, reversed or failed)";
    Status::parse(text).ok_or_else(|| WireError::malformed("status", text, expected))
}

fn fee_part(text: &str) -> Result<FeePart, WireError> {
    let expected = "gross, fee or net";
    FeePart::parse(text).ok_or_else(|| WireError::malformed("derived", text, expected))
}

fn fees_to_wire(fees: &FeeSplit) -> StagedFees {
    StagedFees {
        gross: fees.gross.to_string(),
        fee: fees.fee.to_string(),
        net: fees.net.to_string(),
        derived: fees.derived.map(|part| part.name().to_owned()),
    }
}

fn fees_from_wire(wire: StagedFees) -> Result<FeeSplit, WireError> {
    Ok(FeeSplit {
        gross: computed_amount("gross", &wire.gross)?,
        fee: computed_amount("fee", &wire.fee)?,
        net: computed_amount("net", &wire.net)?,
        derived: wire.derived.map(|text| fee_part(&text)).transpose()?,
    })
}
