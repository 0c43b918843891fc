//! Rows of the file as items: most columns are attributes of the same name and text.

use rusqlite::{Row, Transaction};

use super::Item;
use crate::store::StoreError;

/// Calls `each` with every row of a query.
pub(super) fn every(
    transaction: &Transaction<'_>,
    query: &str,
    mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}

/// An item with these columns: texts, left out where there is none.
pub(super) fn item(row: &Row<'_>, texts: &[&str]) -> Result<Item, StoreError> {
    texts.iter().try_fold(Item::default(), |item, name| {
        let text: Option<String> = row.get(*name)?;
        Ok(item.with_maybe(name, text.as_deref()))
    })
}

/// With these columns: numbers.
pub(super) fn with_numbers(
    row: &Row<'_>,
    item: Item,
    numbers: &[&str],
) -> Result<Item, StoreError> {
    numbers.iter().try_fold(item, |item, name| {
        Ok(item.with_number(name, number(row, name)?))
    })
}

pub(super) fn text(row: &Row<'_>, name: &str) -> Result<String, StoreError> {
    Ok(row.get(name)?)
}

pub(super) fn number(row: &Row<'_>, name: &str) -> Result<u64, StoreError> {
    let number: i64 = row.get(name)?;
    u64::try_from(number).map_err(|_| unreadable(name, number))
}

pub(super) fn small(row: &Row<'_>, name: &str) -> Result<u32, StoreError> {
    let number = number(row, name)?;
    u32::try_from(number).map_err(|_| unreadable(name, number))
}

/// A column that holds the text of something.
pub(super) fn parse<T>(
    row: &Row<'_>,
    name: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let text = text(row, name)?;
    parse(&text).ok_or_else(|| unreadable(name, &text))
}

fn unreadable(name: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(format_args!("column {name}"), value)
}
