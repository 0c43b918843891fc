//! Rules by which a text may be misspelled, cut off or in the middle of another: never by the text
//! alone.
//!
//! The amounts have to be equal and the value dates within the window. Of all records that wait with
//! that amount then, on either side, only these two may be alike, and every other one has to be far from
//! both: a reference that is nearly the same would be a choice, and one without a text may be anything.
//! A text that differs in a digit or letter is another text, not a misspelled one: the next invoice looks
//! like that.

use super::edits::edits;
use super::group::Decision;
use super::pair::{Timing, contradicts, timing};
use super::twins::{Member, Members};
use crate::policy::Accepts;
use crate::record::Record;

/// Shortest text, in characters, that says anything when it is misspelled or a part of another.
const CHARACTERS_MIN: usize = 5;

/// Most records with one amount and within the window that are looked at for one of the other side.
/// Where there are more, references of one series are to be expected, and a slip may name another.
const CANDIDATES_MAX: usize = 20;

/// How a record of each side go together by the texts of the rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// All texts are alike.
    Alike,
    /// One text is nothing like the other.
    Far,
    /// Neither: one is not there, or not far from the other.
    Doubtful,
}

/// Pairs what is alike among all that waits.
pub(super) fn decide<'r>(
    accepts: Accepts<'_>,
    waiting: impl Iterator<Item = Member<'r>>,
) -> Vec<Decision> {
    let groups = Members::alike_in(waiting, |money| (money.currency, money.amount));
    groups.flat_map(|group| pairs(accepts, &group)).collect()
}

/// Those with one amount, of which each is alike to the other and far from all others.
fn pairs(accepts: Accepts<'_>, group: &Members<'_>) -> Vec<Decision> {
    let look = |partner: &Record, ledger: &Record| {
        let is_near = timing(accepts, partner, ledger) == Timing::Within;
        is_near.then(|| likeness(accepts, partner, ledger))
    };
    let pair = |partner: &Member<'_>| {
        let ledger = only_alike(&group.ledger, |ledger| look(partner.record, ledger))?;
        let back = only_alike(&group.partner, |partner| look(partner, ledger.record))?;
        let is_it = back.slot == partner.slot && !contradicts(partner.record, ledger.record);
        is_it.then_some(Decision::Pair {
            partner: partner.slot,
            ledger: ledger.slot,
        })
    };
    group.partner.iter().filter_map(pair).collect()
}

/// The only one that is alike, if all others within the window are far; `look` has nothing to say of
/// those beyond it.
fn only_alike<'m, 'r>(
    members: &'m [Member<'r>],
    look: impl Fn(&Record) -> Option<Likeness>,
) -> Option<&'m Member<'r>> {
    let near = members
        .iter()
        .filter_map(|member| Some((member, look(member.record)?)));
    let mut found = None;
    for (count, (member, likeness)) in near.enumerate() {
        match likeness {
            _ if count == CANDIDATES_MAX => return None,
            Likeness::Far => {}
            Likeness::Alike if found.is_none() => found = Some(member),
            Likeness::Alike | Likeness::Doubtful => return None,
        }
    }
    found
}

fn likeness(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> Likeness {
    let mut likeness = Likeness::Alike;
    for key in &accepts.rule.on {
        let texts = key.ledger.text(ledger).zip(key.partner.text(partner));
        likeness = match texts {
            Some((ours, theirs)) if are_alike_texts(&ours, &theirs) => continue,
            Some((ours, theirs)) if are_far(&ours, &theirs) => return Likeness::Far,
            _ => Likeness::Doubtful,
        };
    }
    likeness
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

/// Whether neither could be made of the other with two edits: the whole, its beginning, or a word of it.
fn are_far(one: &str, other: &str) -> bool {
    let (short, long) = match one.chars().count() <= other.chars().count() {
        true => (one, other),
        false => (other, one),
    };
    let beginning: String = long.chars().take(short.chars().count()).collect();
    let words = long.split_whitespace();
    let words = words.map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()));
    let parts = [long, &beginning].into_iter().chain(words);
    parts.into_iter().all(|part| edits(short, part).is_none())
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
    fn what_is_nearly_the_same_is_not_far() {
        for (one, other) in [
            ("INV-1042", "INV-1038"),
            ("INV-1042", "INV-1042-77"),
            ("INV-104", "INV-205-889"),
            ("payment for invoice (INV-1055), thanks", "INV-1042"),
        ] {
            assert!(!are_far(one, other), "{one} {other}");
            assert!(!are_far(other, one), "{other} {one}");
        }
        for (one, other) in [
            ("INV-1042", "INV-7777"),
            ("INV-1042", "INV-2158-77"),
            ("payment for INV-1042, thanks", "INV-7777"),
        ] {
            assert!(are_far(one, other), "{one} {other}");
            assert!(are_far(other, one), "{other} {one}");
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
