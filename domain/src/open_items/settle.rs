//! What resolutions make of open items: settled ones leave, and the run's final figures say so.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::{SettledAs, Undone, Used};
use crate::case::{InForce, Settles};
use crate::conservation::{Conservation, CountAndSum};
use crate::discrepancy::{DiscrepancyId, Kind};
use crate::money::MoneyError;
use crate::record::{Record, Side};

/// Discrepancies that are settled, and how.
pub type Settled = BTreeMap<DiscrepancyId, Settles>;

/// The discrepancies that these items are in, with their records.
#[must_use]
pub fn discrepancies_of(items: &[Record]) -> BTreeMap<&DiscrepancyId, (Kind, Vec<&Record>)> {
    let mut found: BTreeMap<&DiscrepancyId, (Kind, Vec<&Record>)> = BTreeMap::new();
    for item in items {
        if let Some((id, kind)) = item.found_in() {
            let (_, records) = found.entry(id).or_insert_with(|| (*kind, Vec::new()));
            records.push(item);
        }
    }
    found
}

/// Which discrepancies of these items (of both sides) the resolutions in force settle.
#[must_use]
pub fn settle(items: &[Record], in_force: impl Fn(&DiscrepancyId) -> Option<InForce>) -> Settled {
    let mut settled = Settled::new();
    for (id, (_, records)) in discrepancies_of(items) {
        let has = |side: Side| records.iter().any(|record| record.side == side);
        let has_both_sides = has(Side::Partner) && has(Side::Ledger);
        let settles = in_force(id).map(|decided| decided.settles(has_both_sides));
        if let Some(settles) = settles.filter(|settles| *settles != Settles::Nothing) {
            settled.insert(*id, settles);
        }
    }
    settled
}

/// What the settled discrepancies of these items use up.
#[must_use]
pub fn used_by(items: &[Record], settled: &Settled) -> Vec<Used> {
    let found = discrepancies_of(items).into_iter();
    let used = found.filter_map(|(id, (kind, records))| {
        let settles = *settled.get(id)?;
        Some(Used {
            records: records.into_iter().cloned().collect(),
            settled: Some(SettledAs {
                discrepancy: *id,
                kind,
                settles,
            }),
        })
    });
    used.collect()
}

/// What people settled as paid, as far as it is not undone: differences between records of both sides, and what they
/// matched by hand. Each with the run that received it and the day that the last of its inputs was of; not those that
/// an input of this day had, which is replaced.
pub(super) fn paid_by_people<'u>(
    day: Date,
    settled: &'u [Used],
    undone: &'u Undone,
) -> impl Iterator<Item = (Arc<str>, Date, &'u Used)> {
    settled.iter().filter_map(move |used| {
        let by = used.settled.as_ref();
        let is_paid = by.is_some_and(|by| match by.settles {
            Settles::Matched => true,
            Settles::WrittenOff => used.has_both_sides(),
            Settles::Voided | Settles::Nothing => false,
        });
        let past = used.records.iter().filter_map(|it| it.past.as_ref());
        let is_replaced = past.clone().any(|past| past.since == day);
        let last = past.map(|past| past.since).max()?;
        let run = used.records.iter().find_map(Record::carried_from)?;
        let is_paid = is_paid && !undone.unsettles(used) && !is_replaced;
        is_paid.then(|| (Arc::from(run), last, used))
    })
}

/// Moves what was settled from carried forward to where it counts.
///
/// # Errors
/// [`MoneyError`] when less was carried forward than is settled, or a sum does not fit.
pub fn move_settled(
    conservation: &mut Conservation,
    items: &[Record],
    settled: &Settled,
) -> Result<(), MoneyError> {
    for item in items {
        let settles = item.found_in().and_then(|(id, _)| settled.get(id));
        let Some(settles) = settles.filter(|settles| **settles != Settles::Nothing) else {
            continue;
        };
        let one = CountAndSum::new(1, item.money.amount)?;
        let line = conservation.line_mut(item.side, item.money.currency);
        line.carried_forward.remove(one)?;
        if let Some(part) = line.settled_as(*settles) {
            part.merge(one)?;
        }
    }
    Ok(())
}
