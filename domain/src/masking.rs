//! Account numbers and names as they may be told outside of the store: `DE89 **** 3000`, `J*** D***`.
//!
//! For alerts, logs and whatever else leaves the installation. Recognises what can be recognised
//! without guessing: IBANs by their country's length or check digits, card numbers by their check
//! digit. Hides nothing from people who may read the store.

use std::borrow::Cow;

/// Most characters of an account that are left.
const SHOWN_MAX: usize = 4;
/// Shorter accounts are hidden whole.
const SHOWN_FROM: usize = 8;
const HIDDEN: &str = "****";

/// An account number that is known to be one. Of an IBAN, country and check digits are left, and of
/// each at most the last four characters.
#[must_use]
pub fn account(text: &str) -> String {
    let bare: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let (head, rest) = match is_iban(&bare) {
        true => bare.split_at(4),
        false => ("", bare.as_str()),
    };
    let hidden = rest.chars().count().saturating_sub(SHOWN_MAX);
    let tail: String = match rest.chars().count() >= SHOWN_FROM {
        true => rest.chars().skip(hidden).collect(),
        false => String::new(),
    };
    let parts = [head, HIDDEN, &tail];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// A name: the first character of each word.
#[must_use]
pub fn name(text: &str) -> String {
    let words = text
        .split_whitespace()
        .filter_map(|word| word.chars().next());
    let words: Vec<String> = words.map(|first| format!("{first}***")).collect();
    words.join(" ")
}

/// A text with the account numbers in it masked. Amounts, dates and ids stay.
#[must_use]
pub fn accounts_in(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let found = begins_word(text, at)
            .then(|| account_at(text, at))
            .flatten();
        if let Some(length) = found {
            masked.push_str(&text[copied..at]);
            masked.push_str(&account(&rest[..length]));
            at += length;
            copied = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    match copied {
        0 => Cow::Borrowed(text),
        _ => {
            masked.push_str(&text[copied..]);
            Cow::Owned(masked)
        }
    }
}

/// Whether there is an account number in a text.
#[must_use]
pub fn has_account(text: &str) -> bool {
    matches!(accounts_in(text), Cow::Owned(_))
}

fn begins_word(text: &str, at: usize) -> bool {
    !text[..at].chars().next_back().is_some_and(is_inside)
}

/// Characters that a number or an id goes on with.
fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Bytes of the account number that begins here.
fn account_at(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let follows_number = text[..at].ends_with(['.', ',']) && ends_in_digit(&text[..at]);
    iban_at(rest).or_else(|| card_at(rest).filter(|_| !follows_number))
}

/// Whether the character before the last one is a digit: `1.` of `1.234`.
fn ends_in_digit(before: &str) -> bool {
    before
        .chars()
        .rev()
        .nth(1)
        .is_some_and(|c| c.is_ascii_digit())
}

fn iban_at(rest: &str) -> Option<usize> {
    // In whatever groups it is written, its check digits follow its country: most words end here.
    let begins = |it: &&[u8; 4]| {
        it[..2].iter().all(u8::is_ascii_alphabetic) && it[2..].iter().all(u8::is_ascii_digit)
    };
    rest.as_bytes().first_chunk().filter(begins)?;
    let country = &rest[..2];
    let known = length_of(&country.to_ascii_uppercase());
    let run = Run::of(rest, |b| b.is_ascii_alphanumeric());
    let lengths = known.into_iter().chain([run.count]);
    lengths.into_iter().find_map(|length| {
        let end = run.end_after(rest, length)?;
        let grouped = in_fours(&rest[..end]);
        let bare: String = rest[..end]
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        (grouped && is_iban(&bare)).then_some(end)
    })
}

/// Written in one piece, or in groups of four.
fn in_fours(text: &str) -> bool {
    let groups: Vec<&str> = text.split([' ', '-']).collect();
    let (last, before) = groups.split_last().unwrap_or((&"", &[]));
    before.is_empty() || (before.iter().all(|group| group.len() == 4) && last.len() <= 4)
}

/// By the length of its country, or else by its check digits.
fn is_iban(bare: &str) -> bool {
    let bytes = bare.as_bytes();
    let shaped = bytes.len() >= 15
        && bytes.len() <= 34
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().filter(|b| b.is_ascii_digit()).count() >= 6;
    let country = || bare[..2].to_ascii_uppercase();
    shaped && (length_of(&country()) == Some(bytes.len()) || is_checked(bytes))
}

/// ISO 7064 MOD 97-10.
fn is_checked(iban: &[u8]) -> bool {
    let rotated = iban[4..].iter().chain(&iban[..4]);
    let rest = rotated.fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    rest == 1
}

fn card_at(rest: &str) -> Option<usize> {
    let run = Run::of(rest, |b| b.is_ascii_digit());
    let end = run.end_after(rest, run.count)?;
    let goes_on = rest[end..].starts_with(['.', ','])
        && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit());
    let digits: Vec<u32> = rest[..end].chars().filter_map(|c| c.to_digit(10)).collect();
    let is_card = (13..=19).contains(&digits.len()) && (2..=6).contains(&digits[0]);
    (is_card && !goes_on && has_luhn(&digits)).then_some(end)
}

fn has_luhn(digits: &[u32]) -> bool {
    let each = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        });
    each.sum::<u32>() % 10 == 0
}

/// Characters of one sort, with single blanks or hyphens between them.
struct Run {
    count: usize,
}

impl Run {
    fn of(rest: &str, is_of: impl Fn(u8) -> bool) -> Self {
        let bytes = rest.as_bytes();
        let (mut at, mut count) = (0, 0);
        while let Some(byte) = bytes.get(at) {
            let after = bytes.get(at + 1).copied();
            if is_of(*byte) {
                count += 1;
            } else if !(is_gap(*byte) && count > 0 && after.is_some_and(&is_of)) {
                break;
            }
            at += 1;
        }
        Run { count }
    }

    /// Where so many of them end, when no word goes on there.
    fn end_after(&self, rest: &str, count: usize) -> Option<usize> {
        if count == 0 || count > self.count {
            return None;
        }
        let mut of_run = rest
            .char_indices()
            .filter(|(_, c)| !(c.is_ascii() && is_gap(*c as u8)));
        let (last, _) = of_run.nth(count - 1)?;
        let end = last + 1;
        let goes_on = rest.get(end..)?.chars().next().is_some_and(is_inside);
        (!goes_on).then_some(end)
    }
}

fn is_gap(byte: u8) -> bool {
    byte == b' ' || byte == b'-'
}

/// Characters of an IBAN of this country.
fn length_of(country: &str) -> Option<usize> {
    let of = |(length, countries): &(usize, &str)| {
        countries
            .split(' ')
            .any(|known| known == country)
            .then_some(*length)
    };
    LENGTHS.iter().find_map(of)
}

/// From the IBAN registry.
const LENGTHS: [(usize, &str); 18] = [
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FK FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH HR LI LV"),
    (22, "BG BH CR DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "BI DJ FR GR IT MC MR SM"),
    (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU YE"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];

#[cfg(test)]
mod tests;
