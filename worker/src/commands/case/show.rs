//! `trueup case show`: how a case stands, and all that happened to it, in plain words.

use activities::store::Store;
use anyhow::Context;
use domain::audit::AuditEntry;
use serde_json::json;

use super::selection::whole_id;
use super::{answers, timeline};
use crate::exit::Exit;
use crate::output::say;

pub(super) async fn run(store: &Store, given: &str, json: bool) -> anyhow::Result<Exit> {
    let id = whole_id(store, given).await?;
    let case_id = workflows::identity::case_id(&id);
    let row = store.case(&id).await?;
    let about = proto::case::About {
        case_id: case_id.clone(),
        subject: &row.subject,
        kind: (!row.is_summary).then_some(row.subject.kind),
        cause: row.cause.as_ref().map(|cause| (cause.kind, &cause.behind)),
        reference: &row.reference,
        due_at: String::new(),
    };
    let mut status = proto::case::status(about, &row.case, Vec::new());
    status.escalation_level = row.attention.level;
    // A case that nobody has touched has no trail yet.
    let entries = match store.audit(&case_id).await {
        Ok(stream) => stream.entries,
        Err(activities::store::StoreError::NotFound(_)) => Vec::new(),
        Err(error) => return Err(error).context("the audit trail of the case"),
    };
    if json {
        let timeline: Vec<_> = entries.iter().map(to_json).collect();
        let value = json!({ "case": status, "timeline": timeline });
        say!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(Exit::Clean);
    }
    say!("{}", answers::standing(&status));
    say!("  last seen    {}", row.last_seen_run);
    if !entries.is_empty() {
        say!("\nwhat happened");
    }
    for entry in &entries {
        say!("  {}", timeline::line(entry));
    }
    if row.cause.is_some() {
        say!("\nits discrepancies: trueup discrepancies --cause {id}");
    }
    if !row.is_summary {
        say!("\nboth records: trueup show {id}");
    }
    Ok(Exit::Clean)
}

fn to_json(entry: &AuditEntry) -> serde_json::Value {
    json!({
        "at": entry.at.to_string(),
        "by": entry.actor,
        "event": entry.event.name(),
        "words": timeline::words(entry),
    })
}
