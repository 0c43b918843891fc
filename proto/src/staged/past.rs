//! What earlier runs know of records, and what they used up, as messages.

use std::sync::Arc;

use domain::case::Settles;
use domain::discrepancy::{DiscrepancyId, Kind};
use domain::open_items::{SettledAs, Used};
use domain::record::{Past, Record};

use super::record::date;
use super::{Carry, Staged, WireError};
use crate::wire::{StagedPast, StagedUsed};

pub(super) fn past_to_wire(past: &Past) -> StagedPast {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
    let found_in = past.found_in.as_ref();
    StagedPast {
        received_by: text(&past.received_by),
        since: past.since.to_string(),
        discrepancy: found_in.map(|(id, _)| id.to_string()),
        kind: found_in.map(|(_, kind)| kind.name().to_owned()),
        repeats: text(&past.repeats),
    }
}

pub(super) fn past_from_wire(wire: StagedPast) -> Result<Past, WireError> {
    Ok(Past {
        received_by: wire.received_by.map(Arc::from),
        since: date("since", &wire.since)?,
        found_in: found_in(wire.discrepancy, wire.kind)?,
        repeats: wire.repeats.map(Arc::from),
    })
}

impl Staged for Used {
    type Wire = StagedUsed;

    fn to_wire(&self, carry: &mut Carry) -> StagedUsed {
        let settled = self.settled.as_ref();
        StagedUsed {
            records: self.records.iter().map(|r| r.to_wire(carry)).collect(),
            discrepancy: settled.map(|settled| settled.discrepancy.to_string()),
            kind: settled.map(|settled| settled.kind.name().to_owned()),
            settles: settled.map(|settled| settled.settles.name().to_owned()),
        }
    }

    fn from_wire(wire: StagedUsed, carry: &mut Carry) -> Result<Self, WireError> {
        let records = wire.records.into_iter();
        let records = records.map(|record| Record::from_wire(record, carry));
        let records = records.collect::<Result<_, _>>()?;
        let settles = wire.settles.map(|text| settles(&text));
        let settled = found_in(wire.discrepancy, wire.kind)?
            .zip(settles.transpose()?)
            .map(|((discrepancy, kind), settles)| SettledAs {
                discrepancy,
                kind,
                settles,
            });
        Ok(Used { records, settled })
    }
}

pub(super) fn settles(text: &str) -> Result<Settles, WireError> {
    let expected = "a way to settle";
    Settles::parse(text).ok_or_else(|| WireError::malformed("settles", text, expected))
}

fn found_in(
    id: Option<String>,
    kind: Option<String>,
) -> Result<Option<(DiscrepancyId, Kind)>, WireError> {
    let (Some(id), Some(kind)) = (id, kind) else {
        return Ok(None);
    };
    let expected = "32 hexadecimal digits";
    let id = DiscrepancyId::parse(&id)
        .ok_or_else(|| WireError::malformed("discrepancy", &id, expected))?;
    let kind = Kind::parse(&kind).ok_or_else(|| WireError::malformed("kind", &kind, "a kind"))?;
    Ok(Some((id, kind)))
}
