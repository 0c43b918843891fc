//! The configuration folder: `trueup.toml` and one file per source under `sources/`.
//!
//! Reads and checks all of it, and says every problem with its place. Connects to nothing, and
//! holds no secret: files name the environment variables that do.

mod audit;
mod authority;
mod blame;
mod causes;
mod channels;
mod checks;
mod document;
mod encryption;
mod folder;
mod policy;
mod problem;
mod punctual;
mod recorded;
mod rules;
mod settings_file;
mod source_file;
mod stores;
mod suggest;
mod tree;
mod values;
mod words;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use activities::alerts::{ChannelConfig, ChannelRules};
use activities::formats::ReadLimits;
use activities::source::Source;
use activities::staging::StagingConfig;
use activities::store::DynamoConfig;
use activities::vault::EncryptionConfig;
use domain::case::Authority;

pub use audit::AuditSettings;
pub use folder::{DEMO_FOLDER, FOLDER_VARIABLE, choose_folder, load};
pub use problem::{Position, Problem, Warning};
pub use recorded::as_recorded;
pub(crate) use settings_file::SettingsFile;
pub use settings_file::{Temporal, Work};
pub use stores::StoreKind;
pub(crate) use values::{FromText, WEEKDAYS, weekday};
pub use words::{SourceWords, describe};

/// An installation: everything that its configuration folder says, checked.
#[derive(Debug)]
pub struct Configuration {
    /// The folder, which relative paths start from.
    pub folder: PathBuf,
    /// Where Temporal is, unless its own environment says otherwise.
    pub temporal: Temporal,
    /// Where everything is on record.
    pub store: Store,
    /// Sealed inputs and staged records.
    pub staging: StagingConfig,
    /// What is encrypted, and with what.
    pub encryption: EncryptionConfig,
    /// The alert channels, by name.
    pub channels: BTreeMap<String, ChannelConfig>,
    /// What goes for them beside how they are reached.
    pub channel_rules: BTreeMap<String, ChannelRules>,
    /// How the audit trail is signed.
    pub audit: AuditSettings,
    /// The text of `trueup.toml`.
    pub settings: String,
    /// What is read at most of any input.
    pub limits: ReadLimits,
    /// How the work of a run is divided.
    pub work: Work,
    /// Who may do what.
    pub authority: Authority,
    /// The sources, by name.
    pub sources: BTreeMap<String, Source>,
}

/// Where the runs are on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Which of the two is meant.
    pub kind: StoreKind,
    /// The SQLite file, in the configuration folder when the path was relative.
    pub sqlite: PathBuf,
    /// The table of DynamoDB.
    pub dynamodb: DynamoConfig,
}

/// A source that is not configured.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no source `{name}`{}; configured: {known}", hint.as_deref().unwrap_or_default())]
pub struct UnknownSource {
    name: String,
    hint: Option<String>,
    known: String,
}

impl Configuration {
    /// The source of this name.
    ///
    /// # Errors
    /// There is none; says which there are.
    pub fn source(&self, name: &str) -> Result<&Source, UnknownSource> {
        self.sources.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.sources.keys().map(String::as_str).collect();
            let meant = suggest::closest(name, known.iter().copied());
            UnknownSource {
                name: name.to_owned(),
                hint: meant.map(|meant| format!(" (did you mean `{meant}`?)")),
                known: known.join(", "),
            }
        })
    }

    /// Environment variables that the configuration names and that are not set: a process that
    /// needs them can't start.
    #[must_use]
    pub fn missing_environment(&self) -> Vec<Problem> {
        checks::missing_environment(self, |name| std::env::var_os(name).is_some())
    }
}
