//! The store in DynamoDB, from outside: the same results as with SQLite, whatever DynamoDB does to
//! requests, however many workers and people there are, and what it costs.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use tests::generated::{DATE, Generated, Kind};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts};
use tests::random::Random;
use tests::servers::{DynamoDb, Fault, FaultProxy, FaultRates};
use tests::shop;
use tests::site::{Site, Sources, run_id};

/// Names the number of discrepancies in the test of costs, for another than the usual.
const SCALE_VARIABLE: &str = "TRUEUP_TEST_DISCREPANCIES";
/// Units per 1,000 discrepancies of a run, as `docs/dynamodb.md` has them and a tenth more.
const READ_UNITS_MAX: u64 = 1_150;
const WRITE_UNITS_MAX: u64 = 8_650;
/// What the hottest partition may get of all that a run writes: a sixteenth is a shard of findings.
const HOTTEST_PERCENT_MAX: u64 = 7;
/// Kinds of discrepancies that `trueup generate` makes up for a settlement report.
const KINDS: usize = 11;

/// Both formats; the findings of the last are told as one summary.
fn sources() -> Result<Vec<(String, Generated)>> {
    let sources = [
        ("pay-1", Kind::Csv, "2"),
        ("bank-1", Kind::Camt053, "2"),
        ("pay-2", Kind::Csv, "30"),
    ];
    let made = sources.into_iter().map(|(name, kind, per_kind)| {
        let arguments = ["--rows", "3000", "--per-kind", per_kind];
        let made = Generated::make(name, kind, &arguments)?.alerting("night");
        Ok((name.to_owned(), made))
    });
    made.collect()
}

/// What the same sources leave in SQLite when nothing goes wrong.
async fn expected(sources: &Sources) -> Result<tests::outcome::Outcome> {
    let site = Site::start(Installation::start_with_sqlite().await?, sources).await?;
    site.all_begin(sources).await?;
    site.all_end(sources).await?;
    let expected = site.outcome(sources).await?;
    ensure!(expected.told.len() > 8, "too little is told");
    Ok(expected)
}

#[tokio::test]
async fn runs_leave_the_same_in_dynamodb_as_in_sqlite() -> Result<()> {
    let sources = sources()?;
    let expected = expected(&sources).await?;
    let site = Site::start(Installation::start_with_dynamodb().await?, &sources).await?;
    site.all_begin(&sources).await?;
    site.all_end(&sources).await?;
    let found = site.outcome(&sources).await?;
    found.must_equal(&expected);
    assert_eq!(
        found.repeats, 0,
        "nobody is told twice when nothing is wrong"
    );
    Ok(())
}

/// 30 % throttled, 5 % done and failed, some cut off, some silent: the result is the same.
#[tokio::test]
async fn bad_days_of_dynamodb_change_nothing() -> Result<()> {
    let sources = sources()?;
    let expected = expected(&sources).await?;
    let server = DynamoDb::start().await?;
    server.create_table().await?;
    let proxy = FaultProxy::start(server.port, FaultRates::BAD_DAY, Random::seeded()?).await?;
    let installation = Installation::start_on_dynamodb(&proxy.endpoint).await?;
    let started = Instant::now();
    let site = Site::start(installation, &sources).await?;
    site.all_begin(&sources).await?;
    site.all_end(&sources).await?;
    eventually("the end of all alerts", RUN_WITHIN, async || {
        match site.installation.alerts_if_settled().await {
            // Whoever asks on such a day may be told to ask again.
            Err(told) if told.to_string().contains("try again") => Ok(None),
            other => other,
        }
    })
    .await?;
    let faults = proxy.faults();
    println!(
        "{faults:?}, {} passed, in {:?}",
        proxy.passed(),
        started.elapsed()
    );
    // What is asked from now on is about the result, not about how it came about.
    proxy.set_rates(FaultRates::default());
    site.outcome(&sources).await?.must_equal(&expected);
    all_happened(&faults);
    Ok(())
}

/// Every kind of fault, and enough of each: else the test would prove nothing.
fn all_happened(faults: &BTreeMap<Fault, usize>) {
    let at_least = [
        (Fault::Throttled, 20),
        (Fault::ProvisionedThroughputExceeded, 20),
        (Fault::TransactionThrottled, 2),
        (Fault::TransactionConflict, 2),
        (Fault::PartialAnswer, 1),
        (Fault::FailedAfterwards, 10),
        (Fault::SilentAfterwards, 1),
        (Fault::CutBefore, 5),
        (Fault::CutAfterwards, 5),
    ];
    for (fault, least) in at_least {
        let count = faults.get(&fault).copied().unwrap_or_default();
        assert!(
            count >= least,
            "{fault:?} happened {count} times only: {faults:?}"
        );
    }
}

#[tokio::test]
async fn two_workers_share_a_table_and_the_work() -> Result<()> {
    let sources = sources()?;
    let expected = expected(&sources).await?;
    let site = Site::start(Installation::start_with_dynamodb().await?, &sources).await?;
    let other = site.installation.another_worker()?;
    eventually("both workers", RUN_WITHIN, async || {
        let polling = site
            .installation
            .worker_log()
            .matches("worker polls")
            .count();
        Ok((polling == 2).then_some(()))
    })
    .await?;
    site.all_begin(&sources).await?;
    site.all_end(&sources).await?;
    site.outcome(&sources).await?.must_equal(&expected);
    let mut workers = std::collections::BTreeSet::new();
    for (name, _) in &sources {
        let history = site.installation.history(&run_id(name)).await?.to_string();
        for pid in [site.worker, other.pid()] {
            if history.contains(&format!("\"trueup-{pid}\"")) {
                workers.insert(pid);
            }
        }
    }
    assert_eq!(workers.len(), 2, "both did some of it");
    Ok(())
}

/// Acts on the same cases by several processes: through the case's workflow, and by batches, which
/// write side by side with it.
#[tokio::test]
async fn acts_at_once_are_each_done_once() -> Result<()> {
    let mut shop = Installation::start_with_dynamodb().await?;
    shop::install(&shop, "", &[])?;
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", shop::DATE]).await?;
    let found = shop.json(&["discrepancies", "--run", shop::RUN]).await?;
    let ids = texts(&found, "discrepancy_id");
    let (first, second) = (ids[0].to_owned(), ids[1].to_owned());
    let acts = (0..12).map(|number| {
        let (first, second, shop) = (&first, &second, &shop);
        async move {
            let note = format!("note {number}");
            let end = ["--note", &note, "--by", "ann", "--yes"];
            let comment = match number % 2 {
                0 => vec!["case", "comment", first],
                _ => vec!["case", "comment", first, second],
            };
            let said = shop.trueup(&[&comment[..], &end].concat()).await?;
            ensure!(said.code == Some(0), "{said:?}");
            Ok(())
        }
    });
    let resolves = ["ann", "ben", "carol", "dan"].map(|by| {
        let (first, second, shop) = (&first, &second, &shop);
        async move {
            let how = [
                "--as",
                "not_an_error",
                "--note",
                "agreed",
                "--yes",
                "--json",
            ];
            let act = [&["case", "resolve", first, second], &how[..], &["--by", by]].concat();
            Ok(shop.trueup(&act).await?.out.matches("\"done\"").count())
        }
    });
    let (_, done) = tokio::try_join!(try_join_all(acts), try_join_all(resolves))?;
    assert_eq!(
        done.iter().sum::<usize>(),
        2,
        "each resolved by one of them: {done:?}"
    );
    for (id, comments) in [(&first, 12), (&second, 6)] {
        let trail = shop.json(&["audit", "show", &format!("case/{id}")]).await?;
        let events = texts(&trail, "event");
        let count = |event: &str| events.iter().filter(|it| **it == event).count();
        assert_eq!(count("case_commented"), comments, "{trail}");
        assert_eq!(count("case_resolved"), 1, "{trail}");
    }
    let verified = shop.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]), "{verified}");
    Ok(())
}

/// What a run with many discrepancies costs. The figures are in `docs/dynamodb.md`.
#[tokio::test]
async fn what_a_thousand_discrepancies_cost() -> Result<()> {
    let wanted: usize = match std::env::var(SCALE_VARIABLE) {
        Ok(count) => count.parse().context(SCALE_VARIABLE)?,
        Err(_) => 5_000,
    };
    let per_kind = wanted.div_ceil(KINDS).to_string();
    let rows = (wanted * 3).to_string();
    let arguments = ["--rows", &rows, "--per-kind", &per_kind];
    let server = DynamoDb::start().await?;
    server.create_table().await?;
    let proxy = FaultProxy::start(server.port, FaultRates::default(), Random::from_seed(1)).await?;
    let mut site = Installation::start_on_dynamodb(&proxy.endpoint).await?;
    Generated::make("bulk", Kind::Csv, &arguments)?.install(&site)?;
    site.write("trueup.toml", "")?;
    site.start_worker()?;
    let started = Instant::now();
    let run = ["run", "bulk", "--date", DATE, "--wait", "--json"];
    let run = site.trueup(&run).await?.json()?;
    let elapsed = started.elapsed();
    let count = run["totals"]["discrepancies"].as_u64();
    let count = count.with_context(|| run.to_string())?;
    ensure!(count >= u64::try_from(wanted)?, "{run}");
    let capacity = proxy.capacity();
    let per_thousand = |tenths: u64| tenths * 100 / count;
    let (reads, writes) = (
        per_thousand(capacity.read_tenths),
        per_thousand(capacity.write_tenths),
    );
    println!(
        "{count} discrepancies in {elapsed:?}, {} requests; per 1,000: {reads} read units, \
         {writes} write units",
        proxy.passed()
    );
    assert!(
        reads <= READ_UNITS_MAX && writes <= WRITE_UNITS_MAX,
        "dearer than documented"
    );
    let heat = proxy.heat();
    let (hottest, units) = heat
        .iter()
        .max_by_key(|(_, units)| **units)
        .context("none")?;
    let all: u64 = heat.values().sum();
    println!("the hottest partition, {hottest}, got {units} of {all} write units");
    assert!(
        units * 100 / all <= HOTTEST_PERCENT_MAX,
        "{hottest} is hot: {units} of {all}"
    );
    let verified = site.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], Value::Array(Vec::new()), "{verified}");
    Ok(())
}
