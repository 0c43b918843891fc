//! What is compared of a row, read without building anything.
//!
//! Only what is beyond doubt: wherever a text is not as simple as it could be, the answer is
//! `None`, and the reader that knows everything reads the row.

use domain::matching::sieve::{Day, Facts, KEY_BYTES_MAX, PlainAmount};
use domain::money::{Amount, Currency};
use domain::record::{ReferenceKind, Status};

use super::fields::{Ending, RowFields};
use super::memo::Memo;
use crate::formats::csv::columns::{AmountColumns, FieldSource, Sign};
use crate::formats::csv::header::{Places, Text, is_name};
use crate::formats::csv::mapping::CsvMapping;
use crate::formats::csv::number::{is_scientific, unwrapped};
use crate::formats::csv::row::RowReader;
use crate::formats::no_reference::is_reference;

/// Most digits of an amount that is read here.
const DIGITS_MAX: usize = 18;
/// Most decimals of one.
const DECIMALS_MAX: u32 = domain::money::AMOUNT_SCALE_MAX as u32;

/// Where the compared fields are, and what their texts mean.
pub(super) struct Decoder {
    key: usize,
    /// All references; they may not be what a spreadsheet makes of numbers.
    pub(super) references: Vec<(ReferenceKind, usize)>,
    /// Texts that are none.
    pub(super) no_reference: Vec<String>,
    amount: usize,
    is_inverted: bool,
    currency: Result<Currency, usize>,
    day: usize,
    booking: Option<usize>,
    status: Option<usize>,
    /// The name to tell a repeated header by, where a row may be one.
    header: Option<String>,
    currencies: Memo<Option<Currency>>,
    days: Memo<Option<Day>>,
    bookings: Memo<bool>,
    statuses: Memo<Option<Option<Status>>>,
}

impl Decoder {
    /// For rows of this layout; `None` when it has a column that is not simple.
    pub(super) fn new(reader: &mut RowReader<'_>, kind: ReferenceKind) -> Option<Self> {
        let place = |text: &Text<'_>| match text {
            Text::At(index, None) => Some(*index),
            _ => None,
        };
        let layout = &reader.layout;
        let is_key = |(of, _): &&(ReferenceKind, Text<'_>)| *of == kind;
        let key = place(&layout.references.iter().find(is_key)?.1)?;
        let columns = layout.references.iter();
        let columns = columns.filter_map(|(kind, text)| match text {
            Text::Absent => None,
            text => Some(place(text).map(|column| (*kind, column))),
        });
        let amounts = layout.amount.as_ref()?;
        let Places::Signed(amount) = amounts.places else {
            return None;
        };
        let currency = match layout.currency.as_ref()? {
            Text::Constant(code) => Ok(Currency::parse(code).ok()?),
            text => Err(place(text)?),
        };
        let optional = |text: &Option<Text<'_>>| match text {
            None | Some(Text::Absent) => Some(None),
            Some(text) => place(text).map(Some),
        };
        let mut decoder = Decoder {
            key,
            references: columns.collect::<Option<_>>()?,
            no_reference: reader.mapping.no_reference.clone(),
            amount,
            is_inverted: amounts.sign == Sign::Inverted,
            currency,
            day: place(layout.value_date.as_ref()?)?,
            booking: optional(&layout.booking_date)?,
            status: optional(&layout.status)?,
            header: None,
            currencies: Memo::new(),
            days: Memo::new(),
            bookings: Memo::new(),
            statuses: Memo::new(),
        };
        let fields = layout.width.map_or(usize::MAX, |width| width.all);
        if decoder.may_hide_header(reader, fields) {
            decoder.header = reader.layout.probe_name().map(str::to_owned);
        }
        Some(decoder)
    }

    /// The key and the facts of a row.
    #[inline]
    pub(super) fn read<'t, F: RowFields + ?Sized>(
        &mut self,
        reader: &mut RowReader<'_>,
        text: &'t [u8],
        fields: &F,
    ) -> Option<(&'t [u8], Facts)> {
        let key = fields.field(text, self.key)?;
        if !is_bare(key) || key.len() > KEY_BYTES_MAX || !self.is_reference(key) {
            return None;
        }
        let amount = fields.ending(text, self.amount)?;
        let currency = match self.currency {
            Ok(constant) => constant,
            Err(place) => {
                let code = fields.short(text, place)?;
                self.currencies.get(code, read_currency)?
            }
        };
        let amount = match usual_amount(amount).or_else(|| plain_amount(amount.text)) {
            Some(number) if reader.notation.is_plain() => number,
            _ => other_amount(reader, amount.text, currency)?,
        };
        let (mantissa, scale) = match self.is_inverted {
            true => (-amount.0, amount.1),
            false => amount,
        };
        let day = fields.short(text, self.day)?;
        let day = self
            .days
            .get(day, |text| read_day(reader, text).flatten())?;
        if let Some(place) = self.booking {
            let booking = fields.short(text, place)?;
            let is_readable = |text: &[u8]| read_day(reader, text).is_some();
            if !self.bookings.get(booking, is_readable) {
                return None;
            }
        }
        let status = match self.status {
            None => None,
            Some(place) => {
                let status = fields.short(text, place)?;
                self.statuses
                    .get(status, |text| read_status(reader, text))?
            }
        };
        let facts = Facts {
            amount: PlainAmount::from_scaled(mantissa, scale)?,
            currency,
            day,
            status,
        };
        let mut is_number = false;
        for (_, place) in &self.references {
            let reference = fields.field(text, *place)?;
            if !is_no_number(reference) && self.is_reference(reference) {
                is_number = true;
                if is_scientific(as_reference(reference)?) {
                    return None;
                }
            }
        }
        if self.header.is_some() && self.is_header(text, fields) {
            return None;
        }
        if is_number {
            // Each once, and only when nobody else will.
            for (_, place) in &self.references {
                let reference = fields.field(text, *place)?;
                if self.is_reference(reference) {
                    reader.rounded.see(*place, as_reference(reference)?);
                }
            }
        }
        Some((key, facts))
    }

    /// Whether a field has a reference, as far as its text says.
    #[inline]
    fn is_reference(&self, field: &[u8]) -> bool {
        self.no_reference.is_empty()
            || as_reference(field).is_some_and(|text| is_reference(text, &self.no_reference))
    }

    /// Whether a row in which everything can be read may still be the header again.
    ///
    /// A header has each column's name in a field of its own. Fields with an amount, a day, a
    /// currency or a status are no names, so there may be too few others.
    fn may_hide_header(&self, reader: &mut RowReader<'_>, fields: usize) -> bool {
        let names = required_names(reader.mapping);
        let mut apart: Vec<&[String]> = Vec::new();
        for of_column in &names {
            let is_new = |other: &&[String]| !of_column.iter().any(|name| other.contains(name));
            if apart.iter().all(is_new) {
                apart.push(of_column);
            }
        }
        let mut typed = vec![self.amount, self.day];
        typed.extend(self.currency.err());
        typed.sort_unstable();
        typed.dedup();
        let mut names = names.iter().flatten();
        let is_value = names.any(|name| {
            name.len() == 3
                || plain_amount(name.as_bytes()).is_some()
                || reader.notation.read(name, 2).is_ok()
                || read_day(reader, name.as_bytes()).is_some()
        });
        is_value || apart.len() <= fields.saturating_sub(typed.len())
    }

    /// Whether a field is the name of a column.
    fn is_header<F: RowFields + ?Sized>(&self, text: &[u8], fields: &F) -> bool {
        let Some(name) = &self.header else {
            return false;
        };
        let first = |bytes: &[u8]| bytes.first().map(u8::to_ascii_lowercase);
        let begin = first(name.as_bytes());
        (0..fields.count()).any(|index| match fields.field(text, index) {
            None => true,
            // Most fields begin otherwise, and with a letter that has one form only.
            Some(field) => {
                let is_plain = name.is_ascii() && field.first().is_some_and(u8::is_ascii_graphic);
                (first(field) == begin || !is_plain)
                    && std::str::from_utf8(field).is_ok_and(|field| is_name(field, name))
            }
        })
    }
}

/// The names of each column that a header must have, as they are compared.
fn required_names(mapping: &CsvMapping) -> Vec<Vec<String>> {
    let fields = &mapping.fields;
    let references = fields.references().into_iter().map(|(_, source)| source);
    let texts = fields
        .others()
        .chain(references)
        .filter_map(|source| match source {
            FieldSource::Column {
                column,
                optional: false,
                ..
            } => Some(column),
            _ => None,
        });
    let amounts = fields.amounts().filter_map(|source| match &source.columns {
        AmountColumns::Signed(column) => Some(column),
        _ => None,
    });
    let names = texts.chain(amounts).map(|column| {
        let names = column.names.iter();
        names.map(|name| name.trim().to_lowercase()).collect()
    });
    names
        .filter(|names: &Vec<String>| !names.is_empty())
        .collect()
}

/// Nothing around it that might be space, or what spreadsheets put around text.
#[inline]
fn is_bare(text: &[u8]) -> bool {
    let is_put_around = |byte: &u8| matches!(byte, b'=' | b'\'');
    matches!((text.first(), text.last()), (Some(first), Some(last))
        if first.is_ascii_graphic() && last.is_ascii_graphic() && !is_put_around(first))
}

/// Begins like no number, nor like what may stand around one.
#[inline]
fn is_no_number(text: &[u8]) -> bool {
    let is_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'=' | b'\'');
    let is_other = |first: &u8| first.is_ascii_graphic() && !is_number(first);
    text.first().is_none_or(is_other)
}

/// The reference that a field has.
pub(super) fn as_reference(text: &[u8]) -> Option<&str> {
    Some(unwrapped(std::str::from_utf8(text).ok()?.trim()))
}

/// `1234.56`: at most eight digits before the point and two behind it, read all at once, because
/// a loop over digits costs a wrong guess of its length for most amounts.
#[inline]
fn usual_amount(amount: Ending<'_>) -> Option<(i64, u32)> {
    let digits = amount.text.len().checked_sub(3)?;
    if !(1..=8).contains(&digits) {
        return None;
    }
    let tenths = (amount.word >> 112) as u8 ^ b'0';
    let hundredths = (amount.word >> 120) as u8 ^ b'0';
    if (amount.word >> 104) as u8 != b'.' || tenths > 9 || hundredths > 9 {
        return None;
    }
    // The digits before the point, at the end of a word of zeros.
    let gap = 8 * (8 - digits);
    let kept = u64::MAX << gap;
    let word = (amount.word >> 40) as u64 & kept | ZEROS & !kept;
    let number = eight_digits(word)? * 100;
    let cents = u64::from(tenths) * 10 + u64::from(hundredths);
    Some(((number + cents) as i64, 2))
}

/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The number that eight digits make, the first in the lowest byte.
#[inline]
fn eight_digits(word: u64) -> Option<u64> {
    let digits = word ^ ZEROS;
    // Above nine, six more reach the upper half of a byte.
    let above = digits.wrapping_add(0x0606_0606_0606_0606) | digits;
    if above & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

/// `-12.34` and the like, as digits and decimals.
#[inline]
fn plain_amount(text: &[u8]) -> Option<(i64, u32)> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > DIGITS_MAX {
        return None;
    }
    let mut mantissa = 0;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let scale = match point {
        None => 0,
        Some(point) => digits.len() - point - 1,
    };
    // Only a point, or nothing behind it, is no number.
    if digits.is_empty() || point.is_some_and(|_| scale == 0) || scale > DECIMALS_MAX as usize {
        return None;
    }
    let mantissa = if is_negative { -mantissa } else { mantissa };
    Some((mantissa, scale as u32))
}

#[cold]
fn other_amount(reader: &RowReader<'_>, text: &[u8], currency: Currency) -> Option<(i64, u32)> {
    let text = std::str::from_utf8(text).ok()?;
    let amount: Amount = reader.notation.read(text, currency.exponent()).ok()??;
    let (mantissa, scale) = amount.to_scaled();
    Some((i64::try_from(mantissa).ok()?, scale))
}

fn read_currency(text: &[u8]) -> Option<Currency> {
    Currency::parse(std::str::from_utf8(text).ok()?.trim()).ok()
}

/// `None` for what is no date; `Some(None)` for none.
fn read_day(reader: &mut RowReader<'_>, text: &[u8]) -> Option<Option<Day>> {
    match reader.day_of(std::str::from_utf8(text).ok()?) {
        None => Some(None),
        Some(date) => Day::of(date.ok()?).map(Some),
    }
}

fn read_status(reader: &RowReader<'_>, text: &[u8]) -> Option<Option<Status>> {
    match std::str::from_utf8(text).ok()?.trim() {
        "" => Some(None),
        text => reader.status_of(text).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn usual_amounts_are_read_as_any_others(text in "[0-9]{1,9}\\.[0-9]{2}|[0-9:/x.-]{0,12}") {
            if let Some(usual) = usual_amount(Ending::of(text.as_bytes())) {
                prop_assert_eq!(plain_amount(text.as_bytes()), Some(usual));
            }
        }

        #[test]
        fn plain_amounts_are_amounts(text in "-?[0-9]{0,10}\\.?[0-9]{0,9}") {
            let amount = Amount::parse(&text);
            if let Some((mantissa, scale)) = plain_amount(text.as_bytes()) {
                prop_assert_eq!(amount, Amount::from_scaled(mantissa.into(), scale as usize));
            }
        }
    }

    #[test]
    fn usual_amounts_are_read_at_once() {
        for text in [
            "0.00",
            "1.25",
            "12.34",
            "123.45",
            "1234.56",
            "12345.67",
            "99999999.99",
        ] {
            assert!(
                usual_amount(Ending::of(text.as_bytes())).is_some(),
                "{text}"
            );
        }
    }
}
