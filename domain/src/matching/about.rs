//! What records of equal money say they are about, beyond what all of them share, and how well two of
//! different sides agree in it.
//!
//! Only what both sides say can be compared: an id that the partner gives and we don't have says nothing of
//! which of our records is meant.

use smallvec::SmallVec;

use super::strangers::{Name, holds_many, telling};
use super::twins::Member;
use crate::policy::{Field, Key, MatchRule};
use crate::record::{Record, ReferenceKind};

/// What is compared of records of both sides: what some record of each says.
#[derive(Clone)]
pub(super) struct Said {
    kinds: Kinds,
    client: bool,
    name: bool,
    /// Of the references those by which records with other texts are about other things.
    telling: Kinds,
}

type Kinds = SmallVec<[ReferenceKind; 4]>;

/// What a record says of that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct About<'r> {
    references: SmallVec<[(ReferenceKind, &'r str); 2]>,
    client: Option<String>,
    name: Option<Name>,
}

/// How far two are from agreeing, by what counts first: the nearest are the smallest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Distance {
    /// They name another client, or another invoice or order.
    are_of_others: bool,
    /// They are of other names, and have nothing else in common.
    are_strangers: bool,
    /// They have no reference in common.
    lacks_reference: bool,
    /// They don't name the same client.
    lacks_client: bool,
    /// They are not of one name.
    lacks_name: bool,
    /// They have another reference of some kind.
    has_other_reference: bool,
    /// They are of other names: somebody else paid.
    has_other_name: bool,
}

impl Said {
    /// None where they have nothing to compare.
    pub(super) fn of(
        rule: &MatchRule,
        partner: &[Member<'_>],
        ledger: &[Member<'_>],
    ) -> Option<Self> {
        let [of_partner, of_ledger] = [partner, ledger].map(kinds);
        let is_shared = |kind: ReferenceKind| {
            let is_of_kind = |key: &Key| {
                [&key.partner, &key.ledger]
                    .iter()
                    .all(|term| term.field == Field::Reference(kind))
            };
            rule.identifies_both() && rule.on.iter().any(is_of_kind)
        };
        let of_both = of_partner
            .into_iter()
            .filter(|kind| of_ledger.contains(kind) && !is_shared(*kind));
        let both_have = |has: fn(&Record) -> bool| {
            let mut sides = [partner, ledger].into_iter();
            sides.all(|side| side.iter().any(|it| has(it.record)))
        };
        let said = Said {
            kinds: of_both.collect(),
            client: both_have(|record| record.client.is_some()),
            name: both_have(|record| record.counterparty.is_some()),
            telling: telling(&rule.on).collect(),
        };
        (!said.kinds.is_empty() || said.client || said.name).then_some(said)
    }

    /// What this record says.
    pub(super) fn by<'r>(&self, record: &'r Record) -> About<'r> {
        let references = record.references.iter();
        let references = references.filter(|(kind, _)| self.kinds.contains(kind));
        let client = record.client.as_deref().filter(|_| self.client);
        let name = record.counterparty.as_deref().filter(|_| self.name);
        About {
            references: references.map(|(kind, text)| (*kind, &**text)).collect(),
            client: client.map(str::to_uppercase),
            name: name.map(Name::of),
        }
    }

    /// Whether it says all there is to compare: nothing is nearer than another one that says the same.
    pub(super) fn is_all(&self, about: &About<'_>) -> bool {
        about.references.len() == self.kinds.len()
            && about.client.is_some() == self.client
            && about.name.is_some() == self.name
    }

    /// The same without references that many payments have; none where no other is left.
    pub(super) fn named(mut self) -> Option<Self> {
        self.kinds.retain(|kind| !holds_many(*kind));
        (!self.kinds.is_empty()).then_some(self)
    }

    /// How far two are from agreeing.
    pub(super) fn distance(&self, one: &About<'_>, other: &About<'_>) -> Distance {
        let clients = one.client.as_ref().zip(other.client.as_ref());
        let is_same_client = clients.map(|(one, other)| one == other);
        let references = one.references.iter().filter_map(|(kind, text)| {
            let mut others = other.references.iter();
            let (_, other) = others.find(|(other, _)| other == kind)?;
            Some((*kind, text == other))
        });
        let has = |is_same: bool| references.clone().any(|(_, is)| is == is_same);
        let mut references_that_tell = references.clone();
        let is_other_thing =
            references_that_tell.any(|(kind, is_same)| !is_same && self.telling.contains(&kind));
        let names = one.name.as_ref().zip(other.name.as_ref());
        let is_same_name = names.map(|(one, other)| !one.is_other_than(other));
        let has_other_name = is_same_name == Some(false);
        let are_known = has(true) || is_same_client == Some(true);
        Distance {
            are_of_others: is_same_client == Some(false) || is_other_thing,
            are_strangers: has_other_name && !are_known,
            lacks_reference: !has(true),
            lacks_client: is_same_client != Some(true),
            lacks_name: is_same_name != Some(true),
            has_other_reference: has(false),
            has_other_name,
        }
    }
}

impl Distance {
    /// Whether they have a reference in common, and nothing speaks against it.
    pub(super) fn is_named(&self) -> bool {
        let is_other = self.are_of_others || self.has_other_reference || self.has_other_name;
        !self.lacks_reference && !is_other
    }
}

impl About<'_> {
    /// Nothing that is compared.
    pub(super) fn is_nothing(&self) -> bool {
        self.references.is_empty() && self.client.is_none() && self.name.is_none()
    }
}

/// The kinds of references that some of these have.
fn kinds(members: &[Member<'_>]) -> Kinds {
    let mut kinds = Kinds::new();
    for (kind, _) in members.iter().flat_map(|it| &it.record.references) {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    kinds
}
