//! The case of a cause, whose discrepancies are acted on with it.

use std::fmt::Write;

use anyhow::{Context, Result};
use tests::installation::Installation;
use tests::servers::SlackReceiver;
use tests::shop::{self, DATE};

use super::{Recorded, export};

/// A report that has nothing of what we have; all of it is resolved together.
pub(super) async fn resolved(slack: &SlackReceiver) -> Result<Vec<Recorded>> {
    let mut site = Installation::start().await?;
    shop::install(&site, shop::SLACK, &["night"])?;
    let header = shop::PARTNER.lines().next().context("a header")?;
    site.write(&shop::partner_file(DATE), format!("{header}\n"))?;
    let header = shop::LEDGER.lines().next().context("a header")?;
    let mut ledger = format!("{header}\n");
    for number in 0..30 {
        writeln!(ledger, "M-{number},INV-1,C-1,90.00,EUR,2026-11-10")?;
    }
    site.write(&shop::ledger_file(DATE), ledger)?;
    site.set_variable("SHOP_SLACK", &slack.url);
    site.start_worker()?;
    site.run_to_the_end(&["shop", "--date", DATE]).await?;
    site.alerts_settled().await?;
    let listed = site.json(&["case", "list", "--limit", "1"]).await?;
    let cause = listed[0]["cause_id"].as_str().context("a cause")?;
    let how = ["--as", "partner_to_correct", "--note", "their file is lost"];
    site.text(&[&["case", "resolve", cause], &how[..]].concat())
        .await?;
    let case = format!("case/{cause}");
    let result = site.temporal(&["workflow", "result", "-w", &case]).await?;
    assert_eq!(result.code, Some(0), "{result:?}");
    Ok(vec![("case-of-a-cause", export(&site, &case).await?)])
}
