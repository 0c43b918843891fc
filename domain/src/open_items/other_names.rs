//! What later rules would call records that are matched: an invoice, beside the charge that paid it.
//!
//! A [payment](super::paid) is known by what the first rule goes by. An invoice that is paid again has another
//! charge: what both have in common is what a later rule compares.

use super::paid::{Mark, Payment};
use crate::matching::{BETWEEN, Matched, Superseded, later};
use crate::money::Money;
use crate::policy::{Key, SourcePolicy};
use crate::record::{Movement, Record};

/// Says what later rules would call records.
#[derive(Clone, Debug)]
pub struct OtherNames {
    rules: Vec<Later>,
    bytes: Vec<u8>,
}

/// A rule that may know a payment by another name.
#[derive(Clone, Debug)]
struct Later {
    rule: usize,
    on: Vec<Key>,
    /// What it compares, as it is written: rules may change their places.
    written: String,
}

/// What a rule would call a record, and what would go against that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Name {
    /// The rule, by its index.
    pub(super) rule: usize,
    /// That its side had it.
    pub(super) own: Payment,
    /// That the other side had it.
    pub(super) across: Payment,
    /// That its side had as much money the other way.
    pub(super) back: Payment,
    /// That its side says that the money did not stay.
    pub(super) undone: Payment,
}

impl Name {
    /// All that is asked about it.
    pub(super) fn all(self) -> [Payment; 4] {
        [self.own, self.across, self.back, self.undone]
    }
}

impl OtherNames {
    /// Of a source's records.
    #[must_use]
    pub fn of(policy: &SourcePolicy) -> Self {
        let rules = later(policy).into_iter().map(|(rule, on)| {
            let written: Vec<String> = on.iter().map(ToString::to_string).collect();
            let written = written.join(BETWEEN);
            Later { rule, on, written }
        });
        OtherNames {
            rules: rules.collect(),
            bytes: Vec::new(),
        }
    }

    /// Whether there are any.
    #[must_use]
    pub fn are_any(&self) -> bool {
        !self.rules.is_empty()
    }

    /// What is noted of a matched record. Of an attempt that failed there is nothing to note, unless it was matched
    /// before that.
    pub fn of_record(&mut self, record: &Record) -> Vec<Payment> {
        let mark = match record.movement() {
            Movement::Made => Mark::Named(record.side),
            Movement::Failed if !record.is_changed() => return Vec::new(),
            Movement::TakenBack | Movement::Failed => Mark::NamedUndone(record.side),
        };
        let texts = texts(&self.rules, record);
        let noted = texts.map(|(_, text)| note(&mut self.bytes, mark, &text, record.money));
        noted.collect()
    }

    /// The names of a record, in the order of the rules.
    pub(super) fn names(&mut self, record: &Record) -> Vec<Name> {
        let (side, money) = (record.side, record.money);
        let bytes = &mut self.bytes;
        let mut name = |rule: usize, text: &str| {
            let mut noted = |mark: Mark, money: Money| note(bytes, mark, text, money);
            Name {
                rule,
                own: noted(Mark::Named(side), money),
                across: noted(Mark::Named(side.other()), money),
                back: noted(Mark::Named(side), money.opposite()),
                undone: noted(Mark::NamedUndone(side), money),
            }
        };
        let texts = texts(&self.rules, record);
        texts.map(|(rule, text)| name(rule, &text)).collect()
    }

    /// What is noted of matches, and of what is superseded.
    pub(super) fn of_used(
        &mut self,
        matches: &[Matched],
        superseded: &[Superseded],
    ) -> Vec<Payment> {
        if !self.are_any() {
            return Vec::new();
        }
        let matched = matches.iter().flat_map(Matched::records);
        // What only says more of a record that was matched before is no other record.
        let superseded = superseded.iter().map(|it| &it.record);
        let records = matched.chain(superseded.filter(|it| it.is_undone()));
        records.flat_map(|record| self.of_record(record)).collect()
    }
}

fn texts<'r>(
    rules: &'r [Later],
    record: &'r Record,
) -> impl Iterator<Item = (usize, String)> + use<'r> {
    rules.iter().filter_map(|later| {
        // Two clients may have an invoice of the same number.
        let mut text = later.written.clone();
        text.push_str(BETWEEN);
        text.push_str(record.client.as_deref().unwrap_or_default());
        for key in &later.on {
            text.push_str(BETWEEN);
            text.push_str(&key.of(record.side).text(record)?);
        }
        Some((later.rule, text))
    })
}

fn note(bytes: &mut Vec<u8>, mark: Mark, text: &str, money: Money) -> Payment {
    let Money { amount, currency } = money;
    let amount = amount.to_string();
    mark.of(bytes, text.as_bytes(), &amount, currency.code())
}
