//! The shape of `trueup.toml`: what belongs to the installation rather than to one source.

use std::collections::BTreeMap;
use std::path::PathBuf;

use activities::alerts::ChannelConfig;
use activities::formats::ReadLimits;
use activities::staging::StagingConfig;
use serde::Deserialize;

/// `trueup.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SettingsFile {
    /// Where Temporal is.
    pub(crate) temporal: TemporalTable,
    /// What is on record.
    pub(crate) store: StoreTable,
    /// Inputs and staged records.
    pub(crate) staging: StagingConfig,
    /// How people are told.
    pub(crate) alerts: AlertsTable,
    /// What is read at most.
    pub(crate) limits: ReadLimits,
}

/// `[temporal]`. Temporal's own environment (`TEMPORAL_ADDRESS` and others) wins over it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TemporalTable {
    /// Host and port of the server's front end.
    pub address: String,
    /// The namespace.
    pub namespace: String,
}

impl Default for TemporalTable {
    fn default() -> Self {
        TemporalTable {
            address: "localhost:7233".to_owned(),
            namespace: "default".to_owned(),
        }
    }
}

/// `[store]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreTable {
    /// The database file; a relative path is in the configuration folder.
    pub(crate) sqlite: PathBuf,
}

impl Default for StoreTable {
    fn default() -> Self {
        StoreTable {
            sqlite: PathBuf::from("data/trueup.db"),
        }
    }
}

/// `[alerts]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlertsTable {
    /// A channel that would get more alerts than this from one run gets one summary instead.
    pub(crate) summary_above: usize,
    /// Address to which a case's workflow id is appended to make an alert's link.
    pub(crate) link_base_url: Option<String>,
    /// The channels, by name.
    pub(crate) channels: BTreeMap<String, ChannelConfig>,
}

impl Default for AlertsTable {
    fn default() -> Self {
        AlertsTable {
            summary_above: 20,
            link_base_url: None,
            channels: BTreeMap::new(),
        }
    }
}
