//! Records of a group that have the same money, and what is decided about them so far.

use std::collections::BTreeSet;

use super::identity::canonical_order;
use super::thing::{Thing, Things};
use super::twins::{self, Member};
use crate::money::{Amount, Currency, Money};
use crate::policy::MatchRule;
use crate::record::Movement;

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

    /// Keeps so many, and holds the others: what failed is too many before anything else is, then what
    /// was taken back.
    pub(super) fn hold(&mut self, kept: usize) {
        if let Some(things) = self.various.clone() {
            self.hold_of(&things, kept);
            return;
        }
        let is_made = |member: &Member| member.record.movement() == Movement::Made;
        if self.free.iter().all(is_made) {
            self.held = self.free.split_off(kept);
            return;
        }
        self.free.sort_by_key(|member| member.record.movement());
        self.held = self.free.split_off(kept);
        for members in [&mut self.free, &mut self.held] {
            members.sort_by(|a, b| canonical_order(a.record, b.record));
        }
    }

    /// The same of what repeats one that is decided: which thing's that is may not be a choice.
    fn hold_of(&mut self, things: &Things, kept: usize) {
        let mut repeated = self.repeated(things);
        let surplus = self.free.len().saturating_sub(kept);
        let is_choice = surplus < repeated.len()
            && repeated
                .iter()
                .any(|it| things.thing(it.record) != things.thing(repeated[0].record));
        if is_choice {
            return;
        }
        repeated.sort_by_key(|member| member.record.movement());
        self.held = repeated.split_off(repeated.len().saturating_sub(surplus));
        self.held
            .sort_by(|a, b| canonical_order(a.record, b.record));
        let held: BTreeSet<usize> = self.held.iter().map(|member| member.slot).collect();
        self.free.retain(|member| !held.contains(&member.slot));
    }

    /// Free members that are about the same as one that is decided.
    fn repeated(&self, things: &Things) -> Vec<Member<'r>> {
        let decided = self.decided().map(|member| things.thing(member.record));
        let decided: BTreeSet<Thing> = decided.collect();
        let free = self.free.iter();
        let repeated = free.filter(|it| decided.contains(&things.thing(it.record)));
        repeated.copied().collect()
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
