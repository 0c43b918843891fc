//! What every store must do, done by the store in DynamoDB: the checks that SQLite passes, each on a
//! table of its own, side by side. And what each check left in a file can be copied to a table.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use activities::store::conformance::{Check, checks};
use activities::store::{
    AlertFilter, CauseFilter, DiscrepancyFilter, RunFilter, RunRow, Store, create_table,
};
use anyhow::{Context, Result, ensure};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use tests::servers::DynamoDb;

/// Checks at once: some act in many tasks themselves.
const AT_ONCE: usize = 4;
/// More entries and heads of the audit trail than any check leaves.
const ALL: u32 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_dynamodb_does_what_every_store_must() -> Result<()> {
    let dynamodb = DynamoDb::start().await?;
    each_check(async |check| {
        (check.run)(empty_table(&dynamodb, check).await?).await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_file_holds_can_be_copied() -> Result<()> {
    let dynamodb = DynamoDb::start().await?;
    let folder = tempfile::tempdir()?;
    each_check(async |check| {
        let file = Store::sqlite(folder.path().join(check.name)).await?;
        (check.run)(file.clone()).await;
        let table = empty_table(&dynamodb, check).await?;
        file.copy_to(&table).await.context("copying")?;
        let (expected, found) = (read_all(&file).await?, read_all(&table).await?);
        for (expected, found) in expected.iter().zip(&found) {
            ensure!(expected == found, "was {expected}\nis  {found}");
        }
        ensure!(expected.len() == found.len(), "something is missing");
        Ok(())
    })
    .await
}

/// Does it for each check, some at once, and names those for which it failed.
async fn each_check(work: impl AsyncFn(&Check) -> Result<()>) -> Result<()> {
    let checks = checks();
    ensure!(checks.len() > 30, "only {} checks", checks.len());
    let work = &work;
    let each = checks.iter().map(|check| async move {
        match AssertUnwindSafe(work(check)).catch_unwind().await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{}: {error:#}", check.name)),
            // What it said is in the output.
            Err(_) => Some(format!("{} failed", check.name)),
        }
    });
    let failed: Vec<Option<String>> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

/// A table of the check's own.
async fn empty_table(dynamodb: &DynamoDb, check: &Check) -> Result<Store> {
    let client = DynamoDb::client(&dynamodb.endpoint).await;
    create_table(&client, check.name).await?;
    Ok(Store::in_table(client, check.name).await?)
}

/// Everything that a store can be asked for without naming it, and all that follows from that.
async fn read_all(store: &Store) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let runs = store.runs(RunFilter::default()).await?;
    let sources: BTreeSet<&str> = runs.iter().map(|run| run.source.as_str()).collect();
    for source in sources {
        all.push(format!("{source}: {:?}", store.position(source).await?));
    }
    for run in &runs {
        all.push(format!("{run:?}"));
        all.extend(read_run(store, run).await?);
    }
    let found = store.discrepancies(DiscrepancyFilter::default()).await?;
    let ids: Vec<String> = found
        .iter()
        .map(|it| it.discrepancy.id.to_string())
        .collect();
    let told = store.told_before(ids.clone(), "none").await?;
    all.push(format!("told {told:?}"));
    for (row, id) in found.iter().zip(&ids) {
        all.push(format!("{row:?}"));
        all.push(format!("{:?}", store.case(id).await?));
        all.push(format!("{:?}", store.alerts_of_case(id).await?));
    }
    for cause in store.causes(CauseFilter::default()).await? {
        let behind = store.behind(&cause.id).await?;
        all.push(format!("{cause:?} of {behind:?}"));
    }
    let alerts = store.alerts(AlertFilter::default()).await?;
    all.extend(alerts.iter().map(|it| format!("{it:?}")));
    let incidents = store.incident_cases(None).await?;
    all.extend(incidents.iter().map(|it| format!("{it:?}")));
    let trail = store.trail(None, ALL).await?;
    all.extend(trail.iter().map(|it| format!("{it:?}")));
    all.push(format!("{:?}", store.trail_heads("", ALL).await?));
    all.push(format!("{:?}", store.unsealed_heads("", ALL).await?));
    all.push(format!("{:?}", store.checkpoints(0).await?));
    all.push(format!("{:?}", store.first_unwitnessed().await?));
    Ok(all)
}

async fn read_run(store: &Store, run: &RunRow) -> Result<Vec<String>> {
    let id = run.run_id.as_str();
    let found = DiscrepancyFilter {
        run_id: Some(id.to_owned()),
        ..DiscrepancyFilter::default()
    };
    let inputs = store.inputs(id).await?;
    let mut all = Vec::new();
    for input in &inputs {
        let seen = store.input_seen(&run.source, &input.sha256, "none").await?;
        all.push(format!("{input:?} seen {seen:?}"));
    }
    all.push(format!("{:?}", store.rejects(id).await?));
    all.push(format!("{:?}", store.discrepancies(found).await?));
    all.push(format!("{:?}", store.position_of_run(id).await?));
    all.push(format!("{:?}", store.review(id).await?));
    all.push(format!("{:?}", store.signed_off(id).await?));
    all.push(format!("{:?}", store.signed_off_before(id).await?));
    all.push(format!("{:?}", store.restatement(id).await?));
    Ok(all)
}
