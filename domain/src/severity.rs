//! How urgent a discrepancy is: a policy in the source's file, with these defaults.

use std::collections::BTreeMap;

use crate::discrepancy::Kind;
use crate::money::{Amount, Currency};
use crate::named_enum;

named_enum! {
    /// From a note for the report to a call in the night.
    Severity {
        /// Console and reports only.
        Low = "low",
        /// Somebody should look today.
        High = "high",
        /// Alerted at once.
        Critical = "critical",
    }
}

/// From which amount a discrepancy is material, per currency.
///
/// A currency that is not listed is material from the first cent: money that nobody set a limit
/// for is never waved through.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Materiality(pub BTreeMap<Currency, Amount>);

impl Materiality {
    /// Whether `amount` (its size, not its sign) reaches the limit of `currency`.
    #[must_use]
    pub fn is_material(&self, amount: Amount, currency: Currency) -> bool {
        self.0
            .get(&currency)
            .is_none_or(|limit| amount.abs() >= *limit)
    }
}

/// One line of a source's severity policy. Every condition given must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeverityRule {
    /// Only these kinds; empty is any.
    pub kinds: Vec<Kind>,
    /// Only this currency.
    pub currency: Option<Currency>,
    /// Only from this amount at stake up.
    pub amount_from: Option<Amount>,
    /// Only from this age up, in calendar days from the value date to the business date.
    pub age_days_from: Option<i32>,
    /// What it then is.
    pub severity: Severity,
}

/// What decides about the severity of one discrepancy.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What it is.
    pub kind: Kind,
    /// Currency of the amount at stake.
    pub currency: Currency,
    /// What could be lost: the difference where both sides exist, else the record's amount; nothing
    /// when its payment failed.
    pub at_stake: Amount,
    /// Calendar days from the value date to the business date; 0 when in the future.
    pub age_days: i32,
}

/// A source's severity policy: the first rule that fits, else the default of the kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SeverityPolicy {
    /// From which amount something is material.
    pub materiality: Materiality,
    /// In order; the first that fits decides.
    pub rules: Vec<SeverityRule>,
}

impl SeverityPolicy {
    /// The severity of a discrepancy with these facts.
    #[must_use]
    pub fn severity(&self, facts: &Facts) -> Severity {
        self.rules
            .iter()
            .find(|rule| rule.fits(facts))
            .map_or_else(|| self.default_severity(facts), |rule| rule.severity)
    }

    /// Blueprint section 5.
    fn default_severity(&self, facts: &Facts) -> Severity {
        let material = self.materiality.is_material(facts.at_stake, facts.currency);
        match facts.kind {
            Kind::DuplicateAtPartner
            | Kind::DuplicateInLedger
            | Kind::CurrencyMismatch
            | Kind::StatementOutOfBalance => Severity::Critical,
            // A failed payment, or one of nothing.
            Kind::MissingInLedger | Kind::MissingAtPartner if facts.at_stake.is_zero() => {
                Severity::Low
            }
            Kind::AmountMismatch | Kind::MissingInLedger | Kind::MissingAtPartner if material => {
                Severity::Critical
            }
            Kind::AmountMismatch
            | Kind::MissingInLedger
            | Kind::MissingAtPartner
            | Kind::StatusMismatch
            | Kind::Ambiguous => Severity::High,
            Kind::FeeMismatch if material => Severity::High,
            Kind::FeeMismatch | Kind::Rounding | Kind::DateMismatch => Severity::Low,
        }
    }
}

impl SeverityRule {
    fn fits(&self, facts: &Facts) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&facts.kind))
            && self
                .currency
                .is_none_or(|currency| currency == facts.currency)
            && self
                .amount_from
                .is_none_or(|from| facts.at_stake.abs() >= from)
            && self.age_days_from.is_none_or(|from| facts.age_days >= from)
    }
}
