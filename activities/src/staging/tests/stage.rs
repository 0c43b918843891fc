//! Staging: every line of the input is in the object store once, whatever the size of the chunks,
//! the interruptions and the damage.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use domain::calendar::{BusinessCalendar, DayUnit};
use domain::matching::{BUCKETS, Buckets};
use domain::policy::{DateWindow, MatchRule, SourcePolicy, Tolerances};
use domain::record::{Record, ReferenceKind, Side};
use domain::severity::SeverityPolicy;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::formats::{Format, FormatError, ReadLimits};
use crate::staging::{
    Folder, SealedInput, SideManifest, StageError, StageProgress, StageRequest, StagedSide,
    Staging, StagingConfig, StagingError, load_buckets, load_rejects, stage,
};

pub(super) const RUN: &str = "recon/acme/2026-11-20";

pub(super) struct Place {
    pub(super) folder: TempDir,
    pub(super) staging: Staging,
    policy: SourcePolicy,
    format: Format,
}

impl Place {
    pub(super) fn new() -> Place {
        let folder = TempDir::new().unwrap();
        let config = StagingConfig {
            url: "staging".to_owned(),
            ..StagingConfig::default()
        };
        let staging = Staging::open(&config, folder.path()).unwrap();
        Place {
            folder,
            staging,
            policy: policy(),
            format: format(),
        }
    }

    pub(super) async fn seal(&self, name: &str, content: &str) -> SealedInput {
        let folder = Folder::Inputs { source: "acme" };
        let stored = self.staging.put(folder, content.into()).await.unwrap();
        SealedInput {
            name: name.to_owned(),
            repeated_as: Vec::new(),
            stored,
        }
    }

    pub(super) fn request<'a>(
        &'a self,
        inputs: &'a [SealedInput],
        rows_per_chunk: u64,
    ) -> StageRequest<'a> {
        StageRequest {
            run_id: RUN,
            source: "acme",
            side: Side::Partner,
            inputs,
            format: &self.format,
            policy: &self.policy,
            limits: ReadLimits::default(),
            rows_per_chunk,
            scan_by: None,
            resume: StageProgress::default(),
        }
    }

    async fn stage(&self, inputs: &[SealedInput], rows_per_chunk: u64) -> StagedSide {
        let request = self.request(inputs, rows_per_chunk);
        stage(&self.staging, &request, None, &mut |_| {})
            .await
            .unwrap()
    }

    pub(super) async fn records(&self, manifest: &SideManifest) -> Vec<Record> {
        load_buckets(&self.staging, manifest, 0..BUCKETS)
            .await
            .unwrap()
    }

    /// No step reads a side that has this manifest.
    pub(super) async fn refuses(&self, manifest: &SideManifest) {
        let folder = Folder::Staged {
            run_id: RUN,
            side: Side::Partner,
        };
        let bytes = serde_json::to_vec(manifest).unwrap();
        let stored = self.staging.put(folder, bytes).await.unwrap();
        let refused = SideManifest::load(&self.staging, &stored).await;
        assert!(
            matches!(refused, Err(StagingError::Damaged { .. })),
            "{refused:?}"
        );
    }

    pub(super) fn file(&self, key: &str) -> PathBuf {
        self.folder.path().join("staging").join(key)
    }
}

fn policy() -> SourcePolicy {
    SourcePolicy {
        source: "acme".to_owned(),
        rules: vec![MatchRule::exact("reference", &[ReferenceKind::Reference])],
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

fn format() -> Format {
    serde_json::from_value(json!({"csv": {"fields": {
        "reference": "reference", "amount": "amount", "currency": "currency",
        "value_date": "value_date",
    }}}))
    .unwrap()
}

/// Row 3 of every ten can't be read.
pub(super) fn report(first: usize, rows: usize) -> String {
    let mut text = "reference,amount,currency,value_date\n".to_owned();
    for row in first..first + rows {
        let amount = if row % 10 == 3 { "unknown" } else { "10.05" };
        let currency = if row % 2 == 0 { "EUR" } else { "USD" };
        writeln!(text, "P-{row},{amount},{currency},2026-11-20").unwrap();
    }
    text
}

pub(super) fn lines(records: &[Record]) -> Vec<(String, u32)> {
    let mut lines: Vec<_> = records
        .iter()
        .map(|record| (record.origin.file.to_string(), record.origin.line))
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn every_line_is_staged_once() {
    let place = Place::new();
    let inputs = [
        place.seal("a.csv", &report(0, 95)).await,
        place.seal("b.csv", &report(95, 25)).await,
    ];
    let mut told = Vec::new();
    let request = place.request(&inputs, 30);
    let staged = stage(&place.staging, &request, None, &mut |progress| {
        told.push(progress)
    })
    .await
    .unwrap();
    let rows: Vec<(u32, u64)> = told.iter().map(|told| (told.chunks, told.rows)).collect();
    assert_eq!(rows, [(1, 30), (2, 60), (3, 90), (4, 120)]);

    let manifest = SideManifest::load(&place.staging, &staged.stored)
        .await
        .unwrap();
    assert_eq!(manifest, staged.manifest);
    let counts = |counts: &proto::wire::SideCounts| (counts.read, counts.accepted, counts.rejected);
    assert_eq!(counts(&manifest.counts), (120, 108, 12));
    assert_eq!(counts(&manifest.inputs[0].counts), (95, 85, 10));
    assert_eq!(counts(&manifest.inputs[1].counts), (25, 23, 2));
    assert_eq!(manifest.counts.inputs.len(), 2);
    let received: Vec<_> = manifest
        .received
        .iter()
        .map(|r| (r.currency.as_str(), r.count, r.sum.as_deref().unwrap()))
        .collect();
    assert_eq!(received, [("EUR", 60, "603"), ("USD", 48, "482.4")]);

    let records = place.records(&manifest).await;
    let rejects = load_rejects(&place.staging, &manifest, usize::MAX)
        .await
        .unwrap();
    assert_eq!((records.len(), rejects.len()), (108, 12));
    let mut all = lines(&records);
    all.extend(
        rejects
            .iter()
            .map(|reject| (reject.origin.file.to_string(), reject.origin.line)),
    );
    all.sort();
    let expected: Vec<_> = (2..97)
        .map(|line| ("a.csv".to_owned(), line))
        .chain((2..27).map(|line| ("b.csv".to_owned(), line)))
        .collect();
    assert_eq!(all, expected);
    let first = [&rejects[..5], &rejects[10..]].concat();
    assert_eq!(
        load_rejects(&place.staging, &manifest, 5).await.unwrap(),
        first,
        "the first of each input"
    );
}

#[tokio::test]
async fn buckets_hold_what_belongs_in_them() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 500)).await];
    let manifest = place.stage(&input, 120).await.manifest;
    let mut count = 0;
    for (from, to) in [(0, 1), (1, 7), (7, 7), (7, BUCKETS)] {
        let records = load_buckets(&place.staging, &manifest, from..to)
            .await
            .unwrap();
        assert_eq!(records.len() as u64, manifest.rows_in(from..to));
        for record in &records {
            assert!((from..to).contains(&Buckets::of(&place.policy).of_record(record)));
        }
        count += records.len();
    }
    assert_eq!(count, 450);
    let beyond = load_buckets(&place.staging, &manifest, 0..BUCKETS + 1).await;
    assert!(
        matches!(beyond, Err(StagingError::Damaged { .. })),
        "{beyond:?}"
    );
}

#[tokio::test]
async fn the_size_of_chunks_changes_nothing_else() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 200)).await];
    let whole = place.stage(&input, 1_000).await.manifest;
    let expected = lines(&place.records(&whole).await);
    for rows_per_chunk in [1, 7, 199, 200] {
        let manifest = place.stage(&input, rows_per_chunk).await.manifest;
        assert_eq!(
            manifest.chunks.len() as u64,
            200u64.div_ceil(rows_per_chunk)
        );
        assert_eq!(manifest.received, whole.received);
        assert_eq!(lines(&place.records(&manifest).await), expected);
    }
}

#[tokio::test]
async fn staging_again_gives_the_same_and_writes_nothing() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 300)).await];
    let first = place.stage(&input, 50).await;
    let times = modification_times(&place.file(""));
    let resume = StageProgress {
        chunks: 4,
        rows: 200,
    };
    let request = StageRequest {
        resume,
        ..place.request(&input, 50)
    };
    let again = stage(&place.staging, &request, None, &mut |_| {})
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(modification_times(&place.file("")), times);

    // What an earlier attempt says to have stored is looked at, not believed.
    let lost = &first.manifest.chunks[1]
        .records
        .as_ref()
        .unwrap()
        .stored
        .key;
    fs::remove_file(place.file(lost)).unwrap();
    stage(&place.staging, &request, None, &mut |_| {})
        .await
        .unwrap();
    assert_eq!(lines(&place.records(&first.manifest).await).len(), 270);
}

#[tokio::test]
async fn an_interrupted_attempt_is_continued() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 300)).await];
    let expected = place.stage(&input, 50).await;
    let other = Place::new();
    let input = [other.seal("a.csv", &report(0, 300)).await];
    let request = other.request(&input, 50);
    let came = Mutex::new(StageProgress::default());
    let enough = Notify::new();
    let mut progress = |so_far: StageProgress| {
        *came.lock().unwrap() = so_far;
        if so_far.chunks == 2 {
            enough.notify_one();
        }
    };
    // Dropped while the third chunk is on its way: what a worker that is killed looks like.
    tokio::select! {
        biased;
        done = stage(&other.staging, &request, None, &mut progress) => panic!("{done:?}"),
        () = enough.notified() => {}
    }
    let came = *came.lock().unwrap();
    assert_eq!(
        came,
        StageProgress {
            chunks: 2,
            rows: 100
        }
    );
    let request = StageRequest {
        resume: came,
        ..request
    };
    let resumed = stage(&other.staging, &request, None, &mut |_| {})
        .await
        .unwrap();
    assert_eq!(resumed, expected);
}

#[tokio::test]
async fn damage_to_a_chunk_is_found_in_the_bucket_it_is_in() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 400)).await];
    let manifest = place.stage(&input, 1_000).await.manifest;
    let records = manifest.chunks[0].records.as_ref().unwrap();
    let file = place.file(&records.stored.key);
    let mut bytes = fs::read(&file).unwrap();
    let second_bucket = records.segments[0].bytes as usize;
    bytes[second_bucket + 10] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let damaged = load_buckets(&place.staging, &manifest, 1..2).await;
    let Err(StagingError::Damaged { key, .. }) = damaged else {
        panic!("{damaged:?}")
    };
    assert_eq!(key, records.stored.key);
    assert!(
        load_buckets(&place.staging, &manifest, 2..BUCKETS)
            .await
            .is_ok()
    );
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let cut = load_buckets(&place.staging, &manifest, BUCKETS - 1..BUCKETS).await;
    assert!(cut.is_err(), "{cut:?}");
}

#[tokio::test]
async fn an_unreadable_input_is_quarantined() {
    let place = Place::new();
    let input = [place.seal("a.csv", "something;else\n1;2\n").await];
    let request = place.request(&input, 50);
    let refused = stage(&place.staging, &request, None, &mut |_| {}).await;
    let Err(StageError::Quarantined { key, error }) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        matches!(error, FormatError::ColumnMissing { .. }),
        "{error}"
    );
    assert_eq!(
        fs::read(place.file(&key)).unwrap(),
        b"something;else\n1;2\n"
    );
    assert!(key.starts_with("quarantine/acme/"), "{key}");
}

#[tokio::test]
async fn an_empty_day_has_a_manifest() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 0)).await];
    let manifest = place.stage(&input, 50).await.manifest;
    assert_eq!((manifest.counts.read, manifest.chunks.len()), (0, 0));
    assert!(place.records(&manifest).await.is_empty());
}

#[tokio::test]
async fn a_manifest_of_another_version_is_refused() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 10)).await];
    let mut manifest = place.stage(&input, 50).await.manifest;
    manifest.chunks[0].records.as_mut().unwrap().segments.pop();
    place.refuses(&manifest).await;
}

fn modification_times(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut times = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            times.extend(modification_times(&path));
        } else {
            times.insert(
                path.clone(),
                fs::metadata(&path).unwrap().modified().unwrap(),
            );
        }
    }
    times
}
