//! Changes of a rule, written as they would stand in the source's file.

use std::fmt;

use crate::money::{Amount, Currency, amount_text};
use crate::policy::{Field, Key, MatchRule, SourcePolicy, Term};

/// The smallest change of a rule that would have made a match of a discrepancy's records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WouldMatch {
    /// The rule's name.
    pub rule: String,
    /// All of them together. Never empty.
    pub changes: Vec<RuleChange>,
}

impl fmt::Display for WouldMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} with ", self.rule)?;
        for (index, change) in self.changes.iter().enumerate() {
            let and = if index > 0 { " and " } else { "" };
            write!(f, "{and}`{change}`")?;
        }
        Ok(())
    }
}

/// One change of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleChange {
    /// Accepts this difference of amounts.
    Accepted {
        /// In this currency.
        currency: Currency,
        /// Without sign.
        amount: Amount,
        /// Raises `rounding` as well, which may not be below what is accepted.
        is_rounding: bool,
    },
    /// Lets the partner's value date be so much later.
    LateDays(u32),
    /// Lets the partner's value date be so much earlier.
    EarlyDays(u32),
    /// Compares this in place of the key that stands there.
    Compares {
        /// Index of the key.
        at: usize,
        /// Instead.
        key: Key,
    },
    /// Compares this, too.
    AlsoCompares(Field),
    /// Takes texts that are misspelled, cut off or in the middle of others.
    Alike,
}

impl RuleChange {
    /// Changes `rule` of `policy`.
    pub(in crate::matching) fn apply(&self, policy: &SourcePolicy, rule: &mut MatchRule) {
        match self {
            RuleChange::Accepted {
                currency,
                amount,
                is_rounding,
            } => {
                let own = rule.tolerances.take();
                let mut tolerances = own.unwrap_or_else(|| policy.tolerances.clone());
                let tolerance = tolerances.0.entry(*currency).or_default();
                tolerance.accepted = *amount;
                if *is_rounding {
                    tolerance.rounding = *amount;
                }
                rule.tolerances = Some(tolerances);
            }
            RuleChange::LateDays(days) => {
                let window = rule.date_window.get_or_insert(policy.date_window);
                window.late_days = *days;
            }
            RuleChange::EarlyDays(days) => {
                let window = rule.date_window.get_or_insert(policy.date_window);
                window.early_days = *days;
            }
            RuleChange::Compares { at, key } => {
                if let Some(there) = rule.on.get_mut(*at) {
                    *there = key.clone();
                }
            }
            RuleChange::AlsoCompares(field) => rule.on.push(Key::same(Term {
                field: *field,
                steps: Vec::new(),
            })),
            RuleChange::Alike => rule.is_alike = true,
        }
    }
}

impl fmt::Display for RuleChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleChange::Accepted {
                currency,
                amount,
                is_rounding,
            } => {
                let amount = amount_text(*amount, *currency);
                match is_rounding {
                    true => write!(
                        f,
                        "tolerances.{currency} = {{ accepted = \"{amount}\", rounding = \"{amount}\" }}"
                    ),
                    false => write!(f, "tolerances.{currency}.accepted = \"{amount}\""),
                }
            }
            RuleChange::LateDays(days) => write!(f, "dates.late_days = {days}"),
            RuleChange::EarlyDays(days) => write!(f, "dates.early_days = {days}"),
            RuleChange::Compares { key, .. } => write!(f, "on = [{key}]"),
            RuleChange::AlsoCompares(field) => write!(f, "on = [..., \"{}\"]", field.name()),
            RuleChange::Alike => f.write_str("alike = true"),
        }
    }
}
