//! Changes of a rule, written as they would stand in the source's file.

use std::fmt;

use crate::money::{Amount, Currency, amount_text};
use crate::policy::{Field, Key, MatchRule, SourcePolicy, Term};

/// The smallest change of a rule, and of the source's limits where it has none of its own, that would
/// have made a match of a discrepancy's records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WouldMatch {
    /// The rule's name.
    pub rule: String,
    /// Whether it takes a further rule, like that one: what that one finds, it would find no more.
    pub is_further_rule: bool,
    /// In the rule.
    pub changes: Vec<RuleChange>,
    /// In the source, for all rules without limits of their own. One of the two is not empty.
    pub of_source: Vec<RuleChange>,
}

impl WouldMatch {
    /// Sorts the changes by where they are made.
    pub(super) fn new(rule: &MatchRule, changes: Vec<RuleChange>) -> Self {
        let is_of_source = |change: &RuleChange| change.is_of_source(rule);
        let (of_source, changes): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_of_source);
        let is_elsewhere = |change: &RuleChange| change.looks_elsewhere(rule);
        WouldMatch {
            rule: rule.name.clone(),
            is_further_rule: changes.iter().any(is_elsewhere),
            changes,
            of_source,
        }
    }

    /// The policy with the changed rule as its last one: what earlier ones say keeps records apart, too.
    pub(in crate::matching) fn applied(
        &self,
        policy: &SourcePolicy,
        rule: &MatchRule,
    ) -> SourcePolicy {
        let mut changed = policy.clone();
        let at = policy.rules.iter().position(|it| it.name == rule.name);
        let before = at.unwrap_or_default() + usize::from(self.is_further_rule);
        changed.rules.truncate(before);
        changed.rules.push(rule.clone());
        let changes = self.changes.iter().chain(&self.of_source);
        changes.for_each(|change| change.apply(&mut changed));
        changed
    }

    /// How many changes they are; a further rule is one more.
    pub(super) fn size(&self) -> usize {
        self.changes.len() + self.of_source.len() + usize::from(self.is_further_rule)
    }
}

impl fmt::Display for WouldMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let like = match self.is_further_rule {
            true => "a further rule like",
            false => "rule",
        };
        write!(f, "{like} {} with {}", self.rule, listed(&self.changes))?;
        let of_source = listed(&self.of_source);
        match (self.changes.is_empty(), self.of_source.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(f, "{of_source} of the source"),
            (false, false) => write!(f, ", and {of_source} of the source"),
        }
    }
}

fn listed(changes: &[RuleChange]) -> String {
    let changes = changes.iter().map(|change| format!("`{change}`"));
    changes.collect::<Vec<_>>().join(" and ")
}

/// One change of a rule, or of the limits that it has from its source.
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
    /// Compares these keys, of which some are others.
    Compares(Vec<Key>),
    /// Compares this, too.
    AlsoCompares(Field),
    /// Takes texts that are misspelled, cut off or in the middle of others.
    Alike,
}

impl RuleChange {
    /// Whether it changes what the rule has from its source.
    fn is_of_source(&self, rule: &MatchRule) -> bool {
        match self {
            RuleChange::Accepted { .. } => rule.tolerances.is_none(),
            RuleChange::LateDays(_) | RuleChange::EarlyDays(_) => rule.date_window.is_none(),
            RuleChange::Compares(_) | RuleChange::AlsoCompares(_) | RuleChange::Alike => false,
        }
    }

    /// Whether it compares another field in place of the rule's.
    fn looks_elsewhere(&self, rule: &MatchRule) -> bool {
        let RuleChange::Compares(keys) = self else {
            return false;
        };
        let fields = |key: &Key| (key.partner.field, key.ledger.field);
        !keys.iter().map(fields).eq(rule.on.iter().map(fields))
    }

    /// Changes the last rule of `policy`, or the limits that it has from it.
    fn apply(&self, policy: &mut SourcePolicy) {
        let Some(rule) = policy.rules.last_mut() else {
            return;
        };
        let window = rule.date_window.as_mut().unwrap_or(&mut policy.date_window);
        match self {
            RuleChange::Accepted {
                currency,
                amount,
                is_rounding,
            } => {
                let tolerances = rule.tolerances.as_mut().unwrap_or(&mut policy.tolerances);
                let tolerance = tolerances.0.entry(*currency).or_default();
                tolerance.accepted = *amount;
                if *is_rounding {
                    tolerance.rounding = *amount;
                }
            }
            RuleChange::LateDays(days) => window.late_days = *days,
            RuleChange::EarlyDays(days) => window.early_days = *days,
            RuleChange::Compares(keys) => rule.on.clone_from(keys),
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
            RuleChange::Compares(keys) => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                write!(f, "on = [{}]", keys.join(", "))
            }
            RuleChange::AlsoCompares(field) => write!(f, "on = [..., \"{}\"]", field.name()),
            RuleChange::Alike => f.write_str("alike = true"),
        }
    }
}
