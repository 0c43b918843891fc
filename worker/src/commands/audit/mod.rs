//! `trueup audit`: what happened, in order, whether the record of it is whole, and evidence of it.

mod checkpoint;
mod export;
mod key;
mod show;
mod verify;

use std::path::PathBuf;

use activities::audit::verify::Verifying;

use crate::cli::configuration;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::wiring;

/// Shows, signs and verifies the audit trail. Each run and each case has a stream, named by its
/// workflow id.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// The entries of one stream, or the names of all
    Show(show::Arguments),
    /// Checks hashes, checkpoints, roots and files: exit 1 when something is not what was written
    Verify(verify::Arguments),
    /// Evidence of one discrepancy or match, in one file that needs no store
    Prove(export::ProveArguments),
    /// Evidence of all that runs found, a file for each
    Export(export::ExportArguments),
    /// Signs what is new on the trail, now
    Checkpoint,
    /// Makes a key that checkpoints are signed with
    Key(key::Arguments),
}

/// Does it.
///
/// # Errors
/// When something can't be read or written, or there is no such stream.
pub async fn run(folder: Option<PathBuf>, command: Command, json: bool) -> anyhow::Result<Exit> {
    match command {
        Command::Key(arguments) => key::make(&arguments, json),
        Command::Verify(arguments) if arguments.bundle.is_some() => {
            verify::bundle(&arguments, json)
        }
        Command::Verify(arguments) => {
            let configuration = configuration(folder)?;
            verify::store(
                &verifying(&configuration).await?,
                &configuration,
                &arguments,
                json,
            )
            .await
        }
        Command::Show(arguments) => {
            let store = wiring::recorded(&configuration(folder)?).await?;
            show::show(&store, &arguments, json).await
        }
        Command::Prove(arguments) => {
            let with = verifying(&configuration(folder)?).await?;
            export::prove(&with, &arguments, json).await
        }
        Command::Export(arguments) => {
            let with = verifying(&configuration(folder)?).await?;
            export::export(&with, &arguments, json).await
        }
        Command::Checkpoint => checkpoint::make(&configuration(folder)?, json).await,
    }
}

/// What is verified. The signing key is not needed for that: where it is not at hand, the public
/// keys of the configuration are trusted.
async fn verifying(configuration: &Configuration) -> anyhow::Result<Verifying> {
    let store = wiring::recorded(configuration).await?;
    let staging = wiring::staging(configuration)?;
    let audit = wiring::audit_without_secrets(configuration)?;
    Ok(Verifying {
        store,
        staging,
        keys: audit.keys,
        published: audit.published,
        commitments: audit.commitments,
    })
}
