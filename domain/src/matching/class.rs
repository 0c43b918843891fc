//! Records of a group that have the same money, and what is decided about them so far.

use std::collections::BTreeSet;

use super::thing::{Thing, Things};
use super::twins::{self, Member};
use crate::money::{Amount, Currency, Money};
use crate::policy::MatchRule;
use crate::record::{Record, References};

/// Records of one side with equal money.
pub(super) struct Class<'r> {
    pub(super) money: Money,
    /// All, in canonical order.
    pub(super) members: Vec<Member<'r>>,
    /// Those that are not decided, in canonical order.
    pub(super) free: Vec<Member<'r>>,
    /// Those that are taken for duplicates if another one finds a counterpart.
    pub(super) held: Vec<Member<'r>>,
    /// Whether they may be about different things: none repeats another.
    pub(super) is_mixed: bool,
    /// By what they are about different things, where they say so: only what is about the same repeats another.
    various: Option<Things>,
    /// Whether those that are decided are payments of a series.
    pub(super) is_series: bool,
    /// Whether one of them found a counterpart of its amount, before others were asked.
    pub(super) has_equal: bool,
}

/// Members of one side, which are in canonical order, by their money.
pub(super) fn classes<'r>(rule: &MatchRule, members: &[Member<'r>]) -> Vec<Class<'r>> {
    let things = Things::of(&rule.on);
    let of_money = |alike: &[Member<'r>]| {
        let is_various = things.are_various(alike);
        let first = alike[0].record;
        let is_other = |member: &Member| member.record.references != first.references;
        Class {
            money: first.money,
            members: alike.to_vec(),
            free: alike.to_vec(),
            held: Vec::new(),
            is_mixed: !rule.identifies(first.side) && alike.iter().any(is_other),
            various: is_various.then(|| things.clone()),
            is_series: false,
            has_equal: false,
        }
    };
    let classes = members.chunk_by(|a, b| a.record.money == b.record.money);
    classes.map(of_money).collect()
}

/// Index and money of the classes with free members, in order of money.
pub(super) fn free_of(classes: &[Class<'_>]) -> Vec<(usize, Money)> {
    let free = |(index, class): (usize, &Class)| {
        let is_free = !class.free.is_empty();
        is_free.then_some((index, class.money))
    };
    classes.iter().enumerate().filter_map(free).collect()
}

pub(super) fn count_free(classes: &[Class<'_>]) -> usize {
    classes.iter().map(|class| class.free.len()).sum()
}

pub(super) fn free_members<'r>(classes: &[Class<'r>]) -> Vec<Member<'r>> {
    let free = classes.iter().flat_map(|class| &class.free);
    free.copied().collect()
}

/// Takes these out of the free members.
pub(super) fn take<'r: 'm, 'm>(
    classes: &mut [Class<'r>],
    some: impl Iterator<Item = &'m Member<'r>>,
) {
    let slots: BTreeSet<usize> = some.map(|member| member.slot).collect();
    for class in classes {
        class.free.retain(|member| !slots.contains(&member.slot));
    }
}

impl<'r> Class<'r> {
    pub(super) fn position(&self) -> (Currency, Amount) {
        (self.money.currency, self.money.amount)
    }

    /// The class of the other side with the same money, of all its classes, which are in order.
    pub(super) fn of_same_money<'c>(&self, others: &'c [Class<'r>]) -> Option<&'c Class<'r>> {
        let at = others.binary_search_by_key(&self.position(), Class::position);
        at.ok().map(|at| &others[at])
    }

    /// Keeps so many, fewer than there are, and holds the others: what failed is too many before anything else
    /// is, then what was taken back. Of those that are alike in that, `nearest` gives the slots of as many as are
    /// kept.
    pub(super) fn hold(
        &mut self,
        kept: usize,
        nearest: impl Fn(&[Member<'r>], usize) -> BTreeSet<usize>,
    ) {
        let surplus = self.free.len() - kept;
        let held = match &self.various {
            Some(things) => self.surplus_of(things, surplus, nearest),
            None => surplus_among(self.free.clone(), surplus, nearest),
        };
        self.held = self
            .free
            .extract_if(.., |it| held.contains(&it.slot))
            .collect();
    }

    /// The same of what repeats one that is decided: which thing's that is may not be a choice.
    fn surplus_of(
        &self,
        things: &Things,
        surplus: usize,
        nearest: impl Fn(&[Member<'r>], usize) -> BTreeSet<usize>,
    ) -> BTreeSet<usize> {
        let repeated = self.repeated(things);
        let is_choice = surplus < repeated.len()
            && repeated
                .iter()
                .any(|it| things.thing(it.record) != things.thing(repeated[0].record));
        match is_choice {
            true => BTreeSet::new(),
            false => surplus_among(repeated, surplus, nearest),
        }
    }

    /// Free members that are about the same as one that is decided.
    fn repeated(&self, things: &Things) -> Vec<Member<'r>> {
        let decided = self.decided().map(|member| things.thing(member.record));
        let decided: BTreeSet<Thing> = decided.collect();
        let free = self.free.iter();
        let repeated = free.filter(|it| decided.contains(&things.thing(it.record)));
        repeated.copied().collect()
    }

    /// Whether more are free than `others`, and which of them are meant makes a difference.
    pub(super) fn is_choice_of(&self, others: usize) -> bool {
        let references = |member: &Member<'r>| &member.record.references;
        let mut free = self.free.iter().map(references);
        let first = free.next();
        self.is_mixed && self.free.len() > others && free.any(|it| Some(it) != first)
    }

    /// Members that found no counterpart.
    pub(super) fn open(&self) -> impl Iterator<Item = &Member<'r>> {
        self.free.iter().chain(&self.held)
    }

    pub(super) fn is_any_decided(&self) -> bool {
        self.members.len() > self.free.len() + self.held.len()
    }

    /// Free members beyond the first of their amount, or of their thing.
    pub(super) fn repetitions(&self) -> usize {
        if self.is_mixed {
            return 0;
        }
        if let Some(things) = &self.various {
            return self.repeated(things).len();
        }
        match self.is_any_decided() {
            true => self.free.len(),
            false => self.free.len().saturating_sub(1),
        }
    }

    /// Whether what is left of it has the references of one that is decided, and this record has others.
    pub(super) fn repeats_what_is_not(&self, record: Option<&Record>) -> bool {
        let Some(record) = record.filter(|_| self.is_any_decided()) else {
            return false;
        };
        let references = |member: &Member<'r>| &member.record.references;
        let mut free = self.free.iter().map(references);
        let is_decided = |it: &References| self.decided().any(|member| references(member) == it);
        free.all(|it| !it.is_empty() && *it != record.references && is_decided(it))
    }

    /// Members that found a counterpart.
    pub(super) fn decided(&self) -> impl Iterator<Item = &Member<'r>> {
        let open: BTreeSet<usize> = self.open().map(|member| member.slot).collect();
        let members = self.members.iter();
        members.filter(move |member| !open.contains(&member.slot))
    }

    /// Of a series, days between two payments at least, as the other side has them.
    pub(super) fn days_apart(&self, others: &[Member<'_>]) -> Option<i64> {
        if !self.is_series {
            return None;
        }
        twins::days_apart(others.iter().map(|it| it.record.value_date))
    }
}

/// Slots of so many of these that are too many, as [`Class::hold`] says.
fn surplus_among<'r>(
    mut members: Vec<Member<'r>>,
    surplus: usize,
    nearest: impl Fn(&[Member<'r>], usize) -> BTreeSet<usize>,
) -> BTreeSet<usize> {
    members.sort_by_key(|member| member.record.movement());
    let (mut held, mut left) = (BTreeSet::new(), surplus);
    let by_movement = members.chunk_by(|a, b| a.record.movement() == b.record.movement());
    for alike in by_movement.rev() {
        let kept = match alike.len() > left {
            true => nearest(alike, alike.len() - left),
            false => BTreeSet::new(),
        };
        let slots = alike.iter().map(|member| member.slot);
        held.extend(slots.filter(|slot| !kept.contains(slot)));
        left = left.saturating_sub(alike.len());
    }
    held
}
