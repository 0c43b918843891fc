//! Values and the text that a column holds of them. What can't be read back is an error that names
//! the column; nothing gets a default.

use jiff::Timestamp;
use rusqlite::types::FromSql;
use rusqlite::{Row, Rows};

use crate::store::StoreError;

/// All rows of an answer, each read by `from_row`.
pub(super) fn all<T>(
    mut rows: Rows<'_>,
    from_row: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(from_row(row)?);
    }
    Ok(found)
}

/// A column of a row that has it under this name.
pub(super) fn get<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let value = row.get(column);
    value.map_err(|error| StoreError::corrupt(format_args!("column {column}"), error))
}

/// A column that holds the text of something.
pub(super) fn parse<T>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let text: String = get(row, column)?;
    let unreadable =
        || StoreError::corrupt(format_args!("column {column}"), format_args!("{text:?}"));
    parse(&text).ok_or_else(unreadable)
}

/// A column that holds a number without sign.
pub(super) fn number<T: TryFrom<i64>>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let number: i64 = get(row, column)?;
    T::try_from(number).map_err(|_| StoreError::corrupt(format_args!("column {column}"), number))
}

/// A column that holds a time, or nothing.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, StoreError> {
    let text: Option<String> = get(row, column)?;
    let parsed = text.map(|text| {
        let unreadable = |_| StoreError::corrupt(format_args!("column {column}"), &text);
        text.parse().map_err(unreadable)
    });
    parsed.transpose()
}

/// A number as SQLite holds it.
pub(super) fn integer(number: u64) -> Result<i64, StoreError> {
    let too_large = |_| StoreError::Conflict(format!("{number} is larger than the store can hold"));
    i64::try_from(number).map_err(too_large)
}
