//! Records on their way through the rules: each waits in its slot until something is decided
//! about it, then moves out.

use std::collections::{BTreeMap, HashSet};

use super::again::{KinGroups, Surplus};
use super::apart::{self, AgainApart, Apart, Course};
use super::group::{self, Decision, Duplicate, Look, Note};
use super::identity::Ids;
use super::key::KeyGroups;
use super::kin::Kin;
use super::later::Decided;
use super::report::Reported;
use super::scope::{covers, is_inside};
use super::slots::{Slots, full, members, peek, take};
use super::twins::Member;
use super::{Comparison, Matched, Pool, alike, explain, key, named, pair, together};
use crate::money::Money;
use crate::policy::{Accepts, Cardinality, MatchRule, RunContext, Scope, SourcePolicy};
use crate::record::{Movement, Place, Record, Side, Status};
use crate::threads::at_once;

/// Most records that one ambiguous discrepancy shows; a larger group makes several.
pub const AMBIGUOUS_RECORDS_MAX: usize = 100;

/// Records for which it is quicker to begin another thread.
const WORTH_A_THREAD: usize = if cfg!(test) { 4 } else { 2_000 };

/// A comparison under way.
pub(super) struct Work<'a> {
    pub(super) policy: &'a SourcePolicy,
    pub(super) context: &'a RunContext,
    pub(super) partner: Slots,
    pub(super) ledger: Slots,
    pub(super) kin: Kin,
    pub(super) kin_groups: KinGroups,
    /// What is one too many, if the other side has no counterpart in another spelling.
    pub(super) surplus: Vec<Surplus>,
    /// Where that is.
    pub(super) surplus_places: HashSet<(Side, usize)>,
    pub(super) apart: Vec<Apart>,
    pub(super) again_apart: Vec<AgainApart>,
    /// Whether these are what buckets left: some counterparts are gone.
    pub(super) are_left: bool,
    pub(super) decided: Comparison,
    pub(super) ids: Ids,
    /// What is to be said of records for which nothing is found, by where they stand.
    notes: BTreeMap<Place, String>,
}

/// A rule that is being applied to one group.
pub(super) struct Turn<'a> {
    pub(super) index: usize,
    pub(super) rule: &'a MatchRule,
    pub(super) look: Look,
    /// Whether some record of the group is what the run is about.
    pub(super) is_inside: bool,
    /// Whether what disagrees in the money waits for later rules.
    pub(super) waits: bool,
    /// Whether it is about what is there again in other words.
    pub(super) is_again: bool,
}

impl<'a> Turn<'a> {
    /// The first turn of a rule, when nothing waits any more.
    pub(super) fn first(index: usize, rule: &'a MatchRule, is_inside: bool) -> Self {
        Turn {
            index,
            rule,
            look: Look::First,
            is_inside,
            waits: false,
            is_again: false,
        }
    }

    /// When all rules had their turn, of what is there again in other words.
    pub(super) fn again(index: usize, rule: &'a MatchRule, is_inside: bool) -> Self {
        Turn {
            is_again: true,
            ..Turn::first(index, rule, is_inside)
        }
    }

    pub(super) fn accepts(&self, policy: &'a SourcePolicy) -> Accepts<'a> {
        policy.accepts(self.rule)
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(policy: &'a SourcePolicy, context: &'a RunContext, pool: Pool) -> Self {
        Work {
            policy,
            context,
            partner: pool.partner.into_iter().map(Some).collect(),
            ledger: pool.ledger.into_iter().map(Some).collect(),
            kin: Kin::of(policy),
            kin_groups: KinGroups::default(),
            surplus: Vec::new(),
            surplus_places: HashSet::new(),
            apart: Vec::new(),
            again_apart: Vec::new(),
            are_left: false,
            decided: Comparison::default(),
            ids: Ids::default(),
            notes: BTreeMap::new(),
        }
    }

    /// What was decided, and what still waits.
    pub(super) fn finish(self) -> (Comparison, Pool) {
        let waiting = |slots: Slots| {
            // Most are gone, and so may their room be.
            let mut left: Vec<Record> = slots.into_iter().flatten().collect();
            left.shrink_to_fit();
            left
        };
        let left = Pool {
            partner: waiting(self.partner),
            ledger: waiting(self.ledger),
        };
        (self.decided, left)
    }

    /// Everything of one side that still waits.
    pub(super) fn take_waiting(&mut self, side: Side) -> Slots {
        std::mem::take(self.waiting(side))
    }

    /// To go on with one side beside this one, which goes on with the other. The ids of what is said of
    /// lone records are of one side each.
    pub(super) fn beside(&self) -> Self {
        Work {
            ids: self.ids.clone(),
            notes: self.notes.clone(),
            ..Work::new(self.policy, self.context, Pool::default())
        }
    }

    /// Decides what the rule at `index` can about the records that wait.
    pub(super) fn apply_rule(&mut self, index: usize, look: Look) {
        let rule = &self.policy.rules[index];
        if rule.looks_at_all() {
            self.apply_to_all(index, look);
            return;
        }
        let groups = self.groups(index, rule);
        let waits = look == Look::First && apart::waits_for_later(self.policy, index);
        // Most groups are one matched pair; growing step by step would move them all again.
        self.decided.matched.reserve(groups.len());
        for (partner, ledger) in groups.iter() {
            let mut turn = Turn {
                look,
                waits,
                ..Turn::first(index, rule, false)
            };
            let is_one_to_one = rule.cardinality == Cardinality::OneToOne;
            if let ([partner], [ledger], true) = (partner, ledger, is_one_to_one) {
                self.settle_two(&turn, *partner, *ledger);
                continue;
            }
            let slots = [partner, ledger];
            self.mark_reversals(rule, slots);
            let partner = members(&self.partner, partner);
            let ledger = members(&self.ledger, ledger);
            turn.is_inside = self.is_about(&partner, &ledger);
            let accepts = turn.accepts(self.policy);
            let decisions = match rule.cardinality {
                Cardinality::OneToOne => group::decide(accepts, &partner, &ledger, look),
                _ => together::decide(accepts, &partner, &ledger, look),
            };
            let decided = Decided {
                index,
                decisions: &decisions,
                partner: &partner,
                ledger: &ledger,
            };
            let own = decided.own(self.policy, look);
            self.carry_out(&turn, own.unwrap_or(decisions));
            self.mark_namesakes(rule, slots);
        }
    }

    /// What waits and is offered to a rule, in groups.
    pub(super) fn groups(&self, index: usize, rule: &MatchRule) -> KeyGroups {
        key::groups(rule, [&self.partner, &self.ledger], |slot, record| {
            self.is_offered(index, slot, record)
        })
    }

    /// Whether a rule is asked for a counterpart. For what repeats a payment, of an earlier run or of this one,
    /// that is only a rule by which it does so: others would find that of another payment.
    fn is_offered(&self, index: usize, slot: usize, record: &Record) -> bool {
        let earlier = &self.policy.rules[..index];
        let is_its_own = || !earlier.iter().any(|it| key::is_complete(it, record));
        let is_free = record.repeats().is_none() && !self.is_surplus(record.side, slot);
        is_free || self.kin.is_by(index) || is_its_own()
    }

    /// Whether the run is of a part, and some of these are of it.
    pub(super) fn is_about(&self, partner: &[Member<'_>], ledger: &[Member<'_>]) -> bool {
        let scope = &self.context.scope;
        let mut members = partner.iter().chain(ledger);
        *scope != Scope::Whole && members.any(|member| is_inside(scope, member.record))
    }

    /// Marks what was left of a group: its texts are known on the other side.
    fn mark_namesakes(&mut self, rule: &MatchRule, slots: [&[usize]; 2]) {
        for (side, slots) in Side::BOTH.into_iter().zip(slots) {
            if rule.identifies(side) {
                slots
                    .iter()
                    .for_each(|slot| self.mark_namesake(side, *slot));
            }
        }
    }

    /// Marks what takes back a payment of the same group and side: which of two amounts was reversed, and which is
    /// the reversal, can't be told of one alone.
    fn mark_reversals(&mut self, rule: &MatchRule, slots: [&[usize]; 2]) {
        if !rule.names_payments() {
            return;
        }
        for (side, slots) in Side::BOTH.into_iter().zip(slots) {
            let waiting = self.waiting(side);
            let records = || slots.iter().map(|slot| peek(waiting, *slot));
            let is_any = slots.len() > 1 && records().any(|it| it.status == Some(Status::Reversed));
            if !is_any {
                continue;
            }
            let made = records().filter(|it| it.movement() == Movement::Made);
            let made: HashSet<Money> = made.map(|it| it.money).collect();
            for slot in slots {
                if let Some(record) = &mut waiting[*slot] {
                    record.takes_back |= record.movement() == Movement::TakenBack
                        && made.contains(&record.money.opposite());
                }
            }
        }
    }

    pub(super) fn mark_namesake(&mut self, side: Side, slot: usize) {
        if let Some(record) = &mut self.waiting(side)[slot] {
            record.has_namesake = true;
        }
    }

    fn apply_to_all(&mut self, index: usize, look: Look) {
        let decisions = self.decide_among_all(index, look);
        let turn = Turn {
            look,
            ..Turn::first(index, &self.policy.rules[index], false)
        };
        self.carry_out(&turn, decisions);
    }

    /// What a rule decides that looks at all that waits.
    pub(super) fn decide_among_all(&self, index: usize, look: Look) -> Vec<Decision> {
        let rule = &self.policy.rules[index];
        let waiting = [&self.partner, &self.ledger].into_iter().flat_map(|slots| {
            let offered = full(slots).filter(|(slot, it)| self.is_offered(index, *slot, it));
            offered.map(|(slot, record)| Member { slot, record })
        });
        let accepts = self.policy.accepts(rule);
        match rule.is_alike {
            true => alike::decide(accepts, waiting),
            false => named::decide(accepts, waiting, look),
        }
    }

    /// The usual case: one on each side.
    ///
    /// Money in is compared with as much money out only here, and only before anything else was taken:
    /// later, the counterpart that each of them lacks may be gone for good reasons. Another amount the other way
    /// is another payment.
    fn settle_two(&mut self, turn: &Turn<'a>, partner: usize, ledger: usize) {
        let is_first = turn.index == 0 && turn.look == Look::First && !self.are_left;
        let (one, other) = (peek(&self.partner, partner), peek(&self.ledger, ledger));
        let are_opposite = pair::are_opposite(one.money, other.money);
        match are_opposite {
            false => self.pair_or_wait(turn, partner, ledger),
            true if is_first && self.are_as_much(turn, one, other) => {
                self.pair(turn, partner, ledger);
            }
            true => {}
        }
    }

    /// Whether a rule that does not say what records are about brings together two that disagree in the money,
    /// and that an earlier rule which does knows by other texts.
    pub(super) fn are_known_otherwise(
        &self,
        turn: &Turn<'a>,
        partner: &Record,
        ledger: &Record,
    ) -> bool {
        let differ = || pair::differ_in_money(turn.accepts(self.policy), partner, ledger);
        let is_known = |rule: &MatchRule| {
            rule.identifies_both()
                && key::is_complete(rule, partner)
                && key::is_complete(rule, ledger)
        };
        let earlier = &self.policy.rules[..turn.index];
        !turn.rule.identifies_both() && earlier.iter().any(is_known) && differ()
    }

    /// Whether it is as much money, or nearly: the other way, or within a tolerance that large.
    fn are_as_much(&self, turn: &Turn<'a>, partner: &Record, ledger: &Record) -> bool {
        let is_as_much = partner.money.amount.abs() == ledger.money.amount.abs();
        is_as_much || pair::agree(turn.accepts(self.policy), partner, ledger)
    }

    pub(super) fn carry_out(&mut self, turn: &Turn<'a>, decisions: Vec<Decision>) {
        let courses = self.courses_of_originals(turn, &decisions);
        // Duplicates show their original, so they go first, while it still waits in its slot.
        for decision in &decisions {
            if let Decision::Duplicate(duplicate) = decision {
                let place = (duplicate.side, duplicate.original);
                let original = peek(self.slots(duplicate.side), duplicate.original).clone();
                match courses.get(&place) {
                    Some(Course::Left) => {}
                    Some(Course::Waits) if apart::waits_for_sums(self.policy, turn.index) => {
                        self.again_apart.push(AgainApart {
                            duplicate: *duplicate,
                            original,
                            is_inside: turn.is_inside,
                        });
                    }
                    _ => self.tell_again(turn, *duplicate, original),
                }
            }
        }
        for decision in decisions {
            match decision {
                Decision::Duplicate(_) => {}
                Decision::Pair { partner, ledger } => self.pair_or_wait(turn, partner, ledger),
                Decision::Together { partner, ledger } => self.together(turn, &partner, &ledger),
                Decision::Apart { partner, ledger } => self.report_apart(turn, &partner, &ledger),
                Decision::Ambiguous { partner, ledger } => {
                    self.report_ambiguous(turn, &partner, &ledger);
                }
                Decision::Note(note) => self.note(turn, note),
            }
        }
    }

    /// One too many, if the other side has no counterpart in another spelling.
    pub(super) fn tell_again(&mut self, turn: &Turn<'a>, duplicate: Duplicate, original: Record) {
        if let Some(original) = self.keep_surplus(turn, duplicate, original) {
            self.report_duplicate(turn, duplicate, original);
        }
    }

    fn pair_or_wait(&mut self, turn: &Turn<'a>, partner: usize, ledger: usize) {
        match self.course(turn, partner, ledger) {
            Course::Left => {}
            Course::Waits => self.apart.push(Apart {
                partner,
                ledger,
                is_inside: turn.is_inside,
            }),
            Course::Taken => self.pair(turn, partner, ledger),
        }
    }

    pub(super) fn pair(&mut self, turn: &Turn<'a>, partner: usize, ledger: usize) {
        let partner = take(&mut self.partner, partner);
        let ledger = take(&mut self.ledger, ledger);
        let subject = || explain::subject(turn.rule, &ledger);
        let accepts = turn.accepts(self.policy);
        let Some(found) = pair::difference(accepts, &partner, &ledger, subject) else {
            let matched = Matched {
                partner,
                ledger,
                more: Vec::new(),
                rule: turn.index as u32,
            };
            self.keep(matched, turn.is_inside);
            return;
        };
        let keys = self.keys(turn, &ledger);
        let reported = Reported::of(found, turn.rule, &partner, &ledger);
        let discrepancy = self.discrepancy(reported, &keys, Some(partner), Some(ledger));
        self.report(discrepancy, turn.is_inside);
    }

    /// Keeps a match, or puts its records aside when the run is not about them.
    fn keep(&mut self, matched: Matched, is_inside: bool) {
        if covers(&self.context.scope, matched.records(), is_inside) {
            self.decided.matched.push(matched);
            return;
        }
        let Matched {
            partner,
            ledger,
            more,
            ..
        } = matched;
        let records = [partner, ledger].into_iter().chain(more);
        records.for_each(|record| self.decided.out_of_scope.push(record));
    }

    /// Several records that are one.
    fn together(&mut self, turn: &Turn<'a>, partner: &[usize], ledger: &[usize]) {
        let mut of_partner = self.take_all(Side::Partner, partner);
        let mut of_ledger = self.take_all(Side::Ledger, ledger);
        let (first, ours) = (of_partner.remove(0), of_ledger.remove(0));
        of_partner.append(&mut of_ledger);
        let matched = Matched {
            partner: first,
            ledger: ours,
            more: of_partner,
            rule: turn.index as u32,
        };
        self.keep(matched, turn.is_inside);
    }

    fn note(&mut self, turn: &Turn<'a>, note: Note) {
        let record = peek(self.waiting(note.side), note.slot);
        let said = explain::not_taken(turn.rule, record, &note.why);
        let place = Place::of(record);
        self.notes.insert(place, said);
    }

    /// What else is to be said of a record for which nothing was found.
    pub(super) fn said_of(&self, record: &Record) -> Option<&str> {
        match self.notes.is_empty() {
            true => None,
            false => self.notes.get(&Place::of(record)).map(String::as_str),
        }
    }

    pub(super) fn are_waiting(&self, partner: usize, ledger: usize) -> bool {
        self.partner[partner].is_some() && self.ledger[ledger].is_some()
    }

    pub(super) fn slots(&self, side: Side) -> &Slots {
        match side {
            Side::Partner => &self.partner,
            Side::Ledger => &self.ledger,
        }
    }

    pub(super) fn waiting(&mut self, side: Side) -> &mut Slots {
        match side {
            Side::Partner => &mut self.partner,
            Side::Ledger => &mut self.ledger,
        }
    }

    pub(super) fn take_all(&mut self, side: Side, slots: &[usize]) -> Vec<Record> {
        let waiting = self.waiting(side);
        slots.iter().map(|slot| take(waiting, *slot)).collect()
    }
}

/// Does something for the partner's side and for ours; at once, where so many records are worth it.
pub(super) fn both_sides<A: Send, B: Send>(
    records: usize,
    partner: impl FnOnce() -> A + Send,
    ledger: impl FnOnce() -> B + Send,
) -> (A, B) {
    match records < WORTH_A_THREAD {
        true => (partner(), ledger()),
        false => at_once(partner, ledger),
    }
}
