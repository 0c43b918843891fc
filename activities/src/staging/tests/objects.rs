//! The object store as a folder: what was stored is what is read, or an error that says so.

use std::fs;

use tempfile::TempDir;
use workflows::ports::Stored;

use crate::staging::{Folder, Staging, StagingConfig, StagingError};

const INPUTS: Folder<'_> = Folder::Inputs { source: "acme" };

fn open(folder: &TempDir) -> Staging {
    open_with(folder, |_| {}).unwrap()
}

/// In the folder `staging`, with settings changed.
fn open_with(
    folder: &TempDir,
    change: impl FnOnce(&mut StagingConfig),
) -> Result<Staging, StagingError> {
    let mut config = StagingConfig {
        url: "staging".to_owned(),
        ..StagingConfig::default()
    };
    change(&mut config);
    Staging::open(&config, folder.path())
}

#[tokio::test]
async fn the_same_content_is_one_object() {
    let folder = TempDir::new().unwrap();
    let staging = open(&folder);
    let first = staging.put(INPUTS, b"content".to_vec()).await.unwrap();
    let again = staging.put(INPUTS, b"content".to_vec()).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(
        open(&folder).get(&first).await.unwrap(),
        b"content",
        "after a restart, too"
    );
    let others = fs::read_dir(folder.path().join("staging/inputs/acme"))
        .unwrap()
        .count();
    assert_eq!(others, 1);
    let elsewhere = staging
        .put(Folder::Compared { run_id: "r" }, b"content".to_vec())
        .await;
    assert_ne!(elsewhere.unwrap().key, first.key);
}

#[tokio::test]
async fn damage_is_found_wherever_it_is() {
    let folder = TempDir::new().unwrap();
    let staging = open(&folder);
    let stored = staging.put(INPUTS, b"content".to_vec()).await.unwrap();
    let file = folder.path().join("staging").join(&stored.key);
    for damage in ["contenT", "conten", "content ", ""] {
        fs::write(&file, damage).unwrap();
        for outcome in [
            staging.get(&stored).await.map(|_| ()),
            staging.put(INPUTS, b"content".to_vec()).await.map(|_| ()),
        ] {
            let Err(StagingError::Damaged { key, .. }) = outcome else {
                panic!("{damage:?}: {outcome:?}");
            };
            assert_eq!(key, stored.key);
        }
    }
    fs::remove_file(&file).unwrap();
    let missing = staging.get(&stored).await;
    assert!(
        matches!(missing, Err(StagingError::Missing { .. })),
        "{missing:?}"
    );
    assert!(!staging.holds(&stored).await.unwrap());
    staging.put(INPUTS, b"content".to_vec()).await.unwrap();
    assert!(staging.holds(&stored).await.unwrap());
}

#[tokio::test]
async fn a_reference_from_outside_leads_nowhere_else() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("secret"), "x").unwrap();
    let staging = open(&folder);
    for key in [
        "../secret",
        "inputs/../../secret",
        "/etc/passwd",
        "inputs//x",
        "",
    ] {
        let stored = Stored {
            key: key.to_owned(),
            bytes: 1,
            sha256: String::new(),
        };
        let refused = staging.get(&stored).await;
        assert!(
            matches!(
                refused,
                Err(StagingError::Damaged { .. }
                    | StagingError::Missing { .. }
                    | StagingError::Retry { .. })
            ),
            "{key}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn the_size_of_an_object_is_limited() {
    let folder = TempDir::new().unwrap();
    let staging = open_with(&folder, |config| config.object_bytes_max = 3).unwrap();
    assert!(staging.put(INPUTS, b"abc".to_vec()).await.is_ok());
    let refused = staging
        .put(INPUTS, b"abcd".to_vec())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("4 bytes, over object_bytes_max = 3"),
        "{refused}"
    );
}

#[test]
fn wrong_addresses_say_what_would_be_right() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    for (url, said) in [
        ("gs://bucket", "use a folder or s3://"),
        ("s3://", "write s3://bucket/prefix"),
        ("s3:///prefix", "write s3://bucket/prefix"),
        ("file", "staging url \"file\""),
    ] {
        let error = open_with(&folder, |config| config.url = url.to_owned()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(said), "{url}: {error}");
    }
}
