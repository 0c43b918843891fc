//! Groups that an amended report takes apart: it withdrew a record that they were used up with.

use std::collections::BTreeSet;

use super::{Remembered, Used};
use crate::discrepancy::DiscrepancyId;
use crate::record::Record;

/// What is left of groups that were used up and are not any more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Undone {
    /// The groups, by their places in the memory.
    pub groups: BTreeSet<usize>,
    /// Their other records: open again.
    pub records: Vec<Record>,
    /// How many of those the run before had not carried forward.
    pub reopened: u64,
    /// How many withdrawn records it had carried forward.
    pub taken_back: u64,
    /// What resolutions had settled that has no effect any more.
    pub unsettled: BTreeSet<DiscrepancyId>,
}

impl Undone {
    /// Whether a resolution that used these up has no effect any more.
    #[must_use]
    pub fn unsettles(&self, used: &Used) -> bool {
        let settled = used.settled.as_ref();
        settled.is_some_and(|by| self.unsettled.contains(&by.discrepancy))
    }
}

/// What becomes of used groups from which records are withdrawn: places of the group in the memory,
/// and of the record in the group.
#[must_use]
pub fn undone(used: &[Remembered], withdrawn: &BTreeSet<(usize, usize)>) -> Undone {
    let mut undone = Undone {
        groups: withdrawn.iter().map(|(group, _)| *group).collect(),
        ..Undone::default()
    };
    for place in &undone.groups {
        let group = &used[*place];
        if let Some(settled) = &group.used.settled {
            undone.unsettled.insert(settled.discrepancy);
        }
        for (at, record) in group.used.records.iter().enumerate() {
            let is_withdrawn = withdrawn.contains(&(*place, at));
            undone.taken_back += u64::from(is_withdrawn && group.was_carried);
            undone.reopened += u64::from(!is_withdrawn && !group.was_carried);
            if !is_withdrawn {
                undone.records.push(record.clone());
            }
        }
    }
    undone
}
