//! The same of the store in DynamoDB: somebody changes items, and is found out.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use tests::Installation;
use tests::servers::DynamoDb;
use tests::shop::RUN;

use super::broken;
use super::tampering::with_two_checkpoints;

const TABLE: &str = "trueup";

type Item = HashMap<String, AttributeValue>;

/// The table, and what it held before anybody touched it.
struct Table {
    client: Client,
    before: Vec<Item>,
}

/// One thing that somebody does.
enum Attack {
    /// Replaces a text within an attribute.
    Replace(Key, &'static str, String, String),
    /// Removes an item.
    Remove(Key),
    /// Puts the attributes of one item under the key of another.
    Copy(Key, Key),
}

type Key = (String, String);

impl Table {
    async fn of(server: &DynamoDb) -> Result<Self> {
        let client = DynamoDb::client(&server.endpoint).await;
        let mut pages = client.scan().table_name(TABLE).into_paginator().send();
        let mut before = Vec::new();
        while let Some(page) = pages.next().await {
            before.extend(page?.items.unwrap_or_default());
        }
        Ok(Table { client, before })
    }

    fn item(&self, key: &Key) -> Result<Item> {
        let is_it = |item: &&Item| text(item, "pk") == key.0 && text(item, "sk") == key.1;
        let found = self.before.iter().find(is_it);
        found.cloned().with_context(|| format!("no item {key:?}"))
    }

    async fn put(&self, item: Item) -> Result<()> {
        let put = self.client.put_item().table_name(TABLE);
        put.set_item(Some(item)).send().await?;
        Ok(())
    }

    async fn attack(&self, attack: &Attack) -> Result<()> {
        match attack {
            Attack::Replace(key, name, from, to) => {
                let mut item = self.item(key)?;
                let said = text(&item, name);
                let changed = said.replace(from, to);
                anyhow::ensure!(changed != said, "{key:?}: no {from} in {said}");
                let changed = match item.get(*name) {
                    Some(AttributeValue::N(_)) => AttributeValue::N(changed),
                    _ => AttributeValue::S(changed),
                };
                item.insert((*name).to_owned(), changed);
                self.put(item).await
            }
            Attack::Remove((pk, sk)) => {
                let remove = self.client.delete_item().table_name(TABLE);
                let remove = remove.key("pk", AttributeValue::S(pk.clone()));
                remove
                    .key("sk", AttributeValue::S(sk.clone()))
                    .send()
                    .await?;
                Ok(())
            }
            Attack::Copy(from, (pk, sk)) => {
                let mut item = self.item(from)?;
                item.insert("pk".to_owned(), AttributeValue::S(pk.clone()));
                item.insert("sk".to_owned(), AttributeValue::S(sk.clone()));
                self.put(item).await
            }
        }
    }

    /// Puts everything back.
    async fn restore(&self, attacks: &[Attack]) -> Result<()> {
        for attack in attacks {
            let (Attack::Replace(key, ..) | Attack::Remove(key) | Attack::Copy(_, key)) = attack;
            match self.item(key) {
                Ok(item) => self.put(item).await?,
                Err(_) => self.attack(&Attack::Remove(key.clone())).await?,
            }
        }
        Ok(())
    }
}

/// A text or number of an item, as text.
fn text(item: &Item, name: &str) -> String {
    match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        _ => String::new(),
    }
}

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    (pk.into(), sk.into())
}

fn entry(stream: &str, sequence: u64) -> Key {
    key(format!("audit#{stream}"), format!("{sequence:0>12}"))
}

#[tokio::test]
async fn whatever_is_tampered_with_in_the_table_is_found_and_named() -> Result<()> {
    let server = DynamoDb::start().await?;
    server.create_table().await?;
    let installation = Installation::start_on_dynamodb(&server.endpoint).await?;
    let (shop, id) = with_two_checkpoints(installation).await?;
    let table = Table::of(&server).await?;
    let case = format!("case/{id}");
    let head = |stream: &str| {
        let is_head = |it: &&Item| text(it, "pk").starts_with("head#") && text(it, "sk") == stream;
        let found = table.before.iter().find(is_head).context("a head")?;
        anyhow::Ok(key(text(found, "pk"), stream))
    };
    let finding = table
        .before
        .iter()
        .find(|it| text(it, "pk").starts_with("found#") && text(it, "content").contains("\"90\""));
    let finding = finding.context("a finding")?;
    let replace = |key: Key, name, from: &str, to: &str| {
        Attack::Replace(key, name, from.to_owned(), to.to_owned())
    };
    let resolved = (0..).map(|sequence| entry(&case, sequence)).find(|key| {
        table
            .item(key)
            .map_or(true, |it| text(&it, "fields").contains("agreed"))
    });
    let resolved = resolved.context("the entry of the resolution")?;
    let last = table
        .before
        .iter()
        .filter(|it| text(it, "pk") == format!("audit#{RUN}"))
        .count() as u64
        - 1;
    let cut_to = table.item(&entry(RUN, last))?;
    let head_of_run = table.item(&head(RUN)?)?;
    let of_case = (0..)
        .map(|sequence| entry(&case, sequence))
        .take_while(|key| table.item(key).is_ok());
    let mut whole_stream: Vec<Attack> = of_case.map(Attack::Remove).collect();
    whole_stream.push(Attack::Remove(head(&case)?));
    let attacks: Vec<(&str, Vec<Attack>, String)> = vec![
        (
            "an actor",
            vec![replace(entry(RUN, 1), "actor", "trueup", "eve")],
            format!("{RUN} 1 "),
        ),
        (
            "a field",
            vec![replace(resolved, "fields", "agreed", "greed")],
            format!("{case} "),
        ),
        (
            "what can't be read",
            vec![replace(entry(RUN, 2), "at", "2026", "noon")],
            format!("{RUN} 2 "),
        ),
        (
            "a deleted entry",
            vec![Attack::Remove(entry(RUN, 1))],
            format!("{RUN} 1 "),
        ),
        (
            "two entries that changed places",
            vec![
                Attack::Copy(entry(RUN, 1), entry(RUN, 2)),
                Attack::Copy(entry(RUN, 2), entry(RUN, 1)),
            ],
            format!("{RUN} 1 "),
        ),
        (
            "an inserted entry",
            vec![Attack::Copy(entry(RUN, 1), entry(RUN, last + 1))],
            format!("{RUN} "),
        ),
        ("a whole stream", whole_stream, format!("{case} 0 ")),
        (
            "a cut end, its head as well",
            vec![
                Attack::Remove(entry(RUN, last)),
                replace(
                    head(RUN)?,
                    "length",
                    &text(&head_of_run, "length"),
                    &last.to_string(),
                ),
                replace(
                    head(RUN)?,
                    "hash",
                    &text(&head_of_run, "hash"),
                    &text(&cut_to, "previous"),
                ),
            ],
            format!("{RUN} {last} "),
        ),
        (
            "a replaced head",
            vec![replace(
                head(RUN)?,
                "hash",
                &text(&head_of_run, "hash"),
                &"0".repeat(64),
            )],
            format!("{RUN} "),
        ),
        (
            "the state of a case",
            vec![replace(
                key(format!("cases#{}", &id[..2]), &id),
                "state",
                "resolved",
                "open",
            )],
            format!("{case} "),
        ),
        (
            "a discrepancy",
            vec![replace(
                key(text(finding, "pk"), text(finding, "sk")),
                "content",
                "\"90\"",
                "\"9\"",
            )],
            format!("{RUN} null the discrepancies in the store"),
        ),
        (
            "a removed checkpoint",
            vec![Attack::Remove(key("checkpoints", "000000000000"))],
            "checkpoint/0 ".to_owned(),
        ),
        (
            "a head in a checkpoint",
            vec![replace(
                key("checkpoints", "000000000000"),
                "document",
                &format!("\"{RUN}\","),
                &format!("\"{RUN}x\","),
            )],
            "checkpoint/0 ".to_owned(),
        ),
        (
            "a signature",
            vec![replace(
                key("checkpoints", "000000000001"),
                "document",
                "\"signature\":\"",
                "\"signature\":\"00",
            )],
            "checkpoint/1 ".to_owned(),
        ),
    ];
    for (what, steps, expected) in attacks {
        for step in &steps {
            table.attack(step).await?;
        }
        let found = broken(&shop).await?;
        assert!(
            found.iter().any(|it| it.contains(&expected)),
            "{what}: {found:#?}"
        );
        table.restore(&steps).await?;
    }
    assert_eq!(broken(&shop).await?, [""; 0], "all is as it was");
    Ok(())
}
