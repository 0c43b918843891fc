//! Counts and sums of a run, as its status, its result and its record tell them.

use std::collections::BTreeMap;

use domain::conservation::{Conservation, CountAndSum, Line};
use domain::discrepancy::Discrepancy;
use domain::money::{Amount, Currency, MoneyError, amount_text};
use domain::record::Side;
use proto::wire::{self, ConservationLine, RunTotals};

/// What a run consists of in the end.
pub(super) struct Parts<'a> {
    pub(super) partner: wire::SideCounts,
    pub(super) ledger: wire::SideCounts,
    pub(super) matched: u64,
    pub(super) discrepancies: &'a [Discrepancy],
    pub(super) in_transit: u64,
    pub(super) out_of_scope: u64,
    pub(super) conservation: &'a Conservation,
}

/// Counts and sums of a run.
pub(super) fn of_run(parts: Parts<'_>) -> RunTotals {
    let count = |names: &mut dyn Iterator<Item = &'static str>| {
        let mut counts = BTreeMap::new();
        for name in names {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
        counts
    };
    let found = parts.discrepancies;
    RunTotals {
        partner: Some(parts.partner),
        ledger: Some(parts.ledger),
        matched: parts.matched,
        discrepancies: found.len() as u64,
        by_kind: count(&mut found.iter().map(|discrepancy| discrepancy.kind.name())),
        by_severity: count(&mut found.iter().map(|discrepancy| discrepancy.severity.name())),
        in_transit: parts.in_transit,
        out_of_scope: parts.out_of_scope,
        conservation: conservation(parts.conservation),
        cases_started: 0,
    }
}

/// Conservation lines as they travel and as people see them.
pub(super) fn conservation(lines: &Conservation) -> Vec<ConservationLine> {
    let lines = lines.lines().map(|(side, currency, line)| {
        let part = |part: CountAndSum| {
            let amount = part.sum().map(|sum| amount_text(sum, currency));
            let amount = amount.unwrap_or_else(|error| error.to_string());
            Some(wire::CountAndSum { count: part.count(), amount })
        };
        ConservationLine {
            side: side.name().to_owned(),
            currency: currency.code().to_owned(),
            opening: part(line.opening),
            received: part(line.received),
            matched: part(line.matched),
            written_off: part(line.written_off),
            voided: part(line.voided),
            carried_forward: part(line.carried_forward),
            out_of_scope: part(line.out_of_scope),
            holds: line.holds(),
        }
    });
    lines.collect()
}

/// Conservation lines that a step of the run left, added to `sum`.
pub(super) fn add(sum: &mut Conservation, lines: &[ConservationLine]) -> Result<(), MoneyError> {
    for line in lines {
        let currency = Currency::parse(&line.currency)?;
        let side = if line.side == Side::Partner.name() { Side::Partner } else { Side::Ledger };
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
