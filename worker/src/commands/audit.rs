//! `trueup audit`: what happened, in order, and whether the record of it is whole.

use activities::store::{AuditStream, Store};
use domain::audit::AuditEntry;
use serde_json::json;

use crate::exit::Exit;
use crate::output::say;

/// Shows or verifies audit streams. Each run and each case has one, named by its workflow id.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// The entries of one stream
    Show {
        /// Its workflow id: recon/… or case/…
        stream: String,
    },
    /// Checks every hash of one stream, or of all: exit 1 when something was altered
    Verify {
        /// Its workflow id; all streams without it
        stream: Option<String>,
    },
}

/// Does it.
///
/// # Errors
/// When the store can't be read or there is no such stream.
pub async fn run(store: &Store, command: Command, json: bool) -> anyhow::Result<Exit> {
    match command {
        Command::Show { stream } => show(store, &stream, json).await,
        Command::Verify { stream } => verify(store, stream, json).await,
    }
}

async fn show(store: &Store, stream: &str, json: bool) -> anyhow::Result<Exit> {
    let AuditStream { entries, .. } = store.audit(stream).await?;
    if json {
        let entries: Vec<_> = entries.iter().map(to_json).collect();
        say!("{}", serde_json::to_string_pretty(&entries)?);
        return Ok(Exit::Clean);
    }
    for entry in &entries {
        let AuditEntry {
            sequence,
            at,
            actor,
            event,
            fields,
            ..
        } = entry;
        say!("{sequence:>4}  {at:.3}  {event}  by {actor}");
        for (name, value) in fields {
            say!("        {name}: {value}");
        }
    }
    Ok(Exit::Clean)
}

async fn verify(store: &Store, stream: Option<String>, json: bool) -> anyhow::Result<Exit> {
    let streams = match stream {
        Some(stream) => vec![stream],
        None => all_streams(store).await?,
    };
    let mut entries = 0;
    let mut broken = Vec::new();
    for stream in &streams {
        let AuditStream {
            entries: chain,
            head,
        } = store.audit(stream).await?;
        entries += chain.len();
        if let Err(error) = domain::audit::verify(stream, &chain, head) {
            broken.push(error.to_string());
        }
    }
    if json {
        let answer = json!({ "streams": streams.len(), "entries": entries, "broken": broken });
        say!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        for problem in &broken {
            say!("BROKEN  {problem}");
        }
        say!(
            "{} streams, {entries} entries, {} broken",
            streams.len(),
            broken.len()
        );
    }
    Ok(if broken.is_empty() {
        Exit::Clean
    } else {
        Exit::Found
    })
}

async fn all_streams(store: &Store) -> anyhow::Result<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let after = all.last().cloned().unwrap_or_default();
        let page = store.streams(&after).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn to_json(entry: &AuditEntry) -> serde_json::Value {
    let fields: serde_json::Map<_, _> = entry
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "stream": entry.stream,
        "sequence": entry.sequence,
        "at": entry.at.to_string(),
        "actor": entry.actor,
        "event": entry.event.name(),
        "fields": fields,
        "previous": entry.previous.to_string(),
        "hash": entry.hash().to_string(),
    })
}
