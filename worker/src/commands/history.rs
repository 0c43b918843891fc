//! `trueup history`: a workflow's history in the form that replays; the Temporal CLI's JSON can't.

use anyhow::Context;
use std::path::PathBuf;
use temporalio_client::UntypedWorkflow;

use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::wiring;

/// Exports one workflow's history.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Its id: recon/… or case/…
    workflow_id: String,
    /// Where to write it
    #[arg(long)]
    out: PathBuf,
}

/// Writes the history.
///
/// # Errors
/// No such workflow, no server, or a file that can't be written.
pub async fn run(configuration: &Configuration, arguments: Arguments) -> anyhow::Result<Exit> {
    let client = wiring::client(configuration).await?;
    let handle = client.get_workflow_handle::<UntypedWorkflow>(&arguments.workflow_id);
    let history = handle.fetch_history(Default::default()).to_json().await;
    let history = history.with_context(|| format!("no history of {}", arguments.workflow_id))?;
    std::fs::write(&arguments.out, history)
        .with_context(|| format!("can't write {}", arguments.out.display()))?;
    say!("{}", arguments.out.display());
    Ok(Exit::Clean)
}
