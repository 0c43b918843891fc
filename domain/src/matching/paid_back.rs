//! Money of one side that went back the other way, so that what comes again after it is paid anew, not twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::money::{Amount, Currency, Money};
use crate::record::Record;

/// The days on which money went back, by the money that did.
#[derive(Debug, Default)]
pub(super) struct PaidBack(BTreeMap<(Currency, Amount), Vec<Date>>);

impl PaidBack {
    /// What these records of one side, which are about the same, say of each other. What failed takes nothing
    /// back.
    pub(super) fn of<'r>(records: impl Iterator<Item = &'r Record> + Clone) -> Self {
        let moves = records.filter(|record| !record.has_failed());
        let mut directions = moves
            .clone()
            .map(|record| record.money.amount.is_negative());
        let first = directions.next();
        let mut days: BTreeMap<(Currency, Amount), Vec<Date>> = BTreeMap::new();
        if directions.any(|is_out| Some(is_out) != first) {
            for record in moves {
                let Money { amount, currency } = record.money;
                let back = days.entry((currency, amount.negated())).or_default();
                back.push(record.value_date);
            }
        }
        days.values_mut().for_each(|days| days.sort_unstable());
        PaidBack(days)
    }

    /// Whether this money went back between these days, or on one of them. What did so once is taken once.
    pub(super) fn take(&mut self, money: Money, one: Date, other: Date) -> bool {
        let Some(days) = self.0.get_mut(&(money.currency, money.amount)) else {
            return false;
        };
        let (from, to) = (one.min(other), one.max(other));
        let at = days.partition_point(|day| *day < from);
        let is_between = days.get(at).is_some_and(|day| *day <= to);
        if is_between {
            days.remove(at);
        }
        is_between
    }
}

/// Which of these of one amount are paid anew, each of which repeats one, and for each of which it was asked whether
/// money went back in between. Where some of one day are, and they are of different clients, names or texts, it is
/// nobody's to say which: then all of that day are.
pub(super) fn paid_anew(repeating: &[(&Record, bool)]) -> Vec<bool> {
    let mut by_day: BTreeMap<Date, Vec<&(&Record, bool)>> = BTreeMap::new();
    for it in repeating {
        by_day.entry(it.0.value_date).or_default().push(it);
    }
    let are_alike = |one: &Record, other: &Record| {
        one.references == other.references
            && one.client == other.client
            && one.counterparty == other.counterparty
            && one.description == other.description
    };
    let is_undecided = |of_day: &[&(&Record, bool)]| {
        let is_any = of_day.iter().any(|(_, is_anew)| *is_anew);
        is_any && of_day.windows(2).any(|two| !are_alike(two[0].0, two[1].0))
    };
    let undecided = by_day.into_iter().filter(|(_, it)| is_undecided(it));
    let undecided: BTreeSet<Date> = undecided.map(|(day, _)| day).collect();
    let is_anew =
        |(record, is_anew): &(&Record, bool)| *is_anew || undecided.contains(&record.value_date);
    repeating.iter().map(is_anew).collect()
}
