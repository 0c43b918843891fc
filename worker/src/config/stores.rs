//! Where everything is put on record: which store, its file or its table, and what can't be meant.

use std::path::{Path, PathBuf};

use activities::store::DynamoConfig;
use serde::{Deserialize, Deserializer};

use super::Store;
use super::document::Document;
use super::policy::Findings;
use super::settings_file::SettingsFile;
use super::suggest::closest;
use super::tree::Place;
use super::values::{FromText, TextOrTable, text_or_table};

/// The SQLite file, unless the configuration names another.
const SQLITE_FILE: &str = "data/trueup.db";
/// Lengths of a table's name that DynamoDB takes.
const TABLE_NAME_BYTES: std::ops::RangeInclusive<usize> = 3..=255;

/// The stores there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StoreKind {
    /// One file of this machine.
    #[default]
    Sqlite,
    /// One table of DynamoDB, which any number of machines share.
    Dynamodb,
}

impl StoreKind {
    /// All there are.
    pub const ALL: [StoreKind; 2] = [StoreKind::Sqlite, StoreKind::Dynamodb];

    /// As the configuration and JSON write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StoreKind::Sqlite => "sqlite",
            StoreKind::Dynamodb => "dynamodb",
        }
    }
}

impl FromText for StoreKind {
    const EXPECTED: &'static str = "the name of a store in quotes (\"sqlite\", \"dynamodb\")";

    fn from_text(text: &str) -> Result<Self, String> {
        let named = StoreKind::ALL.into_iter().find(|kind| kind.name() == text);
        named.ok_or_else(|| {
            let known = StoreKind::ALL.map(StoreKind::name);
            let meant = closest(text, known).map(|meant| format!("did you mean `{meant}`? "));
            let meant = meant.unwrap_or_default();
            format!(
                "unknown store `{text}`; {meant}one of: {}",
                known.join(", ")
            )
        })
    }
}

/// `store`: the name of a store, or the table that names the file of SQLite.
#[derive(Debug)]
pub(crate) enum StoreValue {
    /// `store = "…"`.
    Kind(StoreKind),
    /// `[store]`.
    Table(StoreTable),
}

impl Default for StoreValue {
    fn default() -> Self {
        StoreValue::Kind(StoreKind::default())
    }
}

/// `[store]`, from when there was one store only.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreTable {
    /// The database file; a relative path is in the configuration folder.
    pub(crate) sqlite: Option<PathBuf>,
}

/// `[sqlite]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SqliteTable {
    /// The database file; a relative path is in the configuration folder.
    pub(crate) file: Option<PathBuf>,
}

impl<'de> Deserialize<'de> for StoreValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table(deserializer)
    }
}

impl TextOrTable for StoreValue {
    type Table = StoreTable;

    const EXPECTED: &'static str = <StoreKind as FromText>::EXPECTED;

    fn from_text(text: &str) -> Result<Self, String> {
        StoreKind::from_text(text).map(StoreValue::Kind)
    }

    fn from_table(table: StoreTable) -> Result<Self, String> {
        Ok(StoreValue::Table(table))
    }
}

/// The store of `settings`. What is wrong with it is added to `findings`.
pub(crate) fn build(
    settings: &SettingsFile,
    document: &Document,
    folder: &Path,
    findings: &mut Findings,
) -> Store {
    let (kind, earlier) = match &settings.store {
        StoreValue::Kind(kind) => (*kind, None),
        StoreValue::Table(table) => (StoreKind::Sqlite, table.sqlite.as_deref()),
    };
    let file = settings.sqlite.file.as_deref();
    if file.is_some() && earlier.is_some() {
        let place = Place::root().key("store").key("sqlite");
        let problem = document.problem(&place, "the SQLite file is named twice");
        let help = "keep `file` in `[sqlite]`, and drop `[store]`";
        findings.problems.push(problem.with_help(help));
    }
    let file = file.or(earlier).unwrap_or(Path::new(SQLITE_FILE));
    check_dynamodb(&settings.dynamodb, document, findings);
    Store {
        kind,
        sqlite: folder.join(file),
        dynamodb: settings.dynamodb.clone(),
    }
}

fn check_dynamodb(config: &DynamoConfig, document: &Document, findings: &mut Findings) {
    let place = Place::root().key("dynamodb");
    let mut wrong = |key: &str, message: String, help: String| {
        let problem = document.problem(&place.key(key), message);
        findings.problems.push(problem.with_help(help));
    };
    let table = &config.table;
    if !is_table_name(table) {
        let message = format!("`{table}` can't be the name of a table");
        let help = format!(
            "use letters, digits, `_`, `-` and `.`, from {} to {} of them",
            TABLE_NAME_BYTES.start(),
            TABLE_NAME_BYTES.end()
        );
        wrong("table", message, help);
    }
    if let Some(region) = &config.region
        && !is_region(region)
    {
        let message = format!("`{region}` is not an AWS region");
        wrong(
            "region",
            message,
            "write it as in `eu-central-1`".to_owned(),
        );
    }
    let Some(endpoint) = &config.endpoint else {
        return;
    };
    let Some(host) = host_of(endpoint) else {
        let message = format!("`{endpoint}` is not the address of a service");
        let help = "write it as in `http://127.0.0.1:8000`".to_owned();
        wrong("endpoint", message, help);
        return;
    };
    if endpoint.starts_with("http://") && !matches!(host, "127.0.0.1" | "localhost" | "[::1]") {
        let message = "what is on record goes to another machine unencrypted";
        let warning = document.warning(&place.key("endpoint"), message);
        let help = "use https://, or a network that is yours alone";
        findings.warnings.push(warning.with_help(help));
    }
}

fn is_table_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    TABLE_NAME_BYTES.contains(&name.len()) && name.bytes().all(allowed)
}

fn is_region(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.bytes().all(allowed)
}

/// The host of `http://host:port` or `https://host`; none of anything else.
fn host_of(endpoint: &str) -> Option<&str> {
    let rest = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| endpoint.strip_prefix(scheme))?;
    let authority = rest.trim_end_matches('/');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let is_host = !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']);
    (is_host && is_port).then_some(host)
}
