//! Batches that are done in part, as DynamoDB does when it has no room for all of one.

use serde_json::{Map, Value};

/// Whether the request is a batch of more than one item.
pub(super) fn can_split(operation: &str, body: &Value) -> bool {
    operation.starts_with("Batch")
        && body["RequestItems"].as_object().is_some_and(|tables| {
            tables
                .values()
                .map(|table| items(table).len())
                .sum::<usize>()
                > 1
        })
}

/// The first half of each table's items, as a request, and the rest as `RequestItems`.
pub(super) fn split(operation: &str, mut body: Value) -> (Value, Value) {
    let mut left = Map::new();
    if operation.starts_with("Batch")
        && let Some(tables) = body["RequestItems"].as_object_mut()
    {
        for (name, table) in tables {
            let half = items(table).len().div_ceil(2);
            let mut rest = table.clone();
            items_mut(table).truncate(half);
            items_mut(&mut rest).drain(..half);
            if !items(&rest).is_empty() {
                left.insert(name.clone(), rest);
            }
        }
    }
    (body, Value::Object(left))
}

/// Says in the answer what was left.
pub(super) fn add_unprocessed(operation: &str, answer: &mut Value, left: Value) {
    let key = match operation {
        "BatchGetItem" => "UnprocessedKeys",
        _ => "UnprocessedItems",
    };
    answer[key] = left;
}

/// What is asked for of one table: keys to get, or a list of writes.
fn items(table: &Value) -> &[Value] {
    let list = table.as_array().or_else(|| table["Keys"].as_array());
    list.map(Vec::as_slice).unwrap_or_default()
}

fn items_mut(table: &mut Value) -> &mut Vec<Value> {
    let list = match table.is_array() {
        true => table,
        false => &mut table["Keys"],
    };
    list.as_array_mut().expect("a batch lists its items")
}
