//! The data types of ISO 20022 that matter here: amounts with currency, indicators, dates.

use domain::money::{Amount, Currency};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::xml::{Tag, Xml};
use crate::formats::FormatError;
use crate::formats::csv::YEARS;
use crate::formats::lines::Fault;

/// `ActiveOrHistoricCurrencyAndAmount`: never negative, the direction is told elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stated {
    pub(super) amount: Amount,
    pub(super) currency: Currency,
}

/// `CdtDbtInd`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    Credit,
    Debit,
}

impl Direction {
    pub(super) fn applied_to(self, amount: Amount) -> Amount {
        match self {
            Direction::Credit => amount,
            Direction::Debit => amount.negated(),
        }
    }
}

/// Reads an amount element that was just entered.
pub(super) fn amount(
    xml: &mut Xml<'_>,
    tag: &Tag<'_>,
    path: &'static str,
) -> Result<Result<Stated, Fault>, FormatError> {
    let currency = tag.attribute("Ccy");
    let text = xml.text()?;
    Ok(parse_amount(&text, currency.as_deref(), path))
}

fn parse_amount(text: &str, currency: Option<&str>, path: &str) -> Result<Stated, Fault> {
    let amount = unsigned(text, path)?;
    let currency = currency.ok_or_else(|| {
        Fault::new(
            &format!("{path}/@Ccy"),
            "",
            "no currency: the Ccy attribute is missing",
        )
    })?;
    let currency = Currency::parse(currency)
        .map_err(|error| Fault::new(&format!("{path}/@Ccy"), currency, error.to_string()))?;
    Ok(Stated { amount, currency })
}

/// An amount without a sign: `minInclusive` is 0 in the schema.
pub(super) fn unsigned(text: &str, path: &str) -> Result<Amount, Fault> {
    let amount = Amount::parse(text).map_err(|error| Fault::new(path, text, error.to_string()))?;
    match amount.is_negative() {
        true => Err(Fault::new(
            path,
            text,
            "negative: in ISO 20022 the direction stands in CdtDbtInd",
        )),
        false => Ok(amount),
    }
}

/// `CRDT` or `DBIT`.
pub(super) fn direction(text: &str, path: &str) -> Result<Direction, Fault> {
    match text {
        "CRDT" => Ok(Direction::Credit),
        "DBIT" => Ok(Direction::Debit),
        _ => Err(Fault::new(path, text, "neither CRDT nor DBIT")),
    }
}

/// An XML boolean: `true` or `1`, `false` or `0`.
pub(super) fn indicator(text: &str, path: &str) -> Result<bool, Fault> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Fault::new(path, text, "neither true nor false")),
    }
}

/// The day of an `xs:date` or `xs:dateTime`. As written, unless a zone is given and the time
/// carries an offset.
pub(super) fn date(text: &str, path: &str, zone: Option<&TimeZone>) -> Result<Date, Fault> {
    let fault = || Fault::new(path, text, "not an ISO date or time such as 2026-11-23");
    let written: Date = text
        .get(..10)
        .and_then(|day| day.parse().ok())
        .ok_or_else(fault)?;
    let rest = text.get(10..).unwrap_or_default();
    let date = match rest.strip_prefix('T') {
        None if is_offset(rest) => written,
        None => return Err(fault()),
        Some(_) => match (text.parse::<Timestamp>(), zone) {
            (Ok(instant), Some(zone)) => instant.to_zoned(zone.clone()).date(),
            (Ok(_), None) => written,
            (Err(_), _) if text.parse::<DateTime>().is_ok() => written,
            (Err(_), _) => return Err(fault()),
        },
    };
    match YEARS.contains(&date.year()) {
        true => Ok(date),
        false => Err(Fault::new(path, text, "a year outside 1970 to 2100")),
    }
}

/// What may follow a day in `xs:date`: nothing, `Z`, `+01:00`.
fn is_offset(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit();
    match text.as_bytes() {
        b"" | b"Z" => true,
        &[b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].into_iter().all(digit),
        _ => false,
    }
}
