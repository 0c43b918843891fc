//! Taking a reference out of free text by a pattern.

use regex::Regex;

/// The one thing in `text` that `pattern` finds: its first group when it has one, else the match.
///
/// Two different finds are none: which invoice a text means is not for a reader to guess.
pub(super) fn only_match<'t>(pattern: &Regex, text: &'t str) -> Option<&'t str> {
    let mut found: Option<&str> = None;
    for captures in pattern.captures_iter(text) {
        let this = captures.get(1).or_else(|| captures.get(0))?.as_str().trim();
        match found {
            _ if this.is_empty() => {}
            Some(other) if other != this => return None,
            _ => found = Some(this),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_there_once() {
        let check = |pattern: &str, text: &str, expected: Option<&str>| {
            let pattern = Regex::new(pattern).unwrap();
            assert_eq!(only_match(&pattern, text), expected, "{text}");
        };
        check("INV-[0-9]+", "your INV-17, thanks", Some("INV-17"));
        check("order ([0-9]+)", "order 4711", Some("4711"));
        check("INV-[0-9]+", "INV-17 (again INV-17)", Some("INV-17"));
        check("INV-[0-9]+", "INV-17 and INV-18", None);
        check("INV-[0-9]+", "nothing", None);
        check("x*", "aaa", None);
    }
}
