//! One line of the file of matches: records that agree.
//!
//! Names the records, and does not repeat them: they stay where they are staged.

use std::sync::Arc;

use domain::matching::Matched;
use domain::money::Money;
use domain::policy::{Field, Key, MatchRule};
use domain::record::{Record, References, Side};

use super::record::{money, references_from_wire, references_to_wire};
use super::{Carry, Staged, WireError};
use crate::wire::{StagedMatch, StagedMatchedRecord};

/// Records that agree, one of each side or more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchLine {
    /// Name of the rule that brought them together.
    pub rule: Box<str>,
    /// The references that the rule compared, as the partner's record states them; where the partner
    /// has none, as ours does. Sorted by kind.
    pub references: References,
    /// The partner's record; of several the first.
    pub partner: MatchedRecord,
    /// The ledger's record; of several the first.
    pub ledger: MatchedRecord,
    /// The partner's other records, where several go together.
    pub more_partner: Vec<MatchedRecord>,
    /// The ledger's other records.
    pub more_ledger: Vec<MatchedRecord>,
}

/// One record of a match.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchedRecord {
    /// File or query name.
    pub file: Arc<str>,
    /// Line in it, from 1.
    pub line: u32,
    /// What it says.
    pub money: Money,
}

impl MatchLine {
    /// The line for records that `rule` brought together.
    #[must_use]
    pub fn new(rule: &MatchRule, matched: &Matched) -> Self {
        let reference = |key: &Key| {
            let of = |record: &Record| match key.of(record.side).field {
                Field::Reference(kind) => Some((kind, record.reference(kind)?.into())),
                _ => None,
            };
            of(&matched.partner).or_else(|| of(&matched.ledger))
        };
        let mut references: References = rule.on.iter().filter_map(reference).collect();
        references.sort();
        references.dedup();
        let more = |side: Side| {
            let more = matched.more.iter().filter(|record| record.side == side);
            more.map(MatchedRecord::of).collect()
        };
        MatchLine {
            rule: rule.name.as_str().into(),
            references,
            partner: MatchedRecord::of(&matched.partner),
            ledger: MatchedRecord::of(&matched.ledger),
            more_partner: more(Side::Partner),
            more_ledger: more(Side::Ledger),
        }
    }
}

impl MatchedRecord {
    fn of(record: &Record) -> Self {
        MatchedRecord {
            file: Arc::clone(&record.origin.file),
            line: record.origin.line,
            money: record.money,
        }
    }
}

impl Staged for MatchLine {
    type Wire = StagedMatch;

    fn to_wire(&self, carry: &mut Carry) -> StagedMatch {
        StagedMatch {
            rule: self.rule.to_string(),
            references: references_to_wire(&self.references),
            partner: Some(record_to_wire(Side::Partner, &self.partner, carry)),
            ledger: Some(record_to_wire(Side::Ledger, &self.ledger, carry)),
            more_partner: all_to_wire(Side::Partner, &self.more_partner, carry),
            more_ledger: all_to_wire(Side::Ledger, &self.more_ledger, carry),
        }
    }

    fn from_wire(wire: StagedMatch, carry: &mut Carry) -> Result<Self, WireError> {
        Ok(MatchLine {
            rule: wire.rule.into_boxed_str(),
            references: references_from_wire(wire.references)?,
            partner: record_from_wire(Side::Partner, wire.partner, carry)?,
            ledger: record_from_wire(Side::Ledger, wire.ledger, carry)?,
            more_partner: all_from_wire(Side::Partner, wire.more_partner, carry)?,
            more_ledger: all_from_wire(Side::Ledger, wire.more_ledger, carry)?,
        })
    }
}

fn all_to_wire(
    side: Side,
    records: &[MatchedRecord],
    carry: &mut Carry,
) -> Vec<StagedMatchedRecord> {
    let records = records.iter();
    records.map(|it| record_to_wire(side, it, carry)).collect()
}

fn all_from_wire(
    side: Side,
    records: Vec<StagedMatchedRecord>,
    carry: &mut Carry,
) -> Result<Vec<MatchedRecord>, WireError> {
    let records = records.into_iter();
    records
        .map(|it| record_from_wire(side, Some(it), carry))
        .collect()
}

fn record_to_wire(side: Side, record: &MatchedRecord, carry: &mut Carry) -> StagedMatchedRecord {
    StagedMatchedRecord {
        file: carry.file_to_wire(side, &record.file),
        line: record.line,
        amount: record.money.amount.to_string(),
        currency: record.money.currency.code().to_owned(),
    }
}

fn record_from_wire(
    side: Side,
    wire: Option<StagedMatchedRecord>,
    carry: &mut Carry,
) -> Result<MatchedRecord, WireError> {
    let wire = wire.ok_or(WireError::Missing(side.name()))?;
    Ok(MatchedRecord {
        file: carry.file_from_wire(side, wire.file.as_deref())?,
        line: wire.line,
        money: money(&wire.amount, &wire.currency)?,
    })
}
