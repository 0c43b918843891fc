//! The audit trail, as it is: whether it is whole is for `trueup audit verify` to say.

use rusqlite::Transaction;

use super::rows::{every, item, number, text, with_numbers};
use super::{Rows, keys};
use crate::store::StoreError;
use crate::store::dynamo::{audit, checkpoints};

pub(super) fn read(transaction: &Transaction<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    every(transaction, "SELECT * FROM audit_entries", |row| {
        let (stream, sequence) = (text(row, "stream")?, number(row, "sequence")?);
        let columns = ["stream", "previous", "at", "actor", "event", "fields"];
        let entry = with_numbers(row, item(row, &columns)?, &["sequence"])?;
        let entry = match sequence {
            0 => entry.listed(audit::listed_streams(keys::stream_shard(&stream)), &stream),
            _ => entry,
        };
        add(keys::entry(&stream, sequence), entry)
    })?;
    every(transaction, "SELECT * FROM audit_heads", |row| {
        let stream = text(row, "stream")?;
        let numbers = ["length", "covered"];
        let mut head = with_numbers(row, item(row, &["stream", "hash"])?, &numbers)?;
        if number(row, "length")? > number(row, "covered")? {
            let unsealed = audit::listed_unsealed(keys::stream_shard(&stream));
            head = head.listed(unsealed, &stream);
        }
        add(keys::head(&stream), head)
    })?;
    every(transaction, "SELECT * FROM checkpoints", |row| {
        let key = keys::checkpoint(number(row, "number")?);
        let mut checkpoint = item(row, &["document"])?;
        if number(row, "witnessed")? == 0 {
            checkpoint = checkpoint.listed(checkpoints::UNWITNESSED, &key.sk);
        }
        add(key, checkpoint)
    })
}
