//! What the configuration says about checkpoints: `[audit]` in `trueup.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::staging::StagingConfig;

/// `[audit]`. Without a signing key there are no checkpoints.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Environment variable that holds the signing key.
    pub signing_key_env: Option<String>,
    /// File that holds the signing key; a relative path is in the configuration folder.
    pub signing_key_file: Option<PathBuf>,
    /// Public keys that checkpoints may be signed with, by id. Old ones stay.
    pub public_keys: BTreeMap<String, String>,
    /// How often a checkpoint is made, when something is new: `1 hour`.
    pub checkpoint_every: String,
    /// The place, write-once, that checkpoints are published in.
    pub publish: Option<StagingConfig>,
    /// The alert channel that is told of each checkpoint.
    pub tell: Option<String>,
}

impl Default for AuditConfig {
    fn default() -> Self {
        AuditConfig {
            signing_key_env: None,
            signing_key_file: None,
            public_keys: BTreeMap::new(),
            checkpoint_every: "1 hour".to_owned(),
            publish: None,
            tell: None,
        }
    }
}

impl AuditConfig {
    /// Whether checkpoints are made.
    #[must_use]
    pub fn makes_checkpoints(&self) -> bool {
        self.signing_key_env.is_some() || self.signing_key_file.is_some()
    }
}
