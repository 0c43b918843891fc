//! Brings a file to the schema of this version, and refuses files that are not ours.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::store::StoreError;

/// In order; `user_version` counts those applied. Never change one that was released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_cases.sql"),
    include_str!("migrations/0003_positions.sql"),
    include_str!("migrations/0004_reviews.sql"),
    include_str!("migrations/0005_incidents.sql"),
    include_str!("migrations/0006_causes.sql"),
    include_str!("migrations/0007_attention.sql"),
    include_str!("migrations/0008_checkpoints.sql"),
];

/// `true` in ASCII: marks the file as a store of trueup.
const APPLICATION_ID: i32 = 0x7472_7565;

pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if !is_ours(connection, path)? {
        // Outside of a transaction, and before the first table. Kept in the file for all.
        connection.pragma_update(None, "journal_mode", "WAL")?;
    }
    if version(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    // A table that others refer to can be built anew only while nobody checks that. SQLite takes
    // this outside of a transaction only; all is checked before it is committed.
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = apply(connection, path);
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

fn apply(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    // Another process may be doing the same: only one gets past here at a time.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    is_ours(&transaction, path)?;
    apply_missing(&transaction, path)?;
    if transaction
        .prepare("PRAGMA foreign_key_check")?
        .exists([])?
    {
        let why = "rows refer to others that are not there";
        return Err(StoreError::corrupt(path.display(), why));
    }
    transaction.commit()?;
    Ok(())
}

fn apply_missing(transaction: &Transaction<'_>, path: &Path) -> Result<(), StoreError> {
    let applied = version(transaction)?;
    let Some(missing) = MIGRATIONS.get(applied..) else {
        return Err(StoreError::Incompatible(format!(
            "{} was written by a newer trueup (schema {applied}, this one knows {}); upgrade",
            path.display(),
            MIGRATIONS.len()
        )));
    };
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    Ok(())
}

/// Whether the file is a store already; a file of another program is an error.
fn is_ours(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id == APPLICATION_ID {
        return Ok(true);
    }
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id != 0 || tables != 0 {
        let message = format!("{} is not a store of trueup", path.display());
        return Err(StoreError::Incompatible(message));
    }
    Ok(false)
}

fn version(connection: &Connection) -> Result<usize, StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).map_err(|_| StoreError::corrupt("schema version", version))
}
