//! Exact money: a decimal amount and an ISO 4217 currency.
//!
//! The only place where text becomes an amount. Refuses floats, exponents, signs in odd places,
//! silent rounding and sums across currencies: what cannot be exact is an error.

mod amount;
mod currency;
#[cfg(test)]
mod tests;

use std::fmt;

pub use amount::{AMOUNT_INTEGER_DIGITS_MAX, AMOUNT_SCALE_MAX, Amount};
pub use currency::Currency;

/// Why a text is not an amount or a sum is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// No digits at all.
    #[error("no amount given")]
    Empty,
    /// Something that is neither a digit, the decimal separator nor a leading sign.
    #[error("not a plain decimal number")]
    NotANumber,
    /// Over 18 integer digits or 8 decimals.
    #[error("more digits than an amount may have (18 before and 8 after the decimal point)")]
    TooManyDigits,
    /// The exact result does not fit.
    #[error("sum too large to be exact")]
    Overflow,
    /// Two currencies in one sum.
    #[error("amounts in {0} and {1} cannot be added")]
    CurrencyMixed(Currency, Currency),
    /// Not three ASCII letters.
    #[error("not a three-letter ISO 4217 currency code")]
    NotACurrency,
}

/// An amount in a currency. Positive is money to us, negative money from us.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    /// How much, signed.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// As much money the other way.
    #[must_use]
    pub fn opposite(self) -> Money {
        Money {
            amount: self.amount.negated(),
            ..self
        }
    }

    /// `self + other` in their one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMixed`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMixed(self.currency, other.currency));
        }
        let amount = self.amount.checked_add(other.amount)?;
        Ok(Money {
            amount,
            currency: self.currency,
        })
    }

    /// The amount with at least the decimals of its currency: `10.50` EUR, `100` JPY, `1.125` EUR.
    #[must_use]
    pub fn amount_text(&self) -> String {
        amount_text(self.amount, self.currency)
    }
}

impl fmt::Display for Money {
    /// Amount and code: `10.50 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.amount_text())?;
        f.write_str(" ")?;
        f.write_str(self.currency.code())
    }
}

/// `amount` with at least the decimals that `currency` has, and never fewer than it needs.
#[must_use]
pub fn amount_text(amount: Amount, currency: Currency) -> String {
    let (mantissa, scale) = amount.to_scaled();
    let scale = scale as usize;
    let decimals = scale.max(currency.exponent());
    match u64::try_from(mantissa.unsigned_abs()) {
        Ok(digits) if digits != 0 => digits_text(amount.is_negative(), digits, scale, decimals),
        _ => format!("{amount:.decimals$}"),
    }
}

/// Room for the digits of a `u64`, a point, a zero before it, and a sign.
const DIGITS_MAX: usize = 23;

/// `digits` × 10^-`scale` with so many decimals, which are no fewer.
fn digits_text(is_negative: bool, mut digits: u64, scale: usize, decimals: usize) -> String {
    // From the last character to the first.
    let mut text = Vec::with_capacity(DIGITS_MAX + decimals);
    text.resize(decimals - scale, b'0');
    while digits != 0 || text.len() <= decimals {
        if text.len() == decimals && decimals != 0 {
            text.push(b'.');
        }
        text.push(b'0' + (digits % 10) as u8);
        digits /= 10;
    }
    if is_negative {
        text.push(b'-');
    }
    text.reverse();
    String::from_utf8(text).unwrap_or_default()
}
