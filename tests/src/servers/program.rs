//! Finds the programs that tests run: in `.tools` of this workspace, else on the `PATH`.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The folder of this crate. Asked for when a test runs: clones that share a target directory share
/// what was compiled, too.
#[must_use]
pub fn crate_folder() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("cargo runs the tests and says where they are"))
}

/// The root of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    crate_folder().join("..")
}

/// The full path of the program `name`.
pub(crate) fn find(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(workspace().join(".tools/bin"))
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .with_context(|| format!("{name} is not installed: run tools/setup all"))
}

/// The Python of the tool set `set`, with its packages.
pub(crate) fn python_of(set: &str) -> Result<PathBuf> {
    let python = workspace().join(".tools").join(set).join("bin/python");
    anyhow::ensure!(
        python.is_file(),
        "{} is not installed: run tools/setup {set}",
        python.display()
    );
    Ok(python)
}
