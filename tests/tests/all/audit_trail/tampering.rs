//! Somebody who has the store, the files or the published copies changes something, and is found out.

use std::path::Path;

use anyhow::Result;
use tests::Installation;
use tests::shop::{self, DATE, RUN};

use super::{PUBLISH, audited_in, broken, checkpoint, comment};

/// An installation with a run, a case that somebody resolved between two checkpoints, and no worker;
/// the id of the case.
pub(super) async fn with_two_checkpoints(shop: Installation) -> Result<(Installation, String)> {
    let (mut shop, _) = audited_in(shop, PUBLISH).await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    let id = shop::id_of(&shop, "P-3").await?;
    let resolve = [
        "case", "resolve", &id, "--by", "ann", "--as", "accept", "--note", "agreed",
    ];
    shop.text(&resolve).await?;
    checkpoint(&shop).await?;
    comment(&shop, &id, "and that is that").await?;
    checkpoint(&shop).await?;
    assert_eq!(broken(&shop).await?, [""; 0]);
    shop.terminate_worker().await?;
    Ok((shop, id))
}

/// Changes the database as somebody would who has it; triggers keep nobody from that.
pub(super) fn tamper(database: &Path, sql: &str) -> Result<()> {
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
async fn whatever_is_tampered_with_is_found_and_named() -> Result<()> {
    let (shop, id) = with_two_checkpoints(Installation::start_with_sqlite().await?).await?;
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
    let (mut shop, _) = audited_in(Installation::start_with_sqlite().await?, PUBLISH).await?;
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
    let id = shop::id_of(&shop, "P-3").await?;
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
