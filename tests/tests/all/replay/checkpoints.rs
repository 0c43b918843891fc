//! The paths of signing the audit trail.

use anyhow::Result;
use tests::installation::{Installation, trueup_alone};
use tests::shop;

use super::{Recorded, export};

/// With a key, and without one.
pub(super) async fn made() -> Result<Vec<Recorded>> {
    let mut site = Installation::start().await?;
    trueup_alone(&site.folder(), &["audit", "key", "--out", "audit.key"])?;
    shop::install(&site, "[audit]\nsigning_key_file = \"audit.key\"\n", &[])?;
    site.start_worker()?;
    let mut paths = Vec::new();
    let made = site
        .execute_type("Checkpoint", "checkpoint-made", &["{}"])
        .await?;
    assert_eq!(made.status, "COMPLETED", "{made:?}");
    paths.push(("checkpoint-made", export(&site, "checkpoint-made").await?));
    site.terminate_worker().await?;
    site.write("trueup.toml", "")?;
    site.start_worker()?;
    let without = site
        .execute_type("Checkpoint", "checkpoint-without-key", &["{}"])
        .await?;
    assert_eq!(without.failure, "ConfigurationInvalid", "{without:?}");
    let without = export(&site, "checkpoint-without-key").await?;
    paths.push(("checkpoint-without-key", without));
    Ok(paths)
}
