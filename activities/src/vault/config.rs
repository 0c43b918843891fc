//! What the configuration says about encryption. It names where the keys are, and holds none.

use std::path::PathBuf;

use serde::Deserialize;

/// `[encryption]` in `trueup.toml`. Without one of the two key rings, nothing is encrypted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncryptionConfig {
    /// Environment variable that holds the key ring.
    pub keys_env: Option<String>,
    /// File that holds the key ring; a relative path is in the configuration folder.
    pub keys_file: Option<PathBuf>,
    /// Environment variable with the token that `trueup codec` wants to see.
    pub codec_token_env: Option<String>,
    /// Where the Temporal UI is, as its pages say it: `http://localhost:8233`. Only it may ask
    /// `trueup codec` from a browser.
    pub ui_origins: Vec<String>,
}
