//! What one day leaves open, later days go on with: nothing is forgotten, nothing counts twice.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts};
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE, RUN};

/// The business days after [`DATE`], a Friday.
pub(crate) const MONDAY: &str = "2026-11-23";
pub(crate) const TUESDAY: &str = "2026-11-24";
pub(crate) const WEDNESDAY: &str = "2026-11-25";
const NOTHING_NEW: &str = "reference,invoice,amount,currency,value_date\n";

/// One day's files.
pub(crate) fn write_day(
    shop: &Installation,
    date: &str,
    partner: &str,
    ledger: &str,
) -> Result<()> {
    let partner = format!("{NOTHING_NEW}{partner}");
    shop.write(&shop::partner_file(date), partner)?;
    shop.write(&shop::ledger_file(date), ledger)
}

pub(crate) async fn run(shop: &Installation, date: &str) -> Result<Value> {
    let result = shop.run_to_the_end(&["shop", "--date", date]).await?;
    let totals = &result["totals"];
    let lines = totals["conservation"].as_array().context("lines")?;
    assert!(lines.iter().all(|line| line["holds"] == true), "{totals}");
    Ok(totals.clone())
}

/// One part of one side's only line, as `count amount`.
pub(crate) fn part(totals: &Value, side: &str, part: &str) -> String {
    let lines = totals["conservation"].as_array().cloned();
    let lines = lines.unwrap_or_default();
    let line = lines.iter().find(|line| line["side"] == side);
    let part = &line.unwrap_or(&Value::Null)[part];
    format!(
        "{} {}",
        part["count"],
        part["amount"].as_str().unwrap_or("-")
    )
}

/// What one run carried forward is what the next one begins with, on both sides.
pub(crate) fn begins_with_what_was_left(next: &Value, before: &Value) {
    for side in ["partner", "ledger"] {
        let carried = part(before, side, "carried_forward");
        assert_eq!(part(next, side, "opening"), carried, "{side}");
    }
}

pub(crate) async fn references(shop: &Installation, run: &str) -> Result<Vec<String>> {
    let found = shop.json(&["discrepancies", "--run", run]).await?;
    let mut references: Vec<String> = texts(&found, "reference")
        .into_iter()
        .map(str::to_owned)
        .collect();
    references.sort();
    Ok(references)
}

#[tokio::test]
async fn what_arrives_late_is_matched_and_nobody_is_told_twice() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    let first = run(&shop, DATE).await?;
    assert_eq!(shop.alerts_settled().await?.len(), shop::CRITICAL.len());

    // On Monday the ledger brings P-4; everything else it shows again.
    let booked = format!("{}P-4,INV-4,C-2,400.00,EUR,{DATE}\n", shop::LEDGER);
    write_day(&shop, MONDAY, "", &booked)?;
    let second = run(&shop, MONDAY).await?;
    assert_eq!(
        (&second["matched"], &second["cleared"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&second["seen_again"], &second["discrepancies"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(second["known"], 6, "all that the ledger showed before");
    begins_with_what_was_left(&second, &first);
    assert_eq!(part(&second, "ledger", "received"), "1 400.00");
    assert_eq!(
        references(&shop, &format!("recon/shop/{MONDAY}")).await?,
        ["P-3", "P-5", "P-6", "P-7"]
    );

    // On Tuesday nothing is new: the same differences, and nobody hears of them again.
    write_day(&shop, TUESDAY, "", &booked)?;
    let third = run(&shop, TUESDAY).await?;
    assert_eq!(
        (&third["seen_again"], &third["cleared"]),
        (&json!(4), &json!(0))
    );
    assert_eq!(shop.alerts_settled().await?.len(), shop::CRITICAL.len());
    assert_eq!(slack.posts().len(), shop::CRITICAL.len());

    let shown = shop
        .text(&["show", &format!("recon/shop/{MONDAY}")])
        .await?;
    for text in ["opening", "cleared    1", "seen again 4", "known      6"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let one = shop.json(&["discrepancies", "--reference", "P-3"]).await?;
    let id = one[0]["discrepancy_id"].as_str().context("an id")?;
    assert_eq!(one[0]["partner"]["carried_from"], RUN, "{one}");
    assert!(
        shop.text(&["show", id])
            .await?
            .contains(&format!("open since {RUN}"))
    );
    Ok(())
}

#[tokio::test]
async fn what_is_in_transit_becomes_missing_when_its_window_is_over() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let ledger = format!("{}P-9,INV-9,C-1,60.00,EUR,{DATE}\n", shop::LEDGER);
    shop.write(&shop::ledger_file(DATE), &ledger)?;
    let totals = run(&shop, DATE).await?;
    assert_eq!(totals["in_transit"], 1);
    for side in ["partner", "ledger"] {
        // What is listed is what is carried forward.
        let open = shop.json(&["open-items", RUN, "--side", side]).await?;
        let open = open.as_array().context("a list")?.len();
        let carried = part(&totals, side, "carried_forward");
        assert!(
            carried.starts_with(&format!("{open} ")),
            "{side}: {carried}"
        );
    }
    let open = shop.json(&["open-items", "shop", "--in-transit"]).await?;
    assert_eq!(texts(&open, "reference"), ["P-9"]);
    let listed = shop.text(&["open-items", RUN]).await?;
    for text in [
        "P-9",
        "in_transit",
        "missing_in_ledger",
        "ledger: 4 open, 1045.01 EUR",
    ] {
        assert!(listed.contains(text), "{text}: {listed}");
    }
    let csv = shop.text(&["open-items", RUN, "--csv"]).await?;
    assert!(csv.contains("P-9,EUR,60.00,2026-11-20"), "{csv}");
    let header = shop::LEDGER.lines().next().context("a header")?;
    for (date, in_transit) in [(MONDAY, 1), (TUESDAY, 1), (WEDNESDAY, 0)] {
        // Its view does not reach back so far any more: the record is not forgotten.
        write_day(&shop, date, "", &format!("{header}\n"))?;
        assert_eq!(run(&shop, date).await?["in_transit"], in_transit, "{date}");
    }
    let missing = shop.json(&["discrepancies", "--reference", "P-9"]).await?;
    assert_eq!(texts(&missing, "kind"), ["missing_at_partner"]);
    Ok(())
}

#[tokio::test]
async fn a_payment_reported_on_two_days_is_a_duplicate() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    shop.alerts_settled().await?;
    let again = format!("P-2,INV-2,250.00,EUR,{DATE}\n");
    write_day(&shop, MONDAY, &again, shop::LEDGER)?;
    run(&shop, MONDAY).await?;
    let found = shop.json(&["discrepancies", "--reference", "P-2"]).await?;
    assert_eq!(texts(&found, "kind"), ["duplicate_at_partner"]);
    let reason = found[0]["reason"].as_str().context("a reason")?;
    assert!(reason.contains(RUN), "{reason}");
    assert_eq!(shop.alerts_settled().await?.len(), shop::CRITICAL.len() + 1);
    assert_eq!(slack.posts().len(), shop::CRITICAL.len() + 1);
    Ok(())
}

#[tokio::test]
async fn a_payment_of_another_day_that_was_matched_before_is_a_duplicate() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    shop.alerts_settled().await?;
    let again = format!("P-2,INV-2,250.00,EUR,{MONDAY}\n");
    write_day(&shop, MONDAY, &again, shop::LEDGER)?;
    run(&shop, MONDAY).await?;
    let found = shop.json(&["discrepancies", "--reference", "P-2"]).await?;
    assert_eq!(texts(&found, "kind"), ["duplicate_at_partner"]);
    assert_eq!(
        found[0]["reason"],
        format!("partner reports 250.00 EUR for P-2 again: {RUN} had it already")
    );
    assert_eq!(shop.alerts_settled().await?.len(), shop::CRITICAL.len() + 1);
    assert_eq!(slack.posts().len(), shop::CRITICAL.len() + 1);

    // For as long as it is open it is that, and nobody hears of it again.
    write_day(&shop, TUESDAY, "", shop::LEDGER)?;
    assert_eq!(run(&shop, TUESDAY).await?["seen_again"], 6);
    assert_eq!(slack.posts().len(), shop::CRITICAL.len() + 1);
    Ok(())
}

#[tokio::test]
async fn an_invoice_that_another_charge_paid_on_another_day_is_a_duplicate() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    let by_invoice = "[[rules]]\nname = \"invoice\"\non = [\"invoice\"]\n\n[tolerances.EUR]";
    let source = shop::source(&["night"]).replacen("[tolerances.EUR]", by_invoice, 1);
    shop.write("sources/shop.toml", source)?;
    run(&shop, DATE).await?;
    let told = shop.alerts_settled().await?.len();
    let again = format!("P-20,INV-2,250.00,EUR,{MONDAY}\n");
    write_day(&shop, MONDAY, &again, shop::LEDGER)?;
    run(&shop, MONDAY).await?;
    let found = shop
        .json(&["discrepancies", "--reference", "INV-2"])
        .await?;
    assert_eq!(texts(&found, "kind"), ["duplicate_at_partner"]);
    let twice = format!("twice (value dates {DATE} and {MONDAY})");
    let reason = format!(
        "partner reports 250.00 EUR for INV-2 (as P-2 and as P-20) {twice}, the ledger has it once; {RUN} \
         matched the other"
    );
    assert_eq!(found[0]["reason"], reason);
    assert_eq!(shop.alerts_settled().await?.len(), told + 1);
    assert_eq!(slack.posts().len(), told + 1);
    let id = found[0]["discrepancy_id"].as_str().context("an id")?;
    let shown = shop.text(&["show", id]).await?;
    let original = format!("shop-{DATE}.csv line 3)\n             received by {RUN}");
    assert!(shown.contains(&original), "{shown}");
    Ok(())
}

/// A day's report that says where its payments stand.
fn write_statuses(shop: &Installation, date: &str, partner: &str) -> Result<()> {
    let header = "reference,status,amount,currency,value_date\n";
    shop.write(&shop::partner_file(date), format!("{header}{partner}"))?;
    shop.write(&shop::ledger_file(date), shop::LEDGER)
}

/// Its reports say where payments stand.
fn install_with_statuses(shop: &Installation, of_partner: &str) -> Result<()> {
    shop::install(shop, "", &[])?;
    let statuses = "status = \"status\"\n\n[partner.format.csv.status_values]\npending = [\"pending\"]\n\
                    settled = [\"settled\"]\nfailed = [\"failed\"]\nreversed = [\"reversed\"]\n\n\
                    [ledger.transport]";
    let source = shop::source(&[]).replacen("invoice = \"invoice\"\n", "", 1);
    let source = source.replacen("\n[ledger.transport]", statuses, 1);
    let source = source.replacen(
        "[partner.transport]",
        &format!("{of_partner}[partner.transport]"),
        1,
    );
    shop.write("sources/shop.toml", source)
}

#[tokio::test]
async fn what_was_announced_is_the_same_payment_when_its_end_is_told() -> Result<()> {
    let mut shop = Installation::start().await?;
    install_with_statuses(&shop, "")?;
    shop.start_worker()?;
    let announced =
        |reference: &str, amount: &str| format!("{reference},pending,{amount},EUR,{DATE}\n");
    let all = [
        ("P-1", "100.00"),
        ("P-2", "250.00"),
        ("P-4", "400.00"),
        ("P-5", "70.00"),
    ];
    let friday: String = all
        .iter()
        .map(|(reference, amount)| announced(reference, amount))
        .collect();
    write_statuses(&shop, DATE, &friday)?;
    let first = run(&shop, DATE).await?;
    assert_eq!(first["matched"], 3, "P-1, P-2 and P-5: {first}");

    // P-1 settles, P-2 fails, P-4, which we lack, settles, and P-5 is announced again.
    let monday = format!(
        "P-1,settled,100.00,EUR,{MONDAY}\nP-2,failed,250.00,EUR,{MONDAY}\n\
         P-4,settled,400.00,EUR,{MONDAY}\n{}",
        announced("P-5", "70.00"),
    );
    write_statuses(&shop, MONDAY, &monday)?;
    let second = run(&shop, MONDAY).await?;
    assert_eq!(
        second["superseded"], 3,
        "P-1, P-5, and P-4 of Friday: {second}"
    );
    assert_eq!(part(&second, "partner", "voided"), "3 570.00");
    let found = shop
        .json(&["discrepancies", "--run", &format!("recon/shop/{MONDAY}")])
        .await?;
    let of = |reference: &str| {
        let all = found.as_array().into_iter().flatten();
        all.clone().find(|it| it["reference"] == reference).cloned()
    };
    let failed = of("P-2").context("P-2")?;
    assert_eq!(failed["kind"], "status_mismatch");
    let reason = format!(
        "partner reports 250.00 EUR for P-2 as failed: {RUN} matched it before, so our record of it \
         counts money that never moved"
    );
    assert_eq!(failed["reason"], reason);
    assert_eq!(of("P-4").context("P-4")?["kind"], "missing_in_ledger");
    assert_eq!((of("P-1"), of("P-5")), (None, None));

    // Once is enough.
    write_statuses(
        &shop,
        TUESDAY,
        &format!("P-1,settled,100.00,EUR,{TUESDAY}\n"),
    )?;
    run(&shop, TUESDAY).await?;
    let again = shop.json(&["discrepancies", "--reference", "P-1"]).await?;
    assert_eq!(texts(&again, "kind"), ["duplicate_at_partner"]);
    Ok(())
}

#[tokio::test]
async fn what_a_cumulative_report_shows_as_failed_or_reversed_since_is_told() -> Result<()> {
    let mut shop = Installation::start().await?;
    let settings = "[dates]\nlate_days = 3\n\n[partner]\nrecords = \"cumulative\"\n\n";
    install_with_statuses(&shop, settings)?;
    shop.start_worker()?;
    let report = |first: &str, second: &str| {
        format!(
            "P-1,{first},100.00,EUR,{DATE}\nP-2,{second},250.00,EUR,{DATE}\n\
             P-5,settled,70.00,EUR,{DATE}\n"
        )
    };
    write_statuses(&shop, DATE, &report("settled", "settled"))?;
    assert_eq!(run(&shop, DATE).await?["matched"], 3);

    write_statuses(&shop, MONDAY, &report("reversed", "failed"))?;
    let second = run(&shop, MONDAY).await?;
    assert_eq!(
        (&second["matched"], &second["known"]),
        (&json!(0), &json!(7)),
        "{second}"
    );
    let told = |reference: &'static str| {
        let shop = &shop;
        async move {
            shop.json(&["discrepancies", "--reference", reference])
                .await
        }
    };
    let (reversed, failed) = (told("P-1").await?, told("P-2").await?);
    assert_eq!(texts(&reversed, "kind"), ["missing_in_ledger"]);
    assert_eq!(
        reversed[0]["reason"],
        format!(
            "partner reports 100.00 EUR for P-1 with value date {DATE} as reversed: {RUN} had the same \
             record before, and no ledger record goes with it by reference"
        )
    );
    assert_eq!(texts(&failed, "kind"), ["status_mismatch"]);
    assert_eq!(failed[0]["at_stake"], "250.00");

    // We take the first one back, and P-5 has another value date; nobody hears of any of them again.
    let more = format!("P-7,settled,75.00,EUR,{MONDAY}\n");
    let (before, corrected) = [DATE, MONDAY]
        .map(|date| format!("70.00,EUR,{date}"))
        .into();
    let amended = report("reversed", "failed").replace(&before, &corrected);
    write_statuses(&shop, TUESDAY, &(amended + &more))?;
    let booked = format!("{}P-1,INV-1,C-1,-100.00,EUR,{MONDAY}\n", shop::LEDGER);
    shop.write(&shop::ledger_file(TUESDAY), booked)?;
    let third = run(&shop, TUESDAY).await?;
    assert_eq!(third["superseded"], 3, "{third}");
    assert_eq!(third["cleared"], 2, "P-1, and P-7, which is late: {third}");
    let again = told("P-2").await?;
    assert_eq!(again[0]["discrepancy_id"], failed[0]["discrepancy_id"]);
    assert_eq!(again[0]["first_seen_run"], format!("recon/shop/{MONDAY}"));
    Ok(())
}

#[tokio::test]
async fn an_amended_report_replaces_the_first_and_what_was_built_on_it() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let first = run(&shop, DATE).await?;
    let booked = format!("{}P-4,INV-4,C-2,400.00,EUR,{DATE}\n", shop::LEDGER);
    write_day(&shop, MONDAY, "", &booked)?;
    run(&shop, MONDAY).await?;

    // P-3 is corrected, P-4 never was, P-5 was paid once; P-1, P-2 and P-6 stay.
    let amended = shop::PARTNER
        .replace("990.00", "900.00")
        .replace("P-4,INV-4,400.00,EUR,2026-11-20\n", "")
        .replacen("P-5,INV-5,70.00,EUR,2026-11-20\n", "", 1);
    shop.write(&shop::partner_file(DATE), amended)?;
    let again = shop
        .run_to_the_end(&["shop", "--date", DATE, "--generation", "2"])
        .await?;
    let totals = &again["totals"];
    assert_eq!(totals["matched"], 4, "P-1, P-2, P-3 and P-5: {totals}");
    assert_eq!(part(totals, "partner", "received"), "5 1330.00");
    assert_eq!(
        part(totals, "partner", "opening"),
        "0 0.00",
        "it replaces the first: {first}"
    );
    assert_eq!(totals["cleared"], 2, "P-3 agrees, P-5 is no duplicate");
    // What P-4 was matched with on Monday is open again.
    assert_eq!(
        references(&shop, &format!("{RUN}/g2")).await?,
        ["P-6", "P-7"]
    );
    assert_eq!(part(totals, "ledger", "carried_forward"), "3 485.01");

    write_day(&shop, WEDNESDAY, "", &booked)?;
    run(&shop, WEDNESDAY).await?;
    let open = references(&shop, &format!("recon/shop/{WEDNESDAY}")).await?;
    assert_eq!(open, ["P-4", "P-6", "P-7"]);

    // The partner takes the amendment back: the first report counts again, and again it is nothing new.
    shop.write(&shop::partner_file(DATE), shop::PARTNER)?;
    let third = shop
        .run_to_the_end(&["shop", "--date", DATE, "--generation", "3"])
        .await?;
    assert_eq!(
        part(&third["totals"], "partner", "received"),
        part(&first, "partner", "received")
    );
    let fourth = ["run", "shop", "--date", DATE, "--generation", "4", "--wait"];
    let said = shop.trueup(&fourth).await?;
    assert!(
        said.err.contains("an amended report differs from it"),
        "{said:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_part_of_a_source_leaves_its_position_alone() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    let client = ["shop", "--date", DATE, "--client", "C-2"];
    shop.run_to_the_end(&client).await?;
    let dry = ["shop", "--date", DATE, "--generation", "2", "--dry-run"];
    shop.run_to_the_end(&dry).await?;
    write_day(&shop, MONDAY, "", shop::LEDGER)?;
    let second = run(&shop, MONDAY).await?;
    assert_eq!(
        (&second["known"], &second["seen_again"]),
        (&json!(6), &json!(5))
    );
    assert_eq!(second["cleared"], 0);
    // A part of the second day sees what is open since the first.
    let client = ["shop", "--date", MONDAY, "--client", "C-3"];
    shop.run_to_the_end(&client).await?;
    let part = references(&shop, &format!("recon/shop/{MONDAY}/client/C-3")).await?;
    assert_eq!(part, ["P-7"]);
    Ok(())
}

#[tokio::test]
async fn a_report_that_did_not_add_up_is_over_when_the_amended_one_does() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let total = "[[partner.format.csv.totals]]\ncolumn = \"reference\"\nequals = [\"Total\"]\n\
                 amount = \"amount\"\n\n";
    let source = shop::source(&["night"])
        .replace("[ledger.transport]", &format!("{total}[ledger.transport]"));
    shop.write("sources/shop.toml", source)?;
    let mut shop = shop;
    shop.kill_worker()?;
    shop.start_worker()?;
    let with_total = |amount: &str| format!("{}Total,,{amount},EUR,{DATE}\n", shop::PARTNER);
    shop.write(&shop::partner_file(DATE), with_total("1.00"))?;
    run(&shop, DATE).await?;
    let found = shop.json(&["discrepancies", "--run", RUN]).await?;
    assert_eq!(texts(&found, "kind"), ["statement_out_of_balance"]);
    shop.alerts_settled().await?;

    shop.write(&shop::partner_file(DATE), with_total("1890.00"))?;
    let second = ["shop", "--date", DATE, "--generation", "2"];
    let again = shop.run_to_the_end(&second).await?;
    assert_eq!(again["totals"]["discrepancies"], shop::DIFFERENT.len());
    let id = found[0]["discrepancy_id"].as_str().context("an id")?;
    let shown = shop.json(&["case", "show", id]).await?;
    assert_eq!(shown["case"]["state"], "cleared", "{shown}");
    let trail = shop.text(&["audit", "show", &format!("case/{id}")]).await?;
    let evidence = format!("the amended report of {RUN}/g2 adds up");
    assert!(trail.contains(&evidence), "{trail}");
    Ok(())
}

/// Two days at once: whichever is first, the other one goes on where it ended.
#[tokio::test]
async fn runs_of_one_source_take_turns() -> Result<()> {
    let slack = SlackReceiver::start().await?;
    let mut shop = Installation::start().await?;
    shop::install(&shop, shop::SLACK, &["night"])?;
    shop.set_variable("SHOP_SLACK", &slack.url);
    let booked = format!("{}P-4,INV-4,C-2,400.00,EUR,{DATE}\n", shop::LEDGER);
    write_day(&shop, MONDAY, "", &booked)?;
    for date in [DATE, MONDAY] {
        shop.json(&["run", "shop", "--date", date]).await?;
    }
    // Both are there before the worker is: it takes them up together.
    shop.start_worker()?;
    let (one, other) = tokio::join!(run(&shop, DATE), run(&shop, MONDAY));
    let (one, other) = (one?, other?);
    let is_known = |totals: &Value| totals["known"].as_u64().unwrap_or_default() > 0;
    assert!(
        is_known(&one) != is_known(&other),
        "one of them was first: {one} {other}"
    );
    let left = eventually("both runs on record", RUN_WITHIN, async || {
        let runs = shop.json(&["runs", "--state", "completed"]).await?;
        Ok((texts(&runs, "run_id").len() == 2).then_some(runs))
    })
    .await?;
    assert_eq!(texts(&left, "state"), ["completed", "completed"]);
    write_day(&shop, TUESDAY, "", &booked)?;
    let third = run(&shop, TUESDAY).await?;
    assert_eq!(
        (&third["discrepancies"], &third["known"]),
        (&json!(4), &json!(7))
    );
    Ok(())
}
