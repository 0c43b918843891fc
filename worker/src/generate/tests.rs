//! The data is the same for the same arguments, complete, and labelled truly.

use std::path::Path;

use super::*;

fn arguments(seed: u64) -> GenerateArguments {
    GenerateArguments {
        out: Path::new("unused").to_owned(),
        source_kind: SourceKind::Both,
        rows: 300,
        per_kind: 4,
        business_date: "2026-11-20".parse().expect("a date"),
        seed,
        out_of_balance: false,
    }
}

fn text(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8_lossy(&files[name]).into_owned()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first = files(&arguments(7)).unwrap();
    assert_eq!(first, files(&arguments(7)).unwrap());
    let other = files(&arguments(8)).unwrap();
    for name in [
        "partner/acme-pay-2026-11-20.csv",
        "partner/acme-bank-2026-11-20.xml",
    ] {
        assert_ne!(first[name], other[name], "{name}");
    }
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        [
            "ledger/acme-bank-2026-11-20.csv",
            "ledger/acme-pay-2026-11-20.csv",
            "partner/acme-bank-2026-11-20.xml",
            "partner/acme-pay-2026-11-20.csv",
            "sources/acme-bank.toml",
            "sources/acme-pay.toml",
            "trueup.toml",
            "truth/acme-bank.csv",
            "truth/acme-pay.csv",
        ]
    );
}

#[test]
fn every_kind_is_there_exactly_as_often_as_asked() {
    let files = files(&arguments(1)).unwrap();
    for (source, kinds) in [
        ("acme-pay", &KINDS_OF_SETTLEMENT[..]),
        ("acme-bank", &KINDS_OF_STATEMENT[..]),
    ] {
        let truth = text(&files, &format!("truth/{source}.csv"));
        let rows: Vec<&str> = truth.lines().skip(1).collect();
        assert_eq!(rows.len(), 4 * kinds.len(), "{source}");
        for kind in kinds {
            let named = |row: &&&str| row.split(',').nth(1) == Some(kind.name());
            assert_eq!(rows.iter().filter(named).count(), 4, "{source} {kind}");
        }
        let references: std::collections::BTreeSet<_> =
            rows.iter().map(|row| row.split(',').next()).collect();
        assert_eq!(
            references.len(),
            rows.len(),
            "{source}: each has its own reference"
        );
    }
}

#[test]
fn too_few_rows_are_refused_with_what_would_do() {
    let few = GenerateArguments {
        rows: 10,
        ..arguments(1)
    };
    let error = files(&few).unwrap_err().to_string();
    assert!(error.contains("--rows 48"), "{error}");
    let enough = GenerateArguments {
        rows: 48,
        ..arguments(1)
    };
    assert!(files(&enough).is_ok());
}

#[test]
fn a_used_folder_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let arguments = GenerateArguments {
        out: folder.path().to_owned(),
        ..arguments(1)
    };
    let error = run(arguments.clone()).unwrap_err().to_string();
    assert!(error.contains("is not empty"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let fresh = GenerateArguments {
        out: folder.path().join("new"),
        ..arguments
    };
    assert_eq!(run(fresh.clone()).unwrap(), Exit::Clean);
    let written = std::fs::read(fresh.out.join("truth/acme-pay.csv")).unwrap();
    assert_eq!(written, files(&fresh).unwrap()["truth/acme-pay.csv"]);
}
