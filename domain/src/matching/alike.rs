//! Rules by which a text may be misspelled, cut off or in the middle of another: never by the text
//! alone.
//!
//! The amounts have to be equal and the value dates within the window. Of all records that wait with
//! that amount then, on either side, only these two may be alike, and every other one has to be far from
//! both: a reference that is nearly the same would be a choice, and one without a text may be anything; but
//! a long text is nobody else's.
//!
//! A text that differs in a digit or letter is another text, not a misspelled one: the next invoice looks
//! like that. Nor are two records one that name another client each, or counterparties whose names have no
//! word in common, nor one whose texts the other side knows as they are.

use super::edits::edits;
use super::group::{Decision, Note, Why};
use super::pair::{contradicts, partner_first};
use super::strangers::are_strangers;
use super::twins::{Member, Members, within};
use crate::policy::{Accepts, MatchRule};
use crate::record::{Record, Side};

/// Shortest text, in characters, that says anything when it is misspelled or a part of another.
const CHARACTERS_MIN: usize = 5;

/// Digits of a number, without zeros that lead it, in which a slip is more likely than another number.
const SLIP_DIGITS_MIN: usize = 4;

/// Text, in characters, that is nobody else's by chance, even with a slip.
const LONG_CHARACTERS_MIN: usize = 16;

/// Most records with one amount and within the window that are looked at for one of the other side.
/// Where there are more, references of one series are to be expected, and a slip may name another.
const CANDIDATES_MAX: usize = 20;

/// As many for one with a long text.
const CANDIDATES_OF_LONG_MAX: usize = 200;

/// How a record of each side go together by the texts of the rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// All texts are alike.
    Alike,
    /// One text is nothing like the other.
    Far,
    /// Neither.
    Doubtful,
    /// One has no such text.
    Unknown,
}

/// Pairs what is alike among all that waits, and says what was too near to others.
pub(super) fn decide<'r>(
    accepts: Accepts<'_>,
    waiting: impl Iterator<Item = Member<'r>>,
) -> Vec<Decision> {
    let groups = Members::alike_in(waiting, |record| {
        (record.money.currency, record.money.amount)
    });
    groups
        .flat_map(|group| of_one_amount(accepts, group))
        .collect()
}

/// Of those with one amount, each that is alike to another and far from all others goes with that one.
fn of_one_amount(accepts: Accepts<'_>, mut group: Members<'_>) -> Vec<Decision> {
    let by_date = |member: &Member<'_>| member.record.value_date;
    group.partner.sort_by_key(by_date);
    group.ledger.sort_by_key(by_date);
    let of_partner = find_all(accepts, &group.partner, &group.ledger);
    let of_ledger = find_all(accepts, &group.ledger, &group.partner);
    let decided =
        |member: &Member<'_>, found: Found, others: &[Member<'_>], theirs: &[Found]| match found {
            Found::Nothing => None,
            Found::TooMany(limit) => Some(note(member, Why::TooMany(limit))),
            Found::Several(count) => Some(note(member, Why::Several(count))),
            Found::Only(at) => match theirs[at] {
                Found::Nothing => None,
                Found::TooMany(limit) => Some(note(member, Why::TooMany(limit))),
                Found::Several(count) => Some(note(member, Why::Shared(count - 1))),
                Found::Only(_) => pair(member, &others[at]),
            },
        };
    let partners = group.partner.iter().zip(&of_partner);
    let partners =
        partners.filter_map(|(it, found)| decided(it, *found, &group.ledger, &of_ledger));
    let ledgers = group.ledger.iter().zip(&of_ledger);
    let ledgers =
        ledgers.filter_map(|(it, found)| decided(it, *found, &group.partner, &of_partner));
    partners.chain(ledgers).collect()
}

fn note(member: &Member<'_>, why: Why) -> Decision {
    Decision::Note(Note {
        side: member.record.side,
        slot: member.slot,
        why,
    })
}

/// Once, from the partner's side.
fn pair(member: &Member<'_>, other: &Member<'_>) -> Option<Decision> {
    let is_it = member.record.side == Side::Partner && !contradicts(member.record, other.record);
    is_it.then_some(Decision::Pair {
        partner: member.slot,
        ledger: other.slot,
    })
}

/// What may go with a record, of the other side's.
#[derive(Clone, Copy)]
enum Found {
    Nothing,
    /// Nobody knows: there are more than so many, which are too many to look at.
    TooMany(usize),
    /// The only one that is alike, by its index; all others are far.
    Only(usize),
    /// So many are alike, or may be.
    Several(usize),
}

fn find_all<'r>(accepts: Accepts<'_>, own: &[Member<'r>], others: &[Member<'r>]) -> Vec<Found> {
    let found = own.iter().map(|one| find(accepts, one.record, others));
    found.collect()
}

/// Looks at those of the other side, in order of their dates, that are within the window.
fn find<'r>(accepts: Accepts<'_>, one: &'r Record, others: &[Member<'r>]) -> Found {
    let near = within(accepts, one, others);
    let is_long = is_long(accepts.rule, one);
    let limit = match is_long {
        true => CANDIDATES_OF_LONG_MAX,
        false => CANDIDATES_MAX,
    };
    if near.len() > limit {
        return Found::TooMany(limit);
    }
    let (mut alike, mut not_far) = (None, 0);
    for at in near {
        let (partner, ledger) = partner_first(one, others[at].record);
        let likeness = likeness(accepts, partner, ledger);
        let is_far = likeness == Likeness::Far || (is_long && likeness == Likeness::Unknown);
        not_far += usize::from(!is_far);
        if likeness == Likeness::Alike {
            alike = Some(at);
        }
    }
    match alike {
        None => Found::Nothing,
        Some(at) if not_far == 1 => Found::Only(at),
        Some(_) => Found::Several(not_far),
    }
}

/// Whether all texts of a record are long.
fn is_long(rule: &MatchRule, record: &Record) -> bool {
    let mut texts = rule.on.iter().map(|key| key.of(record.side).text(record));
    texts.all(|text| text.is_some_and(|text| text.chars().count() >= LONG_CHARACTERS_MIN))
}

fn likeness(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> Likeness {
    let mut likeness = Likeness::Alike;
    for key in &accepts.rule.on {
        let texts = key.ledger.text(ledger).zip(key.partner.text(partner));
        likeness = match texts {
            Some((ours, theirs)) if are_alike_texts(&ours, &theirs) => continue,
            Some((ours, theirs)) if are_far(&ours, &theirs) => return Likeness::Far,
            None if likeness == Likeness::Alike => Likeness::Unknown,
            _ => Likeness::Doubtful,
        };
    }
    match likeness {
        Likeness::Alike if are_strangers(partner, ledger) => Likeness::Far,
        Likeness::Alike if partner.has_namesake || ledger.has_namesake => Likeness::Doubtful,
        likeness => likeness,
    }
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

/// Whether `part` stands in `text` as a word of its own, or is the beginning of it: of its number enough has to
/// be left, or it is the beginning of too many.
fn is_part(part: &str, text: &str) -> bool {
    let has_digits = |text: &str| text.chars().any(|letter| letter.is_ascii_digit());
    if has_digits(text) && !has_digits(part) {
        return false;
    }
    let is_apart = |letter: Option<char>| letter.is_none_or(|it| !it.is_alphanumeric());
    let left = digits(part.chars().rev());
    text.match_indices(part).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + part.len()..]);
        let is_word = is_apart(before.chars().next_back()) && is_apart(after.chars().next());
        let behind = after.trim_start_matches(['-', '/', '.', '_', ':', '#']);
        let is_cut = match digits(behind.chars()) {
            0 => false,
            // Within a number.
            _ if behind.len() == after.len() => true,
            // Between two parts of it: the one that is gone may say little.
            gone => 2 * gone > left,
        };
        (is_word || start == 0) && (!is_cut || left >= CHARACTERS_MIN)
    })
}

/// How many digits come first.
fn digits(letters: impl Iterator<Item = char>) -> usize {
    letters.take_while(char::is_ascii_digit).count()
}

/// Two neighbours changed places, or one character too many or too few: but no other one instead, and not in a
/// short number, where the next invoice looks like that.
fn is_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let is_one_slip = match (&one[same..], &other[same..]) {
        ([a, b, rest @ ..], [c, d, others @ ..]) if one.len() == other.len() => {
            (a, b) == (d, c) && rest == others
        }
        ([_, rest @ ..], others) if one.len() == other.len() + 1 => rest == others,
        (rest, [_, others @ ..]) if one.len() + 1 == other.len() => rest == others,
        _ => false,
    };
    is_one_slip && (!is_in_short_number(&one, same) || !is_in_short_number(&other, same))
}

/// Whether at this place stands a number of few digits that count. Of a long code with letters, as hexadecimal
/// digits are, it is a part.
fn is_in_short_number(text: &[char], at: usize) -> bool {
    let run = |is_of_it: fn(&char) -> bool| {
        let before = text[..at.min(text.len())].iter().rev();
        let before = before.take_while(|it| is_of_it(it)).count();
        text[at.min(text.len()) - before..]
            .iter()
            .take_while(move |it| is_of_it(it))
    };
    let is_of_code = text.len() >= LONG_CHARACTERS_MIN
        && run(|it| it.is_alphanumeric()).any(|it| it.is_alphabetic());
    let digits = run(char::is_ascii_digit).skip_while(|digit| **digit == '0');
    let is_number = run(char::is_ascii_digit).next().is_some();
    is_number && !is_of_code && digits.count() < SLIP_DIGITS_MIN
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
    let words = words.filter(|word| *word != long);
    let mut parts = [long, &beginning].into_iter().chain(words);
    parts.all(|part| edits(short, part).is_none())
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
            ("INV-2026-01", "INV-2026-10"),
            ("INV-0001", "INV-0010"),
            ("INV-0104", "INV-0140"),
            ("INV-12", "INV-112"),
        ] {
            assert!(!are_alike_texts(one, other), "{one} {other}");
            assert!(!are_alike_texts(other, one), "{other} {one}");
        }
    }
}
