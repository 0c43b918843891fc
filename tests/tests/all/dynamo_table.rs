//! The table of a DynamoDB store: made and described by the command line, as the template of
//! CloudFormation makes it, and used within the permissions that the template gives.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use serde_json::{Value, json};
use tests::installation::{Installation, texts};
use tests::random::Random;
use tests::servers::fault_proxy::Touched;
use tests::servers::program::workspace;
use tests::servers::{DynamoDb, FaultProxy, FaultRates};
use tests::shop;

fn template() -> Result<Value> {
    let file = workspace().join("docs/cloudformation/trueup-table.yaml");
    let template = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    Ok(serde_norway::from_str(&template)?)
}

/// An installation whose table is not made yet.
async fn without_table(server: &DynamoDb) -> Result<Installation> {
    let site = Installation::start_on_dynamodb(&server.endpoint).await?;
    shop::install(&site, "", &[])?;
    Ok(site)
}

#[tokio::test]
async fn a_table_is_made_once_and_described() -> Result<()> {
    let server = DynamoDb::start().await?;
    let site = without_table(&server).await?;
    for command in [&["store", "describe"][..], &["runs"]] {
        let said = site.trueup(command).await?;
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains("trueup store create"), "{said:?}");
    }
    let made = site.json(&["store", "create"]).await?;
    assert_eq!(made["table"], "trueup");
    assert_eq!(made["keys"], "pk S, sk S");
    assert_eq!(made["indexes"], json!(["list: list_pk S, list_sk S, ALL"]));
    assert_eq!(made["billing"], "PAY_PER_REQUEST");
    assert_eq!(made["deletion_protection"], true);
    assert_eq!(
        made["point_in_time_recovery"],
        Value::Null,
        "not by DynamoDB Local"
    );
    assert_eq!(made["problems"], json!([]));
    assert_eq!(
        site.json(&["store", "create"]).await?,
        made,
        "it is left as it is"
    );
    assert_eq!(site.json(&["store", "describe"]).await?, made);
    let text = site.text(&["store", "describe"]).await?;
    assert!(text.contains("deletion protection     on"), "{text}");
    assert!(text.contains("not offered here (DynamoDB Local)"), "{text}");
    Ok(())
}

#[tokio::test]
async fn another_table_of_that_name_is_refused_with_what_differs() -> Result<()> {
    let server = DynamoDb::start().await?;
    let client = DynamoDb::client(&server.endpoint).await;
    let key = KeySchemaElement::builder()
        .attribute_name("id")
        .key_type(KeyType::Hash);
    let id = AttributeDefinition::builder().attribute_name("id");
    let other = client
        .create_table()
        .table_name("trueup")
        .key_schema(key.build()?)
        .attribute_definitions(id.attribute_type(ScalarAttributeType::S).build()?)
        .billing_mode(BillingMode::PayPerRequest);
    other.send().await?;
    let site = without_table(&server).await?;
    let refused = site.trueup(&["store", "create"]).await?;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let differences = [
        "the keys are id S, not pk S, sk S",
        "the index is none, not list: list_pk S, list_sk S, ALL",
        "deletion protection is off",
    ];
    let described = site.trueup(&["store", "describe", "--json"]).await?;
    assert_eq!(described.code, Some(1), "{described:?}");
    let problems = &described.json()?["problems"];
    let problems: Vec<&str> = problems
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(problems, differences);
    for difference in differences {
        assert!(refused.err.contains(difference), "{refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_file_of_sqlite_is_made_and_described_too() -> Result<()> {
    let site = Installation::start_with_sqlite().await?;
    shop::install(&site, "", &[])?;
    let said = site.trueup(&["store", "describe"]).await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    let made = site.json(&["store", "create"]).await?;
    assert_eq!(made["store"], "sqlite");
    assert!(
        made["bytes"].as_u64().is_some_and(|bytes| bytes > 0),
        "{made}"
    );
    assert_eq!(
        site.json(&["store", "describe"]).await?["problems"],
        json!([])
    );
    Ok(())
}

#[tokio::test]
async fn the_template_makes_the_table_that_the_command_makes() -> Result<()> {
    let server = DynamoDb::start().await?;
    server.create_table().await?;
    let client = DynamoDb::client(&server.endpoint).await;
    let answer = client.describe_table().table_name("trueup").send().await?;
    let made = answer.table.context("a table")?;
    let template = template()?;
    assert_eq!(template["Parameters"]["TableName"]["Default"], "trueup");
    let table = &template["Resources"]["Table"];
    let properties = &table["Properties"];
    let pairs = |list: &Value, name: &str, kind: &str| -> BTreeSet<(String, String)> {
        let names = texts(list, name).into_iter().zip(texts(list, kind));
        names
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .collect()
    };
    let keys = |keys: &[KeySchemaElement]| -> BTreeSet<(String, String)> {
        let pair = |key: &KeySchemaElement| {
            (
                key.attribute_name().to_owned(),
                key.key_type().as_str().to_owned(),
            )
        };
        keys.iter().map(pair).collect()
    };
    let of_template = |schema: &Value| pairs(schema, "AttributeName", "KeyType");
    assert_eq!(
        of_template(&properties["KeySchema"]),
        keys(made.key_schema())
    );
    let attributes = made.attribute_definitions().iter().map(|attribute| {
        let kind = attribute.attribute_type().as_str();
        (attribute.attribute_name().to_owned(), kind.to_owned())
    });
    let of_attributes = &properties["AttributeDefinitions"];
    assert_eq!(
        pairs(of_attributes, "AttributeName", "AttributeType"),
        attributes.collect()
    );
    let indexes = properties["GlobalSecondaryIndexes"]
        .as_array()
        .context("indexes")?;
    let ([index], [made_index]) = (indexes.as_slice(), made.global_secondary_indexes()) else {
        panic!("one index: {indexes:?}");
    };
    assert_eq!(index["IndexName"].as_str(), made_index.index_name());
    assert_eq!(
        of_template(&index["KeySchema"]),
        keys(made_index.key_schema())
    );
    let projection = made_index.projection().and_then(|it| it.projection_type());
    assert_eq!(
        index["Projection"]["ProjectionType"].as_str(),
        projection.map(|projection| projection.as_str())
    );
    assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    let recovery = &properties["PointInTimeRecoverySpecification"];
    assert_eq!(recovery["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["DeletionPolicy"], "Retain");
    assert!(
        properties.get("TimeToLiveSpecification").is_none(),
        "nothing expires"
    );
    Ok(())
}

/// Each role does what it is for, and no request goes beyond its policy.
#[tokio::test]
async fn each_role_stays_within_its_policy() -> Result<()> {
    let server = DynamoDb::start().await?;
    server.create_table().await?;
    let none = FaultRates::default();
    let proxy = FaultProxy::start(server.port, none, Random::from_seed(1)).await?;
    let mut site = Installation::start_on_dynamodb(&proxy.endpoint).await?;
    shop::install(&site, "", &[])?;
    site.start_worker()?;
    site.run_to_the_end(&["shop", "--date", shop::DATE]).await?;
    let resolve = [
        "case",
        "resolve",
        "--source",
        "shop",
        "--as",
        "not_an_error",
    ];
    let how = ["--note", "agreed", "--yes"];
    site.text(&[&resolve[..], &how].concat()).await?;
    site.kill_worker()?;
    let template = template()?;
    let by_worker = proxy.touched();
    assert!(by_worker.len() > 10, "{by_worker:?}");
    assert_eq!(beyond(&template, "WorkerPolicy", &by_worker), []);

    let after = async |commands: &[&[&str]]| -> Result<BTreeSet<Touched>> {
        let second = FaultProxy::start(server.port, none, Random::from_seed(1)).await?;
        let reader = Installation::start_on_dynamodb(&second.endpoint).await?;
        shop::install(&reader, "", &[])?;
        // Verifying reads the files that the trail names: the same object store.
        let (kept, seen) = (site.folder().join("data"), reader.folder().join("data"));
        std::os::unix::fs::symlink(kept, seen)?;
        for command in commands {
            reader.text(command).await?;
        }
        Ok(second.touched())
    };
    let show: &[&str] = &["show", shop::RUN];
    let lists: [&[&str]; 4] = [
        &["runs"],
        &["discrepancies"],
        &["case", "list"],
        &["alerts", "list"],
    ];
    let by_reader = after(&[&lists[..], &[show]].concat()).await?;
    assert!(by_reader.len() > 3, "{by_reader:?}");
    assert_eq!(beyond(&template, "ReaderPolicy", &by_reader), []);
    let by_verifier = after(&[&["audit", "verify"], &["audit", "show", shop::RUN]]).await?;
    assert!(by_verifier.len() > 1, "{by_verifier:?}");
    assert_eq!(beyond(&template, "VerifierPolicy", &by_verifier), []);

    let trail = ("DeleteItem".to_owned(), "audit#".to_owned());
    let put = ("PutItem".to_owned(), "case#".to_owned());
    for (policy, not) in [
        ("WorkerPolicy", &trail),
        ("ReaderPolicy", &put),
        ("VerifierPolicy", &put),
    ] {
        let refused = beyond(&template, policy, &BTreeSet::from([not.clone()]));
        assert_eq!(refused, std::slice::from_ref(not), "{policy}");
    }
    Ok(())
}

/// What of `touched` a policy of the template does not allow.
fn beyond(template: &Value, policy: &str, touched: &BTreeSet<Touched>) -> Vec<Touched> {
    let statements = &template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"];
    let statements = statements.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_meant = |statement: &Value, (action, partition): &Touched| {
        let action = format!("dynamodb:{action}");
        let actions = &statement["Action"];
        let is_named = *actions == action.as_str()
            || actions
                .as_array()
                .is_some_and(|list| list.iter().any(|it| *it == action.as_str()));
        let conditions = statement["Condition"].as_object();
        let is_in = |keys: &Value| {
            let mut patterns = keys["dynamodb:LeadingKeys"]
                .as_array()
                .into_iter()
                .flatten();
            patterns.any(|pattern| {
                let pattern = pattern.as_str().unwrap_or_default();
                pattern.trim_end_matches('*') == partition
            })
        };
        is_named && conditions.is_none_or(|conditions| conditions.values().all(is_in))
    };
    let has = |effect: &str, request: &Touched| {
        let mut statements = statements.iter().filter(|it| it["Effect"] == effect);
        statements.any(|statement| is_meant(statement, request))
    };
    let is_allowed = |request: &&Touched| has("Allow", request) && !has("Deny", request);
    touched
        .iter()
        .filter(|it| !is_allowed(it))
        .cloned()
        .collect()
}
