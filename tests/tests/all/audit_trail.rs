//! What an auditor does: verifies, is given evidence, and finds out what somebody tampered with.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, Said, eventually, texts, trueup_alone};
use tests::shop::{self, DATE, RUN};

const KEY_FILE: &str = "audit.key";
const NEXT_DAY: &str = "2026-11-23";

/// An installation with a signing key and a place to publish in; its public key.
async fn audited() -> Result<(Installation, String)> {
    let mut shop = Installation::start().await?;
    let made = trueup_alone(
        &shop.folder(),
        &["audit", "key", "--out", KEY_FILE, "--json"],
    )?;
    let made = made.json()?;
    let key = made["public_key"].as_str().context("a key")?.to_owned();
    let settings = format!(
        "[audit]\nsigning_key_file = \"{KEY_FILE}\"\n\
         public_keys = {{ {} = \"{key}\" }}\n\n\
         [audit.publish]\nurl = \"published\"\n",
        made["id"].as_str().context("an id")?
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

async fn discrepancy(shop: &Installation, reference: &str) -> Result<String> {
    let found = shop
        .json(&["discrepancies", "--reference", reference])
        .await?;
    let id = texts(&found, "discrepancy_id");
    Ok((*id.first().context("a discrepancy")?).to_owned())
}

/// Changes the database as somebody would who has it; triggers keep nobody from that.
fn tamper(database: &Path, sql: &str) -> Result<()> {
    let database = rusqlite::Connection::open(database)?;
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    let mut statement = database.prepare(triggers)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    let names = names.collect::<Result<Vec<_>, _>>()?;
    for name in names {
        database.execute_batch(&format!("DROP TRIGGER {name}"))?;
    }
    database.execute_batch(sql)?;
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
    let id = discrepancy(&shop, "P-3").await?;
    let note = [
        "case",
        "comment",
        &id,
        "--by",
        "ann",
        "--note",
        "asked them",
    ];
    shop.text(&note).await?;
    let one = shop
        .json(&["audit", "verify", &format!("case/{id}")])
        .await?;
    assert!(
        one["covered"]["entries_not_covered"].as_u64() > Some(0),
        "{one}"
    );
    assert_eq!(checkpoint(&shop).await?["last"], 1);
    assert_eq!(broken(&shop).await?, [""; 0]);
    let none = shop
        .trueup(&["audit", "verify", "recon/none/2026-11-20"])
        .await?;
    assert_eq!(none.code, Some(2), "{none:?}");
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

#[tokio::test]
async fn whatever_is_tampered_with_is_found_and_named() -> Result<()> {
    let (shop, _) = audited().await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let id = discrepancy(&shop, "P-3").await?;
    let resolve = [
        "case", "resolve", &id, "--by", "ann", "--as", "accept", "--note", "agreed",
    ];
    shop.text(&resolve).await?;
    checkpoint(&shop).await?;
    let later = [
        "case",
        "comment",
        &id,
        "--by",
        "bob",
        "--note",
        "and that is that",
    ];
    shop.text(&later).await?;
    checkpoint(&shop).await?;
    assert_eq!(broken(&shop).await?, [""; 0]);
    let mut shop = shop;
    shop.terminate_worker().await?;
    let database = shop.folder().join("data/trueup.db");
    let case = format!("case/{id}");
    let whole = std::fs::read(&database)?;
    let attacks: [(&str, String, String); 14] = [
        (
            "an actor",
            format!(
                "UPDATE audit_entries SET actor = 'eve' WHERE stream = '{RUN}' AND sequence = 1"
            ),
            format!("{RUN} 1 "),
        ),
        (
            "a field",
            format!(
                "UPDATE audit_entries SET fields = replace(fields, 'agreed', 'greed') \
                 WHERE stream = '{case}'"
            ),
            format!("{case} "),
        ),
        (
            "what can't be read",
            format!("UPDATE audit_entries SET at = 'noon' WHERE stream = '{RUN}' AND sequence = 2"),
            format!("{RUN} 2 "),
        ),
        (
            "a deleted entry",
            format!("DELETE FROM audit_entries WHERE stream = '{RUN}' AND sequence = 1"),
            format!("{RUN} 1 "),
        ),
        (
            "a whole stream",
            format!(
                "DELETE FROM audit_entries WHERE stream = '{case}'; \
                 DELETE FROM audit_heads WHERE stream = '{case}'"
            ),
            format!("{case} 0 "),
        ),
        (
            "a cut end, its head as well",
            format!(
                "DELETE FROM audit_entries WHERE stream = '{RUN}' AND sequence > 2; \
                 UPDATE audit_heads SET length = 3, hash = (SELECT previous FROM cut) \
                 WHERE stream = '{RUN}'"
            ),
            format!("{RUN} 3 "),
        ),
        (
            "a replaced head",
            format!(
                "UPDATE audit_heads SET hash = '{}' WHERE stream = '{RUN}'",
                "0".repeat(64)
            ),
            format!("{RUN} "),
        ),
        (
            "the state of a case",
            format!("UPDATE cases SET state = 'open' WHERE discrepancy_id = '{id}'"),
            format!("{case} "),
        ),
        (
            "a case that nobody touched",
            "UPDATE cases SET state = 'cleared' WHERE discrepancy_id IN (SELECT discrepancy_id \
             FROM discrepancies WHERE reference = 'P-6')"
                .to_owned(),
            "the case is cleared in the store, and no entry says so".to_owned(),
        ),
        (
            "a discrepancy",
            "UPDATE discrepancies SET content = replace(content, '\"90\"', '\"9\"')".to_owned(),
            format!("{RUN} null the discrepancies in the store"),
        ),
        (
            "a removed checkpoint",
            "DELETE FROM checkpoints WHERE number = 0".to_owned(),
            "checkpoint/0 ".to_owned(),
        ),
        (
            "the last checkpoint removed",
            "DELETE FROM checkpoints WHERE number = 1".to_owned(),
            "checkpoint/1 null checkpoint 1 is published and not on record".to_owned(),
        ),
        (
            "a head in a checkpoint",
            format!(
                "UPDATE checkpoints SET document = replace(document, '\"{RUN}\",', '\"{RUN}x\",')"
            ),
            "checkpoint/0 ".to_owned(),
        ),
        (
            "a signature",
            "UPDATE checkpoints SET document = replace(document, '\"signature\":\"', \
             '\"signature\":\"00') WHERE number = 1"
                .to_owned(),
            "checkpoint/1 ".to_owned(),
        ),
    ];
    for (what, sql, expected) in attacks {
        for file in ["data/trueup.db-wal", "data/trueup.db-shm"] {
            let _ = std::fs::remove_file(shop.folder().join(file));
        }
        std::fs::write(&database, &whole)?;
        // The hash that the head of a cut stream must have to agree with it.
        let cut = format!(
            "CREATE TABLE cut AS SELECT previous FROM audit_entries \
             WHERE stream = '{RUN}' AND sequence = 3"
        );
        tamper(&database, &format!("{cut}; {sql}; DROP TABLE cut"))?;
        let found = broken(&shop).await?;
        assert!(
            found.iter().any(|it| it.contains(&expected)),
            "{what}: {found:#?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn files_and_published_copies_are_held_against_the_trail() -> Result<()> {
    let (mut shop, _) = audited().await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    checkpoint(&shop).await?;
    shop.terminate_worker().await?;
    let staging = shop.folder().join("data/staging");
    let inputs = std::fs::read_dir(staging.join("inputs/shop"))?;
    let inputs = inputs
        .map(|file| Ok(file?.path()))
        .collect::<Result<Vec<_>>>()?;
    assert_eq!(inputs.len(), 2);
    for input in inputs {
        let bytes = std::fs::read(&input)?;
        let text = String::from_utf8(bytes.clone())?.replace("P-3", "P-9");
        std::fs::write(&input, text)?;
        let found = broken(&shop).await?;
        assert!(
            found.len() == 1 && found[0].contains("is damaged"),
            "{found:?}"
        );
        std::fs::remove_file(&input)?;
        let found = broken(&shop).await?;
        assert!(
            found.len() == 1 && found[0].contains("is missing"),
            "{found:?}"
        );
        std::fs::write(&input, bytes)?;
    }
    assert_eq!(broken(&shop).await?, [""; 0]);

    // Another past under the same number is refused when it is made, and found.
    let copy = shop
        .folder()
        .join("published/checkpoints/ed25519/000000000000.json");
    let published = std::fs::read_to_string(&copy)?;
    std::fs::write(&copy, published.replace("\"count\":", "\"count\":1"))?;
    let found = broken(&shop).await?;
    assert!(
        found[0].contains("published with other content"),
        "{found:?}"
    );
    std::fs::rename(&copy, copy.with_file_name("000000000001.json"))?;
    std::fs::write(&copy, published)?;
    let id = discrepancy(&shop, "P-3").await?;
    let forked = shop.folder().join("data/trueup.db");
    let more = format!(
        "INSERT INTO audit_entries SELECT 'case/{id}', 0, previous, at, actor, event, fields \
         FROM audit_entries WHERE stream = '{RUN}' AND sequence = 0; \
         INSERT OR REPLACE INTO audit_heads VALUES ('case/{id}', 1, '{}', 0)",
        "0".repeat(64)
    );
    tamper(&forked, &more)?;
    let refused = shop.trueup(&["audit", "checkpoint", "--json"]).await?;
    assert_eq!(
        refused.code,
        Some(1),
        "a broken stream is not signed: {refused:?}"
    );
    Ok(())
}

/// The verifier that was written from the documentation alone.
fn by_the_documentation(bundle: &Path, key: &str) -> Result<Said> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/verify_bundle.py");
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
    let note = [
        "case",
        "comment",
        &id,
        "--by",
        "ann",
        "--note",
        "asked them",
    ];
    shop.text(&note).await?;
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

#[tokio::test]
async fn a_past_run_is_reproduced_and_what_differs_is_said() -> Result<()> {
    let (mut shop, _) = audited().await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    // Somebody settles one, the ledger brings another: the next day begins with what is left.
    let id = discrepancy(&shop, "P-7").await?;
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
