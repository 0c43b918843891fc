//! `trueup audit verify`: of a store, or of a bundle.

use std::path::PathBuf;

use activities::audit::bundle::{self, Bundle};
use activities::audit::verify::{self, Report, Verifying};
use activities::audit::{PublicKey, PublicKeys, Published};
use activities::staging::{Staging, StagingConfig};
use anyhow::Context;
use serde_json::json;

use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;

/// Problems that are shown to people; JSON has all.
const SHOWN_MAX: usize = 50;

/// Checks every hash, link, root, signature and file
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// One stream (recon/… or case/…) and what it names; everything without it
    #[arg(conflicts_with = "bundle")]
    stream: Option<String>,
    /// A file that `prove` or `export` wrote; needs no store and no configuration
    #[arg(long, value_name = "FILE")]
    pub(super) bundle: Option<PathBuf>,
    /// Trusts this key (64 digits) and, for a bundle, no other
    #[arg(long, value_name = "KEY")]
    public_key: Vec<String>,
    /// Where checkpoints are published, instead of the place in the configuration
    #[arg(long, value_name = "FOLDER", conflicts_with = "bundle")]
    published: Option<String>,
}

/// Verifies what is on record.
pub(super) async fn store(
    with: &Verifying,
    configuration: &Configuration,
    arguments: &Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let mut with = with.clone();
    for text in &arguments.public_key {
        with.keys.trust(PublicKey::parse(text)?);
    }
    if let Some(url) = &arguments.published {
        let configured = configuration.audit.config.publish.clone();
        let place = StagingConfig {
            url: url.clone(),
            ..configured.unwrap_or_default()
        };
        let place = Staging::open(&place, &configuration.folder)?;
        with.published = Some(Published::new(place));
    }
    let report = verify::verify(&with, arguments.stream.as_deref()).await?;
    say_report(&report, json)
}

/// Verifies a bundle.
pub(super) fn bundle(arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let path = arguments.bundle.clone().unwrap_or_default();
    let bytes = std::fs::read(&path).with_context(|| format!("can't read {}", path.display()))?;
    let bundle: Bundle = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no bundle of trueup", path.display()))?;
    let mut keys = PublicKeys::default();
    for text in &arguments.public_key {
        keys.trust(PublicKey::parse(text)?);
    }
    if !json {
        say!("{}", bundle.about);
    }
    say_report(&bundle::check(&bundle, &keys), json)
}

fn say_report(report: &Report, json: bool) -> anyhow::Result<Exit> {
    let exit = match report.broken.is_empty() {
        true => Exit::Clean,
        false => Exit::Found,
    };
    if json {
        say!("{}", serde_json::to_string_pretty(&json!(report))?);
        return Ok(exit);
    }
    for wrong in report.broken.iter().take(SHOWN_MAX) {
        let at = wrong
            .sequence
            .map_or(String::new(), |at| format!(" at entry {at}"));
        say!("BROKEN  {}{at}: {}", wrong.subject, wrong.problem);
    }
    if report.broken.len() > SHOWN_MAX {
        say!(
            "BROKEN  and {} more: see --json",
            report.broken.len() - SHOWN_MAX
        );
    }
    for note in &report.notes {
        say!("note    {note}");
    }
    let covered = &report.covered;
    if let (Some(number), Some(at)) = (covered.last_checkpoint, &covered.last_checkpoint_at) {
        let hash = covered.last_checkpoint_hash.as_deref().unwrap_or_default();
        say!("last checkpoint {number} of {at}, hash {hash}");
    }
    if covered.entries_not_covered > 0 {
        say!(
            "not covered by a checkpoint yet: {} entries of {} streams",
            covered.entries_not_covered,
            covered.streams_not_covered
        );
    }
    say!(
        "{} streams, {} entries, {} checkpoints, {} files, {} leaves, {} broken",
        report.streams,
        report.entries,
        report.checkpoints,
        report.files,
        report.leaves,
        report.broken.len()
    );
    Ok(exit)
}
