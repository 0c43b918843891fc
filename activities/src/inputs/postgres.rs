//! A query on a PostgreSQL ledger, received as CSV.
//!
//! The query runs in a read-only transaction, with a time-out, that is never committed. Every
//! column becomes text on the server, so that no type of PostgreSQL is interpreted here; NULL
//! becomes an empty field. Rows are received one by one and kept as CSV within the limits.

use std::path::Path;
use std::time::Duration;

use futures::TryStreamExt;
use tokio::task::JoinSet;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::{DbError, ErrorPosition};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, NoTls, Row, Statement, Transaction};

use domain::policy::Scope;

use super::config::{PostgresTls, PostgresTransport};
use super::query::{Bind, QUERY_BYTES_MAX, Query};
use super::{InputError, InputRequest, Received, tls};

/// Rows between two calls of the progress callback.
const PROGRESS_EVERY_ROWS: u64 = 5_000;
/// A server that says nothing for this long, not even "alive", is gone.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// What a statement time-out may be at most, in milliseconds: PostgreSQL's own limit.
const STATEMENT_TIMEOUT_MILLISECONDS_MAX: u64 = i32::MAX as u64;

/// Runs the query and returns its rows.
pub(super) async fn receive(
    transport: &PostgresTransport,
    request: &InputRequest<'_>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Received, InputError> {
    let query = read_query(transport, request.folder)?;
    let context = Context {
        transport,
        query: &query,
    };
    let mut connection = JoinSet::new();
    let mut client = connect(transport, request.secret, &mut connection).await?;
    let failed = |error| context.decide(&error, 0);
    let transaction = client
        .build_transaction()
        .read_only(true)
        .start()
        .await
        .map_err(failed)?;
    transaction
        .batch_execute(&settings(transport))
        .await
        .map_err(failed)?;
    let statement = context.prepare(&transaction).await?;
    let bytes = context
        .rows(&transaction, &statement, request, progress)
        .await?;
    let name = file_name(&transport.query_file);
    Ok(Received { name, bytes })
}

/// Reads and checks the query file.
pub(super) fn read_query(
    transport: &PostgresTransport,
    folder: &Path,
) -> Result<Query, InputError> {
    let path = folder.join(&transport.query_file);
    let misconfigured = |reason: String| {
        InputError::Misconfigured(format!("query file {}: {reason}", path.display()))
    };
    let size = std::fs::metadata(&path)
        .map_err(|error| misconfigured(error.to_string()))?
        .len();
    if size > QUERY_BYTES_MAX as u64 {
        return Err(misconfigured(format!(
            "larger than {QUERY_BYTES_MAX} bytes"
        )));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| misconfigured(error.to_string()))?;
    Query::parse(&text).map_err(|error| misconfigured(error.to_string()))
}

/// Connects; the connection works until `connection` is dropped.
async fn connect(
    transport: &PostgresTransport,
    secret: &(dyn Fn(&str) -> Option<String> + Sync),
    connection: &mut JoinSet<Result<(), tokio_postgres::Error>>,
) -> Result<Client, InputError> {
    let variable = &transport.url_env;
    let url = secret(variable).ok_or_else(|| {
        InputError::Misconfigured(format!(
            "environment variable {variable} is not set; it holds the ledger's address, \
             postgres://user:password@host/database"
        ))
    })?;
    // The parser's own message may show parts of the address.
    let mut config: Config = url.parse().map_err(|_| {
        InputError::Misconfigured(format!(
            "environment variable {variable} does not hold an address; \
             write postgres://user:password@host/database, with special characters as %XX"
        ))
    })?;
    let timeout = Duration::from_secs(u64::from(transport.connect_timeout_seconds.get()));
    config
        .application_name("trueup")
        .connect_timeout(timeout)
        .keepalives_idle(SILENCE_MAX / 3)
        .keepalives_interval(SILENCE_MAX / 3)
        .tcp_user_timeout(SILENCE_MAX);
    let connecting = async {
        match transport.tls.unwrap_or_else(|| usual_tls(&config)) {
            PostgresTls::Disable => {
                config.ssl_mode(SslMode::Disable);
                let (client, working) = config
                    .connect(NoTls)
                    .await
                    .map_err(|error| decide(&error, variable, format_args!("can't connect")))?;
                connection.spawn(working);
                Ok(client)
            }
            PostgresTls::Require => {
                config.ssl_mode(SslMode::Require);
                let connector = tls::connector().map_err(InputError::Misconfigured)?;
                let (client, working) = config
                    .connect(connector)
                    .await
                    .map_err(|error| decide(&error, variable, format_args!("can't connect")))?;
                connection.spawn(working);
                Ok(client)
            }
        }
    };
    // `connect_timeout` ends with the TCP connection; a server may also hang after that.
    tokio::time::timeout(timeout * 2, connecting)
        .await
        .unwrap_or_else(|_| {
            let input = variable.clone();
            Err(InputError::Retry {
                input,
                reason: "the ledger does not answer".to_owned(),
            })
        })
}

/// Without TLS to this machine only.
fn usual_tls(config: &Config) -> PostgresTls {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    };
    let hosts = config.get_hosts();
    let addresses = config.get_hostaddrs();
    let local = hosts.iter().all(is_local) && addresses.iter().all(std::net::IpAddr::is_loopback);
    if local {
        PostgresTls::Disable
    } else {
        PostgresTls::Require
    }
}

/// Texts of dates and times must not depend on the server's settings.
fn settings(transport: &PostgresTransport) -> String {
    let timeout = u64::from(transport.statement_timeout_seconds.get()) * 1000;
    let timeout = timeout.min(STATEMENT_TIMEOUT_MILLISECONDS_MAX);
    format!(
        "SET LOCAL statement_timeout = {timeout}; SET LOCAL TimeZone = 'UTC'; \
         SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601'; \
         SET LOCAL standard_conforming_strings = on"
    )
}

/// What a query is run with, for messages.
struct Context<'a> {
    transport: &'a PostgresTransport,
    query: &'a Query,
}

impl Context<'_> {
    /// Prepares the query, then the same with all of its columns as text.
    async fn prepare(&self, transaction: &Transaction<'_>) -> Result<Statement, InputError> {
        let types = vec![Type::TEXT; self.query.binds.len()];
        let sql = &self.query.sql;
        let inner = transaction
            .prepare_typed(sql, &types)
            .await
            .map_err(|error| self.decide(&error, 0))?;
        let names: Vec<&str> = inner.columns().iter().map(|column| column.name()).collect();
        if names.is_empty() {
            return Err(self.refused("it returns no columns; write a SELECT"));
        }
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                let reason = format!("two columns are called {name:?}; name one with AS");
                return Err(self.refused(reason));
            }
        }
        let columns: Vec<String> = names.iter().map(|name| text_column(name)).collect();
        let head = format!("SELECT {} FROM (", columns.join(", "));
        // On a line of its own: the query may end in a comment.
        let wrapped = format!("{head}{sql}\n) AS q");
        transaction
            .prepare_typed(&wrapped, &types)
            .await
            .map_err(|error| self.decide(&error, head.chars().count()))
    }

    /// Runs the statement and writes its rows as CSV, with the column names first.
    async fn rows(
        &self,
        transaction: &Transaction<'_>,
        statement: &Statement,
        request: &InputRequest<'_>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Vec<u8>, InputError> {
        let failed = |error| self.decide(&error, 0);
        let values = self.query.binds.iter().map(|bind| value(*bind, request));
        let rows = transaction
            .query_raw(statement, values)
            .await
            .map_err(failed)?;
        let mut rows = std::pin::pin!(rows);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = statement.columns().iter().map(|column| column.name());
        write(&mut writer, names)?;
        let PostgresTransport {
            rows_max,
            bytes_max,
            ..
        } = *self.transport;
        let mut count: u64 = 0;
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            count += 1;
            if count > rows_max {
                return Err(self.too_large(format!("more than rows_max = {rows_max} rows")));
            }
            self.write_row(&mut writer, &row)?;
            if writer.get_ref().len() as u64 > bytes_max {
                return Err(self.too_large(format!("more than bytes_max = {bytes_max} bytes")));
            }
            if count.is_multiple_of(PROGRESS_EVERY_ROWS) {
                progress(count);
            }
        }
        progress(count);
        writer
            .into_inner()
            .map_err(|error| self.refused(error.to_string()))
    }

    fn write_row(&self, writer: &mut csv::Writer<Vec<u8>>, row: &Row) -> Result<(), InputError> {
        let mut fields: Vec<&str> = Vec::with_capacity(row.len());
        for index in 0..row.len() {
            let text: Option<&str> = row
                .try_get(index)
                .map_err(|error| self.refused(format!("column {}: {error}", index + 1)))?;
            fields.push(text.unwrap_or_default());
        }
        write(writer, fields.into_iter())
    }

    /// Whether a retry can help. `head` is what was put before the query, in characters.
    fn decide(&self, error: &tokio_postgres::Error, head: usize) -> InputError {
        let line = error.as_db_error().and_then(|error| self.line(error, head));
        let file = &self.transport.query_file;
        match line {
            Some(line) => decide(error, &format!("{file}, line {line}"), "the ledger says"),
            None => decide(error, file, "the ledger says"),
        }
    }

    fn line(&self, error: &DbError, head: usize) -> Option<usize> {
        let Some(ErrorPosition::Original(position)) = error.position() else {
            return None;
        };
        let characters = (*position as usize).checked_sub(1 + head)?;
        let sql = &self.query.sql;
        let newlines = sql
            .chars()
            .take(characters)
            .filter(|char| *char == '\n')
            .count();
        (characters <= sql.chars().count()).then_some(newlines + 1)
    }

    fn refused(&self, reason: impl Into<String>) -> InputError {
        InputError::Refused {
            query: self.transport.query_file.clone(),
            reason: reason.into(),
        }
    }

    fn too_large(&self, reason: String) -> InputError {
        let input = self.transport.query_file.clone();
        InputError::Unusable {
            input,
            reason: format!("{reason}; raise it if that is right"),
        }
    }
}

/// Errors of the connection and those with these SQLSTATE classes pass; all others stay.
fn decide(error: &tokio_postgres::Error, query: &str, what: impl std::fmt::Display) -> InputError {
    /// Connection, rollback (serialization, deadlock), resources, lock not available, operator
    /// intervention (statement time-out, shutdown), system, internal.
    const PASSING: [&str; 7] = ["08", "40", "53", "55", "57", "58", "XX"];
    let query = query.to_owned();
    let Some(db) = error.as_db_error() else {
        return InputError::Retry {
            input: query,
            reason: format!("{what}: {}", chain(error)),
        };
    };
    let mut reason = format!("{what}: {} (SQLSTATE {})", db.message(), db.code().code());
    if let Some(hint) = db.hint() {
        reason = format!("{reason}; hint: {hint}");
    }
    match PASSING.contains(&db.code().code().get(..2).unwrap_or_default()) {
        true => InputError::Retry {
            input: query,
            reason,
        },
        false => InputError::Refused { query, reason },
    }
}

/// An error and what is behind it: `tokio_postgres` shows the outermost only.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

fn value(bind: Bind, request: &InputRequest<'_>) -> Option<String> {
    match (bind, request.scope) {
        (Bind::BusinessDate, _) => Some(request.business_date.to_string()),
        (Bind::FromDate, _) => Some(request.from_date.to_string()),
        (Bind::ToDate, _) => Some(request.to_date.to_string()),
        (Bind::Client, Scope::Client(client)) => Some(client.clone()),
        (Bind::Invoice, Scope::Invoice(invoice)) => Some(invoice.clone()),
        (Bind::Client | Bind::Invoice, _) => None,
    }
}

/// Text on the server, under its own name.
fn text_column(name: &str) -> String {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    format!("q.{quoted}::text AS {quoted}")
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

fn write<'f>(
    writer: &mut csv::Writer<Vec<u8>>,
    fields: impl Iterator<Item = &'f str>,
) -> Result<(), InputError> {
    writer.write_record(fields).map_err(|error| {
        // Memory can't refuse; rows of different lengths can't come from one query.
        InputError::Misconfigured(error.to_string())
    })
}
