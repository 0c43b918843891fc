//! Rows that are staged as they stand: the same records come out, and nothing that was changed.

use std::fs;

use domain::matching::BUCKETS;
use domain::record::ReferenceKind;

use super::stage::{Place, RUN, lines, report};
use crate::staging::{
    Folder, ScanBy, SealedInput, SideManifest, StageError, StageRequest, StagingError,
    load_buckets, stage,
};

const RULES: &str = r#"
[partner.format.csv.fields]
reference = "reference"
amount = "amount"
currency = "currency"
value_date = "value_date"
[ledger.format.csv.fields]
reference = "reference"
amount = "amount"
currency = "currency"
value_date = "value_date"
"#;

async fn scan_by(place: &Place) -> ScanBy {
    let folder = Folder::Rules { of: "acme" };
    let rules = place.staging.put_known(folder, RULES.into()).await.unwrap();
    ScanBy {
        key: ReferenceKind::Reference,
        rules,
    }
}

async fn scanned(
    place: &Place,
    inputs: &[SealedInput],
    rows_per_chunk: u64,
) -> Result<SideManifest, StageError> {
    let by = scan_by(place).await;
    let request = StageRequest {
        scan_by: Some(&by),
        ..place.request(inputs, rows_per_chunk)
    };
    let staged = stage(&place.staging, &request, None, &mut |_| {}).await?;
    // As any step reads it.
    Ok(SideManifest::load(&place.staging, &staged.stored).await?)
}

#[tokio::test]
async fn the_same_records_are_there_in_chunks_of_any_size() {
    let place = Place::new();
    let odd = report(95, 25)
        .replace("P-97,", "\"P\"\"97\",")
        .replace("P-98,", ",");
    let inputs = [
        place.seal("a.csv", &report(0, 95)).await,
        place.seal("b.csv", &odd).await,
    ];
    let request = place.request(&inputs, 1_000);
    let read = stage(&place.staging, &request, None, &mut |_| {}).await;
    let read = read.unwrap().manifest;
    for rows_per_chunk in [1, 7, 94, 1_000] {
        let manifest = scanned(&place, &inputs, rows_per_chunk).await.unwrap();
        assert_eq!(manifest.counts, read.counts);
        assert_eq!(manifest.received, read.received);
        let records = place.records(&manifest).await;
        assert_eq!(lines(&records), lines(&place.records(&read).await));
        for bucket in 0..BUCKETS {
            let records = async |manifest| {
                let records = load_buckets(&place.staging, manifest, bucket..bucket + 1).await;
                records.unwrap()
            };
            assert_eq!(records(&manifest).await, records(&read).await);
        }
        assert!(manifest.rows().count() > 0);
    }
}

#[tokio::test]
async fn an_input_that_is_not_plain_is_not_scanned() {
    let place = Place::new();
    let input = [place.seal("a.csv", &(report(0, 5) + &report(0, 5))).await];
    let refused = scanned(&place, &input, 50).await;
    assert!(
        matches!(refused, Err(StageError::NotPlain(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn damage_is_found_in_the_bucket_it_is_in() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 400)).await];
    let manifest = scanned(&place, &input, 1_000).await.unwrap();
    let rows = manifest.rows().next().unwrap();
    let file = place.file(&rows.stored.key);
    let sound = fs::read(&file).unwrap();
    let second_bucket = rows.segments[0].bytes as usize;
    for at in [0, 1, 10, 200] {
        let mut bytes = sound.clone();
        bytes[second_bucket + at] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let damaged = load_buckets(&place.staging, &manifest, 1..2).await;
        let is_damaged = matches!(&damaged, Err(StagingError::Damaged { key, .. })
            if *key == rows.stored.key);
        assert!(is_damaged, "{damaged:?}");
        let others = load_buckets(&place.staging, &manifest, 2..BUCKETS).await;
        assert!(others.is_ok());
    }
}

#[tokio::test]
async fn rows_of_another_form_are_refused() {
    let place = Place::new();
    let input = [place.seal("a.csv", &report(0, 10)).await];
    let mut manifest = scanned(&place, &input, 50).await.unwrap();
    for chunk in &mut manifest.chunks {
        chunk.rows.as_mut().unwrap().form += 1;
    }
    place.refuses(&manifest).await;
}

#[tokio::test]
async fn what_is_held_is_in_no_file_until_it_is_kept() {
    let place = Place::new();
    let compared = Folder::Compared { run_id: RUN };
    let (positions, inputs) = (
        Folder::Positions { source: "acme" },
        Folder::Inputs { source: "acme" },
    );
    let holding = place.staging.holding();
    let put = async |folder, text: &str| holding.put(folder, text.into()).await.unwrap();
    let passing = put(compared, "passing").await;
    let left = put(compared, "left").await;
    let position = put(positions, "position").await;
    let sealed = put(inputs, "sealed").await;
    let first = async |text: &str| {
        let first = holding.put_first(compared, "decided", text.into()).await;
        first.unwrap()
    };
    assert_eq!(first("this").await, b"this");
    assert_eq!(first("that").await, b"this");
    let there = async |stored| place.staging.holds(stored).await.unwrap();
    assert_eq!(holding.get(&left).await.unwrap(), b"left");
    assert!(there(&sealed).await);
    assert!(!there(&left).await && !there(&position).await);
    for _ in 0..2 {
        holding
            .keep(compared, std::slice::from_ref(&left))
            .await
            .unwrap();
        assert_eq!(place.staging.get(&left).await.unwrap(), b"left");
        assert_eq!(place.staging.get(&position).await.unwrap(), b"position");
        assert!(!there(&passing).await);
    }
    let kept = holding.kept();
    assert_eq!(kept.get(&passing).await.unwrap(), b"passing");
    let new = kept.put(compared, b"new".to_vec()).await.unwrap();
    assert!(there(&new).await);
}
