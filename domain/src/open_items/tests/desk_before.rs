//! What runs on the [desk](super::desk) know of those before: what people settled, and what was matched.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::desk::Desk;
use crate::case::Settles;
use crate::discrepancy::DiscrepancyId;
use crate::open_items::{self, PaidBefore, Settled};
use crate::record::Side;

impl Desk {
    /// As the run before left them, and as resolutions have it now.
    pub(super) fn resolved(&mut self, is_whole: bool) -> Resolved {
        if is_whole {
            self.close();
        }
        let earlier = self.final_settled.clone().unwrap_or_default();
        let current = open_items::settle(&self.open, |id| self.in_force(id));
        let mut returned: BTreeSet<DiscrepancyId> = earlier
            .keys()
            .filter(|id| !current.contains_key(*id))
            .cloned()
            .collect();
        for used in self.spent.iter().flat_map(|spent| &spent.settled) {
            let again = open_items::settle(&used.records, |id| self.in_force(id));
            let by = used.settled.as_ref().map(|by| &by.discrepancy);
            returned.extend(by.filter(|id| !again.contains_key(*id)).cloned());
        }
        Resolved {
            now: current
                .into_iter()
                .filter(|(id, _)| !earlier.contains_key(id))
                .collect(),
            earlier,
            returned,
        }
    }

    /// Shows what runs of other days matched.
    pub(super) fn show_earlier(&self, day: Date, before: &mut PaidBefore<'_>) {
        for spent in self.spent.iter().filter(|spent| spent.day != day) {
            for side in Side::BOTH {
                let wanted = before.wants(&spent.run, side).unwrap_or_default();
                let paired = spent.paired.iter().filter(|it| it.side == side);
                for record in paired.filter(|record| wanted.is_of(record)) {
                    before.see(&self.policy, &spent.run, spent.day, record);
                }
            }
        }
    }
}

/// What is settled: as the run before had it, since then, and not any more.
pub(super) struct Resolved {
    pub(super) earlier: Settled,
    pub(super) now: Settled,
    pub(super) returned: BTreeSet<DiscrepancyId>,
}

impl Resolved {
    pub(super) fn settles(&self, id: &DiscrepancyId) -> Option<Settles> {
        if self.returned.contains(id) {
            return None;
        }
        self.earlier.get(id).or_else(|| self.now.get(id)).copied()
    }

    pub(super) fn all(&self) -> Settled {
        let both = self.earlier.iter().chain(&self.now);
        both.filter(|(id, _)| !self.returned.contains(*id))
            .map(|(id, settles)| (*id, *settles))
            .collect()
    }
}
