//! `trueup report`, as people run it.

use anyhow::{Context, Result};
use serde_json::json;
use tests::Installation;
use tests::shop::{self, DATE, RUN};

#[tokio::test]
async fn a_run_is_reported_in_every_format() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;

    let page = shop.text(&["report", RUN]).await?;
    assert!(page.starts_with("<!DOCTYPE html>"), "{page:.100}");
    for part in ["Does it balance?", "Conservation", "Shop", "P-7", "4 open"] {
        assert!(page.contains(part), "{part}");
    }
    same_discrepancies_everywhere(&shop).await?;
    the_name_of_the_file_decides(&shop).await?;

    let report = shop.json(&["report", RUN]).await?;
    let seen = [
        &report["run"]["source"],
        &report["ending"]["state"],
        &report["ending"]["audit"]["whole"],
        &report["balance"]["holds"],
    ];
    assert_eq!(json!(seen), json!(["shop", "completed", true, true]));
    // P-3 differs by 90.00, P-4 400.00, P-5 70.00, P-6 0.01, P-7 75.00.
    let stakes = &report["figures"]["by_currency"][0];
    let expected = json!({ "count": 5, "at_stake": "635.01" });
    assert_eq!(stakes["open"], expected, "{stakes}");
    let rate = &report["match_rates"][0];
    // P-1, P-2 and P-5 of seven lines: 420.00 of 1890.00.
    let rates = [
        &rate["side"],
        &rate["percent_by_count"],
        &rate["percent_by_value"],
    ];
    assert_eq!(json!(rates), json!(["partner", "42.85", "22.22"]));
    wrong_requests(&shop).await
}

/// In another order: a report begins with what has most at stake.
async fn same_discrepancies_everywhere(shop: &Installation) -> Result<()> {
    let plain = shop.text(&["discrepancies", "--run", RUN, "--csv"]).await?;
    let report = shop.text(&["report", RUN, "--format", "csv"]).await?;
    // Each line begins with its id, and the header with what that is.
    let in_order = |text: &'_ str| -> Vec<String> {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let (plain, lines) = (in_order(&plain), in_order(&report));
    assert_eq!(plain.len(), lines.len());
    for (plain, line) in plain.iter().zip(&lines) {
        assert!(line.starts_with(plain), "{plain}\n{line}");
    }
    let places = ["P-4", "P-3", "P-7"].map(|reference| report.find(reference));
    assert!(places.is_sorted(), "{report}");
    Ok(())
}

async fn the_name_of_the_file_decides(shop: &Installation) -> Result<()> {
    let beginnings: [(&str, &[u8]); 4] = [
        ("out/page.html", b"<!DOCTYPE html>"),
        ("out/rows.CSV", b"discrepancy_id,"),
        ("out/book.xlsx", b"PK"),
        ("out/all.json", b"{"),
    ];
    for (name, beginning) in beginnings {
        let path = shop.folder().join(name);
        let path = path.to_str().context("a temporary folder in UTF-8")?;
        let said = shop.text(&["report", RUN, "--out", path]).await?;
        assert!(said.is_empty(), "{said}");
        assert!(std::fs::read(path)?.starts_with(beginning), "{name}");
    }
    Ok(())
}

async fn wrong_requests(shop: &Installation) -> Result<()> {
    let cases: [(&[&str], &str); 3] = [
        (&["report", "recon/shop/2026-01-01"], "trueup runs"),
        (
            &["report", RUN, "--format", "pdf"],
            "html, csv, xlsx or json",
        ),
        (&["report", RUN, "--out", "report.pdf"], "--format"),
    ];
    for (arguments, expected) in cases {
        let said = shop.trueup(arguments).await?;
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.err.contains(expected), "{arguments:?}: {said:?}");
        assert!(said.out.is_empty(), "{arguments:?}: {said:?}");
    }
    Ok(())
}

/// A report that can't be reconciled has a report too: of what went wrong.
#[tokio::test]
async fn a_failed_run_is_reported_as_one() -> Result<()> {
    let (shop, _slack) = shop::start_with_slack().await?;
    let day = "2026-11-24";
    shop.write(&shop::partner_file(day), "no such columns\n1\n")?;
    shop.write(&shop::ledger_file(day), shop::LEDGER)?;
    let said = shop
        .trueup(&["run", "shop", "--date", day, "--wait"])
        .await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    let page = shop.text(&["report", "recon/shop/2026-11-24"]).await?;
    assert!(page.contains("This run ended without a result."), "{page}");
    assert!(page.contains("quarantined"), "{page}");
    Ok(())
}
