//! Payments that are there again in other words: under another spelling of their reference, or named in a
//! text.
//!
//! A rule of pairs sees what has the same text for it. What it took is gone when a later rule looks, which
//! would have seen that both say the same. So whoever applies rules remembers which records are [kin](Kin),
//! and when they are done, what is left over of some that found a counterpart, of the same money, is one
//! too many: as it would be under one and the same text. Where both sides have something left, later rules
//! decide.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::group::Duplicate;
use super::kin::Kin;
use super::pair::{Timing, timing_of};
use super::scope::{Membership, membership};
use super::work::{Turn, Work};
use super::{Comparison, Matched, key, own_records};
use crate::calendar::days_between;
use crate::money::Money;
use crate::policy::{Scope, SourcePolicy};
use crate::record::{Movement, Place, Record, Side};

/// Records that are kin, in groups with other texts for the first rule, before rules are applied.
pub(super) struct KinGroups(Vec<Group>);

struct Group {
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
        let kin = Kin::of(work.policy);
        if !kin.is_any() {
            return KinGroups(Vec::new());
        }
        let mut entries: Vec<(u64, Side, usize)> = Vec::new();
        for side in Side::BOTH {
            let slots = work.slots(side).iter().enumerate();
            entries.extend(slots.filter_map(|(slot, record)| {
                let text = kin.text(record.as_ref()?)?;
                Some((key::hash_of_text(&text), side, slot))
            }));
        }
        entries.sort_unstable();
        let groups = entries.chunk_by(|a, b| a.0 == b.0);
        let groups = groups.filter(|group| {
            let of_partner = group.partition_point(|(_, side, _)| *side == Side::Partner);
            group.len() > 2 && (1..group.len()).contains(&of_partner)
        });
        KinGroups(
            groups
                .filter_map(|group| Group::of(work, &kin, group))
                .collect(),
        )
    }
}

impl Group {
    /// None where all have the same text for the first rule, or only a hash in common.
    fn of(work: &Work<'_>, kin: &Kin, entries: &[(u64, Side, usize)]) -> Option<Self> {
        let record = |side: Side, slot: usize| work.slots(side)[slot].as_ref();
        let records = || {
            entries
                .iter()
                .filter_map(|(_, side, slot)| record(*side, *slot))
        };
        let text = kin.text(records().next()?);
        if records().any(|record| kin.text(record) != text) {
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
        let members: Vec<Relative> = entries.iter().filter_map(relative).collect();
        if members
            .iter()
            .all(|member| member.first == members[0].first)
        {
            return None;
        }
        let scope = &work.context.scope;
        let is_inside = |record: &Record| membership(scope, record) == Membership::Inside;
        Some(Group {
            members,
            is_inside: *scope != Scope::Whole && records().any(is_inside),
        })
    }
}

impl<'a> Work<'a> {
    /// Reports what is there again of what found a counterpart, and marks what is left of the same money: it
    /// is nobody's misspelling. With other money it may be: short numbers are like others without their zeros.
    pub(super) fn settle_kin(&mut self, groups: KinGroups) {
        let kin = Kin::of(self.policy);
        let (mut again, mut known) = (Vec::new(), Vec::new());
        for group in &groups.0 {
            for one in self.left_of_one_side(group) {
                let mut members = group.members.iter();
                if members.any(|it| it.money == one.money && !self.waits(it)) {
                    known.push((one.side, one.slot));
                }
                again.extend(self.again(&kin, group, one));
            }
        }
        for (side, slot) in known {
            self.mark_namesake(side, slot);
        }
        self.report_again(again);
    }

    fn waits(&self, one: &Relative) -> bool {
        self.slots(one.side)[one.slot].is_some()
    }

    /// What waits of a group; nothing where some of both sides do.
    fn left_of_one_side<'g>(&self, group: &'g Group) -> Vec<&'g Relative> {
        let left: Vec<&Relative> = group.members.iter().filter(|it| self.waits(it)).collect();
        match left.iter().all(|it| it.side == left[0].side) {
            true => left,
            false => Vec::new(),
        }
    }

    /// One that is left, if it is one of those too many.
    fn again(&self, kin: &Kin, group: &Group, one: &Relative) -> Option<Again> {
        let record = self.slots(one.side)[one.slot].as_ref()?;
        let rule = kin.rule_of(record)?;
        if !one.movement.repeats() {
            return None;
        }
        let members = group.members.iter();
        let like = members.filter(|it| (it.money, it.movement) == (one.money, one.movement));
        let of_side = |side: Side| like.clone().filter(move |it| it.side == side);
        let found = of_side(one.side).filter(|it| it.first != one.first && !self.waits(it));
        let found: Vec<&Relative> = found.collect();
        let original = found
            .iter()
            .min_by_key(|it| (days_between(it.day, one.day).abs(), &it.place))?;
        let days = days_between(original.day, one.day).abs();
        if apart(self.policy, rule, &found).is_some_and(|apart| 2 * days >= apart) {
            return None;
        }
        Some(Again {
            rule,
            is_inside: group.is_inside,
            duplicate: Duplicate {
                side: one.side,
                slot: one.slot,
                original: original.slot,
                copies: of_side(one.side).count(),
                counterparts: of_side(one.side.other()).count(),
            },
            original: original.place.clone(),
        })
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
            if let Some(original) = agreed.get(&original).or(differing) {
                let turn = Turn::again(index, &self.policy.rules[index], is_inside);
                self.report_duplicate(&turn, duplicate, original.clone());
            }
        }
    }
}

/// Of a series, days between two payments at least.
fn apart(policy: &SourcePolicy, rule: usize, payments: &[&Relative]) -> Option<i64> {
    let days: BTreeSet<Date> = payments.iter().map(|it| it.day).collect();
    let (first, last) = (*days.first()?, *days.last()?);
    let window = policy.accepts(&policy.rules[rule]).window();
    if timing_of(window, &policy.calendar, last, first) == Timing::Within {
        return None;
    }
    let days: Vec<Date> = days.into_iter().collect();
    days.windows(2)
        .map(|pair| days_between(pair[0], pair[1]))
        .min()
}
