//! What a side of a run begins with, and what that depends on.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Records;
use super::evidence::Gone;
use super::fingerprint::Fingerprint;
use super::paid::Payment;
use crate::money::Money;
use crate::record::{Record, Side};

/// What is read, and for which run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadingContext {
    /// Whose input.
    pub side: Side,
    /// How its inputs relate to each other.
    pub records: Records,
    /// The day that is reconciled.
    pub business_date: Date,
    /// First and last value date that the run asks for.
    pub value_dates: (Date, Date),
    /// Whether the input is all of the source: nothing is taken back because a part lacks it.
    pub is_whole: bool,
}

impl ReadingContext {
    /// Whether what this input lacks of the replaced run's is thereby withdrawn: a report that is
    /// amended is replaced as a whole; a view of the ledger may simply look elsewhere.
    pub(super) fn replaces(&self) -> bool {
        let is_report = self.side == Side::Partner || self.records == Records::New;
        self.is_whole && is_report
    }

    /// First and last value date of which the input has all that there is. One that shows records again says how
    /// far back it goes by those that it shows, from this day on; one that is complete is as complete as it is
    /// said to be.
    pub(super) fn covers(&self, shown_from: Option<Date>) -> Option<(Date, Date)> {
        let (from, to) = self.value_dates;
        match self.records {
            Records::New => None,
            Records::Cumulative => shown_from.map(|shown| (from.max(shown), to)),
            Records::Snapshot => Some((from, to)),
        }
    }
}

/// What a side begins with, once its input is read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opening {
    /// Open items, to be compared with what was received.
    pub items: Vec<Record>,
    /// Open items that were taken back: in the opening, and voided.
    pub voided: Vec<Record>,
    /// Of these, by their places, those that the input has with another value date.
    pub moved: BTreeMap<usize, Date>,
    /// And those that it has with another amount.
    pub amended: BTreeMap<usize, Money>,
    /// Records that were another payment in the words that earlier runs knew.
    pub renamed: Vec<Fingerprint>,
    /// Records that the replaced run received and that this input no longer has; in no opening.
    pub withdrawn: Vec<Record>,
    /// Records of used groups that are among the withdrawn: places of the group in the memory, and
    /// of the record in the group. See [`super::undone`].
    pub withdrawn_of_groups: Vec<(usize, usize)>,
    /// Records that the replaced run received and matched, and that this input lacks without
    /// saying that they are gone: whoever has them puts them among the items.
    pub unseen: Vec<Fingerprint>,
    /// How many items were used up before and are open again.
    pub reopened: u64,
    /// How many open items the replaced run had received: received anew, or withdrawn.
    pub taken_back: u64,
    /// Payments of records that runs of other days used up and that this input shows again: what is paid twice
    /// stands beside the first, what was only corrected in its place.
    pub shown: Vec<Payment>,
    /// What later rules would call these records, sorted.
    pub shown_names: Vec<Payment>,
    /// First and last value date of which this input has all that there is, as far as it tells: what it lacks of
    /// them is there no more. None of one that shows nothing again.
    pub covers: Option<(Date, Date)>,
}

impl Opening {
    /// What is gone, for the cases that it was in.
    pub fn gone<'o>(&'o self, input: &'o str) -> impl Iterator<Item = Gone> + 'o {
        let withdrawn = self.withdrawn.iter().filter_map(move |record| {
            Gone::of(
                record,
                format!("the amended report {input} no longer has it"),
            )
        });
        let voided = self.voided.iter().enumerate();
        let voided = voided.filter_map(move |(place, record)| {
            let evidence = match (self.moved.get(&place), self.amended.get(&place)) {
                (Some(day), _) => format!("has it with value date {day}"),
                (None, Some(money)) => format!("has it with {money}"),
                (None, None) if record.is_changed() => "says so no longer".to_owned(),
                (None, None) => "no longer has it: it was taken back".to_owned(),
            };
            Gone::of(record, format!("{input} {evidence}"))
        });
        withdrawn.chain(voided)
    }
}
