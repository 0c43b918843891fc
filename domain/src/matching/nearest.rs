//! What came closest to a record that found no counterpart, and what kept it from one.
//!
//! Only a help for the person who looks: nothing is matched by it. Looks among the lone records
//! of the other side, at a bounded number of neighbours in a few sorted indexes.

use std::cmp::Ordering;

use super::edits::edits;
use super::explain::kind_named;
use super::identity::{canonical_order, first_bytes};
use super::pair::{Timing, partner_first, timing};
use super::strangers::{
    are_strangers, both_say_whose, common_name, have_other_clients, have_other_names,
};
use crate::calendar::days_between;
use crate::discrepancy::NearestCandidate;
use crate::policy::Accepts;
use crate::record::{Record, ReferenceKind, ShortText, fetch};

/// Most lone records of a side that get a search; further ones have no nearest candidate.
pub const SEARCHES_MAX: usize = 10_000;
/// Most lone records of the other side that are searched, the first in canonical order.
pub const CANDIDATES_MAX: usize = 100_000;
/// Neighbours looked at in each direction of each index.
const NEIGHBOURS: usize = 4;
/// Shortest reference, in characters, for which an edit distance says anything.
const MISSPELLED_LENGTH_MIN: usize = 5;
/// Longest reference, in characters, whose edit distance is computed.
const MISSPELLED_LENGTH_MAX: usize = 255;
/// Most days between the value dates of records that have no more than their amount in common, where the rule that
/// should have taken one doesn't take more.
const DAYS_MAX: i64 = 10;
/// Shortest reference, in letters and digits, that is told in a text.
const NAMED_LENGTH_MIN: usize = 4;
/// Most words of a text that are looked at for references, the first that have a digit.
const WORDS_MAX: usize = 8;

/// The lone records of one side, by what a search goes by. All lists are sorted.
pub(super) struct Index<'r> {
    by_money: Vec<&'r Record>,
    /// By money and what a record has to be told by, where more have its money than are looked at anyway.
    by_mark: Vec<(ShortText, &'r Record)>,
    by_text: Vec<(&'r str, &'r Record)>,
    by_plain_text: Vec<(ShortText, &'r Record)>,
}

/// How much two records have in common; the smaller, the more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Distance {
    likeness: Likeness,
    is_other_money: bool,
    names: Names,
    days: i64,
}

/// What two records say of whose they are, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Names {
    /// The text of one names a reference of the other.
    Named,
    /// The client or the counterparty is the same.
    InCommon,
    Unsaid,
    Others,
}

/// How two references are alike, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Same,
    SpelledDifferently,
    Edits(usize),
    Unlike,
}

/// Two references that were compared.
struct Relation<'r> {
    likeness: Likeness,
    ours: (ReferenceKind, &'r str),
    theirs: (ReferenceKind, &'r str),
}

impl<'r> Index<'r> {
    /// Sorts `records`, which are in canonical order, for searching.
    pub(super) fn new(records: &[&'r Record]) -> Self {
        let searched = || records.iter().copied().take(CANDIDATES_MAX);
        let texts = |record: &'r Record| {
            let texts = record.references.iter();
            texts.map(move |(_, text)| (&**text, record))
        };
        let texts = searched().flat_map(texts);
        let mut by_bytes: Vec<_> = texts.map(|it| (first_bytes(it.0), it)).collect();
        by_bytes.sort_by(|(a_bytes, a), (b_bytes, b)| {
            let texts = a_bytes.cmp(b_bytes).then_with(|| a.0.cmp(b.0));
            texts.then_with(|| canonical_order(a.1, b.1))
        });
        let by_text: Vec<_> = by_bytes.into_iter().map(|(_, it)| it).collect();
        let plain = by_text
            .iter()
            .map(|(text, record)| (plain_text(text), *record));
        let mut by_plain_text: Vec<_> = plain.collect();
        by_plain_text.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| canonical_order(a.1, b.1)));
        let by_money: Vec<&Record> = searched().collect();
        Index {
            by_mark: by_mark(&by_money),
            by_money,
            by_text,
            by_plain_text,
        }
    }

    /// The candidate that has most in common with `record`, if any has enough. A value date that
    /// `accepts` takes keeps nothing apart.
    pub(super) fn nearest(
        &self,
        accepts: Option<Accepts<'_>>,
        record: &Record,
    ) -> Option<Box<NearestCandidate>> {
        let mut best: Option<(Distance, &Record, Option<Relation>)> = None;
        let candidates = self.candidates(record);
        fetch(candidates.iter().copied());
        for candidate in candidates {
            let relation = match record.money == candidate.money {
                true => closest_references(record, candidate, likeness),
                // Edits are only a likeness where the money is the same.
                false => closest_references(record, candidate, spelling),
            };
            let distance = distance(accepts, record, candidate, relation.as_ref());
            let Some(distance) = distance else {
                continue;
            };
            let is_better = best.as_ref().is_none_or(|(best_distance, best_record, _)| {
                let order = distance.cmp(best_distance);
                order
                    .then_with(|| canonical_order(candidate, best_record))
                    .is_lt()
            });
            if is_better {
                best = Some((distance, candidate, relation));
            }
        }
        let (_, candidate, relation) = best?;
        Some(Box::new(NearestCandidate {
            record: candidate.clone(),
            kept_apart_by: kept_apart_by(accepts, record, candidate, relation.as_ref()),
            settled: None,
        }))
    }

    fn candidates(&self, record: &Record) -> Vec<&'r Record> {
        let mut found: Vec<&'r Record> = Vec::new();
        let key = |r: &Record| (r.money.currency, r.money.amount, r.value_date);
        let at = self
            .by_money
            .partition_point(|other| key(other) < key(record));
        found.extend(around(&self.by_money, at));
        if !self.by_mark.is_empty() {
            for mark in marks(record) {
                let sought = (record.money.currency, record.money.amount, &mark);
                let at = self.by_mark.partition_point(|(mark, other)| {
                    let found = (other.money.currency, other.money.amount, mark);
                    (found, other.value_date) < (sought, record.value_date)
                });
                let neighbours = around(&self.by_mark, at).iter();
                let same =
                    neighbours.filter(|(its, other)| *its == mark && other.money == record.money);
                found.extend(same.map(|(_, record)| *record));
            }
        }
        for (_, text) in &record.references {
            let at = self.by_text.partition_point(|(other, _)| *other < &**text);
            found.extend(around(&self.by_text, at).iter().map(|(_, record)| *record));
            let plain = plain_text(text);
            let at = self
                .by_plain_text
                .partition_point(|(other, _)| *other < plain);
            let neighbours = around(&self.by_plain_text, at);
            found.extend(neighbours.iter().map(|(_, record)| *record));
        }
        found
    }
}

/// The records that share their money with more than are looked at, by their marks. They are in canonical order.
fn by_mark<'r>(by_money: &[&'r Record]) -> Vec<(ShortText, &'r Record)> {
    let of_one_money = by_money.chunk_by(|one, other| one.money == other.money);
    let many = of_one_money.filter(|records| records.len() > NEIGHBOURS);
    let mut found: Vec<(ShortText, &Record)> = Vec::new();
    for records in many {
        let begin = found.len();
        for record in records {
            found.extend(marks(record).into_iter().map(|mark| (mark, *record)));
        }
        // Stable: what is left of the canonical order decides between equals.
        found[begin..].sort_by(|(a_mark, a), (b_mark, b)| {
            let marks = a_mark.cmp(b_mark);
            marks.then_with(|| a.value_date.cmp(&b.value_date))
        });
    }
    found
}

/// What a record is told by beside its money: its client and counterparty, its references, and the words of its
/// text that may be references of others.
fn marks(record: &Record) -> Vec<ShortText> {
    let client = record.client.as_deref().map(str::to_uppercase);
    let name = record.counterparty.as_deref().map(common_name);
    let whose = client.map(ShortText::from).into_iter().chain(name);
    whose.chain(tellable(record)).chain(words(record)).collect()
}

/// The references of a record that are known again in a text.
fn tellable(record: &Record) -> impl Iterator<Item = ShortText> {
    let plain = record.references.iter().map(|(_, text)| plain_text(text));
    plain.filter(|plain| plain.chars().count() >= NAMED_LENGTH_MIN)
}

/// The words of a record's text that may be references.
fn words(record: &Record) -> impl Iterator<Item = ShortText> {
    let is_between = |letter: char| letter.is_whitespace() || ",;:()".contains(letter);
    let words = record.description.iter();
    let words = words.flat_map(move |text| text.split(is_between));
    let words = words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    words.take(WORDS_MAX).map(plain_text)
}

/// The reference of one that the text of the other names.
fn named<'r>(record: &'r Record, other: &'r Record) -> Option<&'r str> {
    let named_in = |whose: &'r Record, text: &'r Record| {
        text.description.as_ref()?;
        let words: Vec<ShortText> = words(text).collect();
        let mut references = whose.references.iter();
        let is_named =
            |plain: ShortText| plain.chars().count() >= NAMED_LENGTH_MIN && words.contains(&plain);
        let named = references.find(|(_, text)| is_named(plain_text(text)));
        named.map(|(_, text)| &**text)
    };
    named_in(other, record).or_else(|| named_in(record, other))
}

fn names(record: &Record, other: &Record) -> Names {
    if named(record, other).is_some() {
        return Names::Named;
    }
    match both_say_whose(record, other) {
        true if are_strangers(record, other) => Names::Others,
        true => Names::InCommon,
        false => Names::Unsaid,
    }
}

fn around<T>(sorted: &[T], at: usize) -> &[T] {
    let end = sorted.len().min(at.saturating_add(NEIGHBOURS));
    &sorted[at.saturating_sub(NEIGHBOURS)..end]
}

/// How far two records are apart; `None` when they have too little in common to be worth showing.
fn distance(
    accepts: Option<Accepts<'_>>,
    record: &Record,
    other: &Record,
    relation: Option<&Relation>,
) -> Option<Distance> {
    let likeness = relation.map_or(Likeness::Unlike, |relation| relation.likeness);
    let is_other_money = record.money != other.money;
    let days = days_between(record.value_date, other.value_date).abs();
    let is_near = match likeness {
        Likeness::Same | Likeness::SpelledDifferently => true,
        Likeness::Edits(_) => !is_other_money,
        Likeness::Unlike => {
            !is_other_money && (days <= DAYS_MAX || is_within(accepts, record, other))
        }
    };
    is_near.then(|| Distance {
        likeness,
        is_other_money,
        names: names(record, other),
        days,
    })
}

/// Whether a rule takes these days together.
fn is_within(accepts: Option<Accepts<'_>>, record: &Record, other: &Record) -> bool {
    let (partner, ledger) = partner_first(record, other);
    accepts.is_some_and(|accepts| timing(accepts, partner, ledger) == Timing::Within)
}

/// The two references that are most alike; the first of each when none are.
fn closest_references<'r>(
    record: &'r Record,
    other: &'r Record,
    likeness: fn(&str, &str) -> Likeness,
) -> Option<Relation<'r>> {
    let pairs = record.references.iter().flat_map(|(our_kind, our_text)| {
        other
            .references
            .iter()
            .map(move |(their_kind, their_text)| Relation {
                likeness: likeness(our_text, their_text),
                ours: (*our_kind, our_text),
                theirs: (*their_kind, their_text),
            })
    });
    pairs.min_by_key(|relation| {
        let is_other_kind = relation.ours.0 != relation.theirs.0;
        (relation.likeness, is_other_kind)
    })
}

/// Whether two references are the same, but for how they are spelled.
fn spelling(one: &str, other: &str) -> Likeness {
    if one == other {
        return Likeness::Same;
    }
    // Most are ASCII, and most are unlike: many are asked about for each record.
    let is_alike = match one.is_ascii() && other.is_ascii() {
        true => are_alike(plain_ascii(one), plain_ascii(other)),
        false => are_alike(plain_letters(one), plain_letters(other)),
    };
    match is_alike {
        true => Likeness::SpelledDifferently,
        false => Likeness::Unlike,
    }
}

fn are_alike<T: PartialEq>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> bool {
    let mut one = one.peekable();
    one.peek().is_some() && one.eq(other)
}

fn likeness(one: &str, other: &str) -> Likeness {
    let spelling = spelling(one, other);
    if spelling != Likeness::Unlike {
        return spelling;
    }
    let lengths = [one.chars().count(), other.chars().count()];
    let is_comparable =
        |length: &usize| (MISSPELLED_LENGTH_MIN..=MISSPELLED_LENGTH_MAX).contains(length);
    if !lengths.iter().all(is_comparable) {
        return Likeness::Unlike;
    }
    edits(one, other).map_or(Likeness::Unlike, Likeness::Edits)
}

/// Letters and digits only, in one case, without zeros that lead a number: `inv 0104` is `INV104`.
fn plain_text(text: &str) -> ShortText {
    match text.is_ascii() {
        true => plain_ascii(text).map(char::from).collect(),
        false => plain_letters(text).collect(),
    }
}

/// [`plain_letters`] of a text in ASCII.
fn plain_ascii(text: &str) -> impl Iterator<Item = u8> {
    let mut follows_digit = false;
    let letters = text.bytes().filter(u8::is_ascii_alphanumeric);
    let kept = letters.filter(move |letter| {
        let is_leading_zero = *letter == b'0' && !follows_digit;
        if !is_leading_zero {
            follows_digit = letter.is_ascii_digit();
        }
        !is_leading_zero
    });
    kept.map(|letter| letter.to_ascii_uppercase())
}

fn plain_letters(text: &str) -> impl Iterator<Item = char> {
    let mut follows_digit = false;
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    let kept = letters.filter(move |letter| {
        let is_leading_zero = *letter == '0' && !follows_digit;
        if !is_leading_zero {
            follows_digit = letter.is_ascii_digit();
        }
        !is_leading_zero
    });
    kept.flat_map(char::to_uppercase)
}

/// Half a sentence on what differs: the reference, the client, the counterparty, the amount, then the value
/// date where that is outside the window. It goes to where names are not told: they stand in the records.
fn kept_apart_by(
    accepts: Option<Accepts<'_>>,
    record: &Record,
    other: &Record,
    relation: Option<&Relation>,
) -> String {
    let mut parts = other_references(record, other, relation);
    parts.push(match relation {
        Some(relation) if !parts.is_empty() => format!("though {}", reference_part(relation)),
        Some(relation) => reference_part(relation),
        None if record.references.is_empty() && other.references.is_empty() => {
            "neither of the two carries a reference".to_owned()
        }
        None => "one of the two carries no reference".to_owned(),
    });
    let is_unlike = relation.is_none_or(|relation| relation.likeness == Likeness::Unlike);
    if let Some(named) = named(record, other).filter(|_| is_unlike) {
        parts.push(format!("though a text names {named}"));
    }
    let clients = record.client.as_deref().zip(other.client.as_deref());
    if let Some((ours, theirs)) = clients.filter(|_| have_other_clients(record, other)) {
        parts.push(format!("its client is another ({ours} / {theirs})"));
    }
    if have_other_names(record, other) {
        parts.push("its counterparty is another".to_owned());
    }
    if record.money != other.money {
        parts.push(format!("its amount is {}", other.money));
    }
    let is_same_day = accepts.is_none() && record.value_date == other.value_date;
    if !is_same_day && !is_within(accepts, record, other) {
        parts.push(format!("its value date is {}", other.value_date));
    }
    parts.join(", ")
}

/// Where the nearest reference is the same on both, those that are not.
fn other_references(record: &Record, other: &Record, relation: Option<&Relation>) -> Vec<String> {
    let is_same =
        relation.is_some_and(|it| it.likeness == Likeness::Same && it.ours.0 == it.theirs.0);
    let references = record.references.iter().filter(|_| is_same);
    let others = references.filter_map(|(kind, ours)| {
        let theirs = other.reference(*kind).filter(|theirs| *theirs != ours)?;
        Some(is_another(*kind, ours, theirs))
    });
    others.collect()
}

fn is_another(kind: ReferenceKind, ours: &str, theirs: &str) -> String {
    let kind = kind_named(kind);
    format!("its {kind} is another ({ours} / {theirs})")
}

fn reference_part(relation: &Relation) -> String {
    let ((our_kind, ours), (their_kind, theirs)) = (relation.ours, relation.theirs);
    let kind = kind_named(their_kind);
    match relation.likeness {
        Likeness::Same if our_kind == their_kind => format!("its {kind} is the same ({theirs})"),
        Likeness::Same => {
            let our_kind = kind_named(our_kind);
            format!("it has {theirs} as its {kind}, not as its {our_kind}")
        }
        Likeness::SpelledDifferently => {
            format!("its {kind} is spelled differently ({ours} / {theirs})")
        }
        Likeness::Edits(1) => format!("its {kind} {} ({ours} / {theirs})", one_edit(ours, theirs)),
        Likeness::Edits(edits) => {
            format!("its {kind} differs by {edits} characters ({ours} / {theirs})")
        }
        Likeness::Unlike if our_kind != their_kind => {
            "the two carry no reference of the same kind".to_owned()
        }
        Likeness::Unlike => is_another(their_kind, ours, theirs),
    }
}

/// What makes `theirs` of `ours`, which is one edit.
fn one_edit(ours: &str, theirs: &str) -> &'static str {
    let count = |text: &str| text.chars().count();
    match count(theirs).cmp(&count(ours)) {
        Ordering::Less => "lacks one character",
        Ordering::Greater => "has one character more",
        Ordering::Equal => match ours
            .chars()
            .zip(theirs.chars())
            .filter(|(a, b)| a != b)
            .count()
        {
            1 => "differs in one character",
            _ => "has two characters swapped",
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_texts_are_the_same_by_bytes(text in "[ -~]{0,12}") {
            let by_letters: String = plain_letters(&text).collect();
            prop_assert_eq!(plain_text(&text), by_letters);
        }
    }
}
