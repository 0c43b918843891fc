//! `trueup reproduce`: a past run done again from what was sealed.

use anyhow::Result;
use serde_json::json;
use tests::Installation;
use tests::shop::{self, DATE, RUN};

use super::tampering::tamper;
use super::{NEXT_DAY, PUBLISH, audited_in, broken};

#[tokio::test]
async fn a_past_run_is_reproduced_and_what_differs_is_said() -> Result<()> {
    let (mut shop, _) = audited_in(Installation::start_with_sqlite().await?, PUBLISH).await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    // Somebody settles one, the ledger brings another: the next day begins with what is left.
    let id = shop::id_of(&shop, "P-7").await?;
    let resolve = [
        "case", "resolve", &id, "--by", "ann", "--as", "void", "--note", "not ours",
    ];
    shop.text(&resolve).await?;
    let nothing = "reference,invoice,amount,currency,value_date\n";
    shop.write(&shop::partner_file(NEXT_DAY), nothing)?;
    let booked = format!("{}P-4,INV-4,C-2,400.00,EUR,{DATE}\n", shop::LEDGER);
    shop.write(&shop::ledger_file(NEXT_DAY), booked)?;
    shop.run_to_the_end(&["shop", "--date", NEXT_DAY]).await?;
    shop.terminate_worker().await?;

    // The files are gone and the rules are others: what was sealed is what counts.
    std::fs::remove_dir_all(shop.folder().join("partner"))?;
    std::fs::remove_dir_all(shop.folder().join("ledger"))?;
    let rules = std::fs::read_to_string(shop.folder().join("sources/shop.toml"))?;
    shop.write("sources/shop.toml", rules.replace("0.02", "0.00"))?;
    let next = format!("recon/shop/{NEXT_DAY}");
    for run in [RUN, &next] {
        let same = shop.json(&["reproduce", run]).await?;
        assert_eq!(same["same"], true, "{same}");
    }
    assert_eq!(broken(&shop).await?, [""; 0], "nothing was put on record");

    // An altered trail is not reproduced: what differs is named.
    let database = shop.folder().join("data/trueup.db");
    let altered = format!(
        "UPDATE audit_entries SET fields = replace(fields, '[\"matched\",\"3\"]', \
         '[\"matched\",\"4\"]') WHERE stream = '{RUN}'"
    );
    tamper(&database, &altered)?;
    let said = shop.trueup(&["reproduce", RUN, "--json"]).await?;
    assert_eq!(said.code, Some(1), "{said:?}");
    let difference = &said.json()?["differences"][0];
    assert_eq!(
        difference,
        &json!({"what": "matched", "recorded": "4", "now": "3"})
    );

    // An input that is gone is said to be.
    std::fs::remove_dir_all(shop.folder().join("data/staging/inputs"))?;
    let said = shop.trueup(&["reproduce", &next]).await?;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("the partner's inputs"), "{said:?}");
    Ok(())
}

/// One client's run, with everything sealed.
#[tokio::test]
async fn a_run_of_a_part_is_reproduced_from_sealed_inputs() -> Result<()> {
    let mut shop = Installation::start().await?;
    let keys = shop.text(&["keys", "new"]).await?;
    shop.set_variable("TRUEUP_KEYS", keys.trim());
    shop::install(&shop, "[encryption]\nkeys_env = \"TRUEUP_KEYS\"\n", &[])?;
    shop.start_worker()?;
    let of_client = ["shop", "--date", DATE, "--client", "C-2"];
    let run = shop.run_to_the_end(&of_client).await?;
    assert_eq!(run["totals"]["discrepancies"], 2, "{run}");
    shop.terminate_worker().await?;
    let id = format!("{RUN}/client/C-2");
    let same = shop.json(&["reproduce", &id]).await?;
    assert_eq!(same["same"], true, "{same}");
    shop.write(
        "sources/shop.toml",
        shop::source(&[]).replace("0.02", "0.00"),
    )?;
    assert_eq!(shop.json(&["reproduce", &id]).await?["same"], true);

    // Without the key nothing can be read, and that is what is said.
    let other = shop.text(&["keys", "new"]).await?;
    shop.set_variable("TRUEUP_KEYS", other.trim());
    let said = shop.trueup(&["reproduce", &id]).await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("put it back"), "{said:?}");
    Ok(())
}
