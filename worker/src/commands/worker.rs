//! `trueup worker`: the process that does the work, until it is told to stop.

use activities::Trueup;
use temporalio_client::Client;

use crate::cli::unusable;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::process::{Interruption, run_worker};
use crate::temporal::{Patience, connect};
use crate::wiring;

/// Works until SIGINT or SIGTERM. Waits for a Temporal server that is not there yet.
///
/// # Errors
/// Wrong configuration, a missing secret, a store or object store that can't be opened.
pub async fn run(configuration: Configuration) -> anyhow::Result<Exit> {
    let missing = configuration.missing_environment();
    if !missing.is_empty() {
        return Err(unusable(&configuration.folder, &missing));
    }
    let mut interruption = Interruption::listen()?;
    let (client, activities) = tokio::select! {
        reached = reach(configuration) => reached?,
        () = interruption.wait() => return Ok(Exit::Clean),
    };
    run_worker(client, activities, None, interruption.wait()).await?;
    Ok(Exit::Clean)
}

/// Opens the stores, and waits for the Temporal server.
async fn reach(configuration: Configuration) -> anyhow::Result<(Client, Trueup)> {
    let (temporal, vault) = (
        configuration.temporal.clone(),
        wiring::vault(&configuration)?,
    );
    let activities = wiring::activities(configuration).await?;
    let client = connect(&temporal, &vault, Patience::Endless).await?;
    Ok((client, activities))
}
