//! A row in its smallest form: its key, where it stands, and what of it is compared.
//!
//! | bytes | |
//! |---|---|
//! | 1 | flags and status |
//! | 1 | length of the key |
//! | 2 | currency |
//! | 2 | value date, in days since 1970 |
//! | 2 or 4 | lines since the row before in the same partition |
//! | 4 or 8 | bytes since it |
//! | 4 or 8 | amount |
//! | … | the key |
//!
//! A run keeps rows in this form between two of its steps; another form is another [`ROW_FORM`].

use jiff::civil::Date;

use crate::calendar::days_between;
use crate::money::{Amount, Currency};
use crate::record::Status;

/// The number of this form of a row.
pub const ROW_FORM: u32 = 1;

/// Longest key that is sieved. Rows with longer ones are left on both sides.
pub const KEY_BYTES_MAX: usize = u8::MAX as usize;
/// Decimals of an amount in its short form.
const SHORT_SCALE: u32 = 2;
/// Decimals of an amount in its long form: as many as an amount may have.
const LONG_SCALE: u32 = crate::money::AMOUNT_SCALE_MAX as u32;
/// One in the short form, in units of the long one.
pub(super) const SHORT_UNITS: i128 = 10i128.pow(LONG_SCALE - SHORT_SCALE);

/// Settled: the other side has the same.
pub(super) const SETTLED: u8 = 1;
/// What it says is not known; its group is for the rules.
pub(super) const LOOK: u8 = 2;
/// The amount is in units of the long form.
const FINE: u8 = 8;
/// Line, place and amount take as many bytes as they can.
const WIDE: u8 = 16;
/// The status begins at this bit.
const STATUS_SHIFT: u32 = 5;

/// Bytes of the longest row.
pub(super) const ROW_BYTES_MAX: usize = 32 + KEY_BYTES_MAX;

/// Where a row stands in its file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u32,
}

/// A value date, in days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Day(pub(super) u16);

/// The first day that a [`Day`] can be.
const FIRST_DAY: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// The day of a date; `None` before 1970 and after the year 2149.
    #[must_use]
    pub fn of(date: Date) -> Option<Day> {
        u16::try_from(days_between(FIRST_DAY, date)).ok().map(Day)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.0)
    }

    /// The date of this day.
    #[must_use]
    pub fn date(self) -> Date {
        let days = jiff::Span::new().days(i64::from(self.0));
        FIRST_DAY.checked_add(days).unwrap_or(FIRST_DAY)
    }
}

/// An amount that fits a machine word: hundredths, or units of the smallest amount there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlainAmount {
    pub(super) number: i64,
    pub(super) is_fine: bool,
}

impl PlainAmount {
    /// `mantissa` × 10^-`scale`; `None` when it does not fit.
    #[must_use]
    #[inline]
    pub fn from_scaled(mantissa: i64, scale: u32) -> Option<Self> {
        if scale == SHORT_SCALE {
            // Nearly all amounts.
            return Some(PlainAmount {
                number: mantissa,
                is_fine: false,
            });
        }
        let (decimals, is_fine) = match scale {
            0..=SHORT_SCALE => (SHORT_SCALE, false),
            _ => (LONG_SCALE, true),
        };
        let factor = 10i64.pow(decimals.checked_sub(scale)?);
        let number = mantissa.checked_mul(factor)?;
        Some(PlainAmount { number, is_fine })
    }

    /// The amount; `None` when it does not fit.
    #[must_use]
    pub fn of(amount: Amount) -> Option<Self> {
        let (mantissa, scale) = amount.to_scaled();
        Self::from_scaled(i64::try_from(mantissa).ok()?, scale)
    }

    /// Appends the canonical text of the amount.
    pub fn write_to(self, text: &mut String) {
        let scale = match self.is_fine {
            true => LONG_SCALE,
            false => SHORT_SCALE,
        };
        let (mut rest, mut scale) = (self.number.unsigned_abs(), scale as usize);
        while scale > 0 && rest.is_multiple_of(10) {
            rest /= 10;
            scale -= 1;
        }
        // The digits of the largest word, its point and its sign.
        let mut digits = [b'0'; 22];
        let mut at = digits.len();
        let least = digits.len() - scale - 1;
        while rest > 0 || at > least - usize::from(scale > 0) {
            at -= 1;
            if scale > 0 && at == least {
                digits[at] = b'.';
                continue;
            }
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        if self.number < 0 {
            text.push('-');
        }
        text.extend(digits[at..].iter().map(|digit| char::from(*digit)));
    }

    /// In units of the smallest amount there is.
    #[inline]
    pub(crate) fn units(self) -> i128 {
        match self.is_fine {
            true => i128::from(self.number),
            false => i128::from(self.number) * SHORT_UNITS,
        }
    }
}

/// What of a row is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// How much.
    pub amount: PlainAmount,
    /// Of what.
    pub currency: Currency,
    /// The day on which the money counts.
    pub day: Day,
    /// Where the payment stands.
    pub status: Option<Status>,
}

/// A row as it stands in a partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'p> {
    pub(super) flags: u8,
    pub(super) currency: u16,
    pub(super) day: u16,
    pub(super) amount: PlainAmount,
    /// Bytes and lines since the row before.
    pub(super) step: Place,
    pub(super) key: &'p [u8],
    /// Bytes that it takes.
    pub(super) size: usize,
}

impl Row<'_> {
    pub(super) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn status(&self) -> Option<Status> {
        let number = usize::from(self.flags >> STATUS_SHIFT);
        number
            .checked_sub(1)
            .and_then(|at| Status::ALL.get(at))
            .copied()
    }
}

/// Puts a number in the place of what says where a row stands; for a copy.
#[inline]
pub(super) fn number(bytes: &mut [u8], number: u32) {
    let (short, wide) = (number.to_le_bytes(), u64::from(number).to_le_bytes());
    let is_wide = bytes.first().is_some_and(|flags| flags & WIDE != 0);
    let (at, number) = match is_wide {
        true => (10, &wide[..]),
        false => (8, &short[..]),
    };
    if let Some(room) = bytes.get_mut(at..at + number.len()) {
        room.copy_from_slice(number);
    }
}

/// Writes a row to the beginning of `out`, which has room for any; gives back the bytes it takes.
/// `None` for facts: its group is for the rules.
#[inline]
pub(super) fn write(
    out: &mut [u8; ROW_BYTES_MAX],
    step: Place,
    key: &[u8],
    facts: Option<&Facts>,
) -> usize {
    let (number, currency, day, flags) = match facts {
        None => (0, 0, 0, LOOK),
        Some(facts) => {
            let status = facts.status.map_or(0, |status| status as u8 + 1) << STATUS_SHIFT;
            let fine = if facts.amount.is_fine { FINE } else { 0 };
            let currency = facts.currency.ordinal();
            (facts.amount.number, currency, facts.day.0, status | fine)
        }
    };
    let head = u64::from(flags)
        | u64::from(key.len() as u8) << 8
        | u64::from(currency) << 16
        | u64::from(day) << 32;
    let start = match (
        i32::try_from(number),
        u32::try_from(step.offset),
        u16::try_from(step.line),
    ) {
        (Ok(amount), Ok(offset), Ok(line)) => {
            let rest = u64::from(offset) | u64::from(amount.cast_unsigned()) << 32;
            put(out, 0, (head | u64::from(line) << 48).to_le_bytes());
            put(out, 8, rest.to_le_bytes());
            16
        }
        _ => {
            put(out, 0, (head | u64::from(WIDE)).to_le_bytes());
            put(out, 6, step.line.to_le_bytes());
            put(out, 10, step.offset.to_le_bytes());
            put(out, 18, number.to_le_bytes());
            26
        }
    };
    match (key.first_chunk::<8>(), key.last_chunk::<8>(), key.len()) {
        // The usual key, in copies of fixed size.
        (Some(first), Some(last), 8..=16) => {
            put(out, start, *first);
            put(out, start + key.len() - 8, *last);
        }
        _ => {
            if let Some(room) = out.get_mut(start..start + key.len()) {
                room.copy_from_slice(key);
            }
        }
    }
    start + key.len()
}

/// Puts a few bytes where they belong.
#[inline]
fn put<const N: usize>(out: &mut [u8; ROW_BYTES_MAX], at: usize, bytes: [u8; N]) {
    if let Some(room) = out.get_mut(at..at + N) {
        room.copy_from_slice(&bytes);
    }
}

/// Whether two keys have the same bytes; quick for those of the usual length.
#[inline]
pub(super) fn same_key(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        8..=16 => {
            one.first_chunk::<8>() == other.first_chunk()
                && one.last_chunk::<8>() == other.last_chunk()
        }
        _ => one == other,
    }
}

/// The row at the beginning of `bytes`; `None` at their end.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Option<Row<'_>> {
    let head = u128::from_le_bytes(*bytes.first_chunk()?);
    let flags = head as u8;
    let (step, number, start) = match flags & WIDE {
        0 => {
            let step = Place {
                offset: u64::from((head >> 64) as u32),
                line: u32::from((head >> 48) as u16),
            };
            (step, i64::from((head >> 96) as i32), 16)
        }
        _ => {
            let step = Place {
                offset: u64::from_le_bytes(*bytes.get(10..)?.first_chunk()?),
                line: (head >> 48) as u32,
            };
            let number = i64::from_le_bytes(*bytes.get(18..)?.first_chunk()?);
            (step, number, 26)
        }
    };
    let size = start + usize::from((head >> 8) as u8);
    Some(Row {
        flags,
        currency: (head >> 16) as u16,
        day: (head >> 32) as u16,
        amount: PlainAmount {
            number,
            is_fine: flags & FINE != 0,
        },
        step,
        key: bytes.get(start..size)?,
        size,
    })
}
