//! Written numbers to exact amounts, under the notation that the mapping allows.
//!
//! Strict on purpose: a wrong but plausible amount is the worst thing that a reader can produce.
//! `1.00.0`, `1,5` with a comma for thousands, `0,123`, `(5)` without `parentheses = true`,
//! `4.8E+15` and an empty cell are refused, each with its own sentence.

use domain::money::{Amount, MoneyError};

use super::mapping::{CsvMapping, Grouping, Units};

/// Most characters of a number's digits and separators.
const NUMBER_BYTES_MAX: usize = 64;

/// Why a text is not an amount.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NotAnAmount(pub(super) String);

impl From<&str> for NotAnAmount {
    fn from(reason: &str) -> Self {
        NotAnAmount(reason.to_owned())
    }
}

/// How numbers are written.
pub(super) struct Notation<'m> {
    mapping: &'m CsvMapping,
    decimal: char,
    thousands: Option<char>,
    /// Plain notation can be read without looking at each part.
    plain: bool,
}

impl<'m> Notation<'m> {
    pub(super) fn new(mapping: &'m CsvMapping) -> Self {
        let decimal = mapping.decimal_separator.0;
        Notation {
            mapping,
            decimal,
            thousands: mapping.thousands_separator.map(|separator| separator.0),
            plain: decimal == '.' && mapping.units == Units::Major,
        }
    }

    /// Whether plain decimals mean what they say.
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Reads an amount; `Ok(None)` for an empty cell. `exponent` is the currency's.
    pub(super) fn read(&self, text: &str, exponent: usize) -> Result<Option<Amount>, NotAnAmount> {
        if self.plain && is_plain(text) {
            return match Amount::parse(text) {
                Ok(amount) => Ok(Some(amount)),
                Err(error) => Err(explain(error)),
            };
        }
        let text = unwrapped(text);
        if text.is_empty() {
            return Ok(None);
        }
        if is_scientific(text) {
            return Err(
                "in scientific notation: a spreadsheet has rounded it; ask for the \
                        original file"
                    .into(),
            );
        }
        let (negative, digits) = self.split_sign(text)?;
        let amount = self.digits(digits, exponent)?;
        Ok(Some(match negative {
            true => amount.negated(),
            false => amount,
        }))
    }

    /// Takes signs, suffixes and currency symbols off, each at most once.
    fn split_sign<'t>(&self, text: &'t str) -> Result<(bool, &'t str), NotAnAmount> {
        let mut rest = text;
        let mut negative: Option<bool> = None;
        let mut symbol_seen = false;
        loop {
            let (sign, inner) = match self.take_sign(rest) {
                Some((sign, inner)) => (Some(sign), inner),
                None => match self.take_symbol(rest) {
                    Some(inner) if !symbol_seen => {
                        symbol_seen = true;
                        (None, inner)
                    }
                    _ => return Ok((negative.unwrap_or(false), rest)),
                },
            };
            if sign.is_some() && negative.is_some() {
                return Err("has more than one sign".into());
            }
            negative = sign.or(negative);
            rest = trimmed(inner);
        }
    }

    fn take_sign<'t>(&self, text: &'t str) -> Option<(bool, &'t str)> {
        if let Some(rest) = text.strip_prefix(['-', '\u{2212}']) {
            return Some((true, rest));
        }
        if let Some(rest) = text.strip_prefix('+') {
            return Some((false, rest));
        }
        if self.mapping.trailing_minus
            && let Some(rest) = text.strip_suffix(['-', '\u{2212}'])
        {
            return Some((true, rest));
        }
        if self.mapping.parentheses
            && let Some(inner) = text.strip_prefix('(')
        {
            return inner.strip_suffix(')').map(|inner| (true, inner));
        }
        let credit = self.mapping.credit_suffixes.iter().map(|s| (s, false));
        let debit = self.mapping.debit_suffixes.iter().map(|s| (s, true));
        credit
            .chain(debit)
            .find_map(|(suffix, negative)| Some((negative, without_suffix(text, suffix)?)))
    }

    fn take_symbol<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.mapping.currency_symbols.iter().find_map(|symbol| {
            let symbol = symbol.trim();
            text.strip_prefix(symbol)
                .or_else(|| text.strip_suffix(symbol))
        })
    }

    /// Unsigned digits with separators.
    fn digits(&self, text: &str, exponent: usize) -> Result<Amount, NotAnAmount> {
        let (whole, decimals) = match text.split_once(self.decimal) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (text, None),
        };
        let mut plain = Plain::new();
        self.ungroup(whole, &mut plain)?;
        if let Some(decimals) = decimals {
            plain.push(b'.')?;
            for byte in decimals.bytes() {
                match byte {
                    b'0'..=b'9' => plain.push(byte)?,
                    _ => return Err(self.not_a_number(text)),
                }
            }
        }
        let amount = Amount::parse(plain.as_str()).map_err(explain)?;
        let decimals_of_unit = match self.mapping.units {
            Units::Major => return Ok(amount),
            Units::Minor => exponent,
            Units::Hundredths => 2,
        };
        if decimals.is_some() {
            return Err("has decimals, but units are not \"major\"".into());
        }
        let (mantissa, scale) = amount.to_scaled();
        Amount::from_scaled(mantissa, scale as usize + decimals_of_unit).map_err(explain)
    }

    /// Checks the grouping of the digits before the decimals and takes the separators out.
    fn ungroup(&self, whole: &str, plain: &mut Plain) -> Result<(), NotAnAmount> {
        let is_separator = |c: char| match self.thousands {
            Some(' ') => c.is_whitespace(),
            Some('\'') => c == '\'' || c == '\u{2019}',
            Some(separator) => c == separator,
            None => false,
        };
        let groups = whole.split(is_separator).count();
        for (index, group) in whole.split(is_separator).enumerate() {
            let from_last = groups - 1 - index;
            let length = group.len();
            let fits = match (groups, from_last, self.mapping.grouping) {
                (1, _, _) => true,
                (_, 0, _) => index > 0 && length == 3,
                (_, _, Grouping::Thousands) if index > 0 => length == 3,
                (_, _, Grouping::Indian) if index > 0 => length == 2,
                (_, _, Grouping::Thousands) => (1..=3).contains(&length),
                (_, _, Grouping::Indian) => (1..=2).contains(&length),
            };
            // `0,123` is 0.123 with the separators swapped, not 123.
            let starts_with_zero = groups > 1 && index == 0 && group.starts_with('0');
            if !group.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(self.not_a_number(whole));
            }
            if !fits || starts_with_zero {
                return Err(NotAnAmount(format!(
                    "is not grouped as numbers are: look at decimal_separator = {:?} and \
                     thousands_separator = {:?}",
                    self.decimal.to_string(),
                    self.thousands.unwrap_or(' ').to_string()
                )));
            }
            for byte in group.bytes() {
                plain.push(byte)?;
            }
        }
        Ok(())
    }

    fn not_a_number(&self, text: &str) -> NotAnAmount {
        let foreign = text
            .chars()
            .find(|c| !c.is_ascii_digit() && *c != self.decimal && Some(*c) != self.thousands);
        let help = match foreign {
            Some('(' | ')') => "; parentheses = true reads them as minus",
            Some('-' | '\u{2212}') => "; trailing_minus = true reads a minus at the end",
            Some(c) if c.is_alphabetic() || !c.is_ascii() => {
                "; name it in currency_symbols, credit_suffixes or debit_suffixes if it \
                 belongs there"
            }
            Some(',' | '.' | '\'' | ' ') => "; look at decimal_separator and thousands_separator",
            _ => "",
        };
        match foreign {
            Some(c) => NotAnAmount(format!("not a plain number because of {c:?}{help}")),
            None => "not a plain decimal number".into(),
        }
    }
}

/// Digits on the stack, so that reading an amount allocates nothing.
struct Plain {
    bytes: [u8; NUMBER_BYTES_MAX],
    length: usize,
}

impl Plain {
    fn new() -> Self {
        Plain {
            bytes: [0; NUMBER_BYTES_MAX],
            length: 0,
        }
    }

    fn push(&mut self, byte: u8) -> Result<(), NotAnAmount> {
        match self.bytes.get_mut(self.length) {
            Some(place) => *place = byte,
            None => return Err(explain(MoneyError::TooManyDigits)),
        }
        self.length += 1;
        Ok(())
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("only digits and points are pushed")
    }
}

fn explain(error: MoneyError) -> NotAnAmount {
    NotAnAmount(error.to_string())
}

/// ASCII digits, at most with a leading minus and a point: the usual case, read in one go.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Surrounding space of every kind, and marks of no width.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
    })
}

/// Without space and without what spreadsheets put around text: `'12`, `="12"`.
pub(super) fn unwrapped(text: &str) -> &str {
    let text = trimmed(text);
    if let Some(inner) = text.strip_prefix("=\"").and_then(|t| t.strip_suffix('"')) {
        return trimmed(inner);
    }
    match text.strip_prefix('\'') {
        Some(inner) if !inner.ends_with('\'') => trimmed(inner),
        _ => text,
    }
}

/// `4.81477E+15`: what a spreadsheet makes of a long number. Its own exponent always has a sign, so
/// that a reference such as `12E4` is none.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once(['.', ',']) {
        Some((whole, decimals)) => whole.len() == 1 && digits(whole) && digits(decimals),
        None => mantissa.len() == 1 && digits(mantissa),
    };
    mantissa_fits && exponent.strip_prefix(['-', '+']).is_some_and(digits)
}

fn without_suffix<'t>(text: &'t str, suffix: &str) -> Option<&'t str> {
    let suffix = suffix.trim();
    let start = text.len().checked_sub(suffix.len())?;
    let tail = text.get(start..)?;
    tail.eq_ignore_ascii_case(suffix).then_some(&text[..start])
}
