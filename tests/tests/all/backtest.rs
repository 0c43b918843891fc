//! `trueup backtest`: past runs by other rules, and `trueup show`: what would have matched.

use anyhow::Result;
use serde_json::Value;
use tests::Installation;
use tests::shop::{self, DATE, RUN, id_of};

/// Over the month of the run, by the rules of this file.
fn month(shop: &Installation, rules: &str) -> Vec<String> {
    let rules = shop.folder().join(rules).display().to_string();
    let span = ["--from", "2026-11-01", "--to", "2026-11-30"];
    let arguments = [&["backtest", "shop", "--rules", &rules], &span[..]].concat();
    arguments.into_iter().map(str::to_owned).collect()
}

async fn backtest(shop: &Installation, rules: &str) -> Result<(Option<i32>, Value)> {
    let mut arguments = month(shop, rules);
    arguments.push("--json".to_owned());
    let said = shop.trueup(&arguments).await?;
    Ok((said.code, said.json()?))
}

#[tokio::test]
async fn new_rules_are_tried_on_past_runs_and_held_against_what_people_decided() -> Result<()> {
    let mut shop = Installation::start_with_sqlite().await?;
    shop::install(&shop, "", &[])?;
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    for (reference, decision) in [("P-6", "accept"), ("P-3", "partner_to_correct")] {
        let id = id_of(&shop, reference).await?;
        let resolve = [
            "case", "resolve", &id, "--as", decision, "--note", "agreed", "--by", "ann",
        ];
        shop.text(&resolve).await?;
    }
    shop.terminate_worker().await?;
    // What was sealed counts, not what lies there today.
    std::fs::remove_dir_all(shop.folder().join("partner"))?;
    let cents = shop::source(&[]).replace("rounding", "accepted = \"0.02\"\nrounding");
    let hundreds = cents.replace("0.02", "100.00");
    shop.write("same.toml", shop::source(&[]))?;
    shop.write("cents.toml", cents)?;
    shop.write("hundreds.toml", hundreds)?;
    shop.write("broken.toml", "title = 1\n")?;

    let (code, same) = backtest(&shop, "same.toml").await?;
    assert_eq!(code, Some(0), "{same}");
    assert_eq!(same["runs"], serde_json::json!([RUN]));
    assert_eq!(
        (&same["same"]["count"], &same["new"]["count"]),
        (&3.into(), &0.into())
    );
    assert_eq!(same["people"]["asks_again"], 1, "{same}");

    let (code, cents) = backtest(&shop, "cents.toml").await?;
    assert_eq!(code, Some(0), "{cents}");
    assert_eq!(cents["new"]["value"]["EUR"], "10.00", "{cents}");
    assert_eq!(cents["new"]["matches"][0]["reference"], "P-6", "{cents}");
    assert_eq!(cents["discrepancies"]["then"], 5, "{cents}");
    assert_eq!(cents["discrepancies"]["now"], 4, "{cents}");
    assert_eq!(cents["people"]["agrees"], 2, "{cents}");

    let (code, hundreds) = backtest(&shop, "hundreds.toml").await?;
    assert_eq!(code, Some(1), "people say that P-3 is wrong: {hundreds}");
    assert_eq!(hundreds["people"]["contradicts"], 1, "{hundreds}");

    let told = shop.trueup(&month(&shop, "cents.toml")).await?;
    assert!(told.out.contains("The new rules agree with 2"), "{told:?}");
    let said = shop.trueup(&month(&shop, "broken.toml")).await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("broken.toml:1"), "{said:?}");
    let mut before = month(&shop, "same.toml");
    before
        .iter_mut()
        .for_each(|word| *word = word.replace("2026-", "2020-"));
    let said = shop.trueup(&before).await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("no run of the whole source"), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn a_discrepancy_shows_what_was_compared_and_what_would_have_matched() -> Result<()> {
    let mut shop = Installation::start_with_sqlite().await?;
    shop::install(&shop, "", &[])?;
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let id = id_of(&shop, "P-3").await?;
    let shown = shop.json(&["show", &id]).await?;
    let explanation = &shown["explanation"];
    assert_eq!(explanation["score"], "2 of 3", "{shown}");
    assert_eq!(
        explanation["compared"][1]["partner"], "990.00 EUR",
        "{shown}"
    );
    let would_match = "rule reference with `tolerances.EUR = { accepted = \"90.00\", rounding = \
                       \"90.00\" }` of the source";
    assert_eq!(explanation["would_match"], would_match, "{shown}");
    let told = shop.text(&["show", &id]).await?;
    assert!(told.contains("990.00 EUR ≠ 900.00 EUR"), "{told}");
    assert!(told.contains(would_match), "{told}");
    Ok(())
}
