//! Keys that are thrown away, and people who are forgotten: what is left reads, and is verifiable.

use activities::staging::{Staging, StagingConfig, StagingError};
use activities::vault::{KeyRing, Vault};
use anyhow::Result;
use sha2::{Digest, Sha256};
use tests::Installation;
use tests::shop::RUN;
use workflows::ports::Stored;

use super::planted::{DATE, NAMES, PARTNER};
use super::stage::Stage;

#[tokio::test]
async fn after_sealing_anew_the_old_key_can_be_removed() -> Result<()> {
    seal_anew(Installation::start_with_sqlite().await?).await
}

#[tokio::test]
async fn after_sealing_anew_in_dynamodb_the_old_key_can_be_removed() -> Result<()> {
    seal_anew(Installation::start_with_dynamodb().await?).await
}

async fn seal_anew(installation: Installation) -> Result<()> {
    let (old, mut stage) = Stage::encrypted_in(installation).await?;
    stage.installation.start_worker()?;
    stage.reconcile().await?;
    let new = stage.new_key().await?;
    let both = format!("{new},{old}");
    stage.installation.set_variable("TRUEUP_KEYS", both);
    let resealed = stage.installation.json(&["keys", "reseal"]).await?;
    assert!(resealed["rows"].as_u64() > Some(0), "{resealed}");
    assert!(resealed["objects"].as_u64() > Some(0), "{resealed}");
    let again = stage.installation.json(&["keys", "reseal"]).await?;
    assert_eq!(
        (again["rows"].as_u64(), again["objects"].as_u64()),
        (Some(0), Some(0))
    );
    stage.installation.terminate_worker().await?;
    stage.installation.set_variable("TRUEUP_KEYS", new);
    let shown = stage
        .installation
        .text(&["discrepancies", "--json"])
        .await?;
    assert!(shown.contains(NAMES[0]), "{shown}");
    stage.installation.start_worker()?;
    let amended = ["shop", "--date", DATE, "--generation", "2"];
    stage.installation.write(
        &tests::shop::partner_file(DATE),
        format!("{PARTNER}P-6,5.00,EUR,{DATE},x,x,x\n"),
    )?;
    let result = stage.installation.run_to_the_end(&amended).await?;
    assert_eq!(result["outcome"], "completed", "{result}");
    Ok(())
}

#[tokio::test]
async fn a_person_is_forgotten_and_the_trail_stays_what_it_was() -> Result<()> {
    forget(Installation::start_with_sqlite().await?).await
}

#[tokio::test]
async fn a_person_is_forgotten_in_dynamodb() -> Result<()> {
    forget(Installation::start_with_dynamodb().await?).await
}

async fn forget(installation: Installation) -> Result<()> {
    let (keys, mut stage) = Stage::encrypted_in(installation).await?;
    stage.installation.start_worker()?;
    stage.reconcile().await?;
    let erase = |name: &'static str, more: &[&'static str]| {
        let asked = [
            "privacy",
            "erase",
            "--source",
            "shop",
            "--counterparty",
            name,
        ];
        let why = ["--by", "dpo", "--reason", "request 17"];
        [&asked[..], &why, more].concat()
    };
    // What is open has to be settled first.
    let open = stage
        .installation
        .trueup(&erase("Zephyrine Quackenbush", &[]))
        .await?;
    assert_eq!(open.code, Some(2));
    assert!(
        open.err.contains("among the open items of shop"),
        "{}",
        open.err
    );
    for (name, rejects) in [("Ottokar Wimmerl", 0), ("Sten Lindqvist", 1)] {
        let counted = stage
            .installation
            .json(&erase(name, &["--dry-run"]))
            .await?;
        let erased = stage.installation.json(&erase(name, &[])).await?;
        assert!(erased["objects"].as_u64() > Some(0), "{erased}");
        assert_eq!(erased["rejects"], rejects, "{erased}");
        assert_eq!(counted["objects"], erased["objects"]);
        let again = stage
            .installation
            .json(&erase(name, &["--dry-run"]))
            .await?;
        for what in ["objects", "rejects", "discrepancies", "alerts"] {
            assert_eq!(again[what], 0, "{again}");
        }
    }
    let shown = stage.installation.text(&["show", RUN, "--json"]).await?;
    assert!(!shown.contains("Lindqvist"), "{shown}");
    let trail = stage
        .installation
        .text(&["audit", "show", "privacy/shop"])
        .await?;
    assert!(
        trail.contains("data_erased") && trail.contains("redacted_sha256"),
        "{trail}"
    );
    assert!(
        !trail.contains("Lindqvist") && !trail.contains("Wimmerl"),
        "{trail}"
    );
    let verified = stage.installation.text(&["audit", "verify"]).await?;
    assert!(verified.contains("some files are redacted"), "{verified}");
    let sha256 = hex::encode(Sha256::digest(PARTNER.as_bytes()));
    let sealed = Stored {
        key: format!("inputs/shop/{sha256}"),
        bytes: PARTNER.len() as u64,
        sha256,
    };
    let staging = Staging::open(&StagingConfig::default(), &stage.installation.folder())?;
    let staging = staging.sealed_with(Vault::new(&KeyRing::parse(&keys)?));
    let refused = staging.get(&sealed).await.map(|_| ());
    let by_dpo = matches!(&refused, Err(StagingError::Redacted { by, .. }) if by == "dpo");
    assert!(by_dpo, "{refused:?}");
    let redaction = staging.redaction(&sealed).await?.expect("it is redacted");
    assert_eq!(
        (redaction.bytes, redaction.sha256),
        (sealed.bytes, sealed.sha256)
    );
    Ok(())
}

/// By a client's identifier, and by an account number however it is written.
#[tokio::test]
async fn a_client_and_an_account_are_forgotten() -> Result<()> {
    let (_, mut stage) = Stage::encrypted().await?;
    stage.installation.start_worker()?;
    stage.reconcile().await?;
    let why = ["--source", "shop", "--by", "dpo", "--reason", "request 18"];
    for (what, whom, rejects) in [
        ("--client", "C-2", 0),
        ("--account", "FR14 2004 1010 0505 0001 3M02 606", 1),
    ] {
        let erase = [&["privacy", "erase", what, whom], &why[..]].concat();
        let erased = stage.installation.json(&erase).await?;
        assert!(erased["objects"].as_u64() > Some(0), "{what}: {erased}");
        assert_eq!(erased["rejects"], rejects, "{what}: {erased}");
        let again = [&erase[..], &["--dry-run"]].concat();
        let left = stage.installation.json(&again).await?;
        for kind in ["objects", "rejects", "discrepancies", "alerts"] {
            assert_eq!(left[kind], 0, "{what}: {left}");
        }
    }
    // Others are as they were.
    let shown = stage
        .installation
        .text(&["discrepancies", "--json"])
        .await?;
    assert!(shown.contains(NAMES[0]), "{shown}");
    let verified = stage.installation.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], serde_json::json!([]), "{verified}");
    Ok(())
}

/// The key that the trail commits with outlives those that seal.
#[tokio::test]
async fn the_trail_stays_verifiable_while_keys_come_and_go() -> Result<()> {
    let (old, mut stage) = Stage::encrypted().await?;
    let new = stage.new_key().await?;
    let commitments = stage.new_key().await?;
    let commitments = commitments.split_once(':').map_or("", |(_, key)| key);
    let ring = |keys: &str| format!("{keys},commitments:{commitments}");
    stage.installation.set_variable("TRUEUP_KEYS", ring(&old));
    stage.installation.start_worker()?;
    stage.reconcile().await?;
    stage.installation.terminate_worker().await?;
    let both = ring(&format!("{new},{old}"));
    stage.installation.set_variable("TRUEUP_KEYS", both);
    stage.installation.json(&["keys", "reseal"]).await?;
    stage.installation.set_variable("TRUEUP_KEYS", ring(&new));
    let verified = stage.installation.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], serde_json::json!([]), "{verified}");
    stage.installation.set_variable("TRUEUP_KEYS", new.as_str());
    let unverifiable = stage.installation.trueup(&["audit", "verify"]).await?;
    assert_eq!(unverifiable.code, Some(1), "{unverifiable:?}");
    assert!(unverifiable.out.contains("commitments"), "{unverifiable:?}");
    Ok(())
}
