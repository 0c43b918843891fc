//! The shipped configurations load, and their data tells what it is meant to tell.

use std::path::PathBuf;

use crate::config::{Configuration, load};

fn example(name: &str) -> (Configuration, Vec<String>) {
    let folder = root().join("examples").join(name);
    match load(&folder) {
        Ok((configuration, warnings)) => (
            configuration,
            warnings.iter().map(ToString::to_string).collect(),
        ),
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{name}:\n{}", problems.join("\n\n"));
        }
    }
}

/// The root of the workspace, asked for when a test runs: clones that share a target directory share
/// what was compiled, too.
pub(crate) fn root() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("cargo runs the tests and says where they are")).join("..")
}

#[test]
fn the_demo_and_the_deployment_load_without_a_word() {
    for (name, sources) in [
        ("demo", vec!["acme-pay", "north-bank"]),
        ("compose", vec!["acme-pay"]),
    ] {
        let (configuration, warnings) = example(name);
        assert_eq!(warnings, Vec::<String>::new(), "{name}");
        assert_eq!(
            configuration.sources.keys().collect::<Vec<_>>(),
            sources,
            "{name}"
        );
    }
}

#[test]
fn the_benchmark_alerts_nobody_and_says_so() {
    let (configuration, warnings) = example("bench");
    assert_eq!(configuration.sources.keys().collect::<Vec<_>>(), ["bench"]);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("nobody is told"), "{warnings:?}");
}
