//! Finds the program under test.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

/// The `trueup` program that was built with these tests: `target/debug/trueup` beside
/// `target/debug/deps/all-….`. `make test` builds it before.
pub fn trueup_program() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test
        .ancestors()
        .nth(2)
        .context("the test is not in a target folder")?;
    let program = folder.join("trueup");
    ensure!(
        program.is_file(),
        "{} is not built: run cargo build --bin trueup, or make test",
        program.display()
    );
    Ok(program)
}
