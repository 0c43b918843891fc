//! Records of an input that may be open items in other words: they wait until all of it is read.

use jiff::civil::Date;

use super::fingerprint::fingerprint;
use super::item::Item;
use super::reading::Reading;
use super::rewritten::{Identified, Rewritten, is_named};
use crate::matching::sieve::PlainAmount;
use crate::money::{Currency, Money};
use crate::record::{Record, ReferenceKind};

/// What became of records that waited.
#[derive(Debug, Default)]
pub struct Decided {
    /// Received by this run.
    pub received: Vec<Record>,
    /// The money of those that an earlier run had.
    pub known: Vec<Money>,
}

impl Reading {
    /// Whether a row that no run had may be an open item in other words, and has to be taken.
    pub fn looks_for<'t>(
        &self,
        day: Date,
        amount: PlainAmount,
        currency: Currency,
        references: impl IntoIterator<Item = (ReferenceKind, &'t str)>,
    ) -> bool {
        let Rewritten { named, unnamed, .. } = &self.rewritten;
        if named.is_empty() && unnamed.is_empty() {
            return false;
        }
        let is_named = |(kind, text): (ReferenceKind, &str)| {
            let of_kind = named.get(&(day, kind));
            of_kind.is_some_and(|of_kind| of_kind.contains_key(text))
        };
        unnamed.contains_key(&(day, currency, amount.units()))
            || references.into_iter().any(is_named)
    }

    /// Decides about what waited: after the last record, and before the end.
    pub fn decide(&mut self) -> Decided {
        let rewritten = std::mem::take(&mut self.rewritten);
        let (identified, received) = rewritten.decide(&self.items, self.may_be());
        let mut decided = Decided {
            received,
            known: Vec::new(),
        };
        for Identified { place, row } in identified {
            let is_again = self.is_again(&self.items[place]);
            let item = &mut self.items[place];
            let payments = [&item.record, &row].map(|it| self.payments.of_record(it));
            if payments[0] != payments[1] {
                self.renamed.push(fingerprint(&row));
            }
            match (is_again, item.record.money == row.money) {
                (true, _) => decided.received.push(item.receive_again(row)),
                (false, true) => {
                    decided.known.push(row.money);
                    item.refresh(row);
                }
                // The opening has the amount that was carried forward.
                (false, false) => {
                    self.amended.insert(place, row.money);
                    decided.received.push(row);
                }
            }
        }
        decided
    }

    /// Says whether a row may be an item by what else the input has, and runs had. The input has to go back to the
    /// item's day, to show that it has the item no more; but a record that says the same under its own reference, and
    /// more, is there again wherever an input begins.
    fn may_be(&self) -> impl Fn(&Identified) -> bool {
        let covers = self.context.covers(self.shown_from);
        let moved = self.moved.may_be_found();
        move |one| {
            let item = &self.items[one.place];
            let (print, day) = (fingerprint(&item.record), item.record.value_date);
            let is_covered = covers.is_some_and(|(from, to)| (from..=to).contains(&day));
            let is_same = item.record.money == one.row.money;
            let is_there = is_covered || is_named(&item.record) && (is_same || self.is_again(item));
            let is_moved =
                moved.contains(&one.place) || self.moved.looks_for(fingerprint(&one.row));
            is_there && !is_moved && !self.is_used_up(print)
        }
    }

    /// Whether an input of this business date had it first.
    fn is_again(&self, item: &Item) -> bool {
        item.since() == Some(self.context.business_date)
    }
}
