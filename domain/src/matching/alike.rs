//! Rules by which a text may be misspelled, cut off or in the middle of another: never by the text
//! alone.
//!
//! The amounts have to be equal, the value dates within the window, and no other record that waits
//! may have that amount then, on either side: so there is nothing to choose between. A text that
//! differs in a digit or letter is another text, not a misspelled one: the next invoice looks like
//! that.

use super::group::Decision;
use super::pair::{Timing, contradicts, timing};
use super::twins::{Member, Members};
use crate::policy::Accepts;
use crate::record::Record;

/// Shortest text, in characters, that says anything when it is misspelled or a part of another.
const CHARACTERS_MIN: usize = 5;

/// Pairs what is alike among all that waits.
pub(super) fn decide<'r>(
    accepts: Accepts<'_>,
    waiting: impl Iterator<Item = Member<'r>>,
) -> Vec<Decision> {
    let groups = Members::alike_in(waiting, |money| (money.currency, money.amount));
    groups.flat_map(|group| pairs(accepts, &group)).collect()
}

/// Those with one amount, of which each has only the other.
fn pairs(accepts: Accepts<'_>, group: &Members<'_>) -> Vec<Decision> {
    let pair = |partner: &Member<'_>| {
        let ledger = only(&group.ledger, |it| {
            is_near(accepts, partner.record, it.record)
        })?;
        let back = only(&group.partner, |it| {
            is_near(accepts, it.record, ledger.record)
        })?;
        let is_it = back.slot == partner.slot
            && !contradicts(partner.record, ledger.record)
            && are_alike(accepts, partner.record, ledger.record);
        is_it.then_some(Decision::Pair {
            partner: partner.slot,
            ledger: ledger.slot,
        })
    };
    group.partner.iter().filter_map(pair).collect()
}

fn is_near(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> bool {
    timing(accepts, partner, ledger) == Timing::Within
}

/// The only one of which it holds.
fn only<'m, 'r>(
    members: &'m [Member<'r>],
    holds: impl Fn(&Member<'r>) -> bool,
) -> Option<&'m Member<'r>> {
    let mut found = members.iter().filter(|member| holds(member));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether all texts of the rule are.
fn are_alike(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> bool {
    accepts.rule.on.iter().all(|key| {
        let (ours, theirs) = (key.ledger.text(ledger), key.partner.text(partner));
        ours.zip(theirs)
            .is_some_and(|(ours, theirs)| are_alike_texts(&ours, &theirs))
    })
}

/// Equal, misspelled by one slip, cut off, or one in the middle of the other.
fn are_alike_texts(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let count = |text: &str| text.chars().count();
    if count(one).min(count(other)) < CHARACTERS_MIN {
        return false;
    }
    is_part(one, other) || is_part(other, one) || is_slip(one, other)
}

/// Whether `part` stands in `text` as a word of its own, or is the beginning of it.
fn is_part(part: &str, text: &str) -> bool {
    let is_apart = |before: Option<char>| before.is_none_or(|letter| !letter.is_alphanumeric());
    text.starts_with(part)
        || text.match_indices(part).any(|(start, _)| {
            let (before, after) = (&text[..start], &text[start + part.len()..]);
            is_apart(before.chars().next_back()) && is_apart(after.chars().next())
        })
}

/// Two neighbours changed places, or one character too many or too few: but no other one instead.
fn is_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    match (one, other) {
        ([a, b, rest @ ..], [c, d, others @ ..]) if one.len() == other.len() => {
            (a, b) == (d, c) && rest == others
        }
        ([_, rest @ ..], others) if one.len() == other.len() + 1 => rest == others,
        (rest, [_, others @ ..]) if one.len() + 1 == other.len() => rest == others,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_parts_are_alike() {
        for (one, other) in [
            ("INV-1042", "INV-1024"),
            ("INV-1042", "INV-10042"),
            ("INV-1042", "NV-1042"),
            ("INV-1042", "INV-104"),
            ("INV-1042", "payment INV-1042, thank you"),
            ("REF20261120-0001", "REF20261120"),
        ] {
            assert!(are_alike_texts(one, other), "{one} {other}");
            assert!(are_alike_texts(other, one), "{other} {one}");
        }
    }

    #[test]
    fn another_character_or_too_little_is_not() {
        for (one, other) in [
            ("INV-1042", "INV-1043"),
            ("INV-1042", "xINV-10425"),
            ("1042", "1024"),
            ("INV-1042", "INV-2014"),
            ("INV-1042", ""),
        ] {
            assert!(!are_alike_texts(one, other), "{one} {other}");
            assert!(!are_alike_texts(other, one), "{other} {one}");
        }
    }
}
