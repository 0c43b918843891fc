//! Texts that stand where a reference would, and say that there is none: `NOTPROVIDED`, `N/A`.

/// Whether `text` is a reference, and none of the texts that say that there is none. They count as a whole;
/// case and the space around them do not.
pub(super) fn is_reference(text: &str, no_reference: &[String]) -> bool {
    let says_nothing = |none: &String| none.trim().eq_ignore_ascii_case(text.trim());
    !no_reference.iter().any(says_nothing)
}

/// What is wrong with such texts.
pub(super) fn problem(no_reference: &[String]) -> Option<String> {
    let has_empty = no_reference.iter().any(|text| text.trim().is_empty());
    has_empty.then(|| "no_reference has an empty text: leave it out".to_owned())
}
