//! `trueup keys`: makes keys, and seals what is kept with the newest one.

use activities::privacy::{Resealed, reseal};
use activities::vault::new_key;
use anyhow::Context;
use jiff::Timestamp;

use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::wiring;

/// What to do with keys.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Prints a new key: put it in front of the key ring
    New,
    /// Seals the store and the object store with the newest key; older ones can be removed after
    Reseal,
}

/// Does it.
///
/// # Errors
/// The system has no random numbers; to reseal, also a store or a key ring that can't be used.
pub async fn run(
    command: Command,
    configuration: impl FnOnce() -> anyhow::Result<Configuration>,
    json: bool,
) -> anyhow::Result<Exit> {
    match command {
        Command::New => new(json),
        Command::Reseal => reseal_all(&configuration()?, json).await,
    }
}

async fn reseal_all(configuration: &Configuration, json: bool) -> anyhow::Result<Exit> {
    let store = wiring::recorded(configuration).await?;
    let (staging, vault) = (
        wiring::staging(configuration)?,
        wiring::vault(configuration)?,
    );
    let resealed = reseal(&store, &staging, &vault)
        .await
        .context("not all is sealed anew; begin again, and it goes on")?;
    let Resealed { rows, objects } = resealed;
    match json {
        true => say!(
            "{}",
            serde_json::json!({ "rows": rows, "objects": objects })
        ),
        false => say!("sealed anew: {rows} rows of the store, {objects} objects"),
    }
    Ok(Exit::Clean)
}

fn new(json: bool) -> anyhow::Result<Exit> {
    let entry = new_key(&Timestamp::now().strftime("%Y-%m-%d").to_string())?;
    match json {
        true => say!("{}", serde_json::json!({ "key": entry })),
        false => say!("{entry}"),
    }
    Ok(Exit::Clean)
}
