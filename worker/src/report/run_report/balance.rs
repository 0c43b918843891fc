//! Whether a run balances, and how much of it matched: both from its conservation lines.

use activities::store::RunRow;
use domain::conservation::{Conservation, CountAndSum, Imbalance, Line};
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency, MoneyError};
use domain::record::Side;
use proto::totals::add_conservation;

use super::model::Item;
use super::share::Share;

/// Whether the money of both sides is accounted for.
#[derive(Clone, Debug)]
pub struct Balance {
    /// The answer.
    pub verdict: Verdict,
    /// Per side and currency: where the money came from and where it went.
    pub conservation: Conservation,
    /// Reports that break their own arithmetic.
    pub statements_out_of_balance: u64,
}

/// The answer to "does it balance?".
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing was added up: the run has not got that far, or failed before.
    Unknown,
    /// Every record and every cent of every line is accounted for.
    Holds,
    /// These lines are not.
    Fails(Vec<Imbalance>),
}

/// How much of one side's records in one currency matched.
///
/// Of the records that the run was about (opening + received − out of scope), those in a pair that
/// agrees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Whose records.
    pub side: Side,
    /// In which currency.
    pub currency: Currency,
    /// Records that matched.
    pub matched: u64,
    /// Records that the run was about.
    pub records: u64,
    /// Net sum of those that matched: money in less money out.
    pub matched_sum: Amount,
    /// Net sum of those that the run was about.
    pub sum: Amount,
    /// By count; none when there are no records.
    pub by_count: Option<Share>,
    /// By value; none when there is none, or when money in and money out net out so that the
    /// matched sum is no part of the whole.
    pub by_value: Option<Share>,
}

impl Balance {
    pub(super) fn of(run: &RunRow, conservation: Conservation, items: &[Item]) -> Self {
        let verdict = match (&run.totals, conservation.holds()) {
            (None, _) => Verdict::Unknown,
            (Some(_), true) => Verdict::Holds,
            (Some(_), false) => Verdict::Fails(conservation.imbalances()),
        };
        let broken = |item: &&Item| item.discrepancy.kind == Kind::StatementOutOfBalance;
        Balance {
            verdict,
            conservation,
            statements_out_of_balance: items.iter().filter(broken).count() as u64,
        }
    }
}

/// The lines on record, computed again from their parts: what a line says of itself is not taken
/// for granted.
pub(super) fn conservation(run: &RunRow) -> Result<Conservation, MoneyError> {
    let mut conservation = Conservation::default();
    if let Some(totals) = &run.totals {
        add_conservation(&mut conservation, &totals.conservation)?;
    }
    Ok(conservation)
}

pub(super) fn rates(conservation: &Conservation) -> Result<Vec<Rate>, MoneyError> {
    let lines = conservation.lines();
    lines
        .map(|(side, currency, line)| rate(side, currency, line))
        .collect()
}

fn rate(side: Side, currency: Currency, line: &Line) -> Result<Rate, MoneyError> {
    let mut came = CountAndSum::default();
    came.merge(line.opening)?;
    came.merge(line.received)?;
    let records = came.count().checked_sub(line.out_of_scope.count());
    let records = records.ok_or(MoneyError::Overflow)?;
    let sum = came.sum()?.checked_sub(line.out_of_scope.sum()?)?;
    let (matched, matched_sum) = (line.matched.count(), line.matched.sum()?);
    Ok(Rate {
        side,
        currency,
        matched,
        records,
        matched_sum,
        sum,
        by_count: Share::of_counts(matched, records),
        by_value: Share::of_amounts(matched_sum, sum),
    })
}

/// Records of one side in all currencies: how many matched, of how many.
#[must_use]
pub(super) fn matched_of(rates: &[Rate], side: Side) -> (u64, u64) {
    let of_side = rates.iter().filter(|rate| rate.side == side);
    of_side.fold((0, 0), |(matched, records), rate| {
        (
            matched.saturating_add(rate.matched),
            records.saturating_add(rate.records),
        )
    })
}
