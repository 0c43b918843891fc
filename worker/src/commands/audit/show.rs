//! `trueup audit show`: the entries of one stream.

use activities::store::{AuditStream, Store};
use domain::audit::AuditEntry;
use serde_json::json;

use crate::exit::Exit;
use crate::output::say;

/// Shows them.
pub(super) async fn show(store: &Store, stream: &str, json: bool) -> anyhow::Result<Exit> {
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
