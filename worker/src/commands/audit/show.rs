//! `trueup audit show`: the entries of one stream, or which streams there are.

use activities::store::{AuditStream, Store};
use domain::audit::{AuditEntry, StreamHead};
use serde_json::json;

use crate::exit::Exit;
use crate::output::say;

/// What to show.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Its workflow id: recon/… or case/…; all streams without it
    stream: Option<String>,
    /// List at most so many streams
    #[arg(long, default_value_t = 1_000, conflicts_with = "stream")]
    limit: u32,
    /// List the streams behind this one
    #[arg(
        long,
        value_name = "STREAM",
        default_value = "",
        hide_default_value = true
    )]
    after: String,
}

/// Shows it.
pub(super) async fn show(store: &Store, arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    match &arguments.stream {
        Some(stream) => entries(store, stream, json).await,
        None => streams(store, arguments, json).await,
    }
}

async fn streams(store: &Store, arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let limit = arguments.limit as usize;
    let mut heads: Vec<StreamHead> = Vec::new();
    while heads.len() < limit {
        let after = heads.last().map_or(&*arguments.after, |last| &*last.stream);
        let left = u32::try_from(limit - heads.len()).unwrap_or(u32::MAX);
        let page = store.trail_heads(after, left).await?;
        if page.is_empty() {
            break;
        }
        heads.extend(page);
    }
    if json {
        let streams = heads.iter().map(|head| {
            let (entries, hash) = (head.length, head.hash.to_string());
            json!({ "stream": head.stream, "entries": entries, "hash": hash })
        });
        let streams: Vec<_> = streams.collect();
        say!("{}", serde_json::to_string_pretty(&streams)?);
        return Ok(Exit::Clean);
    }
    for head in &heads {
        say!("{:>5} entries  {}", head.length, head.stream);
    }
    if let Some(last) = heads.last().filter(|_| heads.len() == limit) {
        say!("\nthere may be more: --after {}", last.stream);
    }
    Ok(Exit::Clean)
}

async fn entries(store: &Store, stream: &str, json: bool) -> anyhow::Result<Exit> {
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
