//! Records that count no longer, since another one tells how it went on: they belong to nothing, and nobody has
//! to look at them.

use super::scope::{covers, is_inside};
use super::slots::{peek, take};
use super::work::Work;
use crate::record::{Record, Side};

/// An announcement that counts no longer, or a payment that was counted when it was announced, or all records of
/// one that both sides say did not stay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Superseded {
    /// The record.
    pub record: Record,
    /// What counts instead, for people: `acme.csv line 12 says settled`.
    pub by: String,
}

impl Work<'_> {
    /// Whether this record is what the run is about.
    pub(super) fn is_inside(&self, (side, slot): (Side, usize)) -> bool {
        let record = peek(self.slots(side), slot);
        is_inside(&self.context.scope, record)
    }

    /// Sets records aside that are superseded together, each with what counts instead; or where the run is not
    /// about them, as not being so.
    pub(super) fn supersede(&mut self, some: Vec<((Side, usize), String)>, is_inside: bool) {
        let some = some.into_iter().map(|((side, slot), by)| Superseded {
            record: take(self.waiting(side), slot),
            by,
        });
        let superseded: Vec<Superseded> = some.collect();
        let records = || superseded.iter().map(|it| &it.record);
        match covers(&self.context.scope, records(), is_inside) {
            true => self.decided.superseded.extend(superseded),
            false => superseded
                .into_iter()
                .for_each(|it| self.decided.out_of_scope.push(it.record)),
        }
    }
}
