//! An exact decimal number of limited size.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Currency, MoneyError};

/// Most digits before the decimal point that an amount may have.
pub const AMOUNT_INTEGER_DIGITS_MAX: usize = 18;
/// Most digits after the decimal point that an amount may have (camt.05x allows 5, crypto uses 8).
pub const AMOUNT_SCALE_MAX: usize = 8;

/// An exact signed decimal number of at most 18 + 8 digits, in no particular currency.
///
/// Equal values are equal and hash alike however they were written (`10.5` and `10.50`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(Decimal);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(Decimal::ZERO);

    /// `mantissa` × 10^-`scale`, exactly.
    ///
    /// # Errors
    /// [`MoneyError::TooManyDigits`] when the value needs more digits than an amount may have.
    pub fn from_scaled(mantissa: i128, scale: usize) -> Result<Self, MoneyError> {
        let limit = 10i128.pow((AMOUNT_INTEGER_DIGITS_MAX + scale.min(AMOUNT_SCALE_MAX)) as u32);
        if scale > AMOUNT_SCALE_MAX || mantissa.abs() >= limit {
            return Err(MoneyError::TooManyDigits);
        }
        Decimal::try_from_i128_with_scale(mantissa, scale as u32)
            .map(|value| Amount(value.normalize()))
            .map_err(|_| MoneyError::TooManyDigits)
    }

    /// Reads `[+-]digits[.digits]` and nothing else: no spaces, separators or exponents.
    ///
    /// Locale-formatted text is for a format's mapping to clean up before it comes here.
    ///
    /// # Errors
    /// Says what is wrong with the text; it never becomes zero.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mut mantissa: i128 = 0;
        let (mut seen, mut significant) = (0usize, 0usize);
        let mut scale: Option<usize> = None;
        for &byte in digits {
            match byte {
                b'0'..=b'9' => {
                    seen += 1;
                    scale = scale.map(|digits_after| digits_after + 1);
                    if mantissa != 0 || byte != b'0' {
                        significant += 1;
                    }
                    if significant > AMOUNT_INTEGER_DIGITS_MAX + AMOUNT_SCALE_MAX {
                        return Err(MoneyError::TooManyDigits);
                    }
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                }
                b'.' if scale.is_none() => scale = Some(0),
                _ => return Err(MoneyError::NotANumber),
            }
        }
        match (seen, scale) {
            (0, None) if text.is_empty() => Err(MoneyError::Empty),
            (0, _) | (_, Some(0)) => Err(MoneyError::NotANumber),
            (_, scale) => {
                let (mantissa, scale) = trim_zeros(mantissa, scale.unwrap_or(0));
                Self::from_scaled(if negative { -mantissa } else { mantissa }, scale)
            }
        }
    }

    /// Reads back what `Display` wrote for a computed amount: a sum or a product may have more
    /// digits than [`Amount::parse`] accepts from outside.
    ///
    /// # Errors
    /// Says what is wrong with the text; it never becomes zero.
    pub fn parse_computed(text: &str) -> Result<Self, MoneyError> {
        let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'-');
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(MoneyError::NotANumber);
        }
        Decimal::from_str_exact(text)
            .map(|value| Amount(value.normalize()))
            .map_err(|error| match error {
                rust_decimal::Error::Underflow
                | rust_decimal::Error::ExceedsMaximumPossibleValue => MoneyError::TooManyDigits,
                _ => MoneyError::NotANumber,
            })
    }

    /// `self + other`, exact or an error.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the exact sum needs more than 28 digits: `Decimal` itself would
    /// drop decimals silently there (rust-decimal issue 511).
    pub fn checked_add(self, other: Amount) -> Result<Amount, MoneyError> {
        let sum = self.0.checked_add(other.0).ok_or(MoneyError::Overflow)?;
        if sum.scale() < self.0.scale().max(other.0.scale()) {
            return Err(MoneyError::Overflow);
        }
        Ok(Amount(sum.normalize()))
    }

    /// `self - other`, exact or an error.
    ///
    /// # Errors
    /// As [`Amount::checked_add`].
    pub fn checked_sub(self, other: Amount) -> Result<Amount, MoneyError> {
        self.checked_add(other.negated())
    }

    /// `percent` per cent of this amount, exactly.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the exact product needs more than 28 digits.
    pub fn percent(self, percent: Amount) -> Result<Amount, MoneyError> {
        let (left, right) = (self.0, percent.0);
        let mantissa = left
            .mantissa()
            .checked_mul(right.mantissa())
            .ok_or(MoneyError::Overflow)?;
        Decimal::try_from_i128_with_scale(mantissa, left.scale() + right.scale() + 2)
            .map(|value| Amount(value.normalize()))
            .map_err(|_| MoneyError::Overflow)
    }

    /// To the minor unit of its currency, as fees are charged: half a unit counts as a whole one.
    #[must_use]
    pub fn rounded(self, currency: Currency) -> Amount {
        let decimals = u32::try_from(currency.exponent()).unwrap_or(u32::MAX);
        let half_up = RoundingStrategy::MidpointAwayFromZero;
        let rounded = self.0.round_dp_with_strategy(decimals, half_up);
        Amount(rounded.normalize())
    }

    /// The same amount the other way.
    #[must_use]
    pub fn negated(self) -> Amount {
        Amount(-self.0)
    }

    /// The size of this amount, without its sign.
    #[must_use]
    pub fn abs(self) -> Amount {
        Amount(self.0.abs())
    }

    /// Below zero: money out.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// Exactly nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The value as `(mantissa, scale)`: `10.5` is `(105, 1)`. Canonical: no trailing zeros.
    #[must_use]
    pub fn to_scaled(self) -> (i128, u32) {
        (self.0.mantissa(), self.0.scale())
    }

    /// The value in units of the smallest amount there is: sums of these are the same in any order.
    ///
    /// # Errors
    /// [`MoneyError::TooManyDigits`] for an amount that is finer than an amount may be,
    /// [`MoneyError::Overflow`] for one that is too large.
    pub fn to_units(self) -> Result<i128, MoneyError> {
        let (mantissa, scale) = self.to_scaled();
        let missing = (AMOUNT_SCALE_MAX as u32).checked_sub(scale);
        let factor = 10i128.pow(missing.ok_or(MoneyError::TooManyDigits)?);
        mantissa.checked_mul(factor).ok_or(MoneyError::Overflow)
    }
}

impl fmt::Display for Amount {
    /// Plain digits, no trailing zeros: `10.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Drops decimals that are zero, so that the digit limits count digits that mean something.
fn trim_zeros(mut mantissa: i128, mut scale: usize) -> (i128, usize) {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    (mantissa, scale)
}
