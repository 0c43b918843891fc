//! A discrepancy and its message.

use domain::discrepancy::{Discrepancy, DiscrepancyId, Kind, NearestCandidate};
use domain::record::Record;
use domain::severity::Severity;

use super::past::settles;
use super::record::{computed_amount, currency};
use super::{Carry, Staged, WireError};
use crate::wire::{StagedDiscrepancy, StagedNearest, StagedRecord};

impl Staged for Discrepancy {
    type Wire = StagedDiscrepancy;

    fn to_wire(&self, carry: &mut Carry) -> StagedDiscrepancy {
        StagedDiscrepancy {
            id: self.id.as_str().to_owned(),
            kind: self.kind.name().to_owned(),
            severity: self.severity.name().to_owned(),
            reference: self.reference.to_string(),
            currency: self.currency.code().to_owned(),
            at_stake: self.at_stake.to_string(),
            difference: self.difference.map(|amount| amount.to_string()),
            partner: self.partner.as_ref().map(|record| record.to_wire(carry)),
            ledger: self.ledger.as_ref().map(|record| record.to_wire(carry)),
            related: self
                .related
                .iter()
                .map(|record| record.to_wire(carry))
                .collect(),
            rule: self.rule.to_string(),
            reason: self.reason.clone(),
            nearest: self.nearest.as_ref().map(|nearest| StagedNearest {
                record: Some(nearest.record.to_wire(carry)),
                kept_apart_by: nearest.kept_apart_by.clone(),
                settles: nearest.settled.map(|settles| settles.name().to_owned()),
            }),
        }
    }

    /// Takes the records in the order in which [`Staged::to_wire`] writes them: `carry` needs it.
    fn from_wire(wire: StagedDiscrepancy, carry: &mut Carry) -> Result<Self, WireError> {
        let mut record = |wire: StagedRecord| Record::from_wire(wire, carry);
        let partner = wire.partner.map(&mut record).transpose()?;
        let ledger = wire.ledger.map(&mut record).transpose()?;
        let related = wire
            .related
            .into_iter()
            .map(&mut record)
            .collect::<Result<_, _>>()?;
        let nearest = wire
            .nearest
            .map(|wire| nearest(wire, &mut record))
            .transpose()?;
        Ok(Discrepancy {
            id: DiscrepancyId::parse(&wire.id)
                .ok_or_else(|| WireError::malformed("id", &wire.id, "32 hexadecimal digits"))?,
            kind: Kind::parse(&wire.kind)
                .ok_or_else(|| WireError::malformed("kind", &wire.kind, "a kind"))?,
            severity: Severity::parse(&wire.severity)
                .ok_or_else(|| WireError::malformed("severity", &wire.severity, "a severity"))?,
            reference: wire.reference.into(),
            currency: currency(&wire.currency)?,
            at_stake: computed_amount("at_stake", &wire.at_stake)?,
            difference: wire
                .difference
                .map(|text| computed_amount("difference", &text))
                .transpose()?,
            partner,
            ledger,
            related,
            rule: wire.rule.into(),
            reason: wire.reason,
            nearest,
        })
    }
}

impl From<&Discrepancy> for StagedDiscrepancy {
    /// On its own: for rows of the store and JSON.
    fn from(discrepancy: &Discrepancy) -> Self {
        discrepancy.to_wire(&mut Carry::default())
    }
}

impl TryFrom<StagedDiscrepancy> for Discrepancy {
    type Error = WireError;

    fn try_from(wire: StagedDiscrepancy) -> Result<Self, WireError> {
        Discrepancy::from_wire(wire, &mut Carry::default())
    }
}

fn nearest(
    wire: StagedNearest,
    record: &mut impl FnMut(StagedRecord) -> Result<Record, WireError>,
) -> Result<Box<NearestCandidate>, WireError> {
    let found = wire.record;
    let settled = wire.settles.map(|text| settles(&text)).transpose()?;
    Ok(Box::new(NearestCandidate {
        record: record(found.ok_or(WireError::Missing("record of the nearest"))?)?,
        kept_apart_by: wire.kept_apart_by,
        settled,
    }))
}
