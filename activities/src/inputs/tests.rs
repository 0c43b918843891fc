//! Files as partners leave them: missing, several, too large, still being written, twice the same.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use domain::policy::Scope;
use domain::record::Side;
use jiff::civil::date;
use serde_json::json;
use tempfile::TempDir;

use super::{InputError, InputPin, InputRequest, SealedInput, Transport, acquire, acquire_once};
use crate::staging::{Staging, StagingConfig};

struct Place {
    folder: TempDir,
    staging: Staging,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Place {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("inbox")).unwrap();
        for (name, content) in files {
            fs::write(folder.path().join("inbox").join(name), content).unwrap();
        }
        let staging = Staging::open(&StagingConfig::default(), folder.path()).unwrap();
        Place { folder, staging }
    }

    async fn acquire(&self, settings: serde_json::Value) -> Result<Vec<SealedInput>, InputError> {
        acquire(
            &transport(settings),
            &self.request(),
            &self.staging,
            &mut |_| {},
        )
        .await
    }

    fn request(&self) -> InputRequest<'_> {
        let day = date(2026, 11, 20);
        InputRequest {
            source: "acme",
            folder: self.folder.path(),
            business_date: day,
            from_date: day,
            to_date: day,
            scope: &Scope::Whole,
            secret: &|_| None,
        }
    }

    fn inbox(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("inbox").join(name)
    }
}

fn transport(mut settings: serde_json::Value) -> Transport {
    settings["kind"] = json!("file");
    serde_json::from_value(settings).unwrap()
}

fn names(inputs: &[SealedInput]) -> Vec<&str> {
    inputs.iter().map(|input| input.name.as_str()).collect()
}

#[tokio::test]
async fn a_file_is_sealed_as_it_is() {
    let place = Place::new(&[
        ("acme-2026-11-20.csv", "a;b\n"),
        ("acme-2026-11-19.csv", "old"),
    ]);
    let settings = json!({"path": "inbox/acme-{business_date}*.csv"});
    let sealed = place.acquire(settings.clone()).await.unwrap();
    assert_eq!(names(&sealed), ["acme-2026-11-20.csv"]);
    let stored = &sealed[0].stored;
    assert_eq!(stored.key, format!("inputs/acme/{}", stored.sha256));
    assert_eq!(place.staging.get(stored).await.unwrap(), b"a;b\n");

    let again = place.acquire(settings).await.unwrap();
    assert_eq!(again, sealed, "the same file is the same input");
    fs::write(place.inbox("acme-2026-11-20.csv"), "amended").unwrap();
    assert_eq!(
        place.staging.get(stored).await.unwrap(),
        b"a;b\n",
        "what is sealed stays"
    );
}

#[tokio::test]
async fn a_retry_gets_what_was_sealed_first() {
    let place = Place::new(&[("a.csv", "first")]);
    let transport = transport(json!({"path": "inbox/a.csv"}));
    let acquire = async |side, attempt| {
        let pin = InputPin {
            run_id: "recon/acme/2026-11-20",
            side,
            attempt,
        };
        let request = place.request();
        acquire_once(pin, &transport, &request, &place.staging, &mut |_| {})
            .await
            .unwrap()
    };
    let first = acquire(Side::Partner, "attempt-1").await;
    fs::write(place.inbox("a.csv"), "amended").unwrap();
    assert_eq!(acquire(Side::Partner, "attempt-1").await, first);
    assert_ne!(acquire(Side::Ledger, "attempt-1").await, first);
    assert_ne!(
        acquire(Side::Partner, "attempt-2").await,
        first,
        "started again after a failure"
    );
}

#[tokio::test]
async fn a_missing_file_says_what_is_there() {
    let place = Place::new(&[
        ("acme-2026-11-19.csv", ""),
        ("acme-20261120.csv", ""),
        ("other.xml", ""),
    ]);
    let missing = place
        .acquire(json!({"path": "inbox/acme-{business_date}.csv"}))
        .await;
    let Err(InputError::NotFound {
        pattern,
        folder,
        near,
    }) = missing
    else {
        panic!("{missing:?}");
    };
    assert_eq!(pattern, "acme-2026-11-20.csv");
    assert_eq!(Path::new(&folder), place.folder.path().join("inbox/"));
    assert_eq!(near, ["acme-2026-11-19.csv", "acme-20261120.csv"]);
    let nowhere = place
        .acquire(json!({"path": "outbox/*.csv"}))
        .await
        .unwrap_err()
        .to_string();
    assert!(nowhere.starts_with("no file *.csv in "), "{nowhere}");
    assert!(
        nowhere.ends_with("outbox/; nothing there comes close"),
        "{nowhere}"
    );
}

#[tokio::test]
async fn several_files_are_never_guessed_between() {
    let files = [
        ("b.csv", "2"),
        ("a.csv", "1"),
        ("c.csv", "1"),
        ("d.txt", "3"),
    ];
    let place = Place::new(&files);
    let refused = place.acquire(json!({"path": "inbox/*.csv"})).await;
    let Err(InputError::Unusable { reason, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        reason.contains("3 files fit (a.csv, b.csv, c.csv)"),
        "{reason}"
    );
    assert!(reason.contains("several = \"all\""), "{reason}");

    let all = place
        .acquire(json!({"path": "inbox/*.csv", "several": "all"}))
        .await
        .unwrap();
    assert_eq!(
        names(&all),
        ["a.csv", "b.csv"],
        "in order of name, equal content once"
    );
    assert_eq!(all[0].repeated_as, ["c.csv"]);
}

#[tokio::test]
async fn limits_are_named() {
    let place = Place::new(&[("a.csv", "123456")]);
    let settings = |limit: u64| json!({"path": "inbox/a.csv", "bytes_max": limit});
    assert!(place.acquire(settings(6)).await.is_ok());
    let refused = place.acquire(settings(5)).await;
    let Err(InputError::Unusable { reason, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(reason.contains("bytes_max = 5"), "{reason}");
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    let place = Place::new(&[]);
    fs::create_dir(place.inbox("a.csv")).unwrap();
    let refused = place.acquire(json!({"path": "inbox/a.csv"})).await;
    let Err(InputError::Unusable { reason, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(reason, "it is not a file");
}

#[tokio::test]
async fn a_young_file_is_left_alone_when_configured() {
    let place = Place::new(&[("a.csv", "1")]);
    let settings = json!({"path": "inbox/a.csv", "quiet_seconds": 60});
    let young = place.acquire(settings.clone()).await;
    let Err(InputError::Retry { reason, .. }) = young else {
        panic!("{young:?}")
    };
    assert!(reason.contains("read after 60 s"), "{reason}");
    let file = File::options()
        .write(true)
        .open(place.inbox("a.csv"))
        .unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(61))
        .unwrap();
    assert_eq!(names(&place.acquire(settings).await.unwrap()), ["a.csv"]);
}

/// A writer appends all the time; whatever is sealed is either refused or a whole file of a moment
/// at which nobody wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_grows_is_retried() {
    use std::io::Write;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let place = Place::new(&[("a.csv", "")]);
    let path = place.inbox("a.csv");
    let stop = Arc::new(AtomicBool::new(false));
    let writing = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut file = File::options().append(true).open(path).unwrap();
            while !stop.load(Ordering::Relaxed) && file.metadata().unwrap().len() < 256 << 20 {
                file.write_all(&[b'x'; 4096]).unwrap();
            }
        }
    });
    let mut retried = false;
    for _ in 0..1000 {
        match place.acquire(json!({"path": "inbox/a.csv"})).await {
            Err(InputError::Retry { reason, .. }) => {
                assert_eq!(reason, "it is still being written");
                retried = true;
                break;
            }
            other => assert!(other.is_ok(), "{other:?}"),
        }
    }
    stop.store(true, Ordering::Relaxed);
    writing.join().unwrap();
    assert!(retried, "a thousand times nothing was noticed");
    assert_eq!(
        names(&place.acquire(json!({"path": "inbox/a.csv"})).await.unwrap()),
        ["a.csv"]
    );
}
