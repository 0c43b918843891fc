//! Counts and sums of a run as messages, and conservation lines back as values.
//!
//! The only place where totals are put together: `trueup compare` and a run tell them alike.

use std::collections::BTreeMap;

use domain::conservation::{Conservation, CountAndSum, Line};
use domain::discrepancy::Discrepancy;
use domain::money::{Amount, Currency, MoneyError, amount_text};
use domain::record::Side;

use crate::wire::{self, ConservationLine, RunTotals};

/// Puts discrepancies into the totals: how many, of which kinds and severities.
pub fn count_discrepancies<'d>(
    totals: &mut RunTotals,
    discrepancies: impl IntoIterator<Item = &'d Discrepancy>,
) {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for Discrepancy { kind, severity, .. } in discrepancies {
        *counts.entry((*kind, *severity)).or_default() += 1;
    }
    for ((kind, severity), count) in counts {
        let (kind, severity) = (kind.name().to_owned(), severity.name().to_owned());
        totals.discrepancies += count;
        *totals.by_kind.entry(kind).or_default() += count;
        *totals.by_severity.entry(severity).or_default() += count;
    }
}

/// Where the money of each side and currency went, as messages.
///
/// # Errors
/// A sum is larger than an amount may be.
pub fn conservation_to_wire(
    conservation: &Conservation,
) -> Result<Vec<ConservationLine>, MoneyError> {
    let lines = conservation.lines().map(|(side, currency, line)| {
        let part = |part: CountAndSum| -> Result<_, MoneyError> {
            let amount = amount_text(part.sum()?, currency);
            Ok(Some(wire::CountAndSum {
                count: part.count(),
                amount,
            }))
        };
        Ok(ConservationLine {
            side: side.name().to_owned(),
            currency: currency.code().to_owned(),
            opening: part(line.opening)?,
            received: part(line.received)?,
            matched: part(line.matched)?,
            written_off: part(line.written_off)?,
            voided: part(line.voided)?,
            carried_forward: part(line.carried_forward)?,
            out_of_scope: part(line.out_of_scope)?,
            holds: line.holds(),
        })
    });
    lines.collect()
}

/// Adds the lines of a part of a run to those of the others.
///
/// # Errors
/// A sum or a currency is none.
pub fn add_conservation(
    sum: &mut Conservation,
    lines: &[ConservationLine],
) -> Result<(), MoneyError> {
    for line in lines {
        let currency = Currency::parse(&line.currency)?;
        let side = Side::parse(&line.side).unwrap_or(Side::Ledger);
        let part = |part: &Option<wire::CountAndSum>| match part {
            None => Ok(CountAndSum::default()),
            Some(part) => CountAndSum::new(part.count, Amount::parse(&part.amount)?),
        };
        sum.line_mut(side, currency).merge(&Line {
            opening: part(&line.opening)?,
            received: part(&line.received)?,
            matched: part(&line.matched)?,
            written_off: part(&line.written_off)?,
            voided: part(&line.voided)?,
            carried_forward: part(&line.carried_forward)?,
            out_of_scope: part(&line.out_of_scope)?,
        })?;
    }
    Ok(())
}
