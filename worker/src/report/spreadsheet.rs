//! Cells of the tables that people open in a spreadsheet, and text that is safe there.

use std::borrow::Cow;

/// One cell of a table, whatever file it ends in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cell<'a> {
    /// Text from outside: never run as a formula.
    Text(Cow<'a, str>),
    /// A word of ours: a name, an id, a date.
    Word(Cow<'a, str>),
    /// A plain decimal number, exact; empty for none.
    Number(String),
}

impl<'a> Cell<'a> {
    /// Text from outside; empty for none.
    pub(crate) fn text(text: impl Into<Option<&'a str>>) -> Self {
        Cell::Text(Cow::Borrowed(text.into().unwrap_or_default()))
    }

    /// As [`Cell::text`], of what it reads as.
    pub(crate) fn told(what: Option<impl ToString>) -> Self {
        Cell::Text(Cow::Owned(
            what.map_or(String::new(), |what| what.to_string()),
        ))
    }

    /// A name of ours; empty for none.
    pub(crate) fn name(name: impl Into<Option<&'a str>>) -> Self {
        Cell::Word(Cow::Borrowed(name.into().unwrap_or_default()))
    }

    /// A date, or another thing that prints as one word of ours.
    pub(crate) fn word(word: Option<impl ToString>) -> Self {
        Cell::Word(Cow::Owned(
            word.map_or(String::new(), |word| word.to_string()),
        ))
    }

    /// A number that prints as a plain decimal.
    pub(crate) fn number(number: Option<impl ToString>) -> Self {
        Cell::Number(number.map_or(String::new(), |number| number.to_string()))
    }

    /// As CSV holds it.
    pub(crate) fn csv(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) => safe_text(text),
            Cell::Word(text) => Cow::Borrowed(text),
            Cell::Number(text) => Cow::Borrowed(text),
        }
    }
}

/// `text` as a spreadsheet shows it, rather than runs it.
///
/// Programs take a cell that begins with one of these for a formula (CWE-1236), some also behind
/// what they drop (line ends, NUL) or in full width, and what partners send is not ours to trust. A
/// leading apostrophe makes it text. Numbers are not given to this function: a negative amount stays
/// a number.
pub(crate) fn safe_text(text: &str) -> Cow<'_, str> {
    // Most texts begin with a letter: no need to look at each trigger.
    let is_plain = text
        .as_bytes()
        .first()
        .is_none_or(u8::is_ascii_alphanumeric);
    if !is_plain && text.starts_with(FORMULA_TRIGGERS) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What [`safe_text`] was made from.
pub(crate) fn plain_text(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(formula) if formula.starts_with(FORMULA_TRIGGERS) => formula,
        _ => text,
    }
}

/// What a formula may begin with.
pub(crate) const FORMULA_TRIGGERS: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for trigger in FORMULA_TRIGGERS {
            for rest in ["", "1+1", "SUM(A1)", "=1"] {
                let text = format!("{trigger}{rest}");
                assert_eq!(safe_text(&text), format!("'{text}"));
                assert_eq!(plain_text(&safe_text(&text)), text);
            }
        }
        for text in ["", "INV-1", "'=1", "1-2", "ä=1", "x\n=1"] {
            assert_eq!(safe_text(text), text);
        }
    }
}
