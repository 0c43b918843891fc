//! Finds the name that was probably meant.

/// The known name nearest to `text`, when it is near enough to be a slip of the hand.
pub(crate) fn closest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = text.to_lowercase();
    let slips_max = (wanted.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&wanted, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["accepted", "rounding"];
        assert_eq!(closest("acepted", known), Some("accepted"));
        assert_eq!(closest("Rounding", known), Some("rounding"));
        assert_eq!(closest("ronuding", known), Some("rounding"));
        assert_eq!(closest("tolerance", known), None);
        assert_eq!(closest("", known), None);
    }
}
