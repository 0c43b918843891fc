//! A currency, by its code.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use super::MoneyError;

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
