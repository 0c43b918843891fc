//! What people make of discrepancies, and what that makes of the days that follow.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::installation::{Installation, texts};
use tests::shop::{self, DATE, RUN};

use crate::open_items::{
    MONDAY, TUESDAY, WEDNESDAY, begins_with_what_was_left, part, references, run, write_day,
};

const WRITE_OFF: &[&str] = &[
    "--as",
    "write_off",
    "--reason-code",
    "small",
    "--account",
    "6999",
];

/// Resolves the discrepancy with this reference, in one way or another.
async fn resolve(shop: &Installation, reference: &str, how: &[&str]) -> Result<String> {
    let id = shop::id_of(shop, reference).await?;
    let command = ["case", "resolve", &id, "--note", "as agreed"];
    shop.text(&[&command[..], how].concat()).await?;
    Ok(id)
}

#[tokio::test]
async fn a_third_payment_is_another_case_than_a_confirmed_duplicate() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    let again = format!("P-2,INV-2,250.00,EUR,{DATE}\n");
    write_day(&shop, MONDAY, &again, shop::LEDGER)?;
    run(&shop, MONDAY).await?;
    let confirmed = resolve(&shop, "P-2", &["--as", "duplicate_confirmed"]).await?;

    // With something else beside it: the same file would be refused.
    let once_more = format!("{again}P-8,INV-8,1.00,EUR,{TUESDAY}\n");
    write_day(&shop, TUESDAY, &once_more, shop::LEDGER)?;
    let third = run(&shop, TUESDAY).await?;
    assert_eq!(part(&third, "partner", "voided"), "1 250.00");
    let open = shop.json(&["case", "list", "--state", "open"]).await?;
    let open = open.as_array().context("a list")?.iter();
    let mut open = open.filter(|case| case["reference"] == "P-2");
    let another = open.next().context("a case")?["discrepancy_id"].clone();
    assert!(open.next().is_none());
    assert_ne!(another, confirmed.as_str());

    // What was settled stays so, and the other one is what it was.
    write_day(&shop, WEDNESDAY, "", shop::LEDGER)?;
    let last = run(&shop, WEDNESDAY).await?;
    begins_with_what_was_left(&last, &third);
    let found = shop.json(&["case", "show", &confirmed]).await?;
    assert_eq!(found["case"]["state"], "resolved", "{found}");
    let wednesday = format!("recon/shop/{WEDNESDAY}");
    let found = shop.json(&["discrepancies", "--run", &wednesday]).await?;
    let found = found.as_array().context("a list")?.iter();
    let found: Vec<&Value> = found.filter(|it| it["reference"] == "P-2").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["discrepancy_id"], another);
    Ok(())
}

#[tokio::test]
async fn what_people_settled_stays_settled_when_the_ledger_shows_it_again() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let first = run(&shop, DATE).await?;
    let accepted = resolve(&shop, "P-3", &["--as", "accept"]).await?;
    resolve(&shop, "P-4", WRITE_OFF).await?;
    resolve(&shop, "P-5", &["--as", "duplicate_confirmed"]).await?;
    resolve(&shop, "P-7", &["--as", "partner_to_correct"]).await?;

    let open = shop.json(&["open-items", "shop"]).await?;
    assert_eq!(texts(&open, "reference"), ["P-6", "P-7", "P-6"]);

    write_day(&shop, MONDAY, "", shop::LEDGER)?;
    let second = run(&shop, MONDAY).await?;
    assert_eq!(second["known"], 6, "all that the ledger shows");
    begins_with_what_was_left(&second, &first);
    assert_eq!(part(&second, "partner", "written_off"), "1 400.00");
    assert_eq!(part(&second, "partner", "voided"), "1 70.00");
    assert_eq!(part(&second, "ledger", "matched"), "1 900.00", "accepted");
    let monday = format!("recon/shop/{MONDAY}");
    assert_eq!(references(&shop, &monday).await?, ["P-6", "P-7"]);

    // Somebody thinks better of one of them.
    let reopen = [
        "case",
        "reopen",
        &accepted,
        "--note",
        "not agreed after all",
    ];
    shop.text(&reopen).await?;
    write_day(&shop, TUESDAY, "", shop::LEDGER)?;
    run(&shop, TUESDAY).await?;
    let tuesday = format!("recon/shop/{TUESDAY}");
    assert_eq!(references(&shop, &tuesday).await?, ["P-3", "P-6", "P-7"]);
    let shown = shop.json(&["case", "show", &accepted]).await?;
    assert_eq!(shown["case"]["state"], "open");
    Ok(())
}

#[tokio::test]
async fn an_amended_report_takes_a_settlement_apart() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    let accepted = resolve(&shop, "P-3", &["--as", "accept"]).await?;
    let written_off = resolve(&shop, "P-4", WRITE_OFF).await?;
    // The partner reports P-3 as booked, and P-4 as before.
    let amended = shop::PARTNER.replace("990.00", "900.00");
    shop.write(&shop::partner_file(DATE), amended)?;
    let again = shop
        .run_to_the_end(&["shop", "--date", DATE, "--generation", "2"])
        .await?;
    let totals = &again["totals"];
    assert_eq!(totals["matched"], 4, "P-1, P-2, P-3 and P-5: {totals}");
    let second = format!("{RUN}/g2");
    assert_eq!(references(&shop, &second).await?, ["P-5", "P-6", "P-7"]);
    assert_eq!(part(totals, "partner", "written_off"), "1 400.00");
    let shown = shop.text(&["case", "show", &accepted]).await?;
    let void = "matched by rule \"reference\" in recon/shop/2026-11-20/g2; what ";
    assert!(shown.contains("  cleared\n"), "{shown}");
    assert!(
        shown.contains(void) && shown.contains(" decided, accept, has no effect any more"),
        "{shown}"
    );
    assert_eq!(write_offs(&shop).await?, json!(["400.00"]));

    // Then it has no P-4 any more: nothing is left of what was written off.
    let without = shop::PARTNER.replace("P-4,INV-4,400.00,EUR,2026-11-20\n", "");
    shop.write(&shop::partner_file(DATE), without)?;
    let third = ["shop", "--date", DATE, "--generation", "3"];
    let totals = shop.run_to_the_end(&third).await?["totals"].clone();
    assert_eq!(part(&totals, "partner", "written_off"), "0 0.00");
    let shown = shop.text(&["case", "show", &written_off]).await?;
    let gone = "cleared by recon/shop/2026-11-20/g3: the amended report shop-2026-11-20.csv no longer has it; what ";
    let void = " wrote off to account 6999, 400.00 EUR, is not there any more: book it back";
    assert!(shown.contains(gone) && shown.contains(void), "{shown}");
    assert_eq!(write_offs(&shop).await?, json!([]));
    assert_eq!(shop.json(&["audit", "verify"]).await?["broken"], json!([]));
    Ok(())
}

/// What the report of the first run says was written off.
async fn write_offs(shop: &Installation) -> Result<Value> {
    let report = shop.json(&["report", RUN, "--format", "json"]).await?;
    let all = report["resolutions"]["write_offs"].as_array();
    let all = all.context("a list")?.iter();
    Ok(all.map(|it| it["amount"].clone()).collect())
}

#[tokio::test]
async fn what_arrives_after_it_was_written_off_is_told_with_the_case_to_reopen() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    let written_off = resolve(&shop, "P-4", WRITE_OFF).await?;
    write_day(&shop, MONDAY, "", shop::LEDGER)?;
    let totals = run(&shop, MONDAY).await?;
    // It is in this run's account, and on the list of the run that found it.
    assert_eq!(part(&totals, "partner", "written_off"), "1 400.00");
    let monday = format!("recon/shop/{MONDAY}");
    let report = shop.json(&["report", &monday, "--format", "json"]).await?;
    assert_eq!(report["resolutions"]["write_offs"], json!([]));
    assert_eq!(write_offs(&shop).await?, json!(["400.00"]));

    let booked = format!("{}P-4,INV-4,C-2,400.00,EUR,{DATE}\n", shop::LEDGER);
    write_day(&shop, WEDNESDAY, "", &booked)?;
    run(&shop, WEDNESDAY).await?;
    let wednesday = format!("recon/shop/{WEDNESDAY}");
    let found = shop.json(&["discrepancies", "--run", &wednesday]).await?;
    let mut found = found.as_array().context("a list")?.iter();
    let found = found.find(|it| it["reference"] == "P-4").context("P-4")?;
    let (kind, reason) = (&found["kind"], found["reason"].as_str().context("why")?);
    let told = format!(
        "; the partner's 400.00 EUR of 2026-11-20 was written off in case/{written_off}: reopen that case if \
         the two belong together"
    );
    assert!(
        kind == "missing_at_partner" && reason.ends_with(&told),
        "{found}"
    );
    shop.alerts_settled().await?;
    let headline = "P-4: the ledger has 400.00 EUR, the partner's was written off";
    let posts = slack.posts();
    assert!(
        posts
            .iter()
            .any(|post| post.body.to_string().contains(headline))
    );

    let reopen = [
        "case",
        "reopen",
        &written_off,
        "--note",
        "it is there after all",
    ];
    shop.text(&reopen).await?;
    let thursday = "2026-11-26";
    write_day(&shop, thursday, "", &booked)?;
    let last = run(&shop, thursday).await?;
    let figures = (&last["matched"], &last["cleared"]);
    assert_eq!(figures, (&json!(1), &json!(2)));
    Ok(())
}

#[tokio::test]
async fn a_match_by_hand_is_one_decision_about_both_records() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let first = run(&shop, DATE).await?;
    let other = shop::id_of(&shop, "P-7").await?;
    let matched = [
        "case",
        "resolve",
        &shop::id_of(&shop, "P-4").await?,
        "--note",
        "x",
    ];
    let matched = [&matched[..], &["--as", "match", "--match-with", "P-7"]].concat();
    let said = shop.text(&matched).await?;
    let told = "missing_at_partner P-7 is resolved with it; they differ by 325.00 EUR, which is taken as it is";
    assert!(said.contains(told), "{said}");
    let shown = shop.json(&["case", "show", &other]).await?;
    let decision = &shown["case"]["decision"];
    assert_eq!(decision["resolution"], "match", "{shown}");
    assert_eq!(decision["match_with"], "P-4", "{shown}");

    // It is undone as it was done: from either side.
    let undo = ["case", "reopen", &other, "--note", "another one after all"];
    let said = shop.text(&undo).await?;
    assert!(
        said.contains("missing_in_ledger P-4 is open with it"),
        "{said}"
    );
    shop.text(&matched).await?;

    write_day(&shop, MONDAY, "", shop::LEDGER)?;
    let second = run(&shop, MONDAY).await?;
    begins_with_what_was_left(&second, &first);
    assert_eq!(part(&second, "partner", "matched"), "1 400.00");
    assert_eq!(part(&second, "ledger", "matched"), "1 75.00");
    let monday = format!("recon/shop/{MONDAY}");
    assert_eq!(references(&shop, &monday).await?, ["P-3", "P-5", "P-6"]);
    Ok(())
}

#[tokio::test]
async fn a_match_with_what_is_not_open_settles_one_record_and_says_so() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    let resolve = [
        "case",
        "resolve",
        &shop::id_of(&shop, "P-4").await?,
        "--note",
        "x",
    ];
    let said = shop
        .text(&[&resolve[..], &["--as", "match", "--match-with", "P-1"]].concat())
        .await?;
    let told = "no open discrepancy on the other side is called P-1: only this record is settled";
    assert!(said.contains(told), "{said}");
    Ok(())
}

#[tokio::test]
async fn what_is_written_off_in_part_stays_open() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    let part_of_it = [WRITE_OFF, &["--amount", "150.00"]].concat();
    let id = resolve(&shop, "P-4", &part_of_it).await?;
    write_day(&shop, MONDAY, "", shop::LEDGER)?;
    let second = run(&shop, MONDAY).await?;
    assert_eq!(part(&second, "partner", "written_off"), "0 0.00");
    let monday = format!("recon/shop/{MONDAY}");
    assert!(
        references(&shop, &monday)
            .await?
            .contains(&"P-4".to_owned())
    );
    let shown = shop.json(&["case", "show", &id]).await?;
    assert_eq!(
        shown["case"]["state"], "resolved",
        "it is only noted: {shown}"
    );
    Ok(())
}

#[tokio::test]
async fn what_was_opened_again_is_cleared_when_the_other_side_arrives() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    run(&shop, DATE).await?;
    let id = resolve(&shop, "P-4", WRITE_OFF).await?;
    write_day(&shop, MONDAY, "", shop::LEDGER)?;
    run(&shop, MONDAY).await?;
    shop.text(&["case", "reopen", &id, "--note", "a mistake"])
        .await?;

    let booked = format!("{}P-4,INV-4,C-2,400.00,EUR,{DATE}\n", shop::LEDGER);
    write_day(&shop, TUESDAY, "", &booked)?;
    let third = run(&shop, TUESDAY).await?;
    assert_eq!(
        (&third["matched"], &third["cleared"]),
        (&json!(1), &json!(1))
    );
    let shown = shop.json(&["case", "show", &id]).await?;
    assert_eq!(shown["case"]["state"], "cleared", "{shown}");
    Ok(())
}

#[tokio::test]
async fn what_was_decided_after_a_run_of_one_invoice_holds_in_that_of_its_day() -> Result<()> {
    let (shop, slack) = shop::start_with_slack().await?;
    let part_of_day = ["shop", "--date", DATE, "--invoice", "INV-4"];
    shop.run_to_the_end(&part_of_day).await?;
    assert_eq!(shop.alerts_settled().await?.len(), 1);
    let id = resolve(&shop, "P-4", &["--as", "void"]).await?;

    run(&shop, DATE).await?;
    let first = shop.json(&["show", RUN]).await?["totals"].clone();
    assert_eq!(part(&first, "partner", "voided"), "1 400.00", "{first}");
    let shown = shop.json(&["case", "show", &id]).await?;
    assert_eq!(shown["case"]["state"], "resolved", "{shown}");
    shop.alerts_settled().await?;
    assert_eq!(
        slack.posts().len(),
        shop::CRITICAL.len(),
        "P-4 was told once"
    );
    write_day(&shop, MONDAY, "", shop::LEDGER)?;
    let second = run(&shop, MONDAY).await?;
    let carried = part(&first, "partner", "carried_forward");
    assert_eq!(part(&second, "partner", "opening"), carried);
    let monday = format!("recon/shop/{MONDAY}");
    assert_eq!(
        references(&shop, &monday).await?,
        ["P-3", "P-5", "P-6", "P-7"]
    );
    Ok(())
}
