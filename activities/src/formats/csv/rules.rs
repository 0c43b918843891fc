//! Rows that are told apart by what one of their columns says.

use serde::Deserialize;

use super::columns::{AmountSource, Column};
use super::tokens::Row;
use crate::formats::settings::Pattern;

/// A condition on one column. Space around the value and its case do not count for `equals` and
/// `starts_with`.
#[derive(Clone, Debug)]
pub struct RowRule {
    /// The column looked at.
    pub column: Column,
    /// Values that fit as a whole.
    pub equals: Vec<String>,
    /// Beginnings of values that fit.
    pub starts_with: Vec<String>,
    /// A pattern of values that fit.
    pub matches: Option<Pattern>,
}

/// Rows that are left out: `{ column = "Type", equals = ["Fee"] }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "SkipTable")]
pub struct SkipRule {
    /// Which rows.
    pub rows: RowRule,
    /// Whether their amounts still count in the totals that the file states.
    pub in_totals: bool,
}

/// Rows that state the total of the rows above them, back to the previous row of the same rule:
/// `{ column = "Type", equals = ["Total"], amount = "Amount", count = "Rows" }`.
///
/// The file must end with one: rows after the last are not vouched for, which is a failed check.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "TotalsTable")]
pub struct TotalsRule {
    /// Which rows they are.
    pub rows: RowRule,
    /// Where the sum stands. Not given: no sum is stated.
    pub amount: Option<AmountSource>,
    /// Where the number of rows stands.
    pub count: Option<Column>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SkipTable {
    column: Column,
    #[serde(default)]
    equals: Vec<String>,
    #[serde(default)]
    starts_with: Vec<String>,
    matches: Option<Pattern>,
    #[serde(default)]
    in_totals: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TotalsTable {
    column: Column,
    #[serde(default)]
    equals: Vec<String>,
    #[serde(default)]
    starts_with: Vec<String>,
    matches: Option<Pattern>,
    amount: Option<AmountSource>,
    count: Option<Column>,
}

impl TryFrom<SkipTable> for SkipRule {
    type Error = String;

    fn try_from(table: SkipTable) -> Result<Self, String> {
        let rows = RowRule {
            column: table.column,
            equals: table.equals,
            starts_with: table.starts_with,
            matches: table.matches,
        };
        Ok(SkipRule {
            rows: rows.checked()?,
            in_totals: table.in_totals,
        })
    }
}

impl TryFrom<TotalsTable> for TotalsRule {
    type Error = String;

    fn try_from(table: TotalsTable) -> Result<Self, String> {
        if table.amount.is_none() && table.count.is_none() {
            return Err("a totals rule checks something: give amount, count or both".to_owned());
        }
        let rows = RowRule {
            column: table.column,
            equals: table.equals,
            starts_with: table.starts_with,
            matches: table.matches,
        };
        Ok(TotalsRule {
            rows: rows.checked()?,
            amount: table.amount,
            count: table.count,
        })
    }
}

impl RowRule {
    fn checked(self) -> Result<Self, String> {
        let texts = self.equals.len() + self.starts_with.len();
        match texts > 0 || self.matches.is_some() {
            true => Ok(self),
            false => Err("say which rows: equals, starts_with or matches".to_owned()),
        }
    }

    /// Whether the row's value at `index` fits.
    pub(super) fn fits(&self, row: &Row<'_>, index: Option<usize>) -> bool {
        let Some(value) = index.and_then(|index| row.get(index)).map(str::trim) else {
            return false;
        };
        self.equals.iter().any(|wanted| same(value, wanted))
            || self.starts_with.iter().any(|wanted| {
                let head = value.get(..wanted.len());
                head.is_some_and(|head| same(head, wanted))
            })
            || self.matches.as_ref().is_some_and(|p| p.0.is_match(value))
    }

    /// As people would say it: `Type = Total`.
    pub(super) fn sentence(&self) -> String {
        let mut wanted: Vec<String> = self.equals.iter().map(|v| format!("= {v:?}")).collect();
        wanted.extend(
            self.starts_with
                .iter()
                .map(|v| format!("starts with {v:?}")),
        );
        wanted.extend(
            self.matches
                .iter()
                .map(|p| format!("matches {:?}", p.0.as_str())),
        );
        format!("{} {}", self.column.label(), wanted.join(" or "))
    }
}

/// Equal but for case and surrounding space.
pub(super) fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.trim(), right.trim());
    left.eq_ignore_ascii_case(right)
        || (!left.is_ascii() && left.to_lowercase() == right.to_lowercase())
}
