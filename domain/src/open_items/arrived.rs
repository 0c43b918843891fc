//! What arrives after people settled its other side, which was alone: written off, voided, matched by hand. It is
//! a discrepancy still, as nobody undoes in silence what was decided. But it would not be true that the other side
//! has nothing of it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::closing::part_from_settled;
use super::paid::{Payment, Payments};
use super::{SettledAs, Undone, Used};
use crate::discrepancy::{Discrepancy, Kind, NearestCandidate};
use crate::matching::canonical_order;
use crate::policy::SourcePolicy;
use crate::record::{Movement, Record, Side};

/// Records of one side that people settled without any of the other, by what was paid.
#[derive(Debug, Default)]
pub(super) struct SettledAlone<'u>(BTreeMap<Told, Vec<(&'u Record, &'u SettledAs)>>);

/// What a record tells of its money: whose it is, which payment, and whether it moved.
pub(super) type Told = (Side, Payment, Movement);

impl<'u> SettledAlone<'u> {
    /// Those among what was settled.
    pub(super) fn of(payments: &mut Payments, settled: impl IntoIterator<Item = &'u Used>) -> Self {
        let mut alone = SettledAlone::default();
        for used in settled.into_iter().filter(|used| !used.has_both_sides()) {
            let Some(by) = &used.settled else { continue };
            for record in used.records.iter().filter(|it| !it.has_failed()) {
                if let Some(payment) = payments.of_record(record) {
                    let told = (record.side, payment, record.movement());
                    alone.0.entry(told).or_default().push((record, by));
                }
            }
        }
        for records in alone.0.values_mut() {
            records.sort_by(|(one, _), (other, _)| canonical_order(one, other));
        }
        alone
    }

    /// Whether there is any of this.
    pub(super) fn has(&self, told: &Told) -> bool {
        self.0.contains_key(told)
    }

    /// How many there are of each.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Told, i64)> {
        let counts = self.0.iter();
        counts.map(|(told, records)| (*told, records.iter().map(|_| 1).sum()))
    }
}

/// The other side of a record, as it would tell of the same money.
pub(super) fn across(record: &Record, payment: Payment) -> Told {
    (record.side.other(), payment, record.movement())
}

/// Holds findings against what people settled: other records than those are other discrepancies, and of those that are
/// alone it is told what goes with them, as far as that is not undone.
pub fn hold_against_settled(
    policy: &SourcePolicy,
    found: &mut [Discrepancy],
    settled: &[Used],
    undone: &Undone,
) {
    let by = settled.iter().filter_map(|used| used.settled.as_ref());
    part_from_settled(found, &by.map(|by| by.discrepancy).collect());
    let in_force = settled.iter().filter(|used| !undone.unsettles(used));
    tell_settled(policy, found, in_force);
}

/// Each that was settled goes with one.
fn tell_settled<'u>(
    policy: &SourcePolicy,
    found: &mut [Discrepancy],
    settled: impl Iterator<Item = &'u Used>,
) {
    let mut payments = Payments::of(policy);
    let mut alone = SettledAlone::of(&mut payments, settled);
    if alone.0.is_empty() {
        return;
    }
    let mut missing: Vec<(Told, &mut Discrepancy)> = Vec::new();
    for discrepancy in found {
        let told = lone(discrepancy).and_then(|record| {
            let payment = payments.of_record(record)?;
            Some(across(record, payment))
        });
        if let Some(told) = told.filter(|told| alone.0.contains_key(told)) {
            missing.push((told, discrepancy));
        }
    }
    missing.sort_by(|(_, one), (_, other)| {
        let records = lone(one).zip(lone(other));
        records.map_or(Ordering::Equal, |(one, other)| canonical_order(one, other))
    });
    for (told, discrepancy) in missing {
        let records = alone.0.get_mut(&told).filter(|records| !records.is_empty());
        if let Some(records) = records {
            let (record, by) = records.remove(0);
            tell(discrepancy, record, by);
        }
    }
}

/// The only record of a discrepancy, where the other side lacks it.
fn lone(discrepancy: &Discrepancy) -> Option<&Record> {
    match discrepancy.kind {
        Kind::MissingInLedger => discrepancy.partner.as_ref(),
        Kind::MissingAtPartner => discrepancy.ledger.as_ref(),
        _ => None,
    }
}

fn tell(discrepancy: &mut Discrepancy, record: &Record, by: &SettledAs) {
    let was_settled = format!("{} in case/{}", by.settles.words(), by.discrepancy);
    let (side, money, day) = (record.side, record.money, record.value_date);
    discrepancy.reason += &format!(
        "; the {side}'s {money} of {day} {was_settled}: reopen that case if the two belong together"
    );
    discrepancy.nearest = Some(Box::new(NearestCandidate {
        record: record.clone(),
        kept_apart_by: format!("it {was_settled}"),
        settled: Some(by.settles),
    }));
}
