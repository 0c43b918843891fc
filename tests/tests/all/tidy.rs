//! Rules of the house that a reviewer would otherwise repeat: which way dependencies point, how long
//! a file may be, how it opens, and what no committed text says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tests::servers::program::workspace;

/// Left to right: a crate may use only those before it.
const CRATES: [&str; 6] = [
    "domain",
    "proto",
    "workflows",
    "activities",
    "worker",
    "tests",
];
/// Longer files are split by meaning.
const LINES_MAX: usize = 600;

/// Names in a table such as `[dependencies]` of a crate's manifest.
fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(workspace().join(name).join("Cargo.toml")).expect("a manifest");
    let mut found = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && let Some(name) = line.split(['.', ' ', '=']).next() {
            found.insert(name.to_owned());
        }
    }
    found
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in CRATES {
        rust_files(&workspace().join(name), &mut found);
    }
    assert!(found.len() > 100, "the files were not found");
    found
}

#[test]
fn dependencies_point_left() {
    for (at, name) in CRATES.iter().enumerate() {
        let used = dependencies(name);
        assert!(
            !used.is_empty(),
            "{name} has a manifest that this test can't read"
        );
        for other in &CRATES[at..] {
            assert!(!used.contains(*other), "{name} must not depend on {other}");
        }
    }
}

#[test]
fn the_domain_and_the_workflows_reach_nothing_outside() {
    let banned = [
        "serde",
        "serde_json",
        "tokio",
        "tracing",
        "reqwest",
        "rusqlite",
        "object_store",
    ];
    for name in banned {
        assert!(
            !dependencies("domain").contains(name),
            "domain must not depend on {name}"
        );
    }
    for name in [
        "tokio",
        "reqwest",
        "temporalio-client",
        "temporalio-sdk",
        "object_store",
    ] {
        assert!(
            !dependencies("workflows").contains(name),
            "workflows must not depend on {name}"
        );
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for path in all_rust_files() {
        let text = fs::read_to_string(&path).expect("text");
        let lines = text.lines().count();
        assert!(
            lines <= LINES_MAX,
            "{} has {lines} lines: split it",
            path.display()
        );
        assert!(
            text.starts_with("//!"),
            "{} does not say what it is",
            path.display()
        );
    }
}

/// Clones share one target directory: what was compiled in another clone must not look there.
#[test]
fn no_folder_is_compiled_in() {
    let compiled_in = concat!("env!(\"CARGO_", "MANIFEST_DIR\")");
    for path in all_rust_files() {
        let text = fs::read_to_string(&path).expect("text");
        assert!(
            !text.contains(compiled_in),
            "{} has the folder of the clone it was compiled in",
            path.display()
        );
    }
}
