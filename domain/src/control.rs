//! The arithmetic proof that a report carries: opening + entries = closing, totals, counts.
//!
//! Formats compute these checks while reading; a report that fails one is not matched.

use crate::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use crate::money::Money;
use crate::record::Side;
use crate::severity::{Facts, SeverityPolicy};

/// One identity that a report states about itself, and what its own lines give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControlCheck {
    /// Name of the file.
    pub file: String,
    /// What it is about: `statement STMT-7 of account DE89…`, `footer in line 214`.
    pub subject: String,
    /// The identity: `opening balance + entries = closing balance`.
    pub identity: String,
    /// What the report states and what its lines give.
    pub compared: Compared,
}

/// The two values of a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Compared {
    /// Two sums of money in one currency.
    Sums {
        /// As stated.
        stated: Money,
        /// As added up.
        computed: Money,
    },
    /// Two counts of lines.
    Counts {
        /// As stated.
        stated: u64,
        /// As counted.
        computed: u64,
    },
}

impl ControlCheck {
    /// Whether the identity holds exactly.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.compared {
            Compared::Sums { stated, computed } => stated == computed,
            Compared::Counts { stated, computed } => stated == computed,
        }
    }

    /// One sentence: what was stated, what was found.
    #[must_use]
    pub fn sentence(&self) -> String {
        let ControlCheck {
            file,
            subject,
            identity,
            compared,
        } = self;
        let (stated, computed) = match compared {
            Compared::Sums { stated, computed } => (stated.to_string(), computed.to_string()),
            Compared::Counts { stated, computed } => (stated.to_string(), computed.to_string()),
        };
        let verdict = if self.holds() {
            "holds"
        } else {
            "does not hold"
        };
        format!("{file}, {subject}: {identity} {verdict}: stated {stated}, computed {computed}")
    }
}

/// The discrepancy that stands for a check that does not hold; `None` for one that does.
///
/// `currency_of_counts` is what the source reports in, for checks that compare no money.
#[must_use]
pub fn out_of_balance(
    source: &str,
    side: Side,
    check: &ControlCheck,
    currency_of_counts: crate::money::Currency,
    severity: &SeverityPolicy,
) -> Option<Discrepancy> {
    if check.holds() {
        return None;
    }
    let kind = Kind::StatementOutOfBalance;
    let (difference, currency) = match check.compared {
        Compared::Sums { stated, computed } => (
            stated.amount.checked_sub(computed.amount).ok(),
            stated.currency,
        ),
        Compared::Counts { .. } => (None, currency_of_counts),
    };
    let at_stake = difference.unwrap_or_default().abs();
    let keys = [side.name(), &check.file, &check.subject, &check.identity];
    Some(Discrepancy {
        id: DiscrepancyId::fingerprint(source, kind, &keys),
        kind,
        severity: severity.severity(&Facts {
            kind,
            currency,
            at_stake,
            age_days: 0,
        }),
        reference: check.subject.as_str().into(),
        currency,
        at_stake,
        difference,
        partner: None,
        ledger: None,
        related: Vec::new(),
        rule: "control totals".into(),
        reason: check.sentence(),
        nearest: None,
    })
}
