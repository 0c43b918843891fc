//! Exact money: a decimal amount and an ISO 4217 currency.
//!
//! The only place where text becomes an amount. Refuses floats, exponents, signs in odd places,
//! silent rounding and sums across currencies: what cannot be exact is an error.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use rust_decimal::{Decimal, RoundingStrategy};

/// Most digits before the decimal point that an amount may have.
pub const AMOUNT_INTEGER_DIGITS_MAX: usize = 18;
/// Most digits after the decimal point that an amount may have (camt.05x allows 5, crypto uses 8).
pub const AMOUNT_SCALE_MAX: usize = 8;

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

/// An ISO 4217 alphabetic code: three capital letters. Unlisted codes are allowed (partners use
/// private ones such as `USX`); they count two decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a three-letter code, in any case.
    ///
    /// # Errors
    /// [`MoneyError::NotACurrency`] for anything else.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => Ok(Currency([
                a.to_ascii_uppercase(),
                b.to_ascii_uppercase(),
                c.to_ascii_uppercase(),
            ])),
            _ => Err(MoneyError::NotACurrency),
        }
    }

    /// The code: `EUR`.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is three ASCII letters")
    }

    /// Decimals of the minor unit by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(&self) -> usize {
        /// What was looked up before, by ordinal, from 1: the list is long and asked for each amount.
        static KNOWN: [AtomicU8; Currency::ORDINALS as usize] =
            [const { AtomicU8::new(0) }; Currency::ORDINALS as usize];
        let known = &KNOWN[usize::from(self.ordinal())];
        match known.load(Ordering::Relaxed).checked_sub(1) {
            Some(exponent) => usize::from(exponent),
            None => {
                let exponent = iso_currency::Currency::from_code(self.code())
                    .and_then(|currency| currency.exponent())
                    .map_or(2, |exponent| exponent as u8);
                known.store(exponent + 1, Ordering::Relaxed);
                usize::from(exponent)
            }
        }
    }

    /// Number of different codes.
    pub const ORDINALS: u16 = 26 * 26 * 26;

    /// The place of this code among all codes in order, from 0.
    #[must_use]
    #[inline]
    pub fn ordinal(self) -> u16 {
        let letter = |byte: u8| u16::from(byte - b'A');
        let [a, b, c] = self.0;
        (letter(a) * 26 + letter(b)) * 26 + letter(c)
    }

    /// The code at a place; `None` behind the last.
    #[must_use]
    pub fn of_ordinal(ordinal: u16) -> Option<Self> {
        let letter = |place: u16| b'A' + (ordinal / place % 26) as u8;
        (ordinal < Self::ORDINALS).then(|| Currency([letter(26 * 26), letter(26), letter(1)]))
    }

    /// Listed by ISO 4217.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        iso_currency::Currency::from_code(self.code()).is_some()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
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
    let scale = amount.0.scale() as usize;
    let decimals = scale.max(currency.exponent());
    match u64::try_from(amount.0.mantissa().unsigned_abs()) {
        Ok(digits) if digits != 0 => digits_text(amount.is_negative(), digits, scale, decimals),
        _ => format!("{:.decimals$}", amount.0),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect(text)
    }

    #[test]
    fn reads_plain_decimals_only() {
        for (text, shown) in [
            ("0", "0"),
            ("-0", "0"),
            ("+12.30", "12.3"),
            ("000000000000149.87", "149.87"),
            (".5", "0.5"),
            ("-1000", "-1000"),
            ("999999999999999999.99999999", "999999999999999999.99999999"),
        ] {
            assert_eq!(amount(text).to_string(), shown, "{text}");
        }
        for text in [
            "",
            "-",
            "+",
            ".",
            "5.",
            "1e3",
            "1_000",
            "1,000.00",
            " 1",
            "1 ",
            "--1",
            "0x1",
            "1.2.3",
            "NaN",
            "inf",
            "١",
            "1000000000000000000",
            "0.000000001",
        ] {
            assert!(
                Amount::parse(text).is_err(),
                "{text:?} must not be an amount"
            );
        }
    }

    #[test]
    fn sums_are_exact_or_refused() {
        let largest = amount("999999999999999999.99999999");
        let sum_of =
            |count: usize| (0..count).try_fold(Amount::ZERO, |sum, _| sum.checked_add(largest));
        let hundred = sum_of(100).expect("fits 96 bits");
        assert_eq!(hundred.to_string(), "99999999999999999999.999999");
        assert_eq!(sum_of(1000), Err(MoneyError::Overflow));
        let euro = Money {
            amount: amount("1"),
            currency: Currency::parse("eur").unwrap(),
        };
        let yen = Money {
            currency: Currency::parse("JPY").unwrap(),
            ..euro
        };
        assert!(matches!(
            euro.checked_add(yen),
            Err(MoneyError::CurrencyMixed(_, _))
        ));
    }

    #[test]
    fn shows_the_decimals_of_the_currency() {
        let shown = |text: &str, code: &str| {
            Money {
                amount: amount(text),
                currency: Currency::parse(code).unwrap(),
            }
            .to_string()
        };
        assert_eq!(shown("10.5", "EUR"), "10.50 EUR");
        assert_eq!(shown("-3", "EUR"), "-3.00 EUR");
        assert_eq!(shown("100", "JPY"), "100 JPY");
        assert_eq!(shown("1.125", "EUR"), "1.125 EUR");
        assert_eq!(shown("1", "KWD"), "1.000 KWD");
    }

    #[test]
    fn percent_is_exact() {
        assert_eq!(amount("200").percent(amount("2.9")).unwrap(), amount("5.8"));
        assert_eq!(
            amount("0.01").percent(amount("1")).unwrap(),
            amount("0.0001")
        );
    }

    #[test]
    fn half_a_minor_unit_is_rounded_up() {
        let rounded = |text: &str, code: &str| {
            let currency = Currency::parse(code).unwrap();
            amount(text).rounded(currency).to_string()
        };
        assert_eq!(rounded("0.46662", "EUR"), "0.47");
        assert_eq!(rounded("0.125", "EUR"), "0.13");
        assert_eq!(rounded("-0.125", "EUR"), "-0.13");
        assert_eq!(rounded("0.1249", "EUR"), "0.12");
        assert_eq!(rounded("17.5", "JPY"), "18");
        assert_eq!(rounded("0.1249", "KWD"), "0.125");
        assert_eq!(rounded("3.2", "EUR"), "3.2");
    }

    #[test]
    fn computed_amounts_are_read_back() {
        let largest = amount("999999999999999999.99999999");
        let sum = (0..100)
            .try_fold(Amount::ZERO, |sum, _| sum.checked_add(largest))
            .unwrap();
        let product = amount("0.00000001").percent(amount("-0.01")).unwrap();
        for computed in [sum, product, Amount::ZERO, Amount::ZERO.negated()] {
            assert_eq!(Amount::parse_computed(&computed.to_string()), Ok(computed));
        }
        for text in [
            "",
            "-",
            ".",
            "1.2.3",
            "1-2",
            "1e3",
            "1_000",
            " 1",
            &"9".repeat(40),
        ] {
            assert!(
                Amount::parse_computed(text).is_err(),
                "{text:?} is no amount"
            );
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_agree(mantissa in -10i128.pow(25)..10i128.pow(25), scale in 0usize..=8) {
            if let Ok(value) = Amount::from_scaled(mantissa, scale) {
                prop_assert_eq!(Amount::parse(&value.to_string()), Ok(value));
            }
        }

        #[test]
        fn texts_of_amounts_are_decimals(
            mantissa in prop_oneof![-10i128.pow(25)..10i128.pow(25), -2000i128..2000],
            scale in 0usize..=8, code in prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")],
        ) {
            let currency = Currency::parse(code).unwrap();
            if let Ok(value) = Amount::from_scaled(mantissa, scale) {
                let decimals = (value.0.scale() as usize).max(currency.exponent());
                prop_assert_eq!(amount_text(value, currency), format!("{:.decimals$}", value.0));
            }
        }

        #[test]
        fn any_text_parses_or_is_refused(text in "\\PC*") {
            let _ = Amount::parse(&text);
        }
    }
}
