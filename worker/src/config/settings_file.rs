//! The shape of `trueup.toml`: what belongs to the installation rather than to one source.

use std::collections::BTreeMap;

use activities::alerts::ChannelConfig;
use activities::audit::AuditConfig;
use activities::formats::ReadLimits;
use activities::staging::StagingConfig;
use activities::store::DynamoConfig;
use activities::vault::EncryptionConfig;
use domain::case::{Action, ResolutionKind};
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use jiff::civil::Date;
use serde::Deserialize;

use super::stores::{SqliteTable, StoreValue};
use super::values::Parsed;

/// `trueup.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SettingsFile {
    /// Where Temporal is.
    pub(crate) temporal: Temporal,
    /// Which store everything is on record in.
    pub(crate) store: StoreValue,
    /// The file of a SQLite store.
    pub(crate) sqlite: SqliteTable,
    /// The table of a DynamoDB store.
    pub(crate) dynamodb: DynamoConfig,
    /// Inputs and staged records.
    pub(crate) staging: StagingConfig,
    /// What is encrypted, and with what.
    pub(crate) encryption: EncryptionConfig,
    /// How people are told.
    pub(crate) alerts: AlertsTable,
    /// How the audit trail is signed.
    pub(crate) audit: AuditConfig,
    /// What is read at most.
    pub(crate) limits: ReadLimits,
    /// How the work of a run is divided.
    pub(crate) work: Work,
    /// People, by name.
    pub(crate) people: BTreeMap<String, PersonTable>,
    /// What roles may do.
    pub(crate) authority: Vec<AuthorityTable>,
    /// Who acts for whom.
    pub(crate) delegations: Vec<DelegationTable>,
}

/// `[temporal]`. Temporal's own environment (`TEMPORAL_ADDRESS` and others) wins over it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Temporal {
    /// Host and port of the server's front end.
    pub address: String,
    /// The namespace.
    pub namespace: String,
}

impl Default for Temporal {
    fn default() -> Self {
        Temporal {
            address: "localhost:7233".to_owned(),
            namespace: "default".to_owned(),
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

/// `[work]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Work {
    /// Records of both sides per comparison, before another one is started beside it.
    pub records_per_task: u64,
    /// Comparisons side by side, at most.
    pub compare_tasks_max: u32,
    /// A long step that gives no sign for this long is taken over by another worker.
    pub heartbeat_timeout_seconds: u32,
    /// Inputs of up to this size together make a run that is gone through at once, in one step.
    pub small_run_kibibytes: u32,
    /// Memory that `trueup compare` takes for large files, about; what needs more goes to disk.
    pub compare_memory_mebibytes: u32,
}

impl Work {
    /// Inputs of a small run, in bytes.
    pub(crate) fn small_run_bytes(self) -> u64 {
        u64::from(self.small_run_kibibytes) << 10
    }

    /// Memory for large files, in bytes.
    pub(crate) fn compare_memory_bytes(self) -> u64 {
        u64::from(self.compare_memory_mebibytes) << 20
    }
}

impl Default for Work {
    fn default() -> Self {
        Work {
            records_per_task: 250_000,
            compare_tasks_max: 8,
            heartbeat_timeout_seconds: 60,
            small_run_kibibytes: 1024,
            compare_memory_mebibytes: 1024,
        }
    }
}

/// `[people.<name>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonTable {
    /// The person's roles. None for somebody who only acts for others.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
}

/// `[[authority]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorityTable {
    /// Whose right it is; `*` is everybody's.
    pub(crate) role: String,
    /// What may be done.
    pub(crate) actions: Vec<Parsed<Action>>,
    /// Only in these sources; any when not given.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// Only for these kinds; any when not given.
    #[serde(default)]
    pub(crate) kinds: Vec<Parsed<Kind>>,
    /// Only these resolutions; any when not given.
    #[serde(default)]
    pub(crate) resolutions: Vec<Parsed<ResolutionKind>>,
    /// Only up to these amounts at stake; any when not given.
    #[serde(default)]
    pub(crate) amount_up_to: BTreeMap<Parsed<Currency>, Parsed<Amount>>,
}

/// `[[delegations]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelegationTable {
    /// Whose rights.
    pub(crate) from: String,
    /// Who has them too.
    pub(crate) to: String,
    /// The last day.
    pub(crate) until: Parsed<Date>,
}
