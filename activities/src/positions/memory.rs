//! What is remembered of used groups, in an order that all steps of a run share.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::open_items::{Remembered, Undone, Used, undone, used_by};
use domain::record::Record;
use jiff::civil::Date;

use super::{Position, Resolved};
use crate::failures::Failure;
use crate::staging::{SideManifest, Staging};

/// The groups that runs used up, as far as a run has to know them one by one.
pub(crate) struct Memory {
    /// Those that are still used up.
    pub(crate) used: Vec<Remembered>,
    /// Where each of them is.
    pub(crate) places: Vec<Place>,
    /// Records that a resolution settled that holds no longer.
    pub(crate) returned: Vec<Record>,
    /// The runs whose groups those were, by their place among those remembered.
    pub(crate) returned_from: BTreeSet<usize>,
}

/// Where a group is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// The run, by its place among those remembered; as many as there are for what was settled
    /// since the last of them.
    pub(crate) spent: usize,
    /// Among what resolutions settled before it, or among what it matched.
    pub(crate) is_settled: bool,
}

impl Memory {
    pub(crate) async fn load(
        staging: &Staging,
        position: &Position,
        resolved: &Resolved,
        business_date: Date,
    ) -> Result<Self, Failure> {
        let mut memory = Memory {
            used: Vec::new(),
            places: Vec::new(),
            returned: Vec::new(),
            returned_from: BTreeSet::new(),
        };
        for (place, spent) in position.spent.iter().enumerate() {
            let is_replaced = super::date(&spent.business_date)? == business_date;
            let run: Arc<str> = Arc::from(spent.run_id.as_str());
            // Most runs need no more of the pairs than their fingerprints.
            let matched = match spent.concerns(business_date)? {
                true => &spent.matched[..],
                false => &[],
            };
            let settled = spent.settled.iter().map(|stored| (stored, true));
            for (stored, is_settled) in matched.iter().map(|s| (s, false)).chain(settled) {
                for used in staging.get_all::<Used>(stored).await? {
                    if is_returned(&used, resolved) {
                        memory.returned.extend(used.records);
                        memory.returned_from.insert(place);
                        continue;
                    }
                    memory.used.push(Remembered {
                        run: Arc::clone(&run),
                        is_replaced,
                        was_carried: false,
                        used,
                    });
                    memory.places.push(Place {
                        spent: place,
                        is_settled,
                    });
                }
            }
        }
        memory.settle(staging, position, resolved).await?;
        Ok(memory)
    }

    /// What people settled since the last run is used up, too.
    async fn settle(
        &mut self,
        staging: &Staging,
        position: &Position,
        resolved: &Resolved,
    ) -> Result<(), Failure> {
        let settled = resolved.all();
        if settled.is_empty() {
            return Ok(());
        }
        let run: Arc<str> = Arc::from(position.run_id.as_str());
        let items = position.all_open_items(staging).await?;
        for used in used_by(&items, &settled) {
            let by = used.settled.as_ref().map(|settled| &settled.discrepancy);
            self.used.push(Remembered {
                run: Arc::clone(&run),
                is_replaced: false,
                was_carried: by.is_some_and(|id| resolved.now.contains_key(id)),
                used,
            });
            self.places.push(Place {
                spent: position.spent.len(),
                is_settled: true,
            });
        }
        Ok(())
    }
}

/// What is not used up any more because the amended inputs withdrew a part of it.
pub(crate) async fn undone_by(
    staging: &Staging,
    position: &Position,
    resolved: &Resolved,
    business_date: Date,
    sides: [&SideManifest; 2],
) -> Result<Undone, Failure> {
    let withdrawn = withdrawn_of_groups(sides);
    if withdrawn.is_empty() {
        return Ok(Undone::default());
    }
    let memory = Memory::load(staging, position, resolved, business_date).await?;
    Ok(undone(&memory.used, &withdrawn))
}

/// Places of withdrawn records in the memory.
pub(super) fn withdrawn_of_groups(sides: [&SideManifest; 2]) -> BTreeSet<(usize, usize)> {
    let openings = sides.into_iter().filter_map(|side| side.opening.as_ref());
    openings
        .flat_map(|opening| opening.withdrawn_of_groups.iter().copied())
        .collect()
}

/// Whether a resolution used these up that holds no longer.
pub(super) fn is_returned(used: &Used, resolved: &Resolved) -> bool {
    let settled = used.settled.as_ref();
    settled.is_some_and(|settled| resolved.returned.contains(&settled.discrepancy))
}
