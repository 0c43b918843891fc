//! Text that is safe to open in a spreadsheet.

use std::borrow::Cow;

/// `text` as a spreadsheet shows it, rather than runs it.
///
/// Programs take a cell that begins with one of these for a formula (CWE-1236), and what partners
/// send is not ours to trust. A leading apostrophe makes it text. Numbers are not given to this
/// function: a negative amount stays a number.
pub(crate) fn safe_text(text: &str) -> Cow<'_, str> {
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for text in ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(safe_text(text), format!("'{text}"));
        }
        for text in ["", "INV-1", "'=1", "1-2", "ä=1"] {
            assert_eq!(safe_text(text), text);
        }
    }
}
