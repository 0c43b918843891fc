//! The embedded store: one SQLite file, which worker and command line may have open at once.
//!
//! One writer per process, a few readers, all on blocking threads; a write is one immediate
//! transaction, on disk when it returns. Retries nothing itself: a store that stays busy is
//! [`StoreError::Unavailable`], and Temporal retries.

pub(super) mod acts;
pub(super) mod alerts;
pub(super) mod attention;
pub(super) mod audit;
pub(super) mod cases;
pub(super) mod causes;
pub(super) mod checkpoints;
pub(super) mod digests;
pub(super) mod findings;
pub(super) mod incidents;
pub(super) mod inputs;
pub(super) mod listing;
pub(super) mod names;
pub(super) mod personal;
pub(super) mod positions;
pub(super) mod reviews;
pub(super) mod runs;
mod schema;
#[cfg(test)]
mod tests;
pub(super) mod told;
pub(super) mod trail;
mod value;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::{OwnedMutexGuard, Semaphore};
use tokio::time::timeout;

use super::StoreError;
use crate::vault::Vault;

/// How long a write usually waits for others of this process, at most: longer is worth a line in the log.
const WRITER_WITHIN: Duration = Duration::from_secs(5);
/// How long a call waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Memory for the pages of the writer: a transaction with thousands of findings touches as many.
const WRITER_CACHE_KIBIBYTES: i64 = 32 * 1024;
/// Memory for the pages of each reader: the system has them, too.
const READER_CACHE_KIBIBYTES: i64 = 2 * 1024;
/// Pages of 4 KiB in the log before it is folded into the file. Ids are hashes, so that a thousand
/// findings touch thousands of pages: SQLite's default of 1,000 would fold at every transaction.
const LOG_PAGES: i64 = 16_384;
/// Most reads at once.
const READERS_MAX: usize = 4;

/// A SQLite file, opened.
#[derive(Clone)]
pub struct SqliteStore {
    path: Arc<Path>,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    vault: Vault,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SqliteStore").field(&self.path).finish()
    }
}

impl SqliteStore {
    /// Opens the store at `path`; makes it, and its folder, when there is none.
    pub(super) async fn create(path: PathBuf) -> Result<Self, StoreError> {
        let folder = path.parent().map(Path::to_owned);
        blocking(move || {
            if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(&folder).map_err(|error| {
                    StoreError::Unavailable(format!("folder {}: {error}", folder.display()))
                })?;
            }
            Self::open(path, OpenFlags::SQLITE_OPEN_CREATE)
        })
        .await
    }

    /// Opens the store that is at `path`.
    pub(super) async fn existing(path: PathBuf) -> Result<Self, StoreError> {
        blocking(move || {
            if !path.exists() {
                let message = format!(
                    "there is no store at {}; the first run makes it",
                    path.display()
                );
                return Err(StoreError::NotFound(message));
            }
            Self::open(path, OpenFlags::empty())
        })
        .await
    }

    fn open(path: PathBuf, create: OpenFlags) -> Result<Self, StoreError> {
        let mut writer = connect(&path, create)?;
        schema::migrate(&mut writer, &path)?;
        Ok(SqliteStore {
            path: path.into(),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: Arc::new(Semaphore::new(READERS_MAX)),
            idle: Arc::default(),
            vault: Vault::default(),
        })
    }

    /// This store, for texts that this vault seals.
    pub(super) fn sealed_with(self, vault: Vault) -> Self {
        SqliteStore { vault, ..self }
    }

    /// What seals its personal texts.
    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Folds the log into the file and empties it: what was overwritten is in neither then. Others
    /// that read meanwhile keep it for as long.
    pub(super) async fn fold_log(&self) -> Result<(), StoreError> {
        let writer = self.lock_writer().await;
        blocking(move || {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(())
        })
        .await
    }

    /// The only connection that writes, once it is this one's turn.
    async fn lock_writer(&self) -> OwnedMutexGuard<Connection> {
        let mut turn = pin!(Arc::clone(&self.writer).lock_owned());
        match timeout(WRITER_WITHIN, &mut turn).await {
            Ok(writer) => writer,
            Err(_) => {
                let seconds = WRITER_WITHIN.as_secs();
                tracing::warn!(seconds, "a write still waits for those before it");
                turn.await
            }
        }
    }

    /// All of `work` takes effect, durably, or nothing.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut writer = self.lock_writer().await;
        blocking(move || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })
        .await
    }

    /// `work` sees one state of the store, whatever is written meanwhile.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.readers).acquire_owned().await;
        let permit = permit.expect("nobody closes the semaphore");
        let (idle, path) = (Arc::clone(&self.idle), Arc::clone(&self.path));
        blocking(move || {
            let free = lock(&idle).pop();
            let mut connection = match free {
                Some(connection) => connection,
                None => reader(&path)?,
            };
            let transaction = connection.transaction()?;
            let result = work(&transaction);
            drop(transaction);
            lock(&idle).push(connection);
            drop(permit);
            result
        })
        .await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path, OpenFlags::empty())?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIBIBYTES)?;
    Ok(connection)
}

fn connect(path: &Path, create: OpenFlags) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // In WAL mode the default may lose the last transactions when the power fails.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is overwritten is gone, not only out of sight: erased data is in no free page.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIBIBYTES)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // A plan is for any values: else SQLite prepares a statement again for each that is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Unavailable("the process is ending".to_owned())),
        },
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::SchemaChanged,
            ) => StoreError::Unavailable(error.to_string()),
            Some(ErrorCode::ConstraintViolation) => StoreError::Conflict(error.to_string()),
            _ => StoreError::Corrupt(error.to_string()),
        }
    }
}
