//! What is carried from run to run: records without an accepted counterpart, and the memory of
//! those that are used up, so that none is forgotten and none is counted twice.
//!
//! A run's position is what it left open and what it used up. The next run of the source begins
//! with it: [`Reading`] says of each record of an input whether it is new, and what it makes of the
//! open items; matching decides about all of it together; [`closing`] is the next position.
//!
//! A run of a business date that was reconciled before replaces the earlier one: what that one
//! received is taken back and received anew, what it matched from before is open again. Pure:
//! nothing here knows where a position is kept, and no match is decided here.

mod arrived;
mod asked;
mod closing;
mod evidence;
mod fingerprint;
mod given_up;
mod item;
mod moved;
mod noted;
mod opening;
mod other_names;
mod paid;
mod paid_before;
mod reading;
mod redated;
mod retried;
mod rewritten;
mod settle;
#[cfg(test)]
mod tests;
mod undone;
mod waiting;

use std::sync::Arc;

use crate::case::Settles;
use crate::discrepancy::{DiscrepancyId, Kind};
use crate::named_enum;
use crate::record::{Record, Side};

pub use arrived::hold_against_settled;
pub use asked::Asked;
pub use closing::{Own, Received, UsedUp, keep_ids, open_items, prints_of, used_up};
pub use evidence::{Gone, cleared, of_matches, of_superseded};
pub use fingerprint::{FINGERPRINT_BYTES, Fingerprint, Fingerprinted, fingerprint};
pub use opening::{Opening, ReadingContext};
pub use other_names::OtherNames;
pub use paid::{Payment, Payments, forget};
pub use paid_before::{FoundPaid, PaidBefore};
pub use reading::{Reading, Taken};
pub use settle::{Settled, discrepancies_of, move_settled, settle, used_by};
pub use undone::{Undone, undone};
pub use waiting::Decided;

named_enum! {
    /// How the records of one input relate to those of the inputs before it.
    Records {
        /// Each input has only records that no earlier one had; one that comes again is a duplicate.
        New = "new",
        /// Inputs may show records again: those are the same records.
        Cumulative = "cumulative",
        /// As cumulative, and an input is complete for the value dates that a run asks for: an open
        /// record that it no longer has was taken back.
        Snapshot = "snapshot",
    }
}

/// Records that were used up together: a matched pair, or what a resolution settled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Used {
    /// Each with its past.
    pub records: Vec<Record>,
    /// The resolution; none for a matched pair.
    pub settled: Option<SettledAs>,
}

impl Used {
    /// Whether both sides have a record among these.
    fn has_both_sides(&self) -> bool {
        let has = |side: Side| self.records.iter().any(|record| record.side == side);
        Side::BOTH.into_iter().all(has)
    }

    /// Whether both sides gave up by this what the record was before.
    fn gives_up(&self, record: &Record) -> bool {
        self.settled.is_none() && given_up::is_given_up(record, &self.records)
    }
}

/// How a resolution used records up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettledAs {
    /// Whose resolution.
    pub discrepancy: DiscrepancyId,
    /// Its kind.
    pub kind: Kind,
    /// Where the money counts.
    pub settles: Settles,
}

/// A group that a remembered run used up, as a run that reads its inputs sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remembered {
    /// The run that used it up.
    pub run: Arc<str>,
    /// Whether that run is replaced by the one that reads: it was of the same business date.
    pub is_replaced: bool,
    /// Whether the run before carried it forward, and a resolution settled it since.
    pub was_carried: bool,
    /// The group.
    pub used: Used,
}
