//! What a source's file says about where a side's data comes from. Secrets are named, never held.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::template::PathTemplate;

/// Where a side's data comes from: `[partner.transport]` or `[ledger.transport]` of a source.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Transport {
    /// Files in a folder.
    File(FileTransport),
    /// A query on a PostgreSQL database.
    Postgres(PostgresTransport),
}

/// Files in a folder.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileTransport {
    /// Relative to the configuration folder: `inbox/acme-{business_date}*.csv`.
    pub path: PathTemplate,
    /// What to do when several files fit.
    #[serde(default)]
    pub several: Several,
    /// How long a file must have been left alone before it is read: for partners that upload
    /// slowly and under the final name. 0: it is read as soon as it is there.
    #[serde(default)]
    pub quiet_seconds: u32,
    /// Largest file that is read.
    #[serde(default = "default_bytes_max")]
    pub bytes_max: u64,
}

/// What to do when several files fit a path. There is no "the newest": an amended report replaces
/// another only when somebody says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Several {
    /// The run fails and lists them.
    #[default]
    Refuse,
    /// All of them are read, in order of name; files with equal content count once.
    All,
}

/// A query on a PostgreSQL database.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresTransport {
    /// Environment variable that holds the address: `postgres://user:password@host/database`.
    pub url_env: String,
    /// One SELECT in a file, relative to the configuration folder. Its binds are
    /// `:business_date`, `:from_date`, `:to_date`, `:client` and `:invoice`; the last two are
    /// NULL unless the run is about one.
    pub query_file: String,
    /// How the connection is protected. When not given: TLS, except to this machine.
    pub tls: Option<PostgresTls>,
    /// Longest time to connect.
    #[serde(default = "default_connect_timeout_seconds")]
    pub connect_timeout_seconds: NonZeroU32,
    /// Longest time that the query may run, until its last row is received.
    #[serde(default = "default_statement_timeout_seconds")]
    pub statement_timeout_seconds: NonZeroU32,
    /// Most rows that are received.
    #[serde(default = "default_rows_max")]
    pub rows_max: u64,
    /// Most bytes that are received, as CSV.
    #[serde(default = "default_bytes_max")]
    pub bytes_max: u64,
}

/// How a connection to PostgreSQL is protected. There is no "if the server offers it".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostgresTls {
    /// TLS with a certificate for the host's name from an authority that this machine trusts.
    Require,
    /// Not at all: for a closed network.
    Disable,
}

fn default_bytes_max() -> u64 {
    512 << 20
}

fn default_connect_timeout_seconds() -> NonZeroU32 {
    NonZeroU32::new(10).expect("10 is not 0")
}

fn default_statement_timeout_seconds() -> NonZeroU32 {
    NonZeroU32::new(60).expect("60 is not 0")
}

fn default_rows_max() -> u64 {
    10_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: serde_json::Value) -> Result<Transport, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn short_configurations_get_defaults() {
        let file = read(json!({"kind": "file", "path": "inbox/a-{business_date}*.csv"}));
        let Ok(Transport::File(file)) = file else {
            panic!("{file:?}")
        };
        assert_eq!((file.several, file.quiet_seconds), (Several::Refuse, 0));

        let query = json!({"kind": "postgres", "url_env": "LEDGER_URL", "query_file": "a.sql"});
        let Ok(Transport::Postgres(query)) = read(query) else {
            panic!("not read")
        };
        assert_eq!(
            (query.statement_timeout_seconds.get(), query.tls),
            (60, None)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (wrong, said) in [
            (
                json!({"kind": "file", "path": "a.csv", "newest": true}),
                "newest",
            ),
            (json!({"kind": "file", "path": "a-{date}.csv"}), "{date}"),
            (json!({"kind": "file"}), "path"),
            (json!({"kind": "ftp", "path": "a.csv"}), "postgres"),
            (
                json!({"kind": "postgres", "url_env": "A", "query_file": "a.sql",
                    "statement_timeout_seconds": 0}),
                "nonzero",
            ),
            (
                json!({"kind": "postgres", "url": "postgres://u:p@h/d", "query_file": "a"}),
                "url",
            ),
        ] {
            let error = read(wrong).expect_err(said);
            assert!(error.contains(said), "{error} should say {said}");
        }
    }
}
