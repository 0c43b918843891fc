//! What was decided and is no match, as the discrepancy that people see.

use super::group::{Duplicate, Look};
use super::identity::{duplicate_key, shared_key};
use super::pair::{self, Difference, Timing};
use super::scope::covers;
use super::slots::{members, peek, take};
use super::work::{AMBIGUOUS_RECORDS_MAX, Turn, Work};
use super::{explain, into_own_records, lone, own_records, together};
use crate::calendar;
use crate::discrepancy::{Discrepancy, Kind};
use crate::money::{Amount, Currency};
use crate::policy::MatchRule;
use crate::record::{Record, ShortText, Side};
use crate::severity::Facts;

/// What differs between discrepancies of different kinds.
pub(super) struct Reported {
    pub(super) kind: Kind,
    pub(super) reference: ShortText,
    pub(super) currency: Currency,
    pub(super) at_stake: Amount,
    pub(super) difference: Option<Amount>,
    pub(super) related: Vec<Record>,
    pub(super) rule: ShortText,
    pub(super) reason: String,
}

impl Reported {
    /// Of records that were brought together and differ; of several on a side the first.
    pub(super) fn of(
        found: Difference,
        rule: &MatchRule,
        partner: &Record,
        ledger: &Record,
    ) -> Self {
        Reported {
            kind: found.kind,
            reference: explain::subject(rule, ledger),
            currency: partner.money.currency,
            at_stake: found.at_stake,
            difference: found.difference,
            related: Vec::new(),
            rule: rule.name.as_str().into(),
            reason: found.reason,
        }
    }
}

impl<'a> Work<'a> {
    /// Several records that should be one, and don't agree.
    pub(super) fn report_apart(&mut self, turn: &Turn<'a>, partner: &[usize], ledger: &[usize]) {
        let of_partner = members(&self.partner, partner);
        let of_ledger = members(&self.ledger, ledger);
        let found = together::difference(turn.accepts(self.policy), &of_partner, &of_ledger);
        let keys = self.keys(turn, of_ledger[0].record);
        let reported = Reported::of(found, turn.rule, of_partner[0].record, of_ledger[0].record);
        let mut of_partner = self.take_all(Side::Partner, partner).into_iter();
        let mut of_ledger = self.take_all(Side::Ledger, ledger).into_iter();
        let (first, ours) = (of_partner.next(), of_ledger.next());
        let mut discrepancy = self.discrepancy(reported, &keys, first, ours);
        discrepancy.related = of_partner.chain(of_ledger).collect();
        self.report(discrepancy, turn.is_inside);
    }

    pub(super) fn report_duplicate(
        &mut self,
        turn: &Turn<'a>,
        duplicate: Duplicate,
        original: Record,
    ) {
        let (policy, context) = (self.policy, self.context);
        let window = turn.accepts(policy).window();
        let slots = self.waiting(duplicate.side);
        let record = peek(slots, duplicate.slot);
        // The next one of a series, which the partner may still report.
        let (before, day) = (original.value_date, record.value_date);
        let is_next = pair::timing_of(window, &policy.calendar, day, before) != Timing::Within;
        if is_next && lone::is_in_transit(policy, context, record) {
            return;
        }
        let record = take(slots, duplicate.slot);
        let keys = duplicate_key(self.keys(turn, &record), record.money);
        let counts = (duplicate.copies, duplicate.counterparts);
        let discrepancy = self.duplicate(turn.rule, &keys, record, original, counts);
        self.report(discrepancy, turn.is_inside);
    }

    /// A record that is there again for a rule, beside its original: so often on its side and on the other.
    pub(super) fn duplicate(
        &mut self,
        rule: &MatchRule,
        keys: &[String],
        record: Record,
        original: Record,
        (copies, counterparts): (usize, usize),
    ) -> Discrepancy {
        let called = |rule| [&record, &original].map(|it| explain::subject(rule, it));
        let first = self.policy.rules.first().map(called);
        let [subject, of_original] = called(rule);
        let subjects = explain::subjects(&subject, &of_original, first.as_ref());
        let reason = explain::duplicate(&record, Some(&original), &subjects, copies, counterparts);
        let reported = Reported {
            kind: duplicate_kind(record.side),
            reference: subject,
            currency: record.money.currency,
            at_stake: record.money.amount.abs(),
            difference: None,
            related: vec![original],
            rule: rule.name.as_str().into(),
            reason,
        };
        let (partner, ledger) = on_its_side(record);
        self.discrepancy(reported, keys, partner, ledger)
    }

    /// One discrepancy for the group, or several when it is too large to be looked at as one.
    pub(super) fn report_ambiguous(
        &mut self,
        turn: &Turn<'a>,
        partner: &[usize],
        ledger: &[usize],
    ) {
        let of_partner = members(&self.partner, partner);
        let of_ledger = members(&self.ledger, ledger);
        let subject = explain::subject(turn.rule, of_partner[0].record);
        let reason = match turn.rule.looks_at_all() {
            true => explain::ambiguous_lists(turn.rule, &of_partner, &of_ledger),
            false => explain::ambiguous(&subject, &of_partner, &of_ledger),
        };
        let keys = self.keys(turn, of_partner[0].record);
        let mut of_partner = partner.chunks(AMBIGUOUS_RECORDS_MAX / 2);
        let mut of_ledger = ledger.chunks(AMBIGUOUS_RECORDS_MAX / 2);
        loop {
            let some = self.take_all(Side::Partner, of_partner.next().unwrap_or_default());
            let others = self.take_all(Side::Ledger, of_ledger.next().unwrap_or_default());
            let Some(first) = some.first().or(others.first()) else {
                break;
            };
            let currency = first.money.currency;
            let reported = Reported {
                kind: Kind::Ambiguous,
                reference: subject.clone(),
                currency,
                at_stake: largest_in(currency, some.iter().chain(&others)),
                difference: None,
                related: Vec::new(),
                rule: turn.rule.name.as_str().into(),
                reason: reason.clone(),
            };
            let (mut some, mut others) = (some.into_iter(), others.into_iter());
            let mut discrepancy = self.discrepancy(reported, &keys, some.next(), others.next());
            discrepancy.related = some.chain(others).collect();
            self.report(discrepancy, turn.is_inside);
        }
    }

    /// What names a finding of this turn. `match_buckets` cannot know what `conclude` will find
    /// by the same references, so the latter's are marked.
    pub(super) fn keys(&self, turn: &Turn<'a>, record: &Record) -> Vec<String> {
        let mut keys = shared_key(turn.rule, record);
        let is_first = turn.index == 0 && turn.look == Look::First;
        let same_references = self.policy.rules.first().map(|first| &first.on);
        if !is_first && same_references == Some(&turn.rule.on) {
            keys.push("second look".to_owned());
        }
        if turn.is_again {
            keys.push("in other words".to_owned());
        }
        keys
    }

    /// Fills in what is the same for every kind.
    pub(super) fn discrepancy(
        &mut self,
        reported: Reported,
        keys: &[String],
        partner: Option<Record>,
        ledger: Option<Record>,
    ) -> Discrepancy {
        let value_dates = partner
            .iter()
            .chain(&ledger)
            .map(|record| record.value_date);
        let age_days = value_dates.min().map_or(0, |date| {
            calendar::days_between(date, self.context.business_date)
        });
        let facts = Facts {
            kind: reported.kind,
            currency: reported.currency,
            at_stake: reported.at_stake,
            age_days: i32::try_from(age_days.max(0)).unwrap_or(i32::MAX),
        };
        Discrepancy {
            id: self.ids.next(&self.policy.source, reported.kind, keys),
            kind: reported.kind,
            severity: self.policy.severity.severity(&facts),
            reference: reported.reference,
            currency: reported.currency,
            at_stake: reported.at_stake,
            difference: reported.difference,
            partner,
            ledger,
            related: reported.related,
            rule: reported.rule,
            reason: reported.reason,
            nearest: None,
        }
    }

    /// Keeps a discrepancy, or puts its records aside when the run is not about them.
    pub(super) fn report(&mut self, discrepancy: Discrepancy, is_inside: bool) {
        if covers(&self.context.scope, own_records(&discrepancy), is_inside) {
            self.decided.discrepancies.push(discrepancy);
            return;
        }
        for record in into_own_records(discrepancy) {
            self.decided.out_of_scope.push(record);
        }
    }
}

/// The kind of a duplicate on this side.
pub(super) fn duplicate_kind(side: Side) -> Kind {
    match side {
        Side::Partner => Kind::DuplicateAtPartner,
        Side::Ledger => Kind::DuplicateInLedger,
    }
}

/// A lone record as partner and ledger record of a discrepancy.
pub(super) fn on_its_side(record: Record) -> (Option<Record>, Option<Record>) {
    match record.side {
        Side::Partner => (Some(record), None),
        Side::Ledger => (None, Some(record)),
    }
}

fn largest_in<'r>(currency: Currency, records: impl Iterator<Item = &'r Record>) -> Amount {
    let amounts = records
        .filter(|record| record.money.currency == currency)
        .map(|record| record.money.amount.abs());
    amounts.max().unwrap_or_default()
}
