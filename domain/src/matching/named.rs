//! Rules by which one text names several records: one payment for the invoices that its text lists.
//!
//! All that are named have to wait, each the only one of its name, named by this record alone, or by others of
//! which none adds up as this one does, and to be in its currency. Then they belong together: as a match where their
//! sum and days agree, else, when no other rule took them, as a discrepancy of all of them. Where several add up that
//! name some of the same, one of them is paid again, and which is a choice. Where one that is named is not there,
//! nothing is taken: which part of them is meant would be a guess. Then it is said of the list, and of what it names.
//! A text that names the same over the same money is that payment again.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{Decision, Look, Note, Why, ambiguous};
use super::identity::canonical_order;
use super::listed::Listed;
use super::twins::{Member, Members};
use crate::money::Money;
use crate::policy::{Accepts, Cardinality};
use crate::record::{Movement, Side};

/// Decides about all that waits.
pub(super) fn decide<'r>(
    accepts: Accepts<'_>,
    waiting: impl Iterator<Item = Member<'r>>,
    look: Look,
) -> Vec<Decision> {
    let [key] = &accepts.rule.on[..] else {
        return Vec::new();
    };
    let one = match accepts.rule.cardinality {
        Cardinality::ManyToOne => Side::Ledger,
        _ => Side::Partner,
    };
    let mut naming: Vec<(Member<'r>, BTreeSet<String>)> = Vec::new();
    let mut named: BTreeMap<String, Vec<Member<'r>>> = BTreeMap::new();
    for member in waiting {
        let term = key.of(member.record.side);
        match member.record.side == one {
            true => naming.push((member, term.texts(member.record))),
            false => {
                if let Some(text) = term.text(member.record) {
                    named.entry(text.into_owned()).or_default().push(member);
                }
            }
        }
    }
    let lists = lists(&naming);
    // By payments that were made, and by others.
    let mut claims: BTreeMap<&str, [Vec<usize>; 2]> = BTreeMap::new();
    for (place, list) in lists.iter().enumerate() {
        for text in list.texts {
            let [made, others] = claims.entry(text).or_default();
            if list.is_made() { made } else { others }.push(place);
        }
    }
    let found: Vec<Option<Found>> = lists.iter().map(|it| it.found(accepts, &named)).collect();
    let adds_up = |place: &usize| found[*place].as_ref().is_some_and(|it| it.whole.is_some());
    // Named by no other, or by none that adds up where this one does.
    let is_its = |place: usize, text: &str| match &claims[text] {
        [made, _] if lists[place].is_made() => {
            let mut others = made.iter().filter(|it| **it != place);
            match adds_up(&place) {
                true => !others.any(adds_up),
                false => others.next().is_none(),
            }
        }
        [made, others] => made.is_empty() && others.len() == 1,
    };
    let is_clear: Vec<bool> = (0..lists.len())
        .map(|place| lists[place].texts.iter().all(|text| is_its(place, text)))
        .collect();
    let mut decisions = Vec::new();
    for ((list, found), is_clear) in lists.iter().zip(&found).zip(&is_clear) {
        let Some(Found { members, whole }) = found.as_ref().filter(|_| *is_clear) else {
            continue;
        };
        let (first, again) = (list.ones[0], &list.ones[1..]);
        match (whole, look) {
            (Some(together), _) => {
                let duplicates = again
                    .iter()
                    .map(|copy| Decision::duplicate(copy, &first, list.ones.len(), 1));
                decisions.extend(duplicates);
                decisions.push(together.clone());
            }
            (None, Look::Last) if again.is_empty() => decisions.push(members.undecided(accepts)),
            (None, _) => {}
        }
    }
    if look == Look::Last {
        let made = |text: &str| &claims[text][0][..];
        for rivals in rivals(&lists, made, |place| adds_up(place) && !is_clear[*place]) {
            let rivals = rivals.iter().map(|place| (&lists[*place], &found[*place]));
            decisions.push(choice(rivals));
        }
        let settled: BTreeSet<(Side, usize)> = decisions.iter().flat_map(Decision::slots).collect();
        let is_open = |it: &Member<'_>| !settled.contains(&(it.record.side, it.slot));
        let left = lists.iter().filter(|list| list.is_made());
        decisions.extend(notes(left, &named, is_open, |text| made(text).len() - 1));
    }
    decisions
}

/// Lists that add up and name some of the same, directly or by others of them: which of them is paid again can't be
/// told.
fn rivals<'c>(
    lists: &[List<'_, '_>],
    claims: impl Fn(&str) -> &'c [usize],
    is_rival: impl Fn(&usize) -> bool,
) -> Vec<BTreeSet<usize>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for start in (0..lists.len()).filter(|it| lists[*it].is_made() && is_rival(it)) {
        let mut together = BTreeSet::new();
        let mut next = vec![start];
        while let Some(place) = next.pop() {
            if seen.insert(place) {
                together.insert(place);
                let names = lists[place].texts.iter().flat_map(|text| claims(text));
                next.extend(names.filter(|it| is_rival(it)));
            }
        }
        if !together.is_empty() {
            found.push(together);
        }
    }
    found
}

/// All records of these lists, of which nothing is chosen.
fn choice<'l, 'r: 'l>(
    lists: impl Iterator<Item = (&'l List<'l, 'r>, &'l Option<Found<'r>>)>,
) -> Decision {
    let mut all: BTreeMap<(Side, usize), Member<'r>> = BTreeMap::new();
    for (list, found) in lists {
        let members = found.iter().map(|it| &it.members);
        let parts = members.flat_map(|it| it.partner.iter().chain(&it.ledger));
        for member in list.ones.iter().chain(parts) {
            all.insert((member.record.side, member.slot), *member);
        }
    }
    let mut all: Vec<Member<'r>> = all.into_values().collect();
    all.sort_by(|a, b| canonical_order(a.record, b.record));
    ambiguous(&all.into_iter().collect())
}

/// Of lists of which nothing was taken, and of what they name, what keeps it: of the first list that names it.
fn notes<'l, 'n: 'l, 'r: 'l>(
    lists: impl Iterator<Item = &'l List<'n, 'r>>,
    named: &BTreeMap<String, Vec<Member<'r>>>,
    is_open: impl Fn(&Member<'r>) -> bool,
    rivals: impl Fn(&str) -> usize,
) -> Vec<Decision> {
    let note = |member: &Member<'r>, why: Listed| {
        Decision::Note(Note {
            side: member.record.side,
            slot: member.slot,
            why: Why::Listed(why),
        })
    };
    let mut notes = Vec::new();
    let mut noted = BTreeSet::new();
    for list in lists {
        let parts = list.texts.iter().filter_map(|text| named.get(text));
        let mut parts = parts.flatten().filter(|it| is_open(it)).peekable();
        let texts: Vec<&String> = list.texts.iter().collect();
        let listed = Listed::of(&list.ones[0], &texts, named, &rivals);
        let Some(listed) = listed.filter(|_| parts.peek().is_some()) else {
            continue;
        };
        let ones = list.ones.iter().filter(|it| is_open(it));
        notes.extend(ones.map(|one| note(one, listed.clone())));
        let new = parts.filter(|it| noted.insert(it.slot));
        notes.extend(new.map(|it| note(it, listed.by(&list.ones[0]))));
    }
    notes
}

/// A record and all that it names, and the match that they are if they agree.
struct Found<'r> {
    members: Members<'r>,
    whole: Option<Decision>,
}

/// What texts name, and the records that name just that over the same money, in canonical order: one is the
/// payment, the others are it again.
struct List<'n, 'r> {
    texts: &'n BTreeSet<String>,
    ones: Vec<Member<'r>>,
}

impl<'r> List<'_, 'r> {
    fn is_made(&self) -> bool {
        self.ones[0].record.movement() == Movement::Made
    }

    /// All of it, where each that is named is there, the only one of its name, and in the currency of the first.
    fn found(
        &self,
        accepts: Accepts<'_>,
        named: &BTreeMap<String, Vec<Member<'r>>>,
    ) -> Option<Found<'r>> {
        let parts = self.texts.iter().map(|text| match &named.get(text)?[..] {
            [only] => Some(*only),
            _ => None,
        });
        let parts: Vec<Member> = parts.collect::<Option<_>>()?;
        let first = self.ones[0];
        let currency = first.record.money.currency;
        let is_one_currency = parts.iter().all(|it| it.record.money.currency == currency);
        if parts.is_empty() || !is_one_currency {
            return None;
        }
        let members: Members = [first].into_iter().chain(parts).collect();
        let whole = members.whole(accepts);
        Some(Found { members, whole })
    }
}

/// Payments that failed, or were taken back, are lists of their own: where one was made, that is meant.
fn lists<'n, 'r>(naming: &'n [(Member<'r>, BTreeSet<String>)]) -> Vec<List<'n, 'r>> {
    let mut lists: BTreeMap<_, Vec<Member<'r>>> = BTreeMap::new();
    for (member, texts) in naming {
        let Money { amount, currency } = member.record.money;
        let made = (member.record.movement() == Movement::Made).then_some((currency, amount));
        let is_other = made.is_none().then_some(member.slot);
        let list = lists.entry((texts, made, is_other)).or_default();
        list.push(*member);
    }
    let lists = lists.into_iter().map(|((texts, ..), mut ones)| {
        ones.sort_by(|a, b| canonical_order(a.record, b.record));
        List { texts, ones }
    });
    lists.collect()
}
