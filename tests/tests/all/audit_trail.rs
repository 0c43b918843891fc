//! What an auditor does: verifies, is given evidence, and finds out what somebody tampered with.

mod bundles;
mod reproducing;
mod tampering;
mod tampering_dynamodb;
mod witnesses;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, eventually, texts, trueup_alone};
use tests::shop::{self, DATE, RUN};

const KEY_FILE: &str = "audit.key";
/// A folder as the place where checkpoints are published.
const PUBLISH: &str = "\n[audit.publish]\nurl = \"published\"\n";
const NEXT_DAY: &str = "2026-11-23";

/// An installation with a signing key and a place to publish in; its public key.
async fn audited() -> Result<(Installation, String)> {
    audited_in(Installation::start().await?, PUBLISH).await
}

/// As [`audited`], of an installation that has nothing yet; where it publishes follows in `settings`,
/// which go on in `[audit]`.
async fn audited_in(mut shop: Installation, settings: &str) -> Result<(Installation, String)> {
    let make_key = ["audit", "key", "--out", KEY_FILE, "--json"];
    let made = trueup_alone(&shop.folder(), &make_key)?.json()?;
    let key = made["public_key"].as_str().context("a key")?.to_owned();
    let id = made["id"].as_str().context("an id")?;
    let settings = format!(
        "[audit]\nsigning_key_file = \"{KEY_FILE}\"\npublic_keys = {{ {id} = \"{key}\" }}\n\
         {settings}"
    );
    shop::install(&shop, &settings, &[])?;
    shop.start_worker()?;
    Ok((shop, key))
}

async fn checkpoint(shop: &Installation) -> Result<Value> {
    shop.json(&["audit", "checkpoint"]).await
}

/// What is broken, by the verifier.
async fn broken(shop: &Installation) -> Result<Vec<String>> {
    let said = shop.trueup(&["audit", "verify", "--json"]).await?;
    let report = said.json().with_context(|| format!("{said:?}"))?;
    let broken = report["broken"].as_array().cloned().unwrap_or_default();
    let expected = if broken.is_empty() { 0 } else { 1 };
    ensure!(said.code == Some(expected), "{said:?}");
    Ok(broken
        .iter()
        .map(|it| {
            format!("{} {} {}", it["subject"], it["sequence"], it["problem"]).replace('"', "")
        })
        .collect())
}

/// A person says something about a case.
async fn comment(shop: &Installation, id: &str, note: &str) -> Result<()> {
    let comment = ["case", "comment", id, "--by", "ann", "--note", note];
    shop.text(&comment).await?;
    Ok(())
}

#[tokio::test]
async fn an_untouched_trail_is_whole_and_what_no_checkpoint_covers_is_said() -> Result<()> {
    let (shop, _) = audited().await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let before = shop.json(&["audit", "verify"]).await?;
    assert!(
        before["covered"]["entries_not_covered"].as_u64() > Some(0),
        "{before}"
    );
    assert_eq!(before["checkpoints"], 0);
    let notes = before["notes"].to_string();
    assert!(notes.contains("there are no checkpoints"), "{notes}");

    let made = checkpoint(&shop).await?;
    assert_eq!(
        (&made["made"], &made["last"]),
        (&json!(1), &json!(0)),
        "{made}"
    );
    let again = checkpoint(&shop).await?;
    assert_eq!(again["made"], 0, "nothing new, no checkpoint");
    let after = shop.json(&["audit", "verify"]).await?;
    assert_eq!(after["covered"]["entries_not_covered"], 0, "{after}");
    assert_eq!(after["covered"]["last_checkpoint_hash"], made["hash"]);
    assert_eq!(after["notes"], json!([]), "{after}");
    assert!(after["leaves"].as_u64() >= Some(8), "{after}");
    assert!(after["files"].as_u64() >= Some(7), "{after}");

    // What somebody decides is new, and in the next one.
    let id = shop::id_of(&shop, "P-3").await?;
    comment(&shop, &id, "asked them").await?;
    let one = shop
        .json(&["audit", "verify", &format!("case/{id}")])
        .await?;
    assert!(
        one["covered"]["entries_not_covered"].as_u64() > Some(0),
        "{one}"
    );
    assert_eq!(checkpoint(&shop).await?["last"], 1);
    assert_eq!(broken(&shop).await?, [""; 0]);
    let none = "recon/none/2026-11-20";
    let none = shop.trueup(&["audit", "verify", none]).await?;
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(
        none.err.contains("`trueup audit show` lists them"),
        "{none:?}"
    );
    let streams = shop.json(&["audit", "show"]).await?;
    let (case, streams) = (format!("case/{id}"), texts(&streams, "stream"));
    assert!(
        streams.contains(&RUN) && streams.contains(&case.as_str()),
        "{streams:?}"
    );
    let first = ["audit", "show", "--limit", "1"];
    let first = shop.text(&first).await?;
    assert!(
        first.contains(&format!("--after {}", streams[0])),
        "{first}"
    );
    Ok(())
}

#[tokio::test]
async fn the_worker_signs_by_itself() -> Result<()> {
    let (mut shop, _) = audited().await?;
    let settings = std::fs::read_to_string(shop.folder().join("trueup.toml"))?;
    let often = settings.replace("[audit]", "[audit]\ncheckpoint_every = \"10 seconds\"");
    shop.terminate_worker().await?;
    shop.write("trueup.toml", often)?;
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    eventually("a checkpoint over everything", RUN_WITHIN, async || {
        let report = shop.json(&["audit", "verify"]).await?;
        Ok((report["covered"]["entries_not_covered"] == 0).then_some(()))
    })
    .await?;
    let published = shop
        .folder()
        .join("published/checkpoints/ed25519/000000000000.json");
    assert!(published.exists(), "it is published");
    Ok(())
}
