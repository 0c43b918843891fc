//! What a backtest found, over all its runs: for people and for scripts.

mod json;
mod show;

#[cfg(test)]
mod tests;

use domain::backtest::{Agreement, Backtest, Tally};
use domain::money::MoneyError;
use jiff::civil::Date;

pub(crate) use json::to_json;
pub(crate) use show::account;

/// One run by both rules.
#[derive(Debug)]
pub(crate) struct Replayed {
    /// What is different.
    pub(crate) found: Backtest,
    /// How many discrepancies the old rules find, and the new ones.
    pub(crate) discrepancies: (usize, usize),
}

/// Everything that was done again.
#[derive(Debug)]
pub(crate) struct Days {
    source: String,
    days: (Date, Date),
    rules: String,
    runs: Vec<(String, Replayed)>,
    /// Runs that can't be done again, and why.
    pub(crate) left_out: Vec<(String, String)>,
    same: Tally,
    /// New, lost and changed.
    tallies: [Tally; 3],
}

impl Days {
    /// Nothing yet.
    pub(crate) fn new(source: &str, days: (Date, Date), rules: &str) -> Self {
        Days {
            source: source.to_owned(),
            days,
            rules: rules.to_owned(),
            runs: Vec::new(),
            left_out: Vec::new(),
            same: Tally::default(),
            tallies: Default::default(),
        }
    }

    /// Takes in a run.
    ///
    /// # Errors
    /// A sum that is no longer exact.
    pub(crate) fn add(&mut self, run: String, replayed: Replayed) -> Result<(), MoneyError> {
        self.same.merge(&replayed.found.same)?;
        let Backtest {
            new, lost, changed, ..
        } = &replayed.found;
        for (sum, matches) in self.tallies.iter_mut().zip([new, lost, changed]) {
            sum.merge(&Tally::of(matches)?)?;
        }
        self.runs.push((run, replayed));
        Ok(())
    }

    /// Nothing is lost, nothing changed, and no decision contradicted.
    pub(crate) fn is_clean(&self) -> bool {
        let [_, lost, changed] = &self.tallies;
        lost.count + changed.count == 0 && self.decided(Agreement::Contradicts) == 0
    }

    /// How many discrepancies the old rules find, and the new ones.
    fn discrepancies(&self) -> (usize, usize) {
        let runs = self.runs.iter().map(|(_, run)| run.discrepancies);
        runs.fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1))
    }

    fn decided(&self, agreement: Agreement) -> usize {
        let decided = self.runs.iter().flat_map(|(_, run)| &run.found.decided);
        decided.filter(|it| it.agreement == agreement).count()
    }
}
