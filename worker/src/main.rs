//! The `trueup` program.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use worker::cli::CommandLine;
use worker::exit::Exit;
use worker::process::huge_pages;

/// Records are many small allocations: matching a million of them takes a third of the time that
/// it takes with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long the end of the program waits for a call that blocks a thread, such as one to a disk
/// that does not answer.
const BLOCKED_AT_MOST: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    huge_pages(false);
    match run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            Exit::Error.into()
        }
    }
}

fn run() -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new()?;
    let exit = runtime.block_on(CommandLine::parse().execute());
    runtime.shutdown_timeout(BLOCKED_AT_MOST);
    exit
}
