//! A source's runs one after the other, in memory: what the activities do with the object store and
//! the store, done with vectors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::cases::CaseNow;
use super::desk_before::Resolved;
use crate::calendar::{BusinessCalendar, DayUnit};
use crate::case::{InForce, Resolution, Settles};
use crate::conservation::Conservation;
use crate::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use crate::matching::{Comparison, Pool, conclude, match_buckets, sort_for_people};
use crate::open_items::{
    self, Asked, Fingerprint, Gone, Opening, OtherNames, PaidBefore, Payment, Payments, Reading,
    ReadingContext, Received, Records, Remembered, Settled, Taken, Used, fingerprint,
};
use crate::policy::{DateWindow, MatchRule, RunContext, Scope, SourcePolicy, Tolerances};
use crate::record::{Past, Record, ReferenceKind, Side};
use crate::severity::SeverityPolicy;

/// What one run used up.
pub(super) struct Spent {
    pub(super) run: Arc<str>,
    pub(super) day: Date,
    own: [Vec<Fingerprint>; 2],
    matched: Vec<Used>,
    pub(super) settled: Vec<Used>,
    payments: Vec<Payment>,
    pub(super) other_names: Vec<Payment>,
    /// The records of its matches.
    pub(super) paired: Vec<Record>,
    received_ledger: Vec<Record>,
}

impl Spent {
    /// Whether a run of this day has to know its pairs one by one.
    fn concerns(&self, day: Date) -> bool {
        let mut records = self.matched.iter().flat_map(|used| &used.records);
        let is_of_day = |record: &Record| record.past.as_ref().is_some_and(|p| p.since == day);
        self.day == day || records.any(is_of_day)
    }
}

/// A source, its position and its cases.
pub(super) struct Desk {
    pub(super) policy: SourcePolicy,
    pub(super) records: [Records; 2],
    pub(super) open: Vec<Record>,
    pub(super) cases: BTreeMap<DiscrepancyId, CaseNow>,
    /// The last run's lines, with what was settled since.
    pub(super) last: Conservation,
    as_of: Option<Date>,
    pub(super) spent: Vec<Spent>,
    /// What belongs to the last run's final figures; once the run is closed.
    pub(super) final_settled: Option<Settled>,
}

/// What a run came to.
pub(super) struct Report {
    pub(super) conservation: Conservation,
    pub(super) comparison: Comparison,
    pub(super) cleared: Vec<Gone>,
    pub(super) seen_again: usize,
    pub(super) known: u64,
    pub(super) reopened: u64,
    pub(super) taken_back: u64,
    pub(super) withdrawn: usize,
    pub(super) voided: usize,
    pub(super) settled_now: usize,
    /// What was carried forward before this run, in the final figures.
    pub(super) before: Conservation,
}

impl Desk {
    pub(super) fn new(records: [Records; 2]) -> Self {
        Desk {
            policy: policy(),
            records,
            open: Vec::new(),
            cases: BTreeMap::new(),
            last: Conservation::default(),
            as_of: None,
            spent: Vec::new(),
            final_settled: None,
        }
    }

    /// Closes the last run: what is settled by now belongs to its final figures.
    pub(super) fn close(&mut self) {
        if self.final_settled.is_none() {
            let settled = open_items::settle(&self.open, |id| self.in_force(id));
            open_items::move_settled(&mut self.last, &self.open, &settled).unwrap();
            self.final_settled = Some(settled);
        }
    }

    pub(super) fn resolve(&mut self, id: &DiscrepancyId, resolution: Resolution) {
        self.cases.insert(*id, CaseNow::Resolved(resolution));
    }

    pub(super) fn reopen(&mut self, id: &DiscrepancyId) {
        self.cases.insert(*id, CaseNow::Open);
    }

    /// How often each record is used up.
    pub(super) fn used(&self) -> BTreeMap<Fingerprint, usize> {
        let mut used = BTreeMap::new();
        for spent in &self.spent {
            let own = spent.own.iter().flatten().copied();
            let groups = spent.matched.iter().chain(&spent.settled);
            let of_groups = groups.flat_map(|used| used.records.iter().map(fingerprint));
            for print in own.chain(of_groups) {
                *used.entry(print).or_default() += 1;
            }
        }
        used
    }

    /// A run of the whole source, committed.
    pub(super) fn run(
        &mut self,
        name: &str,
        day: Date,
        partner: Vec<Record>,
        ledger: Vec<Record>,
    ) -> Report {
        let (mut report, next) = self.conclude(name, day, Scope::Whole, partner, ledger);
        let Next {
            received_ledger,
            resolved,
            undone,
            ..
        } = next;
        let received = Received {
            run: Arc::from(name),
            business_date: day,
        };
        let comparison = &report.comparison;
        let mut used = open_items::used_up(
            &self.policy,
            &received,
            &comparison.matched,
            &comparison.superseded,
        );
        used.payments.sort_unstable();
        used.other_names.sort_unstable();
        let paired = comparison.matched.iter().flat_map(|it| it.records());
        let paired: Vec<Record> = paired.cloned().collect();
        let (mut settled, mut spent) = (Vec::new(), Vec::new());
        let mut group = 0;
        let mut kept = |groups: Vec<Used>| -> Vec<Used> {
            let still = groups.into_iter().filter(|used| {
                let settled = used.settled.as_ref();
                if settled.is_some_and(|by| resolved.returned.contains(&by.discrepancy)) {
                    return false;
                }
                group += 1;
                !undone.contains(&(group - 1))
            });
            still.collect()
        };
        for mut run in std::mem::take(&mut self.spent) {
            if run.concerns(day) {
                let before = run.matched.clone();
                run.matched = kept(run.matched);
                let is_gone = |group: &&Used| !run.matched.contains(group);
                let mut payments = Payments::of(&self.policy);
                let mut other_names = OtherNames::of(&self.policy);
                for gone in before.iter().filter(is_gone) {
                    open_items::forget(&mut run.payments, &payments.of_group(gone.records.iter()));
                    let names = gone.records.iter().flat_map(|it| other_names.of_record(it));
                    open_items::forget(&mut run.other_names, &Vec::from_iter(names));
                }
            }
            run.settled = kept(run.settled);
            match run.day == day {
                true => settled.extend(run.settled),
                false => spent.push(run),
            }
        }
        settled.extend(kept(open_items::used_by(&self.open, &resolved.all())));
        let sorted = |mut prints: Vec<Fingerprint>| {
            prints.sort_unstable();
            prints
        };
        spent.push(Spent {
            run: Arc::from(name),
            day,
            own: [
                sorted(used.partner.fingerprints),
                sorted(used.ledger.fingerprints),
            ],
            matched: used.groups,
            settled,
            payments: used.payments,
            other_names: used.other_names,
            paired,
            received_ledger,
        });
        self.spent = spent;
        self.open = open_items::open_items(
            &self.policy,
            &received,
            &comparison.discrepancies,
            &comparison.in_transit,
        );
        self.as_of = Some(self.as_of.map_or(day, |as_of| as_of.max(day)));
        self.tell_cases(&mut report);
        self.last = report.conservation.clone();
        self.final_settled = None;
        report
    }

    /// A run of a part: it looks, and leaves everything as it is.
    pub(super) fn look(
        &mut self,
        day: Date,
        scope: Scope,
        partner: Vec<Record>,
        ledger: Vec<Record>,
    ) -> Report {
        self.conclude("look", day, scope, partner, ledger).0
    }

    fn tell_cases(&mut self, report: &mut Report) {
        for found in &report.comparison.discrepancies {
            match self.cases.get(&found.id) {
                None => {}
                Some(_) => report.seen_again += 1,
            }
            self.cases.insert(found.id, CaseNow::Open);
        }
        for gone in &report.cleared {
            self.cases.insert(gone.discrepancy, CaseNow::Cleared);
        }
    }

    pub(super) fn in_force(&self, id: &DiscrepancyId) -> Option<InForce> {
        self.cases.get(id).and_then(CaseNow::in_force)
    }

    fn conclude(
        &mut self,
        name: &str,
        day: Date,
        scope: Scope,
        partner: Vec<Record>,
        ledger: Vec<Record>,
    ) -> (Report, Next) {
        let is_whole = scope == Scope::Whole;
        let resolved = self.resolved(is_whole);
        let before = self.last.clone();
        let (used, returned) = self.remembered(day, &resolved);
        let mut conservation = Conservation::default();
        let (mut pool, mut gone) = (Pool::default(), Vec::new());
        let mut received_ledger = Vec::new();
        let mut report = (0, returned.len() as u64, 0, 0, 0);
        let mut withdrawn_of_groups = BTreeSet::new();
        let (mut shown, mut renamed) = (Vec::new(), BTreeSet::new());
        let mut shown_names = Vec::new();
        for (side, input) in [(Side::Partner, partner), (Side::Ledger, ledger)] {
            let mut reading = self.reading(side, day, is_whole, &resolved, &returned, &used);
            let mut received = Vec::new();
            for record in input {
                match reading.take(record) {
                    Taken::Received(record) => received.push(record),
                    Taken::Known => report.0 += 1,
                    Taken::Waits => {}
                }
            }
            let decided = reading.decide();
            report.0 += decided.known.len() as u64;
            received.extend(decided.received);
            for record in received {
                conservation.receive([&record]).unwrap();
                if side == Side::Ledger {
                    received_ledger.push(record.clone());
                }
                pool.push(record);
            }
            let mut opening: Opening = reading.finish();
            let is_new = self.records[usize::from(side == Side::Ledger)] == Records::New;
            let of_input = (side, std::mem::take(&mut opening.shown), opening.covers);
            shown.extend((!is_new).then_some(of_input));
            let names = (
                side,
                std::mem::take(&mut opening.shown_names),
                opening.covers,
            );
            shown_names.extend((!is_new).then_some(names));
            let brought = self.bring(day, std::mem::take(&mut opening.unseen));
            report.1 += opening.reopened + brought.len() as u64;
            report.2 += opening.taken_back;
            report.3 += opening.withdrawn.len();
            report.4 += opening.voided.len();
            gone.extend(opening.gone("the file"));
            renamed.extend(std::mem::take(&mut opening.renamed));
            withdrawn_of_groups.extend(opening.withdrawn_of_groups.iter().copied());
            conservation.open_with(&opening.voided).unwrap();
            conservation
                .settle(&opening.voided, Settles::Voided)
                .unwrap();
            for record in opening.items.into_iter().chain(brought) {
                conservation.open_with([&record]).unwrap();
                pool.push(record);
            }
        }
        let was_settled = |item: &&Record| {
            let id = item.found_in().map(|(id, _)| id);
            id.is_some_and(|id| resolved.earlier.contains_key(id) && resolved.returned.contains(id))
        };
        report.1 += self.open.iter().filter(was_settled).count() as u64;
        let undone = open_items::undone(&used, &withdrawn_of_groups);
        report.1 += undone.reopened;
        report.2 += undone.taken_back;
        conservation.open_with(&undone.records).unwrap();
        for record in &undone.records {
            pool.push(record.clone());
        }
        let mut settled_now = 0;
        let mut open_before = BTreeSet::new();
        for item in &self.open {
            let Some((id, _)) = item.found_in() else {
                continue;
            };
            if undone.unsettled.contains(id) {
                continue;
            }
            match (resolved.settles(id), resolved.now.get(id)) {
                (None, _) => drop(open_before.insert(*id)),
                (Some(_), Some(settles)) => {
                    settled_now += 1;
                    conservation.open_with([item]).unwrap();
                    conservation.settle([item], *settles).unwrap();
                }
                (Some(_), None) => {}
            }
        }
        let returned = resolved.returned.iter();
        open_before.extend(returned.filter(|id| !undone.unsettled.contains(*id)));
        let context = RunContext {
            business_date: self.as_of.map_or(day, |as_of| as_of.max(day)),
            scope,
        };
        let mut findings = match_buckets(&self.policy, &context, pool);
        let mut asked = Asked::of(&self.policy, &context, &findings.left, &renamed);
        asked.leave_out(&self.policy, &undone.records);
        for (side, shown, covers) in &shown {
            asked.look_at_shown(*side, shown, *covers);
        }
        let mut payments = Payments::of(&self.policy);
        let matched = findings.matched.iter();
        let matched: Vec<Payment> = matched
            .flat_map(|it| payments.of_group(it.records()))
            .collect();
        for spent in self.spent.iter().filter(|spent| spent.day != day) {
            asked.look(&spent.run, spent.day, &spent.payments);
        }
        let by_people = open_items::used_by(&self.open, &resolved.all());
        let still = |used: &&Used| {
            let by = used.settled.as_ref().map(|by| by.discrepancy);
            by.is_none_or(|id| !resolved.returned.contains(&id))
        };
        let settled = self.spent.iter().flat_map(|spent| &spent.settled);
        let settled: Vec<Used> = settled.filter(still).chain(&by_people).cloned().collect();
        asked.look_at_settled(&self.policy, day, &settled, &undone);
        asked.look_at_own(&self.policy, &findings.left, &matched);
        asked.ask_for_other_days(&self.policy, &findings.left);
        for spent in self.spent.iter().filter(|spent| spent.day != day) {
            for (side, own) in Side::BOTH.into_iter().zip(&spent.own) {
                if asked.asks_for_days_of(&spent.run, side) {
                    let carried = spent.matched.iter().flat_map(|used| &used.records);
                    let carried = carried.filter(|record| record.side == side);
                    let mut prints: Vec<Fingerprint> = carried.map(fingerprint).collect();
                    prints.extend(own);
                    prints.sort_unstable();
                    asked.look_at_days(side, &prints);
                }
            }
        }
        let superseded = asked.mark(&self.policy, &context, &mut findings.left);
        let mut comparison = conclude(&self.policy, &context, findings.left);
        let found_paid = PaidBefore::of(&self.policy, &comparison).map(|mut before| {
            before.leave_out(&undone.records);
            for (side, shown, covers) in &shown_names {
                before.look_at_shown(*side, shown, *covers);
            }
            let matched = findings.matched.iter().chain(&comparison.matched);
            let mut names = OtherNames::of(&self.policy);
            for record in matched.flat_map(|it| it.records()) {
                before.look_at_own(&names.of_record(record));
            }
            for spent in self.spent.iter().filter(|spent| spent.day != day) {
                before.look(&spent.run, spent.day, &spent.other_names);
            }
            before.look_at_settled(&self.policy, day, &settled, &undone);
            self.show_earlier(day, &mut before);
            before.settle(&self.policy, &context)
        });
        if let Some(found) = found_paid {
            found.report(&mut comparison);
        }
        comparison.matched.append(&mut findings.matched);
        comparison.discrepancies.append(&mut findings.discrepancies);
        comparison
            .superseded
            .extend(findings.superseded.into_iter().chain(superseded));
        comparison.out_of_scope.append(findings.out_of_scope);
        sort_for_people(&mut comparison.discrepancies);
        open_items::keep_ids(&mut comparison.discrepancies);
        let found = &mut comparison.discrepancies;
        open_items::hold_against_settled(&self.policy, found, &settled, &undone);
        conservation.conclude(&comparison).unwrap();
        let mut matched = open_items::of_matches(&self.policy, name, &comparison.matched);
        matched.extend(open_items::of_superseded(&comparison.superseded));
        let cleared = open_items::cleared(
            name,
            &open_before.union(&undone.unsettled).copied().collect(),
            &comparison.discrepancies,
            &comparison.in_transit,
            matched,
            gone,
        );
        let next = Next {
            received_ledger,
            resolved,
            undone: undone.groups,
        };
        let report = Report {
            conservation,
            comparison,
            cleared,
            seen_again: 0,
            known: report.0,
            reopened: report.1,
            taken_back: report.2,
            withdrawn: report.3,
            voided: report.4,
            settled_now,
            before,
        };
        (report, next)
    }

    fn remembered(&self, day: Date, resolved: &Resolved) -> (Vec<Remembered>, Vec<Record>) {
        let (mut used, mut returned) = (Vec::new(), Vec::new());
        for spent in &self.spent {
            let matched = match spent.concerns(day) {
                true => &spent.matched[..],
                false => &[],
            };
            for group in matched.iter().chain(&spent.settled) {
                let by = group.settled.as_ref().map(|by| &by.discrepancy);
                if by.is_some_and(|id| resolved.returned.contains(id)) {
                    returned.extend(group.records.iter().cloned());
                    continue;
                }
                used.push(Remembered {
                    run: Arc::clone(&spent.run),
                    is_replaced: spent.day == day,
                    was_carried: false,
                    used: group.clone(),
                });
            }
        }
        for group in open_items::used_by(&self.open, &resolved.all()) {
            let by = group.settled.as_ref().map(|by| &by.discrepancy);
            used.push(Remembered {
                run: Arc::from("the last"),
                is_replaced: false,
                was_carried: by.is_some_and(|id| resolved.now.contains_key(id)),
                used: group,
            });
        }
        (used, returned)
    }

    fn reading(
        &self,
        side: Side,
        day: Date,
        is_whole: bool,
        resolved: &Resolved,
        returned: &[Record],
        used: &[Remembered],
    ) -> Reading {
        let is_open = |item: &&Record| {
            let id = item.found_in().map(|(id, _)| id);
            item.side == side && id.is_none_or(|id| resolved.settles(id).is_none())
        };
        let mut open: Vec<Record> = self.open.iter().filter(is_open).cloned().collect();
        open.extend(returned.iter().filter(|r| r.side == side).cloned());
        let context = ReadingContext {
            side,
            records: self.records[usize::from(side == Side::Ledger)],
            business_date: day,
            value_dates: self.policy.value_dates(day),
            is_whole,
        };
        let mut reading = Reading::new(context, self.policy.clone(), open, used.to_vec());
        for spent in &self.spent {
            let prints = spent.own[usize::from(side == Side::Ledger)].clone();
            reading.remember(Arc::clone(&spent.run), spent.day == day, prints);
            if spent.concerns(day) {
                continue;
            }
            for ((of, _), mut own) in open_items::prints_of(&spent.matched) {
                own.fingerprints.sort_unstable();
                if of == side {
                    reading.remember(Arc::clone(&spent.run), false, own.fingerprints);
                }
            }
        }
        reading
    }

    /// Records that the replaced run received.
    fn bring(&self, day: Date, mut unseen: Vec<Fingerprint>) -> Vec<Record> {
        let mut brought = Vec::new();
        for spent in self.spent.iter().filter(|spent| spent.day == day) {
            for record in &spent.received_ledger {
                let print = fingerprint(record);
                if let Some(at) = unseen.iter().position(|other| *other == print) {
                    unseen.swap_remove(at);
                    let past = Past {
                        received_by: Some(Arc::clone(&spent.run)),
                        since: day,
                        found_in: None,
                        repeats: None,
                    };
                    let mut record = record.clone();
                    record.past = Some(Box::new(past));
                    brought.push(record);
                }
            }
        }
        assert!(unseen.is_empty(), "what was used up was received");
        brought
    }
}

/// What the position after a run needs.
struct Next {
    received_ledger: Vec<Record>,
    resolved: Resolved,
    undone: BTreeSet<usize>,
}

/// By reference, exactly; two business days in transit.
pub(super) fn policy() -> SourcePolicy {
    SourcePolicy {
        source: "acme".to_owned(),
        rules: vec![MatchRule::exact("reference", &[ReferenceKind::Reference])],
        tolerances: Tolerances::default(),
        date_window: DateWindow {
            early_days: 30,
            late_days: 30,
            unit: DayUnit::Calendar,
        },
        settlement_window_days: 2,
        calendar: BusinessCalendar::default(),
        agreed_fee: None,
        severity: SeverityPolicy::default(),
    }
}

/// `missing_in_ledger P-4`, in order.
pub(super) fn found(discrepancies: &[Discrepancy]) -> Vec<String> {
    let found = discrepancies.iter();
    let mut found: Vec<String> = found
        .map(|found| format!("{} {}", found.kind, found.reference))
        .collect();
    found.sort();
    found
}

/// The only discrepancy of a kind.
pub(super) fn only(discrepancies: &[Discrepancy], kind: Kind) -> &Discrepancy {
    let of_kind: Vec<&Discrepancy> = discrepancies.iter().filter(|d| d.kind == kind).collect();
    let [found] = of_kind[..] else {
        panic!("{kind} is not alone: {:?}", found(discrepancies));
    };
    found
}
