//! The faults come as often as asked for, only where they can, and the same for the same seed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::capacity::Capacity;
use super::decide::{Fault, FaultRates};
use super::{partial, touched};
use crate::random::Random;

const REQUESTS: usize = 20_000;

fn decided(operation: &str, body: &Value, seed: u64) -> BTreeMap<Fault, usize> {
    let mut random = Random::from_seed(seed);
    let mut counts = BTreeMap::new();
    for _ in 0..REQUESTS {
        if let Some(fault) = FaultRates::BAD_DAY.decide(operation, body, &mut random) {
            *counts.entry(fault).or_default() += 1;
        }
    }
    counts
}

#[test]
fn a_bad_day_is_as_bad_as_it_says() {
    let transaction = json!({ "TransactItems": [{}, {}] });
    let counts = decided("TransactWriteItems", &transaction, 7);
    let about = |per_thousand: usize, count: usize| {
        let expected = REQUESTS * per_thousand / 1000;
        assert!(
            (expected * 7 / 10..=expected * 13 / 10).contains(&count),
            "{count} instead of {expected}: {counts:?}"
        );
    };
    let throttles = [
        Fault::Throttled,
        Fault::ProvisionedThroughputExceeded,
        Fault::TransactionThrottled,
        Fault::TransactionConflict,
    ];
    about(300, throttles.iter().map(|fault| counts[fault]).sum());
    about(50, counts[&Fault::FailedAfterwards]);
    about(20, counts[&Fault::CutBefore]);
    about(20, counts[&Fault::CutAfterwards]);
    about(4, counts[&Fault::SilentAfterwards]);
    assert_eq!(counts, decided("TransactWriteItems", &transaction, 7));
    assert_ne!(counts, decided("TransactWriteItems", &transaction, 8));
}

#[test]
fn what_can_not_happen_to_a_request_does_not() {
    let one = json!({ "RequestItems": { "trueup": { "Keys": [{}] } } });
    let two = json!({ "RequestItems": { "trueup": { "Keys": [{}, {}] } } });
    assert!(!decided("BatchGetItem", &one, 1).contains_key(&Fault::PartialAnswer));
    assert!(decided("BatchGetItem", &two, 1).contains_key(&Fault::PartialAnswer));
    let put = decided("PutItem", &json!({}), 1);
    assert!(!put.contains_key(&Fault::TransactionThrottled), "{put:?}");
    assert!(!put.contains_key(&Fault::PartialAnswer), "{put:?}");
    assert_eq!(decided("DescribeTable", &json!({}), 1), BTreeMap::new());
}

#[test]
fn a_batch_is_split_and_what_is_left_is_told() {
    let request = json!({ "RequestItems": { "trueup": {
        "Keys": [{ "pk": 1 }, { "pk": 2 }, { "pk": 3 }], "ConsistentRead": true,
    } } });
    let (done, left) = partial::split("BatchGetItem", request);
    assert_eq!(
        done,
        json!({ "RequestItems": { "trueup": {
            "Keys": [{ "pk": 1 }, { "pk": 2 }], "ConsistentRead": true,
        } } })
    );
    let mut answer = json!({ "Responses": {} });
    partial::add_unprocessed("BatchGetItem", &mut answer, left);
    assert_eq!(
        answer["UnprocessedKeys"],
        json!({ "trueup": { "Keys": [{ "pk": 3 }], "ConsistentRead": true } })
    );

    let writes =
        json!({ "RequestItems": { "trueup": [{ "PutRequest": 1 }, { "PutRequest": 2 }] } });
    let (done, left) = partial::split("BatchWriteItem", writes);
    assert_eq!(
        done["RequestItems"],
        json!({ "trueup": [{ "PutRequest": 1 }] })
    );
    assert_eq!(left, json!({ "trueup": [{ "PutRequest": 2 }] }));
}

#[test]
fn what_requests_cost_is_added_up() {
    let mut capacity = Capacity::default();
    let none = Value::Null;
    let cost = |units: Value| json!({ "ConsumedCapacity": { "CapacityUnits": units } });
    capacity.add("GetItem", &none, &cost(json!(0.5)));
    capacity.add("Query", &none, &cost(json!(12)));
    let many = json!({ "ConsumedCapacity": [{ "CapacityUnits": 4.0 }] });
    capacity.add("TransactGetItems", &none, &many);
    capacity.add("PutItem", &none, &json!({}));
    capacity.add("PutItem", &none, &cost(json!(2.0)));
    assert_eq!((capacity.read_tenths, capacity.write_tenths), (165, 20));

    // A small item, one of more than a kilobyte that is listed, and one that is only checked.
    let long = "x".repeat(1500);
    let transaction = json!({ "TransactItems": [
        { "Put": { "Item": { "pk": { "S": "a" } } } },
        { "Put": { "Item": { "pk": { "S": long }, "list_pk": { "S": "l" } } } },
        { "ConditionCheck": { "Key": { "pk": { "S": "a" } } } },
    ] });
    capacity.add("TransactWriteItems", &transaction, &many);
    assert_eq!(capacity.write_tenths, 20 + 10 * (2 + 8 + 2));
    capacity.add(
        "TransactWriteItems",
        &transaction,
        &json!({ "__type": "refused" }),
    );
    assert_eq!(capacity.write_tenths, 140);
}

#[test]
fn what_a_request_touches_is_told() {
    let told = |operation: &str, body: Value| {
        let found = touched::touched(operation, &body).into_iter();
        found
            .map(|(action, partition)| format!("{action} {partition}"))
            .collect::<Vec<_>>()
    };
    let key = |partition: &str| json!({ "Key": { "pk": { "S": partition } } });
    assert_eq!(told("GetItem", key("head#3")), ["GetItem head#"]);
    assert_eq!(told("DeleteItem", key("sources")), ["DeleteItem sources"]);
    let query = json!({
        "KeyConditionExpression": "#p = :p AND begins_with(sk, :s)",
        "ExpressionAttributeValues": { ":s": { "S": "a#b" }, ":p": { "S": "audit#case/1" } },
    });
    assert_eq!(told("Query", query), ["Query audit#"]);
    let batch = json!({ "RequestItems": { "trueup": { "Keys": [{ "pk": { "S": "case#1" } }] } } });
    assert_eq!(told("BatchGetItem", batch), ["BatchGetItem case#"]);
    let transaction = json!({ "TransactItems": [
        { "Put": { "Item": { "pk": { "S": "run#1" } } } },
        { "ConditionCheck": key("audit#1") },
    ] });
    assert_eq!(
        told("TransactWriteItems", transaction),
        ["ConditionCheckItem audit#", "PutItem run#"]
    );
}
