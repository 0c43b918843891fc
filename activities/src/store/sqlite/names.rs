//! Ids of cases by their first digits.

use rusqlite::{Transaction, params};

use super::value;
use crate::store::StoreError;

pub(in crate::store) fn beginning_with(
    transaction: &Transaction<'_>,
    digits: &str,
    at_most: usize,
) -> Result<Vec<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        // `g` is behind all hexadecimal digits: a range of the primary key.
        "SELECT discrepancy_id FROM cases
         WHERE discrepancy_id >= ?1 AND discrepancy_id < ?1 || 'g'
         ORDER BY discrepancy_id LIMIT ?2",
    )?;
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    value::all(statement.query(params![digits, at_most])?, |row| {
        value::get(row, "discrepancy_id")
    })
}
