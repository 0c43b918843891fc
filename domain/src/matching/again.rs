//! Payments that are there again in other words: under another spelling of their reference, or named in a
//! text.
//!
//! A rule of pairs sees what has the same text for it. What it took is gone when a later rule looks, which
//! would have seen that both say the same. So whoever applies rules remembers which records are [kin](Kin),
//! and when they are done, what is left over of some that found a counterpart, of the same money, is one
//! too many: as it would be under one and the same text. Where both sides have something left, later rules
//! decide.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use super::group::Duplicate;
use super::identity::canonical_order;
use super::scope::is_inside;
use super::slots::{full, peek};
use super::work::{Turn, Work};
use super::{Comparison, Matched, is_repetition, key, own_records, strangers, twins};
use crate::calendar::days_between;
use crate::money::{Amount, Currency, Money};
use crate::policy::{Accepts, Scope, numbers};
use crate::record::{Movement, Place, Record, Side};

/// Days between a payment and the one that repeats it in other words, at most: numbers are used again, year
/// by year, and then not always written as before.
pub(super) const DAYS_MAX: i64 = 90;

/// Records that are kin, in groups with other texts for the first rule, before rules are applied.
#[derive(Default)]
pub(super) struct KinGroups {
    groups: Vec<Group>,
    /// The group of each record in one.
    places: HashMap<(Side, usize), usize>,
}

struct Group {
    /// In canonical order, the partner's first.
    members: Vec<Relative>,
    /// Whether some record of it is what the run is about.
    is_inside: bool,
}

/// What is remembered of a record, which may be gone when it is needed.
struct Relative {
    side: Side,
    slot: usize,
    place: Place,
    money: Money,
    movement: Movement,
    day: Date,
    /// A hash of its text for the first rule.
    first: Option<u64>,
}

impl Relative {
    fn as_written(&self) -> (ClassKey, Option<u64>) {
        (class_of(self, self.side), self.first)
    }
}

/// One too many of those with equal texts, as a rule sees it that knows one spelling.
pub(super) struct Surplus {
    group: usize,
    rule: usize,
    is_inside: bool,
    duplicate: Duplicate,
    original: Record,
}

/// One that is there again.
struct Again {
    rule: usize,
    is_inside: bool,
    duplicate: Duplicate,
    original: Place,
}

impl KinGroups {
    /// Those that wait.
    pub(super) fn of(work: &Work<'_>) -> Self {
        let mut all = KinGroups::default();
        if !work.kin.is_any() {
            return all;
        }
        let mut entries: Vec<(u64, Side, usize)> = Vec::new();
        for side in Side::BOTH {
            entries.extend(full(work.slots(side)).filter_map(|(slot, record)| {
                let text = work.kin.text(record)?;
                Some((key::hash_of_text(&text), side, slot))
            }));
        }
        entries.sort_unstable();
        for entries in entries.chunk_by(|a, b| a.0 == b.0) {
            all.groups.extend(Group::of(work, entries));
        }
        for (number, group) in all.groups.iter().enumerate() {
            let members = group.members.iter();
            all.places
                .extend(members.map(|it| ((it.side, it.slot), number)));
        }
        all
    }
}

impl Group {
    /// None where all have the same text for the first rule, or only a hash in common.
    fn of(work: &Work<'_>, entries: &[(u64, Side, usize)]) -> Option<Self> {
        if entries.len() < 2 {
            return None;
        }
        let record = |side: Side, slot: usize| work.slots(side)[slot].as_ref();
        let records = || {
            entries
                .iter()
                .filter_map(|(_, side, slot)| record(*side, *slot))
        };
        let text = work.kin.text(records().next()?);
        if records().any(|record| work.kin.text(record) != text) {
            return None;
        }
        let on = &work.policy.rules.first()?.on;
        let relative = |(_, side, slot): &(u64, Side, usize)| {
            let record = record(*side, *slot)?;
            Some(Relative {
                side: *side,
                slot: *slot,
                place: Place::of(record),
                money: record.money,
                movement: record.movement(),
                day: record.value_date,
                first: key::hash_of(on, record),
            })
        };
        let mut members: Vec<&(u64, Side, usize)> = entries.iter().collect();
        members.sort_by(|(_, side, slot), (_, other_side, other)| {
            let sides = side.cmp(other_side);
            let records = record(*side, *slot).zip(record(*other_side, *other));
            sides.then_with(|| records.map_or(Ordering::Equal, |(a, b)| canonical_order(a, b)))
        });
        let members: Vec<Relative> = members.into_iter().filter_map(relative).collect();
        if members
            .iter()
            .all(|member| member.first == members[0].first)
        {
            return None;
        }
        let scope = &work.context.scope;
        Some(Group {
            members,
            is_inside: *scope != Scope::Whole && records().any(|it| is_inside(scope, it)),
        })
    }
}

impl<'a> Work<'a> {
    /// Remembers what is one too many for a rule: the other side may have its counterpart in another spelling.
    /// Gives it back where that can't be.
    pub(super) fn keep_surplus(
        &mut self,
        turn: &Turn<'a>,
        duplicate: Duplicate,
        original: Record,
    ) -> Option<Record> {
        let place = (duplicate.side, duplicate.slot);
        let Some(group) = self.kin_groups.places.get(&place) else {
            return Some(original);
        };
        self.surplus_places.insert(place);
        self.surplus.push(Surplus {
            group: *group,
            rule: turn.index,
            is_inside: turn.is_inside,
            duplicate,
            original,
        });
        None
    }

    /// Whether this one is too many for a rule that knows one spelling.
    pub(super) fn is_surplus(&self, side: Side, slot: usize) -> bool {
        let place = (side, slot);
        self.surplus_places.contains(&place)
    }

    /// Reports what is there again of what found a counterpart, and marks what is left of the same money: it
    /// is nobody's misspelling. With other money it may be: short numbers are like others without their zeros.
    pub(super) fn settle_kin(&mut self) {
        let KinGroups { groups, .. } = std::mem::take(&mut self.kin_groups);
        if groups.is_empty() {
            return;
        }
        self.report_surplus(&groups);
        let found = self.decided.discrepancies.iter();
        let repeated = found
            .filter(|it| is_repetition(it.kind))
            .flat_map(own_records);
        let repeated: BTreeSet<Place> = repeated.map(Place::of).collect();
        let (mut again, mut known) = (Vec::new(), Vec::new());
        for group in &groups {
            let left = self.left_of_one_side(group);
            if left.is_empty() {
                continue;
            }
            let decided = Decided::of(self, group, &repeated);
            for alike in left.chunk_by(|a, b| a.as_written() == b.as_written()) {
                if decided.has(alike[0]) {
                    known.extend(alike.iter().map(|it| (it.side, it.slot)));
                }
                again.extend(self.again(group, &decided, alike));
            }
        }
        for (side, slot) in known {
            self.mark_namesake(side, slot);
        }
        self.report_again(again);
    }

    /// Reports what is one too many where nothing of the other side is left that may go with it.
    fn report_surplus(&mut self, groups: &[Group]) {
        let surplus = std::mem::take(&mut self.surplus);
        let mut left: BTreeMap<usize, BTreeSet<Side>> = BTreeMap::new();
        for it in &surplus {
            left.entry(it.group).or_insert_with(|| {
                let members = groups[it.group].members.iter();
                members
                    .filter(|it| self.waits(it))
                    .map(|it| it.side)
                    .collect()
            });
        }
        for one in surplus {
            let Duplicate { side, slot, .. } = one.duplicate;
            let is_left = self.slots(side)[slot].is_some();
            if is_left && !left[&one.group].contains(&side.other()) {
                let turn = Turn::first(one.rule, &self.policy.rules[one.rule], one.is_inside);
                self.report_duplicate(&turn, one.duplicate, one.original);
            }
        }
    }

    fn waits(&self, one: &Relative) -> bool {
        self.slots(one.side)[one.slot].is_some()
    }

    /// What waits of a group, those together that are written alike; nothing where some of both sides do.
    fn left_of_one_side<'g>(&self, group: &'g Group) -> Vec<&'g Relative> {
        let mut left: Vec<&Relative> = group.members.iter().filter(|it| self.waits(it)).collect();
        if left.iter().any(|it| it.side != left[0].side) {
            return Vec::new();
        }
        left.sort_by_key(|it| it.as_written());
        left
    }

    /// Of those that are left and written alike, the ones that are too many.
    fn again(&self, group: &Group, decided: &Decided<'_>, alike: &[&Relative]) -> Vec<Again> {
        let first = alike[0];
        let record = self.slots(first.side)[first.slot].as_ref();
        let (copies, counterparts) = decided.counts(first);
        let rule = record.and_then(|record| self.kin.rule_of(record));
        let rule = rule.filter(|_| first.movement.repeats() && copies > counterparts);
        let Some(rule) = rule else {
            return Vec::new();
        };
        let originals = decided.written_otherwise(first);
        let accepts = self.policy.accepts(&self.policy.rules[rule]);
        let apart = apart(accepts, || originals.iter().map(|it| it.day));
        let again = alike.iter().filter_map(|one| {
            let after = originals.partition_point(|it| it.day < one.day);
            let around = &originals[after.saturating_sub(1)..originals.len().min(after + 1)];
            let days = |it: &&&Relative| days_between(it.day, one.day).abs();
            let original = around.iter().min_by_key(days)?;
            let is_near = apart.is_none_or(|apart| 3 * days(&original) < apart);
            if !is_near || days(&original) > DAYS_MAX {
                return None;
            }
            Some(Again {
                rule,
                is_inside: group.is_inside,
                duplicate: Duplicate {
                    side: one.side,
                    slot: one.slot,
                    original: original.slot,
                    copies,
                    counterparts,
                },
                original: original.place.clone(),
            })
        });
        again.collect()
    }

    fn report_again(&mut self, again: Vec<Again>) {
        if again.is_empty() {
            return;
        }
        let places: BTreeSet<&Place> = again.iter().map(|it| &it.original).collect();
        let originals = |records: &mut dyn Iterator<Item = &Record>| -> BTreeMap<Place, Record> {
            let records = records.map(|record| (Place::of(record), record));
            let records = records.filter(|(place, _)| places.contains(place));
            records.map(|(place, it)| (place, it.clone())).collect()
        };
        let Comparison {
            matched,
            discrepancies,
            out_of_scope,
            ..
        } = &self.decided;
        let agreed = matched.iter().flat_map(Matched::records);
        let agreed = originals(&mut agreed.chain(out_of_scope.records()));
        let differing = originals(&mut discrepancies.iter().flat_map(own_records));
        for found in again {
            let Again {
                rule: index,
                is_inside,
                duplicate,
                original,
            } = found;
            // One that is a part of another amount may have been meant by a part of it.
            let differing = differing
                .get(&original)
                .filter(|_| duplicate.counterparts > 0);
            let Some(original) = agreed.get(&original).or(differing) else {
                continue;
            };
            let record = peek(self.slots(duplicate.side), duplicate.slot);
            if !self.are_of_others(record, original) {
                let turn = Turn::again(index, &self.policy.rules[index], is_inside);
                self.report_duplicate(&turn, duplicate, original.clone());
            }
        }
    }

    /// Whether two records that are kin are about different things all the same: somebody else's each, of another
    /// invoice or order, or with other numbers that only look alike when they are run together.
    fn are_of_others(&self, one: &Record, other: &Record) -> bool {
        let written = |record| self.kin.written(record).unwrap_or_default().into_owned();
        strangers::are_of_others(&self.policy.rules[0].on, one, other)
            || are_other_numbers(&written(one), &written(other))
    }
}

/// Whether both texts say where their numbers end, and it is elsewhere: `1-23` and `12-3`.
fn are_other_numbers(one: &str, other: &str) -> bool {
    let (one, other) = (numbers(one), numbers(other));
    one.len() > 1 && other.len() > 1 && one != other
}

/// What of a group found a counterpart, by its money and what it says of it.
struct Decided<'g> {
    classes: BTreeMap<ClassKey, Class<'g>>,
}

type ClassKey = (Side, Currency, Amount, Movement);

#[derive(Default)]
struct Class<'g> {
    /// All of the group, those that wait, too.
    copies: usize,
    /// In the order of their days; without those that repeat another.
    decided: Vec<&'g Relative>,
}

impl<'g> Decided<'g> {
    fn of(work: &Work<'_>, group: &'g Group, repeated: &BTreeSet<Place>) -> Self {
        let mut classes: BTreeMap<ClassKey, Class> = BTreeMap::new();
        for member in &group.members {
            let class = classes.entry(class_of(member, member.side)).or_default();
            class.copies += 1;
            if !work.waits(member) && !repeated.contains(&member.place) {
                class.decided.push(member);
            }
        }
        for class in classes.values_mut() {
            class.decided.sort_by_key(|it| it.day);
        }
        Decided { classes }
    }

    fn decided(&self, key: &ClassKey) -> &[&'g Relative] {
        self.classes.get(key).map_or(&[], |class| &class.decided)
    }

    /// Whether the money of this one found a counterpart.
    fn has(&self, one: &Relative) -> bool {
        Movement::ALL.iter().any(|movement| {
            let of = |side| (side, one.money.currency, one.money.amount, *movement);
            Side::BOTH
                .iter()
                .any(|side| !self.decided(&of(*side)).is_empty())
        })
    }

    /// How often its side has it, and the other one.
    fn counts(&self, one: &Relative) -> (usize, usize) {
        let count = |side| {
            let class = self.classes.get(&class_of(one, side));
            class.map_or(0, |class| class.copies)
        };
        (count(one.side), count(one.side.other()))
    }

    /// Those of its side and money that found a counterpart and are written otherwise, by their days.
    fn written_otherwise(&self, one: &Relative) -> Vec<&'g Relative> {
        let own = self.decided(&class_of(one, one.side)).iter().copied();
        own.filter(|it| it.first != one.first).collect()
    }
}

fn class_of(one: &Relative, side: Side) -> ClassKey {
    (side, one.money.currency, one.money.amount, one.movement)
}

/// Of a series, days between two payments at least.
pub(super) fn apart<D: Iterator<Item = Date>>(
    accepts: Accepts<'_>,
    days: impl Fn() -> D,
) -> Option<i64> {
    let is_series = twins::are_of_series(accepts, days());
    is_series.then(|| twins::days_apart(days()))?
}
