//! The few facts that are kept of a match, when somebody wants to see the matches.

use domain::matching::MatchedPair;
use domain::money::{Amount, Currency};
use domain::policy::SourcePolicy;
use domain::record::Record;

/// Whether matches are only counted, or listed, too: a list takes memory for every record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Matches {
    /// Only counted.
    Counted,
    /// Listed, too.
    Listed,
}

/// Records that belong together and agree, by where they stand.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Match {
    /// Lines in the partner's file, ascending.
    pub(crate) partner_lines: Box<[u32]>,
    /// Lines in the ledger file, ascending.
    pub(crate) ledger_lines: Box<[u32]>,
    /// Index of the rule that brought them together, in the policy's rules.
    pub(crate) rule: u32,
    /// Currency of the amount.
    pub(crate) currency: Currency,
    /// What the partner reports, summed up.
    pub(crate) amount: Amount,
}

impl Match {
    /// The facts about a pair.
    pub(crate) fn of(pair: &MatchedPair) -> Self {
        Match {
            partner_lines: line(&pair.partner),
            ledger_lines: line(&pair.ledger),
            rule: pair.rule,
            currency: pair.partner.money.currency,
            amount: pair.partner.money.amount,
        }
    }

    /// What its rule is called.
    pub(crate) fn rule_name<'p>(&self, policy: &'p SourcePolicy) -> &'p str {
        let rule = policy.rules.get(self.rule as usize);
        rule.map_or("", |rule| &rule.name)
    }
}

fn line(record: &Record) -> Box<[u32]> {
    Box::new([record.origin.line])
}
