//! What a request touches: actions, as permissions name them, and the partitions of the items.

use std::collections::BTreeSet;

use serde_json::Value;

/// An action and what its partition key begins with, up to the first `#`.
pub type Touched = (String, String);

/// All that one request touches.
pub(super) fn touched(operation: &str, body: &Value) -> BTreeSet<Touched> {
    let mut found = BTreeSet::new();
    let mut add = |action: &str, partition: Option<&str>| {
        let partition = partition.unwrap_or_default();
        let end = partition.find('#').map_or(partition.len(), |at| at + 1);
        found.insert((action.to_owned(), partition[..end].to_owned()));
    };
    match operation {
        "Query" => add(operation, queried(body)),
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let keys = tables.filter_map(|(_, table)| table["Keys"].as_array());
            keys.flatten()
                .for_each(|key| add(operation, key["pk"]["S"].as_str()));
        }
        _ if operation.starts_with("Transact") => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            for (action, item) in items.filter_map(Value::as_object).flatten() {
                let action = match action.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    action => format!("{action}Item"),
                };
                add(&action, partition_of(item));
            }
        }
        _ => add(operation, partition_of(body)),
    }
    found
}

fn partition_of(request: &Value) -> Option<&str> {
    ["Key", "Item"]
        .into_iter()
        .find_map(|part| request[part]["pk"]["S"].as_str())
}

/// The partition comes first in the condition: `pk = :pk AND …`.
fn queried(body: &Value) -> Option<&str> {
    let condition = body["KeyConditionExpression"].as_str()?;
    let start = condition.find(':')?;
    let is_name = |c: char| c == ':' || c == '_' || c.is_ascii_alphanumeric();
    let name: String = condition[start..]
        .chars()
        .take_while(|c| is_name(*c))
        .collect();
    body["ExpressionAttributeValues"][name]["S"].as_str()
}
