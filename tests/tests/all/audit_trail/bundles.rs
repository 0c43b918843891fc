//! What an auditor is given: verified without us and without the store, by both verifiers.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::installation::{Said, trueup_alone};
use tests::servers::program::crate_folder;
use tests::shop::{self, DATE, RUN};

use super::{NEXT_DAY, audited, checkpoint, comment, discrepancy};

/// The verifier that was written from the documentation alone.
fn by_the_documentation(bundle: &Path, key: &str) -> Result<Said> {
    let script = crate_folder().join("verifier/verify_bundle.py");
    let mut python = Command::new("python3");
    let output = python
        .arg(script)
        .arg(bundle)
        .args(["--public-key", key])
        .output();
    Ok(Said::from(output.context("can't run python3")?))
}

/// Both verifiers' opinion of a bundle.
fn both(folder: &Path, name: &str, key: &str) -> Result<bool> {
    let ours = trueup_alone(
        folder,
        &["audit", "verify", "--bundle", name, "--public-key", key],
    )?;
    let theirs = by_the_documentation(&folder.join(name), key)?;
    ensure!(matches!(ours.code, Some(0 | 1)), "{ours:?}");
    ensure!(ours.code == theirs.code, "ours {ours:?}, theirs {theirs:?}");
    Ok(ours.code == Some(0))
}

#[tokio::test]
async fn a_bundle_is_checked_without_us_and_every_change_to_it_is_found() -> Result<()> {
    let (shop, key) = audited().await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    // The next day has open items of the first.
    let nothing = "reference,invoice,amount,currency,value_date\n";
    shop.write(&shop::partner_file(NEXT_DAY), nothing)?;
    shop.write(&shop::ledger_file(NEXT_DAY), shop::LEDGER)?;
    shop.run_to_the_end(&["shop", "--date", NEXT_DAY]).await?;
    let id = discrepancy(&shop, "P-3").await?;
    comment(&shop, &id, "asked them").await?;
    checkpoint(&shop).await?;

    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let one = file("one.json");
    shop.text(&["audit", "prove", &id, "--with-inputs", "--out", &one])
        .await?;
    let a_match = file("match.json");
    let prove = [
        "audit",
        "prove",
        "--run",
        RUN,
        "--reference",
        "P-1",
        "--out",
        &a_match,
    ];
    shop.text(&prove).await?;
    let all = file("all");
    let export = [
        "audit", "export", "--from", DATE, "--to", NEXT_DAY, "--out", &all,
    ];
    let exported = shop.json(&export).await?;
    assert_eq!(
        exported["files"].as_array().map(Vec::len),
        Some(2),
        "{exported}"
    );
    assert!(both(folder.path(), "one.json", &key)?);
    assert!(both(folder.path(), "match.json", &key)?);
    assert!(both(folder.path(), "all/recon_shop_2026-11-20.json", &key)?);
    assert!(both(folder.path(), "all/recon_shop_2026-11-23.json", &key)?);
    assert!(
        !both(folder.path(), "one.json", &"0".repeat(64))?,
        "another key"
    );

    let bundle: Value = serde_json::from_str(&std::fs::read_to_string(&one)?)?;
    let figures = bundle["lineage"].as_array().context("lineage")?;
    let partner = figures
        .iter()
        .find(|it| it["figure"] == "partner.amount")
        .context("one")?;
    assert_eq!(partner["value"], "990 EUR");
    assert_eq!(partner["raw"], "P-3,INV-3,990.00,EUR,2026-11-20");
    assert_eq!(partner["run"], RUN, "the run that received it");
    let mut changed = 0;
    for pointer in leaves_of(&bundle) {
        let mut tampered = bundle.clone();
        let value = tampered.pointer_mut(&pointer).context("a value")?;
        *value = other(value);
        std::fs::write(folder.path().join("tampered.json"), tampered.to_string())?;
        assert!(!both(folder.path(), "tampered.json", &key)?, "{pointer}");
        changed += 1;
    }
    assert!(changed > 30, "{changed}");
    Ok(())
}

/// Pointers to a representative value of each kind in a bundle: of a list, its first and last.
fn leaves_of(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    // What it is about is for people, and the keys are the auditor's to bring.
                    if !matches!(name.as_str(), "about" | "public_keys") {
                        walk(value, &format!("{at}/{}", name.replace('/', "~1")), found);
                    }
                }
            }
            Value::Array(list) => {
                for index in [0, list.len().saturating_sub(1)] {
                    if let Some(value) = list.get(index) {
                        walk(value, &format!("{at}/{index}"), found);
                    }
                }
            }
            _ => found.push(at.to_owned()),
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found.dedup();
    found
}

/// The value, changed a little.
fn other(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_u64().unwrap_or_default() + 1),
        Value::String(text) => {
            let mut changed = text.clone();
            let last = changed.pop();
            changed.push(if last == Some('1') { '2' } else { '1' });
            json!(changed)
        }
        other => json!(format!("{other}1")),
    }
}
