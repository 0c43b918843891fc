//! What records are about that say the same by a rule: whose they are, and of which invoice and order. Those of
//! other things don't repeat each other, and which of them is meant makes a difference.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::strangers::{Name, telling_apart};
use super::twins::Member;
use crate::policy::Key;
use crate::record::{Record, ReferenceKind};

/// Comparisons of two names, at most: where there are more, some are other ones.
const COMPARED_MAX: usize = 100_000;

/// By what records that say the same by a rule are of other things.
#[derive(Clone)]
pub(super) struct Things(SmallVec<[ReferenceKind; 2]>);

/// What one record is about, as far as it says so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing<'r> {
    client: Option<String>,
    name: Option<Name>,
    references: SmallVec<[Option<&'r str>; 2]>,
}

impl Things {
    pub(super) fn of(on: &[Key]) -> Self {
        Things(telling_apart(on).collect())
    }

    pub(super) fn thing<'r>(&self, record: &'r Record) -> Thing<'r> {
        let kinds = self.0.iter();
        Thing {
            client: record.client.as_deref().map(str::to_uppercase),
            name: record.counterparty.as_deref().map(Name::of),
            references: kinds.map(|kind| record.reference(*kind)).collect(),
        }
    }

    /// Whether some of these are about other things than others of them.
    pub(super) fn are_various(&self, members: &[Member<'_>]) -> bool {
        let each = members.iter().zip(0..);
        self.differ(each.map(|(member, number): (_, usize)| (member.record, number)))
    }

    /// Whether two of these, of which different things are said, are about different things.
    pub(super) fn differ<'r, T: Ord + Copy>(
        &self,
        records: impl Iterator<Item = (&'r Record, T)> + Clone,
    ) -> bool {
        let by_reference = |kind: &ReferenceKind| {
            let texts = records.clone();
            is_other(texts.filter_map(|(record, said)| Some((record.reference(*kind)?, said))))
        };
        let clients = records.clone();
        let clients = clients.filter_map(|(record, said)| Some((record.client.as_deref()?, said)));
        let names = records.clone();
        let names =
            names.filter_map(|(record, said)| Some((record.counterparty.as_deref()?, said)));
        self.0.iter().any(by_reference)
            || is_other(clients.clone())
                && is_other(clients.map(|(client, said)| (client.to_uppercase(), said)))
            || is_other(names.clone()) && is_other_name(names)
    }
}

/// Whether two that differ in the first differ in the second, too.
fn is_other<T: PartialEq, S: PartialEq>(mut all: impl Iterator<Item = (T, S)>) -> bool {
    let Some((text, said)) = all.next() else {
        return false;
    };
    // Where both are not all the same, two are in neither.
    let (mut texts, mut sayings) = (false, false);
    all.any(|(other, another)| {
        texts |= other != text;
        sayings |= another != said;
        texts && sayings
    })
}

/// The same of names: those of somebody else.
fn is_other_name<'r, T: Ord + Copy>(names: impl Iterator<Item = (&'r str, T)>) -> bool {
    let mut said: BTreeMap<Name, BTreeSet<T>> = BTreeMap::new();
    for (name, what) in names {
        said.entry(Name::of(name)).or_default().insert(what);
    }
    let said: Vec<(Name, BTreeSet<T>)> = said.into_iter().collect();
    let mut compared = 0;
    for (at, (one, of_one)) in said.iter().enumerate() {
        for (other, of_other) in &said[at + 1..] {
            let is_same = of_one.len() == 1 && of_one == of_other;
            if !is_same && one.is_other_than(other) || compared > COMPARED_MAX {
                return true;
            }
            compared += 1;
        }
    }
    false
}
