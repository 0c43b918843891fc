//! A matched pair as one line of the file of matches.
//!
//! Names the two records, and does not repeat them: they stay where they are staged.

use std::sync::Arc;

use domain::money::Money;
use domain::record::{Record, ReferenceKind, Side};

use super::record::{money, references_from_wire, references_to_wire};
use super::{Carry, Staged, WireError};
use crate::wire::{StagedMatch, StagedMatchLine};

/// Two records that agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchedPair {
    /// Name of the rule that brought them together.
    pub rule: Box<str>,
    /// The references that the rule compared, as the partner's record states them, sorted by kind.
    pub references: Vec<(ReferenceKind, Box<str>)>,
    /// The partner's record.
    pub partner: MatchedLine,
    /// The ledger's record.
    pub ledger: MatchedLine,
}

/// One record of a matched pair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchedLine {
    /// File or query name.
    pub file: Arc<str>,
    /// Line in it, from 1.
    pub line: u32,
    /// What it says.
    pub money: Money,
}

impl MatchedPair {
    /// The line for two records that `rule` brought together by comparing the references `on`.
    #[must_use]
    pub fn new(rule: &str, on: &[ReferenceKind], partner: &Record, ledger: &Record) -> Self {
        let compared = partner
            .references
            .iter()
            .filter(|(kind, _)| on.contains(kind));
        MatchedPair {
            rule: rule.into(),
            references: compared.cloned().collect(),
            partner: MatchedLine::of(partner),
            ledger: MatchedLine::of(ledger),
        }
    }
}

impl MatchedLine {
    fn of(record: &Record) -> Self {
        MatchedLine {
            file: Arc::clone(&record.origin.file),
            line: record.origin.line,
            money: record.money,
        }
    }
}

impl Staged for MatchedPair {
    type Wire = StagedMatch;

    fn to_wire(&self, carry: &mut Carry) -> StagedMatch {
        StagedMatch {
            rule: self.rule.to_string(),
            references: references_to_wire(&self.references),
            partner: Some(line_to_wire(Side::Partner, &self.partner, carry)),
            ledger: Some(line_to_wire(Side::Ledger, &self.ledger, carry)),
        }
    }

    fn from_wire(wire: StagedMatch, carry: &mut Carry) -> Result<Self, WireError> {
        Ok(MatchedPair {
            rule: wire.rule.into_boxed_str(),
            references: references_from_wire(wire.references)?,
            partner: line_from_wire(Side::Partner, wire.partner, carry)?,
            ledger: line_from_wire(Side::Ledger, wire.ledger, carry)?,
        })
    }
}

fn line_to_wire(side: Side, line: &MatchedLine, carry: &mut Carry) -> StagedMatchLine {
    StagedMatchLine {
        file: carry.file_to_wire(side, &line.file),
        line: line.line,
        amount: line.money.amount.to_string(),
        currency: line.money.currency.code().to_owned(),
    }
}

fn line_from_wire(
    side: Side,
    wire: Option<StagedMatchLine>,
    carry: &mut Carry,
) -> Result<MatchedLine, WireError> {
    let wire = wire.ok_or(WireError::Missing(side.name()))?;
    Ok(MatchedLine {
        file: carry.file_from_wire(side, wire.file.as_deref())?,
        line: wire.line,
        money: money(&wire.amount, &wire.currency)?,
    })
}
