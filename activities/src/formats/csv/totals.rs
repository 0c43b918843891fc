//! Rows that state totals, and whether the rows above them add up to it.

use domain::control::{Compared, ControlCheck};
use domain::money::{Amount, Currency, Money};

use super::header::TotalsColumns;
use super::row::RowReader;
use super::rules::TotalsRule;
use super::tokens::Row;
use crate::formats::lines::Fault;

/// What the rows of one totals rule have come to since its last totals row.
pub(super) struct RunningTotals<'m> {
    rule: &'m TotalsRule,
    rows: u64,
    unreadable: u64,
    sums: Vec<(Currency, Amount)>,
    stated_once: bool,
    checks: Vec<ControlCheck>,
}

impl<'m> RunningTotals<'m> {
    pub(super) fn new(rule: &'m TotalsRule) -> Self {
        RunningTotals {
            rule,
            rows: 0,
            unreadable: 0,
            sums: Vec::new(),
            stated_once: false,
            checks: Vec::new(),
        }
    }

    /// Counts a row in. A row whose amount can't be read keeps the total from being verified.
    pub(super) fn add(&mut self, money: Option<Money>) {
        self.rows += 1;
        let Some(money) = money else {
            self.unreadable += 1;
            return;
        };
        let sum = self
            .sums
            .iter_mut()
            .find(|(currency, _)| *currency == money.currency);
        match sum {
            None => self.sums.push((money.currency, money.amount)),
            Some((_, sum)) => match sum.checked_add(money.amount) {
                Ok(total) => *sum = total,
                Err(_) => self.unreadable += 1,
            },
        }
    }

    /// Compares what a totals row states with the rows so far, and begins anew.
    pub(super) fn close(
        &mut self,
        file: &str,
        row: &Row<'_>,
        columns: &TotalsColumns<'_>,
        reader: &RowReader<'_>,
    ) -> Result<(), Fault> {
        let subject = format!("totals row in line {}", row.line);
        let mut found = Vec::new();
        let result = self.compare(row, columns, reader, &mut found);
        let compared = match &result {
            Ok(()) => found,
            // Not broken, but not proven either: the totals row is listed as a reject, with those
            // that it can't be held against, and the run goes on without it.
            Err(_) if self.unreadable > 0 => found,
            Err(fault) => vec![(
                format!(
                    "totals row can be read ({}: {})",
                    fault.column, fault.reason
                ),
                counts(1, 0),
            )],
        };
        let check = |(identity, compared)| ControlCheck {
            file: file.to_owned(),
            subject: subject.clone(),
            identity,
            compared,
        };
        self.checks.extend(compared.into_iter().map(check));
        self.stated_once = true;
        (self.rows, self.unreadable) = (0, 0);
        self.sums.clear();
        result
    }

    /// All checks; at the end of the file no row may be left that no total vouches for.
    pub(super) fn finish(mut self, file: &str) -> Vec<ControlCheck> {
        let complete = |compared| ControlCheck {
            file: file.to_owned(),
            subject: "end of file".to_owned(),
            identity: format!(
                "the last row is a totals row ({})",
                self.rule.rows.sentence()
            ),
            compared,
        };
        if !self.stated_once {
            self.checks.push(complete(counts(1, 0)));
        } else if self.rows > 0 {
            self.checks.push(complete(counts(0, self.rows)));
        }
        self.checks
    }

    fn compare(
        &self,
        row: &Row<'_>,
        columns: &TotalsColumns<'_>,
        reader: &RowReader<'_>,
        found: &mut Vec<(String, Compared)>,
    ) -> Result<(), Fault> {
        if let Some(place) = columns.count {
            let text = row.get(place).unwrap_or_default().trim();
            let stated: u64 = text.parse().map_err(|_| {
                Fault::new(&reader.layout.name(place), text, "not a number of rows")
            })?;
            found.push((
                "stated number of rows = rows above".to_owned(),
                counts(stated, self.rows),
            ));
        }
        let Some(source) = &columns.amount else {
            return Ok(());
        };
        if self.unreadable > 0 {
            let reason = format!(
                "the stated total can't be verified: {} of the {} rows above have no readable \
                 amount; they are listed",
                self.unreadable, self.rows
            );
            return Err(Fault::new("", "", reason));
        }
        let only = match self.sums.as_slice() {
            [(currency, _)] => Some(*currency),
            _ => None,
        };
        match reader.stated_total(row, source, only)? {
            Some(stated) => {
                let sum = self
                    .sums
                    .iter()
                    .find(|(currency, _)| *currency == stated.currency);
                let computed = Money {
                    amount: sum.map(|(_, amount)| *amount).unwrap_or_default(),
                    currency: stated.currency,
                };
                let identity = "stated total = sum of the rows above".to_owned();
                found.push((identity, Compared::Sums { stated, computed }));
            }
            None => {
                let identity = "a total without a currency stands under rows of one currency";
                found.push((identity.to_owned(), counts(1, self.sums.len() as u64)));
            }
        }
        Ok(())
    }
}

fn counts(stated: u64, computed: u64) -> Compared {
    Compared::Counts { stated, computed }
}
