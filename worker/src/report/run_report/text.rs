//! Words and texts that pages and workbooks share.

use std::borrow::Cow;

use domain::money::{Amount, Currency, amount_text};
use domain::policy::Scope;
use jiff::Timestamp;

use super::figures::Stake;
pub(super) use crate::counted::counted;

/// `text` with control characters shown as symbols (`␀` for NUL): neither HTML nor a workbook may
/// hold them, and dropping them would show another text. Line ends and tabs stay.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| {
        let is_space = matches!(c, '\n' | '\t');
        (c.is_control() && !is_space) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| match c {
        c if !is_hidden(c) => c,
        '\u{7f}' => '\u{2421}',
        c => symbol(c),
    });
    Cow::Owned(shown.collect())
}

/// The picture of a control character of ASCII; `�` for others.
fn symbol(control: char) -> char {
    let picture = u32::from(control)
        .checked_add(0x2400)
        .filter(|code| *code < 0x2420);
    picture
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A name of code as words: `Amount mismatch`.
pub(super) fn words(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// A point in time for people: `2026-11-21 09:14 UTC`.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Which part of the source a run is about.
pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Whole => "the whole source".to_owned(),
        Scope::Client(client) => format!("client {client} only"),
        Scope::Invoice(invoice) => format!("invoice {invoice} only"),
    }
}

/// The sum of what is at stake, or that it can't be shown.
pub(super) fn stake_text(stake: &Stake, currency: Currency) -> String {
    sum_text(stake.at_stake, currency)
}

/// A sum, or that it can't be shown.
pub(super) fn sum_text(sum: Option<Amount>, currency: Currency) -> String {
    sum.map_or_else(
        || "too large to add up".to_owned(),
        |amount| amount_text(amount, currency),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_shown_is_shown_as_a_symbol() {
        assert_eq!(visible("a\0b\u{1b}[31m\u{7f}\u{85}\u{ffff}"), "a␀b␛[31m␡��");
        for text in ["", "Müller & Söhne", "a\tb\nc", "\u{202e}txt"] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words("missing_in_ledger"), "Missing in ledger");
        assert_eq!(words(""), "");
        assert_eq!(counted(1, "record", "records"), "1 record");
        assert_eq!(counted(0, "record", "records"), "0 records");
    }
}
