//! Secrets, names and account numbers, planted in every input, are nowhere to be found: not in
//! histories, failures, logs, search attributes, store, object store or alerts. The same search finds
//! them where nothing is encrypted: it can.

mod codec;
mod erasure;
mod planted;
mod stage;

use anyhow::{Context, Result, ensure};
use tests::installation::{RUN_WITHIN, eventually};

use planted::{ACCOUNTS, MASKED, NAMES, NOTE, SECRETS};
use stage::Stage;

#[tokio::test]
async fn nothing_planted_is_found_anywhere() -> Result<()> {
    let (keys, mut stage) = Stage::encrypted().await?;
    stage.play().await?;
    let found = stage.search().await?;
    let mut planted: Vec<&str> = [&NAMES[..], &ACCOUNTS, &SECRETS].concat();
    planted.push(keys.split_once(':').context("a key")?.1);
    for needle in planted {
        let places = found.places_of(needle);
        assert!(places.is_empty(), "{needle} is in {places:?}");
    }
    // What people write is on the audit trail, and nowhere on Temporal's server.
    assert!(
        found
            .places_of(NOTE)
            .iter()
            .all(|place| place.contains("trueup.db"))
    );
    for masked in MASKED {
        let places = found.places_of(masked);
        assert!(
            places.contains(&"alerts".to_owned()),
            "{masked}: {places:?}"
        );
    }
    // Who may read the store reads everything.
    let shown = stage
        .installation
        .text(&["discrepancies", "--json"])
        .await?;
    for needle in [NAMES[0], ACCOUNTS[0]] {
        assert!(shown.contains(needle), "{needle}: {shown}");
    }
    Ok(())
}

#[tokio::test]
async fn the_same_search_finds_what_is_not_encrypted() -> Result<()> {
    let mut stage = Stage::plain().await?;
    stage.play().await?;
    let found = stage.search().await?;
    for needle in NAMES.iter().chain(&ACCOUNTS) {
        let places = found.places_of(needle);
        let all = places.join(" ");
        assert!(all.contains("staging/"), "{needle} is in {places:?}");
        assert!(!all.contains("alerts"), "{needle} is in {places:?}");
    }
    for needle in [NAMES[0], ACCOUNTS[0]] {
        let all = found.places_of(needle).join(" ");
        assert!(all.contains("trueup.db"), "{needle} is in {all}");
    }
    let all = found.places_of(NOTE).join(" ");
    assert!(all.contains("temporal.db"), "the note is in {all}");
    for secret in SECRETS {
        let places = found.places_of(secret);
        assert!(places.is_empty(), "{secret} is in {places:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_failure_reads_as_well_with_encryption() -> Result<()> {
    let (_, mut stage) = Stage::encrypted().await?;
    stage.installation.start_worker()?;
    let said = stage.fail().await?;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("[InputQuarantined]"), "{}", said.err);
    assert!(said.err.contains("no column"), "{}", said.err);
    let unknown = r#"{"source":"nowhere","business_date":"2026-11-20"}"#;
    let plain = stage
        .installation
        .execute("recon/nowhere/2026-11-20", &[unknown])
        .await?;
    assert_eq!(
        (plain.status.as_str(), plain.failure.as_str()),
        ("FAILED", "UnknownSource")
    );
    assert_eq!(plain.problem, "Encoded failure");
    Ok(())
}

#[tokio::test]
async fn a_new_key_seals_and_an_old_one_still_opens() -> Result<()> {
    let (old, mut stage) = Stage::encrypted().await?;
    stage.installation.start_worker()?;
    stage.reconcile().await?;
    stage.installation.terminate_worker().await?;
    let new = stage.new_key().await?;
    stage
        .installation
        .set_variable("TRUEUP_KEYS", format!("{new}\n{old}"));
    stage.installation.start_worker()?;
    let shown = stage
        .installation
        .text(&["discrepancies", "--json"])
        .await?;
    assert!(shown.contains(NAMES[0]), "{shown}");
    let id = stage.critical().await?;
    stage
        .installation
        .text(&["case", "acknowledge", &id])
        .await?;
    stage.installation.set_variable("TRUEUP_KEYS", new.as_str());
    let said = stage
        .installation
        .trueup(&["discrepancies", "--json"])
        .await?;
    let id = old.split_once(':').context("a key")?.0;
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains(id) && said.err.contains("put it back"),
        "{}",
        said.err
    );
    Ok(())
}

impl Stage {
    /// All that happens: clean and bad rows, a file in quarantine, a ledger that is down, alerts, a
    /// mail server that can't be used, cases that people act on.
    async fn play(&mut self) -> Result<()> {
        self.installation.start_worker()?;
        self.reconcile().await?;
        self.fail().await?;
        self.installation
            .text(&["run", "dark", "--date", planted::DATE])
            .await?;
        eventually("a ledger that does not answer", RUN_WITHIN, async || {
            let described = [
                "workflow",
                "describe",
                "-w",
                "recon/dark/2026-11-20",
                "-o",
                "json",
            ];
            let said = self.installation.temporal(&described).await?;
            Ok(said.out.contains("lastFailure").then_some(()))
        })
        .await?;
        self.slack.wait_for(2, RUN_WITHIN).await?;
        self.smtp.wait_for(2, RUN_WITHIN).await?;
        let id = self.critical().await?;
        self.installation
            .text(&["case", "comment", &id, "--note", NOTE])
            .await?;
        let (_, well) = self.installation.terminate_worker().await?;
        ensure!(well, "the worker did not stop well");
        Ok(())
    }

    /// The run of both sources.
    async fn reconcile(&self) -> Result<()> {
        for source in ["shop", "bank"] {
            let result = self
                .installation
                .run_to_the_end(&[source, "--date", planted::DATE])
                .await?;
            ensure!(result["totals"]["discrepancies"] != 0, "{source}: {result}");
        }
        Ok(())
    }

    /// A run whose report has no header: what is in quarantine is a list of people.
    async fn fail(&self) -> Result<tests::installation::Said> {
        let arguments = ["run", "shop", "--date", "2026-11-19", "--wait"];
        self.installation.trueup(&arguments).await
    }
}
