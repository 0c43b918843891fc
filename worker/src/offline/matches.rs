//! The few facts that are kept of a match, when somebody wants to see the matches.

use domain::matching::Matched;
use domain::money::{Amount, Currency, MoneyError};
use domain::policy::SourcePolicy;
use domain::record::Side;

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
    /// The facts about a match.
    ///
    /// # Errors
    /// What the partner reports is too large a sum to be exact.
    pub(crate) fn of(matched: &Matched) -> Result<Self, MoneyError> {
        let lines = |side: Side| {
            let lines = matched.of(side).map(|record| record.origin.line);
            let mut lines: Vec<u32> = lines.collect();
            lines.sort_unstable();
            lines.into_boxed_slice()
        };
        let reported = matched.reported()?;
        Ok(Match {
            partner_lines: lines(Side::Partner),
            ledger_lines: lines(Side::Ledger),
            rule: matched.rule,
            currency: reported.currency,
            amount: reported.amount,
        })
    }

    /// What its rule is called.
    pub(crate) fn rule_name<'p>(&self, policy: &'p SourcePolicy) -> &'p str {
        let rule = policy.rule(self.rule);
        rule.map_or("", |rule| &rule.name)
    }
}
