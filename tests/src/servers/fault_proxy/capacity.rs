//! What requests cost. DynamoDB says it of each; of transactions DynamoDB Local says too little, so
//! that these are counted by their items, as AWS charges for them.

use serde_json::Value;

/// Bytes of an item that one write unit is for.
const BYTES_PER_WRITE_UNIT: usize = 1024;
/// A write in a transaction is made twice, and charged twice.
const UNITS_IN_TRANSACTION: u64 = 2;

/// Capacity units, in tenths: DynamoDB counts a half for a read that may be late.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Capacity {
    /// Tenths of read units.
    pub read_tenths: u64,
    /// Tenths of write units.
    pub write_tenths: u64,
}

impl Capacity {
    /// Adds what a request that was done cost.
    pub(super) fn add(&mut self, operation: &str, request: &Value, answer: &Value) {
        if operation == "TransactWriteItems" {
            if !answer["ConsumedCapacity"].is_null() {
                self.write_tenths += 10 * transaction_units(request);
            }
            return;
        }
        let consumed = &answer["ConsumedCapacity"];
        let list = match consumed {
            Value::Array(tables) => tables.as_slice(),
            Value::Object(_) => std::slice::from_ref(consumed),
            _ => &[],
        };
        let is_read = ["Get", "BatchGet", "TransactGet", "Query", "Scan"]
            .iter()
            .any(|start| operation.starts_with(start));
        for consumed in list {
            let units = tenths(&consumed["CapacityUnits"]);
            match is_read {
                true => self.read_tenths += units,
                false => self.write_tenths += units,
            }
        }
    }
}

/// Each item in the table, and in the index when it is listed.
fn transaction_units(request: &Value) -> u64 {
    let items = request["TransactItems"].as_array().into_iter().flatten();
    let each = items.map(|item| {
        let put = &item["Put"]["Item"];
        let units = put.as_object().map_or(1, |_| units(put));
        UNITS_IN_TRANSACTION * units + listed(put).map_or(0, |(_, units)| units)
    });
    each.sum()
}

/// The partition of the index that a put item is listed in, and what that takes: two writes, as if it
/// moved there.
fn listed(put: &Value) -> Option<(&str, u64)> {
    let partition = put["list_pk"]["S"].as_str()?;
    Some((partition, 2 * units(put)))
}

/// Write units of a transaction by the partitions that they heat, the index's as well.
pub(super) fn heat(request: &Value) -> Vec<(String, u64)> {
    let items = request["TransactItems"].as_array().into_iter().flatten();
    let puts = items.map(|item| &item["Put"]["Item"]);
    let heated = puts.flat_map(|put| {
        let own = put["pk"]["S"].as_str();
        let own = own.map(|partition| (partition, UNITS_IN_TRANSACTION * units(put)));
        own.into_iter().chain(listed(put))
    });
    heated
        .map(|(partition, units)| (partition.to_owned(), units))
        .collect()
}

fn units(item: &Value) -> u64 {
    let bytes: usize = item
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| name.len() + text_bytes(value))
        .sum();
    bytes.div_ceil(BYTES_PER_WRITE_UNIT) as u64
}

/// Of all texts in a value; numbers are texts here, and a little shorter in DynamoDB.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| text_bytes(item) + 1).sum(),
        Value::Object(parts) => parts.iter().map(|(_, part)| text_bytes(part) + 1).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

/// A number of JSON with at most one decimal that counts.
fn tenths(number: &Value) -> u64 {
    let text = number.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
    let tenth = decimals.get(..1).unwrap_or("0");
    format!("{whole}{tenth}").parse().unwrap_or_default()
}
