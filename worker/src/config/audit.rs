//! What `[audit]` says: keys, how often, where to; and what can't be meant there.

use activities::audit::{AuditConfig, PublicKeys};
use jiff::SignedDuration;

use super::SettingsFile;
use super::checks::no_channel;
use super::document::Document;
use super::policy::Findings;
use super::tree::Place;
use super::values::FromText;

/// Checkpoints that are made more often prove little more, and fill the place that they are
/// published in.
const EVERY_MIN: SignedDuration = SignedDuration::from_secs(10);

/// `[audit]`, checked.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// As written.
    pub config: AuditConfig,
    /// How often a checkpoint is made.
    pub every: SignedDuration,
    /// The keys that are trusted.
    pub keys: PublicKeys,
}

/// Reads it. What is wrong with it is added to `findings`.
pub(crate) fn build(
    settings: &SettingsFile,
    document: &Document,
    findings: &mut Findings,
) -> AuditSettings {
    let config = settings.audit.clone();
    let here = |key: &str| Place::root().key("audit").key(key);
    let mut wrong = |key: &str, message: String, help: &str| {
        let problem = document.problem(&here(key), message);
        findings.problems.push(problem.with_help(help));
    };
    if config.signing_key_env.is_some() && config.signing_key_file.is_some() {
        let message = "two signing keys".to_owned();
        let help = "name one of `signing_key_env` and `signing_key_file`";
        wrong("signing_key_file", message, help);
    }
    let every = SignedDuration::from_text(&config.checkpoint_every);
    if let Err(message) = &every {
        let help = "as `checkpoint_every = \"1 hour\"`";
        wrong("checkpoint_every", message.clone(), help);
    }
    let every = every.unwrap_or(EVERY_MIN);
    if every < EVERY_MIN {
        let message = format!("`{}` is too often", config.checkpoint_every);
        wrong("checkpoint_every", message, "at least 10 seconds");
    }
    let keys = PublicKeys::of(&config.public_keys);
    if let Err(problem) = &keys {
        let help = "as `public_keys = { <id> = \"<key>\" }`, as `trueup audit key` says them";
        wrong("public_keys", problem.to_string(), help);
    }
    let witness = [
        ("publish", config.publish.is_some()),
        ("tell", config.tell.is_some()),
    ];
    for (key, is_set) in witness {
        if is_set && !config.makes_checkpoints() && config.public_keys.is_empty() {
            let message = format!("`{key}` without a signing key: there is nothing to {key}");
            wrong(key, message, "add `signing_key_env` or `signing_key_file`");
        }
    }
    let channels = &settings.alerts.channels;
    if let Some(channel) = config
        .tell
        .as_ref()
        .filter(|it| !channels.contains_key(*it))
    {
        let problem = no_channel(channel, channels, &here("tell"), document);
        findings.problems.push(problem);
    }
    AuditSettings {
        config,
        every,
        keys: keys.unwrap_or_default(),
    }
}
