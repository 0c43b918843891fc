//! What searches for combinations claim of the same records, and whether that leaves a choice.
//!
//! Equal records are interchangeable, so a combination claims so many of some equal ones. Where all
//! that claim some of them get as many as they want, whichever is served first, they get them. Where one
//! would have to do without, none of them gets any: nothing is guessed.
//!
//! Where the texts of the rule don't say what records are about, those with other references are not
//! interchangeable: which of them is meant would be a guess, too. Nor is anything taken then for adding up
//! that any amount might do with so many records.

use std::collections::{BTreeMap, BTreeSet};

use super::combine::{self, Combined};
use super::group::{Decision, Note, Why};
use super::twins::Member;

/// How many records a search left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct LeftOut {
    /// For what they name.
    pub(super) by_name: usize,
    /// For their value date, their status or a fee.
    pub(super) otherwise: usize,
}

/// What a search among so many candidates gave for a record.
pub(super) struct Search<'r> {
    pub(super) one: Member<'r>,
    gave: Combined,
    candidates: usize,
    /// How many were no candidates, and why.
    pub(super) left_out: LeftOut,
    /// All candidates that have an amount of its only combination, by amount.
    parts: BTreeMap<i128, Vec<usize>>,
}

impl<'r> Search<'r> {
    /// Looks for the only combination of these that is `one`, by a rule whose texts say what records are
    /// about, or not.
    pub(super) fn of(
        one: Member<'r>,
        candidates: Vec<Member<'r>>,
        limit: u32,
        are_identified: bool,
    ) -> Self {
        let amount = one.record.money.amount;
        let gave = match !are_identified && combine::may_be_chance(amount, &candidates) {
            true => Combined::Chance,
            false => match combine::combine(amount, &candidates, limit) {
                Combined::Only(amounts) if !are_identified && is_choice(&candidates, &amounts) => {
                    Combined::Several
                }
                gave => gave,
            },
        };
        let count = candidates.len();
        let parts = match &gave {
            Combined::Only(amounts) => by_amount(candidates, amounts),
            _ => BTreeMap::new(),
        };
        Search {
            one,
            gave,
            candidates: count,
            left_out: LeftOut::default(),
            parts,
        }
    }

    /// The parts of its only combination.
    pub(super) fn parts(&self) -> Option<Parts<'_>> {
        let Combined::Only(amounts) = &self.gave else {
            return None;
        };
        let parts = self.parts.iter().zip(amounts.values());
        Some(
            parts
                .map(|((_, slots), count)| (&slots[..], *count))
                .collect(),
        )
    }

    /// Whether all of these are in its only combination.
    pub(super) fn has_all(&self, members: impl Iterator<Item = Member<'r>>) -> bool {
        let Combined::Only(amounts) = &self.gave else {
            return false;
        };
        let mut left = amounts.clone();
        let mut members = members.map(|member| member.record.money.amount.to_units());
        members.all(|units| {
            let left = units.ok().and_then(|units| left.get_mut(&units));
            left.is_some_and(|left| match left.checked_sub(1) {
                Some(fewer) => {
                    *left = fewer;
                    true
                }
                None => false,
            })
        })
    }

    /// Whether all of so many were candidates, and no combination of them was found.
    pub(super) fn gave_none_of(&self, all: usize) -> bool {
        self.gave == Combined::None && self.candidates == all
    }

    /// How many it was looked for among.
    pub(super) fn candidates(&self) -> usize {
        self.candidates
    }

    /// Why it has no combination; so many more were too far away in time for any of its side.
    pub(super) fn into_note(mut self, beyond: usize) -> Decision {
        self.left_out.otherwise += beyond;
        Decision::Note(Note {
            side: self.one.record.side,
            slot: self.one.slot,
            why: Why::Combined {
                gave: self.gave,
                candidates: self.candidates,
                left_out: self.left_out,
            },
        })
    }
}

/// Whether some of several records with one amount are wanted that are about different things.
fn is_choice(candidates: &[Member<'_>], amounts: &BTreeMap<i128, usize>) -> bool {
    let mut first: BTreeMap<i128, (&Member<'_>, usize, bool)> = BTreeMap::new();
    for member in candidates {
        let units = member.record.money.amount.to_units().ok();
        if let Some(units) = units.filter(|units| amounts.contains_key(units)) {
            let (first, count, is_mixed) = first.entry(units).or_insert((member, 0, false));
            *count += 1;
            *is_mixed |= first.record.references != member.record.references;
        }
    }
    let mut wanted = amounts.iter();
    wanted.any(|(units, wanted)| {
        let there = first.get(units);
        there.is_some_and(|(_, count, is_mixed)| *is_mixed && count > wanted)
    })
}

/// Of equal records, by their slots, how many are wanted.
pub(super) type Parts<'s> = Vec<(&'s [usize], usize)>;

/// The equal records of which every search gets as many as it wants, whichever is served first.
pub(super) fn undisputed<'s>(searches: &'s [Search<'_>]) -> BTreeSet<&'s [usize]> {
    let mut wanted: BTreeMap<&[usize], usize> = BTreeMap::new();
    for (slots, count) in searches.iter().filter_map(Search::parts).flatten() {
        *wanted.entry(slots).or_default() += count;
    }
    let wanted: Vec<(&[usize], usize)> = wanted.into_iter().collect();
    let rivals = rivals(&wanted);
    let is_enough: Vec<bool> = wanted
        .iter()
        .zip(&rivals)
        .map(|((slots, _), rivals)| {
            let all: usize = rivals.iter().map(|rival| wanted[*rival].1).sum();
            all <= slots.len()
        })
        .collect();
    let undisputed = wanted.iter().zip(&rivals).filter(|(_, rivals)| {
        let mut rivals = rivals.iter();
        rivals.all(|rival| is_enough[*rival])
    });
    undisputed.map(|((slots, _), _)| *slots).collect()
}

/// Of what several searches want, and nobody else wants any of, those who want it, in their order.
pub(super) fn claims_of_the_same<'s, 'r>(
    searches: &'s [Search<'r>],
) -> Vec<(Parts<'s>, Vec<&'s Member<'r>>)> {
    let mut claims: BTreeMap<Parts<'s>, Vec<&Member<'r>>> = BTreeMap::new();
    for search in searches {
        if let Some(parts) = search.parts() {
            claims.entry(parts).or_default().push(&search.one);
        }
    }
    let slots = |parts: &Parts<'s>| -> BTreeSet<usize> {
        let slots = parts.iter().flat_map(|(slots, _)| slots.iter());
        slots.copied().collect()
    };
    let mut wanted: BTreeMap<usize, usize> = BTreeMap::new();
    for slot in claims.keys().flat_map(slots) {
        *wanted.entry(slot).or_default() += 1;
    }
    let is_own = |parts: &Parts<'s>| slots(parts).iter().all(|slot| wanted[slot] == 1);
    let own = claims.into_iter().filter(|(parts, _)| is_own(parts));
    own.collect()
}

/// For each of these, by their places, those that have a record in common with it: itself, too.
fn rivals(wanted: &[(&[usize], usize)]) -> Vec<Vec<usize>> {
    let mut with_slot: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, (slots, _)) in wanted.iter().enumerate() {
        for slot in *slots {
            with_slot.entry(*slot).or_default().push(place);
        }
    }
    let of_all = wanted.iter().map(|(slots, _)| {
        let mut is_rival = vec![false; wanted.len()];
        for place in slots.iter().flat_map(|slot| &with_slot[slot]) {
            is_rival[*place] = true;
        }
        let places = is_rival.iter().enumerate();
        let places = places.filter(|(_, is_rival)| **is_rival);
        places.map(|(place, _)| place).collect()
    });
    of_all.collect()
}

/// The slots of those with these amounts, in the order they came in.
fn by_amount(
    members: Vec<Member<'_>>,
    amounts: &BTreeMap<i128, usize>,
) -> BTreeMap<i128, Vec<usize>> {
    let mut slots: BTreeMap<i128, Vec<usize>> = BTreeMap::new();
    for member in members {
        let units = member.record.money.amount.to_units().ok();
        if let Some(units) = units.filter(|units| amounts.contains_key(units)) {
            slots.entry(units).or_default().push(member.slot);
        }
    }
    slots
}
