//! Audit streams: entries are added behind the head or found to be there already, never changed.
//! An entry and the head that counts it are written in one transaction.

use domain::audit::{AuditEntry, AuditEvent, AuditHead, Hash};

use super::DynamoStore;
use super::item::Item;
use super::keys::{self, Key};
use super::table_access::Query;
use super::unit::{Unit, WRITES_MAX};
use crate::store::note::Note;
use crate::store::text::{from_json, json};
use crate::store::{AuditStream, StoreError};

/// Entries of one transaction when there are many: each stream's head is written as well.
const ENTRIES_AT_ONCE: usize = WRITES_MAX / 2;

impl DynamoStore {
    /// Appends entries in order. What a call that failed left is the beginning of it, and the same
    /// call goes on from there.
    pub(in crate::store) async fn append_audit(
        &self,
        entries: &[AuditEntry],
    ) -> Result<(), StoreError> {
        for part in entries.chunks(ENTRIES_AT_ONCE) {
            self.write(|unit| async move { append(&unit, part).await })
                .await?;
        }
        Ok(())
    }

    pub(in crate::store) async fn audit_head(&self, stream: &str) -> Result<AuditHead, StoreError> {
        let item = self.get(&keys::head(stream)).await?;
        item.as_ref().map_or(Ok(AuditHead::EMPTY), read_head)
    }

    /// All of a stream, to be verified.
    pub(in crate::store) async fn audit(&self, stream: &str) -> Result<AuditStream, StoreError> {
        let found = self.query(Query::of(keys::entries(stream))).await?;
        let entries = found
            .iter()
            .map(|(key, item)| read_entry(stream, key, item));
        let entries: Vec<AuditEntry> = entries.collect::<Result<_, _>>()?;
        let head = self.audit_head(stream).await?;
        if entries.is_empty() && head == AuditHead::EMPTY {
            return Err(StoreError::NotFound(format!(
                "no audit stream is called {stream}; `trueup audit show` lists them"
            )));
        }
        Ok(AuditStream { entries, head })
    }
}

/// Appends entries that their writer numbered. Those that are there already must be the same.
pub(super) async fn append(unit: &Unit, entries: &[AuditEntry]) -> Result<(), StoreError> {
    for entry in entries {
        let fork = || StoreError::Fork {
            stream: entry.stream.clone(),
            sequence: entry.sequence,
        };
        let head = head(unit, &entry.stream).await?;
        if entry.sequence < head.length {
            let key = keys::entry(&entry.stream, entry.sequence);
            let stored = unit.get(&key).await?;
            let stored = stored.map(|item| read_entry(&entry.stream, &key, &item));
            if stored.transpose()?.as_ref() != Some(entry) {
                return Err(fork());
            }
        } else if entry.sequence == head.length && entry.previous == head.hash {
            insert(unit, entry).await?;
        } else {
            return Err(fork());
        }
    }
    Ok(())
}

/// Appends an entry behind whatever the stream ends with.
pub(super) async fn note(unit: &Unit, note: Note) -> Result<(), StoreError> {
    let head = head(unit, &note.stream).await?;
    insert(unit, &note.behind(head)).await
}

/// Where a stream ends; empty when there is none.
pub(super) async fn head(unit: &Unit, stream: &str) -> Result<AuditHead, StoreError> {
    let item = unit.get(&keys::head(stream)).await?;
    item.as_ref().map_or(Ok(AuditHead::EMPTY), read_head)
}

async fn insert(unit: &Unit, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut item = Item::default()
        .with("stream", &entry.stream)
        .with_number("sequence", entry.sequence)
        .with("previous", entry.previous.to_string())
        .with_time("at", entry.at)
        .with("actor", &entry.actor)
        .with("event", entry.event.name())
        .with("fields", json(&entry.fields)?);
    if entry.sequence == 0 {
        let shard = keys::stream_shard(&entry.stream);
        item = item.listed(listed_streams(shard), &entry.stream);
    }
    unit.put(keys::entry(&entry.stream, entry.sequence), item);
    let key = keys::head(&entry.stream);
    let head = entry.head();
    let item = unit.get(&key).await?.unwrap_or_default();
    let unsealed = listed_unsealed(keys::stream_shard(&entry.stream));
    let item = item
        .with("stream", &entry.stream)
        .with_number("length", head.length)
        .with("hash", head.hash.to_string())
        .listed(unsealed, &entry.stream);
    unit.put(key, item);
    Ok(())
}

/// The partition in the index `list` of some of the heads that no checkpoint has signed.
pub(super) fn listed_unsealed(shard: char) -> String {
    format!("unsealed#{shard}")
}

/// Its place in the stream: where it is filed, whatever it says.
pub(super) fn place(key: &Key) -> Result<u64, StoreError> {
    let not_one = |error| StoreError::corrupt(format_args!("item {} / {}", key.pk, key.sk), error);
    key.sk.parse().map_err(not_one)
}

/// The partition in the index `list` of some of the first entries.
pub(super) fn listed_streams(shard: char) -> String {
    format!("streams#{shard}")
}

pub(super) fn read_head(item: &Item) -> Result<AuditHead, StoreError> {
    Ok(AuditHead {
        length: item.number("length")?,
        hash: item.parse("hash", Hash::parse)?,
    })
}

pub(super) fn read_entry(stream: &str, key: &Key, item: &Item) -> Result<AuditEntry, StoreError> {
    let sequence = place(key)?;
    let read = || {
        let fields = item.text("fields")?;
        let says: u64 = item.number("sequence")?;
        if says != sequence {
            return Err(StoreError::corrupt("attribute sequence", says));
        }
        Ok(AuditEntry {
            previous: item.parse("previous", Hash::parse)?,
            at: item.at("at")?,
            actor: item.text("actor")?,
            event: item.parse("event", AuditEvent::parse)?,
            fields: from_json("fields", &fields)?,
            stream: item.text("stream")?,
            sequence,
        })
    };
    read().map_err(|error| match error {
        StoreError::Corrupt(why) => {
            StoreError::corrupt(format_args!("entry {sequence} of {stream}"), why)
        }
        other => other,
    })
}
