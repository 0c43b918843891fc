//! How a text is made comparable: the same reference, however each side happens to write it.
//!
//! Steps are applied in order, to what the step before left. A text of which nothing is left is no
//! text: it matches nothing.

mod ascii;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind, Literal};

pub(crate) use ascii::{AsciiSteps, Room};

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TextStep {
    /// Capital letters: `inv-7` is `INV-7`.
    IgnoreCase,
    /// Letters and digits only: `INV-7 / 2026` is `INV72026`.
    IgnoreSeparators,
    /// Without zeros that lead a number: `INV-0007` is `INV-7`. Of a number of zeros one is left.
    IgnoreLeadingZeros,
    /// ASCII digits only: `INV-0007` is `0007`.
    Digits,
    /// Without this beginning, where it is there.
    Prefix(Box<str>),
    /// Without this end, where it is there.
    Suffix(Box<str>),
    /// The first so many characters: for a side that cuts texts off.
    First(u32),
    /// What the pattern finds: its first group, or all of it. Where it finds several different texts
    /// there is no telling which is meant, and nothing is left.
    Capture(Pattern),
    /// Each text that the pattern finds names a record, by its first group, or all of it: for a text that
    /// names several. The last step.
    Each(Pattern),
}

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Pattern).map_err(|it| it.to_string())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Texts that are in all that it finds.
    pub(super) fn required(&self) -> Vec<String> {
        regex_syntax::parse(self.as_str()).map_or(Vec::new(), |tree| literals(&tree))
    }

    /// Whether it may find a part of a longer number: it begins or ends with so many digits, whatever
    /// stands beside them.
    pub(super) fn cuts_numbers(&self) -> bool {
        let tree = regex_syntax::parse(self.as_str());
        tree.is_ok_and(|tree| {
            counts_digits(&tree, |parts| parts.first())
                || counts_digits(&tree, |parts| parts.last())
        })
    }

    /// Whether it finds a number, whatever it is and whatever stands beside it.
    pub(super) fn finds_any_number(&self) -> bool {
        self.only("31") == Some("31")
    }

    /// What it finds, in order.
    fn found<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.0.captures_iter(text).filter_map(|found| {
            let group = found.get(1).or_else(|| found.get(0));
            group.map(|it| it.as_str())
        })
    }

    /// The only text that it finds; none when it finds nothing, or different ones.
    fn only<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut only = None;
        for text in self.found(text) {
            if *only.get_or_insert(text) != text {
                return None;
            }
        }
        only
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl TextStep {
    /// The steps that are a word in a source's file.
    pub const WORDS: [(&'static str, TextStep); 4] = [
        ("ignore_case", TextStep::IgnoreCase),
        ("ignore_separators", TextStep::IgnoreSeparators),
        ("ignore_leading_zeros", TextStep::IgnoreLeadingZeros),
        ("digits", TextStep::Digits),
    ];

    /// Whether it looks for a pattern.
    pub(super) fn finds(&self) -> bool {
        matches!(self, TextStep::Capture(_) | TextStep::Each(_))
    }

    /// Whether it leaves something else of `text`.
    pub(super) fn changes(&self, text: &str) -> bool {
        self.apply(Cow::Borrowed(text)) != text
    }

    /// Applies it.
    fn apply<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        match self {
            TextStep::IgnoreCase => text.to_uppercase().into(),
            TextStep::IgnoreSeparators => kept(text, char::is_alphanumeric),
            TextStep::IgnoreLeadingZeros => without_leading_zeros(&text).into(),
            TextStep::Digits => kept(text, |letter| letter.is_ascii_digit()),
            TextStep::Prefix(prefix) => part(text, |text| text.strip_prefix(&**prefix)),
            TextStep::Suffix(suffix) => part(text, |text| text.strip_suffix(&**suffix)),
            TextStep::First(count) => part(text, |text| {
                let mut ends = text.char_indices().skip(*count as usize);
                ends.next().map(|(end, _)| &text[..end])
            }),
            TextStep::Capture(pattern) => part(text, |text| Some(pattern.only(text).unwrap_or(""))),
            TextStep::Each(pattern) => {
                let is_found = pattern.0.is_match(&text);
                if is_found { text } else { Cow::Borrowed("") }
            }
        }
    }
}

/// As it stands in a source's file: `"digits"`, `{ prefix = "INV-" }`.
impl fmt::Display for TextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((word, _)) = TextStep::WORDS.iter().find(|(_, step)| step == self) {
            return write!(f, "\"{word}\"");
        }
        match self {
            TextStep::Prefix(text) => write!(f, "{{ prefix = {text:?} }}"),
            TextStep::Suffix(text) => write!(f, "{{ suffix = {text:?} }}"),
            TextStep::First(count) => write!(f, "{{ first = {count} }}"),
            TextStep::Capture(pattern) => write!(f, "{{ capture = '{}' }}", pattern.as_str()),
            TextStep::Each(pattern) => write!(f, "{{ each = '{}' }}", pattern.as_str()),
            _ => Ok(()),
        }
    }
}

/// The texts of a pattern that no choice and no repetition leaves out.
fn literals(tree: &Hir) -> Vec<String> {
    match tree.kind() {
        HirKind::Literal(Literal(bytes)) => {
            vec![String::from_utf8_lossy(bytes).into_owned()]
        }
        HirKind::Concat(parts) => parts.iter().flat_map(literals).collect(),
        HirKind::Capture(group) => literals(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => literals(&repeated.sub),
        _ => Vec::new(),
    }
}

/// Whether at one end of it stands a digit, or a counted number of them.
fn counts_digits(tree: &Hir, end: fn(&[Hir]) -> Option<&Hir>) -> bool {
    match tree.kind() {
        HirKind::Class(class) => has_digits(class),
        HirKind::Concat(parts) => end(parts).is_some_and(|part| counts_digits(part, end)),
        HirKind::Capture(group) => counts_digits(&group.sub, end),
        HirKind::Alternation(choices) => choices.iter().any(|choice| counts_digits(choice, end)),
        HirKind::Repetition(repeated) => {
            repeated.max.is_some() && counts_digits(&repeated.sub, end)
        }
        _ => false,
    }
}

fn has_digits(class: &Class) -> bool {
    match class {
        Class::Unicode(class) => class.iter().any(|it| it.start() <= '9' && '0' <= it.end()),
        Class::Bytes(class) => class
            .iter()
            .any(|it| it.start() <= b'9' && b'0' <= it.end()),
    }
}

/// Applies all steps; none when nothing is left.
pub(crate) fn apply<'t>(steps: &[TextStep], text: &'t str) -> Option<Cow<'t, str>> {
    let steps = steps.iter();
    let text = steps.fold(Cow::Borrowed(text), |text, step| step.apply(text));
    (!text.is_empty()).then_some(text)
}

/// Applies all steps, of which the last may find several texts.
pub(super) fn each(steps: &[TextStep], text: &str) -> BTreeSet<String> {
    let Some((TextStep::Each(pattern), before)) = steps.split_last() else {
        return apply(steps, text)
            .map(Cow::into_owned)
            .into_iter()
            .collect();
    };
    let text = apply(before, text).unwrap_or_default();
    pattern.found(&text).map(str::to_owned).collect()
}

/// The same of all that the first step finds that looks for a pattern, though only one of them may be meant.
pub(super) fn all_found(steps: &[TextStep], text: &str) -> BTreeSet<String> {
    let mut patterns = steps.iter().enumerate();
    let first = patterns.find_map(|(at, step)| match step {
        TextStep::Capture(pattern) | TextStep::Each(pattern) => Some((at, pattern)),
        _ => None,
    });
    let Some((at, pattern)) = first else {
        return each(steps, text);
    };
    let text = apply(&steps[..at], text).unwrap_or_default();
    let found = pattern.found(&text);
    let found = found.filter_map(|text| apply(&steps[at + 1..], text));
    found.map(Cow::into_owned).collect()
}

/// The letters that are wanted; the text itself when all are.
fn kept(text: Cow<'_, str>, is_wanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    match text.chars().all(&is_wanted) {
        true => text,
        false => text.chars().filter(|letter| is_wanted(*letter)).collect(),
    }
}

/// A part of the text; the text itself where there is no such part.
fn part<'t>(text: Cow<'t, str>, of: impl Fn(&str) -> Option<&str>) -> Cow<'t, str> {
    match text {
        Cow::Borrowed(text) => of(text).unwrap_or(text).into(),
        Cow::Owned(text) => of(&text).map(str::to_owned).unwrap_or(text).into(),
    }
}

fn without_leading_zeros(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut is_in_number = false;
    while let Some(letter) = letters.next() {
        let is_number_after = letters.peek().is_some_and(char::is_ascii_digit);
        if letter == '0' && !is_in_number && is_number_after {
            continue;
        }
        is_in_number = letter.is_ascii_digit();
        left.push(letter);
    }
    left
}

/// The numbers of a text, without the zeros that lead them.
pub(crate) fn numbers(text: &str) -> Vec<String> {
    let numbers = text.split(|letter: char| !letter.is_ascii_digit());
    let numbers = numbers.filter(|number| !number.is_empty());
    let numbers = numbers.map(|number| number.trim_start_matches('0').to_owned());
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(steps: &[TextStep], text: &str) -> Option<String> {
        apply(steps, text).map(Cow::into_owned)
    }

    #[test]
    fn a_reference_is_the_same_however_it_is_written() {
        let steps = [
            TextStep::IgnoreCase,
            TextStep::IgnoreSeparators,
            TextStep::IgnoreLeadingZeros,
        ];
        for text in ["INV-0104", "inv 104", "Inv/00104", "INV.104", "inv0104"] {
            assert_eq!(applied(&steps, text).as_deref(), Some("INV104"), "{text}");
        }
        assert_eq!(applied(&steps, "inv-2000").as_deref(), Some("INV2000"));
        assert_eq!(applied(&steps, "a-0-b000").as_deref(), Some("A0B0"));
        assert_eq!(applied(&steps, "- / -"), None, "nothing is left");
    }

    #[test]
    fn steps_follow_each_other() {
        let prefix = TextStep::Prefix("INV-".into());
        assert_eq!(
            applied(&[prefix.clone(), TextStep::Digits], "INV-7a").as_deref(),
            Some("7")
        );
        assert_eq!(
            applied(&[prefix], "7").as_deref(),
            Some("7"),
            "it need not be there"
        );
        assert_eq!(
            applied(&[TextStep::Suffix("-R".into())], "9-R").as_deref(),
            Some("9")
        );
        assert_eq!(
            applied(&[TextStep::First(3)], "Zoë4").as_deref(),
            Some("Zoë")
        );
        assert_eq!(
            applied(&[TextStep::First(9)], "Zoë4").as_deref(),
            Some("Zoë4")
        );
        let both = [TextStep::IgnoreCase, TextStep::First(2)];
        assert_eq!(applied(&both, "abc").as_deref(), Some("AB"));
        assert_eq!(applied(&[], "as it is").as_deref(), Some("as it is"));
    }

    #[test]
    fn what_a_pattern_finds_twice_differently_is_not_guessed() {
        let capture = |pattern: &str| [TextStep::Capture(Pattern::parse(pattern).unwrap())];
        let invoice = capture("INV-?([0-9]+)");
        assert_eq!(
            applied(&invoice, "thanks for INV-104!").as_deref(),
            Some("104")
        );
        assert_eq!(
            applied(&invoice, "INV104 (INV-104)").as_deref(),
            Some("104")
        );
        assert_eq!(applied(&invoice, "INV-104 and INV-105"), None);
        assert_eq!(applied(&invoice, "thanks"), None);
        assert_eq!(
            applied(&capture("[A-Z]{3}"), "xABCx").as_deref(),
            Some("ABC")
        );
        assert!(Pattern::parse("(").is_err());
    }

    #[test]
    fn a_pattern_is_what_was_written() {
        let pattern = |text: &str| Pattern::parse(text).unwrap();
        assert_eq!(pattern("INV-?([0-9]+)").as_str(), "INV-?([0-9]+)");
        assert_eq!(pattern("[0-9]+"), pattern("[0-9]+"));
        assert_ne!(pattern("[0-9]+"), pattern("[0-9]"));
    }

    #[test]
    fn a_pattern_knows_whether_it_cuts_numbers() {
        let cuts = |text: &str| Pattern::parse(text).unwrap().cuts_numbers();
        for text in [
            "PAY-[0-9]{8}",
            r"([0-9]{4})-[A-Z]+",
            r"INV-\d\d",
            "A|B-([0-9]{2,4})",
            "[A-Z0-9]{10}",
        ] {
            assert!(cuts(text), "{text}");
        }
        for text in [
            "PAY-[0-9]+",
            r"PAY-[0-9]{8}\b",
            r"\b[0-9]{4}\b",
            "INV-([0-9]{4})/",
            "[0-9]{4,}",
            "[A-Z]{3}",
        ] {
            assert!(!cuts(text), "{text}");
        }
    }

    #[test]
    fn a_pattern_knows_what_it_can_not_do_without() {
        let required = |text: &str| Pattern::parse(text).unwrap().required();
        assert_eq!(required("INV-?([0-9]+)"), ["INV"]);
        assert_eq!(required("(?:RE|INV)([0-9]+)/(20)+"), ["/", "20"]);
        assert_eq!(required("(?i)inv[0-9]+"), Vec::<String>::new());
    }
}
