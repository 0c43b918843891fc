//! Whether it was chosen between records of other things of which nothing but their names tells which is meant.
//!
//! Of those of one day and status that are as near, the first in order are taken. Where they are about the same,
//! that makes no difference; where they are about different things, and not of all of them becomes the same, it
//! is a guess: then none of them is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::pair;
use super::thing::Things;
use super::twins::{Member, Members};
use crate::policy::Accepts;
use crate::record::Side;

type Pairs<'r> = Vec<(Member<'r>, Member<'r>)>;

/// A record, by its side and slot.
type At = (Side, usize);

/// What becomes of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Left,
    Agrees,
    Differs,
}

/// Pairs of both lists as `pair` takes them out, without those that are guesses: these are given back apart, with
/// what else could have been meant.
pub(super) fn without_guesses<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
    pair: impl FnOnce(&mut Vec<Member<'r>>, &mut Vec<Member<'r>>) -> Pairs<'r>,
) -> (Pairs<'r>, Members<'r>) {
    let is_choice = partner.len() + ledger.len() > 2 && !partner.is_empty() && !ledger.is_empty();
    let things = Things::of(&accepts.rule.on);
    let various = [&*partner, &*ledger].map(|side| is_choice && things.are_various(side));
    if various == [false, false] {
        return (pair(partner, ledger), Members::default());
    }
    let before = [partner.clone(), ledger.clone()];
    let pairs = pair(partner, ledger);
    let guessed = guessed(accepts, &things, &before, &pairs);
    let is_guessed = |member: &Member<'r>| guessed.contains(&at(member));
    let mut aside: Members = partner.extract_if(.., |it| is_guessed(it)).collect();
    ledger
        .extract_if(.., |it| is_guessed(it))
        .for_each(|it| aside.push(it));
    let (guesses, plain): (Pairs, Pairs) = pairs.into_iter().partition(|(one, _)| is_guessed(one));
    for (one, other) in guesses {
        aside.push(one);
        aside.push(other);
    }
    (plain, aside)
}

fn at(member: &Member<'_>) -> At {
    (member.record.side, member.slot)
}

/// All between which it was guessed, and their counterparts.
fn guessed(
    accepts: Accepts<'_>,
    things: &Things,
    before: &[Vec<Member<'_>>; 2],
    pairs: &Pairs<'_>,
) -> BTreeSet<At> {
    let mut others: BTreeMap<At, (Outcome, At)> = BTreeMap::new();
    for (one, other) in pairs {
        let outcome = match pair::agree(accepts, one.record, other.record) {
            true => Outcome::Agrees,
            false => Outcome::Differs,
        };
        others.insert(at(one), (outcome, at(other)));
        others.insert(at(other), (outcome, at(one)));
    }
    let outcome = |member: &Member<'_>| others.get(&at(member)).map_or(Outcome::Left, |it| it.0);
    // Those of one side, day and status, of which some are about other things.
    let mut equal: Vec<Vec<Member>> = Vec::new();
    for side in before {
        let mut members = side.clone();
        let what = |it: &Member<'_>| (it.record.value_date, it.record.status);
        members.sort_by_key(what);
        let parts = members.chunk_by(|one, other| what(one) == what(other));
        let various = parts.filter(|part| part.len() > 1 && things.are_various(part));
        equal.extend(various.map(<[Member]>::to_vec));
    }
    let mut to_do: Vec<usize> = Vec::new();
    let mut part_of: BTreeMap<At, usize> = BTreeMap::new();
    for (number, part) in equal.iter().enumerate() {
        part_of.extend(part.iter().map(|member| (at(member), number)));
        let records = part.iter().map(|it| (it.record, outcome(it)));
        if things.differ(records) {
            to_do.push(number);
        }
    }
    let mut guessed = BTreeSet::new();
    while let Some(number) = to_do.pop() {
        for member in std::mem::take(&mut equal[number]) {
            guessed.insert(at(&member));
            if let Some((_, other)) = others.get(&at(&member)) {
                guessed.insert(*other);
                // Now that not of all of its like becomes the same, it is one among them.
                to_do.extend(part_of.get(other));
            }
        }
    }
    guessed
}
