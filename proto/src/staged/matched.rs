//! One line of the file of matches: two records that agree.
//!
//! Names the two records, and does not repeat them: they stay where they are staged.

use std::sync::Arc;

use domain::money::Money;
use domain::policy::MatchRule;
use domain::record::{Record, ReferenceKind, Side};

use super::record::{money, references_from_wire, references_to_wire};
use super::{Carry, Staged, WireError};
use crate::wire::{StagedMatch, StagedMatchedRecord};

/// Two records that agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchLine {
    /// Name of the rule that brought them together.
    pub rule: Box<str>,
    /// The references that the rule compared, as the partner's record states them, sorted by kind.
    pub references: Vec<(ReferenceKind, Box<str>)>,
    /// The partner's record.
    pub partner: MatchedRecord,
    /// The ledger's record.
    pub ledger: MatchedRecord,
}

/// One record of a matched pair.
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
    /// The line for two records that `rule` brought together.
    #[must_use]
    pub fn new(rule: &MatchRule, partner: &Record, ledger: &Record) -> Self {
        let references = partner.references.iter();
        MatchLine {
            rule: rule.name.as_str().into(),
            references: references
                .filter(|(kind, _)| rule.on.contains(kind))
                .cloned()
                .collect(),
            partner: MatchedRecord::of(partner),
            ledger: MatchedRecord::of(ledger),
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
        }
    }

    fn from_wire(wire: StagedMatch, carry: &mut Carry) -> Result<Self, WireError> {
        Ok(MatchLine {
            rule: wire.rule.into_boxed_str(),
            references: references_from_wire(wire.references)?,
            partner: record_from_wire(Side::Partner, wire.partner, carry)?,
            ledger: record_from_wire(Side::Ledger, wire.ledger, carry)?,
        })
    }
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
