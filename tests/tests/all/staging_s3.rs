//! The object store on a service that speaks S3: the same promises as in a folder.

use std::fmt::Write as _;
use std::path::Path;

use activities::formats::{Format, ReadLimits};
use activities::staging::{
    Folder, SealedInput, SideManifest, StageProgress, StageRequest, Staging, StagingConfig,
    StagingError, load_buckets, stage,
};
use anyhow::{Result, bail};
use domain::calendar::{BusinessCalendar, DayUnit};
use domain::matching::BUCKETS;
use domain::policy::{DateWindow, MatchRule, SourcePolicy, Tolerances};
use domain::record::{ReferenceKind, Side};
use domain::severity::SeverityPolicy;
use serde_json::json;
use tests::servers::S3;

const INPUTS: Folder<'_> = Folder::Inputs { source: "acme" };

/// ministack takes any credentials.
fn open(s3: &S3, url: &str) -> Result<Staging> {
    let config = StagingConfig {
        url: url.to_owned(),
        endpoint: Some(s3.endpoint.clone()),
        region: Some(S3::REGION.to_owned()),
        allow_http: true,
        ..StagingConfig::default()
    };
    let environment = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .map(|name| (name.to_owned(), "anything".to_owned()));
    Ok(Staging::open_with(&config, Path::new("."), environment)?)
}

#[tokio::test]
async fn objects_are_written_once_and_read_back() -> Result<()> {
    let s3 = S3::start().await?;
    s3.create_bucket("trueup").await?;
    let staging = open(&s3, "s3://trueup/some/prefix")?;
    let stored = staging.put(INPUTS, b"content".to_vec()).await?;
    assert_eq!(
        stored.key,
        format!("some/prefix/inputs/acme/{}", stored.sha256)
    );
    assert_eq!(staging.put(INPUTS, b"content".to_vec()).await?, stored);
    assert_eq!(open(&s3, "s3://trueup")?.get(&stored).await?, b"content");
    assert!(staging.holds(&stored).await?);

    let mut other = stored.clone();
    other.sha256 = "0".repeat(64);
    let damaged = staging.get(&other).await;
    assert!(
        matches!(damaged, Err(StagingError::Damaged { .. })),
        "{damaged:?}"
    );
    other.key.push('0');
    let missing = staging.get(&other).await;
    assert!(
        matches!(missing, Err(StagingError::Missing { .. })),
        "{missing:?}"
    );
    assert!(!staging.holds(&other).await?);
    Ok(())
}

#[tokio::test]
async fn a_side_is_staged_and_loaded_by_buckets() -> Result<()> {
    let s3 = S3::start().await?;
    s3.create_bucket("trueup").await?;
    let staging = open(&s3, "s3://trueup/staging")?;
    let mut text = "reference,amount,currency,value_date\n".to_owned();
    for row in 0..500 {
        writeln!(text, "P-{row},10.05,EUR,2026-11-20")?;
    }
    let stored = staging.put(INPUTS, text.into_bytes()).await?;
    let inputs = [SealedInput {
        name: "a.csv".to_owned(),
        repeated_as: Vec::new(),
        stored,
    }];
    let (format, policy) = (format()?, policy());
    let request = StageRequest {
        run_id: "recon/acme/2026-11-20/client/Müller & Co?",
        source: "acme",
        side: Side::Ledger,
        inputs: &inputs,
        format: &format,
        policy: &policy,
        limits: ReadLimits::default(),
        rows_per_chunk: 120,
        scan_by: None,
        resume: StageProgress::default(),
    };
    let staged = stage(&staging, &request, None, &mut |_| {}).await?;
    let manifest = SideManifest::load(&staging, &staged.stored).await?;
    assert_eq!(manifest.chunks.len(), 5);
    let mut lines = Vec::new();
    for buckets in [0..5, 5..6, 6..BUCKETS] {
        let records = load_buckets(&staging, &manifest, buckets).await?;
        lines.extend(records.iter().map(|record| record.origin.line));
    }
    lines.sort_unstable();
    assert_eq!(lines, (2..502).collect::<Vec<u32>>());

    let resume = StageProgress {
        chunks: 2,
        rows: 240,
    };
    let again = stage(
        &staging,
        &StageRequest { resume, ..request },
        None,
        &mut |_| {},
    )
    .await?;
    assert_eq!(again, staged);
    Ok(())
}

#[tokio::test]
async fn an_outage_is_retried() -> Result<()> {
    let s3 = S3::start().await?;
    let without_bucket = open(&s3, "s3://nowhere")?.put(INPUTS, b"x".to_vec()).await;
    let Err(StagingError::Retry { action, key, .. }) = without_bucket else {
        bail!("{without_bucket:?}");
    };
    assert_eq!((action, key.starts_with("inputs/acme/")), ("write", true));

    s3.create_bucket("trueup").await?;
    let staging = open(&s3, "s3://trueup")?;
    let stored = staging.put(INPUTS, b"content".to_vec()).await?;
    drop(s3);
    let down = staging.get(&stored).await;
    assert!(
        matches!(down, Err(StagingError::Retry { action: "read", .. })),
        "{down:?}"
    );
    Ok(())
}

fn format() -> Result<Format> {
    Ok(serde_json::from_value(json!({"csv": {"fields": {
        "reference": "reference", "amount": "amount", "currency": "currency",
        "value_date": "value_date",
    }}}))?)
}

fn policy() -> SourcePolicy {
    let rule = MatchRule::exact("reference", &[ReferenceKind::Reference]);
    SourcePolicy {
        source: "acme".to_owned(),
        rules: vec![rule],
        tolerances: Tolerances::default(),
        date_window: DateWindow {
            early_days: 0,
            late_days: 0,
            unit: DayUnit::Calendar,
        },
        settlement_window_days: 0,
        calendar: BusinessCalendar::default(),
        agreed_fee: None,
        severity: SeverityPolicy::default(),
    }
}
