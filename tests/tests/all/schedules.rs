//! Schedules from outside: set and looked after by the command line, seen by the `temporal` program,
//! computed and made up for by the server.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts};
use tests::shop::{self, DATE};

pub(crate) const SCHEDULE: &str = "recon/shop";
pub(crate) const ZONE: &str = "Europe/Berlin";

/// The shop in Berlin, with these days without business besides its `days_off`.
pub(crate) async fn shop(days_off: &[&str], holidays: &[&str]) -> Result<Installation> {
    let shop = Installation::start().await?;
    shop::install(&shop, "", &[])?;
    let source = shop::source(&[]);
    let calendar = format!("\n[calendar]\ndays_off = {days_off:?}\nholidays = {holidays:?}\n");
    let source = format!("time_zone = \"{ZONE}\"\n{source}{calendar}");
    shop.write("sources/shop.toml", source)?;
    Ok(shop)
}

pub(crate) const WEEKEND: [&str; 2] = ["saturday", "sunday"];

/// Both sides' files of a day, which differ from those of any other.
pub(crate) fn files_of(shop: &Installation, day: &str) -> Result<()> {
    shop.write(&shop::partner_file(day), shop::PARTNER.replace(DATE, day))?;
    shop.write(&shop::ledger_file(day), shop::LEDGER.replace(DATE, day))
}

/// `trueup schedule … --json`.
pub(crate) async fn schedule(shop: &Installation, arguments: &[&str]) -> Result<Value> {
    shop.json(&[&["schedule"], arguments].concat()).await
}

/// `trueup schedule …`, which must fail, and what it says.
async fn refused(shop: &Installation, arguments: &[&str]) -> Result<String> {
    let said = shop.trueup(&[&["schedule"], arguments].concat()).await?;
    assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
    Ok(said.err)
}

/// The schedule as the `temporal` program shows it.
async fn described(shop: &Installation) -> Result<Value> {
    let describe = ["schedule", "describe", "-s", SCHEDULE, "-o", "json"];
    shop.temporal(&describe).await?.json()
}

/// The times at which the schedule fires between two times, as the server computes them.
async fn matching_times(shop: &Installation, from: &str, to: &str) -> Result<Vec<Timestamp>> {
    let list = ["schedule", "list-matching-times", "-s", SCHEDULE];
    let range = ["--start-time", from, "--end-time", to, "-o", "json"];
    let said = shop.temporal(&[&list[..], &range].concat()).await?;
    let times = said.json()?;
    let times = times["startTime"].as_array().cloned().unwrap_or_default();
    let times = times.iter().filter_map(Value::as_str);
    Ok(times.map(str::parse).collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn a_schedule_is_set_changed_paused_and_deleted() -> Result<()> {
    let shop = shop(&WEEKEND, &[]).await?;
    assert_eq!(schedule(&shop, &["list"]).await?, json!([]));
    let set = ["set", "shop", "--daily", "06:30", "--days-back", "1"];
    let created = schedule(&shop, &[&set[..], &["--note", "by the book"]].concat()).await?;
    assert_eq!(created["outcome"], "created", "{created}");
    assert_eq!(created["when"], "daily at 06:30");
    assert_eq!(created["time_zone"], ZONE, "the source's own");
    assert_eq!(created["note"], "by the book (tester)");
    let next = texts_of(&created["next"]);
    assert_eq!(next.len(), 3, "{created}");
    for time in &next {
        let at: Timestamp = time.parse()?;
        let local = at.to_zoned(TimeZone::get(ZONE)?);
        let expected = local.strftime("%Y-%m-%dT06:30:00%:z").to_string();
        assert_eq!(*time, expected);
    }

    let seen = described(&shop).await?;
    let (policies, state) = (&seen["schedule"]["policies"], &seen["schedule"]["state"]);
    assert_eq!(
        policies["overlapPolicy"],
        "SCHEDULE_OVERLAP_POLICY_ALLOW_ALL"
    );
    assert_eq!(policies["catchupWindow"], "604800s");
    assert_eq!(state["notes"], "by the book (tester)");
    let action = &seen["schedule"]["action"]["startWorkflow"];
    assert_eq!(action["workflowType"]["name"], "ScheduledReconciliation");
    assert_eq!(action["taskQueue"]["name"], "trueup");
    assert_eq!(action["workflowId"], "scheduled/shop");
    let table = shop
        .temporal(&["schedule", "describe", "-s", SCHEDULE])
        .await?;
    for text in [
        r#""comment":"daily at 06:30""#,
        r#"StaticSummary":"daily at 06:30, Europe/Berlin""#,
        "by the book (tester)",
        r#""source":"shop""#,
    ] {
        assert!(table.out.contains(text), "{text}: {}", table.out);
    }

    let paused = schedule(&shop, &["pause", "shop", "--note", "month end"]).await?;
    assert_eq!(
        (&paused["outcome"], &paused["paused"]),
        (&json!("paused"), &json!(true))
    );
    assert_eq!(described(&shop).await?["schedule"]["state"]["paused"], true);

    // Another time in another zone, and twice the same: paused it stays, with its note.
    let weekly = ["set", "shop", "--weekly", "mon,thu", "07:15"];
    let weekly = [&weekly[..], &["--time-zone", "America/New_York"]].concat();
    let changed = schedule(&shop, &weekly).await?;
    assert_eq!(changed["outcome"], "changed", "{changed}");
    assert_eq!(changed["when"], "weekly on mon, thu at 07:15");
    assert_eq!(changed["time_zone"], "America/New_York");
    assert_eq!(
        (&changed["paused"], &changed["note"]),
        (&json!(true), &json!("month end (tester)"))
    );
    assert_eq!(schedule(&shop, &weekly).await?, changed);
    let table = shop
        .temporal(&["schedule", "describe", "-s", SCHEDULE])
        .await?;
    let when = r#"StaticSummary":"weekly on mon, thu at 07:15, America/New_York""#;
    assert!(table.out.contains(when), "{}", table.out);

    let resumed = schedule(&shop, &["resume", "shop"]).await?;
    assert_eq!(
        (&resumed["paused"], &resumed["note"]),
        (&json!(false), &json!("resumed by tester"))
    );
    let listed = schedule(&shop, &["list"]).await?;
    assert_eq!(texts(&listed, "schedule_id"), [SCHEDULE]);
    let words = shop.text(&["schedule", "list", "shop"]).await?;
    for text in [
        "shop — weekly on mon, thu at 07:15, America/New_York",
        "next     ",
        " 07:15 -0",
    ] {
        assert!(words.contains(text), "{text}: {words}");
    }

    assert_eq!(
        schedule(&shop, &["delete", "shop"]).await?["outcome"],
        "deleted"
    );
    let gone = shop
        .temporal(&["schedule", "describe", "-s", SCHEDULE])
        .await?;
    assert_ne!(gone.code, Some(0), "{gone:?}");
    assert_eq!(schedule(&shop, &["list"]).await?, json!([]));
    let again = refused(&shop, &["delete", "shop"]).await?;
    assert!(
        again.contains("shop has no schedule; set one: trueup schedule set"),
        "{again}"
    );
    Ok(())
}

#[tokio::test]
async fn mistakes_are_told_with_what_would_be_right() -> Result<()> {
    let shop = shop(&WEEKEND, &[]).await?;
    for (arguments, expected) in [
        (
            &["set", "shpo", "--daily", "06:30"][..],
            "did you mean `shop`?",
        ),
        (&["list", "shpo"], "did you mean `shop`?"),
        (&["pause", "shop"], "shop has no schedule"),
        (&["trigger", "shop"], "shop has no schedule"),
        (
            &["set", "shop", "--daily", "6:30"],
            "`6:30` is not a time of day",
        ),
        (
            &["set", "shop", "--weekly", "mo", "06:30"],
            "`mo` is not a day of the week",
        ),
        (
            &["set", "shop", "--cron", "0 6 * *"],
            "is not a cron expression",
        ),
        (
            &["set", "shop", "--cron", "99 6 * * *"],
            "the Temporal server refused to set the schedule: Invalid schedule spec: Minute is not \
             in range [0-59]",
        ),
        (
            &[
                "set",
                "shop",
                "--daily",
                "06:30",
                "--time-zone",
                "Europe/Berln",
            ],
            "did you mean `Europe/Berlin`?",
        ),
        (
            &["set", "shop", "--daily", "06:30", "--holidays", "work"],
            "must be skip, move or run",
        ),
        (
            &["set", "shop", "--daily", "06:30", "--cron", "0 6 * * *"],
            "cannot be used with",
        ),
        (&["set", "shop"], "--daily"),
    ] {
        let said = refused(&shop, arguments).await?;
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let never = schedule(&shop, &["set", "shop", "--cron", "0 6 31 2 *"]).await?;
    assert_eq!(
        never["warnings"],
        json!(["these times never come: nothing will ever run"])
    );
    for (from, to, expected) in [
        ("2024-10-28", "2024-10-26", "is after"),
        ("2190-10-28", "2190-10-29", "is in the future"),
    ] {
        let said = refused(&shop, &["backfill", "shop", "--from", from, "--to", to]).await?;
        assert!(said.contains(expected), "{said}");
    }
    Ok(())
}

/// What the server really does, and what people are told about it.
#[tokio::test]
async fn the_server_computes_the_times_that_were_asked_for() -> Result<()> {
    let shop = shop(&WEEKEND, &[]).await?;
    let night = schedule(&shop, &["set", "shop", "--daily", "02:30"]).await?;
    let warning = night["warnings"][0].as_str().context("a warning")?;
    assert!(warning.contains("jump over this time of day"), "{warning}");
    let times = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| text.parse())
            .collect::<Result<Vec<_>, _>>()
    };
    // 02:30 does not exist on 2024-03-31, and that day is left out.
    let spring = matching_times(&shop, "2024-03-29T12:00:00Z", "2024-04-01T12:00:00Z").await?;
    assert_eq!(
        spring,
        times(&["2024-03-30T01:30:00Z", "2024-04-01T00:30:00Z"])?
    );
    // It comes twice on 2024-10-27: the server takes the second one only.
    let autumn = matching_times(&shop, "2024-10-26T12:00:00Z", "2024-10-28T12:00:00Z").await?;
    assert_eq!(
        autumn,
        times(&["2024-10-27T01:30:00Z", "2024-10-28T01:30:00Z"])?
    );

    schedule(&shop, &["set", "shop", "--monthly", "last", "06:30"]).await?;
    let ends = matching_times(&shop, "2023-12-31T12:00:00Z", "2029-01-01T00:00:00Z").await?;
    let zone = TimeZone::get(ZONE)?;
    let ends: Vec<Date> = ends
        .iter()
        .map(|at| at.to_zoned(zone.clone()).date())
        .collect();
    let first = Date::constant(2024, 1, 31);
    let expected: Vec<_> = (0..60)
        .map(|month| first.saturating_add(month.months()))
        .collect();
    let expected: Vec<_> = expected.iter().map(|day| day.last_of_month()).collect();
    assert_eq!(ends, expected, "five years, two of them with a leap day");
    Ok(())
}

/// Times that come while the server is down are made up for.
#[tokio::test]
async fn an_outage_of_the_server_leaves_no_time_out() -> Result<()> {
    let mut shop = shop(&[], &[]).await?;
    let every_two_seconds = ["set", "shop", "--cron", "*/2 * * * * * *"];
    schedule(&shop, &every_two_seconds).await?;
    let fired = async |shop: &Installation| -> Result<Vec<Timestamp>> {
        let query = format!("TemporalScheduledById = '{SCHEDULE}'");
        let list = ["workflow", "list", "--query", &query, "-o", "json"];
        let list = shop.temporal(&list).await?.json()?;
        let ids = list.as_array().cloned().unwrap_or_default();
        let ids = ids
            .iter()
            .filter_map(|one| one["execution"]["workflowId"].as_str());
        let mut times: Vec<Timestamp> = ids
            .filter_map(|id| id.strip_prefix("scheduled/shop-")?.parse().ok())
            .collect();
        times.sort();
        Ok(times)
    };
    let before = eventually("the first time", RUN_WITHIN, async || {
        Ok(fired(&shop).await?.last().copied())
    })
    .await?;
    shop.temporal.kill()?;
    let down_until = Timestamp::now().max(before).checked_add(6.seconds())?;
    eventually("some times while it is down", RUN_WITHIN, async || {
        Ok((Timestamp::now() > down_until).then_some(()))
    })
    .await?;
    shop.temporal.restart().await?;
    let times = eventually("a time after the outage", RUN_WITHIN, async || {
        let times = fired(&shop).await?;
        Ok(times
            .last()
            .is_some_and(|last| *last > down_until)
            .then_some(times))
    })
    .await?;
    for pair in times.windows(2) {
        let apart = pair[1].duration_since(pair[0]).unsigned_abs();
        assert_eq!(apart, Duration::from_secs(2), "{times:?}");
    }
    Ok(())
}

fn texts_of(list: &Value) -> Vec<&str> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).collect()
}
